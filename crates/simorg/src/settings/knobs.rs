//! Switches that make the org behave in one of the ways real orgs behave.

use serde::{Deserialize, Serialize};

/// API versions this org answers.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ApiVersions {
    /// Lowest version; older ones are answered 410 (v21 to v30 are retired).
    pub floor: u32,
    /// Highest version; newer ones are answered 404.
    pub ceiling: u32,
}

impl Default for ApiVersions {
    fn default() -> Self {
        Self { floor: 31, ceiling: 68 }
    }
}

/// The two Flows of the Engaging Networks set-up.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct FlowSettings {
    /// Rule 1: stamp the date when a mapped field changed (or the record is new) and the push flag is false
    /// and did not change in the same save.
    pub stamp: bool,
    /// Rule 2: set the push flag back to false.
    pub reset: bool,
    /// The date rule 1 writes.
    pub stamp_field: String,
    /// The checkbox both rules read.
    pub push_field: String,
    /// Mapped fields rule 1 watches; empty means every edit counts.
    pub mapped_fields: Vec<String>,
}

impl Default for FlowSettings {
    fn default() -> Self {
        let mapped = [
            "Salutation",
            "FirstName",
            "LastName",
            "Email",
            "MailingStreet",
            "MailingCity",
            "MailingState",
            "MailingPostalCode",
            "MailingCountry",
            "Phone",
            "HomePhone",
            "MobilePhone",
            "EN_Address_1__c",
            "EN_Address_2__c",
            "Email_Opt_In__c",
        ];
        Self {
            stamp: true,
            reset: true,
            stamp_field: "EN_Last_Modified_Date__c".into(),
            push_field: "EN_Push__c".into(),
            mapped_fields: mapped.map(String::from).to_vec(),
        }
    }
}

/// Nonprofit Success Pack.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct NpspSettings {
    /// A Contact inserted without `AccountId` gets a household Account. When a duplicate rule refuses that
    /// Account, the Contact fails with the NPSP text.
    pub households: bool,
    /// While it is there, every household Account fails with this message, and its Contact with the NPSP text around it: NPSP passes on
    /// the message of an error and not its code.
    pub account_fails_with: Option<String>,
}

/// An Apex trigger that meets a record it did not expect and ends in an unhandled exception: nothing of its transaction is
/// saved (Apex guide, "Bulk DML Exception Handling"), and every row of it is refused with the same words.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ThrowingTrigger {
    /// The object it runs on.
    pub object: String,
    /// The field it looks at.
    pub field: String,
    /// It throws when the field holds this text; empty: always.
    pub holds: String,
}

/// Validation rules and other automation that refuses rows.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ValidationSettings {
    /// Refuses a second Contact with the same e-mail address.
    pub unique_email: bool,
}

/// Daily allowances (rolling 24 hours).
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LimitSettings {
    /// API requests; past it every call is refused 403.
    pub daily_api: u64,
    /// Bulk batches of 10,000 rows.
    pub daily_bulk_batches: u64,
    /// Bulk query jobs.
    pub daily_query_jobs: u64,
}

impl Default for LimitSettings {
    fn default() -> Self {
        Self { daily_api: 100_000, daily_bulk_batches: 15_000, daily_query_jobs: 10_000 }
    }
}

/// Late commits.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LatencySettings {
    /// Seconds between the `SystemModstamp` of a save and the moment queries see it.
    pub commit_lag_s: u64,
}

/// What comes for a result set without rows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EmptySets {
    /// A header.
    #[default]
    Header,
    /// 200 and nothing.
    Nothing,
    /// 204.
    NoContent,
}

