//! `status --synced`, `--not-synced`, `--blocked` and `errors`: who is in step and who is not, why, and how many, in every form.

use serde_json::{Value, json as value};

use crate::stage::{Stage, err, json, out};

/// Two in step, one without a last name, one whose name is too long, one who may be either of two Contacts, one who waits.
async fn town() -> Stage {
    let stage = Stage::set().await;
    let at = "2026-01-02T00:00:00Z";
    for (id, last, first) in [(4, "N".repeat(81), "Lena"), (5, "Bauer".to_owned(), "Mia")] {
        stage
            .sql(&format!(
                "INSERT INTO supporters VALUES ({id}, '{last}', '{first}', '{first}@example.org', NULL, NULL, '{at}')"
            ))
            .await;
    }
    for phone in ["1", "2"] {
        let row =
            value!({"FirstName": "Mia", "LastName": "Bauer", "Email": "Mia@example.org", "Phone": phone});
        let Value::Object(row) = row else { unreachable!("an object was written") };
        stage.org.seed("Contact", vec![row]).unwrap();
    }
    let synced = stage.run("sync").await;
    assert_eq!(synced.status.code(), Some(3), "{}{}", out(&synced), err(&synced));
    stage
}

async fn lines(stage: &Stage, line: &str) -> Vec<[String; 3]> {
    let listed = stage.run(line).await;
    assert_eq!(listed.status.code(), Some(0), "{}", err(&listed));
    let text = |item: &Value, name: &str| item[name].as_str().unwrap_or_default().to_owned();
    let of = |item: &Value| [text(item, "supporter"), text(item, "standing"), text(item, "reason")];
    json(&listed).as_array().unwrap().iter().map(of).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn everybody_is_in_one_list_with_the_reason_and_the_counts_agree() {
    let stage = town().await;
    let line = |id: &str, standing: &str, reason: &str| [id, standing, reason].map(str::to_owned);
    let synced = [line("1", "synced", ""), line("2", "synced", "")];
    let others = [
        line("3", "not_linked", "no_last_name"),
        line("4", "blocked", "STRING_TOO_LONG"),
        line("5", "case", "ambiguous_contacts"),
    ];
    assert_eq!(lines(&stage, "status --synced --format json").await, synced);
    assert_eq!(lines(&stage, "status --not-synced --format json").await, others);
    assert_eq!(lines(&stage, "status --blocked --format json").await, others[1..2]);
    // THEN the counts are those of the lists
    let counted = json(&stage.run("status --not-synced --by-reason --format json").await);
    let expected: Vec<Value> =
        [("blocked", "STRING_TOO_LONG"), ("case", "ambiguous_contacts"), ("not_linked", "no_last_name")]
            .map(|(standing, reason)| value!({"standing": standing, "reason": reason, "count": 1}))
            .into();
    assert_eq!(counted, Value::Array(expected));
    let all = json(&stage.run("status --by-reason --format json").await);
    let total: u64 = all.as_array().unwrap().iter().filter_map(|line| line["count"].as_u64()).sum();
    assert_eq!(total, 5, "{all}");
    // AND the same lines are exported for a spreadsheet
    let csv = out(&stage.run("status --not-synced --format csv").await);
    let mut rows = csv.lines();
    assert!(rows.next().unwrap().contains("supporter") && rows.count() == 3, "{csv}");
    assert!(csv.contains("STRING_TOO_LONG") && csv.contains("no_last_name"), "{csv}");
    // AND no name and no address is in any of them
    assert!(!csv.contains("Bauer") && !csv.contains("example.org"), "{csv}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_set_aside_is_exported_and_goes_when_it_is_mended() {
    let stage = town().await;
    let errors = json(&stage.run("errors --format json").await);
    let record = &errors["records"][0];
    assert_eq!((&errors["total"], &record["supporter"]), (&1.into(), &"4".into()), "{errors}");
    assert_eq!((&record["code"], &record["attempts"]), (&"STRING_TOO_LONG".into(), &1.into()), "{errors}");
    assert_eq!(record["fields"], value!(["LastName"]), "{errors}");
    assert_eq!(json(&stage.run("errors --by-code --format json").await), value!({"STRING_TOO_LONG": 1}));
    let csv = out(&stage.run("errors --format csv").await);
    assert!(csv.lines().count() == 2 && csv.contains("shorten the value"), "{csv}");
    stage
        .sql("UPDATE supporters SET last_name = 'Nowak', modified_at = '2026-01-03T00:00:00Z' WHERE supporter_id = 4")
        .await;
    let mended = stage.run("resync 4").await;
    assert_eq!(mended.status.code(), Some(0), "{}", err(&mended));
    assert_eq!(json(&stage.run("errors --format json").await)["total"], 0);
    assert_eq!(lines(&stage, "status --blocked --format json").await, [[""; 3]; 0]);
    assert_eq!(lines(&stage, "status --synced --format json").await.len(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_is_nobody_is_said_to_be_nobody_and_nothing_is_planned() {
    let stage = Stage::set().await;
    for line in ["plan --supporter 99999", "sync --supporter 1 --supporter 99999", "resync 99999"] {
        let said = stage.refuses(line, 2, "HW0605").await;
        assert!(said.contains("nobody is known by"), "{said}");
    }
    let said = stage.refuses("resync --email none@example.org", 2, "HW0605").await;
    assert!(said.contains("nobody has that address") && !said.contains("none@example.org"), "{said}");
    // THEN whoever was there once is somebody
    assert_eq!(stage.run("sync").await.status.code(), Some(0));
    stage.sql("DELETE FROM supporters WHERE supporter_id = 1").await;
    assert_eq!(stage.run("plan --supporter 1").await.status.code(), Some(0));
    // THEN beside a service it is the same
    let served = stage.serve().await;
    stage.refuses("plan --supporter 99999", 2, "HW0605").await;
    assert_eq!(served.stop().await, Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_watermark_set_before_the_first_cycle_is_where_it_begins() {
    let stage = Stage::set().await;
    for direction in ["push", "pull"] {
        let set =
            stage.run(&format!("watermark set {direction} 2026-06-01T00:00:00Z --why from-now-on")).await;
        assert_eq!(set.status.code(), Some(0), "{}", err(&set));
    }
    assert_eq!(stage.run("sync").await.status.code(), Some(0));
    assert!(stage.org.records("Contact").is_empty());
    stage.sql("UPDATE supporters SET modified_at = strftime('%Y-%m-%dT%H:%M:%SZ', 'now', '-9 seconds') WHERE supporter_id = 1").await;
    stage.run("sync").await;
    assert_eq!(stage.org.records("Contact").len(), 1);
}
