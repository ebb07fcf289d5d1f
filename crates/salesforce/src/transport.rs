//! How requests leave. The client talks to a [`Transport`]; [`crate::http_transport`] is the one over the network, and
//! a test can put a simulated org in its place.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use bytes::Bytes;
use futures_util::stream::BoxStream;
use http::{HeaderMap, Method, StatusCode};
use url::Url;

/// Sends one request and gives the head of the answer, with its body still to come.
///
/// An implementation follows no redirect, repeats nothing, and does not decode bodies.
#[async_trait::async_trait]
pub trait Transport: Send + Sync + 'static {
    /// Sends `request`.
    ///
    /// # Errors
    /// [`TransportError`]; its kind must tell truthfully whether anything may have left.
    async fn send(&self, request: Request) -> Result<Response, TransportError>;
}

/// One request, complete with the access token; `Debug` shows method and path only.
pub struct Request {
    /// The method.
    pub method: Method,
    /// The address.
    pub url: Url,
    /// All headers but those of the connection.
    pub headers: HeaderMap,
    /// The body.
    pub body: Body,
    /// Longest wait for the head of the answer, the upload included.
    pub answer_within: Duration,
}

impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Request({} {})", self.method, self.url.path())
    }
}

/// What a request carries. Every form can be sent again, as after a renewed session.
#[derive(Clone, Default)]
pub enum Body {
    /// Nothing.
    #[default]
    Empty,
    /// These bytes.
    Bytes(Bytes),
    /// A file, streamed from disk.
    File {
        /// Where it lies.
        path: PathBuf,
        /// How many bytes of it to send: all it had when it was looked at.
        bytes: u64,
    },
}

impl Body {
    /// How many bytes.
    #[must_use]
    pub fn len(&self) -> u64 {
        match self {
            Self::Empty => 0,
            Self::Bytes(bytes) => bytes.len() as u64,
            Self::File { bytes, .. } => *bytes,
        }
    }

    /// Whether there is nothing to send.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// The head of an answer, and its body as it comes.
pub struct Response {
    /// HTTP status.
    pub status: StatusCode,
    /// Headers.
    pub headers: HeaderMap,
    /// The body, as sent (compressed where `Content-Encoding` says so). A body that ends before its announced length
    /// ends in an error.
    pub body: BoxStream<'static, Result<Bytes, TransportError>>,
}

impl fmt::Debug for Response {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Response({})", self.status)
    }
}

/// How a request failed below HTTP.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TransportErrorKind {
    /// No connection: nothing left this machine.
    NotSent,
    /// The server's certificate was refused: nothing left this machine.
    Tls,
    /// The connection or the wait broke after the request began to leave: it may have taken effect.
    NoAnswer,
    /// The body of the answer broke off.
    BodyCut,
    /// The body of the request could not be read from disk.
    LocalFile,
}

impl TransportErrorKind {
    /// What happened, as a sentence goes on.
    const fn words(self) -> &'static str {
        match self {
            Self::NotSent => "there was no connection, and nothing was sent",
            Self::Tls => "the server's certificate was refused, and nothing was sent",
            Self::NoAnswer => {
                "the connection broke, or nothing came in time, after the request had begun to leave"
            }
            Self::BodyCut => "the answer broke off",
            Self::LocalFile => "the file to be sent could not be read",
        }
    }
}

/// A failure below HTTP. Shows its kind and the underlying error without address or content.
#[derive(Debug, thiserror::Error)]
#[error("{}", .kind.words())]
pub struct TransportError {
    /// What happened.
    pub kind: TransportErrorKind,
    /// Why, where known.
    #[source]
    pub source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

impl TransportError {
    /// Without a further reason.
    #[must_use]
    pub const fn new(kind: TransportErrorKind) -> Self {
        Self { kind, source: None }
    }

    /// With its reason.
    #[must_use]
    pub fn because(
        kind: TransportErrorKind,
        source: impl Into<Box<dyn std::error::Error + Send + Sync>>,
    ) -> Self {
        Self { kind, source: Some(source.into()) }
    }
}
