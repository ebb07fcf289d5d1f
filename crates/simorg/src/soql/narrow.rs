//! Finds the few records a condition can hold for by way of the indexes, so that not every record is read.

use super::ast::Op;
use super::column::Column;
use super::condition::{Check, Test};
use crate::id::RecordId;
use crate::schema::Source;
use crate::store::{Slot, Table};
use crate::value::Stamp;

/// Slots among which every record that fits is, sorted and without repeats; `None` when no index helps. The condition
/// must still be tested on each.
pub(crate) fn narrow(table: &Table, test: &Test) -> Option<Vec<Slot>> {
    let mut slots = candidates(table, test)?;
    slots.sort_unstable();
    slots.dedup();
    Some(slots)
}

fn candidates(table: &Table, test: &Test) -> Option<Vec<Slot>> {
    match test {
        Test::All(tests) => {
            let by_key = tests.iter().filter_map(|t| by_key(table, t)).min_by_key(Vec::len);
            by_key.or_else(|| by_stamp(table, tests)).or_else(|| {
                tests.iter().filter(|t| !matches!(t, Test::One { .. })).find_map(|t| candidates(table, t))
            })
        }
        Test::Any(tests) => {
            let parts = tests.iter().map(|t| candidates(table, t)).collect::<Option<Vec<_>>>()?;
            Some(parts.concat())
        }
        Test::One { .. } => by_key(table, test).or_else(|| by_stamp(table, std::slice::from_ref(test))),
        Test::Not(_) | Test::InPlan { .. } => None,
    }
}

/// Equality or IN on an indexed text field or on Id.
fn by_key(table: &Table, test: &Test) -> Option<Vec<Slot>> {
    let Test::One { column, check } = test else { return None };
    if !column.is_own() {
        return None;
    }
    match check {
        Check::Text { op: Op::Equal, folded, .. } => find(table, column, folded),
        Check::In { negated: false, null: false, folded, .. } => {
            let mut slots = Vec::with_capacity(folded.len());
            for value in folded {
                slots.extend(find(table, column, value)?);
            }
            Some(slots)
        }
        Check::Text { .. }
        | Check::In { .. }
        | Check::Null { .. }
        | Check::Like { .. }
        | Check::Bool { .. }
        | Check::Number { .. }
        | Check::NumberIn { .. }
        | Check::Time { .. }
        | Check::TimeIn { .. } => None,
    }
}

fn find(table: &Table, column: &Column, value: &str) -> Option<Vec<Slot>> {
    if column.field.source == Source::Id {
        let slot = RecordId::parse(value).and_then(|id| table.slot(&id));
        return Some(slot.into_iter().collect());
    }
    table.find(&column.field, value)
}

/// Bounds on `SystemModstamp` from any of these conditions, which all must hold.
fn by_stamp(table: &Table, tests: &[Test]) -> Option<Vec<Slot>> {
    let (mut from, mut to) = (i64::MIN, i64::MAX);
    for test in tests {
        let Test::One { column, check: Check::Time { op, range } } = test else { continue };
        if !column.is_own() || column.field.source != Source::SystemModstamp {
            continue;
        }
        let (low, high) = match op {
            Op::Equal => (range.0, range.1.saturating_sub(1)),
            Op::Less => (i64::MIN, range.0.saturating_sub(1)),
            Op::LessOrEqual => (i64::MIN, range.1.saturating_sub(1)),
            Op::Greater => (range.1, i64::MAX),
            Op::GreaterOrEqual => (range.0, i64::MAX),
            Op::NotEqual | Op::Like => continue,
        };
        (from, to) = (from.max(low), to.min(high));
    }
    let bounded = from != i64::MIN || to != i64::MAX;
    bounded.then(|| table.touched_between(Stamp(from), Stamp(to)))
}
