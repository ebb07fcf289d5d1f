//! Reading answers: bounded, unpacked, complete or an error; and telling JSON from everything else that may come.

use bytes::Bytes;
use futures_util::StreamExt as _;
use futures_util::stream::BoxStream;
use http::HeaderMap;
use http::header::{CONTENT_ENCODING, CONTENT_TYPE};
use serde::de::DeserializeOwned;
use serde_json::Value;
use tokio::time::Instant;

use crate::config::{SizeLimits, Timeouts};
use crate::error::{Error, ErrorKind};
use crate::gunzip::Gunzip;
use crate::transport::{Response, TransportError};
use crate::usage::Meter;

/// A successful answer whose body is still to come.
pub(crate) struct Answer<'a> {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    body: BoxStream<'static, Result<Bytes, TransportError>>,
    gunzip: Option<Gunzip>,
    timeouts: &'a Timeouts,
    sizes: &'a SizeLimits,
    meter: &'a Meter,
    begun: Instant,
    received: u64,
}

impl<'a> Answer<'a> {
    pub(crate) fn new(
        response: Response,
        timeouts: &'a Timeouts,
        sizes: &'a SizeLimits,
        meter: &'a Meter,
    ) -> Result<Self, Error> {
        let header_bytes: usize =
            response.headers.iter().map(|(name, value)| name.as_str().len() + value.len()).sum();
        if header_bytes > sizes.headers {
            return Err(Error::new(ErrorKind::TooLarge, "headers of the answer"));
        }
        let encoding =
            response.headers.get(CONTENT_ENCODING).map(|value| value.as_bytes().to_ascii_lowercase());
        let gunzip = match encoding.as_deref() {
            None | Some(b"" | b"identity") => None,
            Some(b"gzip" | b"x-gzip") => Some(Gunzip::new(sizes.gunzip_ratio, sizes.json)),
            Some(_) => return Err(Error::new(ErrorKind::Contract, "an encoding that was not asked for")),
        };
        Ok(Self {
            status: response.status.as_u16(),
            headers: response.headers,
            body: response.body,
            gunzip,
            timeouts,
            sizes,
            meter,
            begun: Instant::now(),
            received: 0,
        })
    }

    /// A header as text.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    pub(crate) fn is_html(&self) -> bool {
        self.headers.get(CONTENT_TYPE).is_some_and(|value| {
            let value = value.as_bytes().to_ascii_lowercase();
            value.starts_with(b"text/html") || value.starts_with(b"application/xhtml")
        })
    }

    /// The next bytes, unpacked; `None` at the end.
    pub(crate) async fn next(&mut self) -> Result<Option<Bytes>, Error> {
        loop {
            let Ok(piece) = tokio::time::timeout(self.timeouts.idle, self.body.next()).await else {
                return Err(Error::new(ErrorKind::Incomplete, "the body stopped coming"));
            };
            let Some(piece) = piece else {
                let rest = self.gunzip.take().map(Gunzip::finish).transpose()?;
                return Ok(rest.filter(|bytes| !bytes.is_empty()));
            };
            let piece = piece.map_err(|error| {
                Error::new(ErrorKind::Incomplete, "the body broke off").with_source(error)
            })?;
            self.received += piece.len() as u64;
            self.meter.received(piece.len() as u64);
            self.check_pace()?;
            let piece = match &mut self.gunzip {
                Some(gunzip) => gunzip.feed(&piece)?,
                None => piece,
            };
            if !piece.is_empty() {
                return Ok(Some(piece));
            }
        }
    }

    fn check_pace(&self) -> Result<(), Error> {
        let taken = self.begun.elapsed();
        if taken > self.timeouts.call {
            return Err(Error::new(ErrorKind::TooSlow, "over the time limit of one call"));
        }
        let least = self.timeouts.min_bytes_per_second.saturating_mul(taken.as_secs());
        if taken > self.timeouts.slow_after && self.received < least {
            return Err(Error::new(ErrorKind::TooSlow, "under the minimum rate"));
        }
        Ok(())
    }

    /// The whole body, at most as much as a JSON answer may be.
    pub(crate) async fn bytes(&mut self) -> Result<Vec<u8>, Error> {
        let mut all = Vec::new();
        while let Some(piece) = self.next().await? {
            if all.len() + piece.len() > self.sizes.json {
                return Err(Error::new(ErrorKind::TooLarge, "the answer"));
            }
            all.extend_from_slice(&piece);
        }
        Ok(all)
    }

    /// The body as JSON.
    pub(crate) async fn json<T: DeserializeOwned>(&mut self) -> Result<T, Error> {
        let html = self.is_html();
        let bytes = self.bytes().await?;
        parse_json(&bytes, html)
    }

    /// Reads and drops the body, so that the connection can be used again.
    pub(crate) async fn drain(&mut self) -> Result<(), Error> {
        self.bytes().await.map(|_| ())
    }
}

