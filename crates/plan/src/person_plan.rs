//! What a cycle would write for one person, field by field, and why.

use std::sync::Arc;

use model::{
    AccountId, CaseKind, Cause, Cell, ContactId, Decision, Digest, DigestKey, Evidence, Lane, Leave, Policy,
    RuleKey, Subject, Supporter, SupporterId,
};
use serde::Serialize;
use serde::ser::{SerializeMap, Serializer};

use crate::Tie;

/// What is planned for one field.
#[derive(Debug, Clone)]
pub struct FieldPlan {
    /// The rule's place in the map.
    pub rule: usize,
    /// The rule's name in the state.
    pub key: RuleKey,
    /// The Contact field's API name.
    pub field: Arc<str>,
    /// What is to be done.
    pub decision: Decision,
    /// A value of an unsettled write that is seen to have arrived: what both sides agreed on then.
    pub landed: Option<Digest>,
    /// The supporter's normalized value.
    pub supporter: Cell,
    /// The Contact's normalized value.
    pub contact: Cell,
    /// Digest of the supporter's value.
    pub supporter_digest: Digest,
    /// Digest of the Contact's value.
    pub contact_digest: Digest,
    /// Whether it is a consent, or the date of one.
    pub consent: bool,
}

impl FieldPlan {
    /// The kind of case that a held field is.
    #[must_use]
    pub const fn held_as(&self) -> CaseKind {
        if self.consent { CaseKind::ConsentConflict } else { CaseKind::ConflictHeld }
    }

    /// Whether the field goes to the Contact.
    #[must_use]
    pub const fn to_contact(&self) -> bool {
        matches!(self.decision, Decision::ToContact(_))
    }

    /// Whether the field goes to the supporter.
    #[must_use]
    pub const fn to_supporter(&self) -> bool {
        matches!(self.decision, Decision::ToSupporter(_))
    }
}

/// What is planned for one person.
#[derive(Debug, Clone)]
pub struct PersonPlan {
    /// The supporter as read; `None`: to be created.
    pub supporter: Option<Supporter>,
    /// The Contact; `None`: to be created.
    pub contact: Option<ContactId>,
    /// The Contact's Account, by which rows are sorted.
    pub account: Option<AccountId>,
    /// How the two belong together.
    pub tie: Tie,
    /// Field by field, every rule.
    pub fields: Vec<FieldPlan>,
    /// The Contact does not carry the supporter's id yet.
    pub stamp_contact: bool,
    /// The supporter's row does not carry the Contact's Id yet.
    pub stamp_supporter: bool,
    /// The Contact says that its supporter was deleted.
    pub ticked: bool,
    /// Digest over all values of both sides: what a block remembers.
    pub record: Digest,
    /// Whether the person was set aside until now.
    pub blocked: bool,
}

impl PersonPlan {
    /// The supporter's id, if there is a supporter.
    #[must_use]
    pub fn supporter_id(&self) -> Option<&SupporterId> {
        self.supporter.as_ref().map(|supporter| &supporter.id)
    }

    /// Whether the Contact is to be written, and by which lane.
    #[must_use]
    pub fn lane(&self) -> Option<Lane> {
        match (&self.tie, self.contact) {
            (Tie::Alone, None) if self.supporter.is_some() => Some(Lane::Upsert),
            (_, Some(_)) if self.stamp_contact || self.fields.iter().any(FieldPlan::to_contact) => {
                let update = !drill::planted(drill::Mistake::UpsertLinked);
                Some(if update { Lane::Update } else { Lane::Upsert })
            }
            (Tie::Linked(_) | Tie::Moved { .. } | Tie::Found(_) | Tie::Alone, _) => None,
        }
    }

    /// Whether the supporter is to be created from the Contact.
    #[must_use]
    pub const fn creates_supporter(&self) -> bool {
        matches!(self.tie, Tie::Alone) && self.supporter.is_none()
    }

    /// Whether the supporter's row is to be written.
    #[must_use]
    pub fn writes_supporter(&self) -> bool {
        self.creates_supporter() || self.stamp_supporter || self.fields.iter().any(FieldPlan::to_supporter)
    }

    /// The fields on which nobody but a person can decide.
    pub fn held(&self) -> impl Iterator<Item = &FieldPlan> {
        self.fields.iter().filter(|field| matches!(field.decision, Decision::Hold(_)))
    }

    /// The evidence of a link that is to be made.
    #[must_use]
    pub const fn new_link(&self) -> Option<&Evidence> {
        match &self.tie {
            Tie::Found(evidence) => Some(evidence),
            Tie::Linked(_) | Tie::Moved { .. } | Tie::Alone => None,
        }
    }

