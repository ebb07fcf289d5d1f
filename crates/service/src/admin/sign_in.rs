//! In and out.

use axum::body::Body;
use http::{HeaderMap, HeaderValue, Response};

use aws_lc_rs::hmac;

use super::cookie::Jar;
use super::form::Fields;
use super::gate::Site;
use super::hosts::Door;
use super::pages::{Happened, Pages, Refused, SignInForm};
use super::token::Token;
use super::{answer, hosts};

/// The field that every form carries.
pub(super) const TOKEN_FIELD: &str = "token";

impl<P: Pages> Site<P> {
    /// The sign-in page. There is no session yet to keep a token in: the form's is a keyed digest of a cookie of its own.
    pub(super) fn ask_to_sign_in(
        &self,
        door: Door,
        again: Option<Refused>,
    ) -> Result<Response<Body>, Refused> {
        let name = Token::random().ok_or(Refused::Defect)?;
        let token = self.seal_of(&name);
        let status = again.map_or(http::StatusCode::OK, Refused::status);
        let page = answer::page(status, self.pages.sign_in(&SignInForm { token, again }));
        let both: &[bool] = if door == Door::Public { &[true] } else { &[true, false] };
        let port = self.hosts.port();
        Ok(answer::with_cookies(page, both.iter().map(|locked| Jar::Form.set(&name, *locked, port))))
    }

    /// Looks at a password, unless too many wrong ones were given.
    pub(super) async fn sign_in(
        &self,
        headers: &HeaderMap,
        body: Body,
        (door, ours): (Door, &str),
    ) -> Result<Response<Body>, Refused> {
        if !hosts::is_from_our_page(headers, ours) {
            return Err(Refused::OtherSite);
        }
        let fields = Fields::of_form(headers, body).await.ok_or(Refused::Form)?;
        let port = self.hosts.port();
        let form = Jar::Form.read(headers, (door, port));
        let sealed =
            |(name, _): &(Token, bool)| self.is_seal_of(name, fields.get(TOKEN_FIELD).unwrap_or_default());
        let Some((_, locked)) = form.filter(sealed) else {
            return self.ask_to_sign_in(door, Some(Refused::OldPage));
        };
        if let Err(again_after) = self.throttle.take() {
            self.pages.note(Happened::Throttled).await;
            return self.ask_to_sign_in(door, Some(Refused::TooFast { again_after }));
        }
        if !self.password.is(fields.get("password").unwrap_or_default()) {
            self.pages.note(Happened::Failed).await;
            return self.ask_to_sign_in(door, Some(Refused::WrongPassword));
        }
        self.throttle.give_back();
        // Never under a name that was there before: it may have been somebody else's gift.
        if let Some((old, _)) = Jar::Session.read(headers, (door, port)) {
            self.sessions.end(&old);
        }
        let name = self.sessions.begin().ok_or(Refused::Defect)?;
        self.pages.note(Happened::SignedIn).await;
        let cookies = [Jar::Session.set(&name, locked, port), Jar::Form.clear(locked, port)];
        Ok(answer::with_cookies(answer::see("/"), cookies))
    }

    /// Ends the session, and takes its cookie away.
    pub(super) async fn sign_out(&self, session: &Token, locked: bool) -> Response<Body> {
        self.sessions.end(session);
        self.pages.note(Happened::SignedOut).await;
        let gone: [HeaderValue; 1] = [Jar::Session.clear(locked, self.hosts.port())];
        answer::with_cookies(answer::see("/sign-in"), gone)
    }

    fn seal_of(&self, name: &Token) -> String {
        hex::encode(hmac::sign(&self.seal, name.digits().as_bytes()).as_ref())
    }

    fn is_seal_of(&self, name: &Token, given: &str) -> bool {
        hex::decode(given)
            .is_ok_and(|given| hmac::verify(&self.seal, name.digits().as_bytes(), &given).is_ok())
    }
}
