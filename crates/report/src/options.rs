//! What a report shows, and how.

use model::field_map::Consent as Meaning;
use model::{Case, CaseKind, ContactId, Stamp, Subject, SupporterId};

use crate::{Format, LinkPattern};

/// How many columns a table takes when nothing else is said.
const WIDTH: u16 = 120;

/// How a report is made.
#[derive(Debug, Clone)]
pub struct Options {
    /// The format.
    pub format: Format,
    /// Links into both systems.
    pub links: Links,
    /// The width of tables in columns. Default 120.
    pub width: u16,
    /// Only cases of these kinds; empty: all.
    pub kinds: Vec<CaseKind>,
    /// Cases that are snoozed, ignored or decided, too.
    pub with_settled: bool,
    /// What counts as now: a case that is snoozed until later does not wait. Default: the beginning of time.
    pub now: Stamp,
    /// Which fields are consent.
    pub consent: Consent,
    /// What stands on every page, so that a sandbox is not taken for production.
    pub banner: Option<String>,
    /// Only the fields that differ. Default no: what agrees helps to recognise a person.
    pub differences_only: bool,
}

impl Options {
    /// Whether a case is asked for.
    #[must_use]
    pub fn wants(&self, case: &Case) -> bool {
        let kind = self.kinds.is_empty() || self.kinds.contains(&case.kind);
        kind && (self.with_settled || case.standing.waits(self.now))
    }
}

impl Default for Options {
    fn default() -> Self {
        Self {
            format: Format::default(),
            links: Links::default(),
            width: WIDTH,
            kinds: Vec::new(),
            with_settled: false,
            now: Stamp::EPOCH,
            consent: Consent::default(),
            banner: None,
            differences_only: false,
        }
    }
}

/// Which Contact fields are consent, where it is not plain from their values: a checkbox is, unless it is listed here.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Consent {
    /// Further fields that are.
    pub fields: Vec<String>,
    /// Checkboxes that are not.
    pub never: Vec<String>,
    /// Those whose tick is the no, or the yes, whatever their name says.
    pub meant: Vec<(String, Meaning)>,
}

/// Where a record is shown in its own system.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Links {
    /// A supporter's page.
    pub supporter: Option<LinkPattern>,
    /// A Contact's page, usually `https://<my domain>.lightning.force.com/lightning/r/Contact/{id}/view`.
    pub contact: Option<LinkPattern>,
}

impl Links {
    /// A supporter's page, where a pattern is configured.
    #[must_use]
    pub fn of_supporter(&self, id: &SupporterId) -> Option<String> {
        self.supporter.as_ref().map(|pattern| pattern.fill(id.as_str()))
    }

    /// A Contact's page, where a pattern is configured.
    #[must_use]
    pub fn of_contact(&self, id: &ContactId) -> Option<String> {
        self.contact.as_ref().map(|pattern| pattern.fill(id.as_str()))
    }

    pub(crate) fn of(&self, subject: &Subject) -> Option<String> {
        match subject {
            Subject::Supporter(id) => self.of_supporter(id),
            Subject::Contact(id) => self.of_contact(id),
        }
    }
}
