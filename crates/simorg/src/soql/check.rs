//! Checks a query against the schema and makes it ready to run.

use super::ast::{Name, Query, Select};
use super::check_filter::FilterCheck;
use super::column::Column;
use super::condition::Test;
use super::error::{SoqlError, SoqlErrorCode};
use super::parse::parse;
use super::{select, semi_join};
use crate::schema::FieldType;
use crate::store::Store;
use crate::value::Stamp;

/// Largest OFFSET (SOQL reference v65).
const MAX_OFFSET: u64 = 2_000;

/// A query ready to run.
#[derive(Debug, Clone)]
pub struct Plan {
    /// The object in the spelling of the schema.
    pub object: String,
    /// The columns selected, none for `COUNT()`.
    pub columns: Vec<Column>,
    /// Whether only the number of rows is asked for.
    pub count_only: bool,
    pub(crate) filter: Option<Test>,
    pub(crate) order: Vec<SortKey>,
    pub(crate) limit: Option<usize>,
    pub(crate) offset: usize,
}

/// One checked key of ORDER BY.
#[derive(Debug, Clone)]
pub(crate) struct SortKey {
    pub(crate) column: Column,
    pub(crate) descending: bool,
    pub(crate) nulls_last: bool,
}

/// Parses and checks a query. `now` is the moment relative dates count from.
///
/// # Errors
/// The codes and texts of Salesforce; see [`SoqlErrorCode`].
pub fn plan(text: &str, store: &Store, now: Stamp) -> Result<Plan, SoqlError> {
    check(text, &parse(text)?, store, now)
}

/// Checks a parsed query; `text` is what it was parsed from.
///
/// # Errors
/// As [`plan`].
pub fn check(text: &str, query: &Query, store: &Store, now: Stamp) -> Result<Plan, SoqlError> {
    let Some(object) = store.schema(&query.object.text).filter(|object| object.access.read) else {
        let message = format!(
            "sObject type '{}' is not supported. If you are attempting to use a custom object, be sure to append the \
             '__c' after the entity name. Please reference your WSDL or the describe call for the appropriate names.",
            query.object.text
        );
        return Err(SoqlError::at(text, query.object.at, SoqlErrorCode::InvalidType, &message));
    };
    let alias = query.alias.as_deref();
    let resolve = |name: &Name| Column::resolve(store, object, alias, text, name);
    let columns = select::columns(text, query, object, &resolve)?;
    semi_join::check_places(text, query)?;
    let filter_check = FilterCheck { text, object: &object.name, store, now, resolve: &resolve };
    let filter = query.filter.as_ref().map(|c| filter_check.test(c)).transpose()?;
    let mut order = Vec::with_capacity(query.order.len());
    for key in &query.order {
        let column = resolve(&key.field)?;
        if !column.field.flags.filterable || column.field.kind == FieldType::MultiPicklist {
            let message = format!("field '{}' can not be sorted in a query call", column.field.name);
            return Err(SoqlError::at(text, key.field.at, SoqlErrorCode::InvalidField, &message));
        }
        order.push(SortKey { column, descending: key.descending, nulls_last: key.nulls_last });
    }
    let offset = query.offset.map_or(0, |(n, _)| n);
    if offset > MAX_OFFSET {
        let message = format!("Maximum SOQL offset allowed is {MAX_OFFSET}");
        return Err(SoqlError::plain(SoqlErrorCode::NumberOutsideValidRange, message));
    }
    Ok(Plan {
        object: object.name.clone(),
        columns,
        count_only: query.select == Select::Count,
        filter,
        order,
        limit: query.limit.map(|n| usize::try_from(n).unwrap_or(usize::MAX)),
        offset: usize::try_from(offset).unwrap_or(0),
    })
}
