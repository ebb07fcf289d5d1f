//! Reads uploaded CSV as strictly as the service does. Total: any bytes give a table or the job's error message.

use super::format::{Delimiter, LineEnding};

/// Longest header row in characters (Bulk guide v66).
const MAX_HEADER_CHARS: usize = 32_000;

/// Most columns (limits sheet: 5,000 fields a record).
const MAX_COLUMNS: usize = 5_000;

/// How to read.
#[derive(Debug, Clone, Copy)]
pub(crate) struct CsvRules {
    pub(crate) delimiter: Delimiter,
    pub(crate) line_ending: LineEnding,
    /// A byte order mark stays part of the first header, which then is unknown; otherwise it is skipped.
    pub(crate) keep_bom: bool,
    /// A line ending other than the job's refuses the data.
    pub(crate) strict_line_ending: bool,
    /// Longest value in characters.
    pub(crate) field_chars: usize,
    /// Longest record in characters.
    pub(crate) record_chars: usize,
}

/// A table of text: all values in one string, found by their ends.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct CsvTable {
    text: String,
    ends: Vec<usize>,
    columns: usize,
}

impl CsvTable {
    /// Number of data rows.
    pub(crate) fn rows(&self) -> usize {
        self.ends.len().checked_div(self.columns).unwrap_or(0).saturating_sub(1)
    }

    /// The names in the header.
    pub(crate) fn header(&self) -> impl Iterator<Item = &str> {
        (0..self.columns).map(|column| self.value(column))
    }

    /// A value of a data row; rows and columns count from 0.
    pub(crate) fn get(&self, row: usize, column: usize) -> &str {
        self.value((row + 1) * self.columns + column)
    }

    fn value(&self, number: usize) -> &str {
        let start = if number == 0 { 0 } else { self.ends.get(number - 1).copied().unwrap_or(0) };
        self.ends.get(number).and_then(|end| self.text.get(start..*end)).unwrap_or("")
    }
}

const UNESCAPED: &str =
    "InvalidBatch : Failed to parse CSV. Found unescaped quote. A value with quote should be within a quote";

/// Reads the data of a job.
///
/// # Errors
/// The `errorMessage` of the failed job.
pub(crate) fn read(data: &[u8], rules: CsvRules) -> Result<CsvTable, String> {
    let Ok(text) = std::str::from_utf8(data) else {
        return Err("InvalidBatch : Failed to parse CSV. The data is not UTF-8".to_owned());
    };
    let text = if rules.keep_bom { text } else { text.strip_prefix('\u{feff}').unwrap_or(text) };
    if rules.strict_line_ending && !line_endings_fit(text.as_bytes(), rules.line_ending) {
        let setting = rules.line_ending.name();
        return Err(format!(
            "ClientInputError : LineEnding is invalid on user data. Current LineEnding setting is {setting}"
        ));
    }
    let mut reader = Reader { rest: text, rules, table: CsvTable::default() };
    reader.run()?;
    if reader.table.rows() == 0 {
        return Err("InvalidBatch : Records not found".to_owned());
    }
    Ok(reader.table)
}

/// Line breaks inside quoted values count too: they are reported in the same way.
fn line_endings_fit(data: &[u8], line_ending: LineEnding) -> bool {
    match line_ending {
        LineEnding::Lf => !data.contains(&b'\r'),
        LineEnding::CrLf => data.iter().enumerate().all(|(at, byte)| match byte {
            b'\n' => at > 0 && data[at - 1] == b'\r',
            b'\r' => data.get(at + 1) == Some(&b'\n'),
            _ => true,
        }),
    }
}

struct Reader<'d> {
    rest: &'d str,
    rules: CsvRules,
    table: CsvTable,
}

/// What ended a value.
#[derive(PartialEq, Eq)]
enum End {
    Value,
    Row,
    Data,
}

