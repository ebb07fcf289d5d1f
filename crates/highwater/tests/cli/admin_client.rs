//! A browser of few words for the admin page.

use std::io::{Read, Write};
use std::net::TcpStream;

use crate::stage::{Served, Stage};

/// The password of the page.
pub const PASSWORD: &str = "correct horse battery";

/// A port of this machine on which nothing listens.
pub fn free_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// Turns the page on; gives its port.
pub fn turn_on(stage: &Stage) -> u16 {
    let port = free_port();
    stage.secret("admin_password", PASSWORD);
    let text = stage.read("highwater.toml");
    let admin =
        format!("[admin]\nlisten = \"127.0.0.1:{port}\"\npassword_file = \"admin_password\"\n\n[state]");
    stage.write("highwater.toml", &text.replacen("[state]", &admin, 1));
    port
}

/// Turns the page on, starts the service, and signs in.
pub async fn opened(stage: &Stage) -> (Served, Browser) {
    let port = turn_on(stage);
    let served = stage.start_service(&[]);
    stage.until_said("serving on").await;
    let mut browser = Browser { port, cookie: String::new(), token: String::new() };
    browser.sign_in();
    (served, browser)
}

pub struct Browser {
    pub port: u16,
    pub cookie: String,
    pub token: String,
}

/// What came back.
pub struct Page {
    pub status: u16,
    pub head: String,
    pub body: String,
}

impl Browser {
    pub fn signed_out(port: u16) -> Self {
        Self { port, cookie: String::new(), token: String::new() }
    }

    fn ask(&self, method: &str, path: &str, more: &str, body: &str) -> Page {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        let (port, cookie) = (self.port, &self.cookie);
        write!(
            stream,
            "{method} {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\nCookie: {cookie}\r\n{more}\
             Content-Length: {}\r\n\r\n{body}",
            body.len()
        )
        .unwrap();
        let mut bytes = Vec::new();
        stream.read_to_end(&mut bytes).unwrap();
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let (head, body) = text.split_once("\r\n\r\n").unwrap();
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        Page { status, head: head.to_owned(), body: body.to_owned() }
    }

    pub fn get(&self, path: &str) -> Page {
        self.ask("GET", path, "", "")
    }

    /// Sends a form of a page of ours.
    pub fn post(&self, path: &str, fields: &[(&str, &str)]) -> Page {
        let pairs = [("token", self.token.as_str())].into_iter().chain(fields.iter().copied());
        let pairs: Vec<String> = pairs.map(|(name, value)| format!("{name}={}", encoded(value))).collect();
        let more = format!(
            "Origin: http://127.0.0.1:{}\r\nContent-Type: application/x-www-form-urlencoded\r\n",
            self.port
        );
        self.ask("POST", path, &more, &pairs.join("&"))
    }

    fn sign_in(&mut self) {
        let form = self.get("/sign-in");
        self.cookie = form.cookies().join("; ");
        self.token = form.token();
        let answer = self.post("/sign-in", &[("password", PASSWORD)]);
        assert_eq!(answer.status, 303, "{}", answer.body);
        self.cookie = answer.cookies().remove(0);
        self.token = self.get("/").token();
    }
}

impl Page {
    fn cookies(&self) -> Vec<String> {
        let set = self.head.lines().filter_map(|line| line.strip_prefix("set-cookie: "));
        set.map(|line| line.split(';').next().unwrap().to_owned()).collect()
    }

    fn token(&self) -> String {
        self.body.split("name=\"token\" value=\"").nth(1).unwrap().split('"').next().unwrap().to_owned()
    }

    pub fn says(&self, words: &str) {
        assert!(self.body.contains(words), "no {words:?} in {}\n{}", self.head, self.body);
    }
}

fn encoded(value: &str) -> String {
    value.bytes().map(|byte| format!("%{byte:02X}")).collect()
}
