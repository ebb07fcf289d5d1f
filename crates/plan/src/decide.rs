//! From a pair to a plan: skip it, leave it to a person, or say what is to be written.

use std::borrow::Cow;
use std::sync::Arc;

use model::{
    Block, Cell, Decision, Digest, DigestKey, Direction, FieldMap, FieldRule, InFlight, Intent, InvalidValue,
    Leave, Policy, Presence, Question, Side, Supporter, View, reconcile,
};

use crate::columns::SeenContact;
use crate::outcome::{Outcome, SkipReason};
use crate::person_plan::{FieldPlan, PersonPlan};
use crate::{Pair, Settings, Tie};

mod blank;
mod consent;
mod too_long;

pub use blank::BlankDigests;

/// What a pair comes to.
#[derive(Debug, Clone)]
pub enum Decided {
    /// Something may be written.
    Plan(Box<PersonPlan>),
    /// Nothing is written, for this reason.
    Skip(SkipReason),
    /// A value cannot stand on the other side: the record is set aside.
    Block {
        /// What to remember.
        block: Block,
        /// Whether it is the block that was there before, and nothing changed.
        known: bool,
    },
}

impl Decided {
    /// The outcome of what is not a plan.
    #[must_use]
    pub fn outcome(&self) -> Option<Outcome> {
        match self {
            Self::Plan(_) => None,
            Self::Skip(why) => Some(Outcome::Skipped(*why)),
            Self::Block { block, .. } => Some(Outcome::Blocked(block.code.clone())),
        }
    }
}

/// What deciding needs beside the pair.
#[derive(Debug, Clone, Copy)]
pub struct Rules<'a> {
    /// The field map.
    pub map: &'a FieldMap,
    /// The map's rules as far as the settings let them travel: see [`travelling`].
    pub fields: &'a [FieldRule],
    /// The settings.
    pub settings: &'a Settings,
    /// The key of all digests.
    pub key: &'a DigestKey,
    /// The digests of fields that hold nothing, under that key, rule by rule.
    pub blank: &'a [BlankDigests],
    /// Salesforce's clock, for a block's date.
    pub now: model::Stamp,
    /// A resync tries blocked records again.
    pub lift_blocks: bool,
    /// The Contact's Id goes back to the supporter's row: see [`crate::Sides::stamps_supporters`].
    pub stamps_supporters: bool,
}

/// The map's rules under the settings: where one direction is switched off, a field that travels both ways travels the other.
/// Its far side is then somebody else's business, and nothing waits for a write that never comes. For consents see
/// [`decided`].
#[must_use]
pub fn travelling<'a>(map: &'a FieldMap, settings: &Settings) -> Cow<'a, [FieldRule]> {
    let only = match (settings.push, settings.pull) {
        (true, true) => return Cow::Borrowed(map.rules()),
        (true, false) => Direction::Push,
        (false, _) => Direction::Pull,
    };
    let narrowed = |rule: &FieldRule| match rule.direction {
        Direction::Both => FieldRule { direction: only, ..rule.clone() },
        Direction::Push | Direction::Pull => rule.clone(),
    };
    Cow::Owned(map.rules().iter().map(narrowed).collect())
}

/// Decides one pair. A plan takes over what the pair holds of the supporter; any other answer leaves the pair as it is.
#[must_use]
pub fn decide(pair: &mut Pair, rules: &Rules<'_>) -> Decided {
    if let Some(why) = skip(pair, rules) {
        return Decided::Skip(why);
    }
    let absent: Vec<Cell> = Vec::new();
    let supporter = match &pair.supporter {
        Some(supporter) => stored_values(supporter, rules.map),
        None => rules.map.supporter_values(&absent),
    };
    let contact = match &pair.contact {
        Some(seen) => rules.map.contact_values(&seen.contact.cells),
        None => vec![Ok(Cell::Absent); rules.fields.len()],
    };
    let values = Values::of(supporter, contact, rules);
    let record = values.record(rules.key);
    let unwritable = values.first_invalid(rules.fields).or_else(|| fits_no_row(pair, &values, rules));
    if let Some((field, why)) = unwritable {
        return invalid(pair, rules, record, field, why);
    }
    if let Some(block) = &pair.block {
        let same = block.record == record && block.map == rules.map.digest(rules.key);
        let same = same || drill::planted(drill::Mistake::BlockNotLifted);
        if same && !rules.lift_blocks {
            return Decided::Skip(SkipReason::Blocked);
        }
        drill::met(drill::Branch::BlockLifted);
    }
    Decided::Plan(Box::new(plan(pair, rules, values, record)))
}