impl Reader<'_> {
    fn run(&mut self) -> Result<(), String> {
        let mut line = 0_usize;
        while self.skip_blank_lines() {
            line += 1;
            let (first, start) = (self.table.ends.len(), self.table.text.len());
            while self.value()? == End::Value {}
            let columns = self.table.ends.len() - first;
            let chars = self.table.text[start..].len();
            if line == 1 {
                self.table.columns = columns;
                if columns > MAX_COLUMNS || chars + columns > MAX_HEADER_CHARS {
                    return Err("InvalidBatch : The header row is too long".to_owned());
                }
            } else if columns != self.table.columns {
                let expected = self.table.columns;
                return Err(format!(
                    "InvalidBatch : Failed to parse CSV. Row {line} has {columns} values, the header has {expected}"
                ));
            }
            if chars > self.rules.record_chars
                && self.table.text[start..].chars().count() > self.rules.record_chars
            {
                return Err(format!("InvalidBatch : Record {line} is too long"));
            }
        }
        Ok(())
    }

    fn skip_blank_lines(&mut self) -> bool {
        while let Some(rest) = self.rest.strip_prefix('\n').or_else(|| self.rest.strip_prefix("\r\n")) {
            self.rest = rest;
        }
        !self.rest.is_empty()
    }

    fn value(&mut self) -> Result<End, String> {
        let start = self.table.text.len();
        let end = if let Some(rest) = self.rest.strip_prefix('"') {
            self.rest = rest;
            self.quoted()?
        } else {
            self.plain()?
        };
        let value = &self.table.text[start..];
        if value.len() > self.rules.field_chars && value.chars().count() > self.rules.field_chars {
            return Err(format!("InvalidBatch : Field exceeds {} characters", self.rules.field_chars));
        }
        self.table.ends.push(self.table.text.len());
        Ok(end)
    }

    fn plain(&mut self) -> Result<End, String> {
        let delimiter = self.rules.delimiter.character();
        let stop = self.rest.find([delimiter, '\n', '"']).unwrap_or(self.rest.len());
        let (value, rest) = self.rest.split_at(stop);
        let ends_row = rest.starts_with('\n') || rest.is_empty();
        let value = if ends_row { value.strip_suffix('\r').unwrap_or(value) } else { value };
        self.table.text.push_str(value);
        self.end(rest)
    }

    fn quoted(&mut self) -> Result<End, String> {
        loop {
            let Some(quote) = self.rest.find('"') else {
                return Err("InvalidBatch : Failed to parse CSV. EOF reached before closing quote".to_owned());
            };
            self.table.text.push_str(&self.rest[..quote]);
            self.rest = &self.rest[quote + 1..];
            let Some(rest) = self.rest.strip_prefix('"') else { break };
            self.table.text.push('"');
            self.rest = rest;
        }
        let rest = self.rest;
        self.end(rest.strip_prefix('\r').filter(|r| r.starts_with('\n') || r.is_empty()).unwrap_or(rest))
    }

    /// Steps over what follows a value.
    fn end(&mut self, rest: &str) -> Result<End, String> {
        let Some(next) = rest.chars().next() else {
            self.rest = "";
            return Ok(End::Data);
        };
        let end = match next {
            '\n' => End::Row,
            c if c == self.rules.delimiter.character() => End::Value,
            _ => return Err(UNESCAPED.to_owned()),
        };
        let consumed = self.rest.len() - rest.len() + next.len_utf8();
        self.rest = &self.rest[consumed..];
        Ok(end)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn rules(line_ending: LineEnding) -> CsvRules {
        CsvRules {
            delimiter: Delimiter::Comma,
            line_ending,
            keep_bom: true,
            strict_line_ending: true,
            field_chars: 100,
            record_chars: 150,
        }
    }

    fn lf(data: &str) -> Result<CsvTable, String> {
        read(data.as_bytes(), rules(LineEnding::Lf))
    }

    fn rows(table: &CsvTable) -> Vec<Vec<&str>> {
        let row = |r| (0..table.columns).map(|c| table.get(r, c)).collect();
        (0..table.rows()).map(row).collect()
    }

    #[test]
    fn quotes_line_breaks_and_blanks_are_kept_as_they_are() {
        let table = lf("Id,Name\n\"1\",\"a \"\"b\"\"\nc\"\n2, Smith\n,\n").unwrap();
        assert_eq!(table.header().collect::<Vec<_>>(), ["Id", "Name"]);
        assert_eq!(rows(&table), [vec!["1", "a \"b\"\nc"], vec!["2", " Smith"], vec!["", ""]]);
        assert_eq!(rows(&lf("A\n1").unwrap()), [vec!["1"]]);
        let crlf = read(b"A,B\r\n1,\"2\"\r\n", rules(LineEnding::CrLf)).unwrap();
        assert_eq!(rows(&crlf), [vec!["1", "2"]]);
    }

    #[test]
    fn a_line_ending_of_the_other_kind_fails_the_job_even_inside_quotes() {
        let expected =
            "ClientInputError : LineEnding is invalid on user data. Current LineEnding setting is LF";
        assert_eq!(lf("A,B\r\n1,2\r\n").unwrap_err(), expected);
        assert_eq!(lf("A,B\n1,\"x\r\ny\"\n").unwrap_err(), expected);
        let error = read(b"A\n1\n", rules(LineEnding::CrLf)).unwrap_err();
        assert!(error.ends_with("setting is CRLF"));
        let lax = CsvRules { strict_line_ending: false, ..rules(LineEnding::Lf) };
        assert_eq!(rows(&read(b"A,B\r\n1,2\r\n", lax).unwrap()), [vec!["1", "2"]]);
    }

    #[test]
    fn a_byte_order_mark_spoils_the_first_header() {
        assert_eq!(lf("\u{feff}\"Id\"\n1\n").unwrap_err(), UNESCAPED);
        assert_eq!(lf("\u{feff}Id\n1\n").unwrap().header().next(), Some("\u{feff}Id"));
        let lax = CsvRules { keep_bom: false, ..rules(LineEnding::Lf) };
        assert_eq!(read("\u{feff}\"Id\"\n1\n".as_bytes(), lax).unwrap().header().next(), Some("Id"));
    }

    #[test]
    fn broken_data_fails_the_job() {
        for data in ["A,B\n\"1\", \"2\"\n", "A\nx\"y\n", "A\n\"x\"y\n"] {
            assert_eq!(lf(data).unwrap_err(), UNESCAPED, "{data}");
        }
        for data in ["", "A,B\n", "\n\n"] {
            assert_eq!(lf(data).unwrap_err(), "InvalidBatch : Records not found", "{data}");
        }
        assert!(lf("A\n\"x").unwrap_err().contains("closing quote"));
        assert!(lf("A,B\n1\n").unwrap_err().contains("Row 2 has 1 values"));
        assert!(lf(&format!("A\n{}\n", "x".repeat(101))).unwrap_err().contains("Field exceeds"));
        assert!(lf(&format!("A,B\n{0},{0}\n", "x".repeat(80))).unwrap_err().contains("too long"));
        assert!(read(b"A\n\xff\n", rules(LineEnding::Lf)).unwrap_err().contains("UTF-8"));
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_or_refused(data in prop::collection::vec(prop::sample::select(b"a,\"\n\r\xff\xc3\xa4 |".to_vec()), 0..60)) {
            for line_ending in [LineEnding::Lf, LineEnding::CrLf] {
                for strict_line_ending in [true, false] {
                    let rules = CsvRules { strict_line_ending, ..rules(line_ending) };
                    if let Ok(table) = read(&data, rules) {
                        prop_assert!(table.rows() > 0);
                    }
                }
            }
        }

        #[test]
        fn what_a_writer_quotes_comes_back(values in prop::collection::vec(("[^\r]{0,20}", "[^\r]{0,20}"), 1..6)) {
            let quote = |v: &str| format!("\"{}\"", v.replace('"', "\"\""));
            let mut data = String::from("A,B\n");
            for (a, b) in &values {
                data.push_str(&format!("{},{}\n", quote(a), quote(b)));
            }
            let table = lf(&data).unwrap();
            let expected: Vec<Vec<&str>> = values.iter().map(|(a, b)| vec![a.as_str(), b.as_str()]).collect();
            prop_assert_eq!(rows(&table), expected);
        }
    }
}
