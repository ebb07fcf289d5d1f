//! Each form is read by us as the database's own SQL reads it.

use super::*;

#[test]
fn each_spelling_is_recognised_and_junk_is_not() {
    let uniform = |separator, suffix| Some(Form::Uniform { separator, suffix });
    for (text, form) in [
        ("2026-10-05 12:34:56", uniform(' ', Suffix::Nothing)),
        ("2026-10-05T12:34:56.123456Z", uniform('T', Suffix::Z)),
        ("2026-10-05 12:34:56.1+00:00", uniform(' ', Suffix::Offset(OffsetStyle::Colon, 0))),
        ("2026-10-05T12:34:56-0330", uniform('T', Suffix::Offset(OffsetStyle::Compact, -12_600))),
        ("2026-10-05 12:34:56+10", uniform(' ', Suffix::Offset(OffsetStyle::Hours, 36_000))),
        ("2026-10-05", None),
        ("2026-10-05T12:34:56z", None),
        ("2026-10-05T12:34:56 EST", None),
        ("yesterday at about noon", None),
    ] {
        assert_eq!(form_of(text), form, "{text}");
    }
}

#[test]
fn fractions_are_microseconds_whatever_their_length() {
    for (text, micros) in [(".5Z", 500_000), (".123456", 123_456), ("", 0), ("Z", 0), (".12+01", 120_000)] {
        assert_eq!(micros_of(text), micros, "{text}");
    }
}

/// What the SQL says about a value.
fn by_sql(stamps: &Stamps, value: &rusqlite::types::Value) -> (Option<i64>, i64) {
    let connection = rusqlite::Connection::open_in_memory().expect("a database");
    connection.execute_batch("CREATE TABLE t (m)").expect("a table");
    connection.execute("INSERT INTO t VALUES (?)", [value]).expect("a row");
    let mut sql = Sql::new("SELECT ");
    sql.push(&stamps.second()).raw(", ").push(&stamps.rest()).raw(" FROM t");
    let read = |row: &Row<'_>| {
        let second: Option<i64> = row.get(0)?;
        Ok((second, if second.is_some() { fraction(row, 1)? } else { 0 }))
    };
    sql.first(&connection, read).expect("an answer").expect("a row")
}

/// What we say about it.
fn by_us(stamps: &Stamps, value: &rusqlite::types::Value) -> (Option<i64>, i64) {
    let connection = rusqlite::Connection::open_in_memory().expect("a database");
    let read = |row: &Row<'_>| stamps.read(row, 0);
    connection.query_row("SELECT ?, NULL", [value], read).expect("a row")
}

fn column(form: Form) -> Stamps {
    let (zone, column) = ("+03:30".parse().expect("a zone"), Ident::from_schema("m"));
    Stamps { column, form, zone, indexed: false, numeric: false }
}

fn forms() -> Vec<Form> {
    let suffixes = [
        Suffix::Nothing,
        Suffix::Z,
        Suffix::Offset(OffsetStyle::Colon, 0),
        Suffix::Offset(OffsetStyle::Hours, -7_200),
    ];
    let uniform = |suffix| ['T', ' '].map(|separator| Form::Uniform { separator, suffix });
    suffixes.into_iter().flat_map(uniform).chain([Form::UnixSeconds, Form::UnixMillis]).collect()
}

fn value() -> impl proptest::strategy::Strategy<Value = rusqlite::types::Value> {
    use proptest::prelude::*;
    use rusqlite::types::Value;
    prop_oneof![
            "[0-9]{4}-(0[0-9]|1[0-3])-([0-2][0-9]|3[0-2])[T ]([01][0-9]|2[0-5]|24):[0-6][0-9]:[0-6][0-9](\\.[0-9]{0,9})?(Z|\\+00:00|-02|x|\u{0}Z|Z\u{0}x)?"
                .prop_map(Value::Text),
            "[0-9]{4}-[0-9]{2}-(0[1-9]|[12][0-9]|3[01])[T ]12:00:00(\\.[0-9]{1,7})?(Z|\\+00:00|-02)?".prop_map(Value::Text),
            "(2000|1900|2024|2100|0000)-02-29T00:00:00Z".prop_map(Value::Text),
            ".{0,25}".prop_map(Value::Text),
            any::<i64>().prop_map(Value::Integer),
            (0_i64..2_000_000_000_000).prop_map(Value::Integer),
            any::<f64>().prop_filter("SQLite takes it for NULL", |n| !n.is_nan()).prop_map(Value::Real),
            (0.0..2e12).prop_map(Value::Real),
            proptest::collection::vec(any::<u8>(), 0..25).prop_map(Value::Blob),
            Just(Value::Null),
        ]
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig { cases: 1_500, ..Default::default() })]

    #[test]
    fn what_is_read_here_is_what_the_sql_says(value in value(), form in proptest::sample::select(forms())) {
        let stamps = column(form);
        proptest::prop_assert_eq!(by_us(&stamps, &value), by_sql(&stamps, &value));
    }
}

proptest::proptest! {
    #[test]
    fn recognising_a_form_is_total(text in "\\PC{0,30}|[0-9TZ:. +-]{19,30}") {
        let _ = form_of(&text);
        let _ = micros_of(&text);
    }
}
