//! What a failed attempt means, and whether the same request may go out again: the fault matrix, row by row.

use crate::answer::RestError;
use crate::call::{AfterSend, Call};
use crate::error::{Error, ErrorKind};
use crate::record_error::ErrorCode;
use crate::transport::{TransportError, TransportErrorKind};

/// Whether the same request may go out again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Again {
    /// It may not.
    Never,
    /// After a wait, within the time budget.
    Soon,
    /// After a wait, a few times: the network edge has no route to the org.
    NoRoute,
    /// After a wait, a few times: the answer was no good.
    BadAnswer,
    /// Once, with a new session.
    Renew,
}

/// A failed attempt.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) error: Error,
    pub(crate) again: Again,
}

/// An answer that could not be read: incomplete, too slow or not as documented is worth another attempt, anything else is not.
impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        let again = match error.kind() {
            ErrorKind::Incomplete | ErrorKind::Contract | ErrorKind::TooSlow => Again::BadAnswer,
            ErrorKind::Configuration
            | ErrorKind::Unreachable
            | ErrorKind::Tls
            | ErrorKind::NotAuthorised
            | ErrorKind::Forbidden
            | ErrorKind::RequestLimit
            | ErrorKind::ShareUsed
            | ErrorKind::Busy
            | ErrorKind::NotFound
            | ErrorKind::Conflict
            | ErrorKind::Rejected
            | ErrorKind::VersionRetired
            | ErrorKind::OutcomeUnknown
            | ErrorKind::TooLarge
            | ErrorKind::Redirect
            | ErrorKind::UntrustedAddress
            | ErrorKind::WrongOrg
            | ErrorKind::Deadline
            | ErrorKind::JobFailed
            | ErrorKind::LocalFile
            | ErrorKind::TokenNotKept => Again::Never,
        };
        Self { error, again }
    }
}

/// A failure below HTTP, as for a call that only reads.
pub(crate) fn of_transport(error: TransportError) -> Failure {
    let (kind, again) = match error.kind {
        TransportErrorKind::NotSent | TransportErrorKind::NoAnswer => (ErrorKind::Unreachable, Again::Soon),
        TransportErrorKind::Tls => (ErrorKind::Tls, Again::Never),
        TransportErrorKind::BodyCut => (ErrorKind::Incomplete, Again::BadAnswer),
        TransportErrorKind::LocalFile => (ErrorKind::LocalFile, Again::Never),
    };
    Failure { error: Error::of_kind(kind).with_source(error), again }
}

/// The same for this call: what may have taken effect is not sent again, its outcome is unknown.
pub(crate) fn of_transport_for(call: Call, error: TransportError) -> Failure {
    let left = match error.kind {
        TransportErrorKind::NoAnswer | TransportErrorKind::BodyCut => true,
        TransportErrorKind::NotSent | TransportErrorKind::Tls | TransportErrorKind::LocalFile => false,
    };
    let failure = of_transport(error);
    if left { unknown_if_it_acts(call, failure) } else { failure }
}

/// A usable-looking answer that turned out unusable.
pub(crate) fn of_reading(call: Call, error: Error) -> Failure {
    let failure = Failure::from(error);
    if failure.error.kind() == ErrorKind::LocalFile { failure } else { unknown_if_it_acts(call, failure) }
}

fn unknown_if_it_acts(call: Call, failure: Failure) -> Failure {
    match call.after_send() {
        AfterSend::Repeat => failure,
        AfterSend::OutcomeUnknown => {
            Failure { error: failure.error.with_kind(ErrorKind::OutcomeUnknown), again: Again::Never }
        }
    }
}

/// A job that the rolling 24 hours have no room for: `LIMIT_EXCEEDED`, or `ExceededQuota` (Bulk guide v66, "Errors": "the job or batch
/// you tried to create exceeds the allowed number"), in the capitals that a refused call may spell it with.
fn is_used_up(code: &ErrorCode) -> bool {
    *code == ErrorCode::LimitExceeded || code.as_str().replace('_', "").eq_ignore_ascii_case("ExceededQuota")
}

