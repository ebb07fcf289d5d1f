//! What a crash left behind is settled before anything new is planned.
//!
//! | journal says | at Salesforce | what is done |
//! |---|---|---|
//! | Planned | nothing, or an Open job without data whose id was lost | such orphans are found and aborted; the plan is dropped |
//! | Created, Uploaded | Open, or closed with the answer lost | Open: aborted, dropped. Else: as Closed |
//! | Closed | queued, running, or done | waited for, fetched, settled |
//! | Terminal | done, perhaps swept meanwhile | its result sets are fetched, all of them; it is not looked at again |
//! | Stored | done | settled from the files on this machine |
//! | Sending | some calls were answered, some not, one perhaps lost | dropped; whoever was saved is recognised when they are read |
//!
//! "Dropped" loses nothing: the people stay marked, and what was on its way stays known as ours.

use std::time::Duration;

use drill::{Branch, Mistake, met, planted};
use model::{JournalEntry, Phase};
use plan::{CycleReport, Fatal, Moment, Sides, Stretch};
use salesforce::{ErrorKind, JobInfo, JobKind, JobState};

use crate::deliver::{finish, forget, give_up};
use crate::recovery::Recovery;
use crate::settle::Settled;
use crate::spool::Spool;

/// How much earlier than the plan an orphan may have been created by the org's clock.
const ORPHAN_SLACK: Duration = Duration::from_secs(120);

/// Settles every open entry of the journal.
///
/// # Errors
/// [`Fatal`] when the org, the disk or the state fails; what is not settled stays in the journal.
pub async fn recover(sides: &Sides, report: &mut CycleReport, at: Moment) -> Result<Settled, Fatal> {
    let mut all = Settled::default();
    let open = sides.state.journal()?;
    if open.is_empty() {
        return Ok(all);
    }
    sides.progress.begin(Stretch::Recover, Some(open.len() as u64));
    for entry in open {
        report.note(format!(
            "settling job plan {} left at {:?} by cycle {}",
            entry.plan.0, entry.phase, entry.cycle
        ));
        met(Branch::JobRecovered);
        all.absorb(one(sides, report, entry, at).await?);
        sides.progress.advance(1);
    }
    sides.progress.end();
    Ok(all)
}

async fn one(
    sides: &Sides,
    report: &mut CycleReport,
    entry: JournalEntry,
    at: Moment,
) -> Result<Settled, Fatal> {
    match Recovery::of(&entry) {
        Recovery::Drop => {
            abort_orphans(sides, report, &entry).await?;
            met(Branch::PlanDropped);
            forget(sides, &entry).await?;
            Ok(Settled::default())
        }
        Recovery::Ask(job) => {
            met(Branch::Questioned);
            let state = match sides.org.job(&job).await {
                Ok(info) => info.state,
                Err(error) if error.kind() == ErrorKind::NotFound => JobState::Aborted,
                Err(error) => return Err(error.into()),
            };
            match state {
                JobState::Open | JobState::Aborted => {
                    give_up_if_open(sides, &entry, state).await?;
                    Ok(Settled::default())
                }
                JobState::UploadComplete
                | JobState::InProgress
                | JobState::JobComplete
                | JobState::Failed
                | JobState::Unknown => {
                    met(Branch::CloseUncertain);
                    finish(sides, report, JournalEntry { phase: Phase::Closed, ..entry }, at).await
                }
            }
        }
        Recovery::Collect if entry.phase == Phase::Closed && planted(Mistake::UnsettledJobForgotten) => {
            forget(sides, &entry).await?;
            Ok(Settled::default())
        }
        Recovery::Collect => {
            let waits = entry.phase == Phase::Closed;
            met(if waits { Branch::PollResumed } else { Branch::FilesFetchedAgain });
            finish(sides, report, entry, at).await
        }
        Recovery::ReadAgain => {
            forget(sides, &entry).await?;
            Ok(Settled::default())
        }
        Recovery::Settle => {
            let spool = Spool::of(&sides.state.spool_dir(), entry.plan);
            let complete =
                [&spool.successful, &spool.failed, &spool.unprocessed].into_iter().all(|path| path.exists());
            met(if complete { Branch::SettledFromDisk } else { Branch::FilesFetchedAgain });
            let phase = match (complete, entry.ended) {
                (true, _) => Phase::Stored,
                (false, Some(_)) => Phase::Terminal,
                (false, None) => Phase::Closed,
            };
            finish(sides, report, JournalEntry { phase, ..entry }, at).await
        }
    }
}

async fn give_up_if_open(sides: &Sides, entry: &JournalEntry, state: JobState) -> Result<(), Fatal> {
    if state == JobState::Open {
        met(Branch::OpenJobAborted);
    }
    if state == JobState::Open { give_up(sides, entry).await } else { forget(sides, entry).await }
}

/// Open jobs of our user that no journal entry knows, made since the plan: their create was answered into the void.
async fn abort_orphans(sides: &Sides, report: &mut CycleReport, entry: &JournalEntry) -> Result<(), Fatal> {
    met(Branch::OrphanSearched);
    let us = sides.org.whose_session().await?.user_id;
    let known: Vec<_> = sides.state.journal()?.into_iter().filter_map(|entry| entry.job).collect();
    let earliest = entry.planned_at.minus(ORPHAN_SLACK);
    let ours = |job: &JobInfo| {
        job.state == JobState::Open
            && job.created_by_id == Some(us)
            && job.object.as_deref() == Some(sides.map.object().name())
            && job.operation.as_deref() == Some(entry.lane.code())
            && job.job_type.is_none_or(|kind| kind == JobKind::V2Ingest)
            && job.created_date.is_some_and(|at| at >= earliest)
            && !known.contains(&job.id)
    };
    for job in sides.org.list_ingest_jobs().await?.into_iter().filter(ours) {
        match sides.org.abort_job(&job.id).await {
            Ok(_) => {}
            // Swept or deleted meanwhile.
            Err(error) if error.kind() == ErrorKind::NotFound => continue,
            Err(error) => return Err(error.into()),
        }
        met(Branch::OrphanAborted);
        report.note(format!("aborted job {}: it was created and its answer was lost", job.id));
    }
    Ok(())
}
