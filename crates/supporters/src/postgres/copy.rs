//! Rows as `COPY … TO STDOUT` sends them, in its text format (PostgreSQL documentation, "COPY", "Text Format").

use std::ops::Range;

use futures_util::TryStreamExt as _;
use model::{Cell, Stamp, SupporterId};
use sqlx::postgres::PgConnection;

use super::sql::Sql;
use crate::UNDATED;

/// The longest line that is taken. Every long cell is cut inside the database; this bounds what a broken server could
/// make us hold.
const MAX_LINE: usize = 256 * 1024 * 1024;

/// One row: its fields without their escapes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Row {
    bytes: Vec<u8>,
    /// `None`: NULL.
    fields: Vec<Option<Range<usize>>>,
}

/// What a row cannot be read as.
#[derive(Debug, thiserror::Error)]
#[error("a row of the answer is not as it was asked for")]
pub(super) struct Malformed;

impl From<Malformed> for sqlx::Error {
    fn from(malformed: Malformed) -> Self {
        Self::Decode(Box::new(malformed))
    }
}

impl Row {
    /// Splits one line, given without its end.
    fn read(line: &[u8]) -> Self {
        let mut row = Self { bytes: Vec::with_capacity(line.len()), fields: Vec::new() };
        for field in line.split(|byte| *byte == b'\t') {
            if field == b"\\N" {
                row.fields.push(None);
                continue;
            }
            let from = row.bytes.len();
            unescape(field, &mut row.bytes);
            row.fields.push(Some(from..row.bytes.len()));
        }
        row
    }

    /// A field's bytes; inside: `None` for NULL.
    fn bytes(&self, at: usize) -> Result<Option<&[u8]>, Malformed> {
        match self.fields.get(at).ok_or(Malformed)? {
            None => Ok(None),
            Some(range) => self.bytes.get(range.clone()).map(Some).ok_or(Malformed),
        }
    }

    /// A field as a cell: NULL is empty; what is no UTF-8 is [`Cell::Absent`].
    pub(super) fn cell(&self, at: usize) -> Result<Cell, Malformed> {
        Ok(match self.bytes(at)? {
            None => Cell::Empty,
            Some(bytes) => {
                std::str::from_utf8(bytes).map_or(Cell::Absent, |text| Cell::from_nullable(Some(text)))
            }
        })
    }

    /// A field as text; `None`: NULL, or no UTF-8.
    pub(super) fn text(&self, at: usize) -> Result<Option<&str>, Malformed> {
        Ok(self.bytes(at)?.and_then(|bytes| std::str::from_utf8(bytes).ok()))
    }

    /// A field that always holds text.
    pub(super) fn known(&self, at: usize) -> Result<&str, Malformed> {
        self.text(at)?.ok_or(Malformed)
    }

    /// A field as a number; `None`: NULL.
    pub(super) fn number(&self, at: usize) -> Result<Option<i64>, Malformed> {
        self.text(at)?.map(|text| text.parse().map_err(|_| Malformed)).transpose()
    }

    /// A field as yes or no; NULL is no.
    pub(super) fn flag(&self, at: usize) -> Result<bool, Malformed> {
        match self.text(at)? {
            Some("t" | "true") => Ok(true),
            None | Some("f" | "false") => Ok(false),
            Some(_) => Err(Malformed),
        }
    }

    /// A field as a supporter id; `None` for what is none.
    pub(super) fn id(&self, at: usize) -> Result<Option<SupporterId>, Malformed> {
        Ok(self.text(at)?.and_then(|text| SupporterId::parse(text).ok()))
    }

    /// The stamp from two fields: the second, or NULL where it is not one to go by, and the microseconds in it.
    pub(super) fn stamp(&self, at: usize) -> Result<Stamp, Malformed> {
        let Some(second) = self.number(at)? else { return Ok(UNDATED) };
        let micros = self.number(at + 1)?.unwrap_or(0).clamp(0, 999_999);
        Ok(Stamp::from_micros(Stamp::from_seconds(second).micros().saturating_add(micros)))
    }
}

fn unescape(field: &[u8], out: &mut Vec<u8>) {
    let mut bytes = field.iter().copied();
    while let Some(byte) = bytes.next() {
        if byte != b'\\' {
            out.push(byte);
            continue;
        }
        match bytes.next() {
            Some(b'b') => out.push(8),
            Some(b'f') => out.push(12),
            Some(b'n') => out.push(b'\n'),
            Some(b'r') => out.push(b'\r'),
            Some(b't') => out.push(b'\t'),
            Some(b'v') => out.push(11),
            Some(other) => out.push(other),
            None => {}
        }
    }
}

