//! The control socket, with real sockets.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;
use std::sync::Arc;

use service::control::{Client, Error, Output, Request, Server, Stream};
use tempfile::TempDir;
use tokio::sync::Notify;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// A service whose verbs show what they were given: `say TEXT`, `fail CODE`, `flood LINES`, `wait`, `panic`.
pub(crate) struct Service {
    pub(crate) state: TempDir,
    pub(crate) stop: CancellationToken,
    pub(crate) begun: Arc<Notify>,
    pub(crate) go_on: Arc<Notify>,
    pub(crate) ended: Arc<Notify>,
    served: JoinHandle<()>,
}

impl Service {
    pub(crate) async fn start() -> Self {
        let state = tempfile::tempdir().unwrap();
        let server = Server::bind(state.path()).await.unwrap();
        let stop = CancellationToken::new();
        let [begun, go_on, ended] = [(); 3].map(|()| Arc::new(Notify::new()));
        let notes = [&begun, &go_on, &ended].map(Arc::clone);
        let handle = move |argv: Vec<String>, output: Output| {
            let [begun, go_on, ended] = notes.clone();
            async move {
                begun.notify_one();
                let code = verb(&argv, output, &go_on).await;
                ended.notify_one();
                code
            }
        };
        let served = tokio::spawn(server.serve(handle, stop.clone()));
        Self { state, stop, begun, go_on, ended, served }
    }

    pub(crate) async fn client(&self) -> Client {
        Client::connect(self.state.path()).await.unwrap().expect("a service is running")
    }

    pub(crate) async fn end(self) -> TempDir {
        self.stop.cancel();
        self.served.await.unwrap();
        self.state
    }
}

async fn verb(argv: &[String], output: Output, go_on: &Notify) -> i32 {
    match argv.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["say", text] => {
            output.stdout(&format!("{text} as {:?} in {:?}", output.format(), output.width())).await
        }
        ["fail", code] => {
            output.stderr("it failed").await;
            return code.parse().unwrap();
        }
        ["flood", lines] => {
            let lines: u32 = lines.parse().unwrap();
            let mut writer = output.writer(Stream::Stdout);
            let write = move || {
                (0..lines).try_for_each(|n| std::io::Write::write_all(&mut writer, line(n).as_bytes()))
            };
            return i32::from(tokio::task::spawn_blocking(write).await.unwrap().is_err());
        }
        ["wait"] => go_on.notified().await,
        ["panic"] => panic!("a defect"),
        other => panic!("{other:?} is not in this test"),
    }
    0
}

fn line(n: u32) -> String {
    format!("{n}, é, \"quoted\", 😀\n")
}

async fn call(client: Client, argv: &[&str]) -> Result<(i32, String, String), Error> {
    let request = Request::new(argv.iter().map(|&word| word.to_owned()).collect());
    let (mut out, mut err) = (String::new(), String::new());
    let code = client
        .call(&request, &mut |stream, text| {
            match stream {
                Stream::Stdout => out.push_str(text),
                Stream::Stderr => err.push_str(text),
            }
            Ok(())
        })
        .await?;
    Ok((code, out, err))
}

#[tokio::test]
async fn without_a_service_there_is_nobody_to_ask() {
    let state = tempfile::tempdir().unwrap();
    assert!(Client::connect(state.path()).await.unwrap().is_none());
    assert!(Client::connect(Path::new("/nonexistent")).await.unwrap().is_none());
    let too_long = state.path().join("x".repeat(120));
    assert!(Client::connect(&too_long).await.unwrap().is_none());
}

#[tokio::test]
async fn a_verb_prints_and_ends_as_it_would_by_itself() {
    let service = Service::start().await;
    let said = call(service.client().await, &["say", "two\nlines"]).await.unwrap();
    assert_eq!(said, (0, "two\nlines as None in None".into(), String::new()));
    let failed = call(service.client().await, &["fail", "3"]).await.unwrap();
    assert_eq!(failed, (3, String::new(), "it failed".into()));
    service.end().await;
}

#[tokio::test]
async fn format_and_width_of_the_client_reach_the_verb() {
    let service = Service::start().await;
    let request = Request {
        format: Some("json".into()),
        width: Some(132),
        ..Request::new(vec!["say".into(), "it".into()])
    };
    let mut out = String::new();
    let print = &mut |_, text: &str| {
        out.push_str(text);
        Ok(())
    };
    assert_eq!(service.client().await.call(&request, print).await.unwrap(), 0);
    assert_eq!(out, "it as Some(\"json\") in Some(132)");
    service.end().await;
}

