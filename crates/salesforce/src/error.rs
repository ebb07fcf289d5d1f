//! What can go wrong with a call, and for each kind what to do about it.

use std::fmt;
use std::sync::Arc;

use crate::answer::RestError;
use crate::call::Call;
use crate::record_error::{ErrorCode, bounded, bounded_to};
use crate::sign_in_refusal::SignInRefusal;

/// What went wrong, as far as it decides what happens next. Which exit code or journal step a kind leads to is the
/// caller's business; which retry it deserves is in [`ErrorKind::policy`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ErrorKind {
    /// Our own settings or arguments do not make sense; nothing was sent.
    Configuration,
    /// No connection, or no answer in time, for as long as the retry budget lasted. Nothing took effect.
    Unreachable,
    /// The server's certificate was refused.
    Tls,
    /// The org refused our credentials, or a fresh session is refused again.
    NotAuthorised,
    /// Authenticated, but this user may not do that.
    Forbidden,
    /// The rolling daily request allowance, or the daily batch allowance, is used up.
    RequestLimit,
    /// Our own share of that allowance is used up, or what is left of it is for others. The request did not leave.
    ShareUsed,
    /// The org kept answering "not now" (406, 420, 429, 5xx, too many long requests) until the retry budget ended.
    Busy,
    /// The record, job or resource does not exist.
    NotFound,
    /// The state of the resource forbids the call (409, 412, `INVALIDJOBSTATE`): read its state first.
    Conflict,
    /// The org understood the request and refused it.
    Rejected,
    /// The configured API version is no longer served (410).
    VersionRetired,
    /// The request left, and whether it took effect is not known. Read the truth before any repeat.
    OutcomeUnknown,
    /// The answer is not what the documentation describes: HTML, wrong type, bad JSON or CSV.
    Contract,
    /// The body ended early, or its row count is not the announced one.
    Incomplete,
    /// Over one of our size limits, or one of Salesforce's documented ones.
    TooLarge,
    /// Slower than the minimum rate, or over the time limit of one call.
    TooSlow,
    /// A redirect. None is ever followed.
    Redirect,
    /// An address in an answer is not one the access token may be sent to.
    UntrustedAddress,
    /// The org is not the configured one.
    WrongOrg,
    /// A job did not reach an end within the time given. It goes on at Salesforce.
    Deadline,
    /// A job ended as `Failed` or `Aborted` where only its completion is of use.
    JobFailed,
    /// Reading or writing a local file failed.
    LocalFile,
    /// The org gave a new refresh token in place of the one it was shown, and the new one could not be kept.
    TokenNotKept,
}

/// When the same operation may be tried again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Retry {
    /// In the next cycle; all quick retries are used up.
    NextCycle,
    /// Not before the allowance is free again: check the limits first.
    WhenAllowanceReturns,
    /// After the remote state was read and the journal settled.
    AfterReadingState,
    /// Not before a person has changed something.
    AfterOperator,
}

const SHARE_ADVICE: &str =
    "wait for the rolling 24 hours, give highwater a larger share, or raise the org's daily limit";

