//! Bulk API 2.0. An ingest job is taken step by step, because a journal stands between the steps:
//!
//! ```text
//! create -> Open -- upload (once) --> Open -- close --> UploadComplete -> InProgress -> JobComplete | Failed
//!             \__________ abort ____________________________/________________/ --> Aborted
//! ```
//!
//! `JobComplete` does not mean that rows were saved, and `Failed` does not mean that none were: the three result sets
//! tell, row by row (Bulk guide v66, "Get Information About an Ingest Job").

mod ingest;
mod job;
mod job_error;
mod poll;
mod query;
mod results;

pub use ingest::{MAX_INLINE_CHARS, MAX_UPLOAD_BYTES};
pub use job::{IngestSpec, JobInfo, JobKind, JobState, Operation};
pub use job_error::{JobError, JobErrorClass};
pub use query::{BulkRows, Page};
pub use results::{Downloaded, KeyedResult, ResultReader, ResultRow, ResultSet};
