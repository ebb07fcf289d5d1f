//! Getting a session, by whichever way in is configured.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use bytes::Bytes;
use http::header::{ACCEPT, CONTENT_TYPE, USER_AGENT};
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use model::{OrgId, UserId};
use secrecy::SecretString;
use serde::Deserialize;
use tokio::time::timeout;
use url::Url;

use crate::answer::{Answer, parse_json, rest_errors};
use crate::backoff::{RetryPolicy, Waits};
use crate::call::Call;
use crate::client::Client;
use crate::config::SizeLimits;
use crate::error::{Error, ErrorKind};
use crate::grant::{Grant, RefreshToken};
use crate::grant_form;
use crate::refresh_token::Held;
use crate::refusal::{Again, Failure, of_transport};
use crate::sign_in_refusal::{SignInRefusal, of_fault, of_oauth};
use crate::soap_login;
use crate::transport::{Body, Request, TransportError, TransportErrorKind};

/// The largest answer to a sign-in; a real one has two or three kilobytes.
const ANSWER_BYTES: usize = 64 << 10;

/// A fresh session.
pub(crate) struct SignedIn {
    pub(crate) token: SecretString,
    /// Where its calls go: scheme, host and port, trusted.
    pub(crate) instance: Url,
    pub(crate) account: Account,
}

/// Whose session it is, as far as the answer to the sign-in says so.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Account {
    pub(crate) org: Option<OrgId>,
    pub(crate) user: Option<UserId>,
    pub(crate) username: Option<String>,
}

#[derive(Deserialize)]
struct TokenAnswer {
    access_token: String,
    instance_url: String,
    #[serde(default)]
    id: Option<String>,
    #[serde(default)]
    refresh_token: Option<SecretString>,
}

/// The answer to one sign-in request.
struct Reply {
    status: u16,
    html: bool,
    bytes: Vec<u8>,
}

impl Client {
    /// Logs in, with repeats: getting a token changes nothing.
    pub(crate) async fn log_in(self: &Arc<Self>) -> Result<SignedIn, Error> {
        let mut waits = Waits::new(&self.login_retry());
        let mut bad_answers = 0;
        loop {
            let failure = match self.log_in_once().await {
                Ok(session) => {
                    self.logged_in.store(true, Ordering::Relaxed);
                    return Ok(session);
                }
                Err(failure) => failure,
            };
            let again = match failure.again {
                Again::Never | Again::Renew => false,
                Again::Soon | Again::NoRoute => waits.wait().await,
                Again::BadAnswer => {
                    bad_answers += 1;
                    bad_answers <= self.config.retry.bad_answer && waits.wait().await
                }
            };
            if !again {
                return Err(failure.error.during(Call::Token));
            }
            waits.tell(Call::Token, &failure.error);
        }
    }

    fn login_retry(&self) -> RetryPolicy {
        let known = self.logged_in.load(Ordering::Relaxed);
        if known { self.config.retry } else { self.config.retry.before_login() }
    }

    async fn log_in_once(self: &Arc<Self>) -> Result<SignedIn, Failure> {
        let signed_in = match &self.config.grant {
            Grant::ClientCredentials { client_id, client_secret } => {
                self.oauth(grant_form::client_credentials(client_id, client_secret)).await?.0
            }
            Grant::JwtBearer { client_id, username, private_key_pem, audience } => {
                let audience = audience.as_deref().unwrap_or(self.config.login_url.trim_end_matches('/'));
                let now = self.config.clock.now().micros() / 1_000_000;
                self.oauth(grant_form::jwt_bearer(client_id, username, private_key_pem, audience, now)?)
                    .await?
                    .0
            }
            Grant::RefreshToken { client_id, client_secret, token } => {
                self.refresh(client_id, client_secret.as_ref(), token).await?
            }
            Grant::Password { client_id, client_secret, username, password } => {
                self.oauth(grant_form::password(client_id, client_secret, username, password)).await?.0
            }
            Grant::SoapLogin { username, password } => self.soap(username, password).await?,
        };
        match (self.config.expected_org, signed_in.account.org) {
            (Some(expected), Some(org)) if expected != org => Err(Error::of_kind(ErrorKind::WrongOrg).into()),
            _ => Ok(signed_in),
        }
    }

    /// The token endpoint. Also gives a refresh token that came along.
    async fn oauth(&self, form: String) -> Result<(SignedIn, Option<SecretString>), Failure> {
        let headers = [
            (ACCEPT, HeaderValue::from_static("application/json")),
            (CONTENT_TYPE, HeaderValue::from_static("application/x-www-form-urlencoded")),
        ];
        let reply = self.ask("/services/oauth2/token", headers, form).await?;
        if reply.status != 200 {
            return Err(of_oauth(reply.status, rest_errors(&reply.bytes)));
        }
        let answer: TokenAnswer = parse_json(&reply.bytes, reply.html)?;
        let account = answer.id.as_deref().map(account_of).unwrap_or_default();
        let signed_in = self.opened(answer.access_token.into(), &answer.instance_url, account)?;
        Ok((signed_in, answer.refresh_token))
    }

    /// With the refresh token that counts now. The exchange goes on when nobody waits for it any more, because a run is stopped or a
    /// caller has lost patience: the org may have ended the old token the moment it was shown, and then the answer holds the only one.
    async fn refresh(
        self: &Arc<Self>,
        client_id: &str,
        client_secret: Option<&SecretString>,
        kept: &RefreshToken,
    ) -> Result<SignedIn, Failure> {
        let alone = Arc::clone(&self.exchange).lock_owned().await;
        let held = Held::take(kept).await?;
        let form = grant_form::refresh_token(client_id, client_secret, &held.token);
        let client = Arc::clone(self);
        let exchange = tokio::spawn(async move {
            let exchanged = client.exchange(held, form).await;
            drop(alone);
            exchanged
        });
        exchange
            .await
            .unwrap_or_else(|_| Err(Error::new(ErrorKind::TokenNotKept, "the exchange broke off").into()))
    }

