//! Sign-in: OAuth flows, sessions, and who am I.

mod assertion;
mod grants;
mod identity;
mod keys;
mod sessions;
mod soap;
mod token;

pub(crate) use identity::{identity, userinfo};
pub(crate) use keys::Keys;
pub(crate) use sessions::Sessions;
pub(crate) use soap::login;
pub(crate) use token::{revoke, token};
