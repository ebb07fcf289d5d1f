//! Against the simulated org: exit codes, formats, and the same verbs beside a running service.

use simorg::Settings;

use crate::stage::{Stage, err, json, out};

#[tokio::test(flavor = "multi_thread")]
async fn from_check_to_a_second_cycle_that_writes_nothing() {
    // GIVEN two complete supporters, one without a last name, and an empty org
    let stage = Stage::set().await;
    let checked = stage.run("check --format json").await;
    assert_eq!(checked.status.code(), Some(0), "{}", err(&checked));
    assert_eq!(json(&checked)["ready"], true);
    // WHEN a plan is made THEN it names two people and writes nothing
    let planned = stage.run("backfill --dry-run --format json").await;
    assert_eq!(planned.status.code(), Some(0), "{}", err(&planned));
    assert_eq!(json(&planned).as_array().unwrap().len(), 2);
    assert_eq!(json(&planned)[0]["action"], "create_contact");
    assert!(!out(&planned).contains('@'), "a plan shows no address");
    // WHEN the first load runs THEN two Contacts are created
    let loaded = stage.run("backfill --format json").await;
    assert_eq!(loaded.status.code(), Some(0), "{}", err(&loaded));
    assert_eq!(json(&loaded)["outcomes"]["contact_created"], 2);
    assert_eq!(json(&loaded)["outcomes"]["skipped:no_last_name"], 1);
    // THEN a cycle finds nothing to write, and the status says who is linked
    let synced = stage.run("sync --format json").await;
    assert_eq!(json(&synced)["rows"]["sent"], 0);
    let status = json(&stage.run("status --format json").await);
    assert_eq!(status["people"]["linked"], 2);
    assert!(status["watermarks"]["salesforce"].is_string());
}

