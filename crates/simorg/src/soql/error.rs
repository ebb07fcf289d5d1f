//! What a refused query says, in the words and layout of Salesforce.

use std::fmt;

/// The `errorCode` of a refused query.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SoqlErrorCode {
    /// The text is not a query, or uses something this org does not have built.
    MalformedQuery,
    /// A column is unknown, cannot be used there, or is compared with a value of another type.
    InvalidField,
    /// The object named in FROM is unknown.
    InvalidType,
    /// The operator does not fit the field, or an Id in the filter is not an Id.
    InvalidQueryFilterOperator,
    /// OFFSET or LIMIT beyond what is allowed.
    NumberOutsideValidRange,
}

impl SoqlErrorCode {
    /// The spelling on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::MalformedQuery => "MALFORMED_QUERY",
            Self::InvalidField => "INVALID_FIELD",
            Self::InvalidType => "INVALID_TYPE",
            Self::InvalidQueryFilterOperator => "INVALID_QUERY_FILTER_OPERATOR",
            Self::NumberOutsideValidRange => "NUMBER_OUTSIDE_VALID_RANGE",
        }
    }
}

impl fmt::Display for SoqlErrorCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A construct of SOQL that this org knows by name and refuses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotBuilt {
    /// `COUNT(field)`, `MAX(..)`, `GROUP BY`, `HAVING` and their kin.
    Aggregate,
    /// `TYPEOF .. END`.
    TypeOf,
    /// A query in parentheses in the select list.
    Subquery,
    /// `USING SCOPE`, `WITH ..`, `FOR ..`, `ALL ROWS`, bind variables and other clauses.
    Clause,
}

/// A refused query.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{code}")]
pub struct SoqlError {
    /// The code clients branch on.
    pub code: SoqlErrorCode,
    /// The text for people. It may repeat the query, so it stays out of `Display`.
    pub message: String,
    /// Set when the query was refused for a construct known by name.
    pub not_built: Option<NotBuilt>,
}

/// How many characters of the line are shown on either side of the caret.
const SNIPPET: usize = 30;

impl SoqlError {
    /// An error that points at a place of the query, laid out as Salesforce does: the line, a caret below, the
    /// row and column (both from 1), then `text`.
    pub(crate) fn at(query: &str, at: usize, code: SoqlErrorCode, text: &str) -> Self {
        let before = query.get(..at).unwrap_or(query);
        let row = before.matches('\n').count() + 1;
        let line_start = before.rfind('\n').map_or(0, |i| i + 1);
        let column = before[line_start..].chars().count();
        let line: Vec<char> =
            query[line_start..].chars().take_while(|c| *c != '\n').take(column + SNIPPET).collect();
        let from = column.saturating_sub(SNIPPET);
        let shown: String = line.iter().skip(from).collect();
        let caret = " ".repeat(column - from);
        let message = format!("\n{shown}\n{caret}^\nERROR at Row:{row}:Column:{}\n{text}", column + 1);
        Self { code, message, not_built: None }
    }

    /// An error without a place.
    pub(crate) fn plain(code: SoqlErrorCode, text: impl Into<String>) -> Self {
        Self { code, message: text.into(), not_built: None }
    }

    /// A refusal of something this org does not have.
    pub(crate) fn not_built(query: &str, at: usize, what: NotBuilt, name: &str) -> Self {
        let text = format!("{name} is not supported by this simulated org");
        Self { not_built: Some(what), ..Self::at(query, at, SoqlErrorCode::MalformedQuery, &text) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_caret_stands_below_the_named_column_of_the_right_row() {
        let query = "SELECT Id\nFROM Contact WHERE";
        let error = SoqlError::at(query, query.find("WHERE").unwrap(), SoqlErrorCode::MalformedQuery, "text");
        assert_eq!(error.message, "\nFROM Contact WHERE\n             ^\nERROR at Row:2:Column:14\ntext");
    }

    #[test]
    fn a_place_beyond_the_end_points_at_the_end() {
        let error = SoqlError::at("SELECT", 99, SoqlErrorCode::MalformedQuery, "x");
        assert!(error.message.contains("Column:7"), "{}", error.message);
    }
}
