use std::sync::Arc;

use salesforce::{Call, ErrorKind, Grant, Org, RefreshToken, Transport, TransportErrorKind};

use crate::support::{Reply, Scripted, config, json, org, refusal};

const EXPIRED: (u16, &str, &str) = (401, "INVALID_SESSION_ID", "Session expired or invalid");

#[tokio::test]
async fn a_hundred_calls_refused_together_log_in_once() {
    let script = Scripted::new(|seen, _| {
        if seen.token() == "Bearer t1" { refusal(EXPIRED.0, EXPIRED.1, EXPIRED.2) } else { json(200, "{}") }
    });
    let org = org(&script);
    let calls: Vec<_> = (0..100)
        .map(|_| {
            let org = org.clone();
            tokio::spawn(async move { org.limits().await.is_ok() })
        })
        .collect();
    for call in calls {
        assert!(call.await.unwrap());
    }
    assert_eq!(script.logins(), 2, "the first session, and one in its place");
}

#[tokio::test(start_paused = true)]
async fn a_session_refused_again_after_renewal_is_final() {
    let script = Scripted::new(|_, _| refusal(EXPIRED.0, EXPIRED.1, EXPIRED.2));
    let error = org(&script).limits().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotAuthorised);
    assert_eq!((script.seen().len(), script.logins()), (2, 2));
}

#[tokio::test]
async fn an_upload_is_replayed_whole_after_a_renewed_session() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("rows.csv");
    std::fs::write(&file, "Id,LastName\n003,Smith\n").unwrap();
    let script = Scripted::new(|_, number| {
        if number == 0 { refusal(EXPIRED.0, EXPIRED.1, EXPIRED.2) } else { Reply::Http(201, vec![], vec![]) }
    });
    org(&script).upload(&crate::support::job_id(), &file).await.unwrap();
    let seen = script.seen();
    assert_eq!(seen.len(), 2);
    assert!(seen.iter().all(|seen| seen.body == b"Id,LastName\n003,Smith\n"));
    assert_eq!(seen[1].token(), "Bearer t2");
}

/// A login answered by `reply`, however often it is asked.
struct Login(std::sync::Mutex<usize>, fn(usize) -> Reply);

#[async_trait::async_trait]
impl Transport for Login {
    async fn send(&self, _: salesforce::Request) -> Result<salesforce::Response, salesforce::TransportError> {
        use futures_util::StreamExt as _;
        let number = {
            let mut asked = self.0.lock().unwrap();
            *asked += 1;
            *asked - 1
        };
        match (self.1)(number) {
            Reply::Broken(kind) => Err(salesforce::TransportError::new(kind)),
            Reply::Http(status, _, body) => Ok(salesforce::Response {
                status: http::StatusCode::from_u16(status).unwrap(),
                headers: http::HeaderMap::new(),
                body: futures_util::stream::iter(
                    body.into_iter().map(|piece| piece.map_err(salesforce::TransportError::new)),
                )
                .boxed(),
            }),
        }
    }
}

async fn log_in(reply: fn(usize) -> Reply) -> (salesforce::Error, usize) {
    let login = Arc::new(Login(std::sync::Mutex::default(), reply));
    let transport: Arc<dyn Transport> = Arc::clone(&login) as Arc<dyn Transport>;
    let org = Org::with_transport(config("https://example.my.salesforce.com"), transport).unwrap();
    let error = org.limits().await.unwrap_err();
    assert_eq!(error.call(), Some(Call::Token));
    let asked = *login.0.lock().unwrap();
    (error, asked)
}