impl ErrorKind {
    /// When to try again, and what an operator can do.
    #[must_use]
    pub const fn policy(self) -> (Retry, Option<&'static str>) {
        match self {
            Self::Configuration => (Retry::AfterOperator, Some("correct the configuration")),
            Self::Unreachable => {
                (Retry::NextCycle, Some("check network, proxy and the status page of the org's instance"))
            }
            Self::Tls => (
                Retry::AfterOperator,
                Some(
                    "check the login address and the trusted certificates; certificates are always verified",
                ),
            ),
            Self::NotAuthorised => (
                Retry::AfterOperator,
                Some("check client id, secret or key, the app's flow settings and the integration user"),
            ),
            Self::Forbidden => {
                (Retry::AfterOperator, Some("give the integration user the missing permission"))
            }
            Self::RequestLimit => (
                Retry::WhenAllowanceReturns,
                Some("wait for the rolling 24 hours, lower the share used, or raise the org's daily limit"),
            ),
            Self::ShareUsed => (Retry::WhenAllowanceReturns, Some(SHARE_ADVICE)),
            Self::Busy => (Retry::NextCycle, Some("see the status page of the org's instance")),
            Self::NotFound | Self::Conflict | Self::OutcomeUnknown => (Retry::AfterReadingState, None),
            Self::Rejected => {
                (Retry::AfterOperator, Some("see the code; a field, object or query is not as expected"))
            }
            Self::VersionRetired => (Retry::AfterOperator, Some("set a newer api_version")),
            Self::Contract => (
                Retry::NextCycle,
                Some(
                    "often a maintenance or login page; look at the instance's status and at proxies in between",
                ),
            ),
            Self::Incomplete | Self::TooSlow => {
                (Retry::NextCycle, Some("look at proxies and the network in between"))
            }
            Self::TooLarge => (Retry::AfterOperator, Some("ask for fewer fields or smaller pages and jobs")),
            Self::Redirect => (
                Retry::AfterOperator,
                Some("use the org's current My Domain address; redirects are not followed"),
            ),
            Self::UntrustedAddress => (
                Retry::AfterOperator,
                Some(
                    "if this host is really yours, add it to the allowed hosts; the token was not sent to it",
                ),
            ),
            Self::WrongOrg => {
                (Retry::AfterOperator, Some("these credentials belong to another org than configured"))
            }
            Self::Deadline => (Retry::NextCycle, Some("the job is kept and looked at again")),
            Self::JobFailed => {
                (Retry::AfterReadingState, Some("see the job's error message in Setup, Bulk Data Load Jobs"))
            }
            Self::LocalFile => {
                (Retry::AfterOperator, Some("check free space and permissions of the state directory"))
            }
            Self::TokenNotKept => (
                Retry::AfterOperator,
                Some(
                    "keep the refresh token in a file that may be replaced, or switch off its rotation in the app; then \
                     approve the app again",
                ),
            ),
        }
    }

    /// What happened, as a lower-case fragment.
    #[must_use]
    pub const fn text(self) -> &'static str {
        match self {
            Self::Configuration => "settings or arguments are not usable",
            Self::Unreachable => "the org could not be reached",
            Self::Tls => "the server's certificate was refused",
            Self::NotAuthorised => "the org refused the credentials",
            Self::Forbidden => "the integration user may not do this",
            Self::RequestLimit => "the org's request allowance is used up",
            Self::ShareUsed => "the share of the org's requests that we may use is used up",
            Self::Busy => "the org is busy or in maintenance",
            Self::NotFound => "it does not exist",
            Self::Conflict => "its state does not allow this",
            Self::Rejected => "the org refused the request",
            Self::VersionRetired => "the API version is retired",
            Self::OutcomeUnknown => "no usable answer, the outcome is unknown",
            Self::Contract => "the answer is not as documented",
            Self::Incomplete => "the answer is incomplete",
            Self::TooLarge => "a size limit was exceeded",
            Self::TooSlow => "the answer came too slowly",
            Self::Redirect => "an unexpected redirect was refused",
            Self::UntrustedAddress => "an address that is not trusted was refused",
            Self::WrongOrg => "this is not the configured org",
            Self::Deadline => "the job did not end in time",
            Self::JobFailed => "the job failed",
            Self::LocalFile => "a local file could not be read or written",
            Self::TokenNotKept => "the org's new refresh token could not be kept",
        }
    }
}

impl fmt::Display for ErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.text())
    }
}

/// A failed call. `Display` and `Debug` show the call, the kind, HTTP status, error code and field names; never a
/// message of the server, which may quote names and addresses (that is [`Error::server_message`]).
#[derive(Clone)]
pub struct Error(Box<Inner>);

#[derive(Clone)]
struct Inner {
    kind: ErrorKind,
    call: Option<Call>,
    reason: Option<&'static str>,
    status: Option<u16>,
    code: Option<ErrorCode>,
    fields: Vec<String>,
    message: Option<Box<str>>,
    refusals: Vec<RestError>,
    sign_in: Option<SignInRefusal>,
    source: Option<Arc<dyn std::error::Error + Send + Sync>>,
}