#[tokio::test(flavor = "multi_thread")]
async fn init_proposes_what_check_accepts_and_never_overwrites() {
    let stage = Stage::set().await;
    let line = format!(
        "init -c proposed.toml --supporters sqlite:supporters.db --login-url {} --client-id 3MVG9simulated.client.id --yes",
        stage.org.url()
    );
    let proposed = stage.run(&line).await;
    assert_eq!(proposed.status.code(), Some(0), "{}", err(&proposed));
    let text = stage.read("proposed.toml");
    assert!(text.contains("expected_org_id = \"00D"), "{text}");
    for field in [
        "\npush_marker = \"EN_Push__c\"",
        "\nlast_modified = \"EN_Last_Modified_Date__c\"",
        "\n# account_id = \"EN_",
    ] {
        assert!(text.contains(field), "{field}: {text}");
    }
    let checked = stage.run("check -c proposed.toml").await;
    assert_eq!(checked.status.code(), Some(0), "{}", out(&checked));
    let again = stage.run(&line).await;
    assert_eq!(again.status.code(), Some(2));
    assert!(err(&again).contains("is there already"));
    assert_eq!(stage.run(&format!("{line} --force")).await.status.code(), Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_does_not_fit_is_named_with_a_code() {
    // GIVEN an org that hides a field, and a configuration that names a column which is not there
    let settings = Settings { hidden_fields: vec!["Contact.Phone".to_owned()], ..Settings::default() };
    let stage = Stage::set_with(settings).await;
    let found = stage.run("check --format json").await;
    assert_eq!(found.status.code(), Some(2));
    let text = out(&found);
    assert!(text.contains("HW0301") && text.contains("\"Phone\""), "{text}");
    // THEN a cycle refuses to begin for the same reason
    let refused = stage.run("sync").await;
    assert_eq!(refused.status.code(), Some(2));
    assert!(err(&refused).contains("error[HW0301]") && err(&refused).contains("Phone"), "{}", err(&refused));
    let wrong = stage.read("highwater.toml").replace("column = \"email\"", "column = \"e_mail\"");
    stage.write("highwater.toml", &wrong);
    let missing = out(&stage.run("check --format json").await);
    assert!(missing.contains("HW0403") && missing.contains("first_name"), "{missing}");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_may_not_and_who_is_not_there_have_codes_of_their_own() {
    let stage = Stage::set().await;
    let right = stage.read("highwater.toml");
    stage.write("highwater.toml", &right.replace("3MVG9simulated.client.id", "3MVG9someone.else"));
    assert_eq!(stage.run("check").await.status.code(), Some(6));
    assert_eq!(stage.run("sync").await.status.code(), Some(6));
    stage.write("highwater.toml", &right.replace("\"supporters.db\"", "\"no/such.db\""));
    assert_eq!(stage.run("check").await.status.code(), Some(5));
    stage.write("highwater.toml", &right.replace("[state]", "[sync]\npull = true\n\n[state]"));
    let other = right.replace("client_id", "expected_org_id = \"00D000000000000EAA\"\nclient_id");
    stage.write("highwater.toml", &other);
    let wrong = stage.run("sync").await;
    assert_eq!(wrong.status.code(), Some(2));
    assert!(err(&wrong).contains("error[HW0212]"), "{}", err(&wrong));
}

#[tokio::test(flavor = "multi_thread")]
async fn beside_a_running_service_the_same_commands_do_the_same() {
    let stage = Stage::set().await;
    assert_eq!(stage.run("backfill").await.status.code(), Some(0));
    // GIVEN a service that holds the state
    let served = stage.serve().await;
    // THEN commands are carried out by it, with their own format and exit code
    let status = stage.run("status --format json").await;
    assert_eq!(status.status.code(), Some(0), "{}", err(&status));
    assert_eq!(json(&status)["people"]["linked"], 2);
    assert_eq!(json(&status)["service"]["running"], true);
    assert_eq!(json(&stage.run("sync --format json").await)["mode"], "sync");
    let person = stage.run("resync 1 --format json").await;
    assert_eq!(json(&person)["outcome"], "in_step", "{}", err(&person));
    assert_eq!(stage.run("resync 4711").await.status.code(), Some(2));
    assert_eq!(stage.run("plan --format json").await.status.code(), Some(0));
    // THEN a report goes into the caller's own file, which only the caller can read
    let report = stage.run("report merges --format json --output cases.json").await;
    assert_eq!(report.status.code(), Some(0), "{}", err(&report));
    assert!(stage.read("cases.json").starts_with('['));
    assert_eq!(stage.run("report merges --output cases.json").await.status.code(), Some(2));
    stage.refuses("report merges --output no/such/folder.csv", 2, "HW0111").await;
    // THEN a second service does not start, and the first ends in good order
    assert_eq!(stage.run("serve").await.status.code(), Some(4));
    assert_eq!(served.stop().await, Some(0));
    assert_eq!(json(&stage.run("status --format json").await)["service"]["running"], false);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_watermark_moves_back_only_when_told_and_says_so() {
    let stage = Stage::set().await;
    assert_eq!(stage.run("sync").await.status.code(), Some(0));
    let before = json(&stage.run("watermark --format json").await);
    let moved = stage.run("watermark rewind push 2d --why test --format json").await;
    assert_eq!(moved.status.code(), Some(0), "{}", err(&moved));
    assert!(json(&moved)["push"].as_str() < before["push"].as_str());
    assert_eq!(json(&moved)["pull"], before["pull"]);
    assert_eq!(stage.run("watermark rewind push 2d").await.status.code(), Some(2));
    // THEN it never goes where nothing has happened yet: whatever does would not be looked at
    let said = stage.refuses("watermark set pull 2999-01-01T00:00:00Z --why test", 2, "HW0111").await;
    assert!(said.contains("future"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_state_is_never_started_afresh() {
    let stage = Stage::set().await;
    assert_eq!(stage.run("sync").await.status.code(), Some(0));
    std::fs::remove_file(stage.path("simulated-state/manifest.json")).unwrap();
    for line in ["sync", "status"] {
        let refused = stage.run(line).await;
        assert_eq!(refused.status.code(), Some(7), "{}", err(&refused));
        assert!(err(&refused).contains("error[HW0502]"), "{}", err(&refused));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_stream_and_no_log_line_holds_an_address_or_a_secret() {
    let stage = Stage::set().await;
    for line in ["check -vv", "backfill -vv", "sync -vv", "status -vv", "plan -vv"] {
        let output = stage.run(line).await;
        let all = out(&output) + &err(&output);
        for canary in ["joe@example.org", "ann@example.org", "SIMULATED0SECRET", "Smith"] {
            assert!(!all.contains(canary), "{line} shows {canary}:\n{all}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn init_names_a_missing_database_and_sends_no_secret_to_the_example() {
    let stage = Stage::set().await;
    let line = "init --yes -c new.toml --supporters sqlite:";
    let said = stage.refuses(&format!("{line}people.db"), 2, "HW0111").await;
    assert!(said.contains("there is no file people.db"), "{said}");
    assert!(!stage.path("people.db").exists() && !stage.path("new.toml").exists());
    // GIVEN a table and a secret, and no org that was named
    let proposed = stage.run(&format!("{line}supporters.db")).await;
    assert_eq!(proposed.status.code(), Some(0), "{}", err(&proposed));
    assert!(out(&proposed).contains("still the example's"), "{}", out(&proposed));
}
