//! Rows out of a file.

use std::borrow::Cow;
use std::io;
use std::path::Path;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use csv_async::{AsyncReader, AsyncReaderBuilder, ByteRecord};
use tokio::fs::File;
use tokio::io::{AsyncRead, ReadBuf};

use super::{BUFFER, BadCsv, CsvLimits, CsvScan};
use crate::error::{Error, ErrorKind};
use crate::row::{Columns, Row};

/// Passes a file on without NUL bytes, scanned; the end of a file that is cut off is an error.
struct Scanned {
    file: File,
    scan: CsvScan,
}

impl AsyncRead for Scanned {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        out: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = out.filled().len();
        loop {
            match Pin::new(&mut self.file).poll_read(cx, out) {
                Poll::Ready(Ok(())) => {}
                other @ (Poll::Ready(Err(_)) | Poll::Pending) => return other,
            }
            let new = &mut out.filled_mut()[before..];
            if new.is_empty() {
                return Poll::Ready(self.scan.finish().map(|_| ()).map_err(bad_csv));
            }
            let kept = without_nul(new);
            let fed = self.scan.feed(&new[..kept]);
            out.set_filled(before + kept);
            fed.map_err(bad_csv)?;
            // Nothing but NUL bytes must not look like the end.
            if kept > 0 {
                return Poll::Ready(Ok(()));
            }
        }
    }
}

fn bad_csv(error: BadCsv) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, error)
}

/// Moves everything but NUL to the front and returns its length.
fn without_nul(bytes: &mut [u8]) -> usize {
    if !bytes.contains(&0) {
        return bytes.len();
    }
    let mut kept = 0;
    for at in 0..bytes.len() {
        if bytes[at] != 0 {
            bytes[kept] = bytes[at];
            kept += 1;
        }
    }
    kept
}

/// Reads a downloaded CSV file row by row, columns found by name.
///
/// A read is not cancel-safe: a reader whose read was cancelled refuses further reads.
pub struct RowReader {
    csv: AsyncReader<Scanned>,
    columns: Arc<Columns>,
    record: ByteRecord,
    reading: bool,
}

impl RowReader {
    /// Opens a file and reads its header.
    ///
    /// # Errors
    /// [`ErrorKind::LocalFile`], and as for [`RowReader::next_row`].
    pub async fn open(path: &Path, limits: CsvLimits) -> Result<Self, Error> {
        let file = File::open(path).await.map_err(Error::local)?;
        let mut csv = AsyncReaderBuilder::new()
            .has_headers(false)
            .buffer_capacity(BUFFER)
            .create_reader(Scanned { file, scan: CsvScan::new(limits) });
        let mut record = ByteRecord::new();
        let some = csv.read_byte_record(&mut record).await.map_err(read_error)?;
        if !some {
            return Err(Error::new(ErrorKind::Contract, "CSV without a header row"));
        }
        let columns = Arc::new(Columns::new(record.iter().map(String::from_utf8_lossy)));
        Ok(Self { csv, columns, record, reading: false })
    }

    /// The columns, in the file's order and spelling.
    #[must_use]
    pub const fn columns(&self) -> &Arc<Columns> {
        &self.columns
    }

    /// The next row; `None` at the end.
    ///
    /// # Errors
    /// [`ErrorKind::Incomplete`] for a file that ends inside a record, [`ErrorKind::TooLarge`], [`ErrorKind::Contract`]
    /// for uneven rows, [`ErrorKind::LocalFile`].
    pub async fn next_row(&mut self) -> Result<Option<Row>, Error> {
        let columns = Arc::clone(&self.columns);
        Ok(self.next_record().await?.map(|record| record.row(columns)))
    }

    /// The next record where it lies: for who needs few of its cells, and none of them for long. `None` at the end.
    ///
    /// # Errors
    /// As [`RowReader::next_row`].
    pub(crate) async fn next_record(&mut self) -> Result<Option<Record<'_>>, Error> {
        if self.reading {
            return Err(Error::new(ErrorKind::LocalFile, "an earlier read was cancelled"));
        }
        self.reading = true;
        let some = self.csv.read_byte_record(&mut self.record).await.map_err(read_error)?;
        self.reading = false;
        Ok(some.then_some(Record(&self.record)))
    }
}

/// A record that was just read.
#[derive(Clone, Copy)]
pub(crate) struct Record<'r>(&'r ByteRecord);

impl<'r> Record<'r> {
    /// All of it, to be kept.
    pub(crate) fn row(self, columns: Arc<Columns>) -> Row {
        Row::of_record(columns, self.0)
    }

    /// The value of a column by place, as [`Row::at`] gives it.
    pub(crate) fn at(self, index: usize) -> Option<Cow<'r, str>> {
        self.0.get(index).filter(|cell| !cell.is_empty()).map(String::from_utf8_lossy)
    }
}

fn read_error(error: csv_async::Error) -> Error {
    // The library's own message can quote cells.
    let csv_async::ErrorKind::Io(io) = error.kind() else {
        return Error::new(ErrorKind::Contract, "reading CSV");
    };
    let kind = match io.get_ref().and_then(|inner| inner.downcast_ref::<BadCsv>()) {
        Some(BadCsv::CutOff) => ErrorKind::Incomplete,
        Some(BadCsv::FieldTooLarge | BadCsv::RecordTooLarge | BadCsv::TooManyColumns) => ErrorKind::TooLarge,
        Some(BadCsv::NoHeader | BadCsv::Uneven) => ErrorKind::Contract,
        None => ErrorKind::LocalFile,
    };
    Error::new(kind, "reading CSV")
}
