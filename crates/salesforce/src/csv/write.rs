//! Rows into a file for upload.

use std::io;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use csv_async::{AsyncWriter, AsyncWriterBuilder, ByteRecord, QuoteStyle, Terminator};
use sha2::{Digest as _, Sha256};
use tokio::fs::File;
use tokio::io::{AsyncWrite, AsyncWriteExt as _};

use super::BUFFER;

/// One cell of a row to upload.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cell<'a> {
    /// Empty cell: the field keeps what it has.
    Keep,
    /// `#N/A`: the field is set to null.
    Clear,
    /// This value, not empty.
    Text(&'a str),
}

impl<'a> From<Option<&'a str>> for Cell<'a> {
    fn from(value: Option<&'a str>) -> Self {
        value.map_or(Self::Keep, Self::Text)
    }
}

/// What is not there is left alone, what is empty is cleared.
impl<'a> From<&'a model::Cell> for Cell<'a> {
    fn from(cell: &'a model::Cell) -> Self {
        match cell {
            model::Cell::Absent => Self::Keep,
            model::Cell::Empty => Self::Clear,
            model::Cell::Value(text) => Self::Text(text),
        }
    }
}

/// Why a row cannot be uploaded as it is. Nothing of it was written; the file is as before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RowError {
    /// Another number of cells than columns.
    #[error("the row has another number of cells than the header")]
    Width,
    /// An empty text: neither "keep" nor "clear".
    #[error("cell {column} is an empty text")]
    Empty {
        /// Counted from 0.
        column: usize,
    },
    /// The text `#N/A` cannot be stored: Salesforce reads it as "clear".
    #[error("the text of cell {column} would clear the field")]
    ReadsAsClear {
        /// Counted from 0.
        column: usize,
    },
    /// NUL cannot be stored.
    #[error("cell {column} holds a NUL character")]
    Nul {
        /// Counted from 0.
        column: usize,
    },
    /// Over 131,072 characters (Bulk limits).
    #[error("cell {column} is longer than Salesforce takes")]
    FieldTooLong {
        /// Counted from 0.
        column: usize,
    },
    /// Over 400,000 characters (Bulk limits).
    #[error("the row is longer than Salesforce takes")]
    RowTooLong,
    /// The file could not be written; it must be given up.
    #[error("the file could not be written: {0}")]
    File(io::ErrorKind),
}

const CLEAR: &str = "#N/A";
const MAX_FIELD_CHARS: usize = 131_072;
const MAX_ROW_CHARS: usize = 400_000;

/// What was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    /// Rows after the header.
    pub rows: u64,
    /// Size of the file.
    pub bytes: u64,
    /// SHA-256 of the file.
    pub sha256: [u8; 32],
}

/// Memory as a sink: it is always ready, so a writer dropped half-way has nothing to wait for.
#[derive(Clone, Default)]
struct Spool(Arc<Mutex<Vec<u8>>>);

