//! What can be wrong with a map.

/// A mistake in the map. Names fields and columns only: they are configuration, not data.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidFieldMap {
    /// `LastName` or `Email` is not mapped.
    #[error("{0} must be mapped: no record can be kept in step without it")]
    Missing(&'static str),
    /// A Contact field has two rules, or shares its key with another.
    #[error("Contact field {0} has two rules")]
    Twice(String),
    /// A rule has neither a column nor a constant, or both.
    #[error("the rule for {0} needs either columns or a constant")]
    Source(String),
    /// A technical field is also mapped: the upload would carry the column twice and the whole job would fail.
    #[error("{0} is filled by highwater itself and cannot be mapped")]
    Technical(String),
    /// A name that is no API name.
    #[error("{0:?} is no Salesforce field name")]
    Name(String),
    /// A constant cannot be pulled.
    #[error("the constant for {0} can only be pushed")]
    ConstantPulled(String),
    /// Two rules write one column: the second value would stand, and go out into the first one's field. The column, and both fields.
    #[error(
        "{1} and {2} are both pulled into column {0:?}: write direction = \"push\" for all but one of them, or name another column"
    )]
    ColumnTwice(String, String, String),
    /// Only a tick is a yes or a no.
    #[error("{0} has a key \"consent\" and is no checkbox")]
    NoCheckbox(String),
    /// A consent is dated by something that is no mapped date, or what is dated is no checkbox.
    #[error(
        "{0} is dated by {1}: the first must be a checkbox, the second a mapped date or date and time of its own"
    )]
    Dated(String, String),
}
