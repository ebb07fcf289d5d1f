//! From three result files to one outcome per row. Joined by our key, counted, and committed chunk by chunk; the journal
//! entry goes with the last commit, so that a crash in between settles the rest and nothing twice.

use std::collections::HashMap;

use drill::KillPoint::{K14, K15, K16};
use drill::{Branch, Mistake, met, planted, reached};
use model::{
    Block, Case, CaseKind, ContactId, Digest, DirtyReason, Evidence, Happened, JournalEntry, Lane, Link,
    LinkLife, Stamp, Subject, SupporterId,
};
use plan::overwritten::{SavedRow, overwritten};
use plan::record::close_identity_cases;
use plan::{CycleReport, Deferral, Fatal, Moment, Outcome, RowCounts, Sides};
use salesforce::record_error::{Class, DuplicateKind};
use salesforce::{RecordError, ResultSet};
use state::Changes;

mod systemic;

use systemic::Together;
pub(crate) use systemic::open_circuit;

use crate::resolve::Refused;
use crate::results::{Joined, Results};
use crate::spool::Spool;
use crate::write_back::write_back;

/// How many rows one commit settles.
const CHUNK: usize = 1_000;

/// Why somebody is to be tried again in this cycle.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Again {
    /// A lock or a limit; a smaller job may pass.
    Transient,
    /// The job ended first.
    Unprocessed,
    /// The Contact is gone: it is followed or matched anew.
    Stale,
}

/// Somebody whose row was refused in the same words as others of its transaction: any of them may be the reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Suspect {
    /// Whose row.
    pub supporter: SupporterId,
    /// With which code.
    pub code: String,
}

/// What settling a job came to.
#[derive(Debug, Default)]
pub struct Settled {
    /// People to try again, and why.
    pub again: Vec<(SupporterId, Again)>,
    /// People a duplicate rule refused.
    pub refused: Vec<Refused>,
    /// People to be sent again in smaller transactions, without an outcome until then.
    pub suspects: Vec<Suspect>,
    /// Most rows fail for one new reason, or the org is full: nothing more is planned in this cycle.
    pub circuit_open: bool,
}

impl Settled {
    /// Adds another job's.
    pub fn absorb(&mut self, other: Self) {
        self.again.extend(other.again);
        self.refused.extend(other.refused);
        self.suspects.extend(other.suspects);
        self.circuit_open |= other.circuit_open;
    }

    /// Adds people whose rows were not got to.
    pub(crate) fn leave(&mut self, people: Vec<SupporterId>) {
        self.again.extend(people.into_iter().map(|id| (id, Again::Unprocessed)));
    }
}

/// Settles a job from its files.
///
/// # Errors
/// [`Fatal`] when a file, the supporter database or the state fails.
pub(crate) async fn settle(
    sides: &Sides,
    report: &mut CycleReport,
    entry: &JournalEntry,
    at: Moment,
) -> Result<Settled, Fatal> {
    let spool = Spool::of(&sides.state.spool_dir(), entry.plan);
    let mut settled = Settled::default();
    let (mut succeeded, mut ended) = (0, 0);
    let mut file =
        Results::open_sorted(sides, &sides.map, entry.plan, &spool.successful, ResultSet::Successful).await?;
    while let Some(chunk) = file.chunk(sides, CHUNK).await? {
        succeeded += chunk.rows - chunk.foreign;
        let saved: Vec<&Joined> = chunk.joined.iter().collect();
        ended += saved.iter().filter(|row| row.has_outcome()).count();
        save_successes(sides, report, entry, &saved, at).await?;
        sides.progress.advance(chunk.rows);
    }
    let mut unprocessed = 0;
    let mut file =
        Results::open_sorted(sides, &sides.map, entry.plan, &spool.unprocessed, ResultSet::Unprocessed)
            .await?;
    while let Some(chunk) = file.chunk(sides, CHUNK).await? {
        unprocessed += chunk.rows - chunk.foreign;
        ended += chunk.joined.len();
        let mut changes = state::Changes::new();
        for row in &chunk.joined {
            met(Branch::Unprocessed);
            changes.clear_intent(&row.supporter);
            settled.again.push((row.supporter.clone(), Again::Unprocessed));
        }
        let _receipt = sides.state.commit(changes).await?;
    }
    let failed = settle_failures(sides, report, entry, &spool, &mut settled, &mut ended, at).await?;
    if succeeded > 0 && !settled.circuit_open {
        systemic::close_cases(sides).await?;
    }
    let rows = RowCounts { succeeded, failed, unprocessed, ..RowCounts::default() };
    close_entry(sides, report, entry, rows, ended as u64).await?;
    Ok(settled)
}

