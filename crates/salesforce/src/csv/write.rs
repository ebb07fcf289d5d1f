//! Rows into a file for upload.

use std::io;
use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};
use tokio::fs::File;
use tokio::io::AsyncWriteExt as _;

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

/// Writes one upload file: UTF-8, comma, LF, header first. Line breaks inside values become LF, since a job declares
/// one kind of line end (Bulk guide v66, `lineEnding`).
pub struct RowWriter {
    file: File,
    path: PathBuf,
    hash: Sha256,
    /// Rows that are not in the file yet.
    waiting: Vec<u8>,
    columns: usize,
    rows: u64,
    bytes: u64,
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
        let mut waiting = Vec::with_capacity(BUFFER + BUFFER / 4);
        put_record(&mut waiting, columns.iter().map(AsRef::as_ref));
        let bytes = waiting.len() as u64;
        let (path, hash) = (path.to_owned(), Sha256::new());
        Ok(Self { file, path, hash, waiting, columns: columns.len(), rows: 0, bytes })
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
        let before = self.waiting.len();
        put_record(
            &mut self.waiting,
            cells.iter().map(|cell| match cell {
                Cell::Keep => "",
                Cell::Clear => CLEAR,
                Cell::Text(text) => text,
            }),
        );
        self.rows += 1;
        self.bytes += (self.waiting.len() - before) as u64;
        if self.waiting.len() >= BUFFER {
            self.drain().await.map_err(|error| RowError::File(error.kind()))?;
        }
        Ok(())
    }

    async fn drain(&mut self) -> io::Result<()> {
        self.hash.update(&self.waiting);
        let written = self.file.write_all(&self.waiting).await;
        self.waiting.clear();
        written
    }

    /// Writes the rest and makes the file durable. A writer dropped without this leaves an incomplete file.
    ///
    /// # Errors
    /// Any error of the file system.
    pub async fn finish(mut self) -> io::Result<Written> {
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

/// Appends a record. A cell is quoted where it must be; line breaks in it become LF.
fn put_record<'a>(to: &mut Vec<u8>, cells: impl ExactSizeIterator<Item = &'a str>) {
    let alone = cells.len() == 1;
    for (at, cell) in cells.enumerate() {
        if at > 0 {
            to.push(b',');
        }
        // An empty line would be no record.
        // Without a way out in the middle, this is a few steps for many bytes at once.
        let special = |byte: u8| matches!(byte, b',' | b'"' | b'\n' | b'\r');
        if cell.bytes().fold(false, |found, byte| found | special(byte)) || (alone && cell.is_empty()) {
            put_quoted(to, cell);
        } else {
            to.extend_from_slice(cell.as_bytes());
        }
    }
    to.push(b'\n');
}

fn put_quoted(to: &mut Vec<u8>, cell: &str) {
    to.push(b'"');
    let mut bytes = cell.bytes().peekable();
    while let Some(byte) = bytes.next() {
        match byte {
            b'"' => to.extend_from_slice(b"\"\""),
            b'\r' => {
                let _ = bytes.next_if_eq(&b'\n');
                to.push(b'\n');
            }
            other => to.push(other),
        }
    }
    to.push(b'"');
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(cells: &[String]) -> Vec<u8> {
        let mut bytes = Vec::new();
        put_record(&mut bytes, cells.iter().map(String::as_str));
        bytes
    }

    proptest::proptest! {
        #[test]
        fn another_reader_reads_what_was_written(
            rows in proptest::collection::vec(proptest::collection::vec("[a-zé\", \n\r]{0,8}", 2), 1..6),
        ) {
            let bytes: Vec<u8> = rows.iter().flat_map(|row| record(row)).collect();
            let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(bytes.as_slice());
            let read: Vec<Vec<String>> =
                reader.records().map(|row| row.unwrap().iter().map(str::to_owned).collect()).collect();
            let line_ends = |text: &String| text.replace("\r\n", "\n").replace('\r', "\n");
            let sent: Vec<Vec<String>> = rows.iter().map(|row| row.iter().map(line_ends).collect()).collect();
            proptest::prop_assert_eq!(read, sent);
        }
    }

    #[test]
    fn a_cell_is_quoted_only_where_it_must_be() {
        let written = |cells: &[&str]| {
            let cells: Vec<String> = cells.iter().map(|cell| (*cell).to_owned()).collect();
            String::from_utf8(record(&cells)).unwrap()
        };
        assert_eq!(written(&["a", "", "#N/A"]), "a,,#N/A\n");
        assert_eq!(written(&["a,b", "c\"d", "e\r\nf"]), "\"a,b\",\"c\"\"d\",\"e\nf\"\n");
        assert_eq!(written(&[""]), "\"\"\n");
    }
}