/// An answer with another status than success.
pub(crate) fn of_status(call: Call, status: u16, errors: Option<Vec<RestError>>, html: bool) -> Failure {
    let code = errors.as_ref().and_then(|all| all.first()).map(|first| ErrorCode::parse(&first.code));
    let long_requests =
        errors.as_ref().is_some_and(|all| all.iter().any(|one| one.message.contains("Concurrent")));
    let (kind, again) = match (status, code) {
        (401, _) => (ErrorKind::NotAuthorised, Again::Renew),
        // One code, two meanings: too many long requests right now, or the day's allowance.
        (_, Some(ErrorCode::RequestLimitExceeded)) if long_requests => (ErrorKind::Busy, Again::Soon),
        (_, Some(ErrorCode::RequestLimitExceeded)) => (ErrorKind::RequestLimit, Again::Never),
        (400, Some(code))
            if matches!(call, Call::CreateQueryJob | Call::CreateIngestJob) && is_used_up(&code) =>
        {
            (ErrorKind::RequestLimit, Again::Never)
        }
        // The same query may pass when the org is less busy; each attempt takes two minutes of it.
        (400, Some(ErrorCode::QueryTimeout)) => (ErrorKind::Busy, Again::BadAnswer),
        (410, _) | (_, Some(ErrorCode::UnsupportedApiVersion)) => (ErrorKind::VersionRetired, Again::Never),
        (420, _) => (ErrorKind::Busy, Again::NoRoute),
        (406 | 408 | 429 | 500.., _) => (ErrorKind::Busy, Again::Soon),
        (409 | 412, _) | (_, Some(ErrorCode::InvalidJobState)) => (ErrorKind::Conflict, Again::Never),
        (413 | 414 | 431, _) => (ErrorKind::TooLarge, Again::Never),
        (300, _) if call == Call::Upsert => (ErrorKind::Rejected, Again::Never),
        (300..=399, _) => (ErrorKind::Redirect, Again::Never),
        // The identity service says 403 and a word, `Bad_OAuth_Token`, of a session that has ended, where all others say 401 (Help,
        // "Identity URLs" and "Query for User Information"); an org that refuses for another reason says it to a new one, too.
        (403, None) if call == Call::Identity => (ErrorKind::Forbidden, Again::Renew),
        // A proxy's or a login page's "not found" says nothing about the resource.
        (_, None) if html => (ErrorKind::Contract, Again::BadAnswer),
        (403, _) => (ErrorKind::Forbidden, Again::Never),
        (404, _) => (ErrorKind::NotFound, Again::Never),
        (400..=499, _) => (ErrorKind::Rejected, Again::Never),
        _ => (ErrorKind::Contract, Again::BadAnswer),
    };
    let error = Error::of_kind(kind).with_status(status).with_refusals(errors.unwrap_or_default());
    let failure = Failure { error, again };
    let refused_before_acting = matches!(again, Again::Never | Again::Renew) || long_requests;
    if refused_before_acting { failure } else { unknown_if_it_acts(call, failure) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn errors(code: &str, message: &str) -> Option<Vec<RestError>> {
        Some(vec![RestError::new(code, message)])
    }

    #[test]
    fn one_limit_code_has_two_meanings() {
        let day = of_status(
            Call::Query,
            403,
            errors("REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded."),
            false,
        );
        assert_eq!((day.error.kind(), day.again), (ErrorKind::RequestLimit, Again::Never));
        let text = "ConcurrentPerOrgLongTxn Limit exceeded.";
        let now = of_status(Call::CreateIngestJob, 403, errors("REQUEST_LIMIT_EXCEEDED", text), false);
        assert_eq!((now.error.kind(), now.again), (ErrorKind::Busy, Again::Soon));
    }

    #[test]
    fn calls_that_act_are_never_sent_twice_after_an_unclear_answer() {
        for status in [406, 408, 420, 429, 500, 502, 503, 504] {
            assert_ne!(of_status(Call::Query, status, None, true).again, Again::Never, "{status}");
            let acts = of_status(Call::CreateIngestJob, status, None, true);
            assert_eq!(
                (acts.error.kind(), acts.again),
                (ErrorKind::OutcomeUnknown, Again::Never),
                "{status}"
            );
        }
        for kind in [TransportErrorKind::NoAnswer, TransportErrorKind::BodyCut] {
            let acts = of_transport_for(Call::Create, TransportError::new(kind));
            assert_eq!((acts.error.kind(), acts.again), (ErrorKind::OutcomeUnknown, Again::Never));
        }
        let not_sent = of_transport_for(Call::Create, TransportError::new(TransportErrorKind::NotSent));
        assert_eq!((not_sent.error.kind(), not_sent.again), (ErrorKind::Unreachable, Again::Soon));
    }

    #[test]
    fn only_the_identity_service_says_403_of_a_session_that_has_ended() {
        for html in [false, true] {
            let ended = of_status(Call::Identity, 403, None, html);
            assert_eq!((ended.error.kind(), ended.again), (ErrorKind::Forbidden, Again::Renew));
        }
        let forbidden = of_status(Call::Identity, 403, errors("API_DISABLED_FOR_ORG", "x"), false);
        assert_eq!((forbidden.error.kind(), forbidden.again), (ErrorKind::Forbidden, Again::Never));
        let elsewhere = of_status(Call::Query, 403, None, false);
        assert_eq!((elsewhere.error.kind(), elsewhere.again), (ErrorKind::Forbidden, Again::Never));
    }

    #[test]
    fn html_with_not_found_is_not_a_missing_record() {
        assert_eq!(of_status(Call::PollJob, 404, None, true).error.kind(), ErrorKind::Contract);
        assert_eq!(
            of_status(Call::PollJob, 404, errors("NOT_FOUND", ""), false).error.kind(),
            ErrorKind::NotFound
        );
    }
}
