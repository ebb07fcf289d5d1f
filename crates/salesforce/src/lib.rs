//! A client for one Salesforce org: session, REST, Bulk API 2.0, describe, limits, error texts.
//!
//! It knows no supporters. Requests leave in one place (`client`), over a [`Transport`] that a test can replace; what
//! may be sent again after a fault is decided in one place (`refusal`); waiting is `backoff`, CSV is [`csv`], queries
//! are built with [`soql`]. Answers are outside data: bounded, complete or an error, and never shown in logs or errors.

mod answer;
mod ask_duplicates;
mod backoff;
mod budget;
mod call;
mod client;
mod config;
mod describe;
mod download;
mod duplicate;
mod grant;
mod grant_form;
mod gunzip;
mod host_guard;
mod http_transport;
mod keyset;
mod lenient;
mod login;
mod org;
mod organization;
mod private_file;
mod query;
mod records;
mod refresh_token;
mod refusal;
mod row;
mod save;
mod sign_in_refusal;
mod soap_login;
mod token;
mod usage;
mod versions;

pub mod bulk;
pub mod csv;
pub mod error;
pub mod record_error;
pub mod soql;
pub mod transport;

pub use ask_duplicates::WouldBe;
pub use backoff::RetryPolicy;
pub use budget::{BudgetLimits, Ledger, Spent};
pub use bulk::{
    BulkRows, Downloaded, IngestSpec, JobError, JobErrorClass, JobInfo, JobKind, JobState, KeyedResult,
    Operation, Page, ResultReader, ResultRow, ResultSet,
};
pub use call::Call;
pub use config::{ApiVersion, InvalidApiVersion, OrgConfig, PollPolicy, SizeLimits, Timeouts};
pub use describe::{Describe, DescribeField, PicklistValue};
pub use download::Empty;
pub use duplicate::{DuplicateMatch, DuplicateResult, DuplicateRuleHeader};
pub use error::{Error, ErrorKind, Retry};
pub use grant::{Grant, RefreshToken};
pub use host_guard::UntrustedAddress;
pub use keyset::{Keyset, KeysetPages, PAGE_ROWS};
pub use org::{Identity, Limit, Limits, Org};
pub use organization::Organization;
pub use query::Pages;
pub use record_error::{AlertTexts, Class, DuplicateKind, ErrorCode, RecordError};
pub use records::{Deleted, Updated};
pub use row::{Columns, Row};
pub use save::{COLLECTION, Fields, RowErrors, SaveResult, Saved};
pub use secrecy::SecretString;
pub use sign_in_refusal::SignInRefusal;
pub use soql::{Condition, Direction, Field, FieldPath, Literal, ObjectName, Soql};
pub use transport::{Body, Request, Response, Transport, TransportError, TransportErrorKind};
pub use usage::Usage;
