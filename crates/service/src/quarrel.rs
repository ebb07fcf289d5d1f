//! Two systems that write over each other: an automation of one side puts its own value back whatever arrives, and so does one of
//! the other. Such a field would go back and forth for ever; after a few rounds it is held for a person.

use model::{CaseKind, Cause, Decision, Digest, Policy, RuleKey, Stamp};
use plan::{Fatal, FieldPlan, PersonPlan, Sides, Tie};
use state::{Changes, NoteKind};

/// How long the rounds of a quarrel may lie apart: a day.
const WITHIN: std::time::Duration = std::time::Duration::from_secs(24 * 3_600);
/// How often a value that was overruled may come back on the side that had it.
const RETURNS: u8 = 1;
/// How often a field may change its direction whatever it holds.
const TURNS: u8 = 12;
/// Bytes of one field in a note.
const ENTRY: usize = 31;
/// How many people are named in a cycle's report.
const NAMED: usize = 20;

/// What is remembered of one field of one person. No values: digests under the state's key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Entry {
    rule: RuleKey,
    /// How often the direction changed.
    turns: u8,
    /// How often the value that was carried was the one carried that way before.
    returns: u8,
    /// Whether it went to the Contact last.
    to_contact: bool,
    /// When it first did.
    since: Stamp,
    /// The last values carried to the supporter and to the Contact; zero: none yet.
    carried: [u64; 2],
}

impl Entry {
    const fn is_held(&self) -> bool {
        self.returns > RETURNS || self.turns > TURNS
    }

    /// The value is about to be carried that way.
    fn carry(&mut self, to_contact: bool, value: Digest, now: Stamp) {
        if now.since(self.since) > WITHIN {
            *self = Self { turns: 0, returns: 0, since: now, carried: [0, 0], ..*self };
        }
        let before = &mut self.carried[usize::from(to_contact)];
        if self.to_contact != to_contact {
            self.turns = self.turns.saturating_add(1);
            self.returns = self.returns.saturating_add(u8::from(*before == value.0));
        }
        *before = value.0;
        self.to_contact = to_contact;
    }

    fn to_bytes(self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(ENTRY);
        bytes.extend(self.rule.0.to_le_bytes());
        bytes.extend([self.turns, self.returns, u8::from(self.to_contact)]);
        bytes.extend(self.since.micros().to_le_bytes());
        bytes.extend(self.carried.iter().flat_map(|value| value.to_le_bytes()));
        bytes
    }

    fn of_bytes(bytes: &[u8; ENTRY]) -> Option<Self> {
        let (rule, rest) = bytes.split_first_chunk::<4>()?;
        let ([turns, returns, to_contact], rest) = rest.split_first_chunk::<3>()?;
        let (since, rest) = rest.split_first_chunk::<8>()?;
        let (to_supporter, to_the_contact) = rest.split_first_chunk::<8>()?;
        Some(Self {
            rule: RuleKey(u32::from_le_bytes(*rule)),
            turns: *turns,
            returns: *returns,
            to_contact: *to_contact != 0,
            since: Stamp::from_micros(i64::from_le_bytes(*since)),
            carried: [
                u64::from_le_bytes(*to_supporter),
                u64::from_le_bytes(<[u8; 8]>::try_from(to_the_contact).ok()?),
            ],
        })
    }
}

/// A note's fields. One that cannot be read is as good as none: the counting begins anew.
fn entries(note: &[u8]) -> Vec<Entry> {
    note.as_chunks::<ENTRY>().0.iter().filter_map(Entry::of_bytes).collect()
}

/// Holds every field that goes back and forth, and keeps count of those that turned. Returns what a person is told.
///
/// A field is remembered from its first way to the supporter on: whatever only ever goes to Contacts costs nothing.
///
/// # Errors
/// [`Fatal`] when the state cannot be read.
pub(crate) fn hold(
    sides: &Sides,
    plans: &mut [PersonPlan],
    changes: &mut Changes,
    now: Stamp,
) -> Result<Vec<String>, Fatal> {
    let cases = sides.state.case_counts()?;
    let any_held =
        [CaseKind::ConflictHeld, CaseKind::ConsentConflict].iter().any(|kind| cases.contains_key(kind));
    let watched = |plan: &&mut PersonPlan| {
        let travels = || plan.fields.iter().any(|field| direction(field).is_some());
        matches!(plan.tie, Tie::Linked(_)) && plan.supporter.is_some() && (any_held || travels())
    };
    let mut plans: Vec<&mut PersonPlan> = plans.iter_mut().filter(watched).collect();
    let key = |plan: &PersonPlan| plan.supporter_id().map(|id| id.as_str().as_bytes().to_vec());
    let keys: Vec<Vec<u8>> = plans.iter().filter_map(|plan| key(plan)).collect();
    let notes = if keys.is_empty() { Vec::new() } else { sides.state.notes_of(NoteKind::Turns, &keys)? };
    let mut told = Vec::new();
    for ((plan, key), note) in plans.iter_mut().zip(&keys).zip(notes) {
        let before = note.as_deref().map(entries).unwrap_or_default();
        let mut after = before.clone();
        for field in &mut plan.fields {
            if one(&mut after, field, now) && told.len() < NAMED {
                let (field, id) = (&field.field, String::from_utf8_lossy(key));
                told.push(format!(
                    "{field} of supporter {id} goes back and forth: something on each side puts its own value back. It is held \
                     until somebody decides"
                ));
            }
        }
        if after.is_empty() && !before.is_empty() {
            changes.remove_note(NoteKind::Turns, key);
        } else if after != before {
            changes.put_note(NoteKind::Turns, key, after.into_iter().flat_map(Entry::to_bytes).collect());
        }
    }
    Ok(told)
}

