//! Ingest jobs, step by step.

use std::path::Path;

use http::Method;
use model::JobId;
use serde::Deserialize;
use serde_json::json;

use super::{IngestSpec, JobInfo, JobState};
use crate::backoff::Waits;
use crate::call::Call;
use crate::client::Ask;
use crate::error::{Error, ErrorKind};
use crate::org::Org;
use crate::transport::Body;

/// The most data of one job (Bulk guide v66: 150 MB after base64, which is 100 MB as sent).
pub const MAX_UPLOAD_BYTES: u64 = 100_000_000;
/// The most data of a job created together with its data (Bulk guide v66, multipart).
pub const MAX_INLINE_CHARS: usize = 100_000;
const MOST_PAGES: usize = 200;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct JobList {
    done: bool,
    #[serde(default)]
    next_records_url: Option<String>,
    #[serde(default)]
    records: Vec<serde_json::Value>,
}

impl Org {
    fn ingest_path(&self, job: &JobId, below: &str) -> String {
        self.client().path(&format!("/jobs/ingest/{job}{below}"))
    }

    /// Creates a job, Open and empty.
    ///
    /// # Errors
    /// [`ErrorKind::OutcomeUnknown`] when it may exist: an Open, empty job, which [`Org::list_ingest_jobs`] shows.
    /// [`ErrorKind::Configuration`] for an upsert by `Id` or without a key.
    pub async fn create_ingest_job(&self, spec: &IngestSpec) -> Result<JobInfo, Error> {
        spec.check().map_err(|error| error.during(Call::CreateIngestJob))?;
        let ask = Ask::new(Call::CreateIngestJob, Method::POST, self.client().path("/jobs/ingest"));
        self.client().json(&ask.with_json(&spec.to_json())).await
    }

    /// Creates a job together with its data and closes it, in one call: for a few rows that may be sent twice. Not for
    /// journaled jobs: a lost answer leaves a job that runs.
    ///
    /// # Errors
    /// [`ErrorKind::TooLarge`] over 100,000 characters; [`ErrorKind::OutcomeUnknown`] when it may be running.
    pub async fn create_ingest_job_with_data(&self, spec: &IngestSpec, csv: &str) -> Result<JobInfo, Error> {
        spec.check().map_err(|error| error.during(Call::CreateIngestJob))?;
        if csv.chars().count() > MAX_INLINE_CHARS {
            return Err(Error::new(ErrorKind::TooLarge, "data of one call").during(Call::CreateIngestJob));
        }
        let boundary = boundary_not_in(csv);
        let mut body = format!(
            "--{boundary}\r\nContent-Type: application/json\r\nContent-Disposition: form-data; name=\"job\"\r\n\r\n{}\r\n\
             --{boundary}\r\nContent-Type: text/csv\r\n\
             Content-Disposition: form-data; name=\"content\"; filename=\"content\"\r\n\r\n",
            spec.to_json()
        );
        body.push_str(csv);
        body.push_str(&format!("\r\n--{boundary}--\r\n"));
        let ask = Ask::new(Call::CreateIngestJob, Method::POST, self.client().path("/jobs/ingest"))
            .with_body(&format!("multipart/form-data; boundary=\"{boundary}\""), Body::Bytes(body.into()));
        self.client().json(&ask).await
    }

    /// Uploads a job's data from disk, once. The file is streamed and must not change meanwhile.
    ///
    /// # Errors
    /// [`ErrorKind::OutcomeUnknown`] when data may have arrived: abort the job, an Open job saves nothing.
    /// [`ErrorKind::TooLarge`] over 100 MB, before anything is sent.
    pub async fn upload(&self, job: &JobId, file: &Path) -> Result<(), Error> {
        let bytes =
            tokio::fs::metadata(file).await.map_err(|error| Error::local(error).during(Call::Upload))?.len();
        if bytes > MAX_UPLOAD_BYTES {
            return Err(Error::new(ErrorKind::TooLarge, "data of one job").during(Call::Upload));
        }
        let ask = Ask::new(Call::Upload, Method::PUT, self.ingest_path(job, "/batches"))
            .with_body("text/csv; charset=UTF-8", Body::File { path: file.to_owned(), bytes });
        self.client().done(&ask).await
    }

