//! A look at every byte of a CSV body as it passes: counts rows, holds limits, and knows at the end whether the text
//! ended where a record ends. The CSV library accepts an open quote at the end of input, and has no limits of its own.

/// Limits of one CSV file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CsvLimits {
    /// Bytes of one cell.
    pub field: usize,
    /// Bytes of one record.
    pub record: usize,
    /// Cells of one record.
    pub columns: usize,
}

impl Default for CsvLimits {
    fn default() -> Self {
        Self { field: 512 << 10, record: 1 << 20, columns: 1_000 }
    }
}

/// What is wrong with a CSV text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadCsv {
    /// A cell over the limit.
    #[error("a cell is too large")]
    FieldTooLarge,
    /// A record over the limit.
    #[error("a record is too large")]
    RecordTooLarge,
    /// Too many cells in a record.
    #[error("a record has too many columns")]
    TooManyColumns,
    /// The text ends inside a quoted cell, or without a line end.
    #[error("the text ends in the middle of a record")]
    CutOff,
    /// Not even a header.
    #[error("there is no header row")]
    NoHeader,
    /// A record with more or fewer cells than the header.
    #[error("a record has another number of columns than the header")]
    Uneven,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum At {
    RecordStart,
    FieldStart,
    Plain,
    Quoted,
    QuoteInQuoted,
    /// After a carriage return: the line feed that may follow belongs to it.
    Return,
}

/// The scan of one text, fed piece by piece.
#[derive(Debug, Clone)]
pub struct CsvScan {
    limits: CsvLimits,
    at: At,
    field: usize,
    record: usize,
    column: usize,
    width: Option<usize>,
    records: u64,
}

impl CsvScan {
    /// Begins.
    #[must_use]
    pub const fn new(limits: CsvLimits) -> Self {
        Self { limits, at: At::RecordStart, field: 0, record: 0, column: 0, width: None, records: 0 }
    }

    /// Takes the next bytes.
    ///
    /// # Errors
    /// [`BadCsv`] when a limit is passed or a record is uneven.
    pub fn feed(&mut self, mut bytes: &[u8]) -> Result<(), BadCsv> {
        while let Some((first, rest)) = bytes.split_first() {
            if self.at == At::RecordStart {
                let whole = self.whole_record(bytes);
                if whole > 0 {
                    bytes = bytes.get(whole..).unwrap_or_default();
                    continue;
                }
            }
            // Most bytes are the inside of a cell, and change nothing but how long it is.
            let inside = match self.at {
                At::Plain => bytes.iter().position(|byte| matches!(byte, b',' | b'\n' | b'\r' | 0)),
                At::Quoted => bytes.iter().position(|byte| matches!(byte, b'"' | 0)),
                At::RecordStart | At::FieldStart | At::QuoteInQuoted | At::Return => Some(0),
            };
            match inside.unwrap_or(bytes.len()) {
                0 => {
                    self.step(*first)?;
                    bytes = rest;
                }
                many => {
                    self.count_many(many)?;
                    bytes = bytes.get(many..).unwrap_or_default();
                }
            }
        }
        Ok(())
    }

    /// Counts one record that is in order: every cell in quotes and no quote in a cell, as Salesforce writes most of them, or no quote at
    /// all. How many bytes it takes with its line end; 0 for any other, which is looked at byte by byte.
    fn whole_record(&mut self, bytes: &[u8]) -> usize {
        let end = memchr::memchr(b'\n', bytes).unwrap_or(0);
        let record = bytes.get(..end).unwrap_or_default();
        // A record no longer than this has no cell that is.
        if record.len() > self.limits.field.min(self.limits.record) {
            return 0;
        }
        let columns = if record.starts_with(b"\"") { quoted_columns(record) } else { plain_columns(record) };
        if columns.is_none() || columns != self.width {
            return 0;
        }
        self.records += 1;
        end + 1
    }

