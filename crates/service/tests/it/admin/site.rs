//! A site of two pages, and a browser that does what it is told.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use http::StatusCode;
use model::{Clock, Stamp};
use secrecy::SecretString;
use service::admin::{
    Act, AdminOptions, Happened, Health, Methods, Pages, Password, PublicUrl, Refused, Reply, SignInForm,
    Visit, serve,
};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

pub(super) const PASSWORD: &str = "correct horse battery";

/// What the pages were asked for.
#[derive(Default)]
pub(super) struct Seen {
    pub(super) acts: AtomicUsize,
    pub(super) noted: Mutex<Vec<Happened>>,
    pub(super) begun: Notify,
    pub(super) go_on: Notify,
}

/// `/` to look at, `/do` to do, `/both`, and `/slow`, which waits.
struct TwoPages(Arc<Seen>);

#[async_trait]
impl Pages for TwoPages {
    fn methods(&self, path: &str) -> Option<Methods> {
        match path {
            "/" | "/file" => Some(Methods::Get),
            "/do" | "/slow" => Some(Methods::Post),
            "/both" => Some(Methods::GetAndPost),
            _ => None,
        }
    }

    fn style(&self) -> &'static str {
        "body { color: black }"
    }

    fn sign_in(&self, form: &SignInForm) -> String {
        format!("token={} again={:?}", form.token, form.again)
    }

    fn refused(&self, why: Refused) -> String {
        format!("refused {why:?}")
    }

    async fn metrics(&self) -> Option<String> {
        Some("highwater_up 1\n".to_owned())
    }

    async fn health(&self) -> Health {
        Health { well: false, line: "it waits".to_owned() }
    }

    async fn show(&self, visit: Visit) -> Reply {
        if visit.path == "/file" {
            let name = "merges\"\r\nx: y.csv".to_owned();
            return Reply::File { name, media: "text/csv", body: "a,b".into() };
        }
        Reply::page(format!("shown {} token={} q={:?}", visit.path, visit.token, visit.query.get("q")))
    }

    async fn act(&self, act: Act) -> Reply {
        if act.path == "/slow" {
            self.0.begun.notify_one();
            self.0.go_on.notified().await;
        }
        self.0.acts.fetch_add(1, Ordering::SeqCst);
        Reply::See("/".to_owned())
    }

    async fn note(&self, happened: Happened) {
        self.0.noted.lock().unwrap().push(happened);
    }
}

pub(super) struct Site {
    pub(super) port: u16,
    pub(super) clock: Clock,
    pub(super) seen: Arc<Seen>,
    pub(super) stop: CancellationToken,
    pub(super) served: JoinHandle<std::io::Result<()>>,
}

impl Site {
    pub(super) async fn start() -> Self {
        Self::on("127.0.0.1", None).await
    }

    pub(super) async fn on(address: &str, public: Option<&str>) -> Self {
        let listener = TcpListener::bind((address, 0)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let (clock, stop) = (Clock::held(Stamp::from_seconds(1_800_000_000)), CancellationToken::new());
        let options = AdminOptions {
            password: Password::parse(&SecretString::from(PASSWORD.to_owned())).unwrap(),
            public_url: public.map(|text| PublicUrl::parse(text).unwrap()),
            clock: clock.clone(),
            stop: stop.clone(),
        };
        let seen = Arc::new(Seen::default());
        let served = tokio::spawn(serve(listener, options, TwoPages(Arc::clone(&seen))));
        Self { port, clock, seen, stop, served }
    }

    pub(super) fn acts(&self) -> usize {
        self.seen.acts.load(Ordering::SeqCst)
    }

    /// Sends bytes, and reads until the connection ends.
    pub(super) async fn raw(&self, request: &str) -> Answer {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).await.unwrap();
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut text = Vec::new();
        stream.read_to_end(&mut text).await.unwrap();
        Answer::parse(&String::from_utf8(text).unwrap())
    }

    /// A request as a browser on this machine makes it, with further headers.
    pub(super) async fn ask(&self, method: &str, path: &str, headers: &[&str], body: &str) -> Answer {
        let host = format!("Host: 127.0.0.1:{}", self.port);
        let given = headers.iter().any(|line| line.to_ascii_lowercase().starts_with("host:"));
        let mut lines = vec![format!("{method} {path} HTTP/1.1"), "Connection: close".to_owned()];
        if !given {
            lines.push(host);
        }
        lines.extend(headers.iter().map(|line| (*line).to_owned()));
        if !body.is_empty() {
            lines.push("Content-Type: application/x-www-form-urlencoded".to_owned());
            lines.push(format!("Content-Length: {}", body.len()));
        }
        self.raw(&format!("{}\r\n\r\n{body}", lines.join("\r\n"))).await
    }

    pub(super) fn origin(&self) -> String {
        format!("Origin: http://127.0.0.1:{}", self.port)
    }

    /// The sign-in form, filled in.
    pub(super) async fn try_password(&self, password: &str) -> Answer {
        let form = self.ask("GET", "/sign-in", &[], "").await;
        let cookies = form.cookies().join("; ");
        let body = format!("token={}&password={}", form.token(), password.replace(' ', "+"));
        self.ask("POST", "/sign-in", &[&self.origin(), &format!("Cookie: {cookies}")], &body).await
    }

    /// A session: its cookie header, and its token.
    pub(super) async fn signed_in(&self) -> (String, String) {
        let answer = self.try_password(PASSWORD).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.body);
        let cookie = answer.cookies().into_iter().find(|cookie| !cookie.contains("form")).unwrap();
        let cookie = format!("Cookie: {cookie}");
        let token = self.ask("GET", "/", &[&cookie], "").await.token();
        (cookie, token)
    }
}

pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: String,
}

impl Answer {
    fn parse(text: &str) -> Self {
        let (head, body) = text.split_once("\r\n\r\n").unwrap_or_else(|| panic!("no answer: {text:?}"));
        let mut lines = head.lines();
        let status = lines.next().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
        let header = |line: &str| {
            let (name, value) = line.split_once(": ").unwrap();
            (name.to_ascii_lowercase(), value.to_owned())
        };
        Self { status, headers: lines.map(header).collect(), body: body.to_owned() }
    }

    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(given, _)| given == name).map(|(_, value)| value.as_str())
    }

    /// `name=value` of each cookie that is set.
    pub(super) fn cookies(&self) -> Vec<String> {
        let set = self.headers.iter().filter(|(name, _)| name == "set-cookie");
        set.map(|(_, value)| value.split(';').next().unwrap().to_owned()).collect()
    }

    /// The anti-forgery token of the page.
    pub(super) fn token(&self) -> String {
        self.body.split("token=").nth(1).unwrap().split(' ').next().unwrap().to_owned()
    }
}
