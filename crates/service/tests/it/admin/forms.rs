//! What a form must show before anything is done.

use http::StatusCode;

use super::site::Site;

#[tokio::test]
async fn a_form_with_its_token_from_our_own_page_is_done_once() {
    let site = Site::start().await;
    let (cookie, token) = site.signed_in().await;
    let answer = site.ask("POST", "/do", &[&cookie, &site.origin()], &format!("token={token}")).await;
    assert_eq!((answer.status, answer.header("location")), (StatusCode::SEE_OTHER, Some("/")));
    assert_eq!(site.acts(), 1);
}

#[tokio::test]
async fn another_site_cannot_do_anything() {
    let site = Site::start().await;
    let (cookie, token) = site.signed_in().await;
    let ours = site.origin();
    for headers in [
        vec![],
        vec!["Origin: https://evil.example"],
        vec!["Origin: null"],
        vec!["Origin: http://127.0.0.1:1"],
        vec![ours.as_str(), "Sec-Fetch-Site: cross-site"],
        vec![ours.as_str(), "Sec-Fetch-Site: same-site"],
        vec!["Sec-Fetch-Site: cross-site"],
        vec!["Sec-Fetch-Site: none"],
    ] {
        for path in ["/do", "/both", "/sign-out", "/sign-in"] {
            let mut lines = headers.clone();
            lines.push(&cookie);
            let answer = site.ask("POST", path, &lines, &format!("token={token}&password=x")).await;
            assert_eq!(answer.status, StatusCode::FORBIDDEN, "{path} {headers:?}");
            assert_eq!(answer.body, "refused OtherSite", "{path} {headers:?}");
        }
    }
    assert_eq!(site.acts(), 0);
    assert_eq!(site.ask("GET", "/", &[&cookie], "").await.status, StatusCode::OK, "still signed in");
}

#[tokio::test]
async fn a_token_that_is_missing_or_of_another_session_is_refused() {
    let site = Site::start().await;
    let (cookie, token) = site.signed_in().await;
    let (other_cookie, other) = site.signed_in().await;
    let origin = site.origin();
    for body in
        ["x=1".to_owned(), "token=".to_owned(), format!("token={other}"), format!("token={}", &token[1..])]
    {
        for path in ["/do", "/both", "/sign-out"] {
            let answer = site.ask("POST", path, &[&cookie, &origin], &body).await;
            assert_eq!(
                (answer.status, answer.body.as_str()),
                (StatusCode::FORBIDDEN, "refused OldPage"),
                "{path}"
            );
        }
    }
    assert_eq!(site.acts(), 0);
    for cookie in [cookie, other_cookie] {
        assert_eq!(site.ask("GET", "/", &[&cookie], "").await.status, StatusCode::OK, "still signed in");
    }
}

#[tokio::test]
async fn looking_does_nothing_whatever_is_written_behind_the_question_mark() {
    let site = Site::start().await;
    let (cookie, token) = site.signed_in().await;
    for method in ["GET", "HEAD"] {
        for path in ["/do", "/both", "/sign-out", "/"] {
            let path = format!("{path}?token={token}&way=link");
            site.ask(method, &path, &[&cookie, &site.origin()], "").await;
        }
    }
    assert_eq!(site.acts(), 0);
    let seen = site.ask("GET", "/?q=a+b", &[&cookie], "").await;
    assert!(seen.body.contains("q=Some(\"a b\")"), "{}", seen.body);
}

#[tokio::test]
async fn a_form_that_is_too_large_or_none_is_refused() {
    let site = Site::start().await;
    let (cookie, token) = site.signed_in().await;
    let origin = site.origin();
    let large = format!("token={token}&why={}", "x".repeat(100_000));
    let answer = site.ask("POST", "/do", &[&cookie, &origin], &large).await;
    assert_eq!((answer.status, answer.body.as_str()), (StatusCode::BAD_REQUEST, "refused Form"));
    let many = format!("token={token}{}", "&a=1".repeat(2_000));
    assert_eq!(site.ask("POST", "/do", &[&cookie, &origin], &many).await.body, "refused Form");
    let body = format!("{{\"token\":\"{token}\"}}");
    for media in ["application/json", "text/plain", "multipart/form-data; boundary=x"] {
        let request = format!(
            "POST /do HTTP/1.1\r\nHost: 127.0.0.1:{}\r\nConnection: close\r\n{cookie}\r\n{origin}\r\nContent-Type: {media}\r\n\
             Content-Length: {}\r\n\r\n{body}",
            site.port,
            body.len()
        );
        assert_eq!(site.raw(&request).await.body, "refused Form", "{media}");
    }
    let far = format!("/?q={}", "x".repeat(3_000));
    assert_eq!(site.ask("GET", &far, &[&cookie], "").await.status, StatusCode::NOT_FOUND);
    assert_eq!(site.acts(), 0);
}
