//! Who is let through, and what stands on every answer.

use http::StatusCode;

use super::site::Site;

/// Every path there is, with the methods it takes.
const PATHS: [(&str, &[&str]); 10] = [
    ("/metrics", &["GET", "HEAD"]),
    ("/healthz", &["GET", "HEAD"]),
    ("/style.css", &["GET", "HEAD"]),
    ("/sign-in", &["GET", "HEAD", "POST"]),
    ("/sign-out", &["POST"]),
    ("/", &["GET", "HEAD"]),
    ("/file", &["GET", "HEAD"]),
    ("/do", &["POST"]),
    ("/both", &["GET", "HEAD", "POST"]),
    ("/nothing", &[]),
];

const METHODS: [&str; 8] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"];

#[tokio::test]
async fn every_answer_carries_every_header() {
    let site = Site::start().await;
    let (cookie, _) = site.signed_in().await;
    let csp =
        "default-src 'none'; style-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'";
    let mut answers = Vec::new();
    for (path, _) in PATHS {
        for method in METHODS {
            answers.push((method, path, site.ask(method, path, &[], "").await));
            answers.push((method, path, site.ask(method, path, &[&cookie], "").await));
        }
    }
    answers.push(("GET", "foreign host", site.ask("GET", "/", &["Host: evil.example"], "").await));
    for (method, path, answer) in answers {
        for (name, value) in [
            ("content-security-policy", csp),
            ("x-content-type-options", "nosniff"),
            ("x-frame-options", "DENY"),
            ("referrer-policy", "same-origin"),
            ("cache-control", "no-store"),
            ("cross-origin-opener-policy", "same-origin"),
            ("cross-origin-resource-policy", "same-origin"),
        ] {
            assert_eq!(answer.header(name), Some(value), "{method} {path}");
        }
        assert_eq!(answer.header("access-control-allow-origin"), None, "{method} {path}");
    }
}

#[tokio::test]
async fn each_path_takes_its_methods_and_names_them_to_whoever_used_another() {
    let site = Site::start().await;
    let (cookie, _) = site.signed_in().await;
    for (path, takes) in PATHS {
        for method in METHODS {
            let answer = site.ask(method, path, &[&cookie], "").await;
            if takes.is_empty() {
                assert_eq!(answer.status, StatusCode::NOT_FOUND, "{method} {path}");
            } else if takes.contains(&method) {
                assert_ne!(answer.status, StatusCode::METHOD_NOT_ALLOWED, "{method} {path}");
            } else {
                assert_eq!(answer.status, StatusCode::METHOD_NOT_ALLOWED, "{method} {path}");
                assert_eq!(answer.header("allow"), Some(takes.join(", ").as_str()), "{method} {path}");
            }
        }
    }
    assert_eq!(site.acts(), 0, "nothing was done without a token");
}

#[tokio::test]
async fn without_a_session_there_are_figures_and_the_way_in_and_nothing_else() {
    let site = Site::start().await;
    assert_eq!(site.ask("GET", "/metrics", &[], "").await.body, "highwater_up 1\n");
    let health = site.ask("GET", "/healthz", &[], "").await;
    assert_eq!((health.status, health.body.as_str()), (StatusCode::SERVICE_UNAVAILABLE, "it waits\n"));
    for path in ["/", "/both", "/do", "/file", "/nothing", "/sign-out"] {
        let looked = site.ask("GET", path, &[], "").await;
        assert_eq!(
            (looked.status, looked.header("location")),
            (StatusCode::SEE_OTHER, Some("/sign-in")),
            "{path}"
        );
        for method in ["POST", "PUT", "DELETE", "OPTIONS"] {
            let answer = site.ask(method, path, &[&site.origin()], "token=x").await;
            assert_eq!(answer.status, StatusCode::FORBIDDEN, "{method} {path}");
        }
    }
    let guessed = format!("Cookie: highwater-{}={}", site.port, "0".repeat(32));
    assert_eq!(site.ask("GET", "/", &[&guessed], "").await.status, StatusCode::SEE_OTHER);
    assert_eq!(site.acts(), 0);
}