/// Settles rows that were answered one by one, without a job. `untried` were sent nowhere.
///
/// # Errors
/// [`Fatal`] when the supporter database or the state fails.
pub(crate) async fn settle_answers(
    sides: &Sides,
    report: &mut CycleReport,
    entry: &JournalEntry,
    answers: &[Joined],
    untried: &[SupporterId],
    at: Moment,
) -> Result<Settled, Fatal> {
    let mut settled = Settled::default();
    let (refused, saved): (Vec<&Joined>, Vec<&Joined>) = answers.iter().partition(|row| row.error.is_some());
    save_successes(sides, report, entry, &saved, at).await?;
    let together = Together::of(sides, entry.rows, refused.iter().filter_map(|row| row.error.as_ref()));
    let mut changes = Changes::new();
    for row in &refused {
        settle_failure(sides, &mut changes, report, &mut settled, row, &together, at)?;
    }
    for supporter in untried {
        changes.clear_intent(supporter);
    }
    let _receipt = sides.state.commit(changes).await?;
    systemic::note(sides, report, &mut settled, &together);
    if !saved.is_empty() && !settled.circuit_open {
        systemic::close_cases(sides).await?;
    }
    let (succeeded, failed) = (saved.len() as u64, refused.len() as u64);
    let rows = RowCounts { succeeded, failed, ..RowCounts::default() };
    let ended = answers.iter().filter(|row| row.has_outcome()).count();
    close_entry(sides, report, entry, rows, ended as u64).await?;
    Ok(settled)
}

/// A job whose results are gone: every row is unknown, stays marked, and is looked up by key and Id before it is planned
/// again.
///
/// # Errors
/// [`Fatal`] when the state fails.
pub(crate) async fn lose(
    sides: &Sides,
    report: &mut CycleReport,
    entry: &JournalEntry,
) -> Result<Settled, Fatal> {
    met(Branch::JobLost);
    reached(K16);
    close_entry(sides, report, entry, RowCounts::default(), 0).await?;
    Ok(Settled::default())
}

/// Counts the rows, and finds whose row came to no outcome, unless `ended`, those that did, are all who were sent: those people
/// stay marked, and what was sent stays known as ours.
async fn close_entry(
    sides: &Sides,
    report: &mut CycleReport,
    entry: &JournalEntry,
    rows: RowCounts,
    ended: u64,
) -> Result<(), Fatal> {
    let unknown = entry.rows.saturating_sub(rows.succeeded + rows.failed + rows.unprocessed);
    report.rows.add(&RowCounts { sent: entry.rows, unknown, ..rows });
    // Everybody who was sent was met in the results: nobody is left to be looked for.
    if ended < entry.rows {
        close_the_unknown(sides, report, entry).await?;
    }
    if unknown > 0 {
        report.notes.push(format!("{unknown} rows are in none of the result sets: they are looked up again"));
    }
    crate::deliver::forget(sides, entry).await
}

/// People of a plan whose row came to no outcome, wherever they are.
async fn close_the_unknown(
    sides: &Sides,
    report: &mut CycleReport,
    entry: &JournalEntry,
) -> Result<(), Fatal> {
    let mut after: Option<SupporterId> = None;
    loop {
        // What is settled has no intent any more.
        let open = sides.state.intents_of_plan(entry.plan, after.as_ref(), CHUNK)?;
        let Some((last, _)) = open.last() else { break };
        after = Some(last.clone());
        let mut changes = Changes::new();
        for (supporter, intent) in open {
            met(Branch::OutcomeUnknown);
            if planted(Mistake::MissingKeyIsSuccess) {
                let agreed: Vec<_> = intent.fields.iter().map(|field| (field.rule, field.sent)).collect();
                changes.set_bases(&supporter, &agreed).clear_intent(&supporter);
                changes.clear_dirty(&Subject::Supporter(supporter));
                continue;
            }
            changes.mark_dirty(Subject::Supporter(supporter), DirtyReason::Retry, None);
            report.count(&Outcome::Deferred(Deferral::Unknown));
        }
        let _receipt = sides.state.commit(changes).await?;
    }
    Ok(())
}

/// Saved rows: the link, what both sides agree on from now on, and the Contact Id on the supporter's row.
async fn save_successes(
    sides: &Sides,
    report: &mut CycleReport,
    entry: &JournalEntry,
    rows: &[&Joined],
    at: Moment,
) -> Result<(), Fatal> {
    let lane = entry.lane;
    let mut changes = state::Changes::new();
    unseen(sides, report, &mut changes, entry, rows, at).await?;
    let mut new_ids = HashMap::new();
    let mut owners = if lane == Lane::Upsert { owners(sides, rows)? } else { HashMap::new() };
    for row in rows {
        // Saved, yet without an Id to say as what: it comes to no outcome here and is looked up.
        let Some(contact) = row.contact() else { continue };
        if lane == Lane::Upsert {
            if let Some(owner) = owners.get(&contact).filter(|owner| **owner != row.supporter) {
                claimed(&mut changes, report, row, contact, owner, at);
                continue;
            }
            owners.insert(contact, row.supporter.clone());
            let evidence = if row.created { Evidence::CreatedContact } else { Evidence::ExternalId };
            report.count_link(&evidence);
            changes.put_link(Link {
                supporter: row.supporter.clone(),
                contact,
                made_at: at.now,
                cycle: at.cycle,
                evidence,
                life: LinkLife::Live,
            });
            close_identity_cases(&mut changes, &Subject::Supporter(row.supporter.clone()));
            new_ids.insert(row.supporter.clone(), contact);
        }
        let agreed: Vec<_> = row.intent.fields.iter().map(|field| (field.rule, field.sent)).collect();
        changes.set_bases(&row.supporter, &agreed);
        changes.clear_intent(&row.supporter);
        changes.clear_dirty(&Subject::Supporter(row.supporter.clone()));
        // Of a new Contact its link tells.
        if !row.created {
            changes.tell(&Subject::Supporter(row.supporter.clone()), Happened::Saved { created: false });
        }
        report.count(if row.created { &Outcome::ContactCreated } else { &Outcome::ContactUpdated });
    }
    // The row first: if it is not reached, the link is not yet durable either and both are done again.
    write_back(sides, report, &new_ids).await?;
    reached(K14);
    let _receipt = sides.state.commit(changes).await?;
    reached(K15);
    Ok(())
}