    /// Shows the token. A new one is kept before anything is done with the session.
    async fn exchange(&self, held: Held, form: String) -> Result<SignedIn, Failure> {
        use secrecy::ExposeSecret as _;
        let (signed_in, new) = self.oauth(form).await?;
        if let Some(new) = new
            && new.expose_secret() != held.token.expose_secret()
        {
            held.keep(new).await?;
        }
        Ok(signed_in)
    }

    async fn soap(&self, username: &str, password: &SecretString) -> Result<SignedIn, Failure> {
        let headers = [
            (HeaderName::from_static("soapaction"), HeaderValue::from_static("login")),
            (CONTENT_TYPE, HeaderValue::from_static("text/xml; charset=UTF-8")),
        ];
        let request = soap_login::request(username, password)?;
        let reply = self.ask(&soap_login::path(self.config.api_version), headers, request).await?;
        let answer = match reply.status {
            200 if reply.html => Err(Error::new(ErrorKind::Contract, "HTML instead of SOAP")),
            200 | 500 => soap_login::parse(&reply.bytes),
            status => return Err(of_oauth(status, None)),
        };
        let answer = match answer {
            Ok(answer) => answer,
            // A maintenance page of a server that is down.
            Err(_) if reply.status == 500 => return Err(of_oauth(500, None)),
            Err(bad) => return Err(bad.into()),
        };
        if let Some((code, text)) = answer.fault() {
            return Err(of_fault(reply.status, code, text));
        }
        if answer.password_expired() {
            let expired = Error::of_kind(ErrorKind::NotAuthorised);
            return Err(expired.with_sign_in(SignInRefusal::PasswordExpired).into());
        }
        let account = answer.account();
        let (token, server) =
            answer.session().ok_or_else(|| Error::new(ErrorKind::Contract, "no session in the answer"))?;
        Ok(self.opened(token, &server, account)?)
    }

    /// No byte of the token goes anywhere before its instance is trusted.
    fn opened(&self, token: SecretString, instance: &str, account: Account) -> Result<SignedIn, Error> {
        use secrecy::ExposeSecret as _;
        let instance = self
            .guard
            .origin(instance)
            .map_err(|why| Error::new(ErrorKind::UntrustedAddress, "instance_url").with_source(why))?;
        let text = token.expose_secret();
        if text.is_empty() || !text.bytes().all(|b| b.is_ascii_graphic()) {
            return Err(Error::new(ErrorKind::Contract, "no usable access token"));
        }
        Ok(SignedIn { token, instance, account })
    }

    /// Sends one sign-in request and reads its answer, both within [`crate::Timeouts::login`].
    async fn ask(
        &self,
        path: &str,
        headers: [(HeaderName, HeaderValue); 2],
        body: String,
    ) -> Result<Reply, Failure> {
        let limit = self.config.timeouts.login;
        let mut url = self.login.clone();
        url.set_path(path);
        let mut headers: HeaderMap = headers.into_iter().collect();
        headers.insert(USER_AGENT, self.user_agent.clone());
        let body = Bytes::from(body);
        self.meter.sent(Call::Token, body.len() as u64);
        let request = Request {
            method: Method::POST,
            url,
            headers,
            body: Body::Bytes(body),
            answer_within: self.config.timeouts.answer.min(limit),
        };
        let begun = tokio::time::Instant::now();
        let sent = timeout(limit, self.transport.send(request)).await;
        let no_answer = || Err(TransportError::new(TransportErrorKind::NoAnswer));
        let response = sent.unwrap_or_else(|_| no_answer()).map_err(of_transport)?;
        self.meter.answered(&response.headers);
        let sizes = SizeLimits { json: ANSWER_BYTES, ..self.config.sizes };
        let mut answer = Answer::new(response, &self.config.timeouts, &sizes, &self.meter)?;
        let (status, html) = (answer.status, answer.is_html());
        let left = limit.saturating_sub(begun.elapsed()).max(Duration::from_millis(1));
        match timeout(left, answer.bytes()).await {
            Ok(Ok(bytes)) => Ok(Reply { status, html, bytes }),
            Ok(Err(error)) => Err(bad_reply(error)),
            Err(_) => Err(bad_reply(Error::new(ErrorKind::TooSlow, "the answer to a sign-in"))),
        }
    }
}

/// What is far too big for a token is no answer of an org; what is slow may be quicker the next time.
fn bad_reply(error: Error) -> Failure {
    let kind = error.kind();
    if kind == ErrorKind::TooLarge {
        Error::new(ErrorKind::Contract, "an answer far too big for a sign-in").into()
    } else if kind == ErrorKind::TooSlow {
        Failure { error, again: Again::Soon }
    } else {
        error.into()
    }
}

/// `https://login.salesforce.com/id/00D…/005…`: only the two ids count, the address is not called.
fn account_of(id_url: &str) -> Account {
    let mut parts = id_url.rsplit('/');
    let (user, org) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    Account { org: OrgId::parse(org).ok(), user: UserId::parse(user).ok(), username: None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_identity_address_says_whose_session_it_is() {
        let account = account_of("https://login.salesforce.com/id/00D5f000000IZ3ZEAW/0055f000001abcdAAA");
        assert_eq!(account.org, OrgId::parse("00D5f000000IZ3Z").ok());
        assert!(account.user.is_some());
        for other in ["", "/", "x", "https://evil.example/00D/005", "id//"] {
            assert_eq!(account_of(other), Account::default(), "{other}");
        }
    }
}
