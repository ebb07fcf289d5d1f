//! One request, from its host to its answer.

use std::sync::Arc;
use std::time::Duration;

use aws_lc_rs::hmac;
use axum::body::Body;
use http::header::{ALLOW, RETRY_AFTER};
use http::request::Parts;
use http::{HeaderValue, Method, Request, Response, StatusCode};
use tokio::sync::Semaphore;
use tokio_util::task::TaskTracker;

use super::answer;
use super::cookie::Jar;
use super::form::Fields;
use super::hosts::{Door, Hosts, is_from_our_page};
use super::pages::{Act, Methods, Pages, Refused, Visit};
use super::password::Password;
use super::session::Sessions;
use super::sign_in::TOKEN_FIELD;
use super::throttle::Throttle;
use super::token::Token;

/// Pages that are made at a time; more wait. Bounds what reading the state costs beside a cycle.
const AT_WORK: usize = 4;
/// How long a page may take. What was begun by a form goes on.
const PATIENCE: Duration = Duration::from_secs(120);
/// The longest address.
const ADDRESS_BYTES: usize = 2 << 10;

/// What every request works with.
pub(super) struct Site<P> {
    pub(super) pages: P,
    pub(super) password: Password,
    pub(super) hosts: Hosts,
    pub(super) sessions: Sessions,
    pub(super) throttle: Throttle,
    /// For the tokens of forms before there is a session; of this process.
    pub(super) seal: hmac::Key,
    pub(super) at_work: Semaphore,
    /// What was asked for by forms.
    pub(super) acts: TaskTracker,
}

/// Room for pages that are made at a time.
pub(super) fn room() -> Semaphore {
    Semaphore::new(AT_WORK)
}

/// A session that goes on.
struct Session {
    name: Token,
    token: Token,
    locked: bool,
}

/// Answers one request.
pub(super) async fn answer<P: Pages>(site: Arc<Site<P>>, request: Request<Body>) -> Response<Body> {
    let (head, body) = request.into_parts();
    let Some((door, ours)) = site.hosts.door(&head.headers, &head.uri) else {
        return answer::protect(refused(&*site, Refused::OtherHost), None);
    };
    let answered = site.serve(&head, body, (door, &ours)).await;
    answer::protect(answered.unwrap_or_else(|why| refused(&*site, why)), Some(door))
}

fn refused<P: Pages>(site: &Site<P>, why: Refused) -> Response<Body> {
    let mut page = answer::page(why.status(), site.pages.refused(why));
    if let Refused::TooFast { again_after } = why {
        page.headers_mut().insert(RETRY_AFTER, HeaderValue::from(again_after));
    }
    page
}

impl<P: Pages> Site<P> {
    async fn serve(
        self: &Arc<Self>,
        head: &Parts,
        body: Body,
        (door, ours): (Door, &str),
    ) -> Result<Response<Body>, Refused> {
        let path = head.uri.path();
        if head.uri.to_string().len() > ADDRESS_BYTES {
            return Err(Refused::NoSuchPage);
        }
        let session = self.session(head, door);
        match path {
            // What a proxy makes public is for whoever is signed in.
            "/metrics" if door != Door::Public || session.is_some() => {
                return self.only(head, Methods::Get, self.metrics()).await;
            }
            "/healthz" => return self.only(head, Methods::Get, self.health()).await,
            _ if door == Door::Elsewhere => return Err(Refused::OtherHost),
            "/style.css" => {
                return self.only(head, Methods::Get, async { Ok(answer::style(self.pages.style())) }).await;
            }
            "/sign-in" if head.method == Method::POST => {
                return self.sign_in(&head.headers, body, (door, ours)).await;
            }
            "/sign-in" => {
                let page = async {
                    if session.is_some() { Ok(answer::see("/")) } else { self.ask_to_sign_in(door, None) }
                };
                return self.only(head, Methods::GetAndPost, page).await;
            }
            _ => {}
        }
        let Some(session) = session else {
            let looks = matches!(head.method, Method::GET | Method::HEAD);
            return if looks { Ok(answer::see("/sign-in")) } else { Err(Refused::SignedOut) };
        };
        let methods = if path == "/sign-out" { Some(Methods::Post) } else { self.pages.methods(path) };
        let methods = methods.ok_or(Refused::NoSuchPage)?;
        self.only(head, methods, self.signed_in(head, body, ours, session)).await
    }

    /// Whoever asks, if they are signed in.
    fn session(&self, head: &Parts, door: Door) -> Option<Session> {
        let (name, locked) = Jar::Session.read(&head.headers, (door, self.hosts.port()))?;
        let token = self.sessions.token(&name)?;
        Some(Session { name, token, locked })
    }

    /// Serves the methods that a path takes, and names them where another one was used.
    async fn only(
        &self,
        head: &Parts,
        methods: Methods,
        serve: impl Future<Output = Result<Response<Body>, Refused>>,
    ) -> Result<Response<Body>, Refused> {
        let looks = matches!(head.method, Method::GET | Method::HEAD);
        let (fits, allow) = match methods {
            Methods::Get => (looks, "GET, HEAD"),
            Methods::Post => (head.method == Method::POST, "POST"),
            Methods::GetAndPost => (looks || head.method == Method::POST, "GET, HEAD, POST"),
        };
        if fits {
            return serve.await;
        }
        let mut page = refused(self, Refused::Method);
        page.headers_mut().insert(ALLOW, HeaderValue::from_static(allow));
        Ok(page)
    }

    async fn signed_in(
        self: &Arc<Self>,
        head: &Parts,
        body: Body,
        ours: &str,
        session: Session,
    ) -> Result<Response<Body>, Refused> {
        let path = head.uri.path().to_owned();
        let token = session.token.digits().to_owned();
        if head.method != Method::POST {
            let query = Fields::of_query(head.uri.query().unwrap_or_default());
            let shown = async {
                // Closed never: the semaphore is there as long as the site is.
                let _room = self.at_work.acquire().await;
                self.pages.show(Visit { path, query, token }).await
            };
            let shown = tokio::time::timeout(PATIENCE, shown).await.map_err(|_| Refused::TooLong)?;
            return Ok(answer::reply(shown));
        }
        if !is_from_our_page(&head.headers, ours) {
            return Err(Refused::OtherSite);
        }
        let fields = Fields::of_form(&head.headers, body).await.ok_or(Refused::Form)?;
        if !session.token.is(fields.get(TOKEN_FIELD).unwrap_or_default()) {
            return Err(Refused::OldPage);
        }
        if path == "/sign-out" {
            return Ok(self.sign_out(&session.name, session.locked).await);
        }
        let site = Arc::clone(self);
        // In a task of its own: what was begun is done, whether or not somebody still waits for the answer.
        let act = self.acts.spawn(async move {
            let _room = site.at_work.acquire().await;
            site.pages.act(Act { path, fields, token }).await
        });
        let done = tokio::time::timeout(PATIENCE, act).await.map_err(|_| Refused::TooLong)?;
        Ok(answer::reply(done.map_err(|_| Refused::Defect)?))
    }

    async fn metrics(&self) -> Result<Response<Body>, Refused> {
        Ok(match self.pages.metrics().await {
            Some(text) => answer::figures(text),
            None => answer::line(StatusCode::SERVICE_UNAVAILABLE, "the figures cannot be read now"),
        })
    }

    async fn health(&self) -> Result<Response<Body>, Refused> {
        let health = self.pages.health().await;
        let status = if health.well { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
        Ok(answer::line(status, &health.line))
    }
}