    /// Counts bytes inside a cell, with the answer that counting one by one would have.
    fn count_many(&mut self, bytes: usize) -> Result<(), BadCsv> {
        let field = self.limits.field.saturating_sub(self.field);
        let record = self.limits.record.saturating_sub(self.record);
        if bytes > field.min(record) {
            return Err(if field <= record { BadCsv::FieldTooLarge } else { BadCsv::RecordTooLarge });
        }
        self.field += bytes;
        self.record += bytes;
        Ok(())
    }

    fn step(&mut self, byte: u8) -> Result<(), BadCsv> {
        // NUL bytes occur in results and mean nothing.
        if byte == 0 {
            return Ok(());
        }
        if self.at == At::Return {
            self.at = At::RecordStart;
            if byte == b'\n' {
                return Ok(());
            }
        }
        self.at = match (self.at, byte) {
            // Empty lines between records are no records.
            (At::RecordStart, b'\n' | b'\r') => At::RecordStart,
            (At::RecordStart | At::FieldStart, b'"') => self.count(At::Quoted)?,
            (At::Quoted, b'"') => self.count(At::QuoteInQuoted)?,
            (At::QuoteInQuoted, b'"') | (At::Quoted, _) => self.count(At::Quoted)?,
            (_, b',') => self.end_field()?,
            (_, b'\n') => self.end_record(At::RecordStart)?,
            (_, b'\r') => self.end_record(At::Return)?,
            _ => self.count(At::Plain)?,
        };
        Ok(())
    }

    fn count(&mut self, next: At) -> Result<At, BadCsv> {
        self.field += 1;
        self.record += 1;
        if self.field > self.limits.field {
            return Err(BadCsv::FieldTooLarge);
        }
        if self.record > self.limits.record { Err(BadCsv::RecordTooLarge) } else { Ok(next) }
    }

    const fn end_field(&mut self) -> Result<At, BadCsv> {
        self.field = 0;
        self.record += 1;
        self.column += 1;
        if self.column >= self.limits.columns { Err(BadCsv::TooManyColumns) } else { Ok(At::FieldStart) }
    }

    fn end_record(&mut self, next: At) -> Result<At, BadCsv> {
        let width = self.column + 1;
        if *self.width.get_or_insert(width) != width {
            return Err(BadCsv::Uneven);
        }
        self.records += 1;
        self.field = 0;
        self.record = 0;
        self.column = 0;
        Ok(next)
    }

    /// Ends the text and returns the number of rows after the header.
    ///
    /// # Errors
    /// [`BadCsv::CutOff`] when the text does not end with a line end outside quotes, [`BadCsv::NoHeader`] when empty.
    pub fn finish(&self) -> Result<u64, BadCsv> {
        if !matches!(self.at, At::RecordStart | At::Return) {
            return Err(BadCsv::CutOff);
        }
        self.records.checked_sub(1).ok_or(BadCsv::NoHeader)
    }
}

/// How many cells a record has that all stand between quotes and have none in them.
fn quoted_columns(record: &[u8]) -> Option<usize> {
    let mut rest = record.strip_prefix(b"\"")?;
    let mut columns = 1;
    loop {
        let close = memchr::memchr(b'"', rest)?;
        rest = rest.get(close + 1..)?;
        if rest.is_empty() {
            return Some(columns);
        }
        rest = rest.strip_prefix(b",\"")?;
        columns += 1;
    }
}

