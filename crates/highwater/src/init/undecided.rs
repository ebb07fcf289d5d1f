//! What a proposal could not decide.

use model::{Direction, FieldRule};
use supporters::inspect::Remark;

use super::from_org::OrgView;

/// One thing that a person has to decide.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Undecided {
    /// Which key, field or column.
    pub about: String,
    /// What is open, and what to do.
    pub text: String,
}

impl Undecided {
    /// One thing.
    #[must_use]
    pub fn new(about: &str, text: impl Into<String>) -> Self {
        Self { about: about.to_owned(), text: text.into() }
    }
}

/// What a remark about the table leaves open.
#[must_use]
pub fn of_remark(remark: &Remark) -> Undecided {
    match remark {
        Remark::NoId => Undecided::new(
            "supporters.id_column",
            "no column can be told to name a row: name one that is unique",
        ),
        Remark::IdNotUnique(column) => Undecided::new(
            column,
            "nothing keeps it unique: add a unique index, or two rows may come to share one id",
        ),
        Remark::NoModified => Undecided::new(
            "supporters.modified_column",
            "no column is stamped at every change: add one, with a trigger that keeps it, or changes cannot be found",
        ),
        Remark::ModifiedNotIndexed(column) => {
            Undecided::new(column, "has no index: add one, or each cycle reads the whole table")
        }
        Remark::ModifiedNotStamped(column) => Undecided::new(
            column,
            "no trigger stamps it: whoever changes a row without stamping it is not heard of; add one",
        ),
        Remark::StampsWithoutOffset(column) => Undecided::new(
            column,
            "its stamps carry no offset: set supporters.utc_offset, or time_zone for PostgreSQL, to the time they are in",
        ),
        Remark::NoContactId => Undecided::new(
            "supporters.contact_id_column",
            "no column keeps the Contact Id: add one, so that lost links can be rebuilt",
        ),
        Remark::NoEmail => Undecided::new("Email", "no column keeps an e-mail address: map one"),
        Remark::NoLastName => {
            Undecided::new("LastName", "no column keeps a last name: Salesforce takes no Contact without one")
        }
        Remark::OptOut(column) => Undecided::new(
            column,
            "seems to say no to mail or calls: map it to an opt-out field, or to an opt-in with yes and no exchanged",
        ),
        Remark::UnclearConsent(column) => {
            Undecided::new(column, "could be consent, but its values are not of two kinds: map it by hand")
        }
    }
}

/// What stands in the way of a proposed rule in the org; `None`: nothing.
#[must_use]
pub fn of_org(rule: &FieldRule, org: &OrgView) -> Option<Undecided> {
    let columns = rule.columns.join(", ");
    match org.contact.field(&rule.contact_field) {
        None => Some(Undecided::new(
            &rule.contact_field,
            format!(
                "proposed for {columns}, and the org does not show it to our user: create it, or map another field"
            ),
        )),
        Some(field) if rule.direction != Direction::Pull && !(field.createable && field.updateable) => {
            Some(Undecided::new(
                &rule.contact_field,
                format!(
                    "proposed for {columns}, and our user may not edit it: give access, or set direction = \"pull\""
                ),
            ))
        }
        Some(_) => None,
    }
}
