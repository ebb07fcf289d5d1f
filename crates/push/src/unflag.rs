//! Rows that say that their supporter's Contact was deleted, once there is one again.

use model::SupporterId;
use plan::{CycleReport, Fatal, OnDelete, Sides};
use supporters::{Applied, SupporterWrite};

/// Takes the news back from the rows of supporters for whom a Contact was made. Written before the link is recorded: a crash in between
/// does it again.
///
/// # Errors
/// [`Fatal`] when the database fails as a whole.
pub(crate) async fn unflag(
    sides: &Sides,
    report: &mut CycleReport,
    made: &[SupporterId],
) -> Result<(), Fatal> {
    let settings = &sides.settings;
    if made.is_empty() || settings.contact_deleted != OnDelete::Flag {
        return Ok(());
    }
    let supporters = sides.supporters.get(made).await?.into_iter().flatten();
    let writes = supporters.filter_map(|supporter| {
        let (place, no) = settings.column_to_clear(&supporter)?;
        let expect = supporter.cells.get(place).map(|held| (place, held.clone()));
        Some(SupporterWrite::Update {
            set: vec![(place, no.clone())],
            expect: expect.into_iter().collect(),
            contact_id: None,
            id: supporter.id,
        })
    });
    let writes: Vec<SupporterWrite> = writes.collect();
    if writes.is_empty() {
        return Ok(());
    }
    for applied in sides.supporters.apply(&writes).await? {
        match applied {
            Applied::Done { .. } => report.supporter_writes += 1,
            // Somebody else wrote there, or the row is gone.
            Applied::ChangedMeanwhile | Applied::Gone | Applied::AlreadyThere(_) => {}
            Applied::Refused { code, .. } => report.note(format!(
                "the database refuses to take back that a Contact was deleted ({code}): it is tried again when the supporter is next \
                 looked at"
            )),
        }
    }
    Ok(())
}
