//! The Contact Id goes back to the supporter's row, so that the link survives even the loss of our state.

use std::collections::HashMap;

use model::{Cell, ContactId, Supporter, SupporterId};
use plan::read::contacts;
use plan::{CycleReport, Fatal, Sides};
use supporters::{Applied, ContactIdWrite, SupporterWrite};

/// Writes Contact Ids to supporters. A row that changed between reading and writing keeps what it has: it is marked by its
/// own change and compared again. So does a row in which somebody wrote the Id of another Contact that is there: those supporters are
/// returned, to be compared with what they are linked to.
///
/// # Errors
/// [`Fatal`] when the database or the org fails.
pub async fn write_back(
    sides: &Sides,
    report: &mut CycleReport,
    mut ids: Vec<(SupporterId, ContactId)>,
) -> Result<Vec<SupporterId>, Fatal> {
    if ids.is_empty() || !sides.stamps_supporters() {
        return Ok(Vec::new());
    }
    ids.sort();
    // Most rows hold no Id yet. The compare stands in the statement: only the others need to be read.
    let expecting_none = |(id, to): &(SupporterId, ContactId)| update(id.clone(), Some(*to), Cell::Empty);
    let writes: Vec<SupporterWrite> = ids.iter().map(expecting_none).collect();
    let others = apply(sides, report, &writes).await?;
    if others.is_empty() {
        return Ok(Vec::new());
    }
    let ids: HashMap<SupporterId, ContactId> = ids.into_iter().collect();
    let supporters = sides.supporters.get(&others).await?.into_iter().flatten();
    let mine = |supporter: &Supporter| ids.get(&supporter.id).copied();
    let others: Vec<Supporter> = supporters
        // Bytes that are no text stay where somebody put them.
        .filter(|supporter| !supporter.contact_id.is_absent())
        .filter(|supporter| supporter.contact_id.text() != mine(supporter).as_ref().map(ContactId::as_str))
        .collect();
    let named = naming_another(sides, &others, &mine).await?;
    let writes: Vec<SupporterWrite> = others
        .into_iter()
        .filter(|supporter| !named.contains(&supporter.id))
        .map(|supporter| update(supporter.id.clone(), mine(&supporter), supporter.contact_id))
        .collect();
    apply(sides, report, &writes).await?;
    Ok(named)
}

/// Those whose row names a Contact that is there, and is not theirs. Before the row was planned the Id was looked up: it was written since,
/// unless an administrator had said that the two are different people.
async fn naming_another(
    sides: &Sides,
    supporters: &[Supporter],
    mine: &impl Fn(&Supporter) -> Option<ContactId>,
) -> Result<Vec<SupporterId>, Fatal> {
    let stored = |supporter: &Supporter| sides.map.object().id(supporter.contact_id.text()?);
    let naming = supporters.iter().filter_map(|supporter| {
        let stored = stored(supporter).filter(|stored| Some(*stored) != mine(supporter))?;
        Some((supporter.id.clone(), stored))
    });
    let apart = sides.state.apart_of(supporters.iter().map(|supporter| &supporter.id))?;
    let naming = naming.filter(|pair| !apart.contains(pair));
    let (whose, named): (Vec<SupporterId>, Vec<ContactId>) = naming.unzip();
    let there = contacts(sides, &named).await?;
    Ok(whose.into_iter().zip(there).filter_map(|(id, seen)| seen.map(|_| id)).collect())
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
