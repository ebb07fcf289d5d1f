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
