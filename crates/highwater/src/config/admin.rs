//! `[admin]`: the page in a browser, and figures for a monitor.

use std::net::SocketAddr;
use std::path::PathBuf;

use serde::Deserialize;

use super::{OtherHosts, SecretSource};

/// Where `serve` listens for browsers and monitors. Nothing listens where `listen` is not given.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Admin {
    /// Address and port.
    pub listen: Option<SocketAddr>,
    /// Permits an address other than a loopback one.
    pub allow_other_hosts: Option<OtherHosts>,
    /// Where people open the page, when a proxy that ends TLS stands in front.
    pub public_url: Option<String>,
    /// The environment variable that holds the password.
    pub password_env: Option<String>,
    /// The file that holds the password.
    pub password_file: Option<PathBuf>,
    /// The command that prints the password.
    pub password_command: Option<Vec<String>>,
}

impl Admin {
    /// Where the password comes from.
    #[must_use]
    pub fn password(&self) -> SecretSource<'_> {
        SecretSource {
            key: "admin.password",
            env: self.password_env.as_deref(),
            file: self.password_file.as_deref(),
            command: self.password_command.as_deref(),
        }
    }
}
