//! The Contact Id goes back to the supporter's row, so that the link survives even the loss of our state.

use std::collections::HashMap;

use model::{Cell, ContactId, SupporterId};
use plan::{CycleReport, Fatal, Sides};
use supporters::{Applied, ContactIdWrite, SupporterWrite};

/// Writes Contact Ids to supporters. A row that changed between reading and writing keeps what it has: it is marked by its
/// own change and compared again.
///
/// # Errors
/// [`Fatal`] when the database fails.
pub async fn write_back(
    sides: &Sides,
    report: &mut CycleReport,
    mut ids: Vec<(SupporterId, ContactId)>,
) -> Result<(), Fatal> {
    ids.sort();
    // The columns of all rows are the same: one tells whether there is one for the Id.
    let Some((first, _)) = ids.first() else { return Ok(()) };
    let sample = sides.supporters.get(std::slice::from_ref(first)).await?;
    if sample.iter().flatten().any(|supporter| supporter.contact_id.is_absent()) {
        return Ok(());
    }
    // Most rows hold no Id yet. The compare stands in the statement: only the others need to be read.
    let expecting_none = |(id, to): &(SupporterId, ContactId)| update(id.clone(), Some(*to), Cell::Empty);
    let writes: Vec<SupporterWrite> = ids.iter().map(expecting_none).collect();
    let others = apply(sides, report, &writes).await?;
    if others.is_empty() {
        return Ok(());
    }
    let ids: HashMap<SupporterId, ContactId> = ids.into_iter().collect();
    let supporters = sides.supporters.get(&others).await?.into_iter().flatten();
    let writes: Vec<SupporterWrite> = supporters
        .filter(|supporter| supporter.contact_id.text() != ids.get(&supporter.id).map(ContactId::as_str))
        .map(|supporter| {
            let to = ids.get(&supporter.id).copied();
            update(supporter.id, to, supporter.contact_id)
        })
        .collect();
    apply(sides, report, &writes).await?;
    Ok(())
}

fn update(id: SupporterId, to: Option<ContactId>, expected: Cell) -> SupporterWrite {
    let contact_id = Some(ContactIdWrite { to, expected });
    SupporterWrite::Update { contact_id, id, set: Vec::new(), expect: Vec::new() }
}

/// Writes the rows. Returns whose row holds something else than was expected.
async fn apply(
    sides: &Sides,
    report: &mut CycleReport,
    writes: &[SupporterWrite],
) -> Result<Vec<SupporterId>, Fatal> {
    let mut others = Vec::new();
    if writes.is_empty() {
        return Ok(others);
    }
    for (write, applied) in writes.iter().zip(sides.supporters.apply(writes).await?) {
        match (applied, write) {
            (Applied::Done { .. }, _) => report.supporter_writes += 1,
            (Applied::ChangedMeanwhile, SupporterWrite::Update { id, .. }) => others.push(id.clone()),
            (
                Applied::ChangedMeanwhile | Applied::Gone | Applied::AlreadyThere(_),
                SupporterWrite::Update { .. } | SupporterWrite::Create { .. },
            ) => {}
            (Applied::Refused { code, .. }, _) => {
                report
                    .note(format!("the database refuses Contact Ids ({code}): check the Contact Id column"));
            }
        }
    }
    Ok(others)
}
