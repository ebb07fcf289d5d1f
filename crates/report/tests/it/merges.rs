//! The merge-assist report in its three formats.

use model::{CaseKind, Subject};
use report::{Format, Options, merges};
use serde_json::{Value, json};

use crate::people::{
    JOE, OTHER, case, contact, names_disagree, options, record, rows, state_with, supporter, written,
};

#[tokio::test]
async fn a_table_shows_both_records_side_by_side_and_marks_what_differs() {
    let state = state_with([names_disagree()]).await;
    let (count, text) = written(|to| merges(&state, &options(Format::Table), to));
    assert_eq!(count, 1);
    assert_eq!(
        text,
        "\
1. names_disagree: supporter 1042
  case        27f4365dfe
  group       gddf19acf: decide, look first
  since       2026-10-05T12:34:56Z, last seen 2026-10-06T08:00:00Z
  supporter   1042
  Contact     003RM0000068xVCYAY
  why         same_email; first_names_differ
  done        did not link the two and renamed nobody; nothing is sent
  to do       compare the two; correct the name or the address on the side that is wrong
  link        https://db.example.org/people/1042
  link        https://org.example.com/003RM0000068xVCYAY/view
      field      supporter 1042      Contact 003RM0000068xVCYAY
   ≠  FirstName  Jane                Joe
      LastName   Smith               Smith
      Email      jsmith@example.com  jsmith@example.com

1 open case
"
    );
}

#[tokio::test]
async fn csv_has_one_row_per_field_with_both_values() {
    let state = state_with([names_disagree()]).await;
    let (_, text) = written(|to| merges(&state, &options(Format::Csv), to));
    let rows = rows(&text);
    assert_eq!(rows.len(), 3);
    let first = &rows[0];
    for (column, cell) in [
        ("case", "27f4365dfe"),
        ("kind", "names_disagree"),
        ("about", "supporter 1042"),
        ("since", "2026-10-05T12:34:56Z"),
        ("last_seen", "2026-10-06T08:00:00Z"),
        ("supporters", "1042"),
        ("contacts", JOE),
        ("reasons", "same_email; first_names_differ"),
        ("left_link", "https://db.example.org/people/1042"),
        ("right", "Contact 003RM0000068xVCYAY"),
        ("right_link", "https://org.example.com/003RM0000068xVCYAY/view"),
        ("field", "FirstName"),
        ("left_value", "Jane"),
        ("right_value", "Joe"),
        ("differs", "yes"),
    ] {
        assert_eq!(first[column], cell, "{column}");
    }
    assert!(!first["done"].is_empty() && !first["advice"].is_empty());
    assert_eq!((rows[1]["field"].as_str(), rows[1]["differs"].as_str()), ("LastName", "no"));
}

#[tokio::test]
async fn json_holds_the_same_for_programs() {
    let state = state_with([names_disagree()]).await;
    let (_, text) = written(|to| merges(&state, &options(Format::Json), to));
    let mut cases: Vec<Value> = serde_json::from_str(&text).unwrap();
    let case = cases.pop().unwrap();
    let about = json!({"side": "supporter", "id": "1042", "link": "https://db.example.org/people/1042"});
    let joe = json!({"side": "salesforce", "id": JOE, "link": format!("https://org.example.com/{JOE}/view")});
    assert_eq!(case["about"], about);
    assert_eq!(case["contacts"], json!([joe]));
    assert_eq!(case["records"], json!([about, joe]));
    assert_eq!(case["reasons"], json!(["same_email", "first_names_differ"]));
    assert_eq!(case["fields"][0], json!({"field": "FirstName", "differs": true, "values": ["Jane", "Joe"]}));
    assert_eq!(case["fields"][1]["differs"], json!(false));
}

#[tokio::test]
async fn without_cases_each_format_says_so_and_stays_well_formed() {
    let state = state_with([]).await;
    assert_eq!(written(|to| merges(&state, &options(Format::Table), to)), (0, "no open cases\n".into()));
    assert_eq!(written(|to| merges(&state, &options(Format::Json), to)), (0, "[]\n".into()));
    let (count, text) = written(|to| merges(&state, &options(Format::Csv), to));
    assert_eq!((count, text.lines().count()), (0, 1));
}

#[tokio::test]
async fn every_kind_of_case_is_reported_even_without_records() {
    let kinds = [
        CaseKind::AmbiguousContacts,
        CaseKind::ReviewMatch,
        CaseKind::NamesDisagree,
        CaseKind::TwoSupportersOneContact,
        CaseKind::IdAndEmailDisagree,
        CaseKind::SeveralContactsOneKey,
        CaseKind::MergedIntoLinked,
        CaseKind::ContactDeleted,
        CaseKind::SupporterDeleted,
        CaseKind::ConflictHeld,
        CaseKind::DuplicateUnresolved,
        CaseKind::DuplicateOfOtherObject,
        CaseKind::Blocked,
        CaseKind::Systemic,
    ];
    let state = state_with(kinds.iter().map(|kind| case(*kind, "7"))).await;
    let (count, text) = written(|to| merges(&state, &options(Format::Csv), to));
    let rows = rows(&text);
    assert_eq!((count, rows.len()), (14, 14));
    for kind in kinds {
        let row = rows.iter().find(|row| row["kind"] == kind.code()).unwrap();
        assert!(!row["done"].is_empty(), "{kind:?}");
    }
}

