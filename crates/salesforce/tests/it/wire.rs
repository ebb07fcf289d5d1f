//! Real sockets: what the transport itself must do.

use std::io::Write as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use salesforce::{Empty, ErrorKind, Org, ResultSet, RetryPolicy};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use wiremock::matchers::{header, method, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

use crate::support::{config, job_id, quick};

async fn server() -> MockServer {
    let server = MockServer::start().await;
    let token = serde_json::json!({ "access_token": "canary-token", "instance_url": server.uri() });
    Mock::given(method("POST"))
        .and(path("/services/oauth2/token"))
        .respond_with(ResponseTemplate::new(200).set_body_json(token))
        .mount(&server)
        .await;
    server
}

#[tokio::test]
async fn redirects_are_not_followed() {
    for status in [301, 302, 303, 307, 308] {
        let server = server().await;
        let elsewhere = MockServer::start().await;
        let location = format!("{}/stolen", elsewhere.uri());
        Mock::given(path("/services/data/v66.0/limits"))
            .respond_with(ResponseTemplate::new(status).insert_header("location", location.as_str()))
            .expect(1)
            .mount(&server)
            .await;
        let error = Org::new(quick(&server.uri())).unwrap().limits().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Redirect, "{status}");
        assert!(elsewhere.received_requests().await.unwrap().is_empty(), "{status}");
    }
}

#[tokio::test]
async fn an_upload_streams_the_file_with_its_length() {
    let server = server().await;
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("rows.csv");
    let text = "Id,Note\n".to_owned() + &"003,some text of a row\n".repeat(50_000);
    std::fs::write(&file, &text).unwrap();
    Mock::given(method("PUT"))
        .and(header("content-length", text.len().to_string().as_str()))
        .and(header("content-type", "text/csv; charset=UTF-8"))
        .and(header("authorization", "Bearer canary-token"))
        .respond_with(ResponseTemplate::new(201))
        .expect(1)
        .mount(&server)
        .await;
    let org = Org::new(quick(&server.uri())).unwrap();
    org.upload(&job_id(), &file).await.unwrap();
    let put = server.received_requests().await.unwrap().pop().unwrap();
    assert!(put.body == text.as_bytes());
    assert!(put.headers.get("transfer-encoding").is_none());
    assert!(org.usage().bytes_out >= text.len() as u64);
}

fn packed(text: &[u8]) -> Vec<u8> {
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    gzip.write_all(text).unwrap();
    gzip.finish().unwrap()
}

#[tokio::test]
async fn packed_answers_are_unpacked_and_bombs_are_not() {
    let dir = tempfile::tempdir().unwrap();
    let text = "\"sf__Id\",\"sf__Created\"\n".to_owned() + &"\"\",\"true\"\n".repeat(2_000);
    let whole = packed(text.as_bytes());
    let bomb = packed(&vec![b'x'; 40 << 20]);
    let cut = whole[..whole.len() - 6].to_vec();
    for (body, expected) in
        [(whole, None), (bomb, Some(ErrorKind::TooLarge)), (cut, Some(ErrorKind::Incomplete))]
    {
        let server = server().await;
        let answer = ResponseTemplate::new(200)
            .insert_header("content-encoding", "gzip")
            .set_body_raw(body, "text/csv");
        Mock::given(method("GET"))
            .and(header("accept-encoding", "gzip"))
            .respond_with(answer)
            .mount(&server)
            .await;
        let to = dir.path().join("ok.csv");
        let org = Org::new(quick(&server.uri())).unwrap();
        match org.download_results(&job_id(), ResultSet::Successful, &to, Empty::Refused).await {
            Ok(done) => assert_eq!((done.rows, done.bytes, expected), (2_000, text.len() as u64, None)),
            Err(error) => assert_eq!(Some(error.kind()), expected),
        }
    }
}

