//! The admin page's listener: who may in, and nothing about what the pages say.
//!
//! One password, sessions in memory, pages made by whoever implements [`Pages`]. A request passes, in this order: the host it was
//! sent to, the path and its methods, the session, and for whatever changes something the page it comes from and its
//! anti-forgery token. Figures for a monitor (`/metrics`, `/healthz`) need no session and name nobody.

mod answer;
mod cookie;
mod form;
mod gate;
mod hosts;
mod pages;
mod password;
mod serve;
mod session;
mod sign_in;
mod throttle;
mod token;

pub use form::Fields;
pub use hosts::{InvalidPublicUrl, PublicUrl};
pub use pages::{Act, Happened, Health, Methods, Pages, Refused, Reply, SignInForm, Visit};
pub use password::{Password, UnfitPassword};
pub use serve::serve;

use model::Clock;
use tokio_util::sync::CancellationToken;

/// How the listener behaves.
pub struct AdminOptions {
    /// What signs in.
    pub password: Password,
    /// Where people open the page, when a proxy that ends TLS stands in front.
    pub public_url: Option<PublicUrl>,
    /// Where this machine's time comes from: sessions, the throttle.
    pub clock: Clock,
    /// Ends everything.
    pub stop: CancellationToken,
}
