use proptest::prelude::*;

use super::ast::{Condition, LiteralValue, Op, Select, Selected};
use super::error::{NotBuilt, SoqlErrorCode};
use super::parse::parse;

fn message(query: &str) -> String {
    parse(query).unwrap_err().message
}

#[test]
fn a_query_with_every_clause_is_read() {
    let query = parse(
        "select Id, Account.Name FROM Contact c WHERE (Email = 'a@b.org' OR Email IN ('x', 'y')) AND IsDeleted = false \
         ORDER BY SystemModstamp DESC NULLS LAST, Id LIMIT 10 OFFSET 5",
    )
    .unwrap();
    let Select::Fields(fields) = &query.select else { panic!("fields") };
    let text = |item: &Selected| match item {
        Selected::Field(name) => name.text.clone(),
        Selected::Group(..) => panic!("a field"),
    };
    assert_eq!(fields.iter().map(text).collect::<Vec<_>>(), ["Id", "Account.Name"]);
    assert_eq!(query.alias.as_deref(), Some("c"));
    let Some(Condition::And(parts)) = &query.filter else { panic!("and") };
    assert!(matches!(&parts[0], Condition::Or(inner) if inner.len() == 2));
    assert!(query.order[0].descending && query.order[0].nulls_last && !query.order[1].descending);
    assert_eq!((query.limit, query.offset.map(|o| o.0)), (Some(10), Some(5)));
}

#[test]
fn count_stands_alone() {
    assert_eq!(parse("SELECT COUNT() FROM Contact").unwrap().select, Select::Count);
    assert_eq!(parse("SELECT COUNT(Id) FROM Contact").unwrap_err().not_built, Some(NotBuilt::Aggregate));
    assert!(parse("SELECT Id, COUNT() FROM Contact").is_err());
}

#[test]
fn and_and_or_mix_only_through_parentheses() {
    assert!(
        message("SELECT Id FROM Contact WHERE a = 1 AND b = 2 OR c = 3").ends_with("unexpected token: 'OR'")
    );
    assert!(parse("SELECT Id FROM Contact WHERE a = 1 AND (b = 2 OR c = 3)").is_ok());
    assert!(parse("SELECT Id FROM Contact WHERE (NOT a = 1) AND (NOT b = 2)").is_ok());
    assert!(parse("SELECT Id FROM Contact WHERE a = 1 AND NOT b = 2").is_err());
}

#[test]
fn not_in_and_relative_dates_are_read() {
    let query =
        parse("SELECT Id FROM Contact WHERE Id NOT IN ('003') AND CreatedDate >= LAST_N_DAYS:3").unwrap();
    let Some(Condition::And(parts)) = query.filter else { panic!("and") };
    assert!(matches!(&parts[0], Condition::In { negated: true, .. }));
    let Condition::Compare { op: Op::GreaterOrEqual, value, .. } = &parts[1] else { panic!("compare") };
    assert!(matches!(value.value, LiteralValue::DateLiteral(_)));
}

#[test]
fn what_is_not_built_is_refused_by_name() {
    for (query, what) in [
        ("SELECT MAX(Id) FROM Contact", NotBuilt::Aggregate),
        ("SELECT Name FROM Contact GROUP BY Name", NotBuilt::Aggregate),
        ("SELECT (SELECT Id FROM Contacts) FROM Account", NotBuilt::Subquery),
        ("SELECT TYPEOF What WHEN Account THEN Phone END FROM Event", NotBuilt::TypeOf),
        ("SELECT Id FROM Contact WHERE Name = :name", NotBuilt::Clause),
        ("SELECT Id FROM Contact FOR VIEW", NotBuilt::Clause),
        ("SELECT Id FROM Contact ALL ROWS", NotBuilt::Clause),
        ("SELECT Id FROM Contact USING SCOPE mine", NotBuilt::Clause),
        ("SELECT Id FROM Contact WHERE CALENDAR_YEAR(CreatedDate) = 2026", NotBuilt::Aggregate),
    ] {
        let error = parse(query).unwrap_err();
        assert_eq!((error.code, error.not_built), (SoqlErrorCode::MalformedQuery, Some(what)), "{query}");
    }
}

