use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::id::RecordId;
use crate::record::{Cells, Draft, Record};
use crate::schema::{CustomField, FieldType, Schema};
use crate::store::Store;
use crate::value::{Stamp, Value};

const NOW: Stamp = Stamp(1_790_000_000_000);

fn store() -> Store {
    let code = CustomField {
        external_id: true,
        unique: true,
        case_sensitive: true,
        length: 50,
        ..CustomField::new("Contact", "Code__c", FieldType::String)
    };
    let score = CustomField::new("Contact", "Score__c", FieldType::Double);
    Store::new(&Schema::new(&[code, score], &["Contact.Jigsaw".into()]), "5f0")
}

fn put(store: &mut Store, object: &str, at: Stamp, values: &[(&str, Value)]) -> RecordId {
    let mut draft = Draft::default();
    for (name, value) in values {
        draft.set(store.schema(object).unwrap().field(name).unwrap().index, value.clone());
    }
    let table = store.table_mut(object).unwrap();
    let id = table.mint();
    table.insert(Record {
        id,
        created_by: id,
        created: at,
        modified_by: id,
        modified: at,
        stamp: at,
        visible_at: at,
        master: None,
        deleted: false,
        purged: false,
        cells: Cells::pack(&draft),
        previous: None,
    });
    id
}

fn people() -> Store {
    let mut store = store();
    let account = put(&mut store, "Account", NOW, &[("Name", Value::text("Acme"))]);
    let rows = [
        ("Ann", "ann@example.org", "A1", Some(3.0), "2000-01-01", Some(account)),
        ("bob", "BOB@example.org", "a1", Some(1.5), "2000-01-02", None),
        ("Cid", "", "C3", None, "", None),
        ("Dee", "dee@example.org", "D4", Some(-1.0), "1999-12-31", Some(account)),
    ];
    for (number, (last, email, code, score, born, account)) in rows.into_iter().enumerate() {
        let at = NOW.plus_millis(number as i64 * 1000);
        let mut values = vec![
            ("LastName", Value::text(last)),
            ("Email", Value::text(email)),
            ("Code__c", Value::text(code)),
            ("DoNotCall", Value::Bool(number == 0)),
        ];
        values.extend(score.map(|s| ("Score__c", Value::Number(s))));
        values.extend(born.parse().ok().map(|b| ("Birthdate", Value::Date(b))));
        values.extend(account.map(|a| ("AccountId", Value::text(a.as_str()))));
        put(&mut store, "Contact", at, &values);
    }
    store
}

fn view(store: &Store) -> View<'_> {
    View { store, now: NOW.plus_millis(60_000), include_deleted: false }
}

fn names(store: &Store, rest: &str) -> Vec<String> {
    let plan = plan(&format!("SELECT LastName FROM Contact {rest}"), store, NOW).unwrap();
    let slots = plan.run(view(store));
    let records = slots.iter().map(|slot| plan.record(view(store), *slot).unwrap());
    records.map(|r| plan.columns[0].value(view(store), r).text().unwrap().to_owned()).collect()
}

fn error(store: &Store, query: &str) -> (SoqlErrorCode, String) {
    let error = plan(query, store, NOW).unwrap_err();
    (error.code, error.message.lines().last().unwrap().to_owned())
}

#[test]
fn each_operator_picks_the_rows_it_should() {
    let store = people();
    for (filter, expected) in [
        ("Email = 'bob@EXAMPLE.org'", "bob"),
        ("Email != 'bob@example.org'", "Ann Cid Dee"),
        ("Email = null", "Cid"),
        ("Email = ''", "Cid"),
        ("Email != null", "Ann bob Dee"),
        ("Email IN ('ann@example.org', 'DEE@example.org')", "Ann Dee"),
        ("Email IN (null, 'ann@example.org')", "Ann Cid"),
        ("Email NOT IN ('ann@example.org')", "bob Cid Dee"),
        ("Email LIKE '%@EXAMPLE.org'", "Ann bob Dee"),
        ("(NOT Email LIKE 'a%')", "bob Cid Dee"),
        ("Code__c = 'a1'", "bob"),
        ("Code__c IN ('A1', 'c3')", "Ann"),
        ("LastName > 'ANN' AND LastName <= 'cid'", "bob Cid"),
        ("Score__c >= 1.5", "Ann bob"),
        ("Score__c != 3", "bob Cid Dee"),
        ("Score__c IN (3, -1)", "Ann Dee"),
        ("DoNotCall = true", "Ann"),
        ("DoNotCall != true", "bob Cid Dee"),
        ("Birthdate >= 2000-01-01", "Ann bob"),
        ("Birthdate < 2000-01-01", "Dee"),
        ("SystemModstamp > 2026-09-21T14:13:21Z", "Cid Dee"),
        (
            "SystemModstamp >= 2026-09-21T14:13:21Z AND SystemModstamp < 2026-09-21T14:13:23.000+0000",
            "bob Cid",
        ),
        ("CreatedDate = TODAY", "Ann bob Cid Dee"),
        ("CreatedDate < TODAY", ""),
        ("Account.Name = 'ACME'", "Ann Dee"),
        ("Account.Name = null", "bob Cid"),
        ("Email = 'ann@example.org' OR Score__c < 0", "Ann Dee"),
        ("Email = 'ann@example.org' AND (Score__c < 0 OR Score__c = 3)", "Ann"),
    ] {
        assert_eq!(
            names(&store, &format!("WHERE {filter} ORDER BY LastName")).join(" "),
            expected,
            "{filter}"
        );
        assert_eq!(names(&store, &format!("WHERE {filter}")).join(" "), expected, "{filter}");
    }
}

