//! All Bulk jobs of an org.

use std::collections::{BTreeMap, HashSet};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde::{Deserialize, Serialize};

use super::format::JobState;
use super::ingest::IngestJob;
use super::query::QueryJob;
use super::{query_run, run};
use crate::id::RecordId;
use crate::org::OrgState;
use crate::value::Stamp;

/// How jobs move on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Progress {
    /// By themselves, at once.
    #[default]
    Auto,
    /// One step of every job with each call of `step_jobs`: closed, in progress, then batch by batch.
    Stepped,
}

/// One job, as the control side shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct JobInfo {
    /// Its id.
    pub id: String,
    /// `V2Ingest` or `V2Query`.
    pub kind: &'static str,
    /// `insert`, `update`, `upsert`, `delete`, `hardDelete`, `query`, `queryAll`.
    pub operation: &'static str,
    /// Object; empty for queries.
    pub object: String,
    /// State.
    pub state: JobState,
    /// Times data was uploaded.
    pub uploads: u32,
    /// Rows processed, failed ones included; for queries rows found.
    pub processed: usize,
    /// Rows failed.
    pub failed: usize,
    /// `errorMessage`.
    pub error: Option<String>,
}

/// Days a finished job and its results are kept (limits sheet).
const KEPT_DAYS: i64 = 7;

/// Hours a job may stay Open (limits sheet).
const OPEN_HOURS: i64 = 24;

/// Most rows remembered as refused once for a lock.
const MAX_REMEMBERED: usize = 1_000_000;

/// All Bulk jobs of an org, and how they move on.
#[derive(Debug, Default)]
pub(crate) struct Jobs {
    ingest: Mutex<BTreeMap<RecordId, Arc<IngestJob>>>,
    query: Mutex<BTreeMap<RecordId, Arc<QueryJob>>>,
    minted: AtomicU64,
    progress: Mutex<Progress>,
    locked_once: Mutex<HashSet<u64>>,
    stepping: Mutex<()>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Jobs {
    /// The id and running number of the next job.
    pub(crate) fn mint(&self, pod: &str) -> (RecordId, u64) {
        let number = self.minted.fetch_add(1, Ordering::Relaxed) + 1;
        (RecordId::mint("750", pod, number), number)
    }

    /// How many job ids were given.
    pub(crate) fn minted(&self) -> u64 {
        self.minted.load(Ordering::Relaxed)
    }

    /// Goes on counting job ids after so many, never backwards.
    pub(crate) fn resume(&self, minted: u64) {
        self.minted.fetch_max(minted, Ordering::Relaxed);
    }

    pub(crate) fn add_ingest(&self, job: IngestJob, now: Stamp) -> Arc<IngestJob> {
        self.sweep(now);
        let job = Arc::new(job);
        lock(&self.ingest).insert(job.id, Arc::clone(&job));
        job
    }

    pub(crate) fn add_query(&self, job: QueryJob, now: Stamp) -> Arc<QueryJob> {
        self.sweep(now);
        let job = Arc::new(job);
        lock(&self.query).insert(job.id, Arc::clone(&job));
        job
    }

    pub(crate) fn ingest(&self, id: &str, now: Stamp) -> Option<Arc<IngestJob>> {
        self.sweep(now);
        lock(&self.ingest).get(&RecordId::parse(id)?).cloned()
    }

    pub(crate) fn query(&self, id: &str, now: Stamp) -> Option<Arc<QueryJob>> {
        self.sweep(now);
        lock(&self.query).get(&RecordId::parse(id)?).cloned()
    }

    pub(crate) fn remove_ingest(&self, id: &RecordId) {
        lock(&self.ingest).remove(id);
    }

    pub(crate) fn remove_query(&self, id: &RecordId) {
        lock(&self.query).remove(id);
    }

    /// All ingest jobs, oldest first.
    pub(crate) fn all_ingest(&self) -> Vec<Arc<IngestJob>> {
        lock(&self.ingest).values().cloned().collect()
    }

    /// All query jobs, oldest first.
    pub(crate) fn all_query(&self) -> Vec<Arc<QueryJob>> {
        lock(&self.query).values().cloned().collect()
    }

    /// Removes jobs past their time and stops those left open.
    fn sweep(&self, now: Stamp) {
        let kept_from = now.plus_millis(-KEPT_DAYS * 86_400_000);
        let open_from = now.plus_millis(-OPEN_HOURS * 3_600_000);
        lock(&self.ingest).retain(|_, job| {
            let mut course = job.course();
            if course.state == JobState::Open && job.created < open_from {
                course.state = JobState::Aborted;
                course.modified = now;
            }
            course.modified >= kept_from
        });
        lock(&self.query).retain(|_, job| job.course().modified >= kept_from);
    }

    /// Sets how jobs move on.
    pub(crate) fn set_progress(&self, progress: Progress) {
        *lock(&self.progress) = progress;
    }

    pub(crate) fn is_auto(&self) -> bool {
        *lock(&self.progress) == Progress::Auto
    }

    /// Whether a row is refused for a lock for the first time; it is remembered.
    pub(crate) fn first_time(&self, row: u64) -> bool {
        let mut rows = lock(&self.locked_once);
        if rows.len() >= MAX_REMEMBERED {
            rows.clear();
        }
        rows.insert(row)
    }

    /// All jobs for the control side, oldest first.
    pub(crate) fn infos(&self) -> Vec<JobInfo> {
        let ingest = self.all_ingest().into_iter().map(|job| {
            let course = job.course();
            JobInfo {
                id: job.id.to_string(),
                kind: "V2Ingest",
                operation: job.spec.operation.name(),
                object: job.spec.object.clone(),
                state: course.state,
                uploads: course.uploads,
                processed: course.outcomes.len(),
                failed: course.failed,
                error: course.error.clone(),
            }
        });
        let mut infos: Vec<JobInfo> = ingest.collect();
        infos.extend(self.all_query().iter().map(|job| job.control_info()));
        infos.sort_by(|a, b| a.id.cmp(&b.id));
        infos
    }
}

/// Moves every job that waits one step on: a closed job goes InProgress, a job in progress works on one batch.
/// Answers how many jobs moved. Runs on the calling thread.
pub(crate) fn step(org: &OrgState) -> usize {
    let _one_at_a_time = lock(&org.jobs.stepping);
    let mut moved = 0;
    for job in org.jobs.all_ingest() {
        let state = job.course().state;
        match state {
            JobState::UploadComplete => moved += usize::from(run::begin(org, &job)),
            JobState::InProgress if !job.course().taken => {
                run::batch(org, &job);
                moved += 1;
            }
            JobState::InProgress
            | JobState::Open
            | JobState::JobComplete
            | JobState::Failed
            | JobState::Aborted => {}
        }
    }
    for job in org.jobs.all_query() {
        moved += usize::from(query_run::step(org, &job));
    }
    moved
}

/// Starts every job that waits, after stepping was switched off.
pub(crate) fn start_all(org: &Arc<OrgState>) {
    for job in org.jobs.all_ingest() {
        let waiting = {
            let mut course = job.course();
            let waiting = course.state == JobState::InProgress && !course.taken && course.polls_left == 0;
            course.taken |= waiting;
            waiting
        };
        if waiting {
            let (org, job) = (Arc::clone(org), Arc::clone(&job));
            tokio::task::spawn_blocking(move || run::run(&org, &job));
        } else {
            run::start(org, &job);
        }
    }
    for job in org.jobs.all_query() {
        query_run::start(org, &job);
    }
}
