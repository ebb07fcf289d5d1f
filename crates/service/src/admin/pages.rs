//! What the listener asks of whoever makes the pages.

use async_trait::async_trait;
use axum::body::Body;
use http::StatusCode;

use super::form::Fields;

/// Which methods a page takes. `HEAD` goes with `GET`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Methods {
    /// It is only looked at.
    Get,
    /// It only does something.
    Post,
    /// Both.
    GetAndPost,
}

/// A look at a page. Changes nothing.
#[derive(Debug, Clone)]
pub struct Visit {
    /// The path; one that [`Pages::methods`] knows.
    pub path: String,
    /// What stands behind the question mark.
    pub query: Fields,
    /// The session's anti-forgery token, for the forms of the page.
    pub token: String,
}

/// Something that was asked for on a page, by whoever is signed in.
#[derive(Debug, Clone)]
pub struct Act {
    /// The path; one that [`Pages::methods`] knows.
    pub path: String,
    /// The form.
    pub fields: Fields,
    /// The session's anti-forgery token, for the forms of the page that answers.
    pub token: String,
}

/// What a page comes to.
#[derive(Debug)]
pub enum Reply {
    /// A page.
    Page {
        /// Its status.
        status: StatusCode,
        /// The whole document.
        html: String,
    },
    /// Look there instead: a path of ours, without anything a stranger wrote.
    See(String),
    /// A file to keep.
    File {
        /// Its name: letters, digits, hyphens and points.
        name: String,
        /// Its media type.
        media: &'static str,
        /// What is in it.
        body: Body,
    },
}

impl Reply {
    /// A page with nothing wrong about it.
    #[must_use]
    pub const fn page(html: String) -> Self {
        Self::Page { status: StatusCode::OK, html }
    }
}

/// The sign-in page.
#[derive(Debug, Clone)]
pub struct SignInForm {
    /// The anti-forgery token of the form.
    pub token: String,
    /// Why it is shown again.
    pub again: Option<Refused>,
}

/// Why a request is not served.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refused {
    /// The password is wrong.
    WrongPassword,
    /// Too many wrong passwords: again after so many seconds.
    TooFast {
        /// Seconds.
        again_after: u64,
    },
    /// The anti-forgery token is missing, of another session, or of an earlier start.
    OldPage,
    /// The request does not come from a page of ours.
    OtherSite,
    /// The address is none of ours.
    OtherHost,
    /// Nobody is signed in.
    SignedOut,
    /// There is no such page.
    NoSuchPage,
    /// The page does not take this method.
    Method,
    /// The form is too large, too slow, or none.
    Form,
    /// It took too long; what was begun goes on.
    TooLong,
    /// A defect of ours.
    Defect,
}

impl Refused {
    /// The status that says so.
    #[must_use]
    pub const fn status(self) -> StatusCode {
        match self {
            Self::WrongPassword | Self::OldPage | Self::OtherSite | Self::SignedOut => StatusCode::FORBIDDEN,
            Self::TooFast { .. } => StatusCode::TOO_MANY_REQUESTS,
            Self::OtherHost => StatusCode::MISDIRECTED_REQUEST,
            Self::NoSuchPage => StatusCode::NOT_FOUND,
            Self::Method => StatusCode::METHOD_NOT_ALLOWED,
            Self::Form => StatusCode::BAD_REQUEST,
            Self::TooLong => StatusCode::SERVICE_UNAVAILABLE,
            Self::Defect => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }
}

/// What the listener did by itself, for the log and the audit trail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Happened {
    /// Somebody signed in.
    SignedIn,
    /// A wrong password was given.
    Failed,
    /// A password was not looked at, because too many wrong ones had come before it.
    Throttled,
    /// Somebody signed out.
    SignedOut,
}

/// Whether the service does its work, in one line without personal data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Health {
    /// Whether nobody needs to be woken.
    pub well: bool,
    /// Why, or why not.
    pub line: String,
}

/// Makes the pages. Nothing here is called before a session is there, but what says so.
#[async_trait]
pub trait Pages: Send + Sync + 'static {
    /// What a path behind the sign-in takes; `None`: there is no such page.
    fn methods(&self, path: &str) -> Option<Methods>;

    /// The style sheet. Before the sign-in, too.
    fn style(&self) -> &'static str;

    /// The sign-in page. Before the sign-in.
    fn sign_in(&self, form: &SignInForm) -> String;

    /// A page that says why a request is not served. Before the sign-in, too.
    fn refused(&self, why: Refused) -> String;

    /// Figures in the text format of Prometheus, without personal data; `None`: they cannot be read now. Before the sign-in.
    async fn metrics(&self) -> Option<String>;

    /// Whether the service does its work. Before the sign-in.
    async fn health(&self) -> Health;

    /// A page. Dropped when whoever asked goes away.
    async fn show(&self, visit: Visit) -> Reply;

    /// Does something. Comes to its end even when whoever asked goes away.
    async fn act(&self, act: Act) -> Reply;

    /// Notes what the listener did. A failed sign-in is noted no more often than the throttle lets one happen.
    async fn note(&self, happened: Happened);
}
