//! One job from its plan to its settlement. Every step is durable before the next effect begins; closing is the commit point.
//!
//! ```text
//! Planned -> Created(id) -> Uploaded -> Closed -> Terminal -> Stored -> settled, entry removed
//! ```
//!
//! What a crash leaves at each arrow, and what the next start does about it, stands in `recover`.

use std::time::Duration;

use drill::KillPoint::{K01, K02, K03, K04, K05, K06, K07, K08, K09, K10, K11, K12, K13, K15, K17};
use drill::{Branch, Mistake, met, planted, reached};
use model::{JobEnd, JobId, JournalEntry, Lane, Phase, PlanId, SupporterId};
use plan::{CycleReport, Deferral, Fatal, Moment, Outcome, Road, Sides, Stretch};
use salesforce::{Empty, ErrorKind, IngestSpec, JobErrorClass, JobInfo, ResultSet};

use crate::settle::{self, Settled};
use crate::spool::{self, Spool, Upload};
use crate::waiting::OutRow;
use crate::{direct, pace};

/// How many intents one commit takes.
const INTENTS_PER_COMMIT: usize = 1_000;

/// A job that is first waited for so long after its close was left by an earlier run: how long it took nobody saw.
const MET_LATE: Duration = Duration::from_secs(5);

/// Sends rows by the cheaper road, as one job or in a few calls, waits for Salesforce, and settles every row.
///
/// # Errors
/// [`Fatal`] when the org, the disk or the state fails. The journal says how far it got; the next start settles it.
pub async fn deliver(
    sides: &Sides,
    report: &mut CycleReport,
    lane: Lane,
    rows: Vec<OutRow>,
    at: Moment,
) -> Result<Settled, Fatal> {
    if rows.is_empty() {
        return Ok(Settled::default());
    }
    let bytes = rows.iter().map(|row| u64::from(row.bytes())).sum();
    match sides.settings.road(rows.len(), bytes) {
        Road::Job => deliver_job(sides, report, lane, rows, at).await,
        Road::Direct => {
            let direct::Sent { mut settled, refused } = direct::send(sides, report, lane, rows, at).await?;
            if !refused.is_empty() {
                settled.absorb(deliver_job(sides, report, lane, refused, at).await?);
            }
            Ok(settled)
        }
    }
}

async fn deliver_job(
    sides: &Sides,
    report: &mut CycleReport,
    lane: Lane,
    rows: Vec<OutRow>,
    at: Moment,
) -> Result<Settled, Fatal> {
    // Before the journal: a job that may not be begun leaves nothing to settle.
    sides.org.may_begin_a_job().await?;
    let entry = journal(sides, lane, rows, at).await?;
    sides.progress.begin(Stretch::Job, Some(entry.rows));
    let settled = match send(sides, report, entry).await? {
        Some(entry) => finish(sides, report, entry, at).await,
        None => Ok(Settled::default()),
    };
    sides.progress.end();
    settled
}

/// The cycle was told to stop before the job was closed: it never happened, and its people stay marked.
async fn call_off(
    sides: &Sides,
    report: &mut CycleReport,
    entry: &JournalEntry,
) -> Result<Option<JournalEntry>, Fatal> {
    give_up(sides, entry).await?;
    report.count_many(&Outcome::Deferred(Deferral::Stopped), entry.rows);
    Ok(None)
}

