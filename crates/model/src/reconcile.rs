//! The one decision everything rests on: given what both sides agreed on last and what they hold now, what is to be written?
//!
//! Timestamps take no part in it. A side has *changed* a field when its value differs from the base, and from every value
//! highwater itself tried to write there and does not yet know the outcome of.

use serde::{Deserialize, Serialize};

use crate::{Blank, Cell, Digest, Direction, FieldRule, Policy, Side};

/// One side's value of one field, as far as the decision needs it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct View {
    /// Digest of the normalized value.
    pub digest: Digest,
    /// What is there.
    pub presence: Presence,
}

/// What a field holds, as far as the decision needs it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Presence {
    /// Not read: nothing may be concluded.
    Absent,
    /// Nothing.
    Empty,
    /// A "no" (an unticked checkbox).
    No,
    /// A "yes" (a ticked checkbox), or any other value.
    Filled,
}

impl Presence {
    /// Reads it off a normalized cell.
    #[must_use]
    pub fn of(cell: &Cell) -> Self {
        match cell {
            Cell::Absent => Self::Absent,
            Cell::Empty => Self::Empty,
            Cell::Value(text) if &**text == "false" => Self::No,
            Cell::Value(_) => Self::Filled,
        }
    }
}

/// Values highwater tried to write and whose outcome is not settled.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct InFlight {
    /// Last tried on the Contact.
    pub to_contact: Option<Digest>,
    /// Last tried on the supporter.
    pub to_supporter: Option<Digest>,
}

/// All that a decision may look at.
#[derive(Debug, Clone, Copy)]
pub struct Question<'a> {
    /// The field's rule.
    pub rule: &'a FieldRule,
    /// The value both sides last agreed on; `None` before the first agreement.
    pub base: Option<Digest>,
    /// The supporter's value now.
    pub supporter: View,
    /// The Contact's value now.
    pub contact: View,
    /// Writes not yet settled.
    pub in_flight: InFlight,
    /// The side whose *record* was modified later by more than the tolerance; asked for by policy `newest` only.
    pub newer: Option<Side>,
    /// The side whose consent is dated later by more than the tolerance; only where both sides date it.
    pub dated_later: Option<Side>,
}

/// Why a value is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    /// Only this side changed since both agreed.
    Changed,
    /// The two records meet for the first time and the other side is empty, or has no say.
    FirstLink,
    /// Both sides changed and the policy chose this one, or a yes goes over a no that has no say. The other side's value is
    /// overwritten, and that is logged.
    Policy(Policy),
}

/// Why nothing is written although the values differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Leave {
    /// One side did not deliver the field.
    Absent,
    /// The field does not travel in that direction.
    OneWay,
    /// An empty value does not travel here.
    Blank,
    /// A yes that only the person confirms is not written for them.
    Unconfirmed,
}

/// What to do about one field of one person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Decision {
    /// Equal: this value is the base from now on.
    InStep,
    /// Write the supporter's value to the Contact.
    ToContact(Cause),
    /// Write the Contact's value to the supporter.
    ToSupporter(Cause),
    /// A person must decide.
    Hold(Policy),
    /// Different, and to be left so.
    Leave(Leave),
}

