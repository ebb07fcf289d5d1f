//! `cases`: what only a person can decide, and deciding it.

use serde_json::{Value, json as value};

use crate::stage::{Stage, err, json, out};

/// A supporter whose address only a Contact with another name carries.
async fn one_case() -> (Stage, String) {
    let stage = Stage::set().await;
    let row = value!({"FirstName": "Robert", "LastName": "Okonkwo", "Email": "ann@example.org"});
    let Value::Object(row) = row else { unreachable!("an object was written") };
    let contact = stage.org.seed("Contact", vec![row]).unwrap().remove(0);
    assert_eq!(stage.run("sync").await.status.code(), Some(0));
    (stage, contact)
}

async fn listed(stage: &Stage, line: &str) -> Vec<Value> {
    let listed = stage.run(line).await;
    assert_eq!(listed.status.code(), Some(0), "{}", err(&listed));
    json(&listed).as_array().cloned().unwrap_or_default()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_case_is_listed_shown_decided_and_carried_out_by_the_next_cycle() {
    let (stage, contact) = one_case().await;
    let cases = listed(&stage, "cases list --format json").await;
    assert_eq!(cases.len(), 1);
    assert_eq!(cases[0]["kind"], "names_disagree");
    let name = cases[0]["case"].as_str().unwrap().to_owned();
    let shown = out(&stage.run(&format!("cases show {}", &name[..4])).await);
    for said in ["Okonkwo", "--link CONTACT", "--separate", "never matched again", "--ignore-until changed"] {
        assert!(shown.contains(said), "{said}: {shown}");
    }
    // WHEN it is decided THEN nothing happens before the next cycle, and it does not wait for anybody any more
    let before = stage.both_sides().await;
    let decided = stage.run(&format!("cases resolve {name} --link {contact} --why asked")).await;
    assert_eq!(decided.status.code(), Some(0), "{}", err(&decided));
    assert_eq!(stage.both_sides().await, before);
    assert!(listed(&stage, "cases list --format json").await.is_empty());
    let all = listed(&stage, "cases list --all --format json").await;
    assert!(all[0]["standing"].as_str().unwrap().contains("waits for the next cycle"), "{all:?}");
    // AND a plan does not pretend that it shows what becomes of it
    let waits = "1 decision waits; the next cycle carries it out first";
    for (line, told) in [("plan", true), ("plan --supporter 2", true), ("plan --supporter 1", false)] {
        let planned = err(&stage.run(line).await);
        assert_eq!(planned.contains(waits), told, "{line}: {planned}");
    }
    let trail = json(&stage.run("audit list --format json").await);
    assert!(
        trail[0]["what"].as_str().unwrap().contains(&format!("decided --link {contact} of supporter ")),
        "{trail}"
    );
    assert!(trail[0]["what"].as_str().unwrap().ends_with(": asked"), "{trail}");
    // AND it can be undone, and decided again
    assert_eq!(stage.run(&format!("cases undo {name}")).await.status.code(), Some(0));
    assert_eq!(listed(&stage, "cases list --format json").await.len(), 1);
    stage.run(&format!("cases resolve {name} --link {contact}")).await;
    let synced = json(&stage.run("sync --format json").await);
    assert_eq!(synced["links"]["administrator"], 1, "{synced}");
    assert!(listed(&stage, "cases list --all --format json").await.is_empty());
    assert!(stage.rows().await.iter().any(|row| row.contains(&hex(&contact))), "the Id is on the supporter");
}

fn hex(text: &str) -> String {
    text.bytes().map(|byte| format!("{byte:02X}")).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn decided_now_it_is_carried_out_now() {
    let (stage, _) = one_case().await;
    let name = listed(&stage, "cases list --format json").await[0]["case"].as_str().unwrap().to_owned();
    let done = stage.run(&format!("cases resolve {name} --separate --now --format json")).await;
    assert_eq!(done.status.code(), Some(0), "{}", err(&done));
    assert_eq!(json(&done)["outcomes"]["contact_created"], 1, "{}", out(&done));
    assert_eq!(stage.org.records("Contact").len(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_does_not_fit_the_case_is_refused_and_nothing_decided() {
    let (stage, contact) = one_case().await;
    let name = listed(&stage, "cases list --format json").await[0]["case"].as_str().unwrap().to_owned();
    let said = stage.refuses(&format!("cases resolve {name} --retry"), 2, "HW0111").await;
    assert!(said.contains("--link CONTACT or --separate"), "{said}");
    let said = stage.refuses("cases show ffffffffffff", 2, "HW0111").await;
    assert!(said.contains("cases list"), "{said}");
    stage.refuses(&format!("cases undo {name}"), 2, "HW0111").await;
    for line in [
        format!("cases resolve {name}"),
        format!("cases resolve {name} --link {contact} --separate"),
        format!("cases resolve {name} --link 0035f000001bad"),
        "cases list --kind nonsense".to_owned(),
    ] {
        assert_eq!(stage.run(&line).await.status.code(), Some(2), "{line}");
    }
    assert_eq!(listed(&stage, "cases list --format json").await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn snoozed_and_ignored_cases_are_not_listed_until_their_time() {
    let (stage, _) = one_case().await;
    let name = listed(&stage, "cases list --format json").await[0]["case"].as_str().unwrap().to_owned();
    assert_eq!(stage.run(&format!("cases snooze {name} --days 3")).await.status.code(), Some(0));
    assert!(listed(&stage, "cases list --format json").await.is_empty());
    assert!(json(&stage.run("report merges --format json").await).as_array().unwrap().is_empty());
    // AND nobody is told that it waits for them
    let status = json(&stage.run("status --format json").await);
    assert_eq!(
        (&status["cases"]["names_disagree"], &status["cases_aside"]["names_disagree"]),
        (&value!(1), &value!(1))
    );
    assert!(out(&stage.run("status").await).contains("1, of them 1 put off or decided"));
    let synced = out(&stage.run("sync").await);
    assert!(synced.contains("open cases") && !synced.contains("wait for a person"), "{synced}");
    assert_eq!(stage.run(&format!("cases snooze {name} --days 0")).await.status.code(), Some(0));
    assert!(out(&stage.run("sync").await).contains("wait for a person"));
    assert_eq!(listed(&stage, "cases list --format json").await.len(), 1);
    let ignored = stage.run(&format!("cases resolve {name} --ignore-until changed")).await;
    assert_eq!(ignored.status.code(), Some(0), "{}", err(&ignored));
    assert!(listed(&stage, "cases list --format json").await.is_empty());
    stage
        .sql("UPDATE supporters SET phone = '555-0999', modified_at = '2026-01-05T00:00:00Z' WHERE supporter_id = 2")
        .await;
    assert_eq!(stage.run("resync 2").await.status.code(), Some(0));
    assert_eq!(listed(&stage, "cases list --format json").await.len(), 1, "it is about something else now");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_decision_that_comes_to_nothing_is_no_success() {
    let (stage, _) = one_case().await;
    let name = listed(&stage, "cases list --format json").await[0]["case"].as_str().unwrap().to_owned();
    let done = stage.run(&format!("cases resolve {name} --link 003000000000999AAA --now")).await;
    assert_eq!(done.status.code(), Some(3), "{}", err(&done));
    assert!(
        err(&done).contains("came to nothing: Contact 003000000000999AAA is not there"),
        "{}",
        err(&done)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_value_that_does_not_fit_is_shown_as_it_is() {
    // GIVEN a supporter whose phone is longer than Salesforce's field, in a case with a Contact
    let stage = Stage::set().await;
    let long = "5".repeat(600);
    stage.sql(&format!("UPDATE supporters SET phone = '{long}' WHERE supporter_id = 2")).await;
    let row = value!({"FirstName": "Robert", "LastName": "Okonkwo", "Email": "ann@example.org"});
    stage.org.seed("Contact", vec![row.as_object().cloned().unwrap_or_default()]).unwrap();
    stage.run("sync").await;
    // THEN it is not shown as empty beside the Contact's
    let name = listed(&stage, "cases list --format json").await[0]["case"].as_str().unwrap().to_owned();
    let shown = out(&stage.run(&format!("cases show {name} --format json")).await);
    assert!(shown.contains("5555… (does not fit)") && !shown.contains(&long), "{shown}");
    let resynced = out(&stage.run("resync 2 --format json").await);
    assert!(resynced.contains("5555… (does not fit)"), "{resynced}");
}
