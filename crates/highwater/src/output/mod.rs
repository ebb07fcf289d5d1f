//! What a verb shows: tables for people, JSON and CSV for programs.

mod banner;
mod csv;
mod hex;
mod screen;
mod table;

use serde_json::Value;

pub use banner::Banner;
pub use hex::Decoding;
pub use report::inert::{cell as inert, line as printable};
pub use screen::Screen;

/// How data is written to standard output.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    /// For people.
    #[default]
    Table,
    /// For programs; values as they are.
    Json,
    /// For spreadsheets; a cell that would run as a formula gets a quote in front.
    Csv,
    /// A page for a browser or for paper; `report merges` only.
    Html,
    /// A workbook; `report merges` only, into a file.
    Xlsx,
}

impl Format {
    /// The word, as the command line spells it.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Table => "table",
            Self::Json => "json",
            Self::Csv => "csv",
            Self::Html => "html",
            Self::Xlsx => "xlsx",
        }
    }
}

/// A table of text.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sheet {
    /// What stands above it.
    pub title: String,
    /// The columns' names.
    pub head: Vec<&'static str>,
    /// The rows, each as long as the head.
    pub rows: Vec<Vec<String>>,
}

impl Sheet {
    /// A sheet without rows.
    #[must_use]
    pub fn new(title: &str, head: &[&'static str]) -> Self {
        Self { title: title.to_owned(), head: head.to_vec(), rows: Vec::new() }
    }

    /// Adds a row.
    pub fn row(&mut self, cells: impl IntoIterator<Item = impl Into<String>>) -> &mut Self {
        self.rows.push(cells.into_iter().map(Into::into).collect());
        self
    }
}

/// One answer in all its forms.
#[derive(Debug, Clone, Default)]
pub struct Answer {
    /// Tables, in the order they are shown.
    pub sheets: Vec<Sheet>,
    /// Sentences below the tables.
    pub notes: Vec<String>,
    /// The same as a value.
    pub json: Value,
}

impl Answer {
    /// An answer of one table.
    #[must_use]
    pub fn of(sheet: Sheet, json: Value) -> Self {
        Self { sheets: vec![sheet], notes: Vec::new(), json }
    }

    /// The answer as text in one format; `width` of the terminal, where there is one.
    #[must_use]
    pub fn render(&self, format: Format, width: Option<u16>) -> String {
        match format {
            Format::Table | Format::Html | Format::Xlsx => table::render(&self.sheets, &self.notes, width),
            Format::Json => pretty(&self.json),
            Format::Csv => csv::render(&self.sheets),
        }
    }
}

/// `1 person`, `2 people`.
#[must_use]
pub fn counted(count: u64, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}

fn pretty(json: &Value) -> String {
    // A value made of maps and texts is always JSON.
    format!("{json:#}\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_is_one() {
        assert_eq!(counted(1, "person is", "people are"), "1 person is");
        assert_eq!(counted(0, "row", "rows"), "0 rows");
        assert_eq!(counted(2, "row", "rows"), "2 rows");
    }
}
