//! Runs query jobs: finds the rows, then writes them piece by piece so that saves are not kept waiting.

use std::sync::Arc;

use super::format::JobState;
use super::query::{QueryJob, QueryResult};
use crate::org::OrgState;
use crate::soql::View;

/// Rows written under one lock of the store.
const ROWS_UNDER_LOCK: usize = 10_000;

/// Moves a waiting job one step on. `false` when there was nothing to do.
pub(crate) fn step(org: &OrgState, job: &QueryJob) -> bool {
    let state = job.course().state;
    match state {
        JobState::UploadComplete => begin(org, job),
        JobState::InProgress if !job.course().taken => {
            work(org, job);
            true
        }
        JobState::InProgress
        | JobState::Open
        | JobState::JobComplete
        | JobState::Failed
        | JobState::Aborted => false,
    }
}

/// Starts a job unless jobs are stepped by hand. The work runs off the async threads.
pub(crate) fn start(org: &Arc<OrgState>, job: &Arc<QueryJob>) {
    if !org.jobs.is_auto() {
        return;
    }
    {
        let mut course = job.course();
        if course.taken || course.state.is_terminal() {
            return;
        }
        course.taken = true;
    }
    let (org, job) = (Arc::clone(org), Arc::clone(job));
    tokio::task::spawn_blocking(move || {
        begin(&org, &job);
        work(&org, &job);
    });
}

fn begin(org: &OrgState, job: &QueryJob) -> bool {
    let now = org.clock.now();
    let mut course = job.course();
    if course.state != JobState::UploadComplete {
        return false;
    }
    course.state = JobState::InProgress;
    course.started = Some(now);
    course.modified = now;
    true
}

fn work(org: &OrgState, job: &QueryJob) {
    let (plan, delimiter) = (&job.spec.plan, job.spec.delimiter.character());
    let line_ending = job.spec.line_ending.text();
    let include_deleted = job.spec.include_deleted;
    let slots = {
        let store = org.store();
        plan.run(View { store: &store, now: org.clock.now(), include_deleted })
    };
    let mut lines = String::new();
    let mut ends = Vec::with_capacity(slots.len());
    for some in slots.chunks(ROWS_UNDER_LOCK) {
        if job.course().state != JobState::InProgress {
            return;
        }
        let store = org.store();
        let view = View { store: &store, now: org.clock.now(), include_deleted };
        // A record deleted meanwhile is left out: the service promises no snapshot either.
        for record in some.iter().filter_map(|slot| plan.record(view, *slot)) {
            plan.csv(view, record, delimiter, line_ending, &mut lines);
            ends.push(lines.len());
        }
    }
    let result = QueryResult { header: plan.csv_header(delimiter, line_ending), lines: lines.into(), ends };
    let now = org.clock.now();
    let mut course = job.course();
    if course.state == JobState::InProgress {
        course.state = JobState::JobComplete;
        course.result = result;
        course.modified = now;
    }
}