/// Writes the file and the journal: what is planned is durable before anything happens.
async fn journal(sides: &Sides, lane: Lane, rows: Vec<OutRow>, at: Moment) -> Result<JournalEntry, Fatal> {
    reached(K01);
    let plan = sides.state.next_plan_id();
    let spool = Spool::of(&sides.state.spool_dir(), plan);
    // The file stands in the order of households, the state in that of supporters. As long as that is the same, a row is read once
    // for both.
    let mut in_order = true;
    let mut last: Option<SupporterId> = None;
    let mut upload = Upload::create(&sides.map, lane, &spool.upload).await?;
    for chunk in rows.chunks(INTENTS_PER_COMMIT) {
        let mut changes = state::Changes::with_room_for(chunk.len());
        for row in chunk {
            let row = row.open()?;
            upload.write(&row).await?;
            in_order &= last.as_ref().is_none_or(|last| *last < row.supporter);
            if in_order {
                changes.put_intent(&row.supporter, row.intent(plan));
                last = Some(row.supporter.clone());
            }
        }
        if in_order {
            let _receipt = sides.state.commit(changes).await?;
        }
    }
    let written = upload.finish().await?;
    if !in_order {
        intend(sides, plan, &rows).await?;
    }
    let entry = JournalEntry {
        plan,
        cycle: at.cycle,
        lane,
        api_version: sides.org.api_version().to_string(),
        planned_at: sides.org.server_time().unwrap_or(at.now),
        rows: written.rows,
        sha256: written.sha256.iter().map(|byte| format!("{byte:02x}")).collect(),
        phase: Phase::Planned,
        job: None,
        closed_at: None,
        ended: None,
    };
    commit(sides, &entry).await?;
    Ok(entry)
}

/// Writes the intents of rows that stand in another order than that of their supporters.
async fn intend(sides: &Sides, plan: PlanId, rows: &[OutRow]) -> Result<(), Fatal> {
    let mut people = Vec::with_capacity(rows.len());
    for row in rows {
        people.push((row.open()?.supporter.clone(), row));
    }
    people.sort_by(|(a, _), (b, _)| a.cmp(b));
    for chunk in people.chunks(INTENTS_PER_COMMIT) {
        let mut changes = state::Changes::with_room_for(chunk.len());
        for (supporter, row) in chunk {
            changes.put_intent(supporter, row.open()?.intent(plan));
        }
        let _receipt = sides.state.commit(changes).await?;
    }
    Ok(())
}

/// Creates the job, uploads and closes it. What is not certain to have happened is found out, never assumed. `None`: the
/// cycle was told to stop, and nothing was closed.
async fn send(
    sides: &Sides,
    report: &mut CycleReport,
    mut entry: JournalEntry,
) -> Result<Option<JournalEntry>, Fatal> {
    if sides.stopping() {
        return call_off(sides, report, &entry).await;
    }
    reached(K02);
    let spool = Spool::of(&sides.state.spool_dir(), entry.plan);
    let spec = match entry.lane {
        Lane::Update => IngestSpec::update(sides.map.object().name()),
        Lane::Upsert => IngestSpec::upsert(sides.map.object().name(), &sides.map.technical().supporter_id),
    };
    let job = sides.org.create_ingest_job(&spec?).await?;
    reached(K03);
    report.jobs += 1;
    entry = advance(sides, entry, Phase::Created, |entry| entry.job = Some(job.id)).await?;
    reached(K04);
    if let Err(error) = sides.org.upload(&job.id, &spool.upload).await {
        // Nothing is processed before the close, so giving the job up loses nothing and doubles nothing.
        give_up(sides, &entry).await?;
        return Err(error.into());
    }
    reached(K05);
    entry = advance(sides, entry, Phase::Uploaded, |_| {}).await?;
    reached(K06);
    // Closing is what takes effect.
    if sides.stopping() {
        return call_off(sides, report, &entry).await;
    }
    sides.org.close_job(&job.id).await?;
    reached(K07);
    let closed_at = sides.org.server_time();
    let entry = advance(sides, entry, Phase::Closed, |entry| entry.closed_at = closed_at).await?;
    reached(K08);
    let _ = std::fs::remove_file(&spool.upload);
    Ok(Some(entry))
}

/// Aborts a job that was never closed and forgets the plan. Its people stay marked.
///
/// # Errors
/// [`Fatal`] when the abort fails for another reason than that there is nothing to abort, or the state fails.
pub(crate) async fn give_up(sides: &Sides, entry: &JournalEntry) -> Result<(), Fatal> {
    if let Some(job) = &entry.job {
        match sides.org.abort_job(job).await {
            Ok(_) => {}
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(error) => return Err(error.into()),
        }
    }
    forget(sides, entry).await
}