#[test]
fn ids_are_compared_in_either_length_and_by_their_case() {
    let store = people();
    let id = store.table("Contact").unwrap().at(1).unwrap().id;
    assert_eq!(names(&store, &format!("WHERE Id = '{id}'")), ["bob"]);
    assert_eq!(names(&store, &format!("WHERE Id IN ('{}')", id.short())), ["bob"]);
    assert_eq!(names(&store, &format!("WHERE Id > '{id}'")), ["Cid", "Dee"]);
}

#[test]
fn order_puts_nulls_first_in_either_direction_unless_told() {
    let store = people();
    assert_eq!(names(&store, "ORDER BY Score__c"), ["Cid", "Dee", "bob", "Ann"]);
    assert_eq!(names(&store, "ORDER BY Score__c DESC"), ["Cid", "Ann", "bob", "Dee"]);
    assert_eq!(names(&store, "ORDER BY Score__c NULLS LAST LIMIT 2 OFFSET 1"), ["bob", "Ann"]);
    assert_eq!(names(&store, "ORDER BY DoNotCall DESC, LastName DESC"), ["Ann", "Dee", "Cid", "bob"]);
    assert_eq!(names(&store, "LIMIT 1").len(), 1);
}

#[test]
fn rows_come_as_nested_json_and_as_quoted_lines() {
    let store = people();
    let query =
        "SELECT lastname, Account.Name, SystemModstamp, Score__c FROM Contact ORDER BY LastName LIMIT 2";
    let plan = plan(query, &store, NOW).unwrap();
    let slots = plan.run(view(&store));
    let record = |n: usize| plan.record(view(&store), slots[n]).unwrap();
    let json = plan.json(view(&store), record(0), "66.0");
    assert_eq!((&json["LastName"], &json["Account"]["Name"]), (&json!("Ann"), &json!("Acme")));
    assert_eq!(json["Account"]["attributes"]["type"], "Account");
    assert_eq!(json["SystemModstamp"], "2026-09-21T14:13:20.000+0000");
    assert_eq!(plan.json(view(&store), record(1), "66.0")["Account"], json!(null));
    let mut lines = plan.csv_header(',', "\n");
    plan.csv(view(&store), record(1), ',', "\n", &mut lines);
    let expected = "\"LastName\",\"Account.Name\",\"SystemModstamp\",\"Score__c\"\n\
                    \"bob\",\"\",\"2026-09-21T14:13:21.000Z\",\"1.5\"\n";
    assert_eq!(lines, expected);
}

#[test]
fn deleted_rows_need_query_all_and_late_rows_need_time() {
    let mut store = people();
    let table = store.table_mut("Contact").unwrap();
    let gone = Record { deleted: true, ..table.at(0).unwrap().clone() };
    table.replace(0, gone);
    let late = Record { visible_at: NOW.plus_millis(90_000), ..table.at(3).unwrap().clone() };
    table.insert(Record { id: RecordId::mint("003", "5f0", 99), ..late });
    let plan = plan("SELECT Id FROM Contact WHERE Email != null", &store, NOW).unwrap();
    let count = |now: Stamp, include_deleted| plan.run(View { store: &store, now, include_deleted }).len();
    assert_eq!(count(NOW.plus_millis(60_000), false), 2);
    assert_eq!(count(NOW.plus_millis(60_000), true), 3);
    assert_eq!(count(NOW.plus_millis(90_000), true), 4);
}

