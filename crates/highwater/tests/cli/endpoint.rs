//! Servers that are no org: they answer what a test tells them, over plain HTTP or TLS, and keep what they were sent.

use std::io::{self, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// What is answered to one request. An error ends the connection.
type Answer = dyn Fn(&[u8], &mut dyn Write) -> io::Result<()> + Send + Sync;

/// A server on this machine, for as long as the test runs.
pub struct Endpoint {
    pub port: u16,
    requests: Arc<Mutex<Vec<String>>>,
}

impl Endpoint {
    /// Over plain HTTP.
    pub fn plain(answer: impl Fn(&[u8], &mut dyn Write) -> io::Result<()> + Send + Sync + 'static) -> Self {
        Self::start(None, Arc::new(answer))
    }

    /// Over TLS.
    pub fn tls(
        config: rustls::ServerConfig,
        answer: impl Fn(&[u8], &mut dyn Write) -> io::Result<()> + Send + Sync + 'static,
    ) -> Self {
        Self::start(Some(Arc::new(config)), Arc::new(answer))
    }

    fn start(tls: Option<Arc<rustls::ServerConfig>>, answer: Arc<Answer>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let requests = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&requests);
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let (tls, answer, seen) = (tls.clone(), Arc::clone(&answer), Arc::clone(&seen));
                // A connection that breaks is the client's affair.
                std::thread::spawn(move || drop(serve(stream, tls, &*answer, &seen)));
            }
        });
        Self { port, requests }
    }

    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Every request that arrived whole, head and body.
    pub fn requests(&self) -> Vec<String> {
        self.requests.lock().unwrap().clone()
    }
}

fn serve(
    stream: TcpStream,
    tls: Option<Arc<rustls::ServerConfig>>,
    answer: &Answer,
    seen: &Mutex<Vec<String>>,
) -> io::Result<()> {
    stream.set_read_timeout(Some(Duration::from_secs(30)))?;
    match tls {
        None => exchange(stream, answer, seen),
        Some(config) => {
            let connection = rustls::ServerConnection::new(config).map_err(io::Error::other)?;
            exchange(rustls::StreamOwned::new(connection, stream), answer, seen)
        }
    }
}

fn exchange(mut stream: impl Read + Write, answer: &Answer, seen: &Mutex<Vec<String>>) -> io::Result<()> {
    let request = whole(&mut stream)?;
    seen.lock().unwrap().push(String::from_utf8_lossy(&request).into_owned());
    answer(&request, &mut stream)?;
    stream.flush()
}

/// Head and body of one request.
fn whole(stream: &mut impl Read) -> io::Result<Vec<u8>> {
    let mut request = Vec::new();
    let mut piece = [0; 4096];
    loop {
        let read = stream.read(&mut piece)?;
        if read == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        request.extend_from_slice(&piece[..read]);
        if !request[0].is_ascii_uppercase() {
            // No HTTP: somebody speaks TLS to a server that does not.
            return Err(io::ErrorKind::InvalidData.into());
        }
        let Some(end) = request.windows(4).position(|four| four == b"\r\n\r\n") else { continue };
        let head = String::from_utf8_lossy(&request[..end]).to_lowercase();
        let length = head.lines().find_map(|line| line.strip_prefix("content-length:")?.trim().parse().ok());
        if request.len() >= end + 4 + length.unwrap_or(0) {
            return Ok(request);
        }
    }
}

/// A whole JSON answer.
pub fn json(body: &str, to: &mut dyn Write) -> io::Result<()> {
    write!(
        to,
        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
        body.len()
    )
}

/// Passes a request on to an org and its answer back.
pub fn pass_on(request: &[u8], org: &str, to: &mut dyn Write) -> io::Result<()> {
    let mut there = TcpStream::connect(org.trim_start_matches("http://"))?;
    let split = request.windows(2).position(|two| two == b"\r\n").unwrap_or(0);
    there.write_all(&request[..split])?;
    there.write_all(b"\r\nconnection: close")?;
    there.write_all(&request[split..])?;
    io::copy(&mut there, to).map(drop)
}

/// Posts a form to an org and gives the JSON it answers.
pub fn post(org: &str, path: &str, form: &str) -> serde_json::Value {
    let mut answer = Vec::new();
    let request = format!(
        "POST {path} HTTP/1.1\r\nhost: x\r\ncontent-type: application/x-www-form-urlencoded\r\ncontent-length: {}\r\n\r\n{form}",
        form.len()
    );
    pass_on(request.as_bytes(), org, &mut answer).unwrap();
    let text = String::from_utf8(answer).unwrap();
    let (start, end) = (text.find('{').unwrap(), text.rfind('}').unwrap());
    serde_json::from_str(&text[start..=end]).unwrap()
}
