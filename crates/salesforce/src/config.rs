//! What a client for one org needs to know before its first call.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use model::{Clock, OrgId};

use crate::backoff::RetryPolicy;
use crate::grant::Grant;
use crate::record_error::AlertTexts;

/// Everything about one org that the operator decides.
#[derive(Debug, Clone)]
pub struct OrgConfig {
    /// Scheme and host to log in at: the My Domain address, `https://login.salesforce.com` or
    /// `https://test.salesforce.com`. Client credentials work at the My Domain address only.
    pub login_url: String,
    /// How to log in.
    pub grant: Grant,
    /// The API version of every call.
    pub api_version: ApiVersion,
    /// The org these credentials must belong to; checked by [`crate::Org::identity`].
    pub expected_org: Option<OrgId>,
    /// Hosts outside `*.salesforce.com` that the access token may be sent to, exactly as spelled: `host` for port 443,
    /// or `host:port`.
    pub allowed_hosts: Vec<String>,
    /// Permits `http://` to a loopback address, and nothing else: for the simulated org.
    pub allow_plain_http_loopback: bool,
    /// How long things may take.
    pub timeouts: Timeouts,
    /// How big things may be.
    pub sizes: SizeLimits,
    /// Waiting between attempts of one call.
    pub retry: RetryPolicy,
    /// Waiting between looks at a job.
    pub poll: PollPolicy,
    /// The `User-Agent` header.
    pub user_agent: String,
    /// A PEM file of certificates to trust in addition to the system's.
    pub extra_ca: Option<PathBuf>,
    /// How this org's administrators word their duplicate alerts and the e-mail rule.
    pub alert_texts: AlertTexts,
    /// Time for signing JWT assertions, which Salesforce compares with its own.
    pub clock: Clock,
}

impl OrgConfig {
    /// The defaults, for one login address and grant.
    #[must_use]
    pub fn new(login_url: impl Into<String>, grant: Grant) -> Self {
        Self {
            login_url: login_url.into(),
            grant,
            api_version: ApiVersion::default(),
            expected_org: None,
            allowed_hosts: Vec::new(),
            allow_plain_http_loopback: false,
            timeouts: Timeouts::default(),
            sizes: SizeLimits::default(),
            retry: RetryPolicy::default(),
            poll: PollPolicy::default(),
            user_agent: concat!("highwater/", env!("CARGO_PKG_VERSION")).to_owned(),
            extra_ca: None,
            alert_texts: AlertTexts::default(),
            clock: Clock::system(),
        }
    }
}

/// A Salesforce API version, `v59.0` or later.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ApiVersion(u16);

/// The text is no API version this client speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an API version is written v66.0 and is at least v59.0")]
pub struct InvalidApiVersion;

impl ApiVersion {
    /// The oldest version this client speaks.
    pub const OLDEST: Self = Self(59);

    /// The number before the `.0`.
    #[must_use]
    pub const fn major(self) -> u16 {
        self.0
    }
}

impl Default for ApiVersion {
    fn default() -> Self {
        Self(66)
    }
}

impl FromStr for ApiVersion {
    type Err = InvalidApiVersion;

    fn from_str(raw: &str) -> Result<Self, InvalidApiVersion> {
        let digits = raw.strip_prefix('v').unwrap_or(raw);
        let digits = digits.strip_suffix(".0").unwrap_or(digits);
        if digits.is_empty() || digits.len() > 3 || !digits.bytes().all(|b| b.is_ascii_digit()) {
            return Err(InvalidApiVersion);
        }
        let version = Self(digits.parse().map_err(|_| InvalidApiVersion)?);
        if version < Self::OLDEST { Err(InvalidApiVersion) } else { Ok(version) }
    }
}

impl fmt::Display for ApiVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "v{}.0", self.0)
    }
}

/// Time limits of one attempt of one call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timeouts {
    /// To open a connection.
    pub connect: Duration,
    /// From the request's end to the head of the answer. A query may run two minutes before it answers.
    pub answer: Duration,
    /// Between two pieces of a body.
    pub idle: Duration,
    /// A sign-in, from the request to the end of its answer.
    pub login: Duration,
    /// A whole call with its body. Salesforce ends a result download after 20 minutes.
    pub call: Duration,
    /// A body slower than this many bytes a second, measured after `slow_after`, is given up.
    pub min_bytes_per_second: u64,
    /// When measuring the rate begins.
    pub slow_after: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(10),
            answer: Duration::from_secs(130),
            idle: Duration::from_secs(60),
            login: Duration::from_secs(60),
            call: Duration::from_secs(20 * 60),
            min_bytes_per_second: 1024,
            slow_after: Duration::from_secs(30),
        }
    }
}

/// Size limits of answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SizeLimits {
    /// A JSON answer, unpacked.
    pub json: usize,
    /// A downloaded file, unpacked.
    pub file: u64,
    /// Unpacked to packed, once past what a JSON answer may be: up to there an answer is bounded by its size.
    pub gunzip_ratio: u64,
    /// All header names and values of one answer.
    pub headers: usize,
    /// Rows and cells of CSV.
    pub csv: crate::csv::CsvLimits,
}

impl Default for SizeLimits {
    fn default() -> Self {
        Self {
            json: 8 << 20,
            file: 4 << 30,
            gunzip_ratio: 100,
            headers: 64 << 10,
            csv: crate::csv::CsvLimits::default(),
        }
    }
}

/// How often a job is looked at.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PollPolicy {
    /// Before the first look.
    pub first: Duration,
    /// Each wait is this many times the one before.
    pub growth: f64,
    /// The longest wait.
    pub longest: Duration,
}

impl Default for PollPolicy {
    fn default() -> Self {
        Self { first: Duration::from_secs(1), growth: 1.5, longest: Duration::from_secs(30) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_accepted_from_59_up() {
        assert_eq!("v66.0".parse(), Ok(ApiVersion::default()));
        assert_eq!("59.0".parse::<ApiVersion>().unwrap().to_string(), "v59.0");
        for bad in ["v58.0", "30.0", "", "v", "v66.1", "66.0.0", "-66", "v+66.0", "v99999.0"] {
            assert_eq!(bad.parse::<ApiVersion>(), Err(InvalidApiVersion), "{bad}");
        }
    }
}
