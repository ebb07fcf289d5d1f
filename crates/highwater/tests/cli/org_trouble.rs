//! An org that cannot, may not or must not be used: the code says which, and nothing is written anywhere.

use simorg::{Fault, Op, Settings};

use crate::stage::Stage;

/// As many as any retry of two seconds can use up.
const MANY: usize = 50;

async fn linked() -> Stage {
    let stage = Stage::set().await;
    // Two rows would not need a job, and some of these stories are about jobs.
    stage.reconfigure("[state]", "[sync]\ndirect_calls = 0\n\n[state]");
    assert_eq!(stage.run("backfill").await.status.code(), Some(0));
    stage
        .sql("UPDATE supporters SET phone = '555-9999', modified_at = strftime('%Y-%m-%dT%H:%M:%SZ', 'now', '-5 seconds')")
        .await;
    stage
}

fn again_and_again(stage: &Stage, op: Op, fault: &Fault) {
    for _ in 0..MANY {
        stage.org.fault(op, fault.clone());
    }
}

fn refusal(status: u16, code: &str) -> Fault {
    Fault::Refuse { status, body: format!(r#"[{{"errorCode":"{code}","message":"canary"}}]"#), times: 1 }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_org_that_is_not_there() {
    let stage = Stage::set().await;
    stage.reconfigure(stage.org.url(), "http://127.0.0.1:1");
    stage.refuses("sync", 5, "HW0201").await;
    stage.check_finds(5, "HW0201").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_secret_and_a_user_who_may_not_log_in() {
    let stage = Stage::set().await;
    stage.org.configure(|settings| settings.auth.client_secret = "changed".to_owned());
    let said = stage.refuses("sync", 6, "HW0203").await;
    assert!(said.contains("invalid_client"), "{said}");
    stage.check_finds(6, "HW0203").await;
    let stage = Stage::set().await;
    stage.org.configure(|settings| settings.users.iter_mut().for_each(|user| user.active = false));
    let said = stage.refuses("sync", 6, "HW0203").await;
    assert!(!said.contains("SIMULATED0SECRET"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_instead_of_an_answer() {
    let stage = linked().await;
    // A job that may have been created is not created again before the org was asked.
    for (op, code) in [(Op::Token, "HW0210"), (Op::QueryAll, "HW0210"), (Op::IngestCreate, "HW0209")] {
        again_and_again(&stage, op, &Fault::Html { status: 200 });
        stage.refuses("sync", 5, code).await;
        stage.org.clear_faults();
    }
    again_and_again(&stage, Op::Token, &Fault::Html { status: 503 });
    stage.refuses("sync", 5, "HW0206").await;
    stage.org.clear_faults();
    // THEN the next cycle delivers everything
    assert_eq!(stage.run("sync").await.status.code(), Some(0));
    assert_eq!(stage.org.records("Contact")[0]["Phone"], "555-9999");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_redirect_is_not_followed() {
    let stage = linked().await;
    let elsewhere = Fault::Redirect { to: "https://example.com/services/data".to_owned() };
    for op in [Op::Token, Op::QueryAll] {
        stage.org.fault(op, elsewhere.clone());
        stage.refuses("sync", 2, "HW0211").await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_retired_version_and_a_used_up_allowance() {
    let stage = linked().await;
    stage.org.configure(|settings| settings.api.floor = 67);
    stage.refuses("sync", 2, "HW0208").await;
    stage.check_finds(2, "HW0208").await;
    stage.org.configure(|settings| {
        settings.api.floor = 31;
        settings.limits.daily_api = 1;
    });
    stage.refuses("sync", 5, "HW0205").await;
    stage.check_finds(5, "HW0205").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_halfway_never_quotes_the_record() {
    let stage = linked().await;
    again_and_again(&stage, Op::IngestCreate, &refusal(403, "REQUEST_LIMIT_EXCEEDED"));
    let said = stage.refuses("sync", 5, "HW0205").await;
    assert!(!said.contains("canary"), "{said}");
    again_and_again(&stage, Op::QueryAll, &refusal(403, "API_DISABLED_FOR_ORG"));
    stage.refuses("push", 6, "HW0204").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_state_never_serves_another_org() {
    // GIVEN a state that was made with one org
    let stage = linked().await;
    // WHEN the configuration leads to another one
    let other = Settings { org_id: "00D5f000000IZ3YEAW".to_owned(), ..Settings::default() };
    let other = simorg::Org::start(other).await.unwrap();
    stage.reconfigure(stage.org.url(), other.url());
    // THEN every verb that would use it refuses, and that org gets nothing either
    for line in ["sync", "plan", "backfill", "resync 1", "serve"] {
        stage.refuses(line, 2, "HW0504").await;
    }
    assert!(other.all_records("Contact").is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn plain_http_is_for_this_machine_only() {
    let stage = Stage::set().await;
    stage.reconfigure(stage.org.url(), "http://example.com");
    for line in ["sync", "backfill"] {
        let said = stage.refuses(line, 2, "HW0200").await;
        assert!(said.contains("login_url"), "{said}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_is_not_unique_or_hidden_stops_a_cycle() {
    for hidden in [true, false] {
        let mut settings = Settings::default();
        let key = "EN_Supporter_Id__c";
        if hidden {
            settings.hidden_fields.push(format!("Contact.{key}"));
        }
        for field in settings.custom_fields.iter_mut().filter(|field| field.name == key) {
            field.unique = hidden;
        }
        let stage = Stage::set_with(settings).await;
        let code = if hidden { "HW0301" } else { "HW0302" };
        assert!(stage.check_finds(2, code).await.contains(key));
        assert!(stage.refuses("backfill", 2, code).await.contains(key));
    }
}
