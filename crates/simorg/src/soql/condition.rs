//! A WHERE condition after checking: every field resolved, every literal of the right type.

use std::cmp::Ordering;
use std::collections::HashSet;

use super::ast::Op;
use super::check::Plan;
use super::column::{Column, View};
use super::like::LikePattern;
use crate::record::Record;
use crate::value::{Stamp, ValueRef};

/// A checked condition.
#[derive(Debug, Clone)]
pub(crate) enum Test {
    All(Vec<Test>),
    Any(Vec<Test>),
    Not(Box<Test>),
    /// One field against one operand.
    One {
        column: Box<Column>,
        check: Check,
    },
    /// One field against the ids of a sub-select.
    InPlan {
        column: Box<Column>,
        negated: bool,
        plan: Box<Plan>,
    },
}

/// What the value of a field must be.
#[derive(Debug, Clone)]
pub(crate) enum Check {
    Null {
        is: bool,
    },
    /// `folded` is lower-cased unless `case_sensitive` (ids always are).
    Text {
        op: Op,
        folded: String,
        case_sensitive: bool,
    },
    Like {
        pattern: LikePattern,
    },
    /// Values folded as above; `null` says whether NULL was listed.
    In {
        negated: bool,
        folded: HashSet<String>,
        null: bool,
        case_sensitive: bool,
    },
    Bool {
        op: Op,
        value: bool,
    },
    Number {
        op: Op,
        value: f64,
    },
    NumberIn {
        negated: bool,
        values: Vec<f64>,
        null: bool,
    },
    /// Half-open ranges in milliseconds since 1970; a plain moment is one millisecond long.
    Time {
        op: Op,
        range: (i64, i64),
    },
    TimeIn {
        negated: bool,
        ranges: Vec<(i64, i64)>,
        null: bool,
    },
}

/// A text as compared: lower case unless letter case counts.
pub(crate) fn fold(text: &str, case_sensitive: bool) -> String {
    if case_sensitive { text.to_owned() } else { text.chars().flat_map(char::to_lowercase).collect() }
}

impl Test {
    /// Whether the condition holds for this record.
    pub(crate) fn holds(&self, view: View<'_>, record: &Record) -> bool {
        match self {
            Self::All(tests) => tests.iter().all(|t| t.holds(view, record)),
            Self::Any(tests) => tests.iter().any(|t| t.holds(view, record)),
            Self::Not(test) => !test.holds(view, record),
            Self::One { column, check } => check.holds(column.value(view, record)),
            // Its ids are found before any record is tested; see `with_found`.
            Self::InPlan { .. } => false,
        }
    }
}

impl Check {
    fn holds(&self, value: ValueRef<'_>) -> bool {
        match self {
            Self::Null { is } => value.is_null() == *is,
            Self::Text { op, folded, case_sensitive } => {
                ordered(*op, value.text().map(|text| compare_folded(text, folded, *case_sensitive)))
            }
            Self::Like { pattern } => value.text().is_some_and(|text| pattern.matches(text)),
            Self::In { negated, folded, null, case_sensitive } => {
                let found = match value.text() {
                    Some(text) => folded.contains(fold(text, *case_sensitive).as_str()),
                    None => *null,
                };
                found != *negated
            }
            Self::Bool { op, value: expected } => (value == ValueRef::Bool(*expected)) == (*op == Op::Equal),
            Self::Number { op, value: expected } => {
                ordered(*op, number(value).and_then(|number| number.partial_cmp(expected)))
            }
            Self::NumberIn { negated, values, null } => {
                number(value).map_or(*null, |number| values.contains(&number)) != *negated
            }
            Self::Time { op, range } => {
                time(value).map_or(*op == Op::NotEqual, |at| in_time(*op, at, *range))
            }
            Self::TimeIn { negated, ranges, null } => {
                let within = |at: i64| ranges.iter().any(|(from, to)| (*from..*to).contains(&at));
                time(value).map_or(*null, within) != *negated
            }
        }
    }
}

/// A missing value is different from everything and neither less nor greater.
fn ordered(op: Op, ordering: Option<Ordering>) -> bool {
    match (op, ordering) {
        (Op::NotEqual, ordering) => ordering != Some(Ordering::Equal),
        (Op::Equal, Some(ordering)) => ordering.is_eq(),
        (Op::Less, Some(ordering)) => ordering.is_lt(),
        (Op::LessOrEqual, Some(ordering)) => ordering.is_le(),
        (Op::Greater, Some(ordering)) => ordering.is_gt(),
        (Op::GreaterOrEqual, Some(ordering)) => ordering.is_ge(),
        (Op::Like, Some(_)) | (_, None) => false,
    }
}

fn in_time(op: Op, at: i64, (from, to): (i64, i64)) -> bool {
    match op {
        Op::Equal => (from..to).contains(&at),
        Op::NotEqual => !(from..to).contains(&at),
        Op::Less => at < from,
        Op::LessOrEqual => at < to,
        Op::Greater => at >= to,
        Op::GreaterOrEqual => at >= from,
        Op::Like => false,
    }
}

fn compare_folded(text: &str, folded: &str, case_sensitive: bool) -> Ordering {
    if case_sensitive {
        return text.cmp(folded);
    }
    text.chars().flat_map(char::to_lowercase).cmp(folded.chars())
}

fn number(value: ValueRef<'_>) -> Option<f64> {
    match value {
        ValueRef::Number(number) => Some(number),
        ValueRef::Null
        | ValueRef::Text(_)
        | ValueRef::Bool(_)
        | ValueRef::Date(_)
        | ValueRef::DateTime(_) => None,
    }
}

/// Moments as they are, days as their midnight in UTC.
pub(crate) fn time(value: ValueRef<'_>) -> Option<i64> {
    match value {
        ValueRef::DateTime(Stamp(millis)) => Some(millis),
        ValueRef::Date(day) => Some(day.and_time(chrono::NaiveTime::MIN).and_utc().timestamp_millis()),
        ValueRef::Null | ValueRef::Text(_) | ValueRef::Bool(_) | ValueRef::Number(_) => None,
    }
}
