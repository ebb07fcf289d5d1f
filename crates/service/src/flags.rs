//! Flags on records whose other side was deleted. Setting one twice is the same as once: they are written before the end of the
//! link is recorded, so that a crash in between sets them again and never forgets them.

use plan::deleted::{Flag, Flagged};
use plan::{CycleReport, Fatal, Sides};
use salesforce::{COLLECTION, Fields};
use supporters::{Applied, SupporterWrite};

/// Writes flags. Those that could not be set are answered, each with its place among `flags`: an administrator is told instead.
///
/// # Errors
/// [`Fatal`] when a side fails as a whole.
pub(crate) async fn write(
    sides: &Sides,
    report: &mut CycleReport,
    flags: &[Flag],
) -> Result<Vec<usize>, Fatal> {
    if flags.is_empty() {
        return Ok(Vec::new());
    }
    let mut missed = on_supporters(sides, report, flags).await?;
    missed.extend(on_contacts(sides, flags).await?);
    if !missed.is_empty() {
        let many = missed.len();
        report.note(format!(
            "{many} flags about deleted records could not be written: where one was to be set, a case says so"
        ));
    }
    Ok(missed)
}

async fn on_supporters(sides: &Sides, report: &mut CycleReport, flags: &[Flag]) -> Result<Vec<usize>, Fatal> {
    let column = sides.settings.deleted_flags.column.as_ref().filter(|_| sides.settings.pull);
    let (mut places, mut writes, mut missed) = (Vec::new(), Vec::new(), Vec::new());
    for (at, flag) in flags.iter().enumerate() {
        let Flagged::Supporter(id) = &flag.on else { continue };
        let Some((column, yes, no)) = column else {
            missed.push(at);
            continue;
        };
        let value = if flag.gone { yes } else { no };
        let set = vec![(*column, value.clone())];
        writes.push(SupporterWrite::Update { id: id.clone(), set, expect: Vec::new(), contact_id: None });
        places.push(at);
    }
    if writes.is_empty() {
        return Ok(missed);
    }
    for (at, applied) in places.into_iter().zip(sides.supporters.apply(&writes).await?) {
        match applied {
            Applied::Done { .. } => report.supporter_writes += 1,
            Applied::Gone => {}
            Applied::ChangedMeanwhile | Applied::AlreadyThere(_) | Applied::Refused { .. } => missed.push(at),
        }
    }
    Ok(missed)
}

async fn on_contacts(sides: &Sides, flags: &[Flag]) -> Result<Vec<usize>, Fatal> {
    let field = sides.settings.deleted_flags.field.as_ref().filter(|_| sides.settings.push);
    let (mut records, mut missed) = (Vec::new(), Vec::new());
    for (at, flag) in flags.iter().enumerate() {
        let Flagged::Contact(id) = &flag.on else { continue };
        let Some(field) = field else {
            missed.push(at);
            continue;
        };
        let mut record = Fields::new();
        record.insert("id".to_owned(), id.as_str().into());
        record.insert(field.clone(), flag.gone.into());
        if let Some(marker) = &sides.map.technical().push_marker {
            record.insert(marker.clone(), true.into());
        }
        records.push((at, record));
    }
    for chunk in records.chunks(COLLECTION) {
        let fields: Vec<Fields> = chunk.iter().map(|(_, record)| record.clone()).collect();
        let saved = sides.org.collections_update(sides.map.object().name(), &fields, None).await?;
        let refused = chunk.iter().zip(saved).filter(|(_, result)| result.is_err());
        missed.extend(refused.map(|((at, _), _)| *at));
    }
    Ok(missed)
}