fn skip(pair: &Pair, rules: &Rules<'_>) -> Option<SkipReason> {
    if let Some(seen) = &pair.contact {
        if seen.contact.person_account {
            return Some(SkipReason::PersonAccount);
        }
        if seen.excluded || (seen.push_only && pair.supporter.is_none()) {
            return Some(SkipReason::Excluded);
        }
        if other_account(pair, seen, rules) {
            return Some(SkipReason::OtherAccount);
        }
    }
    match (&pair.supporter, &pair.contact, &pair.tie) {
        (None, None, _) => Some(SkipReason::Gone),
        (Some(supporter), None, Tie::Alone) => {
            if !(rules.settings.create_contacts && rules.settings.push) {
                return Some(SkipReason::NoContact);
            }
            (!has_last_name(supporter, rules.map)).then_some(SkipReason::NoLastName)
        }
        (None, Some(seen), Tie::Alone) => {
            if !(rules.settings.create_supporters && rules.settings.pull) {
                return Some(SkipReason::NoSupporter);
            }
            seen.emails.is_empty().then_some(SkipReason::NoEmail)
        }
        _ => None,
    }
}

/// Another account's Contact: it carries that account's id and is none of our supporters. Where only our own account's are wanted,
/// also one that is by now another's, or nobody's.
fn other_account(pair: &Pair, seen: &SeenContact, rules: &Rules<'_>) -> bool {
    let own = rules.map.technical().own_account();
    let (only_own, is_nobody) = (rules.settings.only_own_account, pair.supporter.is_none());
    if seen.of_other_account(own) {
        return only_own || is_nobody;
    }
    let accounted = own.is_none() || seen.contact.account_key.text().is_some();
    only_own && is_nobody && !accounted
}

/// Whether the two records were one person before this cycle.
const fn was_linked(pair: &Pair) -> bool {
    matches!(pair.tie, Tie::Linked(_) | Tie::Moved { .. })
}

/// A stored supporter's values. Every mapped column was asked for, so a cell that is absent holds what cannot be read as text
/// (`supporters`: "arrives as absent"): passing over it in silence would keep the field out of step for ever.
fn stored_values(supporter: &Supporter, map: &FieldMap) -> Vec<Result<Cell, InvalidValue>> {
    let no_text =
        |rule| map.columns_of(rule).iter().any(|&at| supporter.cells.get(at).is_none_or(Cell::is_absent));
    let values = map.supporter_values(&supporter.cells);
    let told = |(rule, value)| if no_text(rule) { Err(InvalidValue::NoText) } else { value };
    values.into_iter().enumerate().map(told).collect()
}

fn has_last_name(supporter: &Supporter, map: &FieldMap) -> bool {
    let Some(rule) = map.last_name_rule() else { return false };
    matches!(map.supporter_value(rule, &supporter.cells), Ok(Cell::Value(_)) | Err(_))
}

/// Both sides' normalized values, rule by rule, and their digests.
struct Values {
    supporter: Vec<Result<Cell, InvalidValue>>,
    contact: Vec<Result<Cell, InvalidValue>>,
    digests: Vec<[Digest; 2]>,
}

