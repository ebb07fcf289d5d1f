//! `report merges`: the page and the workbook, alone and beside a running service.

use serde_json::json as value;

use crate::stage::{Stage, err, json, out};

/// A supporter whose address and name two Contacts carry.
async fn ambiguous() -> Stage {
    let stage = Stage::set().await;
    two_contacts_of_one(&stage).await;
    stage
}

async fn two_contacts_of_one(stage: &Stage) {
    for phone in ["1", "2"] {
        let row =
            value!({"FirstName": "Ann", "LastName": "Bell", "Email": "ann@example.org", "Phone": phone});
        let serde_json::Value::Object(row) = row else { unreachable!("an object was written") };
        stage.org.seed("Contact", vec![row]).unwrap();
    }
    assert_eq!(stage.run("sync").await.status.code(), Some(0));
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

/// The groups of an earlier report and their verdicts.
async fn verdicts(stage: &Stage, exit: i32) -> Vec<String> {
    let verified = stage.run("report merges --verify --against merges.json --format json").await;
    assert_eq!(verified.status.code(), Some(exit), "{}{}", err(&verified), out(&verified));
    let groups = json(&verified);
    groups.as_array().unwrap().iter().map(|group| group["verdict"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_merged_as_proposed_is_verified_and_the_next_cycle_writes_nothing() {
    // GIVEN a report that says which of two Contacts should remain
    let stage = ambiguous().await;
    assert_eq!(stage.run("report merges --format json --output merges.json").await.status.code(), Some(0));
    let report: serde_json::Value = serde_json::from_str(&stage.read("merges.json")).unwrap();
    let group = &report[0]["group"];
    let (kept, all) = (group["keep_contact"].as_str().unwrap(), group["contacts"].as_array().unwrap());
    let loser = all.iter().filter_map(|id| id.as_str()).find(|id| *id != kept).unwrap();
    // THEN nothing is merged yet
    assert_eq!(verdicts(&stage, 3).await, ["open"]);
    // WHEN the Contacts are merged, but nobody looks after the Id
    let admin = stage.org.admin();
    admin.merge_as(&admin.person(), "Contact", kept, &[loser]).unwrap();
    assert_eq!(verdicts(&stage, 3).await, ["id_lost"]);
    // AND then somebody does
    stage.sql(&format!("UPDATE supporters SET contact_id = '{kept}' WHERE supporter_id = 2")).await;
    assert_eq!(verdicts(&stage, 0).await, ["merged"]);
    // THEN it is taken up, the next cycle writes nothing, and the group stays merged
    assert_eq!(stage.run("resync 2").await.status.code(), Some(0));
    let before = stage.both_sides().await;
    let quiet = json(&stage.run("sync --format json").await);
    assert_eq!((&quiet["rows"]["sent"], &quiet["supporter_writes"]), (&value!(0), &value!(0)), "{quiet}");
    assert_eq!(stage.both_sides().await, before);
    assert_eq!(verdicts(&stage, 0).await, ["merged"]);
    let open = json(&stage.run("report merges --format json").await);
    assert!(open.as_array().unwrap().is_empty(), "{open:#}");
    // AND beside a running service it is the same, from a file of ours
    let served = stage.serve().await;
    assert_eq!(verdicts(&stage, 0).await, ["merged"]);
    assert_eq!(served.stop().await, Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_column_for_it_the_link_is_what_ties_the_two() {
    let stage = Stage::set().await;
    stage.reconfigure("contact_id_column = \"contact_id\"\n", "");
    two_contacts_of_one(&stage).await;
    assert_eq!(stage.run("report merges --format json --output merges.json").await.status.code(), Some(0));
    let report: serde_json::Value = serde_json::from_str(&stage.read("merges.json")).unwrap();
    let group = &report[0]["group"];
    let (kept, all) = (group["keep_contact"].as_str().unwrap(), group["contacts"].as_array().unwrap());
    let loser = all.iter().filter_map(|id| id.as_str()).find(|id| *id != kept).unwrap();
    let admin = stage.org.admin();
    admin.merge_as(&admin.person(), "Contact", kept, &[loser]).unwrap();
    let verified = stage.run("report merges --verify --against merges.json").await;
    assert!(out(&verified).contains("run highwater sync, which links the two"), "{}", out(&verified));
    assert_eq!(stage.run("resync 2").await.status.code(), Some(0));
    assert_eq!(verdicts(&stage, 0).await, ["merged"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_earlier_report_is_refused() {
    let stage = ambiguous().await;
    stage.write("other.json", "{\"name\": \"Jane\"}");
    for file in ["other.json", "missing.json"] {
        let line = format!("report merges --verify --against {file}");
        let said = stage.refuses(&line, 2, "HW0111").await;
        assert!(said.contains("report merges --format json") && !said.contains("Jane"), "{said}");
    }
    assert_eq!(stage.run("report merges --verify").await.status.code(), Some(2));
    stage.refuses("report merges --verify --against other.json --format html", 2, "HW0111").await;
}
