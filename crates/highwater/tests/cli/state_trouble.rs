//! A state directory that is damaged, old, misplaced or cannot be written: refused, and nothing is sent.

use std::fs;
use std::path::Path;

use crate::stage::{Stage, err, json, out};

const STATE: &str = "simulated-state";

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target);
        } else if entry.file_type().unwrap().is_file() {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}

async fn loaded() -> Stage {
    let stage = Stage::set().await;
    assert_eq!(stage.run("backfill").await.status.code(), Some(0));
    stage
}

#[tokio::test(flavor = "multi_thread")]
async fn flipped_bytes_are_found_and_nothing_is_started_afresh() {
    let stage = loaded().await;
    for name in ["manifest.json", "digest.key"] {
        let path = stage.path(STATE).join(name);
        let right = fs::read(&path).unwrap();
        let mut wrong = right.clone();
        let middle = wrong.len() / 2;
        wrong[middle] ^= 0x5a;
        fs::write(&path, &wrong).unwrap();
        for line in ["sync", "status", "serve"] {
            let said = stage.refuses(line, 7, "HW0502").await;
            assert!(said.contains("highwater check --rebuild"), "{name}: {said}");
        }
        assert_eq!(fs::read(&path).unwrap(), wrong, "{name} was repaired");
        fs::write(&path, right).unwrap();
    }
    assert_eq!(stage.run("sync").await.status.code(), Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_full_of_flipped_bytes_never_leads_to_a_write() {
    let stage = loaded().await;
    let path = stage.path(STATE).join("db/db");
    let mut bytes = fs::read(&path).unwrap();
    bytes.iter_mut().step_by(7).for_each(|byte| *byte ^= 0xff);
    fs::write(&path, bytes).unwrap();
    let before = stage.both_sides().await;
    let refused = stage.run("sync").await;
    assert_eq!(refused.status.code(), Some(7), "{}", err(&refused));
    assert!(err(&refused).contains("highwater check --rebuild"), "{}", err(&refused));
    assert!(!err(&refused).contains("panicked"), "{}", err(&refused));
    assert_eq!(before, stage.both_sides().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_cut_short_is_called_damaged() {
    let stage = loaded().await;
    let path = stage.path(STATE).join("db/db");
    let whole = fs::read(&path).unwrap();
    let before = stage.both_sides().await;
    for part in [2, 3, 10] {
        fs::write(&path, &whole[..whole.len() / part]).unwrap();
        let refused = stage.run("sync").await;
        assert_eq!(refused.status.code(), Some(7), "1/{part}: {}", err(&refused));
        assert!(!err(&refused).contains("HW0508"), "1/{part}: {}", err(&refused));
        assert!(err(&refused).contains("highwater check --rebuild"), "1/{part}: {}", err(&refused));
    }
    assert_eq!(before, stage.both_sides().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_older_copy_is_not_worked_on() {
    let stage = loaded().await;
    let (now, old) = (stage.path(STATE).join("db"), stage.path("copy"));
    copy(&now, &old);
    for day in 1..4 {
        let line = format!("watermark set push 2026-02-0{day}T00:00:00Z --why test");
        assert_eq!(stage.run(&line).await.status.code(), Some(0));
    }
    assert_eq!(stage.run("sync").await.status.code(), Some(0));
    fs::remove_dir_all(&now).unwrap();
    copy(&old, &now);
    for line in ["sync", "status"] {
        stage.refuses(line, 7, "HW0503").await;
    }
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn a_link_and_a_folder_of_something_else_are_no_state() {
    let stage = loaded().await;
    fs::rename(stage.path(STATE), stage.path("real")).unwrap();
    std::os::unix::fs::symlink(stage.path("real"), stage.path(STATE)).unwrap();
    stage.refuses("sync", 2, "HW0505").await;
    fs::remove_file(stage.path(STATE)).unwrap();
    fs::create_dir(stage.path(STATE)).unwrap();
    stage.write("simulated-state/letter.txt", "Dear Sir");
    stage.refuses("sync", 2, "HW0505").await;
    assert_eq!(stage.read("simulated-state/letter.txt"), "Dear Sir");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_place_that_cannot_be_written_is_named() {
    let stage = Stage::set().await;
    stage.write("file", "not a folder");
    stage.reconfigure("dir = \"simulated-state\"", "dir = \"file/state\"");
    let refused = stage.run("sync").await;
    assert!(matches!(refused.status.code(), Some(2 | 7)), "{}", err(&refused));
    assert!(err(&refused).contains("file/state"), "{}", err(&refused));
    assert!(stage.org.all_records("Contact").is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn after_the_state_is_lost_backfill_links_everybody_again_and_creates_nobody() {
    // GIVEN people who were linked, and one of them changed on one side
    let stage = loaded().await;
    let before = stage.both_sides().await;
    // WHEN the state is gone and the first load runs again
    fs::remove_dir_all(stage.path(STATE)).unwrap();
    let again = stage.run("backfill --format json").await;
    assert_eq!(again.status.code(), Some(0), "{}", err(&again));
    // THEN the links are back, from the ids that both sides carry, and no side was written
    assert_eq!(json(&again)["links"]["stored_contact_id"], 2, "{}", out(&again));
    assert_eq!(json(&stage.run("status --format json").await)["people"]["linked"], 2);
    assert_eq!(before, stage.both_sides().await);
    // THEN a following cycle writes nothing
    let next = json(&stage.run("sync --format json").await);
    assert_eq!(next["rows"]["sent"], 0, "{next}");
    assert_eq!(next["supporter_writes"], 0, "{next}");
    assert_eq!(before, stage.both_sides().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_contacts_alone_are_enough_to_link_everybody_again() {
    let stage = loaded().await;
    fs::remove_dir_all(stage.path(STATE)).unwrap();
    stage.sql("UPDATE supporters SET contact_id = NULL").await;
    let again = stage.run("backfill --format json").await;
    assert_eq!(again.status.code(), Some(0), "{}", err(&again));
    assert_eq!(stage.org.all_records("Contact").len(), 2, "{}", out(&again));
    assert_eq!(json(&stage.run("status --format json").await)["people"]["linked"], 2);
    assert_eq!(json(&stage.run("sync --format json").await)["rows"]["sent"], 0);
}