/// Decides one field. Total; symmetric in the two sides; carrying the decision out and asking again gives
/// [`Decision::InStep`].
#[must_use]
pub fn reconcile(q: &Question<'_>) -> Decision {
    if q.supporter.presence == Presence::Absent || q.contact.presence == Presence::Absent {
        return Decision::Leave(Leave::Absent);
    }
    if q.supporter.digest == q.contact.digest {
        return Decision::InStep;
    }
    // A write that was tried and is not seen to have arrived is no agreement: it may never have left, and an empty field that
    // it did not reach would otherwise count as emptied since, and clear what the other side holds.
    let arrived = q.in_flight.to_contact == Some(q.contact.digest)
        || q.in_flight.to_supporter == Some(q.supporter.digest);
    let met_before = q.base.is_some() || arrived;
    let ours = |side: Side, value: Digest| {
        let tried = match side {
            Side::Supporter => q.in_flight.to_supporter,
            Side::Salesforce => q.in_flight.to_contact,
        };
        q.base == Some(value) || tried == Some(value)
    };
    let supporter_changed = !ours(Side::Supporter, q.supporter.digest);
    let contact_changed = !ours(Side::Salesforce, q.contact.digest);
    match q.rule.direction {
        Direction::Push => one_way(q, Side::Supporter, met_before, supporter_changed),
        Direction::Pull => one_way(q, Side::Salesforce, met_before, contact_changed),
        Direction::Both if !met_before => first_link(q),
        Direction::Both => match (supporter_changed, contact_changed) {
            (true, false) => carry(q, Side::Supporter, Cause::Changed),
            (false, true) => carry(q, Side::Salesforce, Cause::Changed),
            // Each side holds a value we know, yet not the same one: a write of ours arrived on one side only, or an
            // older value came back. The side that holds the base carries the older agreement; the supporter's is sent again.
            (false, false) if q.base == Some(q.supporter.digest) => carry(q, Side::Supporter, Cause::Changed),
            (false, false) => carry(q, Side::Salesforce, Cause::Changed),
            (true, true) => conflict(q, q.rule.policy),
        },
    }
}

/// A field that travels one way: its owner's change is delivered; an edit on the far side is somebody else's business.
fn one_way(q: &Question<'_>, owner: Side, met_before: bool, owner_changed: bool) -> Decision {
    let owned = view(q, owner);
    if !met_before {
        return if owned.presence == Presence::Empty {
            Decision::Leave(Leave::Blank)
        } else {
            carry(q, owner, no_say(q, owner))
        };
    }
    if owner_changed { carry(q, owner, Cause::Changed) } else { Decision::Leave(Leave::OneWay) }
}

/// Why a field's owner is written over the other side at a first meeting: that one has no say. A no that is lost so is told of all the
/// same, like every value that a choice of the map's overwrote.
fn no_say(q: &Question<'_>, owner: Side) -> Cause {
    if !(q.rule.is_consent() && yes_over_no(q, owner)) {
        return Cause::FirstLink;
    }
    Cause::Policy(match owner {
        Side::Supporter => Policy::Supporter,
        Side::Salesforce => Policy::Salesforce,
    })
}

/// Whether carrying the decision out writes a yes over a no.
#[must_use]
pub fn loosens(q: &Question<'_>, decision: Decision) -> bool {
    match decision {
        Decision::ToContact(_) => yes_over_no(q, Side::Supporter),
        Decision::ToSupporter(_) => yes_over_no(q, Side::Salesforce),
        Decision::InStep | Decision::Hold(_) | Decision::Leave(_) => false,
    }
}

/// Two records that differ and never agreed before: an empty side takes the other's value, else the rule's policy decides.
fn first_link(q: &Question<'_>) -> Decision {
    match (q.supporter.presence, q.contact.presence) {
        (Presence::Empty, _) => carry(q, Side::Salesforce, Cause::FirstLink),
        (_, Presence::Empty) => carry(q, Side::Supporter, Cause::FirstLink),
        _ => conflict(q, q.rule.first_link),
    }
}

/// Whether a value is the "no" that must not be lost: an unticked opt-in, a ticked opt-out.
fn refuses(q: &Question<'_>, view: View) -> bool {
    let no = if q.rule.is_opt_out() { Presence::Filled } else { Presence::No };
    view.presence == no
}

/// Whether a value is the "yes" of a consent.
fn consents(q: &Question<'_>, view: View) -> bool {
    let yes = if q.rule.is_opt_out() { Presence::No } else { Presence::Filled };
    view.presence == yes
}

/// The side whose yes was given after the other side's no, by the dates of both.
fn newer_yes(q: &Question<'_>) -> Option<Side> {
    q.dated_later.filter(|&side| yes_over_no(q, side))
}

