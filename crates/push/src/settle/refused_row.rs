//! What follows from a refused row, by the class of its error.

use drill::{Branch, met};
use model::{Block, Case, CaseKind, ContactId, Digest, Happened, Stamp, Subject};
use plan::{CycleReport, Deferral, Fatal, Moment, Outcome, Sides};
use salesforce::RecordError;
use salesforce::record_error::{Class, DuplicateKind};
use state::Changes;

use super::systemic::Together;
use super::{Again, Settled, Suspect};
use crate::resolve::Refused;
use crate::results::Joined;

/// One refused row. Every class has its consequence; none is only logged.
pub(super) fn settle_failure(
    sides: &Sides,
    changes: &mut Changes,
    report: &mut CycleReport,
    settled: &mut Settled,
    row: &Joined,
    together: &Together,
    at: Moment,
) -> Result<(), Fatal> {
    // Refused without a reason: it comes to no outcome here and is looked up.
    let Some(error) = row.error.as_deref() else { return Ok(()) };
    // Refused means: nothing of it was saved.
    changes.clear_intent(&row.supporter);
    let subject = Subject::Supporter(row.supporter.clone());
    let (code, fields) = (error.code().as_str().to_owned(), error.fields().to_vec());
    changes.tell(&subject, Happened::Refused { code, fields });
    match error.class() {
        Class::Duplicate(kind) => {
            met(Branch::DuplicateRow);
            report.duplicates_refused += 1;
            settled.refused.push(refused(row, error, *kind, None));
        }
        // Whoever holds the value is found by the same look-up.
        Class::HeldBy(holder) => {
            let holder = sides.map.object().id(holder.as_str());
            settled.refused.push(refused(row, error, DuplicateKind::Contact, holder));
        }
        Class::HeldByMany(ids) => {
            let contacts = ids.iter().filter_map(|id| sides.map.object().id(id.as_str())).collect();
            let case = bare_case(CaseKind::SeveralContactsOneKey, row, error, contacts, at.now);
            changes.open_case(case);
            changes.clear_dirty(&subject);
            report.count(&Outcome::Case(CaseKind::SeveralContactsOneKey));
        }
        Class::StaleId => {
            met(Branch::StaleRow);
            settled.again.push((row.supporter.clone(), Again::Stale));
        }
        Class::Transient | Class::TransientSmallerJob | Class::RepeatedKey => {
            transient(sides, changes, report, settled, row, error, at)?;
        }
        Class::OrgFull => {
            if !settled.circuit_open {
                settled.circuit_open = true;
                changes.open_case(bare_case(CaseKind::Systemic, row, error, Vec::new(), at.now));
                report.note("the org's storage is full: nothing can be created".to_owned());
            }
            report.count(&Outcome::Deferred(Deferral::Transient));
        }
        Class::Permanent if together.fails_the_transaction(error) => {
            let (supporter, code) = (row.supporter.clone(), error.code().as_str().to_owned());
            settled.suspects.push(Suspect { supporter, code });
        }
        Class::Permanent if together.is_systemic(error) => {
            // One case for all of them, under the first.
            if !settled.circuit_open {
                settled.circuit_open = true;
                changes.open_case(bare_case(CaseKind::Systemic, row, error, Vec::new(), at.now));
            }
            report.count(&Outcome::Deferred(Deferral::Transient));
        }
        Class::Permanent => block(sides, changes, report, row, error.code().as_str(), error, at.now)?,
    }
    Ok(())
}

fn refused(row: &Joined, error: &RecordError, kind: DuplicateKind, holder: Option<ContactId>) -> Refused {
    Refused {
        supporter: row.supporter.clone(),
        linked: row.intent.contact,
        holder,
        kind,
        code: error.code().as_str().to_owned(),
        message: error.message().to_owned(),
        record: row.intent.record,
    }
}

/// Not the row's fault: it stays marked. One that never gets through is set aside in the end.
fn transient(
    sides: &Sides,
    changes: &mut Changes,
    report: &mut CycleReport,
    settled: &mut Settled,
    row: &Joined,
    error: &RecordError,
    at: Moment,
) -> Result<(), Fatal> {
    met(Branch::TransientRow);
    let subject = Subject::Supporter(row.supporter.clone());
    let attempts = sides.state.dirty_of(&subject)?.map_or(0, |dirty| dirty.attempts);
    // Attempts count rounds; a cycle has several.
    if attempts >= sides.settings.retry_cycles * sides.settings.retry_rounds.max(1) {
        return block(sides, changes, report, row, Block::STILL_LOCKED, error, at.now);
    }
    changes.bump_attempts(&subject);
    settled.again.push((row.supporter.clone(), Again::Transient));
    Ok(())
}

/// Sets a record aside until something about it changes, and tells an administrator.
fn block(
    sides: &Sides,
    changes: &mut Changes,
    report: &mut CycleReport,
    row: &Joined,
    code: &str,
    error: &RecordError,
    now: Stamp,
) -> Result<(), Fatal> {
    met(Branch::Blocked);
    let before = sides.state.block_of(&row.supporter)?;
    let record: Digest = row.intent.record;
    changes.put_block(
        &row.supporter,
        Block {
            code: code.to_owned(),
            fields: error.fields().to_vec(),
            message: error.message().to_owned(),
            record,
            map: sides.map.digest(&sides.state.digest_key()),
            since: before.as_ref().map_or(now, |block| block.since),
            attempts: before.map_or(0, |block| block.attempts) + 1,
        },
    );
    let mut case = bare_case(CaseKind::Blocked, row, error, row.intent.contact.into_iter().collect(), now);
    case.reasons.insert(0, code.to_owned());
    case.reasons.dedup();
    changes.open_case(case);
    changes.clear_dirty(&Subject::Supporter(row.supporter.clone()));
    report.count(&Outcome::Blocked(code.to_owned()));
    Ok(())
}

fn bare_case(
    kind: CaseKind,
    row: &Joined,
    error: &RecordError,
    contacts: Vec<ContactId>,
    now: Stamp,
) -> Case {
    let reasons = std::iter::once(error.code().as_str().to_owned()).chain(error.fields().iter().cloned());
    Case {
        kind,
        subject: Subject::Supporter(row.supporter.clone()),
        supporters: vec![row.supporter.clone()],
        contacts,
        reasons: reasons.collect(),
        records: Vec::new(),
        opened_at: now,
        seen_at: now,
        standing: model::Standing::default(),
    }
}
