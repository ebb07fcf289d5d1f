//! Semi-joins and anti-joins: `IN (SELECT ..)` and `NOT IN (SELECT ..)`, with the limits of the SOQL reference.

use std::collections::HashSet;

use super::ast::{Condition, Query, Select, Selected};
use super::check::{Plan, check};
use super::column::View;
use super::condition::{Check, Test};
use super::error::{SoqlError, SoqlErrorCode};
use crate::schema::FieldType;
use crate::store::Store;
use crate::value::Stamp;

/// Most sub-selects of one WHERE (SOQL reference: two).
const MOST: usize = 2;

/// Checks where sub-selects stand: at most two, joined by AND alone, never negated as a whole.
pub(super) fn check_places(text: &str, query: &Query) -> Result<(), SoqlError> {
    let Some(filter) = &query.filter else { return Ok(()) };
    let mut count = 0;
    count_places(text, filter, None, &mut count)?;
    if count > MOST {
        let text = format!("Maximum {MOST} semi join sub-selects are allowed");
        return Err(SoqlError::plain(SoqlErrorCode::MalformedQuery, text));
    }
    Ok(())
}

fn count_places(
    text: &str,
    condition: &Condition,
    under: Option<&'static str>,
    count: &mut usize,
) -> Result<(), SoqlError> {
    match condition {
        Condition::And(parts) => parts.iter().try_for_each(|part| count_places(text, part, under, count)),
        Condition::Or(parts) => parts.iter().try_for_each(|part| count_places(text, part, Some("OR"), count)),
        Condition::Not(part) => count_places(text, part, Some("NOT"), count),
        Condition::Compare { .. } | Condition::In { .. } => Ok(()),
        Condition::InQuery { field, .. } => {
            *count += 1;
            under.map_or(Ok(()), |operator| {
                let message = format!("Semi join sub-selects are not allowed with the '{operator}' operator");
                Err(SoqlError::at(text, field.at, SoqlErrorCode::MalformedQuery, &message))
            })
        }
    }
}

/// Checks the sub-select of `outer` and makes it ready to run.
pub(super) fn sub_plan(
    text: &str,
    outer: &str,
    query: &Query,
    store: &Store,
    now: Stamp,
) -> Result<Plan, SoqlError> {
    let refuse =
        |message: &str| Err(SoqlError::at(text, query.object.at, SoqlErrorCode::MalformedQuery, message));
    if query.object.text.eq_ignore_ascii_case(outer) {
        return refuse("The inner and outer selects should not be on the same object type");
    }
    if !query.order.is_empty() || query.limit.is_some() || query.offset.is_some() {
        return refuse("semi join sub-selects can not have ORDER BY, LIMIT or OFFSET");
    }
    let Select::Fields(fields) = &query.select else {
        return refuse("semi join sub-selects can not use COUNT");
    };
    let [Selected::Field(name)] = fields.as_slice() else {
        return refuse("semi join sub-selects must select exactly one field");
    };
    let plan = check(text, query, store, now)?;
    let Some(column) = plan.columns.first() else { return refuse("semi join sub-selects need a field") };
    if !matches!(column.field().kind, FieldType::Id | FieldType::Reference) {
        let message = format!("semi join sub-selects can only query id fields, cannot use: '{}'", name.text);
        return Err(SoqlError::at(text, name.at, SoqlErrorCode::InvalidField, &message));
    }
    if column.steps.len() > 1 {
        let message = "inner select field cannot have more than one level of relationships";
        return Err(SoqlError::at(text, name.at, SoqlErrorCode::InvalidField, message));
    }
    Ok(plan)
}

impl Test {
    /// Whether a sub-select is in it.
    fn has_sub_select(&self) -> bool {
        match self {
            Self::All(tests) | Self::Any(tests) => tests.iter().any(Self::has_sub_select),
            Self::Not(test) => test.has_sub_select(),
            Self::One { .. } => false,
            Self::InPlan { .. } => true,
        }
    }

    /// The test with every sub-select replaced by the ids it finds now; `None` when it has none.
    pub(super) fn with_found(&self, view: View<'_>) -> Option<Self> {
        self.has_sub_select().then(|| self.found(view))
    }

    fn found(&self, view: View<'_>) -> Self {
        match self {
            Self::All(tests) => Self::All(tests.iter().map(|test| test.found(view)).collect()),
            Self::Any(tests) => Self::Any(tests.iter().map(|test| test.found(view)).collect()),
            Self::Not(test) => Self::Not(Box::new(test.found(view))),
            Self::One { .. } => self.clone(),
            Self::InPlan { column, negated, plan } => {
                let folded = ids(plan, view);
                let check = Check::In { negated: *negated, folded, null: false, case_sensitive: true };
                Self::One { column: column.clone(), check }
            }
        }
    }
}

/// The ids a sub-select finds; records without one add nothing.
fn ids(plan: &Plan, view: View<'_>) -> HashSet<String> {
    let Some(column) = plan.columns.first() else { return HashSet::new() };
    let slots = plan.run(view);
    let records = slots.into_iter().filter_map(|slot| plan.record(view, slot));
    records.filter_map(|record| column.value(view, record).text().map(str::to_owned)).collect()
}
