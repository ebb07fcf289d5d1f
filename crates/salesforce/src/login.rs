//! Getting a session: the OAuth token call, by either grant.

use std::sync::atomic::Ordering;

use bytes::Bytes;
use http::header::{ACCEPT, CONTENT_TYPE, USER_AGENT};
use http::{HeaderMap, HeaderValue, Method};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;
use url::Url;
use url::form_urlencoded::Serializer;

use crate::answer::{Answer, parse_json, rest_errors};
use crate::backoff::{RetryPolicy, Waits};
use crate::call::Call;
use crate::client::Client;
use crate::config::Grant;
use crate::error::{Error, ErrorKind};
use crate::refusal::{Again, Failure, of_transport};
use crate::transport::{Body, Request};

/// How long an assertion is valid (OAuth JWT bearer flow: at most three minutes).
const ASSERTION_SECONDS: i64 = 180;

#[derive(Deserialize)]
struct TokenAnswer {
    access_token: String,
    instance_url: String,
}

impl Client {
    /// Logs in, with repeats: getting a token changes nothing.
    pub(crate) async fn log_in(&self) -> Result<(SecretString, Url), Error> {
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

    async fn log_in_once(&self) -> Result<(SecretString, Url), Failure> {
        let body = Bytes::from(self.grant_form()?);
        let mut url = self.login.clone();
        url.set_path("/services/oauth2/token");
        let mut headers = HeaderMap::new();
        headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/x-www-form-urlencoded"));
        headers.insert(USER_AGENT, self.user_agent.clone());
        self.meter.sent(Call::Token, body.len() as u64);
        let request = Request {
            method: Method::POST,
            url,
            headers,
            body: Body::Bytes(body),
            answer_within: self.config.timeouts.answer,
        };
        let response = self.transport.send(request).await.map_err(of_transport)?;
        self.meter.answered(&response.headers);
        let mut answer = Answer::new(response, &self.config.timeouts, &self.config.sizes, &self.meter)?;
        let html = answer.is_html();
        let status = answer.status;
        let bytes = answer.bytes().await?;
        if status != 200 {
            return Err(refused(status, &bytes));
        }
        let token: TokenAnswer = parse_json(&bytes, html)?;
        // No byte of the token goes anywhere before its instance is trusted.
        let instance = self
            .guard
            .origin(&token.instance_url)
            .map_err(|why| Error::new(ErrorKind::UntrustedAddress, "instance_url").with_source(why))?;
        let usable =
            !token.access_token.is_empty() && token.access_token.bytes().all(|b| b.is_ascii_graphic());
        if !usable {
            return Err(Error::new(ErrorKind::Contract, "no usable access token").into());
        }
        Ok((token.access_token.into(), instance))
    }

    fn grant_form(&self) -> Result<String, Error> {
        let mut form = Serializer::new(String::new());
        match &self.config.grant {
            Grant::ClientCredentials { client_id, client_secret } => {
                form.append_pair("grant_type", "client_credentials");
                form.append_pair("client_id", client_id);
                form.append_pair("client_secret", client_secret.expose_secret());
            }
            Grant::JwtBearer { client_id, username, private_key_pem, audience } => {
                let audience =
                    audience.as_deref().unwrap_or_else(|| self.config.login_url.trim_end_matches('/'));
                let expires = self.config.clock.now().micros() / 1_000_000 + ASSERTION_SECONDS;
                let claims =
                    serde_json::json!({ "iss": client_id, "sub": username, "aud": audience, "exp": expires });
                form.append_pair("grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer");
                form.append_pair("assertion", &assertion(&claims, private_key_pem)?);
            }
        }
        Ok(form.finish())
    }
}

/// Signs with RS256, the only algorithm Salesforce takes.
fn assertion(claims: &serde_json::Value, key_pem: &SecretString) -> Result<String, Error> {
    let key = EncodingKey::from_rsa_pem(key_pem.expose_secret().as_bytes())
        .map_err(|_| Error::new(ErrorKind::Configuration, "the private key is not an RSA key in PEM form"))?;
    jsonwebtoken::encode(&Header::new(Algorithm::RS256), claims, &key)
        .map_err(|_| Error::new(ErrorKind::Configuration, "the assertion could not be signed"))
}

/// OAuth errors are a flat object, not the array of REST. All but rate limits need an operator.
fn refused(status: u16, bytes: &[u8]) -> Failure {
    let refusals = rest_errors(bytes);
    let code = refusals.as_ref().and_then(|all| all.first()).map(|first| first.code.clone());
    let error =
        |kind| Error::of_kind(kind).with_status(status).with_refusals(refusals.clone().unwrap_or_default());
    match (status, code.as_deref()) {
        (_, Some("rate_limit_exceeded")) | (406 | 408 | 420 | 429 | 500.., _) => {
            Failure { error: error(ErrorKind::Busy), again: Again::Soon }
        }
        (300..=399, _) => Failure { error: error(ErrorKind::Redirect), again: Again::Never },
        (410, _) => Failure { error: error(ErrorKind::VersionRetired), again: Again::Never },
        (400..=499, Some(_)) => Failure { error: error(ErrorKind::NotAuthorised), again: Again::Never },
        _ => Failure { error: error(ErrorKind::Contract), again: Again::BadAnswer },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_that_is_none_is_a_configuration_error_that_does_not_quote_it() {
        let error = assertion(&serde_json::json!({}), &"canary key".into()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Configuration);
        assert!(!format!("{error:?} {error}").contains("canary"));
    }
}
