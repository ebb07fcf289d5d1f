//! Looking at a database nobody has described yet: which table holds the supporters, what its columns mean, and which
//! Contact fields they may belong to. Everything here is a proposal; nothing is written, and no value leaves this module.

mod column;
mod optin;
mod propose;
mod rule;
mod word;

use model::{Cell, FieldRule};
use serde::Serialize;

use crate::postgres::Login;
use crate::{Column, Error, NewId, Relation, StampFormat, Table, UndatedRows, Zone, postgres, sqlite};

/// A table or view, and how much it looks like one of people.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Sketch {
    /// Its name.
    pub name: String,
    /// Table or view.
    pub relation: Relation,
    /// How many rows it has.
    pub rows: u64,
    /// How many of its columns look like a person's.
    pub likeness: usize,
}

/// What a table's columns may mean.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proposal {
    /// Where the database is, as it was given.
    pub url: String,
    /// The table.
    pub table: String,
    /// Table or view.
    pub relation: Relation,
    /// The column that names a row.
    pub id: Option<String>,
    /// Where the id of a new row comes from.
    pub new_id: NewId,
    /// The column stamped at every change.
    pub modified: Option<String>,
    /// The column that keeps the Contact Id.
    pub contact_id: Option<String>,
    /// The column that keeps the e-mail address.
    pub email: Option<String>,
    /// Rules for the columns whose meaning is clear enough.
    pub rules: Vec<FieldRule>,
    /// Columns without a proposal.
    pub unmapped: Vec<String>,
    /// What a person should look at.
    pub remarks: Vec<Remark>,
}

/// Something about a table that a person should look at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Remark {
    /// No column can be told to name a row.
    NoId,
    /// Nothing keeps the column that names a row unique.
    IdNotUnique(String),
    /// No column can be told to be stamped at every change: changes cannot be found without one.
    NoModified,
    /// The column of stamps has no index: each cycle reads the whole table.
    ModifiedNotIndexed(String),
    /// No trigger that can be seen stamps a changed row.
    ModifiedNotStamped(String),
    /// Stamps carry no offset: `zone` must say which time they are.
    StampsWithoutOffset(String),
    /// No column keeps the Contact Id: links are then kept in our state and in Salesforce only.
    NoContactId,
    /// No column keeps an e-mail address.
    NoEmail,
    /// No column keeps a last name: Salesforce takes no Contact without one.
    NoLastName,
    /// A column that seems to say no to mail or calls. What it means for consent is for a person to decide.
    OptOut(String),
    /// A column that could be consent, but whose values are not of two kinds.
    UnclearConsent(String),
}

impl Proposal {
    /// The configuration, where all that it needs was found.
    #[must_use]
    pub fn to_table(&self) -> Option<Table> {
        Some(Table {
            url: self.url.clone(),
            table: self.table.clone(),
            id: self.id.clone()?,
            modified: self.modified.clone()?,
            modified_format: StampFormat::Auto,
            zone: Zone::default(),
            undated: UndatedRows::Always,
            contact_id: self.contact_id.clone(),
            email: self.email.clone()?,
            new_id: self.new_id,
            touch_modified: false,
            read_only: false,
        })
    }
}

/// A column with some of its values.
#[derive(Debug, Clone)]
pub(crate) struct Seen {
    pub(crate) column: Column,
    pub(crate) unique: bool,
    pub(crate) indexed: bool,
    pub(crate) has_default: bool,
    /// Its values are times that do not say which time they are.
    pub(crate) no_offset: bool,
    /// Whether a trigger that can be seen keeps it at every change; `None`: that cannot be told.
    pub(crate) stamped: Option<bool>,
    /// Distinct values, at most [`MAX_VALUES`], from the first rows.
    pub(crate) values: Vec<Cell>,
}

/// A table with some of its values.
#[derive(Debug, Clone)]
pub(crate) struct Looked {
    pub(crate) name: String,
    pub(crate) relation: Relation,
    /// Whether rows can be changed in it.
    pub(crate) writable: bool,
    pub(crate) columns: Vec<Seen>,
}

/// How many distinct values of a column are looked at.
pub(crate) const MAX_VALUES: i64 = 50;
/// Among how many rows they are looked for.
pub(crate) const MAX_ROWS: i64 = 5_000;
/// How many tables are looked at.
const MAX_TABLES: usize = 200;

/// A database to look at.
#[derive(Debug, Clone)]
pub enum Source {
    /// A SQLite file.
    Sqlite(String),
    /// A PostgreSQL server.
    Postgres(Login),
}

impl Source {
    /// Where it is, as it may be shown.
    #[must_use]
    pub fn address(&self) -> &str {
        match self {
            Self::Sqlite(path) => path,
            Self::Postgres(login) => login.address(),
        }
    }
}

/// All tables and views of a database, those most like a table of people first.
///
/// # Errors
/// [`Error`] when it cannot be read.
pub async fn tables(source: &Source) -> Result<Vec<Sketch>, Error> {
    let mut sketches = Vec::new();
    let all = match source {
        Source::Sqlite(path) => sqlite::look_at_all(path, MAX_TABLES).await?,
        Source::Postgres(login) => postgres::look_at_all(login, MAX_TABLES).await?,
    };
    for (looked, rows) in all {
        let likeness = propose::likeness(&looked);
        sketches.push(Sketch { name: looked.name, relation: looked.relation, rows, likeness });
    }
    sketches.sort_by(|a, b| b.likeness.cmp(&a.likeness).then(b.rows.cmp(&a.rows)));
    Ok(sketches)
}

/// What the columns of one table may mean.
///
/// # Errors
/// [`Error`] when the database cannot be read, or has no such table.
pub async fn propose(source: &Source, table: &str) -> Result<Proposal, Error> {
    let looked = match source {
        Source::Sqlite(path) => sqlite::look_at(path, table).await?,
        Source::Postgres(login) => postgres::look_at(login, table).await?,
    };
    Ok(propose::propose(source.address(), &looked))
}
