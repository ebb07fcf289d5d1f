//! What can go wrong with an org as a whole.

use crate::save::Failure;

/// Why an org did not start, or did not do what it was told through its handle.
#[derive(Debug, thiserror::Error)]
pub enum OrgError {
    /// A port could not be bound.
    #[error("cannot listen on 127.0.0.1")]
    Listen(#[source] std::io::Error),
    /// There is no such object.
    #[error("object {0} does not exist")]
    Object(String),
    /// There is no such user.
    #[error("the named user does not exist")]
    User,
    /// A row is no row of the object; the text names fields, not values.
    #[error("row {row} is malformed: {code}")]
    Row {
        /// Number of the row, from 0.
        row: usize,
        /// Status code.
        code: &'static str,
    },
    /// A save was refused.
    #[error("refused: {}", .0.errors.first().map_or("", |error| error.status_code))]
    Refused(Failure),
    /// A text is no id.
    #[error("an id is malformed")]
    Id,
}
