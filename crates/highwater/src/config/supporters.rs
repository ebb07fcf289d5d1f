//! `[supporters]`: the database that is somebody else's, and which of its columns mean what.

use std::path::{Path, PathBuf};

use serde::Deserialize;
use supporters::postgres::{Login, ZoneName};
use supporters::{NewId, StampFormat, UndatedRows, Zone};

use super::{SecretSource, Whole};

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
    pub(super) key: &'static str,
    pub(super) problem: String,
    /// The value holds a secret: nothing of it is repeated.
    pub(super) secret: bool,
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

    /// The first key that does not go with the others.
    pub(super) fn misfit(&self) -> Option<Misfit> {
        let says = |key, problem: &str| Misfit { key, problem: problem.to_owned(), secret: false };
        match self.kind {
            SupporterKind::Sqlite if self.path.is_none() => Some(says("path", "is needed for a SQLite file")),
            SupporterKind::Sqlite => {
                let only_postgres = [
                    ("url", self.url.is_some()),
                    ("password_env", self.password().named() > 0),
                    ("allow_unverified_server", self.allow_unverified_server.is_some()),
                    ("time_zone", self.time_zone.is_some()),
                ];
                let stray = only_postgres.into_iter().find(|(_, given)| *given);
                stray.map(|(key, _)| says(key, "belongs to PostgreSQL, and kind is \"sqlite\""))
            }
            SupporterKind::Postgres if self.path.is_some() => {
                Some(says("path", "belongs to a SQLite file, and kind is \"postgres\""))
            }
            SupporterKind::Postgres if self.password().named() > 1 => Some(says(
                "password_env",
                "at most one of the keys ending in _env, _file and _command may be given",
            )),
            SupporterKind::Postgres => self.misfit_of_address().or_else(|| self.misfit_of_zone()),
        }
    }

    fn misfit_of_address(&self) -> Option<Misfit> {
        let key = "url";
        let Some(url) = &self.url else {
            let problem = "is needed for a PostgreSQL server".to_owned();
            return Some(Misfit { key, problem, secret: false });
        };
        match Login::parse(url) {
            Ok(login) if login.password.is_some() => {
                Some(Misfit { key, problem: String::new(), secret: true })
            }
            Ok(_) => None,
            Err(error) => Some(Misfit { key, problem: error.to_string(), secret: false }),
        }
    }

    fn misfit_of_zone(&self) -> Option<Misfit> {
        let zone = self.time_zone.as_deref()?;
        let key = "time_zone";
        if self.utc_offset != Zone::default() {
            let problem = "give either time_zone or utc_offset".to_owned();
            return Some(Misfit { key, problem, secret: false });
        }
        let problem = zone.parse::<ZoneName>().err()?.to_string();
        Some(Misfit { key, problem, secret: false })
    }
}

fn id_column() -> String {
    "supporter_id".to_owned()
}

fn modified_column() -> String {
    "modified_at".to_owned()
}