#[test]
fn broken_queries_name_the_place() {
    assert_eq!(
        message("SELECT Id FORM Contact"),
        "\nSELECT Id FORM Contact\n          ^\nERROR at Row:1:Column:11\nunexpected token: 'FORM'"
    );
    assert!(message("SELECT Id FROM").ends_with("unexpected token: '<EOF>'"));
    assert!(message("SELECT Id, FROM Contact").ends_with("unexpected token: 'FROM'"));
    assert!(message("SELECT Id FROM Contact WHERE Id IN ()").ends_with("unexpected token: ')'"));
    assert!(message("").ends_with("unexpected token: '<EOF>'"));
    assert!(message("SELECT Id FROM Contact LIMIT 1 LIMIT 2").ends_with("unexpected token: 'LIMIT'"));
    assert!(
        message("SELECT Id FROM Contact WHERE CreatedDate = LAST_N_DAYS:99999999999").contains("LAST_N_DAYS")
    );
}

#[test]
fn a_query_beyond_the_length_limit_is_refused() {
    let query = format!("SELECT Id FROM Contact WHERE Id IN ('{}')", "x','".repeat(30_000));
    assert!(message(&query).contains("100000 characters"));
}

#[test]
fn deep_nesting_is_refused_and_not_followed() {
    let deep = |n: usize| format!("SELECT Id FROM Contact WHERE {}a = 1{}", "(".repeat(n), ")".repeat(n));
    assert!(parse(&deep(50)).is_ok());
    assert!(message(&deep(40_000)).contains("nested too deeply"));
    let nots = format!("SELECT Id FROM Contact WHERE {}a = 1", "NOT (".repeat(15_000));
    assert!(message(&nots).contains("nested too deeply"));
}

/// Fragments that make most of the random texts get past the first token.
fn fragment() -> impl Strategy<Value = String> {
    prop_oneof![
        prop::sample::select(vec![
            "SELECT",
            "Id",
            "FROM",
            "Contact",
            "WHERE",
            "(",
            ")",
            ",",
            "=",
            "!=",
            "IN",
            "NOT",
            "LIKE",
            "'a'",
            "'",
            "\\",
            "null",
            "2026-01-01",
            "2026-01-01T00:00:00Z",
            "LAST_N_DAYS",
            ":",
            "7",
            "-",
            "ORDER",
            "BY",
            "LIMIT",
            "AND",
            "OR",
            "COUNT",
            "NULLS",
            "LAST",
            "FIELDS",
            "(SELECT",
            "ä",
            "\u{0}",
            "\n",
            "1e9",
            ".",
        ])
        .prop_map(str::to_owned),
        ".{0,4}",
    ]
}

proptest! {
    #[test]
    fn any_text_is_parsed_or_refused(text in ".{0,200}") {
        if let Err(error) = parse(&text) {
            prop_assert!(!error.message.is_empty());
        }
    }

    #[test]
    fn any_run_of_fragments_is_parsed_or_refused(parts in prop::collection::vec(fragment(), 0..30)) {
        let text = format!("SELECT Id FROM Contact WHERE {}", parts.join(" "));
        if let Err(error) = parse(&text) {
            prop_assert!(!error.message.is_empty());
        }
    }

    #[test]
    fn a_quoted_string_comes_back_as_it_was(text in ".{0,60}") {
        let escaped = text.replace('\\', "\\\\").replace('\'', "\\'");
        let query = parse(&format!("SELECT Id FROM Contact WHERE Name = '{escaped}'")).unwrap();
        let Some(Condition::Compare { value, .. }) = query.filter else { panic!("compare") };
        let LiteralValue::Text(quoted) = value.value else { panic!("text") };
        prop_assert_eq!(quoted.text, text);
    }
}