/// Whether this side says yes where the other says no.
fn yes_over_no(q: &Question<'_>, from: Side) -> bool {
    let over = match from {
        Side::Supporter => Side::Salesforce,
        Side::Salesforce => Side::Supporter,
    };
    consents(q, view(q, from)) && refuses(q, view(q, over))
}

/// The decision on the date of a consent, which goes where the consent went: a yes never stands beside the date of a no. `own`
/// is what the date's own rule came to.
#[must_use]
pub fn follow(date: &Question<'_>, own: Decision, consent: Decision) -> Decision {
    match (own, consent) {
        (Decision::InStep | Decision::Leave(_), _) => own,
        (_, Decision::ToContact(Cause::Policy(policy))) if date.rule.pushes() => {
            carry(date, Side::Supporter, Cause::Policy(policy))
        }
        (_, Decision::ToSupporter(Cause::Policy(policy))) if date.rule.pulls() => {
            carry(date, Side::Salesforce, Cause::Policy(policy))
        }
        (_, Decision::Hold(policy)) => Decision::Hold(policy),
        (Decision::ToSupporter(_), Decision::Leave(Leave::Unconfirmed)) => {
            Decision::Leave(Leave::Unconfirmed)
        }
        (_, Decision::Leave(Leave::OneWay)) => Decision::Leave(Leave::OneWay),
        (_, Decision::InStep | Decision::Leave(_) | Decision::ToContact(_) | Decision::ToSupporter(_)) => own,
    }
}

/// Both sides changed.
fn conflict(q: &Question<'_>, policy: Policy) -> Decision {
    // An empty value that may not travel has no say: the other side's stands.
    if stays_home(q, Side::Supporter) {
        return carry(q, Side::Salesforce, Cause::Policy(policy));
    }
    if stays_home(q, Side::Salesforce) {
        return carry(q, Side::Supporter, Cause::Policy(policy));
    }
    let winner = match policy {
        Policy::Salesforce => Some(Side::Salesforce),
        Policy::Supporter => Some(Side::Supporter),
        Policy::Newest => q.newer,
        Policy::NonEmpty => match (q.supporter.presence, q.contact.presence) {
            (Presence::Empty, _) => Some(Side::Salesforce),
            (_, Presence::Empty) => Some(Side::Supporter),
            _ => None,
        },
        Policy::MostRestrictive => newer_yes(q).or(match (refuses(q, q.supporter), refuses(q, q.contact)) {
            (true, _) => Some(Side::Supporter),
            (false, true) => Some(Side::Salesforce),
            (false, false) => None,
        }),
        Policy::Hold => None,
    };
    winner.map_or(Decision::Hold(policy), |side| carry(q, side, Cause::Policy(policy)))
}

/// Writes `from`'s value to the other side, unless it is empty and empties do not travel, or a yes that only the person gives.
fn carry(q: &Question<'_>, from: Side, cause: Cause) -> Decision {
    if stays_home(q, from) {
        return Decision::Leave(Leave::Blank);
    }
    match from {
        Side::Supporter => Decision::ToContact(cause),
        Side::Salesforce if q.rule.confirmation && !refuses(q, q.contact) => {
            Decision::Leave(Leave::Unconfirmed)
        }
        Side::Salesforce => Decision::ToSupporter(cause),
    }
}

/// Whether `side` holds nothing and nothing must not travel.
fn stays_home(q: &Question<'_>, side: Side) -> bool {
    let rule = match side {
        Side::Supporter => q.rule.blank_to_contact,
        Side::Salesforce => q.rule.blank_to_supporter,
    };
    view(q, side).presence == Presence::Empty && (rule == Blank::Keep || q.rule.is_identity())
}

const fn view(q: &Question<'_>, side: Side) -> View {
    match side {
        Side::Supporter => q.supporter,
        Side::Salesforce => q.contact,
    }
}

#[cfg(test)]
mod tests;