/// Removes the entry and its files. Intents stay: a value that may have arrived must not look like somebody's edit.
pub(crate) async fn forget(sides: &Sides, entry: &JournalEntry) -> Result<(), Fatal> {
    let mut changes = state::Changes::new();
    if planted(Mistake::IntentsDropped) {
        for (supporter, _) in sides.state.intents_of_plan(entry.plan, None, INTENTS_PER_COMMIT)? {
            changes.clear_intent(&supporter);
        }
    }
    changes.remove_journal(entry.plan);
    let _receipt = sides.state.commit(changes).await?;
    reached(K15);
    Spool::of(&sides.state.spool_dir(), entry.plan).remove();
    Ok(())
}

/// From the close on: wait, fetch the three result sets, settle. Also where a run after a crash goes on.
///
/// # Errors
/// [`Fatal`] when the org, the disk or the state fails.
pub(crate) async fn finish(
    sides: &Sides,
    report: &mut CycleReport,
    mut entry: JournalEntry,
    at: Moment,
) -> Result<Settled, Fatal> {
    let mut hopeless = false;
    let Some(job) = entry.job else {
        forget(sides, &entry).await?;
        return Ok(Settled::default());
    };
    if entry.phase == Phase::Closed {
        let met_late = spent(sides, &entry) > MET_LATE;
        let info = match wait(sides, &job, &entry).await {
            Ok(Some(info)) => info,
            // Told to stop: the job runs on, and the next start settles it from the journal.
            Ok(None) => {
                report.count_many(&Outcome::Deferred(Deferral::Stopped), entry.rows);
                return Ok(Settled::default());
            }
            // Swept, or deleted by somebody: what became of its rows nobody can say but the records themselves.
            Err(Fatal::Salesforce(error)) if out_of_reach(sides, &entry, &error) => {
                report.note(format!("job {job} is gone: its rows are looked up again"));
                return settle::lose(sides, report, &entry).await;
            }
            Err(error) => return Err(error),
        };
        reached(K10);
        hopeless = note_failure(report, &info);
        if planted(Mistake::AbortWithoutResults) && info.state == salesforce::JobState::Aborted {
            let mut changes = state::Changes::new();
            for (supporter, _) in sides.state.intents_of_plan(entry.plan, None, INTENTS_PER_COMMIT)? {
                changes.clear_intent(&supporter);
            }
            let _receipt = sides.state.commit(changes).await?;
            forget(sides, &entry).await?;
            return Ok(Settled::default());
        }
        let end = JobEnd { succeeded: info.succeeded(), failed: info.number_records_failed };
        (entry.phase, entry.ended) = (Phase::Terminal, Some(end));
        let mut changes = state::Changes::new();
        changes.put_journal(entry.clone());
        if !met_late {
            pace::learned(sides, &mut changes, &entry)?;
        }
        let _receipt = sides.state.commit(changes).await?;
        reached(K11);
    }
    if entry.phase == Phase::Terminal {
        match fetch(sides, &job, &entry).await {
            Ok(()) => {}
            Err(Fatal::Salesforce(error)) if out_of_reach(sides, &entry, &error) => {
                return settle::lose(sides, report, &entry).await;
            }
            Err(error) => return Err(error),
        }
        entry = advance(sides, entry, Phase::Stored, |_| {}).await?;
        reached(K13);
    }
    sides.progress.begin(Stretch::Settle, Some(entry.rows));
    let mut settled = settle::settle(sides, report, &entry, at).await?;
    settled.circuit_open |= hopeless;
    Ok(settled)
}

/// Whether a job's results can never be had again: it is gone, or it was made with another API version, whose results answer
/// 409 to this one (Bulk guide v66).
fn out_of_reach(sides: &Sides, entry: &JournalEntry, error: &salesforce::Error) -> bool {
    let other_version = entry.api_version != sides.org.api_version().to_string();
    error.kind() == ErrorKind::NotFound || (error.kind() == ErrorKind::Conflict && other_version)
}