pub(crate) fn parse_json<T: DeserializeOwned>(bytes: &[u8], html: bool) -> Result<T, Error> {
    let start = bytes.trim_ascii_start();
    if html || start.starts_with(b"<") {
        return Err(Error::new(ErrorKind::Contract, "HTML or XML instead of JSON"));
    }
    if start.is_empty() {
        return Err(Error::new(ErrorKind::Contract, "empty answer instead of JSON"));
    }
    // The parser's own message can quote the text.
    serde_json::from_slice(bytes).map_err(|error| match error.classify() {
        serde_json::error::Category::Eof => Error::new(ErrorKind::Incomplete, "JSON ends early"),
        serde_json::error::Category::Data => Error::new(ErrorKind::Contract, "JSON of another shape"),
        serde_json::error::Category::Syntax | serde_json::error::Category::Io => {
            Error::new(ErrorKind::Contract, "not valid JSON")
        }
    })
}

/// One error of a REST, Bulk or OAuth answer.
#[derive(Clone, PartialEq)]
pub(crate) struct RestError {
    pub(crate) code: String,
    pub(crate) message: String,
    pub(crate) fields: Vec<String>,
    pub(crate) duplicate: Option<Value>,
}

impl RestError {
    pub(crate) fn new(code: &str, message: &str) -> Self {
        Self { code: code.to_owned(), message: message.to_owned(), fields: Vec::new(), duplicate: None }
    }
}

/// The errors of an error body: an array of `{errorCode|statusCode, message, fields}`, one such object, or OAuth's
/// `{error, error_description}`. `None` for any other text.
pub(crate) fn rest_errors(bytes: &[u8]) -> Option<Vec<RestError>> {
    const MOST: usize = 50;
    match serde_json::from_slice(bytes).ok()? {
        Value::Array(all) => {
            let errors: Vec<RestError> = all.into_iter().take(MOST).filter_map(rest_error).collect();
            (!errors.is_empty()).then_some(errors)
        }
        one @ Value::Object(_) => rest_error(one).map(|error| vec![error]),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => None,
    }
}

pub(crate) fn rest_error(mut value: Value) -> Option<RestError> {
    let text = |value: &Value, names: &[&str]| {
        names.iter().find_map(|name| value.get(*name).and_then(Value::as_str).map(str::to_owned))
    };
    let code = text(&value, &["errorCode", "statusCode", "error"])?;
    let fields = value.get("fields").and_then(Value::as_array).map_or_else(Vec::new, |fields| {
        fields.iter().filter_map(|field| field.as_str().map(str::to_owned)).collect()
    });
    let message = text(&value, &["message", "error_description"]).unwrap_or_default();
    // Spelled without the second "l" by every release captured so far.
    let duplicate = ["duplicateResut", "duplicateResult"]
        .iter()
        .find_map(|name| value.get_mut(*name).map(Value::take))
        .filter(Value::is_object);
    Some(RestError { code, message, fields, duplicate })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_shape_of_error_body_is_read() {
        for (body, code) in [
            (
                r#"[{"message":"m","errorCode":"REQUIRED_FIELD_MISSING","fields":["LastName"]}]"#,
                "REQUIRED_FIELD_MISSING",
            ),
            (r#"[{"statusCode":"DUPLICATES_DETECTED","message":"m","fields":[]}]"#, "DUPLICATES_DETECTED"),
            (r#"{"error":"invalid_grant","error_description":"authentication failure"}"#, "invalid_grant"),
            (r#"{"errorCode":"NOT_FOUND","message":"m"}"#, "NOT_FOUND"),
        ] {
            assert_eq!(rest_errors(body.as_bytes()).unwrap()[0].code, code);
        }
        for other in ["", "null", "[]", "{}", "<html>", "[1]", "\"x\"", "[{\"errorCode\":5}]"] {
            assert!(rest_errors(other.as_bytes()).is_none(), "{other}");
        }
    }

    #[test]
    fn what_is_not_json_is_named() {
        let kind = |bytes: &[u8], html| parse_json::<Value>(bytes, html).unwrap_err();
        assert!(kind(b" \n<!DOCTYPE html>", false).to_string().contains("HTML"));
        assert!(kind(b"{}", true).to_string().contains("HTML"));
        assert!(kind(b"", false).to_string().contains("empty"));
        assert_eq!(kind(b"{\"a\":", false).kind(), ErrorKind::Incomplete);
        assert_eq!(kind(b"{a}", false).kind(), ErrorKind::Contract);
    }

    proptest::proptest! {
        #[test]
        fn any_bytes_are_survived(bytes in proptest::collection::vec(proptest::num::u8::ANY, 0..200)) {
            let _ = rest_errors(&bytes);
            let _ = parse_json::<crate::bulk::JobInfo>(&bytes, false);
        }

        #[test]
        fn any_json_is_survived(text in r#"[\[\]{}:,"a-z0-9]{0,60}"#) {
            let _ = rest_errors(text.as_bytes());
        }
    }
}
