//! What can go wrong with the supporter database as a whole. What goes wrong with one row is an [`crate::Applied`].

use crate::Applied;

/// A failure of the whole call. Names tables and columns, never values.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The file cannot be opened, read or written.
    #[error("{operation}: the supporter database cannot be reached ({detail})")]
    Unreachable {
        /// What was being done.
        operation: &'static str,
        /// The database's own words, bounded.
        detail: String,
    },
    /// The server cannot be reached, or the connection to it broke.
    #[error("{operation}: the supporter database server cannot be reached ({detail})")]
    Lost {
        /// What was being done.
        operation: &'static str,
        /// The words of the system or the server, bounded.
        detail: String,
    },
    /// A statement took longer than it may.
    #[error("{operation}: the supporter database took longer than {seconds} s")]
    TimedOut {
        /// What was being done.
        operation: &'static str,
        /// How long it may take.
        seconds: u64,
    },
    /// The server does not let us in.
    #[error("the supporter database server does not let us in ({detail})")]
    Login {
        /// The server's words, bounded. They may name the user and the database.
        detail: String,
    },
    /// The server cannot show that it is the one that was named.
    #[error("the supporter database server cannot be trusted ({detail})")]
    Certificate {
        /// What is wrong with its certificate, bounded.
        detail: String,
    },
    /// A server on another machine was to be used without verifying it.
    #[error("sslmode={sslmode} does not verify the supporter database server, and it is on another machine")]
    Unverified {
        /// The mode that was asked for.
        sslmode: &'static str,
    },
    /// The address of the server is none.
    #[error("the address of the supporter database cannot be used: {problem}")]
    Address {
        /// What is wrong with it. Never the address: it may hold a password.
        problem: String,
    },
    /// No table or view of this name.
    #[error("there is no table {table:?}; the database has: {}", list(.existing))]
    MissingTable {
        /// The name that was looked for.
        table: String,
        /// The names there are, at most 50.
        existing: Vec<String>,
    },
    /// No column of this name.
    #[error("table {table:?} has no column {column:?} ({role}); it has: {}", list(.existing))]
    MissingColumn {
        /// The table.
        table: String,
        /// The name that was looked for.
        column: String,
        /// What it is needed for, as the configuration calls it.
        role: &'static str,
        /// The names there are, at most 200.
        existing: Vec<String>,
    },
    /// The table is there but cannot serve.
    #[error("table {table:?} cannot be used: {reason}")]
    Unsuitable {
        /// The table.
        table: String,
        /// What stands in the way, with the next action.
        reason: String,
    },
    /// Others held the database for longer than we wait.
    #[error("{operation}: the supporter database is locked by others")]
    Busy {
        /// What was being done.
        operation: &'static str,
    },
    /// Writing is not possible or not allowed.
    #[error("the supporters in {table:?} are read-only: {reason}")]
    ReadOnly {
        /// The table.
        table: String,
        /// Why.
        reason: &'static str,
    },
    /// The database is damaged or full, or refused for a reason that is not one row's.
    #[error("{operation}: the supporter database failed with code {code} ({detail})")]
    Database {
        /// What was being done.
        operation: &'static str,
        /// The database's own code.
        code: String,
        /// The database's own words, bounded.
        detail: String,
    },
}

/// The kinds of [`Error`], for a policy that must choose for each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ErrorKind {
    /// Not reachable now.
    Unreachable,
    /// The server does not let us in, or is not to be trusted.
    NotAuthorised,
    /// The address, or how it is to be reached: configuration.
    Address,
    /// A table or column is not there: configuration.
    Missing,
    /// The table cannot serve: configuration.
    Unsuitable,
    /// Locked by others now.
    Busy,
    /// Not to be written.
    ReadOnly,
    /// Anything else the database answered.
    Database,
}

