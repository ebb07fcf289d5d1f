//! What a client may not do to everybody else.

use std::convert::Infallible;
use std::time::Duration;

use http::{Request, Response};
use hyper::body::Incoming;
use hyper::service::service_fn;
use listen::{Bounds, accept};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

const BOUNDS: Bounds = Bounds {
    connections: 2,
    head_patience: Duration::from_secs(3_600),
    life: Duration::from_secs(3_600),
    head_bytes: 16 << 10,
    headers: 8,
};

/// A server that answers `/` at once, and anything else when it is told to; what came in is told.
struct Server {
    address: std::net::SocketAddr,
    stop: CancellationToken,
    came: mpsc::UnboundedReceiver<String>,
    go: CancellationToken,
    ended: tokio::task::JoinHandle<()>,
}

async fn server(bounds: Bounds) -> Server {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("bound");
    let (told, came) = mpsc::unbounded_channel();
    let (stop, go) = (CancellationToken::new(), CancellationToken::new());
    let (stopped, gone) = (stop.clone(), go.clone());
    let service = service_fn(move |request: Request<Incoming>| {
        let (told, go) = (told.clone(), gone.clone());
        async move {
            let path = request.uri().path().to_owned();
            let slow = path != "/";
            let _ = told.send(path);
            if slow {
                go.cancelled().await;
            }
            Ok::<_, Infallible>(Response::new("done".to_owned()))
        }
    });
    let ended = tokio::spawn(async move { accept(listener, bounds, service, &stopped).await.wait().await });
    Server { address, stop, came, go, ended }
}

async fn sent(address: std::net::SocketAddr, text: &str) -> TcpStream {
    let mut stream = TcpStream::connect(address).await.expect("it listens");
    stream.write_all(text.as_bytes()).await.expect("sent");
    stream
}

async fn read(mut stream: TcpStream) -> String {
    let mut answer = String::new();
    let _ = stream.read_to_string(&mut answer).await;
    answer
}

fn get(path: &str, more: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n{more}\r\n")
}

#[tokio::test]
async fn a_request_is_answered_and_one_that_runs_at_the_stop_is_answered_too() {
    let mut server = server(BOUNDS).await;
    assert!(read(sent(server.address, &get("/", "")).await).await.ends_with("done"));
    assert_eq!(server.came.recv().await.as_deref(), Some("/"));
    let slow = sent(server.address, &get("/slow", "")).await;
    assert_eq!(server.came.recv().await.as_deref(), Some("/slow"));
    server.stop.cancel();
    // Nobody new comes in: the listener is closed while the old one is still waited for.
    while TcpStream::connect(server.address).await.is_ok() {
        tokio::task::yield_now().await;
    }
    assert!(!server.ended.is_finished());
    server.go.cancel();
    assert!(read(slow).await.ends_with("done"));
    server.ended.await.unwrap();
}

#[tokio::test]
async fn a_head_that_is_too_large_or_has_too_many_headers_is_refused() {
    let server = server(BOUNDS).await;
    for more in ["x: y\r\n".repeat(9), format!("x: {}\r\n", "y".repeat(20 << 10))] {
        let answer = read(sent(server.address, &get("/", &more)).await).await;
        assert!(answer.starts_with("HTTP/1.1 431"), "{answer}");
    }
    let fits = format!("x: {}\r\n", "y".repeat(8 << 10));
    assert!(read(sent(server.address, &get("/", &fits)).await).await.ends_with("done"));
}

#[tokio::test]
async fn more_connections_than_allowed_wait_until_one_goes() {
    let mut server = server(BOUNDS).await;
    let first = sent(server.address, &get("/one", "")).await;
    let second = sent(server.address, &get("/two", "")).await;
    for _ in 0..2 {
        assert!(server.came.recv().await.is_some());
    }
    let mut third = tokio::spawn(read(sent(server.address, &get("/", "")).await));
    // It is never answered while both places are taken, however long one waits.
    let early = tokio::time::timeout(Duration::from_millis(200), &mut third).await;
    assert!(early.is_err() && server.came.try_recv().is_err());
    server.go.cancel();
    assert!(third.await.unwrap().ends_with("done"));
    assert_eq!(server.came.recv().await.as_deref(), Some("/"));
    drop((first, second));
}

#[tokio::test]
async fn who_sends_no_head_and_who_never_ends_are_both_let_go() {
    let impatient = Bounds { head_patience: Duration::from_millis(20), ..BOUNDS };
    let waiting = server(impatient).await;
    assert_eq!(read(sent(waiting.address, "GET / HTTP/1.1\r\nhost:").await).await.find("200"), None);
    let short = Bounds { life: Duration::from_millis(50), ..impatient };
    let mut endless = server(short).await;
    assert_eq!(read(sent(endless.address, &get("/slow", "")).await).await, "");
    assert_eq!(endless.came.recv().await.as_deref(), Some("/slow"));
}

#[tokio::test]
async fn a_request_that_runs_when_a_connection_has_lived_long_enough_is_answered() {
    let mut old = server(Bounds { life: Duration::from_millis(50), ..BOUNDS }).await;
    let slow = sent(old.address, "GET /slow HTTP/1.1\r\nhost: x\r\n\r\n").await;
    assert_eq!(old.came.recv().await.as_deref(), Some("/slow"));
    tokio::time::sleep(Duration::from_millis(100)).await;
    old.go.cancel();
    // It is kept by nobody any more: the other side ends it although the client did not ask for that.
    assert!(read(slow).await.ends_with("done"));
}