impl Spool {
    fn with<T>(&self, act: impl FnOnce(&mut Vec<u8>) -> T) -> T {
        act(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl AsyncWrite for Spool {
    fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.with(|spool| spool.extend_from_slice(bytes));
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

/// Writes one upload file: UTF-8, comma, LF, header first. Line breaks inside values become LF, since a job declares
/// one kind of line end (Bulk guide v66, `lineEnding`).
pub struct RowWriter {
    csv: AsyncWriter<Spool>,
    spool: Spool,
    file: File,
    path: PathBuf,
    hash: Sha256,
    record: ByteRecord,
    columns: usize,
    rows: u64,
    bytes: u64,
    drained: u64,
}

impl RowWriter {
    /// Creates the file (mode 0600; it must not exist) and writes the header.
    ///
    /// # Errors
    /// Any error of the file system, and `InvalidInput` when there is no column or a name is empty.
    pub async fn create<C: AsRef<str>>(path: &Path, columns: &[C]) -> io::Result<Self> {
        if columns.is_empty() || columns.iter().any(|column| column.as_ref().is_empty()) {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "a file needs named columns"));
        }
        let file = crate::private_file::create_new(path).await?;
        let spool = Spool::default();
        let csv = AsyncWriterBuilder::new()
            .buffer_capacity(BUFFER)
            .quote_style(QuoteStyle::Necessary)
            .terminator(Terminator::Any(b'\n'))
            .create_writer(spool.clone());
        let mut writer = Self {
            csv,
            spool,
            file,
            path: path.to_owned(),
            hash: Sha256::new(),
            record: ByteRecord::new(),
            columns: columns.len(),
            rows: 0,
            bytes: 0,
            drained: 0,
        };
        writer.csv.write_record(columns.iter().map(AsRef::as_ref)).await.map_err(io_error)?;
        writer.csv.flush().await?;
        writer.bytes = writer.spool.with(|spool| spool.len() as u64);
        Ok(writer)
    }

    /// Rows so far.
    #[must_use]
    pub const fn rows(&self) -> u64 {
        self.rows
    }

    /// Bytes so far.
    #[must_use]
    pub const fn bytes(&self) -> u64 {
        self.bytes
    }

    /// The file being written.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Appends a row, or refuses it whole.
    ///
    /// # Errors
    /// [`RowError`] says which cell cannot be sent; the file is unchanged, except after [`RowError::File`].
    pub async fn write(&mut self, cells: &[Cell<'_>]) -> Result<(), RowError> {
        if cells.len() != self.columns {
            return Err(RowError::Width);
        }
        let mut chars = 0;
        for (column, cell) in cells.iter().enumerate() {
            chars += check(column, *cell)?;
        }
        if chars > MAX_ROW_CHARS {
            return Err(RowError::RowTooLong);
        }
        self.record.clear();
        for cell in cells {
            match cell {
                Cell::Keep => self.record.push_field(b""),
                Cell::Clear => self.record.push_field(CLEAR.as_bytes()),
                Cell::Text(text) => self.record.push_field(one_line_end(text).as_bytes()),
            }
        }
        self.csv.write_byte_record(&self.record).await.map_err(file_error)?;
        // Into memory only; it keeps the byte count exact.
        self.csv.flush().await.map_err(|error| RowError::File(error.kind()))?;
        self.rows += 1;
        self.bytes = self.drained + self.spool.with(|spool| spool.len() as u64);
        if self.bytes - self.drained >= BUFFER as u64 {
            self.drain().await.map_err(|error| RowError::File(error.kind()))?;
        }
        Ok(())
    }

    async fn drain(&mut self) -> io::Result<()> {
        let bytes = self.spool.with(std::mem::take);
        self.hash.update(&bytes);
        self.drained += bytes.len() as u64;
        self.file.write_all(&bytes).await
    }

    /// Writes the rest and makes the file durable. A writer dropped without this leaves an incomplete file.
    ///
    /// # Errors
    /// Any error of the file system.
    pub async fn finish(mut self) -> io::Result<Written> {
        self.csv.flush().await?;
        self.drain().await?;
        self.file.flush().await?;
        self.file.sync_all().await?;
        Ok(Written { rows: self.rows, bytes: self.bytes, sha256: self.hash.finalize().into() })
    }
}

fn check(column: usize, cell: Cell<'_>) -> Result<usize, RowError> {
    let Cell::Text(text) = cell else { return Ok(1) };
    if text.is_empty() {
        return Err(RowError::Empty { column });
    }
    if text == CLEAR {
        return Err(RowError::ReadsAsClear { column });
    }
    if text.contains('\0') {
        return Err(RowError::Nul { column });
    }
    let chars = if text.len() <= 256 { text.len() } else { text.chars().count() };
    if chars > MAX_FIELD_CHARS { Err(RowError::FieldTooLong { column }) } else { Ok(chars + 1) }
}

fn one_line_end(text: &str) -> std::borrow::Cow<'_, str> {
    if text.contains('\r') { text.replace("\r\n", "\n").replace('\r', "\n").into() } else { text.into() }
}

fn io_error(error: csv_async::Error) -> io::Error {
    if let csv_async::ErrorKind::Io(error) = error.into_kind() {
        error
    } else {
        io::Error::other("the row could not be encoded")
    }
}

fn file_error(error: csv_async::Error) -> RowError {
    RowError::File(io_error(error).kind())
}