impl ErrorKind {
    /// Whether the same call may well succeed later without anybody doing anything.
    #[must_use]
    pub const fn is_transient(self) -> bool {
        match self {
            Self::Unreachable | Self::Busy => true,
            Self::NotAuthorised
            | Self::Address
            | Self::Missing
            | Self::Unsuitable
            | Self::ReadOnly
            | Self::Database => false,
        }
    }
}

impl Error {
    /// Which kind it is.
    #[must_use]
    pub const fn kind(&self) -> ErrorKind {
        match self {
            Self::Unreachable { .. } | Self::Lost { .. } | Self::TimedOut { .. } => ErrorKind::Unreachable,
            Self::Login { .. } | Self::Certificate { .. } => ErrorKind::NotAuthorised,
            Self::Unverified { .. } | Self::Address { .. } => ErrorKind::Address,
            Self::MissingTable { .. } | Self::MissingColumn { .. } => ErrorKind::Missing,
            Self::Unsuitable { .. } => ErrorKind::Unsuitable,
            Self::Busy { .. } => ErrorKind::Busy,
            Self::ReadOnly { .. } => ErrorKind::ReadOnly,
            Self::Database { .. } => ErrorKind::Database,
        }
    }

    /// What to do next, as a sentence for the administrator.
    #[must_use]
    pub fn advice(&self) -> Option<String> {
        match self {
            Self::Unreachable { .. } => Some(
                "check that the file exists and that this user may read and write it and its folder".into(),
            ),
            Self::Lost { .. } => Some(
                "check host and port, that the server runs, and that it accepts connections from here; the next cycle \
                 tries again"
                    .into(),
            ),
            Self::TimedOut { .. } => Some(
                "see whether the columns that are searched have an index, and who holds locks; or allow more time".into(),
            ),
            Self::Login { .. } => Some(
                "check user, password and database name, and the server's pg_hba.conf; the password may also be in \
                 PGPASSWORD or ~/.pgpass"
                    .into(),
            ),
            Self::Certificate { .. } => Some(
                "name the certificate authority with sslrootcert=FILE, and the host as the certificate names it".into(),
            ),
            Self::Unverified { .. } => Some(
                "use sslmode=verify-full, with sslrootcert=FILE for an authority of your own; or permit it aloud".into(),
            ),
            Self::Address { .. } => Some("write postgres://user@host:5432/database".into()),
            Self::MissingTable { .. } => Some("set `table` to one of the names above".into()),
            Self::MissingColumn { table, column, role, .. } if *role == "contact_id" => Some(format!(
                "name the column that holds the Contact Id, leave `contact_id` out, or add one: ALTER TABLE {table:?} ADD COLUMN {column:?} TEXT"
            )),
            Self::MissingColumn { role, .. } => Some(format!("set `{role}` to one of the names above")),
            Self::Unsuitable { .. } => None,
            Self::Busy { .. } => {
                Some("another program keeps the database locked; the next cycle tries again".into())
            }
            Self::ReadOnly { .. } => Some("run with push only, or give a table that may be written".into()),
            Self::Database { .. } => {
                Some("run an integrity check on the database, and see that its disk is not full".into())
            }
        }
    }
}

fn list(names: &[String]) -> String {
    if names.is_empty() { "nothing".to_owned() } else { names.join(", ") }
}

/// A text from outside, cut to [`Applied::MAX_MESSAGE_CHARS`] and with control characters replaced.
pub(crate) fn bounded(text: &str) -> String {
    text.chars().take(Applied::MAX_MESSAGE_CHARS).map(|c| if c.is_control() { ' ' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_column_names_those_there_are_and_what_to_do() {
        let error = Error::MissingColumn {
            table: "people".into(),
            column: "sf_id".into(),
            role: "contact_id",
            existing: vec!["id".into(), "email".into()],
        };
        assert_eq!(
            error.to_string(),
            r#"table "people" has no column "sf_id" (contact_id); it has: id, email"#
        );
        assert!(error.advice().unwrap().contains(r#"ALTER TABLE "people" ADD COLUMN "sf_id" TEXT"#));
        assert!(!error.kind().is_transient());
    }
}
