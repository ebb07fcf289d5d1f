//! Runs ingest jobs: reads the data once, then saves batch by batch in chunks.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use super::columns::Columns;
use super::csv::{CsvRules, CsvTable, read};
use super::format::JobState;
use super::ingest::{IngestJob, Outcome};
use super::jobs::Jobs;
use super::spec::Operation;
use crate::id::RecordId;
use crate::org::{Allowance, OrgState};
use crate::random::Random;
use crate::save::{Api, RowToSave, SaveContext, SaveError, Target};
use crate::settings::{BulkSettings, Settings};

/// Runs a job to its end.
pub(crate) fn run(org: &OrgState, job: &IngestJob) {
    begin(org, job);
    while batch(org, job) {}
}

/// Moves a closed job to InProgress. `false` when it is not closed.
pub(crate) fn begin(org: &OrgState, job: &IngestJob) -> bool {
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

/// Works on the next batch of rows. `true` when there is more to do.
pub(crate) fn batch(org: &OrgState, job: &IngestJob) -> bool {
    let settings = org.settings();
    if job.course().state != JobState::InProgress {
        return false;
    }
    let Some((table, columns)) = prepared(org, job, &settings.bulk) else { return false };
    let first = job.course().outcomes.len();
    let last = table.rows().min(first.saturating_add(settings.bulk.batch_rows.max(1)));
    let used = org.usage.add(org.clock.now(), Allowance::BulkBatches, 1);
    if used > settings.limits.daily_bulk_batches {
        fail(org, job, "ExceededQuota : ApiBatchItems Limit exceeded");
        return false;
    }
    let worker = Worker { org, job, table: &table, columns: &columns, settings: &settings };
    let mut next = first;
    while next < last {
        let limit = settings.bulk.fail_after_rows.unwrap_or(usize::MAX);
        if next >= limit {
            fail(org, job, "InternalServerError : Unable to process batch");
            return false;
        }
        let end = last.min(next.saturating_add(settings.bulk.chunk_rows.max(1))).min(limit);
        let outcomes = worker.chunk(next..end);
        if !take(org, job, outcomes) {
            return false;
        }
        next = end;
    }
    if next < table.rows() {
        return true;
    }
    finish(org, job, JobState::JobComplete, None);
    false
}

/// Adds outcomes; `false` when the job was stopped meanwhile (its rows stay saved and reported).
fn take(org: &OrgState, job: &IngestJob, outcomes: Vec<Outcome>) -> bool {
    let now = org.clock.now();
    let mut course = job.course();
    course.failed += outcomes.iter().filter(|o| matches!(o, Outcome::Failed { .. })).count();
    course.outcomes.extend(outcomes);
    course.modified = now;
    course.state == JobState::InProgress
}

fn fail(org: &OrgState, job: &IngestJob, message: &str) {
    finish(org, job, JobState::Failed, Some(message.to_owned()));
}

fn finish(org: &OrgState, job: &IngestJob, state: JobState, error: Option<String>) {
    let now = org.clock.now();
    let mut course = job.course();
    if course.state != JobState::InProgress {
        return;
    }
    course.state = state;
    course.error = error;
    course.modified = now;
    if course.table.is_some() {
        // Results are written from the table; the upload itself is not needed again.
        course.data = bytes::Bytes::new();
    }
}

/// The rows and the meaning of the columns, read on first use. `None` when the job failed over it.
fn prepared(org: &OrgState, job: &IngestJob, bulk: &BulkSettings) -> Option<(Arc<CsvTable>, Arc<Columns>)> {
    let data = {
        let course = job.course();
        if let (Some(table), Some(columns)) = (&course.table, &course.columns) {
            return Some((Arc::clone(table), Arc::clone(columns)));
        }
        course.data.clone()
    };
    let rules = CsvRules {
        delimiter: job.spec.delimiter,
        line_ending: job.spec.line_ending,
        keep_bom: bulk.reject_bom,
        strict_line_ending: bulk.reject_crlf,
        field_chars: bulk.field_chars,
        record_chars: bulk.record_chars,
    };
    let understood = read(&data, rules).and_then(|table| {
        let columns = Columns::bind(&table, &job.spec, &org.store())?;
        Ok((Arc::new(table), Arc::new(columns)))
    });
    match understood {
        Ok((table, columns)) => {
            let mut course = job.course();
            course.table = Some(Arc::clone(&table));
            course.columns = Some(Arc::clone(&columns));
            Some((table, columns))
        }
        Err(message) => {
            fail(org, job, &message);
            None
        }
    }
}

struct Worker<'w> {
    org: &'w OrgState,
    job: &'w IngestJob,
    table: &'w CsvTable,
    columns: &'w Columns,
    settings: &'w Settings,
}

