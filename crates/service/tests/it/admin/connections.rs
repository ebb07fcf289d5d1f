//! Connections, and how they end.

use std::time::Duration;

use http::StatusCode;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::site::Site;

#[tokio::test]
async fn what_was_begun_is_done_though_nobody_waits_for_it_and_before_the_end() {
    let site = Site::start().await;
    let (cookie, token) = site.signed_in().await;
    let body = format!("token={token}");
    let request = format!(
        "POST /slow HTTP/1.1\r\nHost: 127.0.0.1:{}\r\n{cookie}\r\n{}\r\nContent-Type: application/x-www-form-urlencoded\r\n\
         Content-Length: {}\r\n\r\n{body}",
        site.port,
        site.origin(),
        body.len()
    );
    let mut stream = TcpStream::connect(("127.0.0.1", site.port)).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    site.seen.begun.notified().await;
    drop(stream);
    // Until the listener has seen that nobody waits any more.
    for _ in 0..10_000 {
        tokio::task::yield_now().await;
    }
    site.stop.cancel();
    for _ in 0..10_000 {
        tokio::task::yield_now().await;
    }
    assert!(!site.served.is_finished());
    site.seen.go_on.notify_one();
    site.served.await.unwrap().unwrap();
    assert_eq!(site.seen.acts.load(std::sync::atomic::Ordering::SeqCst), 1);
}

#[tokio::test]
async fn a_stop_answers_what_runs_and_closes_the_port() {
    let site = Site::start().await;
    let mut idle = TcpStream::connect(("127.0.0.1", site.port)).await.unwrap();
    let head = format!("GET /healthz HTTP/1.1\r\nHost: 127.0.0.1:{}\r\n\r\n", site.port);
    idle.write_all(head.as_bytes()).await.unwrap();
    let mut first = vec![0; 8];
    idle.read_exact(&mut first).await.unwrap();
    site.stop.cancel();
    site.served.await.unwrap().unwrap();
    assert!(TcpStream::connect(("127.0.0.1", site.port)).await.is_err());
    let mut rest = Vec::new();
    idle.read_to_end(&mut rest).await.unwrap();
}

#[tokio::test]
async fn a_head_that_is_too_large_or_has_too_many_lines_is_refused() {
    let site = Site::start().await;
    let large = site.ask("GET", "/healthz", &[&format!("X: {}", "x".repeat(40_000))], "").await;
    assert_eq!(large.status, StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE);
    let lines: Vec<String> = (0..200).map(|n| format!("X-{n}: 1")).collect();
    let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
    let many = site.ask("GET", "/healthz", &lines, "").await;
    assert_eq!(many.status, StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE);
}

#[tokio::test(start_paused = true)]
async fn a_head_and_a_form_that_do_not_come_are_given_up() {
    let site = Site::start().await;
    let (cookie, token) = site.signed_in().await;
    let mut stream = TcpStream::connect(("127.0.0.1", site.port)).await.unwrap();
    stream.write_all(b"GET / HTTP/1.1\r\nHost:").await.unwrap();
    let mut text = Vec::new();
    let ended = tokio::time::timeout(Duration::from_secs(11), stream.read_to_end(&mut text)).await;
    assert!(ended.is_ok(), "the connection is still open");
    let request = format!(
        "POST /do HTTP/1.1\r\nHost: 127.0.0.1:{}\r\nConnection: close\r\n{cookie}\r\n{}\r\n\
         Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 1000\r\n\r\ntoken={token}",
        site.port,
        site.origin()
    );
    let answer = tokio::time::timeout(Duration::from_secs(11), site.raw(&request)).await.unwrap();
    assert_eq!(answer.body, "refused Form");
    assert_eq!(site.acts(), 0);
}

#[tokio::test(start_paused = true)]
async fn more_connections_than_there_is_room_for_wait_and_are_served_later() {
    let site = Site::start().await;
    let mut held = Vec::new();
    for _ in 0..64 {
        held.push(TcpStream::connect(("127.0.0.1", site.port)).await.unwrap());
    }
    // A connection that was taken before these leaves no doubt that all 64 places are gone.
    let mut late = TcpStream::connect(("127.0.0.1", site.port)).await.unwrap();
    let head = format!("GET /healthz HTTP/1.1\r\nHost: 127.0.0.1:{}\r\nConnection: close\r\n\r\n", site.port);
    late.write_all(head.as_bytes()).await.unwrap();
    let mut byte = [0; 1];
    let waits = tokio::time::timeout(Duration::from_millis(300), late.read_exact(&mut byte)).await;
    assert!(waits.is_err(), "it is served beside 64 others");
    drop(held);
    late.read_exact(&mut byte).await.unwrap();
}
