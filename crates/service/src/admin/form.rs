//! Forms: bounded in size and in patience, and read in one way.

use std::time::Duration;

use axum::body::{Body, to_bytes};
use http::{HeaderMap, header};

/// The largest form. The longest thing that anybody types is a reason.
const FORM_BYTES: usize = 64 << 10;
/// How long a form may take to come.
const FORM_PATIENCE: Duration = Duration::from_secs(10);
/// The most fields.
const FIELDS: usize = 1_000;

/// Names and values, as a form or an address carries them.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Fields(Vec<(String, String)>);

impl Fields {
    /// The first value under a name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(given, _)| given == name).map(|(_, value)| value.as_str())
    }

    /// Every value under a name.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.0.iter().filter(move |(given, _)| given == name).map(|(_, value)| value.as_str())
    }

    /// Reads what stands behind a question mark; what cannot be read is nothing.
    pub(super) fn of_query(query: &str) -> Self {
        Self::parse(query.as_bytes()).unwrap_or_default()
    }

    fn parse(text: &[u8]) -> Option<Self> {
        let fields: Vec<(String, String)> = serde_urlencoded::from_bytes(text).ok()?;
        (fields.len() <= FIELDS).then_some(Self(fields))
    }

    /// Reads a form; `None`: it is none, too large, or came too slowly.
    pub(super) async fn of_form(headers: &HeaderMap, body: Body) -> Option<Self> {
        let media = headers.get(header::CONTENT_TYPE)?.to_str().ok()?;
        let media = media.split(';').next().unwrap_or_default().trim();
        if !media.eq_ignore_ascii_case("application/x-www-form-urlencoded") {
            return None;
        }
        let bytes = tokio::time::timeout(FORM_PATIENCE, to_bytes(body, FORM_BYTES)).await;
        Self::parse(&bytes.ok()?.ok()?)
    }
}

impl std::fmt::Debug for Fields {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Fields({}, <redacted>)", self.0.len())
    }
}

impl FromIterator<(String, String)> for Fields {
    fn from_iter<I: IntoIterator<Item = (String, String)>>(fields: I) -> Self {
        Self(fields.into_iter().collect())
    }
}
