//! From three result files to one outcome per row. Joined by our key, counted, and committed chunk by chunk; the journal
//! entry goes with the last commit, so that a crash in between settles the rest and nothing twice.

use std::collections::HashMap;

use drill::KillPoint::{K14, K15, K16};
use drill::{Branch, Mistake, met, planted, reached};
use model::{
    Case, CaseKind, ContactId, DirtyReason, Evidence, Happened, JournalEntry, Lane, Link, LinkLife, Side,
    Subject, SupporterId,
};
use plan::overwritten::{SavedRow, overwritten};
use plan::record::{close_identity_cases, refused_link};
use plan::{CycleReport, Deferral, Fatal, Moment, Outcome, RowCounts, Sides};
use salesforce::ResultSet;
use state::Changes;

mod refused_row;
mod systemic;

use refused_row::settle_failure;
use systemic::Together;
pub(crate) use systemic::open_circuit;

use crate::resolve::Refused;
use crate::results::{Joined, Results};
use crate::spool::Spool;
use crate::unflag::unflag;
use crate::write_back::write_back;

/// What most saved rows leave: a link, cases that are over, agreements, an intent and a mark that are done with.
const CHANGES_OF_A_ROW: usize = 6;
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
    let mut file = Results::open_sorted(
        sides,
        &sides.map,
        entry.plan,
        &spool.successful,
        ResultSet::Successful,
        entry.rows,
    )
    .await?;
    while let Some(chunk) = file.chunk(sides, CHUNK).await? {
        succeeded += chunk.rows - chunk.foreign;
        let saved: Vec<&Joined> = chunk.joined.iter().collect();
        ended += saved.iter().filter(|row| row.has_outcome()).count();
        save_successes(sides, report, entry, &saved, at).await?;
        sides.progress.advance(chunk.rows);
    }
    let mut unprocessed = 0;
    let mut file =
        Results::open_sorted(sides, &sides.map, entry.plan, &spool.unprocessed, ResultSet::Unprocessed, 0)
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
        plan::systemic::close_cases(sides, Side::Salesforce).await?;
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
    let together = Together::of(sides, entry.rows, refused.iter().filter_map(|row| row.error.as_deref()));
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
        plan::systemic::close_cases(sides, Side::Salesforce).await?;
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
        report.note(format!("{unknown} rows are in none of the result sets: they are looked up again"));
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
    let mut changes = state::Changes::with_room_for(CHANGES_OF_A_ROW * rows.len());
    unseen(sides, report, &mut changes, entry, rows, at).await?;
    let mut new_ids = Vec::with_capacity(rows.len());
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
            new_ids.push((row.supporter.clone(), contact));
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
    let made: Vec<SupporterId> = new_ids.iter().map(|(supporter, _)| supporter.clone()).collect();
    unflag(sides, report, &made).await?;
    for supporter in write_back(sides, report, new_ids).await? {
        changes.mark_dirty(Subject::Supporter(supporter), DirtyReason::SupporterChanged, None);
    }
    reached(K14);
    let receipt = sides.state.commit(changes).await?;
    reached(K15);
    let mut cases = Changes::new();
    for refused in &receipt.refused {
        cases.open_case(refused_link(refused, at));
    }
    if !cases.is_empty() {
        let _receipt = sides.state.commit(cases).await?;
    }
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
            report.note(note.to_owned());
        }
    }
    Ok(())
}

/// Who is linked already to the Contacts that upserted rows were saved as.
fn owners(sides: &Sides, rows: &[&Joined]) -> Result<HashMap<ContactId, SupporterId>, Fatal> {
    // A new Contact is nobody's yet.
    let contacts: Vec<ContactId> =
        rows.iter().filter(|row| !row.created).filter_map(|row| row.contact()).collect();
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