impl Values {
    fn of(
        supporter: Vec<Result<Cell, InvalidValue>>,
        contact: Vec<Result<Cell, InvalidValue>>,
        rules: &Rules<'_>,
    ) -> Self {
        let of = |value: &Result<Cell, InvalidValue>, blank: &BlankDigests, key| match value {
            Ok(cell) => blank.digest(rules.key, key, cell),
            Err(_) => blank.absent,
        };
        let cells = supporter.iter().zip(&contact).zip(rules.map.keys().iter().zip(rules.blank));
        let both = |((s, c), (&key, blank))| {
            let supporter = of(s, blank, key);
            [supporter, if s == c { supporter } else { of(c, blank, key) }]
        };
        let digests = cells.map(both).collect();
        Self { supporter, contact, digests }
    }

    fn record(&self, key: &DigestKey) -> Digest {
        key.combine(self.digests.iter().flatten().copied())
    }

    /// The first value that could not stand on the other side, where it would have to.
    fn first_invalid<'a>(&self, rules: &'a [FieldRule]) -> Option<(&'a str, InvalidValue)> {
        rules.iter().enumerate().find_map(|(at, rule)| {
            let pushed = if rule.pushes() { self.supporter[at].as_ref().err() } else { None };
            let pulled = if rule.pulls() { self.contact[at].as_ref().err() } else { None };
            pushed.or(pulled).map(|&why| (rule.contact_field.as_str(), why))
        })
    }
}

/// What keeps a row out of a job's file although each of its values could stand there: one such row would keep all others back.
fn fits_no_row<'a>(pair: &Pair, values: &Values, rules: &Rules<'a>) -> Option<(&'a str, InvalidValue)> {
    let id = &pair.supporter.as_ref()?.id;
    // Salesforce reads this text as an order to clear the field (Bulk guide v66: "Valid CSV record rows").
    if id.as_str() == "#N/A" && rules.settings.push {
        return Some((rules.map.technical().supporter_id.as_str(), InvalidValue::NotStorable));
    }
    let creating = pair.contact.is_none();
    let sent = |at: &usize| {
        let [supporter, contact] = values.digests[*at];
        rules.fields[*at].pushes() && (creating || supporter != contact)
    };
    let text = |at: usize| Some((at, values.supporter[at].as_ref().ok()?.text()?));
    let texts = (0..rules.fields.len()).filter(sent).filter_map(text);
    let longest = too_long::longest_of_too_many(texts)?;
    Some((rules.fields[longest].contact_field.as_str(), InvalidValue::RowTooLong))
}

fn invalid(pair: &Pair, rules: &Rules<'_>, record: model::Digest, field: &str, why: InvalidValue) -> Decided {
    let code = code_of(why);
    let map = rules.map.digest(rules.key);
    let before = pair.block.as_ref().filter(|b| b.code == code && b.fields == [field.to_owned()]);
    let block = Block {
        code: code.to_owned(),
        fields: vec![field.to_owned()],
        message: format!("{field} {why}"),
        record,
        map,
        since: before.map_or(rules.now, |b| b.since),
        attempts: before.map_or(1, |b| b.attempts),
    };
    Decided::Block { known: before.is_some_and(|b| b.record == record && b.map == map), block }
}

/// The code Salesforce itself would refuse such a value with, so that one page explains both.
const fn code_of(why: InvalidValue) -> &'static str {
    match why {
        InvalidValue::TooLong | InvalidValue::RowTooLong => "STRING_TOO_LONG",
        InvalidValue::Email => "INVALID_EMAIL_ADDRESS",
        InvalidValue::ControlCharacter | InvalidValue::NotStorable | InvalidValue::NoText => {
            Block::NOT_STORABLE
        }
        InvalidValue::Boolean | InvalidValue::Date | InvalidValue::DateTime | InvalidValue::Number => {
            "INVALID_TYPE_ON_FIELD_IN_RECORD"
        }
    }
}

