//! Who is one person: supporters and Contacts that hang together, what to keep, and what to do in which order.
//!
//! [`Grouping`] goes over the open cases once and remembers a number per id named there; [`Group`] is made one at a time from the
//! cases that belong to it. Memory grows with the number of cases by some hundred bytes each, never with what they hold.

mod certainty;
mod consent;
mod fields;
mod grouping;
mod household;
mod keep;
mod member;
mod steps;
mod union;

use model::{Case, Stamp};
use state::State;

pub(crate) use certainty::{Action, Certainty};
pub(crate) use consent::ConsentLine;
pub(crate) use fields::Gain;
pub(crate) use grouping::{Grouping, Piece};
pub(crate) use keep::Keep;
pub(crate) use member::Member;

use crate::comparison::{FieldRow, compare};
use crate::{Error, Options};

/// How many cases of one group are looked at together; what a person cannot survey is not proposed.
const MAX_CASES: usize = 50;
/// How many members are shown.
const MAX_MEMBERS: usize = 100;

/// Supporters and Contacts that are, or may be, one person.
pub(crate) struct Group {
    /// A name that stays the same for as long as the group's first member does.
    pub(crate) id: String,
    /// What is to be done.
    pub(crate) action: Action,
    /// How sure it is that they are one person.
    pub(crate) certainty: Certainty,
    /// What connects them.
    pub(crate) because: Vec<String>,
    /// What speaks against it.
    pub(crate) doubts: Vec<String>,
    /// Supporters first, then Contacts, each in the order of their ids.
    pub(crate) members: Vec<Member>,
    /// Others that may be meant; nothing is proposed for them.
    pub(crate) perhaps: Vec<Member>,
    /// Who should remain.
    pub(crate) keep: Keep,
    /// What those that go have and the one that remains lacks.
    pub(crate) gains: Vec<Gain>,
    /// Every consent that the members do not agree on, or that is a no.
    pub(crate) consent: Vec<ConsentLine>,
    /// What merging does to households.
    pub(crate) household: Vec<String>,
    /// What to do, in this order.
    pub(crate) steps: Vec<String>,
    /// The oldest case's beginning.
    pub(crate) since: Stamp,
    /// The cases it was made from.
    pub(crate) cases: Vec<Case>,
    /// How many more cases belong to it.
    pub(crate) more: usize,
}

impl Group {
    /// Looks at the cases of one group. `cases` is not empty.
    pub(crate) fn of(state: &State, options: &Options, id: String, cases: Vec<Case>) -> Result<Self, Error> {
        let (looked_at, more) =
            (cases.iter().take(MAX_CASES).collect::<Vec<_>>(), cases.len().saturating_sub(MAX_CASES));
        let found = member::found(state, options, &looked_at)?;
        let (members, perhaps) = (found.members, found.perhaps);
        let doubts = certainty::doubts(&looked_at, &members, &perhaps);
        let action = Action::of(&looked_at, &members, &perhaps);
        let certainty = Certainty::of(&looked_at, &doubts);
        let keep = keep::keep(action, &members);
        let gains = fields::gains(&members, &keep);
        let consent = consent::lines(&members, options);
        let household = household::effects(&members, action);
        let mut group = Self {
            id,
            action,
            certainty,
            because: certainty::because(&looked_at, &members),
            doubts,
            members,
            perhaps,
            keep,
            gains,
            consent,
            household,
            steps: Vec::new(),
            since: looked_at.iter().map(|case| case.opened_at).min().unwrap_or(Stamp::EPOCH),
            cases: Vec::new(),
            more,
        };
        group.steps = steps::steps(&group, &looked_at);
        group.cases = cases;
        group.cases.truncate(MAX_CASES);
        Ok(group)
    }

    /// The supporters.
    pub(crate) fn supporters(&self) -> impl Iterator<Item = &Member> {
        self.members.iter().filter(|member| member.is_supporter())
    }

    /// The Contacts.
    pub(crate) fn contacts(&self) -> impl Iterator<Item = &Member> {
        self.members.iter().filter(|member| !member.is_supporter())
    }

    /// The member that should remain among the supporters.
    pub(crate) fn kept_supporter(&self) -> Option<&Member> {
        self.keep.supporter.and_then(|at| self.members.get(at))
    }

    /// The member that should remain among the Contacts.
    pub(crate) fn kept_contact(&self) -> Option<&Member> {
        self.keep.contact.and_then(|at| self.members.get(at))
    }

    /// What is proposed to become of a member: `stays`, `goes`, `gone` already, `perhaps` not of the group, or nothing.
    pub(crate) fn fate(&self, member: &Member) -> &'static str {
        let kept = [self.kept_supporter(), self.kept_contact()];
        if self.perhaps.iter().any(|other| other.subject == member.subject) {
            "perhaps"
        } else if member.gone {
            "gone"
        } else if kept.iter().all(Option::is_none) {
            ""
        } else if kept.iter().flatten().any(|kept| kept.subject == member.subject) {
            "stays"
        } else {
            "goes"
        }
    }

    /// The records whose values are known: members first, then those that may be meant.
    pub(crate) fn known(&self) -> Vec<&Member> {
        self.members.iter().chain(&self.perhaps).filter(|member| member.record().is_some()).collect()
    }

    /// The fields of [`Self::known`] side by side.
    pub(crate) fn rows(&self, differences_only: bool) -> Vec<FieldRow<'_>> {
        let records: Vec<_> = self.known().into_iter().filter_map(Member::record).collect();
        compare(&records, differences_only && records.len() > 1)
    }

    /// Something to recognise the person by: a name if one is known, else the first id.
    pub(crate) fn title(&self) -> String {
        let named = self.members.iter().find_map(|member| {
            let name = [member.value("FirstName"), member.value("LastName")];
            let name = name.into_iter().flatten().collect::<Vec<_>>().join(" ");
            (!name.is_empty()).then_some(name)
        });
        let first = || self.members.first().map(|member| member.subject.to_string()).unwrap_or_default();
        named.unwrap_or_else(first)
    }
}
