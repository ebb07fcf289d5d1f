//! One query job.

use std::sync::{Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use serde::Deserialize;
use serde_json::{Value as Json, json};

use super::error::BulkError;
use super::format::{Delimiter, JobState, LineEnding};
use super::jobs::JobInfo;
use super::spec::{content_type, delimiter, line_ending, parse_json};
use crate::id::RecordId;
use crate::schema::FieldType;
use crate::soql::{NotBuilt, Plan, Select, Selected, SoqlError, check, parse};
use crate::store::Store;
use crate::value::Stamp;

/// The checked settings of a query job.
#[derive(Debug)]
pub(crate) struct QuerySpec {
    pub(crate) include_deleted: bool,
    pub(crate) delimiter: Delimiter,
    pub(crate) line_ending: LineEnding,
    pub(crate) plan: Plan,
}

/// One query job: what never changes, and its course behind a lock.
#[derive(Debug)]
pub(crate) struct QueryJob {
    pub(crate) id: RecordId,
    pub(crate) spec: QuerySpec,
    pub(crate) created_by: RecordId,
    pub(crate) created: Stamp,
    /// Results are served to this API version only.
    pub(crate) version: u32,
    course: Mutex<QueryCourse>,
}

/// What changes over the life of a query job.
#[derive(Debug, Clone)]
pub(crate) struct QueryCourse {
    pub(crate) state: JobState,
    pub(crate) modified: Stamp,
    pub(crate) started: Option<Stamp>,
    pub(crate) result: QueryResult,
    pub(crate) taken: bool,
    /// First rows of pages whose connection was already broken once.
    pub(crate) broken: Vec<usize>,
}

/// The rows found, written once and cut into pages when asked for.
#[derive(Debug, Clone, Default)]
pub(crate) struct QueryResult {
    pub(crate) header: String,
    pub(crate) lines: Bytes,
    /// End of each line in `lines`.
    pub(crate) ends: Vec<usize>,
}

impl QueryResult {
    /// The lines from row `first`, at most `count`, and how many they are.
    pub(crate) fn page(&self, first: usize, count: usize) -> (Bytes, usize) {
        let first = first.min(self.ends.len());
        let last = first.saturating_add(count).min(self.ends.len());
        let place = |row: usize| if row == 0 { 0 } else { self.ends.get(row - 1).copied().unwrap_or(0) };
        (self.lines.slice(place(first)..place(last)), last - first)
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Request {
    operation: Option<String>,
    query: Option<String>,
    content_type: Option<String>,
    column_delimiter: Option<String>,
    line_ending: Option<String>,
}

impl QuerySpec {
    /// Reads and checks the JSON of a create call.
    pub(crate) fn parse(body: &[u8], store: &Store, now: Stamp) -> Result<Self, BulkError> {
        let request: Request = parse_json(body)?;
        let include_deleted = match request.operation.as_deref() {
            Some("query") => false,
            Some("queryAll") => true,
            other => {
                let text = format!("Invalid operation: '{}'", other.unwrap_or_default());
                return Err(BulkError::bad("INVALIDOPERATION", text));
            }
        };
        content_type(request.content_type.as_deref())?;
        let text = request.query.unwrap_or_default();
        let query = parse(&text).map_err(|error| refused(&error))?;
        if query.offset.is_some() {
            return Err(unsupported("OFFSET is not supported in Bulk Query"));
        }
        if matches!(&query.select, Select::Fields(items) if items.iter().any(is_group)) {
            return Err(unsupported("FIELDS() is not supported in Bulk Query"));
        }
        let plan = check(&text, &query, store, now).map_err(|error| refused(&error))?;
        if plan.count_only {
            return Err(unsupported("Aggregate functions are not supported in Bulk Query"));
        }
        if plan.columns.iter().any(|c| c.field().kind == FieldType::Address) {
            return Err(unsupported("Selecting compound data not supported in Bulk Query"));
        }
        Ok(Self {
            include_deleted,
            delimiter: delimiter(request.column_delimiter.as_deref())?,
            line_ending: line_ending(request.line_ending.as_deref())?,
            plan,
        })
    }
}

fn is_group(item: &Selected) -> bool {
    matches!(item, Selected::Group(..))
}

fn unsupported(text: &str) -> BulkError {
    BulkError::bad("FEATURE_NOT_ENABLED", text)
}

/// The documentation fixes no codes for these; the texts are those clients' sources quote.
fn refused(error: &SoqlError) -> BulkError {
    match error.not_built {
        Some(NotBuilt::Subquery) => unsupported("Aggregate Relationships not supported in Bulk Query"),
        Some(NotBuilt::Aggregate) => unsupported("Aggregate functions are not supported in Bulk Query"),
        Some(NotBuilt::TypeOf) => unsupported("TYPEOF is not supported in Bulk Query"),
        Some(NotBuilt::Clause) | None => BulkError::bad(error.code.as_str(), error.message.clone()),
    }
}

impl QueryJob {
    /// A new job, which is closed from the start.
    pub(crate) fn new(
        id: RecordId,
        spec: QuerySpec,
        created_by: RecordId,
        created: Stamp,
        version: u32,
    ) -> Self {
        let course = QueryCourse {
            state: JobState::UploadComplete,
            modified: created,
            started: None,
            result: QueryResult::default(),
            taken: false,
            broken: Vec::new(),
        };
        Self { id, spec, created_by, created, version, course: Mutex::new(course) }
    }

    /// Locks the course. Never across an await.
    pub(crate) fn course(&self) -> MutexGuard<'_, QueryCourse> {
        self.course.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn operation(&self) -> &'static str {
        if self.spec.include_deleted { "queryAll" } else { "query" }
    }

    /// Stops the job.
    pub(crate) fn abort(&self, now: Stamp) -> Result<(), BulkError> {
        let mut course = self.course();
        if course.state.is_terminal() {
            return Err(BulkError::state("Aborting already Completed Job not allowed"));
        }
        course.state = JobState::Aborted;
        course.modified = now;
        Ok(())
    }

    /// The answer of create and abort.
    pub(crate) fn short_info(&self) -> Json {
        let course = self.course();
        json!({
            "id": self.id,
            "operation": self.operation(),
            "object": self.spec.plan.object,
            "createdById": self.created_by,
            "createdDate": self.created.to_second().rest(),
            "systemModstamp": course.modified.to_second().rest(),
            "state": course.state.as_str(),
            "concurrencyMode": "Parallel",
            "contentType": "CSV",
            "apiVersion": f64::from(self.version),
            "lineEnding": self.spec.line_ending.name(),
            "columnDelimiter": self.spec.delimiter.name(),
        })
    }

    /// The answer of a poll.
    pub(crate) fn info(&self) -> Json {
        let mut info = self.short_info();
        let course = self.course();
        let spent = course.started.map_or(0, |started| (course.modified.0 - started.0).max(0));
        info["jobType"] = json!("V2Query");
        info["retries"] = json!(0);
        info["totalProcessingTime"] = json!(spent);
        info["isPkChunkingSupported"] = json!(true);
        if course.state == JobState::JobComplete {
            info["numberRecordsProcessed"] = json!(course.result.ends.len());
        }
        info
    }

    /// What the control side shows.
    pub(crate) fn control_info(&self) -> JobInfo {
        let course = self.course();
        JobInfo {
            id: self.id.to_string(),
            kind: "V2Query",
            operation: self.operation(),
            object: self.spec.plan.object.clone(),
            state: course.state,
            uploads: 0,
            processed: course.result.ends.len(),
            failed: 0,
            error: None,
        }
    }
}
