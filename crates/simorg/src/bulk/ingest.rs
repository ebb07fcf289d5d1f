//! One ingest job.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use serde_json::{Map, Value as Json, json};

use super::columns::Columns;
use super::csv::CsvTable;
use super::error::BulkError;
use super::format::JobState;
use super::spec::IngestSpec;
use crate::id::RecordId;
use crate::save::Failure;
use crate::value::Stamp;

/// What became of a row.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Outcome {
    Saved { id: RecordId, created: bool },
    Failed { id: Option<RecordId>, error: Box<str> },
}

impl From<Failure> for Outcome {
    fn from(failure: Failure) -> Self {
        Self::Failed { id: failure.id, error: super::results::error_text(&failure.errors).into() }
    }
}

/// One ingest job: what never changes, and its course behind a lock.
#[derive(Debug)]
pub(crate) struct IngestJob {
    pub(crate) id: RecordId,
    /// Running number; also seeds the order of its results.
    pub(crate) number: u64,
    pub(crate) spec: IngestSpec,
    pub(crate) created_by: RecordId,
    pub(crate) created: Stamp,
    pub(crate) version: u32,
    course: Mutex<Course>,
}

/// What changes over the life of an ingest job.
#[derive(Debug, Clone)]
pub(crate) struct Course {
    pub(crate) state: JobState,
    pub(crate) modified: Stamp,
    pub(crate) uploads: u32,
    pub(crate) data: Bytes,
    /// The rows, once they were read.
    pub(crate) table: Option<Arc<CsvTable>>,
    /// The meaning of the columns, once understood.
    pub(crate) columns: Option<Arc<Columns>>,
    /// One for each row processed, in the order uploaded.
    pub(crate) outcomes: Vec<Outcome>,
    pub(crate) failed: usize,
    pub(crate) retries: u32,
    pub(crate) error: Option<String>,
    pub(crate) started: Option<Stamp>,
    /// Polls still to be answered InProgress before anything is done.
    pub(crate) polls_left: u32,
    /// A runner has it: nobody else may start it.
    pub(crate) taken: bool,
}

impl IngestJob {
    /// A new job in state Open.
    pub(crate) fn new(
        (id, number): (RecordId, u64),
        spec: IngestSpec,
        created_by: RecordId,
        created: Stamp,
        version: u32,
    ) -> Self {
        let course = Course {
            state: JobState::Open,
            modified: created,
            uploads: 0,
            data: Bytes::new(),
            table: None,
            columns: None,
            outcomes: Vec::new(),
            failed: 0,
            retries: 0,
            error: None,
            started: None,
            polls_left: 0,
            taken: false,
        };
        Self { id, number, spec, created_by, created, version, course: Mutex::new(course) }
    }

    /// Locks the course. Never across an await.
    pub(crate) fn course(&self) -> MutexGuard<'_, Course> {
        self.course.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes the data. A second upload is accepted here and refused when the job is closed.
    pub(crate) fn upload(&self, data: Bytes, now: Stamp) -> Result<(), BulkError> {
        let mut course = self.course();
        if course.state != JobState::Open {
            return Err(BulkError::state(format!(
                "Job is not in Open state, it is {}",
                course.state.as_str()
            )));
        }
        course.uploads += 1;
        course.data = data;
        course.modified = now;
        Ok(())
    }

    /// Closes the job. `refuse_second` makes more than one upload surface.
    pub(crate) fn close(&self, now: Stamp, refuse_second: bool) -> Result<(), BulkError> {
        let mut course = self.course();
        if course.state != JobState::Open {
            let text =
                format!("Job state cannot be changed from {} to UploadComplete", course.state.as_str());
            return Err(BulkError::state(text));
        }
        if refuse_second && course.uploads > 1 {
            let text = format!(
                "Found multipe contents for job: <{}>, please 'Close' / 'Abort' / 'Delete' the current Job then \
                 create a new Job and make sure you only do 'PUT' once on a given Job.",
                self.id.short()
            );
            return Err(BulkError::bad("BULK_API_ERROR", text));
        }
        course.state = JobState::UploadComplete;
        course.modified = now;
        Ok(())
    }

    /// Stops the job; rows saved stay saved.
    pub(crate) fn abort(&self, now: Stamp) -> Result<(), BulkError> {
        let mut course = self.course();
        if course.state.is_terminal() {
            let text = match course.state {
                JobState::Aborted => "Aborting already Aborted Job not allowed",
                JobState::Failed => "Aborting already Failed Job not allowed",
                JobState::Open | JobState::UploadComplete | JobState::InProgress | JobState::JobComplete => {
                    "Aborting already Completed Job not allowed"
                }
            };
            return Err(BulkError::state(text));
        }
        course.state = JobState::Aborted;
        course.modified = now;
        Ok(())
    }

    /// The answer of create, close and abort: no counters (public transcript of an ingest run).
    pub(crate) fn short_info(&self) -> Json {
        Json::Object(self.base(&self.course()))
    }

    /// One entry of a list.
    pub(crate) fn list_info(&self) -> Json {
        let mut info = self.base(&self.course());
        info.insert("jobType".into(), json!("V2Ingest"));
        Json::Object(info)
    }

    /// The answer of a poll.
    pub(crate) fn info(&self) -> Json {
        let course = self.course();
        let mut info = self.base(&course);
        info.insert("jobType".into(), json!("V2Ingest"));
        if course.uploads > 0 {
            info.insert("numberRecordsProcessed".into(), json!(course.outcomes.len()));
            info.insert("numberRecordsFailed".into(), json!(course.failed));
        }
        let spent = course.started.map_or(0, |started| (course.modified.0 - started.0).max(0));
        info.insert("retries".into(), json!(course.retries));
        info.insert("totalProcessingTime".into(), json!(spent));
        info.insert("apiActiveProcessingTime".into(), json!(spent / 2));
        info.insert("apexProcessingTime".into(), json!(0));
        if let Some(error) = &course.error {
            info.insert("errorMessage".into(), json!(error));
        }
        Json::Object(info)
    }

    fn base(&self, course: &Course) -> Map<String, Json> {
        let mut info = Map::new();
        let mut put = |key: &str, value: Json| info.insert(key.to_owned(), value);
        put("id", json!(self.id));
        put("operation", json!(self.spec.operation.name()));
        put("object", json!(self.spec.object));
        put("createdById", json!(self.created_by));
        put("createdDate", json!(self.created.to_second().rest()));
        put("systemModstamp", json!(course.modified.to_second().rest()));
        put("state", json!(course.state.as_str()));
        if let Some(field) = &self.spec.external_id_field {
            put("externalIdFieldName", json!(field));
        }
        if let Some(rule) = &self.spec.assignment_rule {
            put("assignmentRuleId", json!(rule));
        }
        put("concurrencyMode", json!("Parallel"));
        put("contentType", json!("CSV"));
        put("apiVersion", json!(f64::from(self.version)));
        if course.state == JobState::Open {
            let url = format!("services/data/v{}.0/jobs/ingest/{}/batches", self.version, self.id);
            put("contentUrl", json!(url));
        }
        put("lineEnding", json!(self.spec.line_ending.name()));
        put("columnDelimiter", json!(self.spec.delimiter.name()));
        info
    }
}
