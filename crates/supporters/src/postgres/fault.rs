//! Turning the server's answers into our errors and refusals. SQLSTATE codes: PostgreSQL documentation, Appendix A.

use sqlx::postgres::PgDatabaseError;

use crate::error::bounded;
use crate::{Applied, Error, RefusalCode};

/// The server's own error, where it came from the server.
fn answer(error: &sqlx::Error) -> Option<&PgDatabaseError> {
    error.as_database_error()?.try_downcast_ref()
}

/// The server's SQLSTATE.
pub(super) fn code(error: &sqlx::Error) -> Option<&str> {
    answer(error).map(PgDatabaseError::code)
}

/// Whether a statement ran into `statement_timeout` (or an administrator cancelled it).
pub(super) fn timed_out(error: &sqlx::Error) -> bool {
    answer(error).is_some_and(|answer| answer.code() == "57014")
}

/// Whether the same transaction may well succeed when it is begun anew.
pub(super) fn passes(error: &sqlx::Error) -> bool {
    answer(error).is_some_and(|answer| matches!(answer.code(), "40001" | "40P01" | "55P03"))
}

/// The failure of a whole call.
pub(super) fn classify(operation: &'static str, table: &str, error: &sqlx::Error) -> Error {
    let Some(answer) = answer(error) else { return ours(operation, error) };
    let code = answer.code();
    let detail = || bounded(answer.message());
    let table = || table.to_owned();
    match code {
        "40001" | "40P01" | "55P03" => Error::Busy { operation },
        "25006" => Error::ReadOnly { table: table(), reason: "the server takes no writes" },
        "42501" => Error::ReadOnly { table: table(), reason: "this user lacks a right on it" },
        "42P01" | "42703" | "3F000" => Error::Unsuitable {
            table: table(),
            reason: format!(
                "its shape changed since it was opened ({}); check the configuration and start again",
                detail()
            ),
        },
        "3D000" => Error::Login { detail: detail() },
        // Values stand in the words of these: data that is not as it was.
        _ if code.starts_with("22") => {
            Error::Database { operation, code: code.to_owned(), detail: "a value cannot be read".to_owned() }
        }
        _ if code.starts_with("28") => Error::Login { detail: detail() },
        "53300" | "57P01" | "57P02" | "57P03" => Error::Lost { operation, detail: detail() },
        _ if code.starts_with("08") => Error::Lost { operation, detail: detail() },
        _ => Error::Database { operation, code: code.to_owned(), detail: detail() },
    }
}

/// A failure on our side of the server. Never sqlx's own words about values.
#[allow(clippy::wildcard_enum_match_arm)] // the enum is sqlx's own, and open
fn ours(operation: &'static str, error: &sqlx::Error) -> Error {
    let lost = |detail: &str| Error::Lost { operation, detail: bounded(detail) };
    match error {
        sqlx::Error::Tls(problem) => Error::Certificate { detail: bounded(&problem.to_string()) },
        // rustls reports through the connection.
        sqlx::Error::Io(problem) if problem.to_string().contains("certificate") => {
            Error::Certificate { detail: bounded(&problem.to_string()) }
        }
        sqlx::Error::Io(problem) => lost(&problem.to_string()),
        sqlx::Error::Configuration(_) => {
            Error::Address { problem: "a file it names cannot be used as a certificate or key".to_owned() }
        }
        sqlx::Error::PoolTimedOut => lost("no connection became free"),
        sqlx::Error::PoolClosed | sqlx::Error::WorkerCrashed => lost("the connection was closed"),
        sqlx::Error::Decode(_) | sqlx::Error::ColumnDecode { .. } => Error::Database {
            operation,
            code: "answer".to_owned(),
            detail: "the answer is not as it was asked for".to_owned(),
        },
        _ => lost("the connection failed"),
    }
}

/// One row's refusal; `None` for a failure that is not one row's.
pub(super) fn refusal(error: &sqlx::Error) -> Option<Applied> {
    let answer = answer(error)?;
    let code = answer.code();
    let name = match code {
        "23505" | "23P01" => RefusalCode::Unique,
        "23502" => RefusalCode::NotNull,
        "23503" => RefusalCode::ForeignKey,
        "23514" | "44000" => RefusalCode::Check,
        "22001" => RefusalCode::TooBig,
        "428C9" => RefusalCode::Generated,
        // A policy of the table refuses this row; a right that the user lacks is everybody's failure.
        "42501" if answer.routine() == Some("ExecWithCheckOptions") => RefusalCode::Check,
        _ if code.starts_with("22") => RefusalCode::Type,
        // What a trigger or a function raises: its own class, or one that its author made up.
        "P0001" | "P0004" => RefusalCode::Trigger,
        _ if code.starts_with("P0") => RefusalCode::Trigger,
        _ if code.starts_with("23") => RefusalCode::Database,
        "42804" | "42846" | "0A000" | "55000" => RefusalCode::Database,
        _ => return None,
    };
    Some(Applied::refused(name, answer.message()))
}
