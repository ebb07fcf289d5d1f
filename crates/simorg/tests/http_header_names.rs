//! Header names as they stand on the wire.

mod support;

use support::{Caller, plain};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

async fn raw(org: &Caller, path: &str) -> String {
    let address = org.org.url().trim_start_matches("http://").to_owned();
    let mut stream = TcpStream::connect(&address).await.expect("a connection");
    let call = format!(
        "GET {path} HTTP/1.1\r\nhost: {address}\r\nauthorization: Bearer {}\r\nconnection: close\r\n\r\n",
        org.token
    );
    stream.write_all(call.as_bytes()).await.expect("a call");
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.expect("an answer");
    String::from_utf8_lossy(&answer).into_owned()
}

#[tokio::test]
async fn header_names_are_written_as_the_guides_write_them() {
    let org = Caller::start(plain()).await;
    org.seed("Contact", support::contact("Lee"));
    let answer = raw(&org, "/services/data/v66.0/limits").await;
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
    assert!(answer.contains("\r\nContent-Type: application/json"), "{answer}");
    assert!(answer.contains("\r\nSforce-Limit-Info: api-usage="), "{answer}");

    let body = serde_json::json!({"operation": "query", "query": "SELECT Id FROM Contact"});
    let (_, job) = org.send(reqwest::Method::POST, "/jobs/query", &body).await;
    let id = job["id"].as_str().expect("a job").to_owned();
    while org.get(&format!("/jobs/query/{id}")).await.1["state"] != "JobComplete" {
        tokio::task::yield_now().await;
    }
    let answer = raw(&org, &format!("/services/data/v66.0/jobs/query/{id}/results")).await;
    assert!(answer.contains("\r\nSforce-Locator: null\r\n"), "{answer}");
    assert!(answer.contains("\r\nContent-Type: text/csv"), "{answer}");
}