#[tokio::test]
async fn only_the_kinds_asked_for_are_shown() {
    let state =
        state_with([names_disagree(), case(CaseKind::Blocked, "7"), case(CaseKind::Systemic, "8")]).await;
    let options = Options { kinds: vec![CaseKind::Blocked, CaseKind::Systemic], ..options(Format::Csv) };
    let (count, text) = written(|to| merges(&state, &options, to));
    let kinds: Vec<String> = rows(&text).iter().map(|row| row["kind"].clone()).collect();
    assert_eq!((count, kinds), (2, vec!["blocked".to_owned(), "systemic".to_owned()]));
}

#[tokio::test]
async fn fields_that_agree_can_be_left_out() {
    let state = state_with([names_disagree()]).await;
    for format in [Format::Table, Format::Csv, Format::Json] {
        let options = Options { differences_only: true, ..options(format) };
        let (_, text) = written(|to| merges(&state, &options, to));
        assert!(text.contains("FirstName") && !text.contains("LastName"), "{text}");
    }
}

#[tokio::test]
async fn a_supporter_is_held_against_each_of_several_contacts() {
    // GIVEN one supporter and two Contacts that fit
    let mut ambiguous = names_disagree();
    ambiguous.kind = CaseKind::AmbiguousContacts;
    ambiguous.contacts.push(contact(OTHER));
    ambiguous
        .records
        .push(record(Subject::Contact(contact(OTHER)), &[("FirstName", "Jane"), ("LastName", "Smyth")]));
    let state = state_with([ambiguous]).await;
    // THEN each is a pair of its own in CSV, and all stand abreast in the table
    let (_, text) = written(|to| merges(&state, &options(Format::Csv), to));
    let pairs: Vec<_> = rows(&text)
        .iter()
        .map(|row| format!("{} {} {} {}", row["right"], row["field"], row["right_value"], row["differs"]))
        .collect();
    assert_eq!(pairs.len(), 6);
    assert!(pairs.contains(&format!("Contact {JOE} FirstName Joe yes")));
    assert!(pairs.contains(&format!("Contact {OTHER} FirstName Jane no")));
    assert!(pairs.contains(&format!("Contact {OTHER} Email  yes")), "a missing field differs: {pairs:?}");
    let (_, text) = written(|to| merges(&state, &options(Format::Table), to));
    assert!(text.contains(&format!("supporter 1042      Contact {JOE}  Contact {OTHER}")), "{text}");
}

#[tokio::test]
async fn more_records_than_fit_abreast_go_below_and_none_is_lost() {
    let mut many = names_disagree();
    for n in 0..6 {
        let twin = Subject::Supporter(supporter(&format!("twin-{n}")));
        many.records.push(record(twin, &[("FirstName", &format!("first-{n}"))]));
    }
    let state = state_with([many]).await;
    for format in [Format::Table, Format::Csv, Format::Json] {
        let (_, text) = written(|to| merges(&state, &options(format), to));
        assert!((0..6).all(|n| text.contains(&format!("first-{n}"))), "{text}");
    }
}

#[tokio::test]
async fn a_name_cannot_write_to_the_terminal_of_who_reads_the_table() {
    let mut hostile = names_disagree();
    hostile.records[0].fields[0].1 = "\u{1b}]0;owned\u{7}\r\nroot#".into();
    let state = state_with([hostile]).await;
    let (_, table) = written(|to| merges(&state, &options(Format::Table), to));
    assert!(!table.chars().any(|c| c.is_control() && c != '\n'), "{table:?}");
    let (_, json) = written(|to| merges(&state, &options(Format::Json), to));
    let cases: Value = serde_json::from_str(&json).unwrap();
    assert_eq!(cases[0]["fields"][0]["values"][1], json!("\u{1b}]0;owned\u{7}\r\nroot#"));
}

/// A reader that goes away after some bytes.
struct Closing(usize);

impl std::io::Write for Closing {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0 = self.0.checked_sub(bytes.len()).ok_or(std::io::ErrorKind::BrokenPipe)?;
        Ok(bytes.len())
    }
    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn a_reader_that_goes_away_is_told_from_a_failure() {
    let state = state_with((0..500).map(|n| case(CaseKind::Blocked, &n.to_string()))).await;
    for format in [Format::Table, Format::Csv, Format::Json] {
        let ended = merges(&state, &options(format), &mut Closing(10_000));
        assert!(ended.unwrap_err().is_closed_pipe(), "{format}");
    }
}