#[test]
fn wrong_names_types_and_operators_are_refused_with_salesforces_codes() {
    use SoqlErrorCode as Code;
    let store = people();
    for (query, code, end) in [
        ("SELECT Foo FROM Contact", Code::InvalidField, "appropriate names."),
        ("SELECT Jigsaw FROM Contact", Code::InvalidField, "appropriate names."),
        ("SELECT Id FROM Foo", Code::InvalidType, "appropriate names."),
        ("SELECT Foo.Name FROM Contact", Code::InvalidField, "appropriate names."),
        ("SELECT Id, ID FROM Contact", Code::InvalidField, "duplicate field selected: ID"),
        ("SELECT Id FROM Contact WHERE Email = 3", Code::InvalidField, "enclosed in quotes"),
        (
            "SELECT Id FROM Contact WHERE CreatedDate = '2026-01-01'",
            Code::InvalidField,
            "not be enclosed in quotes",
        ),
        (
            "SELECT Id FROM Contact WHERE CreatedDate = 2026-01-01",
            Code::InvalidField,
            "not be enclosed in quotes",
        ),
        ("SELECT Id FROM Contact WHERE Birthdate = 2026-01-01T00:00:00Z", Code::InvalidField, "in quotes"),
        (
            "SELECT Id FROM Contact WHERE Description = 'x'",
            Code::InvalidField,
            "can not be filtered in a query call",
        ),
        (
            "SELECT Id FROM Contact ORDER BY Description",
            Code::InvalidField,
            "can not be sorted in a query call",
        ),
        ("SELECT Id FROM Contact WHERE Id = 'x'", Code::InvalidQueryFilterOperator, "invalid ID field: x"),
        (
            "SELECT Id FROM Contact WHERE DoNotCall > true",
            Code::InvalidQueryFilterOperator,
            "on boolean field",
        ),
        ("SELECT Id FROM Contact WHERE Id LIKE '003%'", Code::InvalidQueryFilterOperator, "on id field"),
        (
            "SELECT Id FROM Contact OFFSET 2001",
            Code::NumberOutsideValidRange,
            "Maximum SOQL offset allowed is 2000",
        ),
    ] {
        let (found, message) = error(&store, query);
        assert_eq!(found, code, "{query}");
        assert!(message.ends_with(end), "{query}: {message}");
    }
}

#[test]
fn an_alias_or_the_objects_own_name_may_stand_in_front() {
    let store = people();
    let plan = plan("SELECT c.LastName, Contact.Id, c.Account.Name FROM Contact c", &store, NOW).unwrap();
    let headers: Vec<String> = plan.columns.iter().map(Column::header).collect();
    assert_eq!(headers, ["LastName", "Id", "Account.Name"]);
}

/// Conditions of every kind, some of which an index serves.
fn condition() -> impl Strategy<Value = String> {
    let one = prop::sample::select(vec![
        "Email = 'ann@example.org'",
        "Email IN ('bob@example.org', 'dee@example.org')",
        "Email NOT IN ('bob@example.org')",
        "Email != 'ann@example.org'",
        "Email = null",
        "Code__c = 'a1'",
        "Score__c > 0",
        "SystemModstamp >= 2026-09-21T14:13:21Z",
        "SystemModstamp < 2026-09-21T14:13:23Z",
        "SystemModstamp = 2026-09-21T14:13:22Z",
        "SystemModstamp != 2026-09-21T14:13:22Z",
        "Account.Name = 'Acme'",
        "Id = '003000000000000'",
        "LastName LIKE '%e%'",
    ])
    .prop_map(str::to_owned);
    one.prop_recursive(3, 12, 3, |inner| {
        let many = prop::collection::vec(inner.clone(), 2..4);
        let joined = |parts: Vec<String>, word: &str| format!("({})", parts.join(&format!(" {word} ")));
        prop_oneof![
            many.clone().prop_map(move |parts| joined(parts, "AND")),
            many.prop_map(move |parts| joined(parts, "OR")),
            inner.prop_map(|part| format!("(NOT {part})")),
        ]
    })
}

proptest! {
    #[test]
    fn the_indexes_find_the_same_rows_as_reading_every_record(condition in condition()) {
        let store = people();
        let plan = plan(&format!("SELECT Id FROM Contact WHERE {condition}"), &store, NOW).unwrap();
        let test = plan.filter.as_ref().unwrap();
        let view = view(&store);
        let all: Vec<_> = (0..4).filter(|slot| test.holds(view, plan.record(view, *slot).unwrap())).collect();
        let mut found = plan.run(view);
        found.sort_unstable();
        prop_assert_eq!(found, all);
    }
}