#[tokio::test(start_paused = true)]
async fn refused_credentials_are_offered_once_and_not_repeated_in_the_error() {
    let (error, asked) = log_in(|_| {
        json(400, r#"{"error":"invalid_grant","error_description":"authentication failure canary-user"}"#)
    })
    .await;
    assert_eq!((error.kind(), asked), (ErrorKind::NotAuthorised, 1));
    assert_eq!(error.code().unwrap().as_str(), "invalid_grant");
    assert!(!format!("{error} {error:?}").contains("canary"));
    assert!(error.server_message().unwrap().contains("canary"));
}

#[tokio::test(start_paused = true)]
async fn logins_are_repeated_through_rate_limits_outages_and_bad_answers() {
    for transient in [
        (|_| json(400, r#"{"error":"rate_limit_exceeded"}"#)) as fn(usize) -> Reply,
        |_| Reply::Broken(TransportErrorKind::NoAnswer),
        |_| crate::support::html(503),
    ] {
        assert!(log_in(transient).await.1 > 5, "within the budget of fifteen minutes");
    }
    let (error, asked) = log_in(|_| crate::support::html(200)).await;
    assert_eq!((error.kind(), asked), (ErrorKind::Contract, 4));
}

#[tokio::test]
async fn a_key_that_cannot_sign_is_named_before_anything_is_sent() {
    let script = Scripted::new(|_, _| json(200, "{}"));
    let mut config = config("https://login.salesforce.com");
    config.grant = Grant::JwtBearer {
        client_id: "id".into(),
        username: "sync@example.org".into(),
        private_key_pem: "canary".into(),
        audience: None,
    };
    let transport: Arc<dyn Transport> = Arc::clone(&script) as Arc<dyn Transport>;
    let error = Org::with_transport(config, transport).unwrap().limits().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Configuration);
    assert_eq!(script.logins(), 0);
}

/// Keeps sending, ever so slowly, for as long as somebody reads.
struct Drip(usize);

#[async_trait::async_trait]
impl Transport for Drip {
    async fn send(&self, _: salesforce::Request) -> Result<salesforce::Response, salesforce::TransportError> {
        use futures_util::StreamExt as _;
        let piece = bytes::Bytes::from(vec![b' '; self.0]);
        let drip = futures_util::stream::unfold(piece, |piece| async {
            tokio::time::sleep(std::time::Duration::from_secs(1)).await;
            Some((Ok(piece.clone()), piece))
        });
        let (status, headers) = (http::StatusCode::OK, http::HeaderMap::new());
        Ok(salesforce::Response { status, headers, body: drip.boxed() })
    }
}

#[tokio::test(start_paused = true)]
async fn a_sign_in_answer_that_trickles_or_never_ends_is_given_up() {
    for (bytes, kind) in [(1, ErrorKind::TooSlow), (40_000, ErrorKind::Contract)] {
        let mut config = config("https://example.my.salesforce.com");
        config.retry.total = std::time::Duration::from_secs(200);
        let limit = config.timeouts.login;
        let org = Org::with_transport(config, Arc::new(Drip(bytes)) as Arc<dyn Transport>).unwrap();
        let begun = tokio::time::Instant::now();
        let error = org.limits().await.unwrap_err();
        assert_eq!((error.kind(), error.call()), (kind, Some(Call::Token)), "{bytes}");
        assert!(begun.elapsed() < limit * 5, "{bytes}: {:?}", begun.elapsed());
    }
}

/// Answers a sign-in with a new refresh token, when it is told to.
#[derive(Default)]
struct Late {
    asked: tokio::sync::Notify,
    go: tokio::sync::Notify,
}

#[async_trait::async_trait]
impl Transport for Late {
    async fn send(&self, _: salesforce::Request) -> Result<salesforce::Response, salesforce::TransportError> {
        use futures_util::StreamExt as _;
        self.asked.notify_one();
        self.go.notified().await;
        let answer = r#"{"access_token":"t","instance_url":"https://example.my.salesforce.com","refresh_token":"second"}"#;
        let body = futures_util::stream::iter([Ok(bytes::Bytes::from(answer))]).boxed();
        Ok(salesforce::Response { status: http::StatusCode::OK, headers: http::HeaderMap::new(), body })
    }
}

#[tokio::test]
async fn a_new_refresh_token_is_kept_although_nobody_waits_for_the_session_any_more() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("token");
    std::fs::write(&file, "first").unwrap();
    let mut config = config("https://example.my.salesforce.com");
    let token = RefreshToken::File(file.clone());
    config.grant = Grant::RefreshToken { client_id: "id".into(), client_secret: None, token };
    let late = Arc::new(Late::default());
    let org = Org::with_transport(config, Arc::clone(&late) as Arc<dyn Transport>).unwrap();
    // GIVEN a caller that is gone before the org answers
    let caller = tokio::spawn({
        let org = org.clone();
        async move { org.limits().await.is_ok() }
    });
    late.asked.notified().await;
    caller.abort();
    assert!(caller.await.unwrap_err().is_cancelled());
    // WHEN the answer comes, at the end of the run
    late.go.notify_one();
    org.close_books().await.unwrap();
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "second");
}

#[tokio::test]
async fn a_session_of_another_org_is_refused_before_the_first_call() {
    let id = "https://login.salesforce.com/id/00D5f000000IZ3YEAW/0055f000001abcdAAA";
    let script = Scripted::new(|_, _| json(200, "{}"));
    script.log_in_as(id);
    let mut config = config("https://example.my.salesforce.com");
    config.expected_org = model::OrgId::parse("00D5f000000IZ3ZEAW").ok();
    let transport: Arc<dyn Transport> = Arc::clone(&script) as Arc<dyn Transport>;
    let error = Org::with_transport(config, transport).unwrap().limits().await.unwrap_err();
    assert_eq!((error.kind(), error.call()), (ErrorKind::WrongOrg, Some(Call::Token)));
    assert!(script.seen().is_empty());
}

#[tokio::test]
async fn what_an_org_is_it_says_itself() {
    for (records, expected) in [
        (r#"{"Id":"00D5f000000IZ3ZEAW","IsSandbox":true}"#, Some(true)),
        (r#"{"Id":"00D5f000000IZ3ZEAW","IsSandbox":false}"#, Some(false)),
        ("", None),
    ] {
        let body = format!(r#"{{"totalSize":1,"done":true,"records":[{records}]}}"#);
        let script = Scripted::new(move |_, _| json(200, &body));
        let found = org(&script).organization().await.unwrap();
        assert_eq!(found.map(|organization| organization.is_sandbox), expected);
    }
    let script =
        Scripted::new(|_, _| refusal(400, "INVALID_TYPE", "sObject type 'Organization' is not supported."));
    assert_eq!(org(&script).organization().await.unwrap(), None);
    let script = Scripted::new(|_, _| json(200, r#"{"done":true,"records":[{"Id":"x"}]}"#));
    assert_eq!(org(&script).organization().await.unwrap_err().kind(), ErrorKind::Contract);
}
