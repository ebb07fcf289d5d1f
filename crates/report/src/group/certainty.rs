//! What connects a group, what speaks against it, and what is to be done.

use std::collections::BTreeSet;

use model::{Case, CaseKind};

use super::member::{Member, folded};

/// What is to be done about a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Action {
    /// Several records of one side are one person.
    Merge,
    /// Somebody must say who is who.
    Decide,
    /// Nobody is in question; something about the records is.
    Correct,
}

impl Action {
    pub(super) fn of(cases: &[&Case], members: &[Member], perhaps: &[Member]) -> Self {
        let several = |supporters: bool| {
            members.iter().filter(|member| !member.gone && member.is_supporter() == supporters).count() > 1
        };
        if several(true) || several(false) {
            Self::Merge
        } else if !perhaps.is_empty() || cases.iter().any(|case| connects(case.kind) || doubtful(case.kind)) {
            Self::Decide
        } else {
            Self::Correct
        }
    }

    /// A stable word.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Merge => "merge",
            Self::Decide => "decide",
            Self::Correct => "correct",
        }
    }
}

/// How sure it is that all members are one person.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Certainty {
    /// An Id says so.
    Sure,
    /// Address and names fit.
    Likely,
    /// It may well be wrong.
    LookFirst,
}

impl Certainty {
    pub(super) fn of(cases: &[&Case], doubts: &[String]) -> Self {
        if !doubts.is_empty() {
            Self::LookFirst
        } else if cases.iter().all(|case| by_id(case.kind)) {
            Self::Sure
        } else {
            Self::Likely
        }
    }

    /// A stable word.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Sure => "sure",
            Self::Likely => "likely",
            Self::LookFirst => "look first",
        }
    }
}

/// Whether a case of this kind says that whoever it names is one person.
pub(super) const fn connects(kind: CaseKind) -> bool {
    match kind {
        CaseKind::AmbiguousContacts
        | CaseKind::ReviewMatch
        | CaseKind::TwoSupportersOneContact
        | CaseKind::SeveralContactsOneKey
        | CaseKind::MergedIntoLinked
        | CaseKind::SupporterMergeNeeded
        | CaseKind::ContactMergeNeeded => true,
        CaseKind::NamesDisagree
        | CaseKind::IdAndEmailDisagree
        | CaseKind::ContactDeleted
        | CaseKind::SupporterDeleted
        | CaseKind::ConflictHeld
        | CaseKind::ConsentConflict
        | CaseKind::DuplicateUnresolved
        | CaseKind::DuplicateOfOtherObject
        | CaseKind::Blocked
        | CaseKind::Systemic => false,
    }
}

/// Whether an Id and no likeness is behind it.
const fn by_id(kind: CaseKind) -> bool {
    matches!(
        kind,
        CaseKind::TwoSupportersOneContact
            | CaseKind::SeveralContactsOneKey
            | CaseKind::MergedIntoLinked
            | CaseKind::ContactMergeNeeded
    )
}

/// Whether a case of this kind asks who somebody is.
const fn doubtful(kind: CaseKind) -> bool {
    matches!(
        kind,
        CaseKind::ReviewMatch
            | CaseKind::NamesDisagree
            | CaseKind::IdAndEmailDisagree
            | CaseKind::DuplicateUnresolved
            | CaseKind::DuplicateOfOtherObject
    )
}

/// What speaks against it that all members are one person.
pub(super) fn doubts(cases: &[&Case], members: &[Member], perhaps: &[Member]) -> Vec<String> {
    let mut doubts = Vec::new();
    let kinds: BTreeSet<CaseKind> =
        cases.iter().map(|case| case.kind).filter(|kind| doubtful(*kind)).collect();
    doubts.extend(kinds.into_iter().map(|kind| format!("{}: {}", kind.code(), kind.advice())));
    for field in ["FirstName", "LastName", "Birthdate"] {
        let values: BTreeSet<String> =
            members.iter().filter_map(|member| member.value(field)).map(folded).collect();
        if values.len() > 1 {
            doubts.push(format!(
                "{field} is not the same everywhere: a couple or a family may share an address"
            ));
        }
    }
    if !perhaps.is_empty() {
        let named: Vec<String> = perhaps.iter().map(|other| other.subject.to_string()).collect();
        doubts.push(format!("not taken for the same person: {}", named.join(", ")));
    }
    doubts
}

/// What connects the members.
pub(super) fn because(cases: &[&Case], members: &[Member]) -> Vec<String> {
    let mut because: BTreeSet<String> = BTreeSet::new();
    for case in cases {
        let reasons = case.reasons.join(", ");
        let about = &case.subject;
        because.insert(if reasons.is_empty() {
            format!("{} about {about}", case.kind.code())
        } else {
            format!("{} about {about}: {reasons}", case.kind.code())
        });
    }
    for member in members.iter().filter(|member| member.is_supporter()) {
        if let Some(link) = &member.link {
            let since = link.made_at.to_seconds_text();
            because.insert(format!(
                "link of supporter {} and Contact {}, made {since} by {}",
                link.supporter,
                link.contact,
                link.evidence.code()
            ));
        }
    }
    because.into_iter().collect()
}
