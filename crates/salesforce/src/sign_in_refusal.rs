//! Why an org did not let us in, as far as it decides what a person does about it.

use crate::answer::RestError;
use crate::error::{Error, ErrorKind};
use crate::refusal::{Again, Failure};

/// A refused sign-in. None of these gets better by asking again, and asking again may lock the user.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SignInRefusal {
    /// `invalid_grant`, for no reason we know: user, password, key or token is not accepted.
    Grant,
    /// `invalid_grant`: the refresh token was revoked, has expired, or was replaced by a newer one.
    TokenEnded,
    /// `invalid_grant`: the user, or the administrator for the user, has not approved the app.
    NotApproved,
    /// `invalid_grant`: the assertion is addressed to somebody else.
    Audience,
    /// `invalid_grant`: the assertion does not fit the app's certificate, or this machine's clock is wrong.
    Assertion,
    /// The user is frozen, locked or not active.
    User,
    /// The password has expired.
    PasswordExpired,
    /// User name, password or security token are not accepted.
    Password,
    /// Not from this network address.
    Address,
    /// The consumer key is not known here.
    ClientId,
    /// The consumer secret is not accepted.
    ClientSecret,
    /// The user may not use this app, or the app may not be used.
    App,
    /// The org does not offer this way in.
    Flow,
    /// The org is locked, or not active.
    Org,
    /// A code that is not in this list.
    Other,
}

impl SignInRefusal {
    /// What an operator can do, as a lower-case fragment.
    #[must_use]
    pub const fn advice(self) -> &'static str {
        match self {
            Self::Grant => "check client id, secret or key, the app's flow settings and the integration user",
            Self::TokenEnded => {
                "the refresh token was revoked, has expired or was replaced: approve the app again and keep the new token"
            }
            Self::NotApproved => {
                "let an administrator pre-authorise the app for the integration user's profile or permission set"
            }
            Self::Audience => {
                "address the assertion to the login address of this org: login or test.salesforce.com, or its My Domain"
            }
            Self::Assertion => {
                "check that the app holds the certificate of this key, and that this machine's clock is right"
            }
            Self::User => "let an administrator unlock, unfreeze or activate the integration user",
            Self::PasswordExpired => {
                "set a new password for the integration user, and let its password never expire"
            }
            Self::Password => {
                "check user name, password and security token; a reset of the password also changes the security token"
            }
            Self::Address => {
                "allow this machine's address in the profile's login ranges, or in the app's IP relaxation"
            }
            Self::ClientId => {
                "check the consumer key, and that the login address is this org's (a new app needs ten minutes)"
            }
            Self::ClientSecret => "check the consumer secret; it may have been rotated in the app's settings",
            Self::App => "let an administrator permit the app to the integration user, or unblock it",
            Self::Flow => "enable this way in in the org and in the app, or choose another grant",
            Self::Org => "the org is locked or not active: ask its administrator or Salesforce",
            Self::Other => "see the code; check the app's settings and the integration user's login history",
        }
    }

    /// Of an OAuth error (REST guide and Help "OAuth 2.0 authorization errors"; texts as seen by public clients).
    fn of_oauth(code: &str, description: &str) -> Self {
        let says = |words: &str| description.to_ascii_lowercase().contains(words);
        match code {
            "invalid_grant" if says("access/refresh token") || says("token validity") => Self::TokenEnded,
            "invalid_grant" if says("approved") || says("approval") => Self::NotApproved,
            "invalid_grant" if says("audience") => Self::Audience,
            "invalid_grant" if says("assertion") || says("expired authorization") => Self::Assertion,
            "invalid_grant" if says("locked") || says("inactive") || says("frozen") => Self::User,
            "invalid_grant" if says("ip restricted") => Self::Address,
            "invalid_grant" if says("client credentials user") => Self::Flow,
            "invalid_grant" => Self::Grant,
            "inactive_user" => Self::User,
            "inactive_org" => Self::Org,
            "invalid_client_id" => Self::ClientId,
            "invalid_client" | "invalid_client_credentials" => Self::ClientSecret,
            "invalid_app_access" | "OAUTH_APP_BLOCKED" | "OAUTH_APP_ACCESS_DENIED" | "access_denied" => {
                Self::App
            }
            "unsupported_grant_type" | "unauthorized_client" | "invalid_request" | "invalid_scope" => {
                Self::Flow
            }
            _ => Self::Other,
        }
    }

    /// Of a SOAP fault's exception code (SOAP guide, "ExceptionCode").
    fn of_soap(code: &str) -> Self {
        match code {
            "INVALID_LOGIN" | "LOGIN_MUST_USE_SECURITY_TOKEN" => Self::Password,
            "PASSWORD_LOCKOUT" | "LOGIN_DURING_RESTRICTED_TIME" | "INACTIVE_OWNER_OR_USER" => Self::User,
            "LOGIN_DURING_RESTRICTED_DOMAIN" => Self::Address,
            "EXPIRED_PASSWORD" | "LOGIN_PASSWORD_EXPIRED" => Self::PasswordExpired,
            "ORG_LOCKED" | "TRIAL_EXPIRED" | "INACTIVE_ORG" => Self::Org,
            "INVALID_OPERATION" | "INVALID_SSO_GATEWAY_URL" | "API_DISABLED_FOR_ORG" | "INVALID_CLIENT" => {
                Self::Flow
            }
            _ => Self::Other,
        }
    }
}

