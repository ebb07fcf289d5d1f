//! `backfill --plan` and `--apply`: what was agreed to, exactly, and nothing else.

use serde_json::{Value, json as value};

use crate::stage::{Stage, err, json, out};

/// One supporter who is linked, one who is created, one who waits for a person, one without a last name.
async fn before_the_first_load() -> Stage {
    let stage = Stage::set().await;
    let contact = |first: &str, last: &str, email: &str, phone: &str| {
        let row = value!({"FirstName": first, "LastName": last, "Email": email, "Phone": phone});
        let Value::Object(row) = row else { unreachable!("an object was written") };
        row
    };
    stage
        .org
        .seed(
            "Contact",
            vec![
                contact("Joe", "Smith", "joe@example.org", "555-0199"),
                contact("Robert", "Okonkwo", "liz@example.org", "555-0104"),
            ],
        )
        .unwrap();
    stage
        .sql(
            "INSERT INTO supporters VALUES (4, 'Varga', 'Liz', 'liz@example.org', '555-0104', NULL, '2026-01-01T00:00:04Z')",
        )
        .await;
    stage
}

fn actions(stage: &Stage, file: &str) -> Vec<(String, String)> {
    let of = |line: &str| {
        let line: Value = serde_json::from_str(line).unwrap();
        let supporter = line["supporter"].as_str()?.to_owned();
        Some((supporter, line["action"].as_str()?.to_owned()))
    };
    stage.read(file).lines().filter_map(of).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_says_what_it_would_do_changes_nothing_and_is_carried_out_exactly() {
    let stage = before_the_first_load().await;
    let before = stage.both_sides().await;
    let planned = stage.run("backfill --plan --format json").await;
    assert_eq!(planned.status.code(), Some(0), "{}", err(&planned));
    assert_eq!(stage.both_sides().await, before, "a plan changes nothing");
    // It says by which road, and what the other one would cost.
    let road = "1 row that create would go in 1 call of up to 200 rows; a job takes 5 or more";
    assert!(err(&planned).contains(road), "{}", err(&planned));
    // It names who would be linked, who created, and who is left for a person.
    let shown = json(&planned);
    let of = |id: &str| {
        let people = shown.as_array().unwrap();
        people.iter().find(|person| person["supporter"] == id).cloned().unwrap_or_default()
    };
    assert_eq!(of("1")["link"], "email_and_name", "{shown}");
    assert_eq!(of("2")["action"], "create_contact", "{shown}");
    assert_eq!(of("4")["action"], "case:names_disagree", "{shown}");
    let file = stage.read("backfill-plan.jsonl");
    assert!(!file.contains('@') && !file.contains("Smith"), "a plan on file holds nobody's data");
    assert!(
        actions(&stage, "backfill-plan.jsonl").contains(&("3".to_owned(), "skipped:no_last_name".to_owned()))
    );
    // WHEN it is carried out
    let applied = stage.run("backfill --apply --format json").await;
    assert_eq!(applied.status.code(), Some(0), "{}", err(&applied));
    let report = json(&applied);
    // THEN exactly that happened, and the next cycle has nothing to add
    assert_eq!(report["outcomes"]["contact_created"], 1, "{report}");
    assert_eq!(report["outcomes"]["case:names_disagree"], 1, "{report}");
    assert_eq!(report["outcomes"]["skipped:no_last_name"], 1, "{report}");
    assert_eq!(report["left_out"], value!([]));
    assert_eq!(stage.org.records("Contact").len(), 3);
    let status = json(&stage.run("status --format json").await);
    assert_eq!(status["people"]["linked"], 2, "{status}");
    let next = json(&stage.run("sync --format json").await);
    assert_eq!((&next["rows"]["sent"], &next["supporter_writes"]), (&value!(0), &value!(0)), "{next}");
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_changed_in_between_is_left_out_and_named_and_met_by_the_next_cycle() {
    let stage = before_the_first_load().await;
    assert_eq!(stage.run("backfill --plan first.jsonl").await.status.code(), Some(0));
    // GIVEN one supporter who got another phone, and a Contact that is there now for one who was to be created
    stage.sql("UPDATE supporters SET phone = '555-0177', modified_at = '2026-01-02T00:00:00Z' WHERE supporter_id = 1").await;
    let row =
        value!({"FirstName": "Ann", "LastName": "Bell", "Email": "ann@example.org", "Phone": "555-0102"});
    let Value::Object(row) = row else { unreachable!("an object was written") };
    stage.org.seed("Contact", vec![row]).unwrap();
    let before = stage.both_sides().await;
    let applied = stage.run("backfill --apply first.jsonl").await;
    assert_eq!(applied.status.code(), Some(0), "{}", err(&applied));
    assert_eq!(stage.both_sides().await, before, "nobody else was to be written");
    let said = out(&applied);
    assert!(said.contains("left out: changed since the plan was made"), "{said}");
    assert!(said.contains("supporter 1\n") && said.contains("supporter 2\n"), "{said}");
    // THEN they are linked on today's values by the next cycle
    let next = json(&stage.run("sync --format json").await);
    assert_eq!(next["links"]["email_and_name"], 2, "{next}");
    assert_eq!(stage.org.records("Contact").len(), 3, "nobody was created twice");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_whose_line_was_deleted_is_left_alone() {
    let stage = before_the_first_load().await;
    assert_eq!(stage.run("backfill --plan").await.status.code(), Some(0));
    let kept: Vec<String> = stage
        .read("backfill-plan.jsonl")
        .lines()
        .filter(|line| !line.contains("\"supporter\":\"2\""))
        .map(|line| format!("{line}\n"))
        .collect();
    stage.write("backfill-plan.jsonl", &kept.concat());
    let applied = json(&stage.run("backfill --apply --format json").await);
    assert_eq!(applied["outcomes"]["contact_created"], Value::Null, "{applied}");
    assert_eq!(stage.org.records("Contact").len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_that_is_not_whole_or_made_under_other_rules_is_refused() {
    let stage = before_the_first_load().await;
    let missing = stage.refuses("backfill --apply nowhere.jsonl", 2, "HW0111").await;
    assert!(missing.contains("backfill --plan"), "{missing}");
    assert_eq!(stage.run("backfill --plan").await.status.code(), Some(0));
    stage.refuses("backfill --plan", 2, "HW0111").await;
    let whole = stage.read("backfill-plan.jsonl");
    let cut = whole.rfind("{\"end").unwrap();
    stage.write("cut.jsonl", &whole[..cut]);
    assert!(stage.refuses("backfill --apply cut.jsonl", 2, "HW0111").await.contains("not whole"));
    stage.write("strange.jsonl", &whole.replace("\"supporter\":\"2\"", "\"supporter\":{}"));
    assert!(stage.refuses("backfill --apply strange.jsonl", 2, "HW0111").await.contains("line "));
    let text = stage.read("highwater.toml");
    stage.write("highwater.toml", &format!("{text}\n[sync]\ncreate_contacts = false\n"));
    assert!(
        stage.refuses("backfill --apply", 2, "HW0111").await.contains("not those the plan was made under")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn beside_a_service_it_works_the_same() {
    let stage = before_the_first_load().await;
    assert_eq!(stage.run("watermark show").await.status.code(), Some(2), "there is no state yet");
    let planned = stage.run("backfill --plan").await;
    assert_eq!(planned.status.code(), Some(0), "{}", err(&planned));
    let served = stage.serve().await;
    let again = stage.run("backfill --plan second.jsonl").await;
    assert_eq!(again.status.code(), Some(0), "{}", err(&again));
    assert!(stage.path("second.jsonl").exists());
    let applied = stage.run("backfill --apply second.jsonl --format json").await;
    assert_eq!(json(&applied)["outcomes"]["contact_created"], 1, "{}{}", out(&applied), err(&applied));
    assert_eq!(served.stop().await, Some(0));
}
