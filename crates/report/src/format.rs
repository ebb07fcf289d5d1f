//! The formats a report comes in.

use std::fmt;
use std::str::FromStr;

/// How a report is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Format {
    /// For reading on a terminal.
    #[default]
    Table,
    /// For a spreadsheet: RFC 4180, UTF-8, cells that a spreadsheet would run as formulas made inert.
    Csv,
    /// For programs: one array, values exactly as they are.
    Json,
    /// One page for a browser, or for paper. The merge report only.
    Html,
    /// A workbook whose cells are all text. The merge report only.
    Xlsx,
}

/// The text names no format.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a format is table, csv, json, html or xlsx")]
pub struct InvalidFormat;

impl Format {
    /// As it is spelled on the command line.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Table => "table",
            Self::Csv => "csv",
            Self::Json => "json",
            Self::Html => "html",
            Self::Xlsx => "xlsx",
        }
    }
}

impl FromStr for Format {
    type Err = InvalidFormat;
    fn from_str(raw: &str) -> Result<Self, InvalidFormat> {
        [Self::Table, Self::Csv, Self::Json, Self::Html, Self::Xlsx]
            .into_iter()
            .find(|format| format.name() == raw)
            .ok_or(InvalidFormat)
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