/// What an OAuth answer with another status than 200 means. Errors are a flat object, not the array of REST.
pub(crate) fn of_oauth(status: u16, refusals: Option<Vec<RestError>>) -> Failure {
    let first = refusals.as_ref().and_then(|all| all.first());
    let code = first.map(|first| first.code.clone());
    let refusal = first.map(|first| SignInRefusal::of_oauth(&first.code, &first.message));
    let error =
        |kind| Error::of_kind(kind).with_status(status).with_refusals(refusals.clone().unwrap_or_default());
    match (status, code.as_deref(), refusal) {
        (
            _,
            Some("rate_limit_exceeded" | "server_error" | "temporarily_unavailable" | "unknown_error"),
            _,
        )
        | (406 | 408 | 420 | 429 | 500.., _, _) => {
            Failure { error: error(ErrorKind::Busy), again: Again::Soon }
        }
        (300..=399, _, _) => Failure { error: error(ErrorKind::Redirect), again: Again::Never },
        (410, _, _) => Failure { error: error(ErrorKind::VersionRetired), again: Again::Never },
        (400..=499, _, Some(refusal)) => {
            Failure { error: error(ErrorKind::NotAuthorised).with_sign_in(refusal), again: Again::Never }
        }
        _ => Failure { error: error(ErrorKind::Contract), again: Again::BadAnswer },
    }
}

/// What a SOAP fault means.
pub(crate) fn of_fault(status: u16, code: &str, message: &str) -> Failure {
    let error =
        |kind| Error::of_kind(kind).with_status(status).with_refusals(vec![RestError::new(code, message)]);
    match code {
        "LOGIN_RATE_EXCEEDED"
        | "REQUEST_LIMIT_EXCEEDED"
        | "SERVER_UNAVAILABLE"
        | "REQUEST_RUNNING_TOO_LONG"
        | "UNKNOWN_EXCEPTION"
        | "ORG_IN_MAINTENANCE" => Failure { error: error(ErrorKind::Busy), again: Again::Soon },
        "UNSUPPORTED_API_VERSION" => Failure { error: error(ErrorKind::VersionRetired), again: Again::Never },
        _ => {
            let refusal = SignInRefusal::of_soap(code);
            Failure { error: error(ErrorKind::NotAuthorised).with_sign_in(refusal), again: Again::Never }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn oauth(status: u16, code: &str, description: &str) -> (ErrorKind, Option<SignInRefusal>) {
        let failure = of_oauth(status, Some(vec![RestError::new(code, description)]));
        assert_eq!(
            failure.again == Again::Never,
            failure.error.kind() != ErrorKind::Busy,
            "{code}: only what passes is asked again"
        );
        (failure.error.kind(), failure.error.sign_in_refusal())
    }

    #[test]
    fn every_known_refusal_has_its_own_advice() {
        use SignInRefusal as R;
        for (code, description, refusal) in [
            ("invalid_grant", "authentication failure", R::Grant),
            ("invalid_grant", "expired access/refresh token", R::TokenEnded),
            ("invalid_grant", "user hasn't approved this consumer", R::NotApproved),
            ("invalid_grant", "Audience validation failed", R::Audience),
            ("invalid_grant", "invalid assertion", R::Assertion),
            ("invalid_grant", "user is locked", R::User),
            ("invalid_grant", "ip restricted", R::Address),
            ("inactive_user", "user is inactive", R::User),
            ("inactive_org", "organization is inactive", R::Org),
            ("invalid_client_id", "client identifier invalid", R::ClientId),
            ("invalid_client", "invalid client credentials", R::ClientSecret),
            ("invalid_app_access", "user is not admin approved to access this app", R::App),
            ("OAUTH_APP_BLOCKED", "this app is blocked by admin", R::App),
            ("unsupported_grant_type", "grant type not supported", R::Flow),
            ("something_new", "", R::Other),
        ] {
            for status in [400, 401, 403] {
                assert_eq!(
                    oauth(status, code, description),
                    (ErrorKind::NotAuthorised, Some(refusal)),
                    "{code}"
                );
            }
        }
    }

    #[test]
    fn what_passes_by_itself_is_no_refusal() {
        for code in ["rate_limit_exceeded", "server_error", "temporarily_unavailable", "unknown_error"] {
            assert_eq!(oauth(400, code, ""), (ErrorKind::Busy, None), "{code}");
        }
        assert_eq!(oauth(503, "invalid_grant", "").0, ErrorKind::Busy);
        assert_eq!(of_fault(500, "LOGIN_RATE_EXCEEDED", "").error.kind(), ErrorKind::Busy);
        assert_eq!(of_oauth(400, None).error.kind(), ErrorKind::Contract);
    }

    #[test]
    fn faults_of_soap_are_told_apart() {
        for (code, refusal) in [
            ("INVALID_LOGIN", SignInRefusal::Password),
            ("PASSWORD_LOCKOUT", SignInRefusal::User),
            ("INVALID_OPERATION", SignInRefusal::Flow),
            ("SOMETHING_NEW", SignInRefusal::Other),
        ] {
            let failure = of_fault(500, code, "");
            assert_eq!((failure.error.kind(), failure.again), (ErrorKind::NotAuthorised, Again::Never));
            assert_eq!(failure.error.sign_in_refusal(), Some(refusal), "{code}");
            assert_eq!(failure.error.advice(), Some(refusal.advice()));
        }
        assert_eq!(of_fault(500, "UNSUPPORTED_API_VERSION", "").error.kind(), ErrorKind::VersionRetired);
    }
}
