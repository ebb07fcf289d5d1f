//! What a column's affinity makes of a text that is put into it (SQLite documentation, "Datatypes In SQLite", 3).

use crate::ColumnKind;

/// Digits that every number keeps on its way through a floating-point column, as SQLite itself counts them.
const EXACT_DIGITS: usize = 15;

/// Whether a text put into such a column is read back as it is, or as the same plain number. `01234` in a column for numbers
/// becomes 1234, and `+447700900123` loses its plus.
pub(super) fn keeps(kind: ColumnKind, text: &str) -> bool {
    match kind {
        ColumnKind::Text | ColumnKind::Any | ColumnKind::Other => true,
        ColumnKind::Integer | ColumnKind::Numeric | ColumnKind::Real => {
            !is_number(text) || crate::plain_number(text, EXACT_DIGITS) || read_back(kind, text) == text
        }
    }
}

/// What SQLite takes for a number. Such a text is turned into one.
fn is_number(text: &str) -> bool {
    let text = text.trim_matches(|c: char| c.is_ascii_whitespace() || c == '\u{b}');
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (unsigned, None),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
    let exponent = exponent.map(|exponent| exponent.strip_prefix(['+', '-']).unwrap_or(exponent));
    digits(whole)
        && digits(fraction)
        && !(whole.is_empty() && fraction.is_empty())
        && exponent.is_none_or(|exponent| !exponent.is_empty() && digits(exponent))
}

/// A number as [`super::cell::cell`] reads it.
fn read_back(kind: ColumnKind, text: &str) -> String {
    let text = text.trim();
    match text.parse::<i64>() {
        Ok(whole) if kind != ColumnKind::Real => whole.to_string(),
        Ok(_) | Err(_) => text.parse::<f64>().map(|real| real.to_string()).unwrap_or_default(),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rusqlite::Connection;

    use super::super::cell;
    use super::*;

    /// What a column of this type holds after a text was put into it.
    fn held(connection: &Connection, declared: &str, text: &str) -> String {
        connection.execute_batch(&format!("DROP TABLE IF EXISTS t; CREATE TABLE t (c {declared})")).unwrap();
        connection.execute("INSERT INTO t VALUES (?)", [text]).unwrap();
        let read = |row: &rusqlite::Row<'_>| cell::cell(row, 0);
        connection.query_row("SELECT c FROM t", (), read).unwrap().text().unwrap_or_default().to_owned()
    }

    #[test]
    fn codes_and_telephone_numbers_are_no_numbers() {
        for text in ["01234", "+447700900123", "1e5", "0123.5", "00", "12345678901234567890"] {
            assert!(!keeps(ColumnKind::Numeric, text), "{text}");
        }
        for text in ["1234", "12.50", "-7", "0", "0.5", "447700900123", "AB1 2CD", "", "n/a", "2026-10-05"] {
            assert!(keeps(ColumnKind::Numeric, text), "{text}");
        }
        assert!(keeps(ColumnKind::Integer, "9007199254740993"));
        assert!(!keeps(ColumnKind::Real, "9007199254740993"));
        assert!(keeps(ColumnKind::Text, "01234"));
    }

    proptest! {
        #[test]
        fn what_is_said_to_be_kept_is_what_sqlite_keeps(
            text in "[+-]?[0-9]{0,20}(\\.[0-9]{0,6})?(e[+-]?[0-9]{0,2})?|[0-9a-z .+-]{0,8}",
            which in 0..3_usize,
        ) {
            let (kind, declared) =
                [(ColumnKind::Integer, "INTEGER"), (ColumnKind::Numeric, "STRING"), (ColumnKind::Real, "REAL")][which];
            let connection = Connection::open_in_memory().unwrap();
            let held = held(&connection, declared, &text);
            if keeps(kind, &text) {
                let same = held.parse::<f64>().is_ok_and(|held| text.parse::<f64>() == Ok(held));
                prop_assert!(held == text || (same && crate::plain_number(&text, EXACT_DIGITS)), "{} became {}", text, held);
            } else {
                prop_assert_ne!(held, text);
            }
        }
    }
}