impl Worker<'_> {
    /// Saves the rows of one chunk in one transaction; bad rows fail alone.
    fn chunk(&self, rows: std::ops::Range<usize>) -> Vec<Outcome> {
        let mut outcomes: Vec<Option<Outcome>> = Vec::with_capacity(rows.len());
        let mut saves: Vec<RowToSave> = Vec::new();
        for row in rows {
            match self.columns.row(self.table, row).and_then(|save| self.lock(row, save)) {
                Ok(save) => {
                    saves.push(save);
                    outcomes.push(None);
                }
                Err(error) => {
                    let id = self.columns.id(self.table, row).ok().flatten();
                    let error = super::results::error_text(&[error]).into();
                    outcomes.push(Some(Outcome::Failed { id, error }));
                }
            }
        }
        let mut saved = self.save(saves).into_iter();
        let done = outcomes.into_iter().map(|known| known.or_else(|| saved.next()));
        let lost =
            || Outcome::Failed { id: None, error: "UNKNOWN_EXCEPTION:no result for this row:--".into() };
        done.map(|outcome| outcome.unwrap_or_else(lost)).collect()
    }

    fn save(&self, saves: Vec<RowToSave>) -> Vec<Outcome> {
        let context =
            SaveContext { version: self.job.version, ..SaveContext::new(self.job.created_by, Api::Bulk) };
        let object = &self.job.spec.object;
        let hard = match self.job.spec.operation {
            Operation::Insert | Operation::Update | Operation::Upsert => {
                return self.org.save(&context, object, saves).into_iter().map(outcome).collect();
            }
            Operation::Delete => false,
            Operation::HardDelete => true,
        };
        let ids: Vec<RecordId> = saves.iter().filter_map(target_id).collect();
        self.org.delete(&context, object, &ids, hard).into_iter().map(outcome).collect()
    }

    /// Refuses a share of the rows once, as if another transaction held their record.
    fn lock(&self, row: usize, save: RowToSave) -> Result<RowToSave, SaveError> {
        let share = self.settings.bulk.lock_rate;
        if share <= 0.0 {
            return Ok(save);
        }
        let mut hasher = DefaultHasher::new();
        match self.columns.key_column() {
            Some(column) => self.table.get(row, column).hash(&mut hasher),
            None => (self.job.number, row).hash(&mut hasher),
        }
        let key = hasher.finish();
        let drawn = Random::new(self.settings.seed ^ key).chance(share);
        if drawn && self.org.jobs.first_time(key) {
            let held =
                target_id(&save).map_or_else(|| "1 records".to_owned(), |id| format!("1 records: {id}"));
            let text = format!("unable to obtain exclusive access to this record or {held}");
            return Err(SaveError::new("UNABLE_TO_LOCK_ROW", text));
        }
        Ok(save)
    }
}

fn outcome(result: Result<crate::save::Saved, crate::save::Failure>) -> Outcome {
    match result {
        Ok(saved) => Outcome::Saved { id: saved.id, created: saved.created },
        Err(failure) => failure.into(),
    }
}

fn target_id(save: &RowToSave) -> Option<RecordId> {
    match save.target {
        Target::Id(id) => Some(id),
        Target::New | Target::Key { .. } => None,
    }
}

/// Starts a closed job unless jobs are stepped by hand. The work runs off the async threads.
pub(crate) fn start(org: &Arc<OrgState>, job: &Arc<IngestJob>) {
    if !Jobs::is_auto(&org.jobs) {
        return;
    }
    let polls = org.settings().bulk.stuck_inprogress_polls;
    {
        let mut course = job.course();
        if course.taken || course.state != JobState::UploadComplete {
            return;
        }
        course.polls_left = polls;
        course.taken = polls == 0;
    }
    if polls > 0 {
        begin(org, job);
        return;
    }
    spawn(org, job);
}

/// Counts a poll of a job that is to answer InProgress for a while, and starts it after the last one.
pub(crate) fn polled(org: &Arc<OrgState>, job: &Arc<IngestJob>) {
    let due = {
        let mut course = job.course();
        if course.polls_left == 0 || course.taken {
            return;
        }
        course.polls_left -= 1;
        course.taken = course.polls_left == 0;
        course.taken
    };
    if due {
        spawn(org, job);
    }
}

fn spawn(org: &Arc<OrgState>, job: &Arc<IngestJob>) {
    let (org, job) = (Arc::clone(org), Arc::clone(job));
    tokio::task::spawn_blocking(move || run(&org, &job));
}
