//! Looks at what the org may not show: that is a finding, not a failure.

use salesforce::{Error, ErrorKind, Org, Row, Soql};

use super::finding::{Finding, Weight};
use crate::code::org_setup as code;
use crate::failure::Failure;

/// The rows of a query; `None`: the org does not show them to our user, or does not know what is asked for.
///
/// # Errors
/// When the org cannot be asked at all.
pub(super) async fn rows(org: &Org, soql: &Soql, most: usize) -> Result<Option<Vec<Row>>, Failure> {
    optional(org.query(soql)?.collect(most).await)
}

/// How many records a query counts; `None` as for [`rows`].
///
/// # Errors
/// As for [`rows`].
pub(super) async fn count(org: &Org, soql: &Soql) -> Result<Option<u64>, Failure> {
    optional(org.count(soql).await)
}

/// An answer, or `None` where the org refuses to give it.
///
/// # Errors
/// Every failure that is no refusal.
pub(super) fn optional<T>(answer: Result<T, Error>) -> Result<Option<T>, Failure> {
    match answer {
        Ok(answer) => Ok(Some(answer)),
        // INVALID_TYPE and INVALID_FIELD are how an org says "not for you", too.
        Err(error)
            if matches!(
                error.kind(),
                ErrorKind::Rejected | ErrorKind::NotFound | ErrorKind::Forbidden | ErrorKind::TooLarge
            ) =>
        {
            Ok(None)
        }
        Err(error) => Err(error.into()),
    }
}

/// Names what could not be looked at, and where a person finds it.
pub(super) fn hidden(what: &str, where_to_look: &str) -> Finding {
    Finding::new(&code::NOT_READ, Weight::Note, what, "could not be read")
        .advise(format!("look in {where_to_look}, or give the user \"View Setup and Configuration\""))
}

/// A name that stands in this program is one.
pub(super) fn select(object: &str, fields: &[&str]) -> Result<Soql, Failure> {
    Soql::select(object, fields)
        .map_err(|_| Failure::Unexpected("a query of the check has a name that is none"))
}

/// As [`select`].
pub(super) fn field(name: &str) -> Result<salesforce::Field, Failure> {
    salesforce::Field::parse(name)
        .map_err(|_| Failure::Unexpected("a query of the check has a name that is none"))
}