/// Answers each connection with `raw`, then closes it, or holds it open.
async fn raw_server(raw: &'static str, hold: bool) -> (String, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let asked = Arc::new(AtomicUsize::new(0));
    let (counter, token_url) = (Arc::clone(&asked), url.clone());
    tokio::spawn(async move {
        let mut held = Vec::new();
        while let Ok((mut socket, _)) = listener.accept().await {
            let mut head = vec![0; 8192];
            let read = socket.read(&mut head).await.unwrap_or(0);
            if head[..read].starts_with(b"POST /services/oauth2/token") {
                let body = format!(r#"{{"access_token":"t","instance_url":"{token_url}"}}"#);
                let answer = format!(
                    "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{body}",
                    body.len()
                );
                let _ = socket.write_all(answer.as_bytes()).await;
                continue;
            }
            counter.fetch_add(1, Ordering::SeqCst);
            let _ = socket.write_all(raw.as_bytes()).await;
            if hold {
                held.push(socket);
            }
        }
    });
    (url, asked)
}

#[tokio::test]
async fn a_body_shorter_than_announced_is_an_error() {
    for raw in [
        "HTTP/1.1 200 OK\r\ncontent-type: text/csv\r\ncontent-length: 500\r\n\r\n\"sf__Id\",\"sf__Created\"\n\"\",\"true\"\n",
        "HTTP/1.1 200 OK\r\ncontent-type: text/csv\r\ntransfer-encoding: chunked\r\n\r\n17\r\n\"sf__Id\",\"sf__Created\"\n\r\n",
    ] {
        let (url, asked) = raw_server(raw, false).await;
        let dir = tempfile::tempdir().unwrap();
        let to = dir.path().join("ok.csv");
        let error = Org::new(quick(&url))
            .unwrap()
            .download_results(&job_id(), ResultSet::Successful, &to, Empty::Refused)
            .await;
        assert_eq!(error.unwrap_err().kind(), ErrorKind::Incomplete);
        assert_eq!(asked.load(Ordering::SeqCst), 4);
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0);
    }
}

#[tokio::test]
async fn a_body_that_stops_and_an_answer_that_never_comes_are_given_up() {
    let mut config = quick("http://127.0.0.1:1");
    config.timeouts.idle = Duration::from_millis(50);
    config.timeouts.answer = Duration::from_millis(50);
    config.retry = RetryPolicy::NONE;
    let stops = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 500\r\n\r\n{";
    for (raw, kind) in [(stops, ErrorKind::Incomplete), ("", ErrorKind::Unreachable)] {
        let (url, _) = raw_server(raw, true).await;
        config.login_url = url;
        assert_eq!(Org::new(config.clone()).unwrap().limits().await.unwrap_err().kind(), kind);
    }
}

#[tokio::test]
async fn nobody_listening_is_unreachable_and_a_server_without_tls_is_a_tls_error() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let mut config = quick(&format!("http://{address}"));
    config.retry.total = Duration::from_millis(20);
    let error = Org::new(config).unwrap().limits().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unreachable);

    let (url, asked) = raw_server("HTTP/1.1 200 OK\r\n\r\n", false).await;
    let mut config = config_for_https(&url);
    config.retry = RetryPolicy::NONE;
    let error = Org::new(config).unwrap().limits().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Tls);
    assert!(asked.load(Ordering::SeqCst) <= 1);
}

fn config_for_https(url: &str) -> salesforce::OrgConfig {
    let authority = url.trim_start_matches("http://").to_owned();
    let mut config = config(&format!("https://{authority}"));
    config.allowed_hosts = vec![authority];
    config
}

#[tokio::test]
async fn neither_secret_nor_token_shows_in_errors() {
    let server = server().await;
    Mock::given(method("GET"))
        .respond_with(ResponseTemplate::new(400).set_body_raw(
            r#"[{"errorCode":"MALFORMED_QUERY","message":"canary-name in canary@example.org"}]"#,
            "application/json",
        ))
        .mount(&server)
        .await;
    let org = Org::new(quick(&server.uri())).unwrap();
    let error = org.limits().await.unwrap_err();
    let shown =
        format!("{error} {error:?} {org:?} {:?}", std::error::Error::source(&error).map(ToString::to_string));
    assert!(!shown.contains("canary"), "{shown}");
    assert_eq!(error.to_string(), "read limits: the org refused the request, HTTP 400, MALFORMED_QUERY");
}