fn plan(pair: &mut Pair, rules: &Rules<'_>, mut values: Values, record: model::Digest) -> PersonPlan {
    let creating = [pair.supporter.is_none(), pair.contact.is_none()];
    let views = |values: &Values, at: usize| {
        let [supporter, contact] = values.digests[at];
        let view = |value: &Result<Cell, InvalidValue>, digest, creating: bool| match value {
            // A record that is still to be created holds nothing yet: every value of the other side is news to it.
            _ if creating => View { digest: rules.blank[at].empty, presence: Presence::Empty },
            Ok(cell) => View { digest, presence: Presence::of(cell) },
            Err(_) => View { digest, presence: Presence::Absent },
        };
        [view(&values.supporter[at], supporter, creating[0]), view(&values.contact[at], contact, creating[1])]
    };
    let ask = |at| question(pair, rules, &values, at, views(&values, at));
    let questions: Vec<Question<'_>> = (0..rules.fields.len()).map(ask).collect();
    let mut fields = Vec::with_capacity(rules.fields.len());
    for (at, question) in questions.iter().enumerate() {
        fields.push(FieldPlan {
            rule: at,
            key: rules.map.keys()[at],
            field: Arc::clone(&rules.map.names()[at]),
            decision: decided(question, &rules.map.rules()[at], rules.settings),
            landed: landed(question),
            supporter: side_value(&mut values.supporter[at], creating[0]),
            contact: side_value(&mut values.contact[at], creating[1]),
            supporter_digest: question.supporter.digest,
            contact_digest: question.contact.digest,
            consent: rules.map.is_consent(at),
        });
    }
    consent::dates_follow(rules, &questions, &mut fields);
    let contact = pair.contact.as_ref();
    PersonPlan {
        contact: contact.map(SeenContact::id),
        account: contact.and_then(|seen| seen.contact.account),
        stamp_contact: rules.settings.push && needs_our_id(pair, rules.map),
        stamp_supporter: rules.stamps_supporters && needs_contact_id(pair),
        ticked: contact.is_some_and(|seen| seen.ticked),
        blocked: pair.block.is_some(),
        supporter: pair.supporter.take(),
        tie: std::mem::replace(&mut pair.tie, Tie::Alone),
        fields,
        record,
    }
}

/// All that may decide about one field of a pair.
fn question<'a>(
    pair: &Pair,
    rules: &Rules<'a>,
    values: &Values,
    at: usize,
    [supporter, contact]: [View; 2],
) -> Question<'a> {
    let (rule, key) = (&rules.fields[at], rules.map.keys()[at]);
    // A record that does not exist yet has no history: what was agreed with, or sent to, another one before it says nothing.
    // Nor is it this Contact's consent that was agreed on with one that was merged into it.
    let moved = matches!(pair.tie, Tie::Moved { .. });
    let strangers = pair.contact.is_none() || pair.supporter.is_none() || moved && rules.map.is_consent(at);
    let by_record = rule.policy == Policy::Newest || rule.first_link == Policy::Newest;
    Question {
        rule,
        base: if strangers { None } else { pair.bases.get(key) },
        supporter,
        contact,
        in_flight: if strangers { InFlight::default() } else { in_flight(pair, key, contact.digest) },
        newer: if by_record { newer(pair, rules.settings) } else { None },
        dated_later: consent::dated_later(rules, &values.supporter, &values.contact, at),
    }
}

/// What a side holds, out of the values.
fn side_value(value: &mut Result<Cell, InvalidValue>, creating: bool) -> Cell {
    match value {
        _ if creating => Cell::Empty,
        Ok(cell) => std::mem::take(cell),
        Err(_) => Cell::Absent,
    }
}

