//! A supporter database that is not as configured, and rows that no form accepts.

use sqlx::ConnectOptions;
use sqlx::sqlite::SqliteConnectOptions;

use crate::stage::{Stage, err, json, out};

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_table_and_a_wrong_column_are_named_with_what_is_there() {
    let stage = Stage::set().await;
    let right = stage.read("highwater.toml");
    stage.reconfigure("table = \"supporters\"", "table = \"people\"");
    let said = stage.refuses("sync", 2, "HW0402").await;
    assert!(said.contains("people") && said.contains("supporters"), "{said}");
    stage.check_finds(2, "HW0402").await;
    stage.write("highwater.toml", &right);
    stage.reconfigure("column = \"phone\"", "column = \"telephone\"");
    let said = stage.refuses("sync", 2, "HW0403").await;
    assert!(said.contains("telephone") && said.contains("phone"), "{said}");
    for key in ["merged_into_column", "contact_deleted_column"] {
        stage.write("highwater.toml", &right);
        stage.reconfigure("table = \"supporters\"", &format!("table = \"supporters\"\n{key} = \"mergd\""));
        stage.check_finds(2, "HW0403").await;
        let said = stage.refuses("plan", 2, "HW0403").await;
        assert!(said.contains("mergd") && said.contains("[supporters]"), "{said}");
    }
    stage.write("highwater.toml", &right);
    stage.reconfigure("table = \"supporters\"", "table = \"supporters; DROP TABLE supporters\"");
    assert_eq!(stage.run("sync").await.status.code(), Some(2));
    assert_eq!(stage.rows().await.len(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_is_missing_is_never_made() {
    let stage = Stage::set().await;
    std::fs::remove_file(stage.path("supporters.db")).unwrap();
    for line in ["sync", "plan", "backfill"] {
        stage.refuses(line, 5, "HW0401").await;
    }
    stage.check_finds(5, "HW0401").await;
    assert!(!stage.path("supporters.db").exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_is_no_database_is_left_as_it_is() {
    let stage = Stage::set().await;
    let text = "supporter_id,last_name\n1,Smith\n".repeat(100);
    stage.write("list.csv", &text);
    stage.reconfigure("supporters.db", "list.csv");
    let said = stage.refuses("sync", 5, "HW0407").await;
    assert!(said.contains("not a database"), "{said}");
    assert_eq!(stage.read("list.csv"), text);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_locked_database_stops_a_cycle_that_writes() {
    let stage = Stage::set().await;
    let options = SqliteConnectOptions::new().filename(stage.path("supporters.db"));
    let mut holder = options.connect().await.unwrap();
    sqlx::raw_sql("BEGIN EXCLUSIVE").execute(&mut holder).await.unwrap();
    let refused = stage.run("backfill").await;
    assert_eq!(refused.status.code(), Some(5), "{}", err(&refused));
    assert!(err(&refused).contains("error[HW0405]"), "{}", err(&refused));
    assert!(stage.org.all_records("Contact").is_empty());
    sqlx::raw_sql("ROLLBACK").execute(&mut holder).await.unwrap();
    assert_eq!(stage.run("backfill").await.status.code(), Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_table_that_may_not_be_written_refuses_to_pull() {
    let stage = Stage::set().await;
    stage.reconfigure("[state]", "read_only = true\n\n[state]");
    // THEN who asked for it may look
    let found = stage.check_finds(0, "HW0406").await;
    assert!(found.contains("\"note\"") && found.contains("check and plan work"), "{found}");
    let planned = stage.run("plan").await;
    assert_eq!(planned.status.code(), Some(0), "{}", err(&planned));
    assert!(out(&planned).contains("create_contact"), "{}", out(&planned));
    // THEN and write nothing
    for line in ["sync", "backfill", "resync 1"] {
        stage.refuses(line, 2, "HW0406").await;
    }
    // GIVEN a view, which nobody asked for
    stage.reconfigure("read_only = true\n\n", "");
    stage.sql("CREATE VIEW people AS SELECT * FROM supporters").await;
    stage.reconfigure("table = \"supporters\"", "table = \"people\"");
    let found = stage.check_finds(2, "HW0406").await;
    assert!(found.contains("\"stop\"") && found.contains("it is a view"), "{found}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_row_that_cannot_travel_is_set_aside_and_the_others_go() {
    // GIVEN a name of five megabytes, one with NUL bytes, and one that is no UTF-8
    let stage = Stage::set().await;
    for (id, name) in [
        (10, "replace(hex(zeroblob(2500000)), '00', 'ab')"),
        (11, "'Nu' || char(0) || 'll'"),
        (12, "CAST(x'42ff' AS TEXT)"),
        (13, "x'00ff01'"),
    ] {
        stage
            .sql(&format!(
                "INSERT INTO supporters VALUES ({id}, {name}, 'Odd', 'odd{id}@example.org', NULL, NULL, \
                 '2026-01-01T00:00:00Z')"
            ))
            .await;
    }
    let before = stage.rows().await;
    // WHEN the first load runs
    let loaded = stage.run("backfill --format json").await;
    // THEN it ends with "some failed", the two good ones are there, and no odd value was touched or shown
    assert_eq!(loaded.status.code(), Some(3), "{}", err(&loaded));
    assert_eq!(json(&loaded)["outcomes"]["contact_created"], 2, "{}", out(&loaded));
    assert_eq!(stage.org.records("Contact").len(), 2);
    let odd = |rows: Vec<String>| rows.into_iter().filter(|row| row.contains("4F6464")).collect::<Vec<_>>();
    assert_eq!(odd(before), odd(stage.rows().await));
    assert_eq!(json(&loaded)["outcomes"]["blocked:STRING_TOO_LONG"], 1, "{}", out(&loaded));
    assert_eq!(json(&loaded)["outcomes"]["blocked:NOT_STORABLE"], 1, "{}", out(&loaded));
    let errors = json(&stage.run("errors --format json").await);
    assert_eq!(errors["total"], 2, "{errors}");
    // THEN a second cycle does not try them again
    let again = stage.run("sync --format json").await;
    assert_eq!(json(&again)["rows"]["sent"], 0, "{}", out(&again));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_value_that_cannot_be_read_clears_nothing_on_the_other_side() {
    // GIVEN a linked supporter whose phone number becomes bytes that are no text
    let stage = Stage::set().await;
    assert_eq!(stage.run("backfill").await.status.code(), Some(0));
    let before = stage.org.records("Contact");
    stage
        .sql(
            "UPDATE supporters SET phone = CAST(x'35ff' AS TEXT), modified_at = strftime('%Y-%m-%dT%H:%M:%SZ', 'now', '-5 seconds') \
             WHERE supporter_id = 1",
        )
        .await;
    let rows = stage.rows().await;
    // WHEN a cycle runs THEN neither side changes
    let synced = stage.run("sync --format json").await;
    assert!(matches!(synced.status.code(), Some(0 | 3)), "{}", err(&synced));
    assert_eq!(json(&synced)["outcomes"]["blocked:NOT_STORABLE"], 1, "{}", out(&synced));
    assert_eq!(stage.org.records("Contact"), before, "{}", out(&synced));
    assert_eq!(stage.rows().await, rows, "{}", out(&synced));
}
