//! From `[admin]` to the listener of the admin page.

use model::Clock;
use service::admin::{AdminOptions, Password, PublicUrl};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::code;
use crate::config::{Config, ConfigError};
use crate::failure::Failure;

/// Listens, and fetches the password; `None`: the configuration asks for no page.
///
/// # Errors
/// When the password cannot be had or used, or the port is taken or not ours to take.
pub async fn listener(
    config: &Config,
    clock: &Clock,
    stop: &CancellationToken,
) -> Result<Option<(TcpListener, AdminOptions)>, Failure> {
    let Some(address) = config.admin.listen else { return Ok(None) };
    let options = AdminOptions {
        password: password(config)?,
        // Checked with the configuration.
        public_url: config.admin.public_url.as_deref().and_then(|text| PublicUrl::parse(text).ok()),
        clock: clock.clone(),
        stop: stop.clone(),
    };
    let listener = TcpListener::bind(address).await.map_err(|error| Failure::Setup {
        code: &code::admin::NO_PORT,
        problem: format!("nothing can listen on {address} for the admin page: {}", error.kind()),
        advice: code::admin::NO_PORT.remedy.to_owned(),
    })?;
    Ok(Some((listener, options)))
}

/// The password.
///
/// # Errors
/// When it cannot be had, or is too weak to be used.
pub fn password(config: &Config) -> Result<Password, Failure> {
    let secret = config.admin.password().fetch(&config.folder).map_err(ConfigError::Secret)?;
    Password::parse(&secret).map_err(|why| Failure::Setup {
        code: &code::admin::PASSWORD,
        problem: format!("the password of the admin page {why}"),
        advice: code::admin::PASSWORD.remedy.to_owned(),
    })
}