/// How many cells a record without quotes has.
fn plain_columns(record: &[u8]) -> Option<usize> {
    let other = |byte: u8| matches!(byte, b'"' | b'\r' | 0);
    let out_of_order = record.iter().fold(record.is_empty(), |found, byte| found | other(*byte));
    (!out_of_order).then(|| memchr::memchr_iter(b',', record).count() + 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::collection::vec;
    use proptest::strategy::Strategy as _;

    fn scan(text: &str) -> Result<u64, BadCsv> {
        let mut scan = CsvScan::new(CsvLimits { field: 20, record: 40, columns: 5 });
        scan.feed(text.as_bytes())?;
        scan.finish()
    }

    #[test]
    fn complete_texts_are_counted() {
        for (text, rows) in [
            ("a\n", 0),
            ("\"a\",b\n", 0),
            ("a,b\n1,2\n", 1),
            ("a,b\r\n1,\"2\r\n\"\r\n", 1),
            ("a,b\n\n1,\"x\"\"y\"\n\n", 1),
            ("a,b\n\"\",\n,\"\"\n", 2),
            ("a\n5\"6\n", 1),
        ] {
            assert_eq!(scan(text), Ok(rows), "{text:?}");
        }
    }

    #[test]
    fn a_text_cut_anywhere_is_noticed_or_ends_at_a_record() {
        let whole = "\"sf__Id\",b\n\"1\",\"x\n\"\"y\"\n\"2\",\"z\"\n";
        for cut in 1..whole.len() {
            let ends_at_a_record = [11, 23].contains(&cut);
            assert_eq!(scan(&whole[..cut]).is_ok(), ends_at_a_record, "{:?}", &whole[..cut]);
        }
        assert_eq!(scan(whole), Ok(2));
    }

    #[test]
    fn limits_hold() {
        assert_eq!(scan(""), Err(BadCsv::NoHeader));
        assert_eq!(scan(&format!("a\n\"{}", "x".repeat(99))), Err(BadCsv::FieldTooLarge));
        assert_eq!(scan(&format!("a,b,c\n{0},{0},{0}\n", "x".repeat(15))), Err(BadCsv::RecordTooLarge));
        assert_eq!(scan("a,b,c,d,e,f\n"), Err(BadCsv::TooManyColumns));
        assert_eq!(scan("a,b\n1\n"), Err(BadCsv::Uneven));
    }

    /// Unquoted, quoted, quoted with what parts cells in it, and broken.
    const CELL: &str =
        "([a-z]{0,9}|\"[a-z,\n]{0,9}\"|\"[a-b,]{0,2}\"|[\",]{1,6}|\"[a-z]\"\"\"|[a-z\"\r\0]{0,3})";

    proptest::proptest! {
        #[test]
        fn rows_are_counted_as_another_reader_counts_them(
            rows in proptest::collection::vec(proptest::collection::vec("[a-z\", \n\r]{0,6}", 3), 1..8), always in proptest::bool::ANY
        ) {
            let style = if always { csv::QuoteStyle::Always } else { csv::QuoteStyle::Necessary };
            let mut writer = csv::WriterBuilder::new().quote_style(style).from_writer(Vec::new());
            for row in &rows {
                writer.write_record(row).unwrap();
            }
            let bytes = writer.into_inner().unwrap();
            let mut scan = CsvScan::new(CsvLimits::default());
            for piece in bytes.chunks(3) {
                scan.feed(piece).unwrap();
            }
            proptest::prop_assert_eq!(scan.finish(), Ok(rows.len() as u64 - 1));
        }

        #[test]
        fn whole_records_are_counted_as_they_are_byte_by_byte(
            rows in (1_usize..4).prop_flat_map(|width| vec(vec(CELL, width), 1..8)),
            short in proptest::bool::ANY,
        ) {
            let text: String = rows.iter().map(|row| row.join(",") + "\n").collect();
            let limits = CsvLimits { field: if short { 6 } else { 40 }, record: if short { 12 } else { 80 }, columns: 4 };
            let (mut whole, mut bytes) = (CsvScan::new(limits), CsvScan::new(limits));
            let at_once = whole.feed(text.as_bytes()).and_then(|()| whole.finish());
            let one_by_one = text.bytes().try_for_each(|byte| bytes.feed(&[byte])).and_then(|()| bytes.finish());
            proptest::prop_assert_eq!(at_once, one_by_one, "{:?}", text);
        }

        #[test]
        fn any_bytes_are_survived(bytes in proptest::collection::vec(proptest::num::u8::ANY, 0..200)) {
            let mut scan = CsvScan::new(CsvLimits::default());
            let _ = scan.feed(&bytes).map(|()| scan.finish());
        }
    }
}
