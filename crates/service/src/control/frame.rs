//! The lines of the protocol, one JSON object each.
//!
//! ```text
//! server  {"hello":{"protocol":1,"program":"0.1.0"}}
//! client  {"protocol":1,"argv":["report","merges"],"format":"json","width":null}
//! server  {"stdout":"[…"}   {"stderr":"…"}   {"alive":true}      any number, in order
//! server  {"exit":0}        or   {"refused":"why"}               and the connection ends
//! ```

use serde::{Deserialize, Serialize};

/// The version of the protocol. Both ends must speak the same: client and service are one program.
pub const PROTOCOL: u32 = 1;

/// The longest line a client may send, in bytes.
pub const REQUEST_BYTES: usize = 64 * 1024;

/// The longest line a server sends, in bytes: a chunk of [`CHUNK_BYTES`] with every byte escaped, and its frame.
pub const ANSWER_BYTES: usize = CHUNK_BYTES * 6 + 64;

/// The most bytes of output in one line, before escaping.
pub const CHUNK_BYTES: usize = 16 * 1024;

/// The most arguments in a request.
pub const ARGUMENTS: usize = 1_024;

/// What a client asks for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Request {
    /// Must be [`PROTOCOL`].
    pub protocol: u32,
    /// The verb and its arguments, as on the command line, without the program's name.
    pub argv: Vec<String>,
    /// The format chosen by the client, where it chose one by other means than `argv`.
    pub format: Option<String>,
    /// The client's terminal width in columns; none when its output is no terminal.
    pub width: Option<u16>,
}

impl Request {
    /// A request of this version, without format and width.
    #[must_use]
    pub const fn new(argv: Vec<String>) -> Self {
        Self { protocol: PROTOCOL, argv, format: None, width: None }
    }
}

/// Which of the two streams a chunk belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Stream {
    /// The verb's data.
    Stdout,
    /// Everything else it says.
    Stderr,
}

/// What a server says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Answer {
    Hello { protocol: u32, program: String },
    Stdout(String),
    Stderr(String),
    Alive(bool),
    Exit(i32),
    Refused(String),
}
