//! How a column of stamps is written, from its rows.

use model::Cell;

use rusqlite::Connection;

use super::cell;
use super::connect::Fault;
use super::schema::Field;
use super::sql::{Ident, Sql};
use super::stamp::{Form, OffsetStyle, Stamps, Suffix, form_of};
use crate::{ColumnKind, StampFormat, Table};

/// How many rows are looked at from either end of the table.
const SAMPLE: i64 = 500;

/// The column as configured, or as its first and last rows are written.
pub(super) fn stamps(
    connection: &Connection,
    config: &Table,
    table: &Ident,
    modified: &Field,
) -> Result<Stamps, Fault> {
    let form = match config.modified_format {
        StampFormat::UnixSeconds => Form::UnixSeconds,
        StampFormat::UnixMillis => Form::UnixMillis,
        StampFormat::Mixed => Form::Mixed,
        StampFormat::Auto => of_sample(&sample(connection, table, modified)?),
        StampFormat::Text => match of_sample(&sample(connection, table, modified)?) {
            Form::UnixSeconds | Form::UnixMillis => Form::Mixed,
            form @ (Form::Uniform { .. } | Form::Mixed) => form,
        },
    };
    let numeric = matches!(modified.column.kind, ColumnKind::Integer | ColumnKind::Real);
    Ok(Stamps { column: modified.ident.clone(), form, zone: config.zone, indexed: modified.indexed, numeric })
}

/// Values from both ends of the table: an application that changed its way of writing did so somewhere between.
fn sample(connection: &Connection, table: &Ident, modified: &Field) -> Result<Vec<Cell>, Fault> {
    let mut values = Vec::new();
    for direction in [" ASC", " DESC"] {
        let mut sql = Sql::new("SELECT ");
        cell::select(&mut sql, &modified.ident);
        sql.raw(" FROM ").ident(table).raw(" WHERE ").ident(&modified.ident).raw(" IS NOT NULL ORDER BY ");
        // The smallest and largest values by the column itself: other spellings and types sort to the ends.
        sql.ident(&modified.ident).raw(direction).raw(" LIMIT ").number(SAMPLE);
        values.extend(sql.rows(connection, |row| cell::cell(row, 0))?);
    }
    Ok(values)
}

/// The one form of all values that have one; [`Form::Mixed`] when there are several.
fn of_sample(values: &[Cell]) -> Form {
    let mut found: Option<Form> = None;
    for form in values.iter().filter_map(|cell| cell.text()).filter_map(form_of_value) {
        match found {
            None => found = Some(form),
            Some(known) if known == form => {}
            Some(_) => return Form::Mixed,
        }
    }
    // Nothing to go by yet: the form that is always right.
    found.unwrap_or(Form::Mixed)
}

/// A text's form; a number's by its size. Numbers that are no stamp of our century have none.
fn form_of_value(text: &str) -> Option<Form> {
    if let Ok(number) = text.parse::<f64>() {
        return match number {
            n if (1e8..1e11).contains(&n) => Some(Form::UnixSeconds),
            n if (1e11..1e14).contains(&n) => Some(Form::UnixMillis),
            _ => None,
        };
    }
    let form = form_of(text)?;
    // An offset that may change with the season is not uniform, even if all rows of one season are alike.
    match form {
        Form::Uniform {
            suffix: Suffix::Offset(OffsetStyle::Hours | OffsetStyle::Compact | OffsetStyle::Colon, seconds),
            ..
        } if seconds != 0 => Some(Form::Mixed),
        Form::Uniform { .. } | Form::Mixed | Form::UnixSeconds | Form::UnixMillis => Some(form),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn form(values: &[&str]) -> Form {
        of_sample(&values.iter().map(|text| Cell::from_nullable(Some(text))).collect::<Vec<_>>())
    }

    #[test]
    fn alike_rows_are_uniform_and_junk_among_them_does_not_count() {
        let z = Form::Uniform { separator: 'T', suffix: Suffix::Z };
        assert_eq!(form(&["2026-10-05T12:34:56Z", "never", "", "2026-10-05T12:34:56.5Z"]), z);
        assert_eq!(form(&["1730000000", "1730000001.5", "0"]), Form::UnixSeconds);
        assert_eq!(form(&["1730000000000"]), Form::UnixMillis);
    }

    #[test]
    fn what_differs_is_mixed() {
        assert_eq!(form(&["2026-10-05T12:34:56Z", "2026-10-05 12:34:56"]), Form::Mixed);
        assert_eq!(form(&["2026-10-05T12:34:56+10:00"]), Form::Mixed);
        assert_eq!(form(&["2026-10-05T12:34:56Z", "1730000000"]), Form::Mixed);
        assert_eq!(form(&[]), Form::Mixed);
    }
}