impl Error {
    pub(crate) fn new(kind: ErrorKind, reason: &'static str) -> Self {
        Self(Box::new(Inner {
            kind,
            call: None,
            reason: Some(reason),
            status: None,
            code: None,
            fields: Vec::new(),
            message: None,
            refusals: Vec::new(),
            sign_in: None,
            source: None,
        }))
    }

    pub(crate) fn of_kind(kind: ErrorKind) -> Self {
        let mut error = Self::new(kind, "");
        error.0.reason = None;
        error
    }

    pub(crate) fn during(mut self, call: Call) -> Self {
        self.0.call.get_or_insert(call);
        self
    }

    pub(crate) fn with_status(mut self, status: u16) -> Self {
        self.0.status = Some(status);
        self
    }

    /// What the org answered; the first of its errors stands for all.
    pub(crate) fn with_refusals(mut self, refusals: Vec<RestError>) -> Self {
        if let Some(first) = refusals.first() {
            self.0.code = Some(ErrorCode::parse(&first.code));
            self.0.message = Some(bounded(&first.message).into());
            self.0.fields =
                first.fields.iter().take(32).map(|field| bounded_to(field, 120).to_owned()).collect();
        }
        self.0.refusals = refusals;
        self
    }

    /// All that the org answered, for calls whose refusal is a record's and not the call's.
    pub(crate) fn refusals(&self) -> &[RestError] {
        &self.0.refusals
    }

    pub(crate) fn with_source(mut self, source: impl std::error::Error + Send + Sync + 'static) -> Self {
        self.0.source = Some(Arc::new(source));
        self
    }

    pub(crate) fn because(mut self, source: Box<dyn std::error::Error + Send + Sync>) -> Self {
        self.0.source = Some(Arc::from(source));
        self
    }

    pub(crate) fn with_sign_in(mut self, refusal: SignInRefusal) -> Self {
        self.0.sign_in = Some(refusal);
        self
    }

    pub(crate) fn with_kind(mut self, kind: ErrorKind) -> Self {
        self.0.kind = kind;
        self
    }

    pub(crate) fn local(source: std::io::Error) -> Self {
        Self::of_kind(ErrorKind::LocalFile).with_source(source)
    }

    /// What went wrong.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// Which call failed; `None` before any call.
    #[must_use]
    pub fn call(&self) -> Option<Call> {
        self.0.call
    }

    /// The HTTP status, where an answer came.
    #[must_use]
    pub fn status(&self) -> Option<u16> {
        self.0.status
    }

    /// Salesforce's error code, where the answer carried one.
    #[must_use]
    pub fn code(&self) -> Option<&ErrorCode> {
        self.0.code.as_ref()
    }

    /// The fields the org named.
    #[must_use]
    pub fn fields(&self) -> &[String] {
        &self.0.fields
    }

    /// The org's own words, at most 2 KiB. They may quote personal data: for a person's eyes, never for a log.
    #[must_use]
    pub fn server_message(&self) -> Option<&str> {
        self.0.message.as_deref()
    }

    /// Why the org did not let us in, where it was the sign-in that it refused.
    #[must_use]
    pub fn sign_in_refusal(&self) -> Option<SignInRefusal> {
        self.0.sign_in
    }

    /// What an operator can do, where that is known.
    #[must_use]
    pub fn advice(&self) -> Option<&'static str> {
        self.0.sign_in.map(SignInRefusal::advice).or(self.0.kind.policy().1)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(call) = self.0.call {
            write!(f, "{call}: ")?;
        }
        f.write_str(self.0.kind.text())?;
        if let Some(reason) = self.0.reason {
            write!(f, " ({reason})")?;
        }
        if let Some(status) = self.0.status {
            write!(f, ", HTTP {status}")?;
        }
        if let Some(code) = &self.0.code {
            write!(f, ", {code}")?;
        }
        if !self.0.fields.is_empty() {
            write!(f, ", fields {}", self.0.fields.join(", "))?;
        }
        Ok(())
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Error({:?}: {self})", self.0.kind)
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.0.source.as_ref().map(|source| source.as_ref() as &(dyn std::error::Error + 'static))
    }
}
