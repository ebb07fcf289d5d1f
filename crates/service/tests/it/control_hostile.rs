//! The control socket when the other end, or what stands in its place, is not what it should be.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::os::unix::net::UnixListener as StdListener;
use std::time::Duration;

use service::control::{Client, Error, PROTOCOL, Server};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{UnixListener, UnixStream};

use crate::control::Service;

/// Sends raw bytes to a service and gives the last line it says before it hangs up.
async fn last_word(service: &Service, bytes: &[u8]) -> String {
    let mut stream = UnixStream::connect(service.state.path().join("control/socket")).await.unwrap();
    // A service that has had enough may close before everything is sent.
    let _ = stream.write_all(bytes).await;
    let _ = stream.shutdown().await;
    let mut said = String::new();
    BufReader::new(stream).read_to_string(&mut said).await.unwrap();
    said.lines().last().unwrap_or_default().to_owned()
}

#[tokio::test]
async fn what_is_no_request_is_refused_and_the_service_goes_on() {
    let service = Service::start().await;
    let many = format!("{{\"protocol\":1,\"argv\":{:?},\"format\":null,\"width\":null}}\n", vec![""; 2_000]);
    for bytes in [
        &b"GET / HTTP/1.1\r\n\r\n"[..],
        b"{\"protocol\":1,\"argv\":\"say\",\"format\":null,\"width\":null}\n",
        b"{\"protocol\":2,\"argv\":[],\"format\":null,\"width\":null}\n",
        b"{\"protocol\":1,\"argv\":[],\"format\":null,\"width\":null}",
        b"\xff\xfe\n",
        many.as_bytes(),
    ] {
        let last = last_word(&service, bytes).await;
        assert!(last.starts_with("{\"refused\":"), "{last}");
    }
    drop(service.client().await);
    service.end().await;
}

#[tokio::test]
async fn a_request_without_end_is_cut_off_at_the_limit() {
    let service = Service::start().await;
    let mut stream = UnixStream::connect(service.state.path().join("control/socket")).await.unwrap();
    // WHEN a client sends without ever ending the line THEN the service hangs up instead of collecting it
    let spaces = vec![b' '; 1 << 16];
    let mut sent = 0_usize;
    while stream.write_all(&spaces).await.is_ok() {
        sent += spaces.len();
        assert!(sent < 64 << 20, "the service takes everything");
    }
    service.end().await;
}

#[tokio::test]
async fn a_client_that_only_looks_leaves_no_trace() {
    let service = Service::start().await;
    assert!(last_word(&service, b"").await.starts_with("{\"hello\":"));
    service.end().await;
}

#[tokio::test]
async fn a_socket_left_by_a_crash_is_taken_over() {
    let state = tempfile::tempdir().unwrap();
    // GIVEN a socket whose process is gone
    drop(Server::bind(state.path()).await.unwrap());
    let socket = state.path().join("control/socket");
    drop(StdListener::bind(&socket).unwrap());
    assert!(socket.exists());
    // THEN a client finds nobody, and a new service takes the place
    assert!(Client::connect(state.path()).await.unwrap().is_none());
    let server = Server::bind(state.path()).await.unwrap();
    drop(server);
    assert!(!socket.exists());
}

#[tokio::test]
async fn a_second_service_does_not_take_the_socket_of_the_first() {
    let service = Service::start().await;
    assert!(matches!(Server::bind(service.state.path()).await, Err(Error::Taken)));
    drop(service.client().await);
    service.end().await;
}

#[tokio::test]
async fn a_service_that_lost_its_socket_does_not_remove_that_of_its_successor() {
    let state = tempfile::tempdir().unwrap();
    let first = Server::bind(state.path()).await.unwrap();
    let socket = state.path().join("control/socket");
    fs::remove_file(&socket).unwrap();
    let second = Server::bind(state.path()).await.unwrap();
    drop(first);
    assert!(socket.exists());
    drop(second);
    assert!(!socket.exists());
}

#[tokio::test]
async fn what_is_no_socket_is_left_alone() {
    let state = tempfile::tempdir().unwrap();
    let place = state.path().join("control");
    fs::create_dir(&place).unwrap();
    fs::set_permissions(&place, fs::Permissions::from_mode(0o700)).unwrap();
    fs::write(place.join("socket"), "somebody's file").unwrap();
    assert!(matches!(Server::bind(state.path()).await, Err(Error::Unsafe(_))));
    assert!(matches!(Client::connect(state.path()).await, Err(Error::Unsafe(_))));
    assert_eq!(fs::read_to_string(place.join("socket")).unwrap(), "somebody's file");
}