/// Bulk API 2.0 behaviour.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[expect(clippy::struct_excessive_bools, reason = "independent switches")]
pub struct BulkSettings {
    /// Result rows come back in another order than uploaded.
    pub reorder: bool,
    /// Data columns of results come back sorted by name.
    pub sort_columns: bool,
    /// Long digit strings come back as `9.12260031E8`.
    pub reformat_numbers: bool,
    /// The job fails after so many rows; the rest stays unprocessed.
    pub fail_after_rows: Option<usize>,
    /// Share of rows refused once with `UNABLE_TO_LOCK_ROW`, 0.0 to 1.0.
    pub lock_rate: f64,
    /// A job answers InProgress for so many polls before it moves on.
    pub stuck_inprogress_polls: u32,
    /// What a result set of an ingest job without rows is: no document promises a header there.
    pub empty_sets: EmptySets,
    /// Columns whose header is not the field's API name to the letter come back empty in the results ("Results only include columns
    /// that are a match", Bulk guide v66, "Prepare CSV Files").
    pub blank_miscased_columns: bool,
    /// A second PUT surfaces as `BULK_API_ERROR` when the job is closed.
    pub put_twice_error: bool,
    /// A byte order mark fails the job.
    pub reject_bom: bool,
    /// A line ending other than the job's fails the job.
    pub reject_crlf: bool,
    /// The connection breaks once in the middle of each query result page.
    pub locator_break: bool,
    /// A gzip upload is answered 415.
    pub refuse_gzip_upload: bool,
    /// Rows of one batch; each batch counts against the daily allowance.
    pub batch_rows: usize,
    /// Rows saved together.
    pub chunk_rows: usize,
    /// Rows of a query result page when the caller names no number.
    pub query_page_rows: usize,
    /// Most bytes of one upload.
    pub upload_bytes: usize,
    /// Most characters of one field.
    pub field_chars: usize,
    /// Most characters of one record.
    pub record_chars: usize,
}

impl Default for BulkSettings {
    fn default() -> Self {
        Self {
            reorder: true,
            sort_columns: false,
            reformat_numbers: false,
            fail_after_rows: None,
            lock_rate: 0.0,
            stuck_inprogress_polls: 0,
            empty_sets: EmptySets::Header,
            blank_miscased_columns: false,
            put_twice_error: true,
            reject_bom: true,
            reject_crlf: true,
            locator_break: false,
            refuse_gzip_upload: false,
            batch_rows: 10_000,
            chunk_rows: 200,
            query_page_rows: 50_000,
            upload_bytes: 150_000_000,
            field_chars: 131_072,
            record_chars: 400_000,
        }
    }
}

/// One kind of trouble an edge server makes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Flaky {
    /// 420 with an HTML page: the org is being moved.
    Moved,
    /// 503 with an HTML page.
    Maintenance,
    /// 503 with a JSON array.
    Unavailable,
    /// 406 with an empty body.
    NotAcceptable,
    /// 429.
    TooMany,
    /// 502 with an HTML page.
    BadGateway,
    /// 500 with `UNKNOWN_EXCEPTION`.
    Unknown,
}

/// Plain HTTP behaviour.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct HttpSettings {
    /// URL the org calls its own in every answer (`instance_url`, `serverUrl`, `id`); none: the address it listens
    /// on. For an org behind a proxy that ends TLS. Read at the start only.
    pub public_url: Option<String>,
    /// Answers are compressed for callers that accept gzip.
    pub gzip: bool,
    /// Trouble that is drawn from for [`HttpSettings::flaky_rate`] of the calls, before anything is done.
    pub flaky: Vec<Flaky>,
    /// Share of calls met by trouble, 0.0 to 1.0.
    pub flaky_rate: f64,
    /// Rows of a query page unless the caller asks for another number (200 to 2,000).
    pub query_page_rows: usize,
    /// Longest accepted URI in bytes (414 beyond).
    pub uri_bytes: usize,
}

impl Default for HttpSettings {
    fn default() -> Self {
        Self {
            public_url: None,
            gzip: true,
            flaky: Vec::new(),
            flaky_rate: 0.0,
            query_page_rows: 2_000,
            uri_bytes: 16_384,
        }
    }
}