    /// Whom the plan is about: the supporter, or the Contact of a supporter that is to be created.
    #[must_use]
    pub fn subject(&self) -> Option<Subject> {
        match (self.supporter_id(), self.contact) {
            (Some(id), _) => Some(Subject::Supporter(id.clone())),
            (None, Some(contact)) => Some(Subject::Contact(contact)),
            (None, None) => None,
        }
    }

    /// What somebody agrees to who agrees to this plan: who the two are, how they belong together, what goes where, and the
    /// values it was decided on. A plan made later has the same fingerprint when nothing about any of it changed.
    #[must_use]
    pub fn fingerprint(&self, key: &DigestKey) -> Digest {
        let tie = match &self.tie {
            Tie::Linked(_) => "linked",
            Tie::Moved { .. } => "moved",
            Tie::Found(evidence) => evidence.code(),
            Tie::Alone => "alone",
        };
        let mut text = format!("{tie} {:?} {:?} {}", self.subject(), self.contact, self.action());
        for field in &self.fields {
            let (change, reason) = explain(field.decision);
            text.push_str(&format!(" {}={change}:{reason}", field.field));
        }
        key.combine([key.digest(RuleKey(0), &Cell::Value(text.into())), self.record])
    }

    /// Whether nothing at all is to be written to either side.
    #[must_use]
    pub fn is_still(&self) -> bool {
        self.lane().is_none() && !self.writes_supporter()
    }

    /// What happens to the person, in one stable word.
    #[must_use]
    pub fn action(&self) -> &'static str {
        match (self.lane(), self.creates_supporter(), self.writes_supporter()) {
            (_, true, _) => "create_supporter",
            (Some(Lane::Upsert), ..) => "create_contact",
            (Some(Lane::Update), _, true) => "update_both",
            (Some(Lane::Update), _, false) => "update_contact",
            (None, _, true) => "update_supporter",
            (None, _, false) => "nothing",
        }
    }
}

/// What a reader is told about a decision: where the value goes, and why.
#[must_use]
pub const fn explain(decision: Decision) -> (&'static str, &'static str) {
    match decision {
        Decision::InStep => ("in_step", "both sides hold the same value"),
        Decision::ToContact(Cause::Changed) => ("to_contact", "only the supporter changed since both agreed"),
        Decision::ToContact(Cause::FirstLink) => ("to_contact", "first meeting, and the Contact has no say"),
        Decision::ToContact(Cause::Policy(policy)) => ("to_contact", by_policy(policy)),
        Decision::ToSupporter(Cause::Changed) => {
            ("to_supporter", "only the Contact changed since both agreed")
        }
        Decision::ToSupporter(Cause::FirstLink) => {
            ("to_supporter", "first meeting, and the supporter has no say")
        }
        Decision::ToSupporter(Cause::Policy(policy)) => ("to_supporter", by_policy(policy)),
        Decision::Hold(policy) => ("held", by_policy(policy)),
        Decision::Leave(Leave::Absent) => ("left", "one side did not deliver the field"),
        Decision::Leave(Leave::OneWay) => ("left", "the field does not travel in that direction"),
        Decision::Leave(Leave::Unconfirmed) => ("left", "a yes that only the person confirms"),
        Decision::Leave(Leave::Blank) => ("left", "an empty value does not travel here"),
    }
}

const fn by_policy(policy: Policy) -> &'static str {
    match policy {
        Policy::Salesforce => "both differ; policy: Salesforce is right",
        Policy::Supporter => "both differ; policy: the supporter is right",
        Policy::Newest => "both differ; policy: the record modified last is right",
        Policy::NonEmpty => "both differ; policy: the side that holds something is right",
        Policy::Hold => "both differ; policy: a person decides",
        Policy::MostRestrictive => "both differ; policy: the opt-out is right",
    }
}

impl Serialize for PersonPlan {
    /// Ids, field names and reasons only: a plan may be shown and stored without personal data.
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Shown<'a> {
            field: &'a str,
            action: &'static str,
            reason: &'static str,
        }
        let differs = |field: &&FieldPlan| field.decision != Decision::InStep;
        let fields: Vec<Shown<'_>> = self
            .fields
            .iter()
            .filter(differs)
            .map(|field| {
                let (action, reason) = explain(field.decision);
                Shown { field: &field.field, action, reason }
            })
            .collect();
        let mut map = to.serialize_map(None)?;
        map.serialize_entry("supporter", &self.supporter_id())?;
        map.serialize_entry("contact", &self.contact)?;
        map.serialize_entry("action", self.action())?;
        map.serialize_entry("link", &self.new_link().map(Evidence::code))?;
        map.serialize_entry("fields", &fields)?;
        map.end()
    }
}