/// Edits that saved rows overwrote before anybody saw them go into the log with the rows' own settlement, once. What was created
/// overwrote nothing.
async fn unseen(
    sides: &Sides,
    report: &mut CycleReport,
    changes: &mut Changes,
    entry: &JournalEntry,
    rows: &[&Joined],
    at: Moment,
) -> Result<(), Fatal> {
    let old = rows.iter().filter(|row| !row.created);
    let saved = old.filter_map(|row| {
        let fields = row.intent.fields.as_slice();
        Some(SavedRow { supporter: &row.supporter, contact: row.contact()?, fields })
    });
    let saved: Vec<SavedRow<'_>> = saved.collect();
    match overwritten(sides, &saved, entry.planned_at, true, at).await? {
        Some(lost) => {
            report.blind_overwrites += lost.len() as u64;
            for conflict in lost {
                changes.log_conflict(conflict);
            }
        }
        None => {
            let note =
                "the field history of Contacts cannot be read: edits overwritten unseen are not noticed";
            if !report.notes.iter().any(|known| known == note) {
                report.notes.push(note.to_owned());
            }
        }
    }
    Ok(())
}

/// Who is linked already to the Contacts that upserted rows were saved as.
fn owners(sides: &Sides, rows: &[&Joined]) -> Result<HashMap<ContactId, SupporterId>, Fatal> {
    let contacts: Vec<ContactId> = rows.iter().filter_map(|row| row.contact()).collect();
    let owners: Vec<SupporterId> = sides.state.supporters_of(&contacts)?.into_iter().flatten().collect();
    let links = sides.state.links_of(&owners)?.into_iter().flatten();
    Ok(links.filter(|link| link.life == LinkLife::Live).map(|link| (link.contact, link.supporter)).collect())
}

/// The external id led to a Contact that is another supporter's: no link, no Id on the row, and a person decides.
fn claimed(
    changes: &mut Changes,
    report: &mut CycleReport,
    row: &Joined,
    contact: ContactId,
    owner: &SupporterId,
    at: Moment,
) {
    met(Branch::Claimed);
    let subject = Subject::Supporter(row.supporter.clone());
    changes.clear_intent(&row.supporter);
    changes.clear_dirty(&subject);
    changes.open_case(Case {
        kind: CaseKind::TwoSupportersOneContact,
        subject,
        supporters: vec![row.supporter.clone(), owner.clone()],
        contacts: vec![contact],
        reasons: vec!["external_id".to_owned(), "already_linked".to_owned()],
        records: Vec::new(),
        opened_at: at.now,
        seen_at: at.now,
        standing: model::Standing::default(),
    });
    report.count(&Outcome::Case(CaseKind::TwoSupportersOneContact));
}

async fn settle_failures(
    sides: &Sides,
    report: &mut CycleReport,
    entry: &JournalEntry,
    spool: &Spool,
    settled: &mut Settled,
    ended: &mut usize,
    at: Moment,
) -> Result<u64, Fatal> {
    let together = Together::of_file(sides, entry, spool).await?;
    let mut failed = 0;
    let mut file = Results::open(sides, &sides.map, entry.plan, &spool.failed, ResultSet::Failed).await?;
    while let Some(chunk) = file.chunk(sides, CHUNK).await? {
        failed += chunk.rows - chunk.foreign;
        *ended += chunk.joined.iter().filter(|row| row.has_outcome()).count();
        let mut changes = state::Changes::new();
        for row in &chunk.joined {
            settle_failure(sides, &mut changes, report, settled, row, &together, at)?;
        }
        reached(K14);
        let _receipt = sides.state.commit(changes).await?;
        sides.progress.advance(chunk.rows);
    }
    systemic::note(sides, report, settled, &together);
    Ok(failed)
}

/// One refused row. Every class has its consequence; none is only logged.
fn settle_failure(
    sides: &Sides,
    changes: &mut Changes,
    report: &mut CycleReport,
    settled: &mut Settled,
    row: &Joined,
    together: &Together,
    at: Moment,
) -> Result<(), Fatal> {
    // Refused without a reason: it comes to no outcome here and is looked up.
    let Some(error) = &row.error else { return Ok(()) };
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
                report.notes.push("the org's storage is full: nothing can be created".to_owned());
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
        return block(sides, changes, report, row, "STILL_LOCKED", error, at.now);
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
