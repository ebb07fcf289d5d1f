//! The select list against the schema: names, and the groups of `FIELDS()`.

use super::ast::{FieldGroup, Name, Query, Select, Selected};
use super::column::Column;
use super::error::{SoqlError, SoqlErrorCode};
use crate::schema::ObjectSchema;

/// Most rows of a query that selects an unbounded group (SOQL reference v65: FIELDS()).
const MOST_ROWS: u64 = 200;

/// The columns selected, in the order written; none for `COUNT()`.
pub(super) fn columns(
    text: &str,
    query: &Query,
    object: &ObjectSchema,
    resolve: &dyn Fn(&Name) -> Result<Column, SoqlError>,
) -> Result<Vec<Column>, SoqlError> {
    let Select::Fields(items) = &query.select else { return Ok(Vec::new()) };
    let mut columns: Vec<Column> = Vec::new();
    let mut add = |column: Column, written: &str, at: usize| {
        let header = column.header();
        if columns.iter().any(|known| known.header() == header) {
            let message = format!("duplicate field selected: {written}");
            return Err(SoqlError::at(text, at, SoqlErrorCode::InvalidField, &message));
        }
        columns.push(column);
        Ok(())
    };
    for item in items {
        match item {
            Selected::Field(name) => add(resolve(name)?, &name.text, name.at)?,
            Selected::Group(group, at) => {
                let bounded = query.limit.is_some_and(|limit| limit <= MOST_ROWS);
                if *group != FieldGroup::Standard && !bounded {
                    let message = "The SOQL FIELDS function must have a LIMIT of at most 200";
                    return Err(SoqlError::plain(SoqlErrorCode::MalformedQuery, message));
                }
                for field in object.visible().filter(|field| group.holds(field.flags.custom)) {
                    add(Column { steps: Vec::new(), field: field.clone() }, &field.name, *at)?;
                }
            }
        }
    }
    Ok(columns)
}

impl FieldGroup {
    fn holds(self, custom: bool) -> bool {
        match self {
            Self::All => true,
            Self::Standard => !custom,
            Self::Custom => custom,
        }
    }
}
