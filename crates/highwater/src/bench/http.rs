//! The plainest HTTP there is, for the control side of the simulated org and for the baseline: one request a connection,
//! nothing encoded, nothing kept.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::TcpStream;

/// The most that a header line or the head may take.
const HEAD_BYTES: u64 = 64 * 1024;

/// A server on this machine, `127.0.0.1:port`.
#[derive(Debug, Clone)]
pub struct Host(String);

/// An answer: its header lines, and the body still to be read.
pub struct Reply {
    head: Vec<String>,
    /// The body, to its end.
    pub body: BufReader<TcpStream>,
}

impl Host {
    /// The server of an `http://` address.
    #[must_use]
    pub fn of(url: &str) -> Self {
        Self(url.trim_start_matches("http://").trim_end_matches('/').to_owned())
    }

    /// Sends a request and reads the head of the answer.
    ///
    /// # Errors
    /// When the server cannot be reached, breaks off, or answers anything but success.
    pub fn send(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &mut dyn Read,
        length: u64,
    ) -> io::Result<Reply> {
        let mut stream = TcpStream::connect(&self.0)?;
        let mut head =
            format!("{method} {path} HTTP/1.0\r\nHost: {}\r\nContent-Length: {length}\r\n", self.0);
        for (name, value) in headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        stream.write_all(format!("{head}\r\n").as_bytes())?;
        io::copy(body, &mut stream)?;
        let mut body = BufReader::with_capacity(64 * 1024, stream);
        let head = lines(&mut body)?;
        let status = head.first().and_then(|line| line.split(' ').nth(1)).unwrap_or_default().to_owned();
        if status.starts_with('2') {
            return Ok(Reply { head, body });
        }
        let mut why = String::new();
        body.take(2_000).read_to_string(&mut why)?;
        Err(io::Error::other(format!("{method} {path} was answered {status}: {why}")))
    }

    /// Sends JSON and reads JSON.
    ///
    /// # Errors
    /// As [`Host::send`], and when the answer is no JSON.
    pub fn json(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &serde_json::Value,
    ) -> io::Result<serde_json::Value> {
        let text = body.to_string();
        let mut headers = headers.to_vec();
        headers.push(("Content-Type", "application/json"));
        let reply = self.send(method, path, &headers, &mut text.as_bytes(), text.len() as u64)?;
        serde_json::from_reader(reply.body).map_err(io::Error::other)
    }
}

impl Reply {
    /// A header's value.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        let value = |line: &'_ String| {
            line.split_once(':').is_some_and(|(known, _)| known.eq_ignore_ascii_case(name))
        };
        self.head.iter().find(|line| value(line)).and_then(|line| Some(line.split_once(':')?.1.trim()))
    }
}

fn lines(from: &mut BufReader<TcpStream>) -> io::Result<Vec<String>> {
    let mut from = from.take(HEAD_BYTES);
    let mut lines = Vec::new();
    loop {
        let mut line = String::new();
        if from.read_line(&mut line)? == 0 {
            return Err(io::Error::from(io::ErrorKind::UnexpectedEof));
        }
        let line = line.trim_end();
        if line.is_empty() {
            return Ok(lines);
        }
        lines.push(line.to_owned());
    }
}