    /// Closes a job: from here on Salesforce works on it. An unclear answer is cleared up by reading the state.
    ///
    /// # Errors
    /// [`ErrorKind::Conflict`] when the job is in no state to be closed; [`ErrorKind::NotFound`] when it is gone;
    /// [`ErrorKind::OutcomeUnknown`] when the state could not be read either.
    pub async fn close_job(&self, job: &JobId) -> Result<JobInfo, Error> {
        self.set_state(Call::CloseJob, job, JobState::UploadComplete).await
    }

    /// Aborts a job; rows saved so far stay. A job that has ended already is given back as it is.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`] when it is gone; [`ErrorKind::OutcomeUnknown`] when its state could not be read either.
    pub async fn abort_job(&self, job: &JobId) -> Result<JobInfo, Error> {
        self.set_state(Call::AbortJob, job, JobState::Aborted).await
    }

    async fn set_state(&self, call: Call, job: &JobId, wanted: JobState) -> Result<JobInfo, Error> {
        let body = json!({ "state": wanted.to_string() });
        let mut waits = Waits::new(&self.client().config.retry);
        loop {
            let ask = Ask::new(call, Method::PATCH, self.ingest_path(job, "")).with_json(&body);
            let error = match self.client().json(&ask).await {
                Ok(info) => return Ok(info),
                Err(error)
                    if matches!(
                        error.kind(),
                        ErrorKind::OutcomeUnknown | ErrorKind::Conflict | ErrorKind::Rejected
                    ) =>
                {
                    error
                }
                Err(error) => return Err(error),
            };
            let now = match self.job(job).await {
                Ok(info) => info,
                Err(gone) if gone.kind() == ErrorKind::NotFound => return Err(gone.during(call)),
                Err(_) => return Err(error),
            };
            let reached = if wanted == JobState::Aborted {
                now.state.is_terminal()
            } else {
                !matches!(now.state, JobState::Open | JobState::Aborted | JobState::Unknown)
            };
            if reached {
                return Ok(now);
            }
            // Not reached: after an unclear answer the request had no effect and may go out again.
            let unclear = error.kind() == ErrorKind::OutcomeUnknown && now.state != JobState::Aborted;
            if !unclear || !waits.wait().await {
                return Err(if unclear { error } else { error.with_kind(ErrorKind::Conflict) });
            }
        }
    }

    /// Deletes a job that has ended, with its results. `Ok(false)`: it was gone already.
    ///
    /// # Errors
    /// [`ErrorKind::Rejected`] or [`ErrorKind::Conflict`] for a job that has not ended.
    pub async fn delete_job(&self, job: &JobId) -> Result<bool, Error> {
        self.delete_any_job(Call::DeleteJob, self.ingest_path(job, "")).await
    }

    pub(super) async fn delete_any_job(&self, call: Call, path: String) -> Result<bool, Error> {
        match self.client().done(&Ask::new(call, Method::DELETE, path)).await {
            Ok(()) => Ok(true),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Reads a job.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`] when it is gone (deleted, or older than seven days).
    pub async fn job(&self, job: &JobId) -> Result<JobInfo, Error> {
        self.client().json(&Ask::get(Call::PollJob, self.ingest_path(job, ""))).await
    }

    /// All Bulk API 2.0 ingest jobs of the last seven days, of all users, in no order.
    ///
    /// # Errors
    /// Any kind of a call that reads.
    pub async fn list_ingest_jobs(&self) -> Result<Vec<JobInfo>, Error> {
        let mut path = self.client().path("/jobs/ingest?jobType=V2Ingest");
        let mut jobs = Vec::new();
        for _ in 0..MOST_PAGES {
            let page: JobList = self.client().json(&Ask::get(Call::ListJobs, path)).await?;
            // Jobs of other APIs may look otherwise; those are not ours.
            jobs.extend(
                page.records.into_iter().filter_map(|job| serde_json::from_value::<JobInfo>(job).ok()),
            );
            match page.next_records_url {
                Some(next) if !page.done => {
                    path = self.client().cursor_path(&next).map_err(|error| error.during(Call::ListJobs))?;
                }
                Some(_) | None => return Ok(jobs),
            }
        }
        Err(Error::new(ErrorKind::TooLarge, "more jobs than can be listed").during(Call::ListJobs))
    }
}

/// A boundary that the data does not hold: two lines of it never look like the end of a part.
fn boundary_not_in(csv: &str) -> String {
    let mut number = 0_u32;
    loop {
        let boundary = format!("highwater-{number:08x}");
        if !csv.contains(&boundary) {
            return boundary;
        }
        number = number.wrapping_add(1);
    }
}