#[tokio::test]
async fn a_host_that_is_not_ours_gets_nothing() {
    let site = Site::start().await;
    let (cookie, _) = site.signed_in().await;
    let port = site.port;
    for host in ["evil.example", &format!("evil.example:{port}"), "127.0.0.1:1", &format!("10.0.0.5:{port}")]
    {
        for path in ["/", "/metrics", "/healthz", "/sign-in", "/style.css"] {
            let answer = site.ask("GET", path, &[&cookie, &format!("Host: {host}")], "").await;
            assert_eq!(answer.status, StatusCode::MISDIRECTED_REQUEST, "{host} {path}");
            assert_eq!(answer.body, "refused OtherHost");
        }
    }
    let absolute = format!(
        "GET http://127.0.0.1:{port}/ HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\n\r\n"
    );
    assert_eq!(site.raw(&absolute).await.status, StatusCode::MISDIRECTED_REQUEST);
    let named = site.ask("GET", "/", &[&cookie, &format!("Host: localhost:{port}")], "").await;
    assert_eq!(named.status, StatusCode::OK);
}

#[tokio::test]
async fn through_the_proxy_figures_are_for_whoever_is_signed_in_and_cookies_are_locked() {
    let site = Site::on("127.0.0.1", Some("https://h.example.org")).await;
    let host = "Host: h.example.org";
    assert_eq!(site.ask("GET", "/healthz", &[host], "").await.body, "it waits\n");
    assert_eq!(site.ask("GET", "/metrics", &[host], "").await.status, StatusCode::SEE_OTHER);
    let form = site.ask("GET", "/sign-in", &[host], "").await;
    assert_eq!(form.header("strict-transport-security"), Some("max-age=31536000"));
    let cookies = form.cookies();
    assert!(cookies.len() == 1 && cookies[0].starts_with("__Host-"), "{cookies:?}");
    let body = format!("token={}&password=correct+horse+battery", form.token());
    let headers =
        |origin: &'static str| [host.to_owned(), origin.to_owned(), format!("Cookie: {}", cookies[0])];
    let [host_line, origin, cookie] = headers("Origin: http://h.example.org");
    let refused = site.ask("POST", "/sign-in", &[&host_line, &origin, &cookie], &body).await;
    assert_eq!(refused.body, "refused OtherSite", "only the encrypted page is ours");
    let [host_line, origin, cookie] = headers("Origin: https://h.example.org");
    let answer = site.ask("POST", "/sign-in", &[&host_line, &origin, &cookie], &body).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER);
    let set = answer.headers.iter().find(|(name, _)| name == "set-cookie").unwrap();
    assert!(set.1.starts_with("__Host-highwater-") && set.1.contains("; Secure"), "{set:?}");
    let session = format!("Cookie: {}", answer.cookies()[0]);
    assert_eq!(site.ask("GET", "/metrics", &[host, &session], "").await.status, StatusCode::OK);
    // The same cookie under the name that anybody may set is nothing here.
    let bare = session.replace("__Host-", "");
    assert_eq!(site.ask("GET", "/", &[host, &bare], "").await.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn by_an_address_on_a_network_there_are_figures_and_no_pages() {
    let site = Site::on("0.0.0.0", None).await;
    let host = format!("Host: 10.0.0.5:{}", site.port);
    assert_eq!(site.ask("GET", "/metrics", &[&host], "").await.status, StatusCode::OK);
    assert_eq!(site.ask("GET", "/healthz", &[&host], "").await.status, StatusCode::SERVICE_UNAVAILABLE);
    for path in ["/", "/sign-in", "/style.css", "/do"] {
        let answer = site.ask("GET", path, &[&host], "").await;
        assert_eq!(answer.status, StatusCode::MISDIRECTED_REQUEST, "{path}");
    }
}

#[tokio::test]
async fn a_file_is_kept_and_not_shown_and_its_name_ends_no_header() {
    let site = Site::start().await;
    let (cookie, _) = site.signed_in().await;
    let answer = site.ask("GET", "/file", &[&cookie], "").await;
    assert_eq!(answer.header("content-disposition"), Some("attachment; filename=\"mergesxy.csv\""));
    assert_eq!(answer.header("x"), None);
}
