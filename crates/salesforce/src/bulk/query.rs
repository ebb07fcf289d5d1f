//! Query jobs: for what is too large for pages.

use std::path::{Path, PathBuf};
use std::time::Duration;

use drill::KillPoint::{K20, K21, K22};
use drill::reached;
use http::Method;
use model::JobId;
use serde_json::json;

use super::JobInfo;
use crate::call::Call;
use crate::client::{Ask, percent_encoded};
use crate::csv::RowReader;
use crate::download::{Empty, ToFile};
use crate::error::{Error, ErrorKind};
use crate::org::Org;
use crate::row::Row;
use crate::soql::Soql;

/// One page of results, on disk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// Rows after the header, as many as announced.
    pub rows: u64,
    /// Size of the file, unpacked.
    pub bytes: u64,
    /// Where the next page begins; `None` after the last. Valid, and readable again, as long as the job exists.
    pub next_locator: Option<String>,
}

impl Org {
    fn query_job_path(&self, job: &JobId, below: &str) -> String {
        self.client().path(&format!("/jobs/query/{job}{below}"))
    }

    /// Creates a query job; `all_rows` includes deleted and merged records. After a lost answer it is asked for again:
    /// a spare query job only reads.
    ///
    /// # Errors
    /// [`ErrorKind::Rejected`] for a query that jobs do not take (aggregates, `OFFSET`, compound fields…).
    pub async fn create_query_job(&self, soql: &Soql, all_rows: bool) -> Result<JobInfo, Error> {
        soql.check_length().map_err(|why| Error::from(why).during(Call::CreateQueryJob))?;
        let body = json!({
            "operation": if all_rows { "queryAll" } else { "query" },
            "query": soql.to_string(),
            "columnDelimiter": "COMMA",
            "lineEnding": "LF",
        });
        let ask = Ask::new(Call::CreateQueryJob, Method::POST, self.client().path("/jobs/query"));
        self.client().json(&ask.with_json(&body)).await
    }

    /// Reads a query job.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`] when it is gone.
    pub async fn query_job(&self, job: &JobId) -> Result<JobInfo, Error> {
        self.client().json(&Ask::get(Call::PollQueryJob, self.query_job_path(job, ""))).await
    }

    /// Aborts a query job that has not ended.
    ///
    /// # Errors
    /// [`ErrorKind::Conflict`] when it has ended.
    pub async fn abort_query_job(&self, job: &JobId) -> Result<JobInfo, Error> {
        let ask = Ask::new(Call::AbortQueryJob, Method::PATCH, self.query_job_path(job, ""));
        self.client().json(&ask.with_json(&json!({ "state": "Aborted" }))).await
    }

    /// Deletes a query job that has ended, with its results. `Ok(false)`: it was gone already.
    ///
    /// # Errors
    /// [`ErrorKind::Rejected`] or [`ErrorKind::Conflict`] for a job that has not ended.
    pub async fn delete_query_job(&self, job: &JobId) -> Result<bool, Error> {
        self.delete_any_job(Call::DeleteQueryJob, self.query_job_path(job, "")).await
    }

    /// Downloads one page: the first without a locator. The file is there whole, mode 0600, with as many rows as
    /// announced, or not at all.
    ///
    /// # Errors
    /// [`ErrorKind::Conflict`] for a job made with another API version or not complete, [`ErrorKind::NotFound`] when it
    /// is gone, and as for [`Org::download_results`].
    pub async fn query_page(
        &self,
        job: &JobId,
        locator: Option<&str>,
        max_records: u32,
        to: &Path,
    ) -> Result<Page, Error> {
        let mut path = self.query_job_path(job, &format!("/results?maxRecords={max_records}"));
        if let Some(locator) = locator {
            path.push_str("&locator=");
            path.extend(percent_encoded(locator));
        }
        let read = ToFile { to, sizes: self.client().config.sizes, empty: Empty::Refused };
        let arrived = self.client().run(&Ask::get(Call::QueryPage, path).csv(), &read).await?;
        if arrived.locator.is_some() && arrived.locator.as_deref() == locator {
            return Err(Error::new(ErrorKind::Contract, "the next page is this page").during(Call::QueryPage));
        }
        Ok(Page { rows: arrived.rows, bytes: arrived.bytes, next_locator: arrived.locator })
    }

    /// Opens a downloaded page.
    ///
    /// # Errors
    /// As for [`RowReader::open`].
    pub async fn read_query_page(&self, file: &Path) -> Result<RowReader, Error> {
        RowReader::open(file, self.client().config.sizes.csv)
            .await
            .map_err(|error| error.during(Call::QueryPage))
    }

