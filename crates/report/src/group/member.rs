//! The records of a group, as far as the state knows them.

use std::collections::{BTreeMap, BTreeSet};

use model::{Case, CaseKind, CaseRecord, Link, Subject};
use state::State;

use super::MAX_MEMBERS;
use super::certainty::connects;
use super::grouping::links;
use crate::{Error, Options};

/// One record of a group.
pub(crate) struct Member {
    /// Which.
    pub(crate) subject: Subject,
    /// Where it is shown.
    pub(crate) url: Option<String>,
    /// Its live link.
    pub(crate) link: Option<Link>,
    /// Merged into another one already.
    pub(crate) gone: bool,
    record: Option<CaseRecord>,
}

impl Member {
    pub(crate) const fn is_supporter(&self) -> bool {
        matches!(self.subject, Subject::Supporter(_))
    }

    /// The id alone.
    pub(crate) fn id(&self) -> String {
        match &self.subject {
            Subject::Supporter(id) => id.to_string(),
            Subject::Contact(id) => id.to_string(),
        }
    }

    /// Its values, where a case shows them.
    pub(crate) const fn record(&self) -> Option<&CaseRecord> {
        self.record.as_ref()
    }

    /// One of its values that is not empty.
    pub(crate) fn value(&self, field: &str) -> Option<&str> {
        let fields = &self.record.as_ref()?.fields;
        let value = fields.iter().find(|(name, _)| name == field).map(|(_, value)| value.as_str())?;
        (!value.trim().is_empty()).then_some(value)
    }

    /// How many of its mapped fields hold something; `None`: its values are not known.
    pub(crate) fn filled(&self) -> Option<usize> {
        let fields = &self.record.as_ref()?.fields;
        Some(fields.iter().filter(|(_, value)| !value.trim().is_empty()).count())
    }

    /// Whether the two are linked with each other.
    pub(crate) fn is_linked_with(&self, other: &Subject) -> bool {
        self.link.as_ref().is_some_and(|link| match other {
            Subject::Supporter(id) => link.supporter == *id,
            Subject::Contact(id) => link.contact == *id,
        })
    }
}

/// Who belongs to a group, and who may.
pub(super) struct Found {
    pub(super) members: Vec<Member>,
    pub(super) perhaps: Vec<Member>,
}

/// Finds everybody whom the cases of a group name, and whoever those are linked to.
pub(super) fn found(state: &State, options: &Options, cases: &[&Case]) -> Result<Found, Error> {
    let mut certain: BTreeSet<Subject> = cases.iter().map(|case| case.subject.clone()).collect();
    let mut named: BTreeSet<Subject> = BTreeSet::new();
    for case in cases {
        let to = if connects(case.kind) { &mut certain } else { &mut named };
        to.extend(subjects(case));
    }
    let mut linked: BTreeMap<Subject, Link> = BTreeMap::new();
    for link in links(state, cases)? {
        let ends = [Subject::Supporter(link.supporter.clone()), Subject::Contact(link.contact)];
        if ends.iter().any(|end| certain.contains(end)) {
            certain.extend(ends.iter().cloned());
        }
        linked.extend(ends.into_iter().map(|end| (end, link.clone())));
    }
    let mut values = values(cases);
    let gone = gone(cases);
    let others: Vec<Subject> = named.difference(&certain).cloned().collect();
    let mut member = |subject: Subject| Member {
        url: options.links.of(&subject),
        link: linked.get(&subject).cloned(),
        gone: gone.contains(&subject),
        record: values.remove(&subject),
        subject,
    };
    let members = certain.into_iter().take(MAX_MEMBERS).map(&mut member).collect();
    let perhaps = others.into_iter().take(MAX_MEMBERS).map(&mut member).collect();
    Ok(Found { members, perhaps })
}

fn subjects(case: &Case) -> impl Iterator<Item = Subject> + '_ {
    let supporters = case.supporters.iter().cloned().map(Subject::Supporter);
    supporters.chain(case.contacts.iter().copied().map(Subject::Contact))
}

/// The values of each record; where several cases show one, those that were seen last.
fn values(cases: &[&Case]) -> BTreeMap<Subject, CaseRecord> {
    let mut by_age: Vec<&&Case> = cases.iter().collect();
    by_age.sort_by_key(|case| case.seen_at);
    let mut values: BTreeMap<Subject, CaseRecord> = BTreeMap::new();
    for record in by_age.into_iter().flat_map(|case| &case.records) {
        let Some(known) = values.get_mut(&record.subject) else {
            values.insert(record.subject.clone(), record.clone());
            continue;
        };
        for (name, value) in &record.fields {
            match known.fields.iter_mut().find(|(known, _)| known == name) {
                Some((_, known)) => known.clone_from(value),
                None => known.fields.push((name.clone(), value.clone())),
            }
        }
    }
    values
}

/// The Contacts that were merged away already. The linked one stands first in such a case, the one that remains second.
fn gone(cases: &[&Case]) -> BTreeSet<Subject> {
    let merged =
        cases.iter().filter(|case| case.kind == CaseKind::MergedIntoLinked && case.contacts.len() > 1);
    merged.filter_map(|case| case.contacts.first().copied().map(Subject::Contact)).collect()
}

/// First name, last name and address as one compares them: only who has all three is found by them.
pub(super) fn address_of(record: &CaseRecord) -> Option<[String; 3]> {
    let of = |field: &str| {
        let value = record.fields.iter().find(|(name, _)| name == field).map(|(_, value)| folded(value))?;
        (!value.is_empty()).then_some(value)
    };
    let address = of("Email").filter(|address| address.contains('@'))?;
    Some([of("FirstName")?, of("LastName")?, address])
}

/// Without case and outer white space.
pub(super) fn folded(value: &str) -> String {
    value.trim().to_lowercase()
}
