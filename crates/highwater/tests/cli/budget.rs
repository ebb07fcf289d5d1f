//! How much of the org's daily requests is used, and what is said about it.

use simorg::Op;

use crate::stage::{Stage, json, out};

fn used(stage: &Stage) -> u64 {
    let calls = stage.org.calls();
    calls.total - calls.of(Op::Token)
}

#[tokio::test(flavor = "multi_thread")]
async fn the_share_holds_across_processes_and_status_and_check_show_it() {
    // GIVEN an org with two hundred requests a day, of which a fifth is ours
    let stage = Stage::set().await;
    stage.org.configure(|settings| settings.limits.daily_api = 200);
    assert_eq!(stage.run("backfill").await.status.code(), Some(0));
    let status = json(&stage.run("status --format json").await)["budget"].clone();
    assert_eq!(
        (status["used"].as_u64(), status["share"].as_u64()),
        (Some(used(&stage)), Some(40)),
        "{status}"
    );
    assert_eq!((status["allowance"].as_u64(), status["share_percent"].as_u64()), (Some(200), Some(20)));
    // WHEN people ask for cycle after cycle
    let mut refused = None;
    for _ in 0..40 {
        let ended = stage.run("sync").await;
        if ended.status.code() != Some(0) {
            refused = ended.status.code();
            break;
        }
    }
    // THEN it ends at the share, with the page that says why
    assert_eq!(refused, Some(5));
    let said = stage.refuses("sync", 5, "HW0222").await;
    assert!(said.contains("share"), "{said}");
    assert!(used(&stage) <= 40, "{}", used(&stage));
    assert!(out(&stage.run("status").await).contains("highwater's share (20 %)"));
    // AND check, which asks on its own, says how small the share is
    let found = stage.check_finds(0, "HW0324").await;
    assert!(found.contains("20 % of the API requests are 40 a day"), "{found}");
    // AND a larger share lets the next cycle through
    stage.reconfigure("[state]", "[budget]\nshare_percent = 60\n\n[state]");
    assert_eq!(stage.run("sync").await.status.code(), Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_that_ends_with_an_error_leaves_no_request_booked_that_was_not_made() {
    let stage = Stage::set().await;
    assert_eq!(stage.run("sync").await.status.code(), Some(0));
    let plain = stage.read("highwater.toml");
    let wrong = "[[field]]\ncontact = \"No_Such_Field__c\"\ncolumn = \"phone\"\n";
    let booked = async || json(&stage.run("status --format json").await)["budget"]["used"].as_u64();
    for (line, ends, text) in [
        ("resync --email nobody@nowhere.org", 2, plain.clone()),
        ("why --email nobody@nowhere.org", 2, plain.clone()),
        ("plan --supporter 77", 2, plain.clone()),
        ("plan", 2, format!("{plain}\n{wrong}")),
        ("sync", 2, format!("{plain}\n{wrong}")),
    ] {
        stage.write("highwater.toml", &text);
        let ended = stage.run(line).await;
        assert_eq!(ended.status.code(), Some(ends), "{line}: {}", crate::stage::err(&ended));
        assert_eq!(booked().await, Some(used(&stage)), "{line}");
    }
    // AND beside a service
    stage.write("highwater.toml", &plain);
    let service = stage.serve().await;
    assert_eq!(stage.run("resync --email nobody@nowhere.org").await.status.code(), Some(2));
    assert_eq!(booked().await, Some(used(&stage)));
    assert_eq!(service.stop().await, Some(0));
    assert_eq!(booked().await, Some(used(&stage)));
}
