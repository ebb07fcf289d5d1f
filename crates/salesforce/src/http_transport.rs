//! The transport over the network. The only module that names `reqwest`.

use std::io;
use std::path::Path;

use futures_util::{StreamExt as _, TryStreamExt as _};
use http::header::{CONTENT_LENGTH, HeaderValue};
use tokio::fs::File;
use tokio::io::AsyncReadExt as _;
use tokio_util::io::ReaderStream;

use crate::config::OrgConfig;
use crate::error::{Error, ErrorKind};
use crate::transport::{Body, Request, Response, Transport, TransportError, TransportErrorKind};

/// Bytes of an upload read at a time: each reading is a turn of another thread.
const UPLOAD_PIECE: usize = 256 * 1024;

/// Connections to one org: certificates verified, TLS 1.2 or newer, no redirects, no repeats, no decoding.
pub(crate) struct HttpTransport(reqwest::Client);

impl HttpTransport {
    pub(crate) fn new(config: &OrgConfig) -> Result<Self, Error> {
        let mut client = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .referer(false)
            .no_gzip()
            .connect_timeout(config.timeouts.connect)
            .tls_version_min(reqwest::tls::Version::TLS_1_2)
            .http2_max_header_list_size(u32::try_from(config.sizes.headers).unwrap_or(u32::MAX));
        if config.allow_plain_http_loopback {
            // A proxy from the environment must not see, or answer for, this machine.
            client = client.no_proxy();
        } else {
            client = client.https_only(true);
        }
        if let Some(path) = &config.extra_ca {
            client = client.tls_certs_merge(certificates(path)?);
        }
        let client = client
            .build()
            .map_err(|error| Error::new(ErrorKind::Configuration, "HTTP client").with_source(error))?;
        Ok(Self(client))
    }
}

fn certificates(path: &Path) -> Result<Vec<reqwest::Certificate>, Error> {
    let unusable = "the extra certificate file is not usable";
    let pem = std::fs::read(path)
        .map_err(|error| Error::new(ErrorKind::Configuration, unusable).with_source(error))?;
    let found = reqwest::Certificate::from_pem_bundle(&pem)
        .map_err(|error| Error::new(ErrorKind::Configuration, unusable).with_source(error))?;
    if found.is_empty() { Err(Error::new(ErrorKind::Configuration, unusable)) } else { Ok(found) }
}

#[async_trait::async_trait]
impl Transport for HttpTransport {
    async fn send(&self, request: Request) -> Result<Response, TransportError> {
        let length = request.body.len();
        let has_body = !matches!(request.body, Body::Empty);
        let mut to_send = self.0.request(request.method, request.url).headers(request.headers);
        if has_body {
            to_send =
                to_send.header(CONTENT_LENGTH, HeaderValue::from(length)).body(body(request.body).await?);
        }
        let answer = match tokio::time::timeout(request.answer_within, to_send.send()).await {
            Ok(answer) => answer.map_err(classify)?,
            Err(_) => return Err(TransportError::new(TransportErrorKind::NoAnswer)),
        };
        let (status, headers) = (answer.status(), answer.headers().clone());
        let body = answer
            .bytes_stream()
            .map_err(|error| TransportError::because(TransportErrorKind::BodyCut, error.without_url()))
            .boxed();
        Ok(Response { status, headers, body })
    }
}

async fn body(body: Body) -> Result<reqwest::Body, TransportError> {
    Ok(match body {
        Body::Empty => reqwest::Body::from(Vec::new()),
        Body::Bytes(bytes) => reqwest::Body::from(bytes),
        Body::File { path, bytes } => {
            let file = File::open(&path)
                .await
                .map_err(|error| TransportError::because(TransportErrorKind::LocalFile, error))?;
            reqwest::Body::wrap_stream(ReaderStream::with_capacity(file.take(bytes), UPLOAD_PIECE))
        }
    })
}

/// Nothing left when no connection came about. Any later failure may have taken effect.
fn classify(error: reqwest::Error) -> TransportError {
    let kind = if error.is_connect() {
        if certificate_refused(&error) { TransportErrorKind::Tls } else { TransportErrorKind::NotSent }
    } else if error.is_builder() {
        TransportErrorKind::NotSent
    } else {
        TransportErrorKind::NoAnswer
    };
    TransportError::because(kind, error.without_url())
}

/// The TLS library's error arrives wrapped in I/O errors, the innermost of kind `InvalidData`; a broken connection has
/// other kinds.
fn certificate_refused(error: &(dyn std::error::Error + 'static)) -> bool {
    if let Some(io) = error.downcast_ref::<io::Error>() {
        // The source of an I/O error is the source of what it wraps, which would be skipped.
        return io.kind() == io::ErrorKind::InvalidData
            || io.get_ref().is_some_and(|inner| certificate_refused(inner));
    }
    error.source().is_some_and(certificate_refused)
}