/// Puts lines together that arrive in pieces.
#[derive(Default)]
struct Lines {
    begun: Vec<u8>,
}

impl Lines {
    fn feed(&mut self, chunk: &[u8], each: &mut (dyn FnMut(Row) + Send)) -> Result<(), Malformed> {
        let mut rest = chunk;
        while let Some(end) = rest.iter().position(|byte| *byte == b'\n') {
            let (line, after) = (&rest[..end], &rest[end + 1..]);
            if self.begun.is_empty() {
                each(Row::read(line));
            } else {
                self.begun.extend_from_slice(line);
                each(Row::read(&self.begun));
                self.begun.clear();
            }
            rest = after;
        }
        if self.begun.len() + rest.len() > MAX_LINE {
            return Err(Malformed);
        }
        self.begun.extend_from_slice(rest);
        Ok(())
    }

    /// A line without an end is an answer that broke off.
    fn end(&self) -> Result<(), Malformed> {
        if self.begun.is_empty() { Ok(()) } else { Err(Malformed) }
    }
}

/// Reads every row of a statement. A connection on which this failed, or was given up, must not be used again: rows may
/// still be on their way.
pub(super) async fn each_row(
    connection: &mut PgConnection,
    sql: &Sql,
    each: &mut (dyn FnMut(Row) + Send),
) -> Result<(), sqlx::Error> {
    let statement = sql.to_copy();
    let mut chunks = connection.copy_out_raw(&statement).await?;
    let mut lines = Lines::default();
    while let Some(chunk) = chunks.try_next().await? {
        lines.feed(&chunk, each)?;
    }
    Ok(lines.end()?)
}

/// All rows of a statement. The caller bounds their number in the statement.
pub(super) async fn rows(connection: &mut PgConnection, sql: &Sql) -> Result<Vec<Row>, sqlx::Error> {
    let mut rows = Vec::new();
    each_row(connection, sql, &mut |row| rows.push(row)).await?;
    Ok(rows)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_come_without_their_escapes_and_null_is_told_from_text() {
        let row = Row::read(br"a\tb	\N	\\N		x\ny\\");
        let cells: Vec<Cell> = (0..5).map(|at| row.cell(at).unwrap()).collect();
        let text = |text: &str| Cell::from_nullable(Some(text));
        assert_eq!(cells, [text("a\tb"), Cell::Empty, text("\\N"), Cell::Empty, text("x\ny\\")]);
        assert!(row.cell(5).is_err());
        assert_eq!(Row::read(b"\xff").cell(0).unwrap(), Cell::Absent);
    }

    #[test]
    fn stamps_are_read_to_the_microsecond_and_a_missing_second_is_undated() {
        assert_eq!(Row::read(b"12\t500000").stamp(0).unwrap(), Stamp::from_micros(12_500_000));
        assert_eq!(Row::read(b"\\N\t500000").stamp(0).unwrap(), UNDATED);
        assert!(Row::read(b"soon\t0").stamp(0).is_err());
    }

    proptest::proptest! {
        #[test]
        fn lines_are_the_same_however_they_are_cut(
            text in "[a-z\t\\\\\n]{0,40}", cut in proptest::collection::vec(0_usize..40, 0..4),
        ) {
            let whole = format!("{text}\n");
            let mut expected = Vec::new();
            Lines::default().feed(whole.as_bytes(), &mut |row| expected.push(row)).unwrap();
            let mut cuts: Vec<usize> = cut.into_iter().map(|at| at.min(whole.len())).collect();
            cuts.extend([0, whole.len()]);
            cuts.sort_unstable();
            let (mut lines, mut found) = (Lines::default(), Vec::new());
            for pair in cuts.windows(2) {
                lines.feed(&whole.as_bytes()[pair[0]..pair[1]], &mut |row| found.push(row)).unwrap();
            }
            lines.end().unwrap();
            proptest::prop_assert_eq!(found, expected);
        }

        #[test]
        fn any_bytes_are_a_row(bytes in proptest::collection::vec(proptest::num::u8::ANY, 0..60)) {
            let row = Row::read(&bytes);
            for at in 0..row.fields.len() {
                let _ = (row.cell(at), row.number(at), row.flag(at), row.id(at), row.stamp(at));
            }
        }
    }
}
