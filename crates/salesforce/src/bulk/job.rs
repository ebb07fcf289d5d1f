//! What a Bulk job is, as Salesforce describes it.

use std::fmt;

use model::{JobId, Stamp, UserId};
use serde::{Deserialize, Serialize};

use super::JobError;
use crate::error::{Error, ErrorKind};
use crate::lenient::{self, Text};
use crate::soql::{FieldPath, InvalidName, ObjectName};

/// What an ingest job does with its rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Operation {
    /// Insert every row.
    Insert,
    /// Update by Id.
    Update,
    /// Update by external id, or insert.
    Upsert,
    /// Into the recycle bin.
    Delete,
    /// Gone at once.
    HardDelete,
}

impl Operation {
    /// As the API spells it; other spellings are refused (Bulk guide v66, "Create a Job").
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Insert => "insert",
            Self::Update => "update",
            Self::Upsert => "upsert",
            Self::Delete => "delete",
            Self::HardDelete => "hardDelete",
        }
    }
}

impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The ingest job to create: CSV with commas and LF.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IngestSpec {
    /// The object of all rows.
    pub object: ObjectName,
    /// What to do with them.
    pub operation: Operation,
    /// The key of an upsert.
    pub external_id_field: Option<FieldPath>,
}

impl IngestSpec {
    /// Updates by Id.
    ///
    /// # Errors
    /// [`InvalidName`].
    pub fn update(object: &str) -> Result<Self, InvalidName> {
        Ok(Self { object: ObjectName::parse(object)?, operation: Operation::Update, external_id_field: None })
    }

    /// Upserts by an external id field.
    ///
    /// # Errors
    /// [`InvalidName`].
    pub fn upsert(object: &str, external_id_field: &str) -> Result<Self, InvalidName> {
        Ok(Self {
            object: ObjectName::parse(object)?,
            operation: Operation::Upsert,
            external_id_field: Some(FieldPath::parse(external_id_field)?),
        })
    }

    /// An upsert needs a key, and `Id` is none: with a blank Id it inserts.
    pub(crate) fn check(&self) -> Result<(), Error> {
        let key = self.external_id_field.as_ref().map(FieldPath::as_str);
        let fits = match self.operation {
            Operation::Upsert => key.is_some_and(|key| !key.eq_ignore_ascii_case("Id")),
            Operation::Insert | Operation::Update | Operation::Delete | Operation::HardDelete => {
                key.is_none()
            }
        };
        if fits {
            return Ok(());
        }
        Err(Error::new(ErrorKind::Configuration, "an upsert, and only an upsert, has a key other than Id"))
    }

    /// The body of the create call.
    pub(crate) fn to_json(&self) -> serde_json::Value {
        let mut body = serde_json::json!({
            "object": self.object.as_str(),
            "operation": self.operation.as_str(),
            "contentType": "CSV",
            "lineEnding": "LF",
            "columnDelimiter": "COMMA",
        });
        if let Some(field) = &self.external_id_field {
            body["externalIdFieldName"] = field.as_str().into();
        }
        body
    }
}

/// Where a job stands. Set by Salesforce; we only ever ask for `UploadComplete` and `Aborted`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum JobState {
    /// Takes data; at most 24 hours.
    Open,
    /// Frozen and queued.
    UploadComplete,
    /// Being worked on.
    InProgress,
    /// Worked through; rows may have failed one by one.
    JobComplete,
    /// Given up by Salesforce; rows saved so far stay.
    Failed,
    /// Given up by a client; rows saved so far stay.
    Aborted,
    /// A state this client does not know: keep waiting.
    #[serde(other)]
    Unknown,
}

impl JobState {
    /// Whether the job has come to an end.
    #[must_use]
    pub const fn is_terminal(self) -> bool {
        match self {
            Self::JobComplete | Self::Failed | Self::Aborted => true,
            Self::Open | Self::UploadComplete | Self::InProgress | Self::Unknown => false,
        }
    }
}

impl fmt::Display for JobState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, f)
    }
}

/// Which API a job belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize)]
pub enum JobKind {
    /// Bulk API 2.0 ingest.
    V2Ingest,
    /// Bulk API 2.0 query.
    V2Query,
    /// Bulk API 1.
    Classic,
    /// Something newer.
    #[serde(other)]
    Unknown,
}

