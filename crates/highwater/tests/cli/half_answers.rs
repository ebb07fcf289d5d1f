//! Answers that end early are never taken for whole: a cycle repeats them, or stops before it acts on them.

use simorg::{Fault, Op};

use crate::stage::{Stage, err, json, out};

/// As many as any retry of two seconds can use up.
const MANY: usize = 50;

/// Two hundred people on one side only.
async fn many() -> Stage {
    let stage = Stage::set().await;
    stage.reconfigure("[state]", "[sync]\ndirect_calls = 0\n\n[state]");
    for id in 10..210 {
        stage
            .sql(&format!(
                "INSERT INTO supporters VALUES ({id}, 'Person{id}', 'A', 'p{id}@example.org', NULL, NULL, \
                 '2026-01-01T00:00:00Z')"
            ))
            .await;
    }
    stage
}

#[tokio::test(flavor = "multi_thread")]
async fn results_that_broke_off_once_are_read_again() {
    for whole in [false, true] {
        let stage = many().await;
        let cut = if whole { Fault::TruncateCleanly { bytes: 900 } } else { Fault::Truncate { bytes: 900 } };
        stage.org.fault(Op::IngestSuccessful, cut);
        let loaded = stage.run("backfill --format json").await;
        assert_eq!(loaded.status.code(), Some(0), "{}", err(&loaded));
        assert_eq!(json(&loaded)["outcomes"]["contact_created"], 202);
        assert_eq!(stage.org.records("Contact").len(), 202);
        assert_eq!(json(&stage.run("sync --format json").await)["rows"]["sent"], 0);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn results_that_always_break_off_leave_the_job_to_the_next_cycle() {
    // GIVEN results that end early however often they are asked for
    let stage = many().await;
    for _ in 0..MANY {
        stage.org.fault(Op::IngestSuccessful, Fault::TruncateCleanly { bytes: 900 });
    }
    let stopped = stage.run("backfill").await;
    // THEN the cycle says so, though the org has saved the rows
    assert_eq!(stopped.status.code(), Some(5), "{}", err(&stopped));
    assert!(err(&stopped).contains("error[HW0210]"), "{}", err(&stopped));
    assert_eq!(stage.org.records("Contact").len(), 202);
    // WHEN the org answers in full THEN everybody is linked and nobody is there twice
    stage.org.clear_faults();
    let next = stage.run("backfill --format json").await;
    assert_eq!(next.status.code(), Some(0), "{}", err(&next));
    assert_eq!(stage.org.records("Contact").len(), 202);
    assert_eq!(json(&stage.run("status --format json").await)["people"]["linked"], 202);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_query_that_breaks_off_writes_nothing_into_the_database() {
    let stage = many().await;
    assert_eq!(stage.run("backfill").await.status.code(), Some(0));
    for contact in stage.org.records("Contact") {
        let id = contact["Id"].as_str().unwrap();
        let person = stage.org.person();
        stage.org.edit_as(&person, "Contact", id, &serde_json::json!({ "Phone": "555-7777" })).unwrap();
    }
    stage.org.clock().advance(std::time::Duration::from_secs(120));
    for _ in 0..MANY {
        for op in [Op::Query, Op::QueryAll, Op::CollectionRead, Op::QueryJobResults] {
            stage.org.fault(op, Fault::TruncateCleanly { bytes: 700 });
        }
    }
    stage.refuses("pull", 5, "HW0210").await;
    stage.org.clear_faults();
    let next = stage.run("pull --format json").await;
    assert_eq!(next.status.code(), Some(0), "{}", err(&next));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_field_in_other_capitals_is_sent_in_the_orgs_own() {
    let mut org = simorg::Settings::default();
    org.bulk.blank_miscased_columns = true;
    org.throwing_triggers.push(simorg::settings::ThrowingTrigger {
        object: "Contact".to_owned(),
        field: "LastName".to_owned(),
        holds: "Bell".to_owned(),
    });
    let stage = Stage::set_with(org).await;
    let own =
        "[sync]\ndirect_calls = 0\n\n[contact_fields]\nsupporter_id = \"en_supporter_ID__c\"\n\n[state]";
    stage.reconfigure("[state]", own);
    let synced = stage.run("sync").await;
    assert_eq!(synced.status.code(), Some(3), "one is refused: {}", err(&synced));
    let names: Vec<_> =
        stage.org.records("Contact").iter().map(|contact| contact["LastName"].clone()).collect();
    assert_eq!(names, ["Smith"]);
    assert!(out(&stage.run("errors").await).contains("CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY"));
}
