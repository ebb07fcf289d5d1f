//! The Contact Id goes back to the supporter's row, so that the link survives even the loss of our state.

use std::collections::HashMap;

use model::{ContactId, SupporterId};
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
    ids: &HashMap<SupporterId, ContactId>,
) -> Result<(), Fatal> {
    let mut who: Vec<SupporterId> = ids.keys().cloned().collect();
    who.sort();
    let writes: Vec<SupporterWrite> = sides
        .supporters
        .get(&who)
        .await?
        .into_iter()
        .flatten()
        .filter(|supporter| !supporter.contact_id.is_absent())
        .filter(|supporter| supporter.contact_id.text() != ids.get(&supporter.id).map(ContactId::as_str))
        .map(|supporter| SupporterWrite::Update {
            contact_id: Some(ContactIdWrite {
                to: ids.get(&supporter.id).copied(),
                expected: supporter.contact_id,
            }),
            id: supporter.id,
            set: Vec::new(),
            expect: Vec::new(),
        })
        .collect();
    if writes.is_empty() {
        return Ok(());
    }
    for applied in sides.supporters.apply(&writes).await? {
        match applied {
            Applied::Done { .. } => report.supporter_writes += 1,
            Applied::ChangedMeanwhile | Applied::Gone | Applied::AlreadyThere(_) => {}
            Applied::Refused { code, .. } => {
                report
                    .notes
                    .push(format!("the database refuses a Contact Id ({code}): check the Contact Id column"));
            }
        }
    }
    Ok(())
}
