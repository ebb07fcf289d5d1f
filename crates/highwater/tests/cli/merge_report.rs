//! `report merges`: the page and the workbook, alone and beside a running service.

use serde_json::json as value;

use crate::stage::{Stage, err, json, out};

/// A supporter whose address and name two Contacts carry.
async fn ambiguous() -> Stage {
    let stage = Stage::set().await;
    for phone in ["1", "2"] {
        let row =
            value!({"FirstName": "Ann", "LastName": "Bell", "Email": "ann@example.org", "Phone": phone});
        let serde_json::Value::Object(row) = row else { unreachable!("an object was written") };
        stage.org.seed("Contact", vec![row]).unwrap();
    }
    assert_eq!(stage.run("sync").await.status.code(), Some(0));
    stage
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_and_a_workbook_are_written_to_files_of_their_own() {
    let stage = ambiguous().await;
    let cases = json(&stage.run("report merges --format json").await);
    assert_eq!(cases[0]["group"]["action"], "merge", "{cases}");
    assert!(cases[0]["group"]["keep_contact"].is_string(), "{cases}");
    let page = stage.run("report merges --format html --output merges.html").await;
    assert_eq!(page.status.code(), Some(0), "{}", err(&page));
    let page = stage.read("merges.html");
    assert!(page.starts_with("<!DOCTYPE html>") && page.contains("Ann Bell"), "{page}");
    let book = stage.run("report merges --format xlsx --output merges.xlsx").await;
    assert_eq!(book.status.code(), Some(0), "{}", err(&book));
    let book = std::fs::read(stage.path("merges.xlsx")).unwrap();
    assert!(book.starts_with(b"PK"), "a workbook is a zip file");
    assert_eq!(stage.run("report merges --format xlsx").await.stdout[..2], *b"PK", "a pipe gets it, too");
    for line in ["sync --format html", "report conflicts --format xlsx", "cases list --format html"] {
        let said = stage.refuses(line, 2, "HW0111").await;
        assert!(said.contains("only `highwater report merges` writes html and xlsx"), "{said}");
    }
    assert!(out(&stage.run("report merges").await).contains("== group "), "the table groups, too");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_running_service_writes_the_same_page_and_the_workbook_comes_whole() {
    let stage = ambiguous().await;
    let served = stage.serve().await;
    let page = stage.run("report merges --format html").await;
    assert!(out(&page).starts_with("<!DOCTYPE html>") && out(&page).contains("Ann Bell"), "{}", err(&page));
    let book = stage.run("report merges --format xlsx --output merges.xlsx").await;
    assert_eq!(book.status.code(), Some(0), "{}", err(&book));
    let book = std::fs::read(stage.path("merges.xlsx")).unwrap();
    // The end of a zip file names how many bytes come before it.
    let end = book.len() - 22;
    assert_eq!(book[end..end + 4], *b"PK\x05\x06", "the workbook was cut or changed");
    let number = |at: usize| u32::from_le_bytes(book[at..at + 4].try_into().unwrap()) as usize;
    assert_eq!(number(end + 12) + number(end + 16), end);
    assert_eq!(served.stop().await, Some(0));
}