    /// Runs a query job to its end and gives its rows, page after page through one file in `spool`.
    ///
    /// # Errors
    /// [`ErrorKind::JobFailed`], [`ErrorKind::Deadline`] after `patience`, and any kind of a call that reads.
    pub async fn bulk_query(
        &self,
        soql: &Soql,
        all_rows: bool,
        max_records: u32,
        spool: &Path,
        patience: Duration,
    ) -> Result<BulkRows, Error> {
        let job = self.create_query_job(soql, all_rows).await?.id;
        reached(K20);
        reached(K21);
        self.bulk_rows(job, None, max_records, spool, patience).await
    }

    /// Waits for the end of a query job and gives its rows from the page on that a locator names; from the first on without one.
    ///
    /// # Errors
    /// As for [`Org::bulk_query`], and [`ErrorKind::NotFound`] when the job is gone.
    pub async fn bulk_rows(
        &self,
        job: JobId,
        from: Option<String>,
        max_records: u32,
        spool: &Path,
        patience: Duration,
    ) -> Result<BulkRows, Error> {
        let info = self.wait_query(&job, patience, |_| reached(K22)).await?;
        Ok(BulkRows {
            org: self.clone(),
            job,
            total: info.number_records_processed,
            max_records,
            file: spool.join(format!("query-{job}.csv")),
            reader: None,
            page: from.clone(),
            before: 0,
            rows: 0,
            // What was counted as nothing is not fetched: it may come without a header, which says as little as a cut-off answer.
            next: if info.number_records_processed == Some(0) { Next::Nothing } else { Next::Page(from) },
        })
    }

    /// A query job is not needed any more: it is aborted if it runs, and deleted with its results if it has ended. What cannot be
    /// removed now Salesforce removes after seven days (Bulk guide v66), so that nothing depends on it.
    pub async fn discard_query_job(&self, job: &JobId) {
        let left = match self.delete_query_job(job).await {
            Err(error) if matches!(error.kind(), ErrorKind::Rejected | ErrorKind::Conflict) => {
                self.abort_query_job(job).await.err()
            }
            Err(error) => Some(error),
            Ok(_was_there) => None,
        };
        if let Some(error) = left {
            tracing::warn!(job.id = %job, "query job {job} is left to the org, which removes it after seven days: {error}");
        }
    }
}

enum Next {
    Page(Option<String>),
    Nothing,
}

/// The rows of a query job, in no order. Not cancel-safe: see [`RowReader`].
pub struct BulkRows {
    org: Org,
    job: JobId,
    total: Option<u64>,
    max_records: u32,
    file: PathBuf,
    reader: Option<RowReader>,
    /// The locator of the page that is being read.
    page: Option<String>,
    /// Rows of the pages before it, of those that were read here.
    before: u64,
    /// Rows of the page that is being read.
    rows: u64,
    next: Next,
}

impl BulkRows {
    /// The next row; `None` after the last, when the file is gone too.
    ///
    /// # Errors
    /// As for [`Org::query_page`] and [`RowReader::next_row`].
    pub async fn next_row(&mut self) -> Result<Option<Row>, Error> {
        loop {
            if let Some(reader) = &mut self.reader {
                if let Some(row) = reader.next_row().await? {
                    return Ok(Some(row));
                }
                self.reader = None;
            }
            let locator = match &self.next {
                Next::Page(locator) => locator.clone(),
                Next::Nothing => return Ok(None),
            };
            let page =
                self.org.query_page(&self.job, locator.as_deref(), self.max_records, &self.file).await?;
            self.reader = Some(self.org.read_query_page(&self.file).await?);
            // Open: its name is not needed any more, and nothing is left behind by a crash.
            tokio::fs::remove_file(&self.file).await.map_err(Error::local)?;
            self.before += self.rows;
            self.rows = page.rows;
            self.page = locator;
            self.next = page.next_locator.map_or(Next::Nothing, |locator| Next::Page(Some(locator)));
        }
    }

    /// Where the page begins that the last row came from, and how many rows the pages before it held of those read here: whoever
    /// goes on there later misses nothing.
    #[must_use]
    pub fn place(&self) -> (Option<&str>, u64) {
        (self.page.as_deref(), self.before)
    }

    /// Whether all rows were read, `before` of them by somebody else, who came to the page that this began with. To be asked after the
    /// last row: an answer on whose way the locator was lost looks like the last page. A job that has ended says in
    /// `numberRecordsProcessed` how many rows its query found (Bulk guide, "Get Information About a Query Job").
    ///
    /// # Errors
    /// [`ErrorKind::Incomplete`] when Salesforce counted other than that.
    pub fn complete(&self, before: u64) -> Result<(), Error> {
        let read = before + self.before + self.rows;
        match self.total {
            Some(total) if total != read => {
                Err(Error::new(ErrorKind::Incomplete, "the rows of a query job").during(Call::QueryPage))
            }
            Some(_) | None => Ok(()),
        }
    }

    /// The job, to be deleted when its rows are read.
    #[must_use]
    pub const fn job(&self) -> &JobId {
        &self.job
    }

    /// How many rows Salesforce says there are.
    #[must_use]
    pub const fn total(&self) -> Option<u64> {
        self.total
    }
}
