//! What stands on everything that is said about a sandbox, so that nobody takes it for production.
//!
//! A table has a line above it. CSV gets one column more and JSON objects one member more: both are read as before, and a file
//! that lies around says by itself where it comes from.

use std::io::{self, Write};

use super::Format;

/// The name of the column and of the member.
const NAME: &str = "sandbox";

/// The mark of a sandbox.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Banner {
    /// The profile, where it is one. Its name is letters, digits and hyphens.
    pub profile: Option<String>,
}

impl Banner {
    /// The line for people.
    #[must_use]
    pub fn line(&self) -> String {
        let profile = self.profile.as_ref().map(|name| format!(", profile {name}")).unwrap_or_default();
        format!("*** SANDBOX{profile}: nothing here is production ***")
    }

    /// What stands in the column.
    fn word(&self) -> &str {
        self.profile.as_deref().unwrap_or("yes")
    }

    /// Marks a text.
    #[must_use]
    pub fn mark(&self, format: Format, text: &str) -> String {
        let mut marked = Vec::with_capacity(text.len() + 64);
        // Writing to memory cannot fail, and what is put in between is text.
        let _ = self.marking(format, &mut marked).write_all(text.as_bytes());
        String::from_utf8(marked).unwrap_or_default()
    }

    /// Marks what is written through it.
    pub fn marking<W: Write>(&self, format: Format, to: W) -> Marking<W> {
        let member = format!("\"{NAME}\":\"{}\",", self.word());
        Marking {
            to,
            format,
            begun: false,
            quoted: false,
            escaped: false,
            depth: 0,
            objects: None,
            member,
            line: self.line(),
            word: self.word().to_owned(),
        }
    }
}

/// A writer that marks what passes through it: whole answers of ours, in one of our formats.
pub struct Marking<W: Write> {
    to: W,
    format: Format,
    /// Table: the line is written. CSV: the head is.
    begun: bool,
    /// Inside quotes.
    quoted: bool,
    /// JSON: after a backslash.
    escaped: bool,
    /// JSON: how many brackets are open.
    depth: usize,
    /// JSON: at which depth the objects begin that are marked: 0 for one object, 1 for an array of them.
    objects: Option<usize>,
    member: String,
    line: String,
    word: String,
}

impl<W: Write> Write for Marking<W> {
    fn write(&mut self, text: &[u8]) -> io::Result<usize> {
        let mut marked = Vec::with_capacity(text.len() + 64);
        match self.format {
            // A page and a workbook say it themselves.
            Format::Html | Format::Xlsx => marked.extend_from_slice(text),
            Format::Table => {
                if !std::mem::replace(&mut self.begun, true) {
                    marked.extend_from_slice(self.line.as_bytes());
                    marked.push(b'\n');
                }
                marked.extend_from_slice(text);
            }
            Format::Csv => text.iter().for_each(|byte| self.csv(*byte, &mut marked)),
            Format::Json => text.iter().for_each(|byte| self.json(*byte, &mut marked)),
        }
        self.to.write_all(&marked)?;
        Ok(text.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.to.flush()
    }
}

impl<W: Write> Marking<W> {
    /// One more cell before the end of each record. Our records end with CR LF, and a quote inside a cell is doubled.
    fn csv(&mut self, byte: u8, marked: &mut Vec<u8>) {
        match byte {
            b'"' => self.quoted = !self.quoted,
            b'\r' if !self.quoted => {
                let head = !std::mem::replace(&mut self.begun, true);
                marked.push(b',');
                marked.extend_from_slice(if head { NAME.as_bytes() } else { self.word.as_bytes() });
            }
            _ => {}
        }
        marked.push(byte);
    }

    /// One more member at the beginning of the object, or of each object of the array. Ours are never empty.
    fn json(&mut self, byte: u8, marked: &mut Vec<u8>) {
        marked.push(byte);
        if self.quoted {
            match byte {
                _ if self.escaped => self.escaped = false,
                b'\\' => self.escaped = true,
                b'"' => self.quoted = false,
                _ => {}
            }
            return;
        }
        match byte {
            b'"' => self.quoted = true,
            b'{' | b'[' => {
                let here = *self.objects.get_or_insert(usize::from(byte == b'['));
                if byte == b'{' && self.depth == here {
                    marked.extend_from_slice(self.member.as_bytes());
                }
                self.depth += 1;
            }
            b'}' | b']' => self.depth = self.depth.saturating_sub(1),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn uat() -> Banner {
        Banner { profile: Some("uat".to_owned()) }
    }

    #[test]
    fn a_table_has_one_line_above_it() {
        let shown = uat().mark(Format::Table, "id\n7\n");
        assert_eq!(shown, "*** SANDBOX, profile uat: nothing here is production ***\nid\n7\n");
        let plain = Banner { profile: None };
        assert!(plain.mark(Format::Table, "x").starts_with("*** SANDBOX: "));
    }

    #[test]
    fn csv_has_one_column_more_whatever_the_cells_hold() {
        let text = "id,name\r\n7,\"O\"\"Hara\r\nx\"\r\n8,\r\n";
        let marked = uat().mark(Format::Csv, text);
        let mut reader = csv::Reader::from_reader(marked.as_bytes());
        assert_eq!(reader.headers().unwrap(), vec!["id", "name", "sandbox"]);
        let rows: Vec<_> = reader.records().map(Result::unwrap).collect();
        assert_eq!(rows[0], vec!["7", "O\"Hara\r\nx", "uat"]);
        assert_eq!(rows[1], vec!["8", "", "uat"]);
    }

    #[test]
    fn json_has_one_member_more_in_the_object_or_in_each_of_the_array() {
        let read =
            |text: &str| serde_json::from_str::<serde_json::Value>(&uat().mark(Format::Json, text)).unwrap();
        let one = read("{\"a\": {\"b\": \"{\\\"[\"}, \"c\": [{}]}");
        assert_eq!(one, serde_json::json!({ "sandbox": "uat", "a": { "b": "{\"[" }, "c": [{}] }));
        let all = read("[\n{\"a\":1},\n{\"b\":{\"c\":2}}]\n");
        assert_eq!(all[0], serde_json::json!({ "sandbox": "uat", "a": 1 }));
        assert_eq!(all[1], serde_json::json!({ "sandbox": "uat", "b": { "c": 2 } }));
        assert_eq!(read("[]"), serde_json::json!([]));
    }

    proptest::proptest! {
        #[test]
        fn pieces_are_marked_like_the_whole(cells in proptest::collection::vec("(?s).{0,6}", 1..8), at in 0_usize..200) {
            let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(Vec::new());
            writer.write_record(["a", "b"]).unwrap();
            for cell in &cells {
                writer.write_record([cell.as_str(), "x"]).unwrap();
            }
            let text = String::from_utf8(writer.into_inner().unwrap()).unwrap();
            let whole = uat().mark(Format::Csv, &text);
            let mut pieces = Vec::new();
            {
                let mut marking = uat().marking(Format::Csv, &mut pieces);
                let (one, other) = text.as_bytes().split_at(at.min(text.len()));
                marking.write_all(one).unwrap();
                marking.write_all(other).unwrap();
            }
            proptest::prop_assert_eq!(&pieces, whole.as_bytes());
            let read: Vec<_> = csv::Reader::from_reader(whole.as_bytes()).into_records().map(Result::unwrap).collect();
            proptest::prop_assert_eq!(read.len(), cells.len());
            for (row, cell) in read.iter().zip(&cells) {
                proptest::prop_assert_eq!(&row[0], cell.as_str());
                proptest::prop_assert_eq!(&row[2], "uat");
            }
        }
    }
}