/// The decision under the settings. They say where values may be written, and not whose no counts: a yes goes over the other
/// side's no only where the map itself would have it so, although nothing of that side's may travel.
fn decided(question: &Question<'_>, mapped: &FieldRule, settings: &Settings) -> Decision {
    let decision = reconcile(question);
    let narrowed = question.rule.direction != mapped.direction && mapped.is_consent();
    if narrowed && reconcile::loosens(question, decision) {
        return allowed(reconcile(&Question { rule: mapped, ..*question }), settings);
    }
    allowed(decision, settings)
}

/// What a direction that is switched off leaves of a decision.
const fn allowed(decision: Decision, settings: &Settings) -> Decision {
    match decision {
        Decision::ToContact(_) if !settings.push => Decision::Leave(Leave::OneWay),
        Decision::ToSupporter(_) if !settings.pull => Decision::Leave(Leave::OneWay),
        Decision::InStep
        | Decision::ToContact(_)
        | Decision::ToSupporter(_)
        | Decision::Hold(_)
        | Decision::Leave(_) => decision,
    }
}

/// What we tried to write for this very pair. A write meant for another Contact, or for one that was never made, says nothing
/// about two records that meet for the first time: taken for an agreement, it would let empty fields clear filled ones.
fn in_flight(pair: &Pair, key: model::RuleKey, contact: Digest) -> InFlight {
    let (Some(intent), Some(seen)) = (&pair.in_flight, &pair.contact) else { return InFlight::default() };
    let sent = intent.fields.iter().find(|field| field.rule == key).map(|field| field.sent);
    match intent {
        Intent { plan: None, .. } if was_linked(pair) => InFlight { to_contact: None, to_supporter: sent },
        Intent { plan: Some(_), contact: Some(meant), .. } if *meant == seen.id() => {
            InFlight { to_contact: sent, to_supporter: None }
        }
        // A Contact that was to be created: it is the one that carries our id, and what it holds of the row has arrived.
        Intent { plan: Some(_), contact: None, .. } if !lacks_supporter_id(pair) => {
            InFlight { to_contact: sent.filter(|sent| *sent == contact), to_supporter: None }
        }
        Intent { .. } => InFlight::default(),
    }
}

/// The value of an unsettled write that is seen to have arrived: both sides held it at once, so it is the base, whatever the
/// side it came from has done since.
fn landed(question: &Question<'_>) -> Option<Digest> {
    let contact = question.in_flight.to_contact.filter(|sent| *sent == question.contact.digest);
    contact.or_else(|| question.in_flight.to_supporter.filter(|sent| *sent == question.supporter.digest))
}

/// The side whose record was modified later by more than the tolerance. A row without a usable stamp says nothing about when.
fn newer(pair: &Pair, settings: &Settings) -> Option<Side> {
    let supporter = pair.supporter.as_ref()?.modified;
    if supporter == supporters::UNDATED {
        return None;
    }
    let contact = pair.contact.as_ref()?.contact.modified;
    if supporter.since(contact) > settings.newest_tolerance {
        Some(Side::Supporter)
    } else if contact.since(supporter) > settings.newest_tolerance {
        Some(Side::Salesforce)
    } else {
        None
    }
}

fn needs_our_id(pair: &Pair, map: &FieldMap) -> bool {
    let (Some(_), Some(seen)) = (&pair.supporter, &pair.contact) else { return false };
    let lacks_account = map.technical().account_id.is_some() && seen.contact.account_key.text().is_none();
    lacks_supporter_id(pair) || lacks_account
}

fn lacks_supporter_id(pair: &Pair) -> bool {
    let (Some(supporter), Some(seen)) = (&pair.supporter, &pair.contact) else { return false };
    seen.contact.supporter_id.text() != Some(supporter.id.as_str())
}

fn needs_contact_id(pair: &Pair) -> bool {
    let (Some(supporter), Some(seen)) = (&pair.supporter, &pair.contact) else { return false };
    let stored = supporter.contact_id.text().map(str::trim).and_then(|raw| model::ContactId::parse(raw).ok());
    !supporter.contact_id.is_absent() && stored != Some(seen.id())
}