#[tokio::test]
async fn much_output_arrives_whole_and_in_order() {
    let service = Service::start().await;
    let (code, out, _) = call(service.client().await, &["flood", "50000"]).await.unwrap();
    assert_eq!(code, 0);
    assert!(out == (0..50_000).map(line).collect::<String>(), "{} bytes arrived", out.len());
    service.end().await;
}

#[tokio::test]
async fn a_verb_answers_while_another_one_is_at_work() {
    let service = Service::start().await;
    let waiting = tokio::spawn({
        let client = service.client().await;
        async move { call(client, &["wait"]).await }
    });
    service.begun.notified().await;
    assert_eq!(call(service.client().await, &["fail", "0"]).await.unwrap().0, 0);
    service.go_on.notify_one();
    assert_eq!(waiting.await.unwrap().unwrap().0, 0);
    service.end().await;
}

#[tokio::test]
async fn a_verb_goes_on_when_its_client_leaves() {
    let service = Service::start().await;
    let waiting = tokio::spawn({
        let client = service.client().await;
        async move { call(client, &["wait"]).await }
    });
    service.begun.notified().await;
    // WHEN the client is gone
    waiting.abort();
    assert!(waiting.await.unwrap_err().is_cancelled());
    // THEN the verb comes to its end all the same
    service.go_on.notify_one();
    service.ended.notified().await;
    service.end().await;
}

#[tokio::test]
async fn a_verb_that_only_prints_stops_when_nobody_reads() {
    let service = Service::start().await;
    let mut lines = 0;
    let request = Request::new(vec!["flood".into(), "4000000000".into()]);
    let full = service
        .client()
        .await
        .call(&request, &mut |_, _| {
            lines += 1;
            if lines < 3 { Ok(()) } else { Err(std::io::ErrorKind::StorageFull.into()) }
        })
        .await;
    assert!(matches!(full, Err(Error::Io { what: "printing", .. })));
    service.ended.notified().await;
    service.end().await;
}

#[tokio::test]
async fn a_defect_in_a_verb_ends_that_verb_and_not_the_service() {
    let service = Service::start().await;
    assert!(matches!(call(service.client().await, &["panic"]).await, Err(Error::Refused(_))));
    assert_eq!(call(service.client().await, &["fail", "0"]).await.unwrap().0, 0);
    service.end().await;
}

#[tokio::test]
async fn stopping_waits_for_the_verb_at_work_and_removes_the_socket() {
    let service = Service::start().await;
    let waiting = tokio::spawn({
        let client = service.client().await;
        async move { call(client, &["wait"]).await }
    });
    service.begun.notified().await;
    // GIVEN a client that connected and asked nothing
    let idle = service.client().await;
    service.stop.cancel();
    // THEN it is told so at once instead of holding the service up
    let told = call(idle, &["say", "late"]).await.unwrap_err();
    assert!(
        matches!(&told, Error::Refused(why) if why.contains("stopping")) || matches!(told, Error::Io { .. })
    );
    // AND nobody finds a service any more, although a verb is still at work
    let mut tries = 0;
    while let Ok(Some(_)) | Err(Error::Refused(_) | Error::Gone) = Client::connect(service.state.path()).await
    {
        tries += 1;
        assert!(tries < 1_000, "the socket is still there");
        tokio::task::yield_now().await;
    }
    assert!(Client::connect(service.state.path()).await.unwrap().is_none());
    service.go_on.notify_one();
    assert_eq!(waiting.await.unwrap().unwrap().0, 0);
    let state = service.end().await;
    assert!(!state.path().join("control/socket").exists());
    assert!(Client::connect(state.path()).await.unwrap().is_none());
}

#[tokio::test]
async fn socket_and_directory_are_for_the_owner_only() {
    let service = Service::start().await;
    let mode = |path: &str| fs::metadata(service.state.path().join(path)).unwrap().mode() & 0o777;
    assert_eq!((mode("control"), mode("control/socket")), (0o700, 0o600));
    service.end().await;
}

#[tokio::test]
async fn a_loose_directory_is_closed_before_anybody_can_connect() {
    let state = tempfile::tempdir().unwrap();
    fs::create_dir(state.path().join("control")).unwrap();
    fs::set_permissions(state.path().join("control"), fs::Permissions::from_mode(0o777)).unwrap();
    let server = Server::bind(state.path()).await.unwrap();
    assert_eq!(fs::metadata(state.path().join("control")).unwrap().mode() & 0o777, 0o700);
    drop(server);
}