/// How long ago a job was closed, by the org's clock.
fn spent(sides: &Sides, entry: &JournalEntry) -> Duration {
    let now = sides.org.server_time();
    entry.closed_at.zip(now).map_or(Duration::ZERO, |(closed, now)| now.since(closed))
}

/// Waits until the job is done. One that runs past the deadline is aborted: what it saved until then stays, and is read.
/// `None`: the cycle was told to stop meanwhile.
async fn wait(sides: &Sides, job: &JobId, entry: &JournalEntry) -> Result<Option<JobInfo>, Fatal> {
    let spent = spent(sides, entry);
    let left = sides.settings.job_deadline.saturating_sub(spent);
    let expected = pace::expected(sides, entry, spent)?;
    let mut done = 0;
    let watch = |info: &JobInfo| {
        reached(K09);
        let processed = info.number_records_processed.unwrap_or(0);
        sides.progress.advance(processed.saturating_sub(done));
        done = processed.max(done);
    };
    let waited = sides.org.wait_or_abort(job, expected, left, watch);
    Ok(sides.stop.run_until_cancelled(waited).await.transpose()?)
}

/// A job that failed as a whole says so once; its rows stay marked and the reason is for the operator. Whether the next job would fail
/// for the same reason.
fn note_failure(report: &mut CycleReport, info: &JobInfo) -> bool {
    let Some(error) = info.error() else { return false };
    met(Branch::JobFailed);
    reached(K17);
    let hopeless = match error.class() {
        JobErrorClass::Permanent | JobErrorClass::Allowance => true,
        JobErrorClass::Transient | JobErrorClass::Split => false,
    };
    let rest = if hopeless { "; nothing more is sent in this cycle" } else { "" };
    report.note(format!("job {} ended as {:?}: {}{rest}", info.id, info.state, error.code()));
    hopeless
}

/// Fetches the result sets until every row that was sent stands in one of them, whatever the job's state: a failed job may
/// have saved rows, a complete one may have refused all of them. A row has one outcome, so when the files at hand hold as many
/// rows as were sent, the others are empty.
async fn fetch(sides: &Sides, job: &JobId, entry: &JournalEntry) -> Result<(), Fatal> {
    let spool = Spool::of(&sides.state.spool_dir(), entry.plan);
    let (saved, refused) = entry.ended.map_or((None, None), |end| (end.succeeded, end.failed));
    let mut held = 0;
    for (set, path, rows) in [
        (ResultSet::Successful, &spool.successful, saved),
        (ResultSet::Failed, &spool.failed, refused),
        (ResultSet::Unprocessed, &spool.unprocessed, None),
    ] {
        if held == entry.rows {
            spool::write_empty_results(path).await?;
            continue;
        }
        let empty = if rows.is_some_and(|rows| rows > 0) { Empty::Refused } else { Empty::NoRows };
        let mut got = sides.org.download_results(job, set, path, empty).await?;
        reached(K12);
        if rows.is_some_and(|rows| rows != got.rows) {
            // The counters may run behind the files for a moment; twice the same answer is the truth, and the sum is
            // checked when the rows are settled.
            got = sides.org.download_results(job, set, path, empty).await?;
        }
        if got.rows == 0 {
            spool::write_empty_results(path).await?;
        }
        held += got.rows;
        tracing::debug!(job.id = %job, result.rows = got.rows, result.bytes = got.bytes, "result set {set:?} stored");
    }
    Ok(())
}

async fn advance(
    sides: &Sides,
    mut entry: JournalEntry,
    phase: Phase,
    also: impl FnOnce(&mut JournalEntry),
) -> Result<JournalEntry, Fatal> {
    entry.phase = phase;
    also(&mut entry);
    commit(sides, &entry).await?;
    Ok(entry)
}

async fn commit(sides: &Sides, entry: &JournalEntry) -> Result<(), Fatal> {
    let mut changes = state::Changes::new();
    changes.put_journal(entry.clone());
    let _receipt = sides.state.commit(changes).await?;
    Ok(())
}
