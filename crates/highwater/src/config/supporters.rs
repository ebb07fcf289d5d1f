//! `[supporters]`: the database that is somebody else's, and which of its columns mean what.

use std::path::PathBuf;

use serde::Deserialize;
use supporters::{NewId, StampFormat, UndatedRows, Zone};

/// The supporter database.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Supporters {
    /// What kind of database.
    pub kind: SupporterKind,
    /// The database file.
    pub path: PathBuf,
    /// The table of the supporters.
    pub table: String,
    /// The column that identifies a supporter for good.
    #[serde(default = "id_column")]
    pub id_column: String,
    /// The column that moves with every change of the row.
    #[serde(default = "modified_column")]
    pub modified_column: String,
    /// How that column is written.
    #[serde(default)]
    pub modified_format: StampFormat,
    /// The offset from UTC of stamps that carry none.
    #[serde(default)]
    pub utc_offset: Zone,
    /// What a window does with rows that have no usable stamp.
    #[serde(default)]
    pub undated_rows: UndatedRows,
    /// The column that takes the Contact's Id.
    pub contact_id_column: Option<String>,
    /// The column of the e-mail address, where it is not the one mapped to `Email`.
    pub email_column: Option<String>,
    /// This database's own id, where several of them feed one org.
    pub account_id: Option<String>,
    /// Where the id of a new row comes from.
    #[serde(default)]
    pub new_id: NewId,
    /// Whether our own writes also stamp the row.
    #[serde(default)]
    pub touch_modified: bool,
    /// Refuse every write to this database.
    #[serde(default)]
    pub read_only: bool,
}

/// The kinds of database.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SupporterKind {
    /// A SQLite file.
    Sqlite,
}

fn id_column() -> String {
    "supporter_id".to_owned()
}

fn modified_column() -> String {
    "modified_at".to_owned()
}