#[tokio::test]
async fn a_linked_directory_is_refused() {
    let (state, elsewhere) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    symlink(elsewhere.path(), state.path().join("control")).unwrap();
    assert!(matches!(Server::bind(state.path()).await, Err(Error::Unsafe(_))));
    assert_eq!(fs::read_dir(elsewhere.path()).unwrap().count(), 0);
}

#[tokio::test]
async fn a_client_trusts_no_socket_in_a_directory_that_lets_others_in() {
    let service = Service::start().await;
    let place = service.state.path().join("control");
    fs::set_permissions(&place, fs::Permissions::from_mode(0o755)).unwrap();
    assert!(matches!(Client::connect(service.state.path()).await, Err(Error::Unsafe(_))));
    service.end().await;
}

#[tokio::test]
async fn a_path_too_long_for_a_socket_is_named_as_the_reason() {
    let state = tempfile::tempdir().unwrap();
    let long = state.path().join("x".repeat(120));
    fs::create_dir(&long).unwrap();
    assert!(matches!(Server::bind(&long).await, Err(Error::PathTooLong)));
}

/// Something else that answers in the service's place, with these bytes after the greeting.
async fn impostor(greeting: String, rest: &'static str) -> Result<i32, Error> {
    let state = tempfile::tempdir().unwrap();
    drop(Server::bind(state.path()).await.unwrap());
    let listener = UnixListener::bind(state.path().join("control/socket")).unwrap();
    let answering = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        stream.write_all(greeting.as_bytes()).await.unwrap();
        let mut request = String::new();
        BufReader::new(&mut stream).read_line(&mut request).await.unwrap();
        stream.write_all(rest.as_bytes()).await.unwrap();
    });
    let client = Client::connect(state.path()).await?.unwrap();
    let request = service::control::Request::new(vec!["status".into()]);
    let called = client.call(&request, &mut |_, _| Ok(())).await;
    answering.await.unwrap();
    called
}

fn hello(protocol: u32) -> String {
    format!("{{\"hello\":{{\"protocol\":{protocol},\"program\":\"0.1.0\"}}}}\n")
}

#[tokio::test]
async fn a_service_of_another_version_is_named_as_such() {
    let other = impostor(hello(PROTOCOL + 1), "").await;
    assert!(matches!(other, Err(Error::Version { theirs }) if theirs == PROTOCOL + 1));
}

#[tokio::test]
async fn an_answer_that_is_not_in_the_protocol_is_an_error_and_no_exit_code() {
    assert!(matches!(impostor(hello(PROTOCOL), "").await, Err(Error::Gone)));
    assert!(matches!(impostor(hello(PROTOCOL), "{\"exit\":0}").await, Err(Error::Gone)));
    assert!(matches!(impostor(hello(PROTOCOL), "{\"exit\":\"0\"}\n").await, Err(Error::Protocol(_))));
    assert!(matches!(impostor(hello(PROTOCOL), "{\"code\":0}\n").await, Err(Error::Protocol(_))));
    assert!(matches!(impostor("{\"exit\":0}\n".into(), "").await, Err(Error::Protocol(_))));
    assert!(matches!(impostor(hello(PROTOCOL), "{\"exit\":7}\n").await, Ok(7)));
}

#[tokio::test]
async fn more_clients_than_seats_are_told_so() {
    let service = Service::start().await;
    let mut waiting = Vec::new();
    for _ in 0..service::control::CLIENTS {
        let client = service.client().await;
        let request = service::control::Request::new(vec!["wait".into()]);
        waiting.push(tokio::spawn(async move { client.call(&request, &mut |_, _| Ok(())).await }));
        service.begun.notified().await;
    }
    assert!(matches!(Client::connect(service.state.path()).await, Err(Error::Refused(_))));
    for one in waiting {
        service.go_on.notify_one();
        service.ended.notified().await;
        drop(one);
    }
    let state = tokio::time::timeout(Duration::from_secs(60), service.end()).await;
    assert!(state.is_ok());
}
