//! The page for a browser, and the workbook.

use std::io::Cursor;

use calamine::{Data, Reader, Xlsx};
use model::CaseKind;
use report::{Format, Options, merges};
use state::State;

use crate::groups::{state_of, two_claim_one};
use crate::people::{case, names_disagree, options, state_with, written};

const CANARIES: [&str; 6] = [
    "=HYPERLINK(\"https://evil.example\",\"x\")",
    "+1+cmd|' /C calc'!A0",
    "@SUM(1)",
    "-2+3",
    "\t=1",
    "<script>alert(1)</script>\u{202e}",
];

fn hostile() -> model::Case {
    let mut hostile = names_disagree();
    for (at, canary) in CANARIES.iter().enumerate() {
        hostile.records[at % 2].fields[at / 2].1 = (*canary).to_owned();
    }
    hostile.reasons[0] = "=1+1".into();
    hostile.records[0].fields.push(("=Field__c".into(), "x".into()));
    hostile
}

fn workbook(state: &State) -> Xlsx<Cursor<Vec<u8>>> {
    let mut bytes = Vec::new();
    merges(state, &options(Format::Xlsx), &mut bytes).unwrap();
    Xlsx::new(Cursor::new(bytes)).unwrap()
}

fn text_of(book: &mut Xlsx<Cursor<Vec<u8>>>, sheet: &str) -> Vec<Vec<String>> {
    let range = book.worksheet_range(sheet).unwrap();
    range.rows().map(|row| row.iter().map(ToString::to_string).collect()).collect()
}

#[tokio::test]
async fn every_cell_of_the_workbook_is_text_and_no_value_is_changed() {
    let state = state_with([hostile()]).await;
    let mut book = workbook(&state);
    assert_eq!(book.sheet_names(), ["Groups", "Records", "Steps", "Cases"]);
    let mut seen = Vec::new();
    for sheet in book.sheet_names() {
        let formulas = book.worksheet_formula(&sheet).unwrap();
        assert!(formulas.cells().all(|(_, _, formula)| formula.is_empty()), "{sheet} holds a formula");
        for (_, _, cell) in book.worksheet_range(&sheet).unwrap().cells() {
            if let Data::String(text) = cell {
                seen.push(text.clone());
            } else {
                assert_eq!(*cell, Data::Empty, "{sheet} holds something that is no text");
            }
        }
    }
    for canary in &CANARIES {
        assert!(seen.iter().any(|text| text == canary), "{canary:?} is missing");
    }
    assert!(seen.iter().any(|text| text == "=Field__c"), "a field's name is text, too");
}

#[tokio::test]
async fn the_workbook_has_a_row_per_group_record_step_and_case() {
    let state = state_of(vec![], vec![two_claim_one(), case(CaseKind::Blocked, "99")]).await;
    let mut book = workbook(&state);
    let (groups, cases) = (text_of(&mut book, "Groups"), text_of(&mut book, "Cases"));
    assert_eq!((groups.len(), cases.len()), (3, 3));
    let merge = groups.iter().find(|row| row[2] == "merge").unwrap();
    assert_eq!(merge[5], "1042 7");
    assert!(merge[13].contains("EmailOptIn__c must be false"), "{merge:?}");
    let records = text_of(&mut book, "Records");
    let phone = records[0].iter().position(|name| name == "Phone").unwrap();
    assert!(records.iter().any(|row| row[1] == "supporter 7" && row[phone] == "555-0100"), "{records:?}");
    assert!(
        text_of(&mut book, "Steps").iter().any(|row| row[3].starts_with("first, in the supporter database"))
    );
}

#[tokio::test]
async fn a_page_escapes_everything_and_asks_nobody() {
    let state = state_with([hostile()]).await;
    let options = Options { banner: Some("*** SANDBOX <b> ***".into()), ..options(Format::Html) };
    let (count, page) = written(|to| merges(&state, &options, to));
    assert_eq!(count, 1);
    assert!(!page.contains("<script>alert"), "what strangers wrote is text");
    assert!(page.contains("&#60;script&#62;alert(1)&#60;/script&#62;\\u{202e}"), "and is shown");
    assert!(page.contains("SANDBOX &#60;b&#62;"));
    for outside in [" src=", "@import", "url(", "<link", "fetch(", "XMLHttp", "<iframe", "<img"] {
        assert!(!page.contains(outside), "{outside} asks for something");
    }
    assert!(page.contains("default-src 'none'; style-src 'sha256-"));
    assert!(!page.contains("unsafe-inline") && !page.contains("onclick"));
}

#[tokio::test]
async fn an_empty_page_and_an_empty_workbook_are_whole() {
    let state = state_with([]).await;
    let (count, page) = written(|to| merges(&state, &options(Format::Html), to));
    assert_eq!(count, 0);
    assert!(page.contains("nothing to merge") && page.trim_end().ends_with("</html>"));
    assert_eq!(text_of(&mut workbook(&state), "Groups").len(), 1);
}

#[tokio::test]
async fn other_reports_are_not_written_as_a_page() {
    let state = state_with([names_disagree()]).await;
    for format in [Format::Html, Format::Xlsx] {
        let refused = report::errors(&state, &options(format), &mut Vec::new());
        assert!(matches!(refused, Err(report::Error::Format(found)) if found == format));
        assert!(report::merges::case(&names_disagree(), &options(format), &mut Vec::new()).is_err());
    }
}
