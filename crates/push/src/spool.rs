//! The files of a job: what is uploaded, and the three result sets. Named after the job's number alone.

use std::path::{Path, PathBuf};

use model::{FieldMap, Lane, PlanId};
use plan::Fatal;
use salesforce::csv::{Cell, RowWriter, Written};

use crate::encode::columns;
use crate::waiting::Waiting;

/// Where the files of one job lie.
#[derive(Debug, Clone)]
pub struct Spool {
    /// The upload.
    pub upload: PathBuf,
    /// Rows that were saved.
    pub successful: PathBuf,
    /// Rows that were refused.
    pub failed: PathBuf,
    /// Rows the job did not get to.
    pub unprocessed: PathBuf,
}

impl Spool {
    /// The files of a job below the spool directory.
    #[must_use]
    pub fn of(dir: &Path, plan: PlanId) -> Self {
        let file = |what: &str| dir.join(format!("job-{}-{what}.csv", plan.0));
        Self {
            upload: file("upload"),
            successful: file("successful"),
            failed: file("failed"),
            unprocessed: file("unprocessed"),
        }
    }

    /// Removes what is there.
    pub fn remove(&self) {
        for path in [&self.upload, &self.successful, &self.failed, &self.unprocessed] {
            // A file that is not there is as good as removed; what cannot be removed, the next start tries again.
            let _ = std::fs::remove_file(path);
        }
    }
}

/// An upload being written.
pub struct Upload<'m> {
    map: &'m FieldMap,
    lane: Lane,
    columns: usize,
    writer: RowWriter,
}

impl<'m> Upload<'m> {
    /// Begins the file; one of an earlier attempt is replaced.
    ///
    /// # Errors
    /// [`Fatal`] when the disk fails.
    pub async fn create(map: &'m FieldMap, lane: Lane, path: &Path) -> Result<Self, Fatal> {
        let _ = std::fs::remove_file(path);
        let head = columns(map, lane);
        let writer = RowWriter::create(path, &head).await.map_err(failed())?;
        Ok(Self { map, lane, columns: head.len(), writer })
    }

    /// Appends a row.
    ///
    /// # Errors
    /// [`Fatal`] when the disk fails.
    pub async fn write(&mut self, row: &Waiting) -> Result<(), Fatal> {
        let technical = self.map.technical();
        let mut cells: Vec<Cell<'_>> = Vec::with_capacity(self.columns);
        if self.lane == Lane::Update {
            cells.push(Cell::from(row.contact.as_ref().map(|id| id.as_str())));
        }
        cells.push(Cell::Text(row.supporter.as_str()));
        cells.extend(technical.account_id.as_ref().map(|(_, own)| Cell::Text(own)));
        cells.extend(technical.push_marker.as_ref().map(|_| Cell::Text("true")));
        cells.extend(row.packed.cells());
        // Values were normalized before: what the writer would refuse was blocked while deciding.
        self.writer.write(&cells).await.map_err(|error| failed()(std::io::Error::other(error)))
    }

    /// Every row stands in the file, durably, or the file is given up.
    ///
    /// # Errors
    /// [`Fatal`] when the disk fails.
    pub async fn finish(self) -> Result<Written, Fatal> {
        self.writer.finish().await.map_err(failed())
    }
}

fn failed() -> impl FnOnce(std::io::Error) -> Fatal {
    Fatal::spool("writing the job's file")
}

/// A result set that is known to hold no row, without asking for it.
///
/// # Errors
/// [`Fatal`] when the disk fails.
pub async fn write_empty_results(path: &Path) -> Result<(), Fatal> {
    let failed = || Fatal::spool("noting an empty result set");
    let _ = std::fs::remove_file(path);
    let writer = RowWriter::create(path, &["sf__Id", "sf__Created", "sf__Error"]).await.map_err(failed())?;
    writer.finish().await.map(drop).map_err(failed())
}