/// Counts one field, and holds it where it is to be held. Whether it is held for the first time.
fn one(entries: &mut Vec<Entry>, field: &mut FieldPlan, now: Stamp) -> bool {
    let at = entries.iter().position(|entry| entry.rule == field.key);
    let Some(to_contact) = direction(field) else {
        // They agree again, by whatever way: the quarrel is over.
        if let Some(at) = at.filter(|&at| field.decision == Decision::InStep && entries[at].is_held()) {
            entries.swap_remove(at);
        }
        return false;
    };
    let value = if to_contact { field.supporter_digest } else { field.contact_digest };
    match at {
        None if to_contact => false,
        None => {
            let carried = [value.0, 0];
            entries.push(Entry { rule: field.key, turns: 0, returns: 0, to_contact, since: now, carried });
            false
        }
        Some(at) => {
            let entry = &mut entries[at];
            let before = entry.is_held();
            if !before {
                entry.carry(to_contact, value, now);
            }
            if entry.is_held() {
                field.decision = Decision::Hold(Policy::Hold);
            }
            entry.is_held() && !before
        }
    }
}

/// Whether a field goes to the Contact or to the supporter because only the other side changed; `None`: neither.
const fn direction(field: &FieldPlan) -> Option<bool> {
    match field.decision {
        Decision::ToContact(Cause::Changed) => Some(true),
        Decision::ToSupporter(Cause::Changed) => Some(false),
        Decision::ToContact(Cause::FirstLink | Cause::Policy(_))
        | Decision::ToSupporter(Cause::FirstLink | Cause::Policy(_))
        | Decision::InStep
        | Decision::Hold(_)
        | Decision::Leave(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn entry(at: i64) -> Entry {
        let since = Stamp::from_seconds(at);
        Entry { rule: RuleKey(7), turns: 0, returns: 0, to_contact: false, since, carried: [1, 0] }
    }

    #[test]
    fn values_that_keep_coming_back_are_held_and_new_ones_are_not() {
        let at = |hour: i64| Stamp::from_seconds(1_790_000_000 + hour * 3_600);
        // GIVEN a value that came over from the Contact WHEN both sides put their own back
        let mut quarrel = entry(1_790_000_000);
        let mut held = Vec::new();
        for (hour, to_contact) in [(1, true), (2, false), (3, true)] {
            quarrel.carry(to_contact, Digest(if to_contact { 2 } else { 1 }), at(hour));
            held.push(quarrel.is_held());
        }
        // THEN both were overruled once before it is held
        assert_eq!(held, [false, false, true]);
        // BUT people who type something new each time are let alone, for a while, and so is who comes back after a day
        let mut people = entry(1_790_000_000);
        (1..=12).for_each(|n: i64| people.carry(n % 2 == 1, Digest(100 + n.unsigned_abs()), at(1)));
        assert!(!people.is_held(), "{people:?}");
        people.carry(true, Digest(200), at(1));
        assert!(people.is_held(), "{people:?}");
        let mut daily = entry(1_790_000_000);
        (1..=20).for_each(|n: i64| daily.carry(n % 2 == 1, Digest((n % 2).unsigned_abs() + 1), at(25 * n)));
        assert!(!daily.is_held(), "{daily:?}");
    }

    proptest! {
        #[test]
        fn any_bytes_are_entries_and_entries_are_read_back(
            bytes in prop::collection::vec(any::<u8>(), 0..100),
            parts in (any::<u32>(), any::<u8>(), any::<u8>(), any::<bool>(), any::<i64>(), any::<[u64; 2]>()),
        ) {
            prop_assert_eq!(entries(&bytes).len(), bytes.len() / ENTRY);
            let (rule, turns, returns, to_contact, since, carried) = parts;
            let since = Stamp::from_micros(since);
            let entry = Entry { rule: RuleKey(rule), turns, returns, to_contact, since, carried };
            prop_assert_eq!(entries(&entry.to_bytes()), vec![entry]);
        }
    }
}
