//! `[supporters]`: the database that is somebody else's, and which of its columns mean what; or that there is none.

use std::path::{Path, PathBuf};

use serde::Deserialize;
use supporters::postgres::{Login, ZoneName};
use supporters::{NewId, StampFormat, UndatedRows, Zone};

use super::{Places, SecretSource, Whole};

/// The supporter database.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Supporters {
    /// What kind of database.
    pub kind: SupporterKind,
    /// SQLite: the database file.
    pub path: Option<PathBuf>,
    /// PostgreSQL: where the server is, without a password.
    pub url: Option<String>,
    /// PostgreSQL: the environment variable that holds the password.
    pub password_env: Option<String>,
    /// PostgreSQL: the file that holds the password.
    pub password_file: Option<PathBuf>,
    /// PostgreSQL: the command that prints the password.
    pub password_command: Option<Vec<String>>,
    /// PostgreSQL: permits a server on another machine that cannot show that it is the right one.
    pub allow_unverified_server: Option<UnverifiedServer>,
    /// PostgreSQL: how long one statement may take.
    #[serde(default = "Whole::of::<300>")]
    pub statement_timeout_seconds: Whole<1, 3_600>,
    /// The table of the supporters. Given, where there is a database: that was checked when the file was read.
    #[serde(default)]
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
    /// The offset from UTC of stamps, and of mapped columns of date and time, that carry none.
    #[serde(default)]
    pub utc_offset: Zone,
    /// PostgreSQL: the time zone of stamps that carry no offset, in place of a fixed offset.
    pub time_zone: Option<String>,
    /// What a window does with rows that have no usable stamp.
    #[serde(default)]
    pub undated_rows: UndatedRows,
    /// The column that takes the Contact's Id.
    pub contact_id_column: Option<String>,
    /// The column in which a supporter that was merged away names the id of the one that remains.
    pub merged_into_column: Option<String>,
    /// The column that says that the supporter's Contact was deleted.
    pub contact_deleted_column: Option<String>,
    /// How that column says so.
    #[serde(default = "yes")]
    pub contact_deleted_yes: String,
    /// How it says otherwise; empty clears it.
    #[serde(default = "no")]
    pub contact_deleted_no: String,
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

fn yes() -> String {
    "true".to_owned()
}

fn no() -> String {
    "false".to_owned()
}

/// The kinds of database.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SupporterKind {
    /// A SQLite file.
    Sqlite,
    /// A PostgreSQL server.
    Postgres,
    /// No database: events become records, and nobody is kept in step.
    None,
}

impl SupporterKind {
    /// Whether there is a database.
    #[must_use]
    pub const fn is_a_database(self) -> bool {
        match self {
            Self::Sqlite | Self::Postgres => true,
            Self::None => false,
        }
    }
}

/// The one sentence that permits a server nobody verified: nobody writes it by accident.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UnverifiedServer {
    /// The network between is protected otherwise.
    YesTheNetworkIsTrusted,
}

/// A key that does not go with the others, and why.
pub(super) struct Misfit {
    pub(super) key: String,
    pub(super) problem: String,
    /// The value holds a secret: nothing of it is repeated.
    pub(super) secret: bool,
}

impl Misfit {
    fn new(key: &str, problem: impl Into<String>) -> Self {
        Self { key: key.to_owned(), problem: problem.into(), secret: false }
    }
}

impl Supporters {
    /// Where the password comes from; every way that is named.
    #[must_use]
    pub fn password(&self) -> SecretSource<'_> {
        SecretSource {
            key: "password",
            env: self.password_env.as_deref(),
            file: self.password_file.as_deref(),
            command: self.password_command.as_deref(),
        }
    }

    /// SQLite: the database file. Given, where the kind is SQLite: that was checked when the file was read.
    #[must_use]
    pub fn file(&self) -> &Path {
        self.path.as_deref().unwrap_or_else(|| Path::new(""))
    }

    /// The first key that does not go with the others. `places` knows which of them the file gives.
    pub(super) fn misfit(&self, places: &Places) -> Option<Misfit> {
        let no_table = || (!places.has("supporters.table")).then(|| Misfit::new("table", "is missing"));
        match self.kind {
            SupporterKind::Sqlite => no_table().or_else(|| self.misfit_of_file()),
            SupporterKind::Postgres => no_table().or_else(|| self.misfit_of_server()),
            SupporterKind::None => {
                let stray = places.names_in("supporters").find(|name| *name != "kind");
                stray.map(|key| Misfit::new(key, "belongs to a supporter database, and kind is \"none\""))
            }
        }
    }

    fn misfit_of_file(&self) -> Option<Misfit> {
        if self.path.is_none() {
            return Some(Misfit::new("path", "is needed for a SQLite file"));
        }
        let only_postgres = [
            ("url", self.url.is_some()),
            ("password_env", self.password().named() > 0),
            ("allow_unverified_server", self.allow_unverified_server.is_some()),
            ("time_zone", self.time_zone.is_some()),
        ];
        let stray = only_postgres.into_iter().find(|(_, given)| *given);
        stray.map(|(key, _)| Misfit::new(key, "belongs to PostgreSQL, and kind is \"sqlite\""))
    }

    fn misfit_of_server(&self) -> Option<Misfit> {
        if self.path.is_some() {
            return Some(Misfit::new("path", "belongs to a SQLite file, and kind is \"postgres\""));
        }
        if self.password().named() > 1 {
            let problem = "at most one of the keys ending in _env, _file and _command may be given";
            return Some(Misfit::new("password_env", problem));
        }
        self.misfit_of_address().or_else(|| self.misfit_of_zone())
    }

    fn misfit_of_address(&self) -> Option<Misfit> {
        let key = "url";
        let Some(url) = &self.url else {
            return Some(Misfit::new(key, "is needed for a PostgreSQL server"));
        };
        match Login::parse(url) {
            Ok(login) if login.password.is_some() => Some(Misfit { secret: true, ..Misfit::new(key, "") }),
            Ok(_) => None,
            Err(error) => Some(Misfit::new(key, error.to_string())),
        }
    }

    fn misfit_of_zone(&self) -> Option<Misfit> {
        let zone = self.time_zone.as_deref()?;
        let key = "time_zone";
        if self.utc_offset != Zone::default() {
            return Some(Misfit::new(key, "give either time_zone or utc_offset"));
        }
        Some(Misfit::new(key, zone.parse::<ZoneName>().err()?.to_string()))
    }
}

fn id_column() -> String {
    "supporter_id".to_owned()
}

fn modified_column() -> String {
    "modified_at".to_owned()
}
