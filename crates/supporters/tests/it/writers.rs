//! A writer that takes his time: what he wrote is not passed over, whatever the overlap.

use std::time::Duration;

use supporters::{Supporters, Table};

use crate::support::{File, open};

const SCHEMA: &str = "CREATE TABLE people (id INTEGER PRIMARY KEY AUTOINCREMENT, modified TEXT, contact_id TEXT, email TEXT); \
                      INSERT INTO people (modified) VALUES ('2026-01-01T10:00:00Z')";

#[tokio::test]
async fn a_window_ends_before_whoever_is_writing_began() {
    for journal in ["PRAGMA journal_mode = DELETE", "PRAGMA journal_mode = WAL"] {
        let file = File::new(SCHEMA).await;
        file.run(journal).await;
        let supporters = file.open(&["email"]).await;
        let before = supporters.now().await.unwrap();
        file.run("BEGIN IMMEDIATE; UPDATE people SET modified = strftime('%Y-%m-%dT%H:%M:%fZ')").await;
        assert_eq!(supporters.now().await.unwrap(), before, "{journal}");
        assert_eq!(supporters.count().await.unwrap(), 1, "reading goes on");
        file.run("COMMIT").await;
        let after = supporters.now().await.unwrap();
        assert!(after.since(before) > Duration::from_millis(500), "{before} {after}");
        let row = supporters.get(&[supporters::conformance::id(1)]).await.unwrap().remove(0).unwrap();
        assert!(row.modified >= before && row.modified <= after, "{before} {} {after}", row.modified);
    }
}

#[tokio::test]
async fn another_process_goes_by_where_the_last_window_ended() {
    let file = File::new(SCHEMA).await;
    let first = file.open(&["email"]).await.now().await.unwrap();
    file.run("BEGIN IMMEDIATE; UPDATE people SET modified = strftime('%Y-%m-%dT%H:%M:%SZ')").await;
    let supporters = file.open(&["email"]).await;
    supporters.ended_at(first);
    assert_eq!(supporters.now().await.unwrap(), first);
    // Of somebody who never heard of a window nothing is taken for read.
    let unknown = file.open(&["email"]).await.now().await.unwrap();
    assert!(first.since(unknown) > Duration::from_secs(23 * 3_600), "{unknown}");
    file.run("ROLLBACK").await;
    assert!(supporters.now().await.unwrap() > first);
}

#[tokio::test]
async fn whoever_may_not_write_is_told_the_time() {
    let file = File::new(SCHEMA).await;
    let supporters = open(&Table { read_only: true, ..file.table() }, &["email"]).await;
    let before = supporters.now().await.unwrap();
    file.run("BEGIN IMMEDIATE").await;
    assert!(supporters.now().await.unwrap() >= before);
    file.run("ROLLBACK").await;
    // AND one who only reads holds nothing back
    file.run("BEGIN; SELECT count(*) FROM people").await;
    assert!(file.open(&["email"]).await.now().await.unwrap() >= before);
}
