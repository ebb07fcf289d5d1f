//! What a table looks like, for `init` and `check`.

use serde::Serialize;

/// A table or a view.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Relation {
    /// Can be read and written.
    Table,
    /// Can be read; written only where the database carries changes through to its tables.
    View,
}

/// What a column's declared type makes of the values put into it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ColumnKind {
    /// Whole numbers.
    Integer,
    /// Floating-point numbers.
    Real,
    /// Numbers where a value looks like one, else text. SQLite's DATE, DATETIME, BOOLEAN and DECIMAL are of this kind.
    Numeric,
    /// Text.
    Text,
    /// Whatever is put in, unchanged.
    Any,
    /// Values of a type of their own: dates, yes and no, enumerations, UUIDs. The declared type names it.
    Other,
}

/// One column.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Column {
    /// Its name, as the database spells it.
    pub name: String,
    /// What its declared type makes of values.
    pub kind: ColumnKind,
    /// The type as it was declared; empty: none.
    pub declared: String,
    /// Whether it may hold nothing.
    pub nullable: bool,
    /// The length its declaration names, as in `VARCHAR(40)`. PostgreSQL enforces it, SQLite does not.
    pub length: Option<usize>,
    /// Its place in the primary key from 1; 0: not part of it.
    pub primary_key: u32,
    /// Computed by the database: it can be read, never written.
    pub generated: bool,
}

/// A table as it stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Shape {
    /// Its name, as the database spells it.
    pub table: String,
    /// Its name as a statement spells it, quoted and with its schema.
    pub quoted: String,
    /// Table or view.
    pub relation: Relation,
    /// All its columns.
    pub columns: Vec<Column>,
    /// How many rows it has.
    pub rows: u64,
    /// Rows without a usable stamp: every window delivers them. Many of them make every cycle slow.
    pub undated: u64,
    /// Some ids of undated rows, at most 20, so that they can be looked at.
    pub undated_ids: Vec<String>,
    /// Rows stamped more than five minutes ahead of the database's clock: most likely `zone` is wrong.
    pub ahead: u64,
    /// Rows whose id is no supporter id (empty, a blob, over 255 bytes): they cannot be named, so they are left out.
    pub unaddressable: u64,
    /// How stamps are written, in words.
    pub stamps: String,
    /// Whether the column of stamps has an index: without one, each cycle reads the whole table.
    pub modified_indexed: bool,
    /// Whether the e-mail column has an index.
    pub email_indexed: bool,
    /// Whether the Contact Id column has an index; `None`: no such column is configured.
    pub contact_id_indexed: Option<bool>,
    /// Why nothing can be written, where that is so.
    pub read_only: Option<&'static str>,
    /// What else an administrator should know.
    pub notes: Vec<Note>,
}

/// Something about a table that is no error, and that an administrator should know.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Note {
    /// No trigger that can be seen stamps a changed row: who changes one without stamping it is not heard of.
    NoTrigger {
        /// The column of stamps.
        column: String,
    },
    /// Stamps carry no offset, and are taken as times of a zone.
    NoOffset {
        /// The column of stamps.
        column: String,
        /// The zone.
        zone: String,
    },
    /// Ids are unique today, and nothing keeps them so.
    IdNotUnique {
        /// The id column.
        column: String,
    },
    /// The number of a row that is removed is given to the next one, who is then taken for whoever had it.
    IdsGivenAgain {
        /// The id column.
        column: String,
    },
    /// This user is not shown when others' transactions began: a window cannot wait for them.
    WritersUnseen {
        /// The user, as SQL spells it.
        user: String,
    },
    /// This user may not change a column.
    NoRight {
        /// The column.
        column: String,
    },
}
