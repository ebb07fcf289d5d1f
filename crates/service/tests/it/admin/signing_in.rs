//! In, out, and how often one may try.

use std::time::Duration;

use http::StatusCode;
use service::admin::Happened;

use super::site::{PASSWORD, Site};

#[tokio::test]
async fn the_password_opens_and_another_does_not() {
    let site = Site::start().await;
    for wrong in ["", "correct horse", "Correct horse battery", "correct horse battery "] {
        let answer = site.try_password(wrong).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN);
        assert!(answer.body.contains("WrongPassword"), "{}", answer.body);
        assert!(answer.cookies().iter().all(|cookie| cookie.contains("form")), "no session");
    }
    let answer = site.try_password(PASSWORD).await;
    assert_eq!((answer.status, answer.header("location")), (StatusCode::SEE_OTHER, Some("/")));
    let noted = site.seen.noted.lock().unwrap().clone();
    assert_eq!(noted, [vec![Happened::Failed; 4], vec![Happened::SignedIn]].concat());
}

#[tokio::test]
async fn the_better_cookie_of_those_that_came_back_is_used() {
    let site = Site::start().await;
    let form = site.ask("GET", "/sign-in", &[], "").await;
    let body = format!("token={}&password=correct+horse+battery", form.token());
    let cookies = form.cookies();
    let (locked, plain) = (&cookies[0], &cookies[1]);
    assert!(locked.starts_with("__Host-") && !plain.starts_with("__Host-"), "{cookies:?}");
    for (kept, starts) in [(format!("{locked}; {plain}"), "__Host-highwater-"), (plain.clone(), "highwater-")]
    {
        let answer = site.ask("POST", "/sign-in", &[&site.origin(), &format!("Cookie: {kept}")], &body).await;
        assert!(answer.cookies()[0].starts_with(starts), "{:?}", answer.cookies());
        for (_, set) in answer.headers.iter().filter(|(name, _)| name == "set-cookie") {
            assert!(set.contains("; Path=/; HttpOnly; SameSite=Strict"), "{set}");
            assert_eq!(set.starts_with("__Host-"), set.contains("; Secure"), "{set}");
            assert!(!set.contains("Domain"), "{set}");
        }
    }
}

#[tokio::test]
async fn a_form_of_another_browser_does_not_sign_in() {
    let site = Site::start().await;
    let (ours, theirs) =
        (site.ask("GET", "/sign-in", &[], "").await, site.ask("GET", "/sign-in", &[], "").await);
    let cookie = format!("Cookie: {}", ours.cookies()[1]);
    for token in [theirs.token(), String::new(), "zz".to_owned()] {
        let body = format!("token={token}&password=correct+horse+battery");
        let answer = site.ask("POST", "/sign-in", &[&site.origin(), &cookie], &body).await;
        assert!(answer.status == StatusCode::FORBIDDEN && answer.body.contains("OldPage"), "{}", answer.body);
        assert!(answer.cookies().iter().all(|cookie| cookie.contains("form")), "no session");
    }
    let without = format!("token={}&password=correct+horse+battery", ours.token());
    assert_eq!(site.ask("POST", "/sign-in", &[&site.origin()], &without).await.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn passwords_are_tried_slowly_and_nobody_is_locked_out_for_long() {
    let site = Site::start().await;
    let (cookie, _) = site.signed_in().await;
    for _ in 0..5 {
        assert_eq!(site.try_password("wrong").await.status, StatusCode::FORBIDDEN);
    }
    // Even the right one is not looked at now: else trying would go on as fast as before.
    for _ in 0..20 {
        let answer = site.try_password(PASSWORD).await;
        assert_eq!(answer.status, StatusCode::TOO_MANY_REQUESTS);
        assert!(answer.body.contains("TooFast { again_after: 5 }"), "{}", answer.body);
    }
    assert_eq!(site.ask("GET", "/", &[&cookie], "").await.status, StatusCode::OK, "whoever is in stays in");
    site.clock.advance(Duration::from_secs(5));
    assert_eq!(site.try_password(PASSWORD).await.status, StatusCode::SEE_OTHER);
    let noted = site.seen.noted.lock().unwrap().clone();
    assert_eq!(noted.iter().filter(|one| **one == Happened::Failed).count(), 5);
}

#[tokio::test]
async fn signing_out_ends_the_session_and_takes_the_cookie_away() {
    let site = Site::start().await;
    let (cookie, token) = site.signed_in().await;
    let answer = site.ask("POST", "/sign-out", &[&cookie, &site.origin()], &format!("token={token}")).await;
    assert_eq!((answer.status, answer.header("location")), (StatusCode::SEE_OTHER, Some("/sign-in")));
    assert!(answer.header("set-cookie").unwrap().contains("Max-Age=0"));
    assert_eq!(
        site.ask("GET", "/", &[&cookie], "").await.status,
        StatusCode::SEE_OTHER,
        "the name is no longer good"
    );
    assert_eq!(site.seen.noted.lock().unwrap().last(), Some(&Happened::SignedOut));
}

#[tokio::test]
async fn a_session_ends_when_nobody_uses_it_and_after_half_a_day() {
    let site = Site::start().await;
    let (cookie, _) = site.signed_in().await;
    site.clock.advance(Duration::from_secs(29 * 60));
    assert_eq!(site.ask("GET", "/", &[&cookie], "").await.status, StatusCode::OK);
    site.clock.advance(Duration::from_secs(30 * 60));
    assert_eq!(site.ask("GET", "/", &[&cookie], "").await.status, StatusCode::SEE_OTHER, "idle");
    let (cookie, _) = site.signed_in().await;
    for _ in 0..35 {
        site.clock.advance(Duration::from_secs(20 * 60));
        assert_eq!(site.ask("GET", "/", &[&cookie], "").await.status, StatusCode::OK);
    }
    site.clock.advance(Duration::from_secs(20 * 60));
    assert_eq!(site.ask("GET", "/", &[&cookie], "").await.status, StatusCode::SEE_OTHER, "twelve hours");
}

#[tokio::test]
async fn signing_in_again_ends_the_session_that_was_there() {
    let site = Site::start().await;
    let (old, _) = site.signed_in().await;
    let form = site.ask("GET", "/sign-in", &[], "").await;
    let cookie = format!("{old}; {}", form.cookies().join("; "));
    let body = format!("token={}&password=correct+horse+battery", form.token());
    let answer = site.ask("POST", "/sign-in", &[&site.origin(), &cookie], &body).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER);
    assert!(!answer.cookies()[0].contains(old.split('=').nth(1).unwrap()), "a new name");
    assert_eq!(site.ask("GET", "/", &[&old], "").await.status, StatusCode::SEE_OTHER);
}
