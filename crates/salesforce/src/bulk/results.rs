//! The three result sets of an ingest job. Rows come in any order and columns too: everything is found by name.

use std::borrow::Cow;
use std::path::Path;
use std::sync::Arc;

use model::{JobId, SalesforceId};

use crate::call::Call;
use crate::client::Ask;
use crate::csv::{Record, RowReader};
use crate::download::{Empty, ToFile};
use crate::error::{Error, ErrorKind};
use crate::org::Org;
use crate::record_error::{AlertTexts, RecordError};
use crate::row::{Columns, Row};

/// Which rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ResultSet {
    /// Saved: `sf__Id`, `sf__Created` and the uploaded columns.
    Successful,
    /// Refused one by one: `sf__Id` where known, `sf__Error` and the uploaded columns.
    Failed,
    /// Not worked on, because the job ended first: the uploaded columns.
    Unprocessed,
}

impl ResultSet {
    /// All three, in the order they are asked for.
    pub const ALL: [Self; 3] = [Self::Successful, Self::Failed, Self::Unprocessed];

    const fn resource(self) -> &'static str {
        match self {
            Self::Successful => "successfulResults",
            Self::Failed => "failedResults",
            Self::Unprocessed => "unprocessedrecords",
        }
    }

    const fn needs(self) -> &'static [&'static str] {
        match self {
            Self::Successful => &["sf__Id", "sf__Created"],
            Self::Failed => &["sf__Error"],
            Self::Unprocessed => &[],
        }
    }
}

/// A file that arrived whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Downloaded {
    /// Its size, unpacked.
    pub bytes: u64,
    /// Rows after the header.
    pub rows: u64,
}

/// One row of a result set.
#[derive(Clone, PartialEq)]
pub struct ResultRow {
    row: Row,
    /// The record, where Salesforce knew it.
    pub id: Option<SalesforceId>,
    /// The record is new. `false` in a successful row: it was updated.
    pub created: bool,
    /// Why it was refused.
    pub error: Option<RecordError>,
}

impl ResultRow {
    /// An uploaded value, as Salesforce wrote it back. Numbers may look otherwise than sent.
    #[must_use]
    pub fn get(&self, column: &str) -> Option<&str> {
        self.row.get(column)
    }

    /// The row as it stands.
    #[must_use]
    pub const fn row(&self) -> &Row {
        &self.row
    }
}

impl std::fmt::Debug for ResultRow {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "ResultRow({:?}, created {}, {:?})", self.id, self.created, self.error)
    }
}

/// What became of a row, and the text of one uploaded column: whose it is.
#[derive(Clone, PartialEq)]
pub struct KeyedResult<'r> {
    /// The uploaded text; `None` where it is empty or did not come back.
    pub key: Option<Cow<'r, str>>,
    /// The record, where Salesforce knew it.
    pub id: Option<SalesforceId>,
    /// The record is new.
    pub created: bool,
    /// Why it was refused.
    pub error: Option<RecordError>,
}

/// Shows no text that was uploaded.
impl std::fmt::Debug for KeyedResult<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "KeyedResult({:?}, created {}, {:?})", self.id, self.created, self.error)
    }
}

/// Reads a result file row by row.
pub struct ResultReader {
    rows: RowReader,
    texts: AlertTexts,
    own: OwnColumns,
}

/// Where Salesforce's own columns stand.
struct OwnColumns {
    id: Option<usize>,
    created: Option<usize>,
    error: Option<usize>,
}

impl ResultReader {
    /// The next row; `None` at the end.
    ///
    /// # Errors
    /// As for [`RowReader::next_row`]; [`ErrorKind::Contract`] for an `sf__Id` that is none.
    pub async fn next_row(&mut self) -> Result<Option<ResultRow>, Error> {
        let columns = Arc::clone(self.rows.columns());
        let Some(record) = self.rows.next_record().await? else { return Ok(None) };
        let KeyedResult { id, created, error, key: _ } = self.own.result(&self.texts, record, None)?;
        Ok(Some(ResultRow { row: record.row(columns), id, created, error }))
    }

    /// The next row by the text of the uploaded column at this place: several times cheaper than [`ResultReader::next_row`], as
    /// the other columns are not kept. `None` at the end.
    ///
    /// # Errors
    /// As [`ResultReader::next_row`].
    pub async fn next_keyed(&mut self, key: Option<usize>) -> Result<Option<KeyedResult<'_>>, Error> {
        let Some(record) = self.rows.next_record().await? else { return Ok(None) };
        self.own.result(&self.texts, record, key).map(Some)
    }

    /// The columns of the file.
    #[must_use]
    pub fn columns(&self) -> &Columns {
        self.rows.columns()
    }
}

impl OwnColumns {
    fn result<'r>(
        &self,
        texts: &AlertTexts,
        record: Record<'r>,
        key: Option<usize>,
    ) -> Result<KeyedResult<'r>, Error> {
        let at = |place: Option<usize>| place.and_then(|place| record.at(place));
        let id = at(self.id).map(|id| SalesforceId::parse(&id)).transpose().map_err(|why| {
            Error::new(ErrorKind::Contract, "sf__Id").with_source(why).during(Call::Results)
        })?;
        let created = at(self.created).is_some_and(|value| value.eq_ignore_ascii_case("true"));
        let error = self.error.map(|place| texts.classify(&record.at(place).unwrap_or_default()));
        Ok(KeyedResult { key: at(key), id, created, error })
    }
}

impl Org {
    /// Downloads a result set of a job that has ended. The file is there whole, mode 0600, or not at all; an earlier
    /// one of that name is replaced. A set without rows may come without a header, and leaves an empty file then: the caller knows how
    /// many rows were sent, and counts.
    ///
    /// # Errors
    /// [`ErrorKind::Incomplete`] when it kept arriving cut off, [`ErrorKind::NotFound`] when job or results are gone,
    /// [`ErrorKind::TooLarge`], [`ErrorKind::LocalFile`], and any kind of a call that reads.
    pub async fn download_results(
        &self,
        job: &JobId,
        set: ResultSet,
        to: &Path,
        empty: Empty,
    ) -> Result<Downloaded, Error> {
        let path = self.client().path(&format!("/jobs/ingest/{job}/{}/", set.resource()));
        let ask = Ask::get(Call::Results, path).csv();
        let read = ToFile { to, sizes: self.client().config.sizes, empty };
        let arrived = self.client().run(&ask, &read).await?;
        Ok(Downloaded { bytes: arrived.bytes, rows: arrived.rows })
    }

    /// Opens a downloaded result set.
    ///
    /// # Errors
    /// [`ErrorKind::Contract`] when it has not the columns of that set, and as for [`RowReader::open`].
    pub async fn read_results(&self, file: &Path, set: ResultSet) -> Result<ResultReader, Error> {
        let rows = RowReader::open(file, self.client().config.sizes.csv)
            .await
            .map_err(|e| e.during(Call::Results))?;
        if set.needs().iter().any(|column| rows.columns().index(column).is_none()) {
            return Err(
                Error::new(ErrorKind::Contract, "columns of another result set").during(Call::Results)
            );
        }
        let place = |column| rows.columns().index(column);
        let own =
            OwnColumns { id: place("sf__Id"), created: place("sf__Created"), error: place("sf__Error") };
        Ok(ResultReader { rows, texts: self.alert_texts().clone(), own })
    }
}
