//! What is said of whom and what there is not.

use crate::stage::{Stage, err, json, out};

#[tokio::test(flavor = "multi_thread")]
async fn an_id_that_nobody_has_is_said_to_be_unknown() {
    let stage = Stage::set().await;
    assert_eq!(stage.run("sync").await.status.code(), Some(0));
    let told = out(&stage.run("why 99999999").await);
    assert!(told.contains("no cycle has met anybody of that name"), "{told}");
    let told = out(&stage.run("why 1").await);
    assert!(!told.contains("no cycle has met"), "{told}");
    // Nothing is erased without a word about it, and whoever was known is forgotten without a doubt.
    let (unknown, doubt) = (stage.run("forget 99999999 --yes").await, "nothing was remembered of 99999999");
    assert!(out(&unknown).contains(doubt), "{}", out(&unknown));
    for _ in 0..2 {
        let known = stage.run("forget 2 --yes").await;
        assert_eq!(known.status.code(), Some(0), "{}", err(&known));
        assert!(!out(&known).contains("nothing was remembered"), "{}", out(&known));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn words_of_reports_are_explained_and_limits_are_named() {
    let stage = Stage::set().await;
    for (word, says) in
        [("STRING_TOO_LONG", "shorten"), ("case:names_disagree", "kind of case"), ("given_conf", "Never")]
    {
        let told = stage.run(&format!("explain {word}")).await;
        assert_eq!(told.status.code(), Some(0), "{}", err(&told));
        assert!(out(&told).contains(says), "{word}: {}", out(&told));
    }
    assert!(json(&stage.run("explain STRING_TOO_LONG --format json").await)["text"].is_string());
    let refused = stage.run("explain nonsense").await;
    assert!(refused.status.code() == Some(2) && err(&refused).contains("match-reasons"), "{}", err(&refused));
    assert!(err(&stage.run("watermark rewind pull 9999d --why x").await).contains("3650d"));
}