/// One job. Which members are there depends on the call and the release, so nearly all are optional.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct JobInfo {
    /// The job's id.
    pub id: JobId,
    /// Where it stands.
    pub state: JobState,
    /// `insert`, `update`, `query`…
    #[serde(default)]
    pub operation: Option<String>,
    /// The object.
    #[serde(default)]
    pub object: Option<String>,
    /// Who created it.
    #[serde(default, deserialize_with = "lenient::parsed")]
    pub created_by_id: Option<UserId>,
    /// When it was created.
    #[serde(default, deserialize_with = "lenient::stamp")]
    pub created_date: Option<Stamp>,
    /// When it last changed; once terminal: when it ended.
    #[serde(default, deserialize_with = "lenient::stamp")]
    pub system_modstamp: Option<Stamp>,
    /// Ingest, query or the older API.
    #[serde(default)]
    pub job_type: Option<JobKind>,
    /// The key of an upsert.
    #[serde(default)]
    pub external_id_field_name: Option<String>,
    /// The version it was created with: a number or a text, depending on the release.
    #[serde(default, deserialize_with = "lenient::text")]
    pub api_version: Option<String>,
    /// Rows worked on, failed ones included.
    #[serde(default, deserialize_with = "lenient::count")]
    pub number_records_processed: Option<u64>,
    /// Rows that failed.
    #[serde(default, deserialize_with = "lenient::count")]
    pub number_records_failed: Option<u64>,
    /// How often Salesforce tried again, for locks.
    #[serde(default, deserialize_with = "lenient::count")]
    pub retries: Option<u64>,
    /// Milliseconds in all.
    #[serde(default, deserialize_with = "lenient::count")]
    pub total_processing_time: Option<u64>,
    /// Milliseconds of saving, triggers included.
    #[serde(default, deserialize_with = "lenient::count")]
    pub api_active_processing_time: Option<u64>,
    /// Milliseconds of triggers.
    #[serde(default, deserialize_with = "lenient::count")]
    pub apex_processing_time: Option<u64>,
    #[serde(default)]
    error_message: Option<Text>,
}

impl JobInfo {
    /// Why the job as a whole failed.
    #[must_use]
    pub fn error(&self) -> Option<JobError> {
        self.error_message
            .as_ref()
            .map(|text| text.as_str())
            .filter(|text| !text.is_empty())
            .map(JobError::classify)
    }

    /// `numberRecordsProcessed - numberRecordsFailed`.
    #[must_use]
    pub fn succeeded(&self) -> Option<u64> {
        Some(self.number_records_processed?.saturating_sub(self.number_records_failed.unwrap_or(0)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_documented_answer_is_read_with_numbers_in_any_dress() {
        let job: JobInfo = serde_json::from_str(
            r#"{"id":"7503h000003pgNYAAY","operation":"insert","object":"Case","createdById":"0053h000002xQ5sAAE",
            "createdDate":"2020-08-04T04:32:41.000+0000","systemModstamp":"2020-08-04T04:32:43.000+0000",
            "state":"JobComplete","concurrencyMode":"Parallel","contentType":"CSV","apiVersion":49,"jobType":"V2Ingest",
            "numberRecordsProcessed":"5","numberRecordsFailed":2.0,"retries":0,"totalProcessingTime":null,"newKey":{}}"#,
        )
        .unwrap();
        assert_eq!(job.state, JobState::JobComplete);
        assert_eq!(job.api_version.as_deref(), Some("49"));
        assert_eq!(job.succeeded(), Some(3));
        assert_eq!(job.total_processing_time, None);
        assert_eq!(job.created_date, Stamp::parse("2020-08-04T04:32:41Z").ok());
        assert!(job.error().is_none());
    }

    #[test]
    fn an_unknown_state_is_not_an_end() {
        let job: JobInfo =
            serde_json::from_str(r#"{"id":"7503h000003pgNYAAY","state":"Preparing"}"#).unwrap();
        assert_eq!(job.state, JobState::Unknown);
        assert!(!job.state.is_terminal());
    }
}
