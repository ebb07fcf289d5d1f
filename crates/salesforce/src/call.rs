//! Every call this client makes, as one closed list: for usage counts, error texts and retry rules.

use std::fmt;

/// One kind of call to the org.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Call {
    /// `POST /services/oauth2/token`, or SOAP `login()`
    Token,
    /// `GET /services/oauth2/userinfo`
    Identity,
    /// `GET /services/data`
    Versions,
    /// `GET /limits`
    Limits,
    /// `GET /sobjects/{object}/describe`
    Describe,
    /// `GET /query`, `GET /queryAll`
    Query,
    /// `GET {nextRecordsUrl}`
    QueryMore,
    /// `POST /composite/sobjects/{object}` with ids: a read.
    GetMany,
    /// `GET /sobjects/{object}/updated/`
    Updated,
    /// `GET /sobjects/{object}/deleted/`
    Deleted,
    /// `POST /composite` with a save that is always rolled back: a read.
    AskDuplicates,
    /// `POST /sobjects/{object}`
    Create,
    /// `PATCH /sobjects/{object}/{id}`
    Update,
    /// `PATCH /sobjects/{object}/{field}/{value}`
    Upsert,
    /// `DELETE /sobjects/{object}/{id}`
    Delete,
    /// `POST /composite/sobjects`
    CollectionCreate,
    /// `PATCH /composite/sobjects`
    CollectionUpdate,
    /// `PATCH /composite/sobjects/{object}/{field}`
    CollectionUpsert,
    /// `DELETE /composite/sobjects?ids=…`
    CollectionDelete,
    /// `POST /jobs/ingest`
    CreateIngestJob,
    /// `PUT /jobs/ingest/{id}/batches`
    Upload,
    /// `PATCH /jobs/ingest/{id}` to `UploadComplete`
    CloseJob,
    /// `PATCH /jobs/ingest/{id}` to `Aborted`
    AbortJob,
    /// `DELETE /jobs/ingest/{id}`
    DeleteJob,
    /// `GET /jobs/ingest/{id}`
    PollJob,
    /// `GET /jobs/ingest`
    ListJobs,
    /// `GET /jobs/ingest/{id}/successfulResults/` and its two sisters
    Results,
    /// `POST /jobs/query`
    CreateQueryJob,
    /// `GET /jobs/query/{id}`
    PollQueryJob,
    /// `GET /jobs/query/{id}/results`
    QueryPage,
    /// `PATCH /jobs/query/{id}` to `Aborted`
    AbortQueryJob,
    /// `DELETE /jobs/query/{id}`
    DeleteQueryJob,
}

impl Call {
    /// A few lower-case words, for messages and metric labels.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Token => "log in",
            Self::Identity => "read identity",
            Self::Versions => "list API versions",
            Self::Limits => "read limits",
            Self::Describe => "describe object",
            Self::Query => "query",
            Self::QueryMore => "query next page",
            Self::GetMany => "read records by id",
            Self::Updated => "list updated ids",
            Self::Deleted => "list deleted ids",
            Self::AskDuplicates => "ask the duplicate rules",
            Self::Create => "create record",
            Self::Update => "update record",
            Self::Upsert => "upsert record",
            Self::Delete => "delete record",
            Self::CollectionCreate => "create records",
            Self::CollectionUpdate => "update records",
            Self::CollectionUpsert => "upsert records",
            Self::CollectionDelete => "delete records",
            Self::CreateIngestJob => "create ingest job",
            Self::Upload => "upload job data",
            Self::CloseJob => "close job",
            Self::AbortJob => "abort job",
            Self::DeleteJob => "delete job",
            Self::PollJob => "read job state",
            Self::ListJobs => "list jobs",
            Self::Results => "download job results",
            Self::CreateQueryJob => "create query job",
            Self::PollQueryJob => "read query job state",
            Self::QueryPage => "download query results",
            Self::AbortQueryJob => "abort query job",
            Self::DeleteQueryJob => "delete query job",
        }
    }

    /// What may be done when a request of this kind left this machine and no usable answer came back.
    #[must_use]
    pub(crate) const fn after_send(self) -> AfterSend {
        match self {
            Self::Token
            | Self::Identity
            | Self::Versions
            | Self::Limits
            | Self::Describe
            | Self::Query
            | Self::QueryMore
            | Self::GetMany
            | Self::Updated
            | Self::Deleted
            | Self::PollJob
            | Self::ListJobs
            | Self::Results
            | Self::PollQueryJob
            | Self::QueryPage
            // A spare query job only reads; Salesforce removes it after seven days.
            | Self::CreateQueryJob
            // Rolled back whatever it finds.
            | Self::AskDuplicates
            // The same values once more change nothing.
            | Self::Update
            | Self::CollectionUpdate
            // What is deleted already says so, record by record.
            | Self::CollectionDelete => AfterSend::Repeat,
            Self::Create
            | Self::Upsert
            | Self::Delete
            | Self::CollectionCreate
            | Self::CollectionUpsert
            | Self::CreateIngestJob
            | Self::Upload
            | Self::CloseJob
            | Self::AbortJob
            | Self::DeleteJob
            | Self::AbortQueryJob
            | Self::DeleteQueryJob => AfterSend::OutcomeUnknown,
        }
    }
}

impl Call {
    /// What it is for, as far as the budget asks.
    #[must_use]
    pub(crate) const fn purpose(self) -> Purpose {
        match self {
            Self::Token => Purpose::SignsIn,
            // Whom we talk to, and what brings a job to its end.
            Self::Identity
            | Self::Versions
            | Self::Limits
            | Self::Describe
            | Self::QueryMore
            | Self::Upload
            | Self::CloseJob
            | Self::AbortJob
            | Self::DeleteJob
            | Self::PollJob
            | Self::ListJobs
            | Self::Results
            | Self::PollQueryJob
            | Self::QueryPage
            | Self::AbortQueryJob
            | Self::DeleteQueryJob => Purpose::Ends,
            Self::Query
            | Self::GetMany
            | Self::Updated
            | Self::Deleted
            | Self::AskDuplicates
            | Self::Create
            | Self::Update
            | Self::Upsert
            | Self::Delete
            | Self::CollectionCreate
            | Self::CollectionDelete
            | Self::CollectionUpdate
            | Self::CollectionUpsert
            | Self::CreateIngestJob
            | Self::CreateQueryJob => Purpose::Begins,
        }
    }
}

impl fmt::Display for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// See [`Call::purpose`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// Signing in, which the org does not count.
    SignsIn,
    /// Something new begins: stops first when the budget runs out.
    Begins,
    /// Something that was begun goes on to its end, or it is asked who the other side is.
    Ends,
}

/// See [`Call::after_send`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum AfterSend {
    /// Sending it again is harmless.
    Repeat,
    /// It may have taken effect, and a repeat would take effect again: the truth is read first, by the caller.
    OutcomeUnknown,
}
