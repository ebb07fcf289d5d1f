//! A running org: its two servers.

use super::admin::Admin;
use super::error::OrgError;
use super::state::OrgState;
use crate::control;
use crate::http;
use crate::rest;
use crate::settings::Settings;
use axum::Router;
use std::ops::Deref;
use std::sync::Arc;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// A running org. Dropping it stops the servers; [`Org::shutdown`] waits for them too. Everything an
/// administrator can do is on [`Admin`], to which it dereferences.
pub struct Org {
    admin: Admin,
    url: String,
    control_url: String,
    stop: CancellationToken,
    servers: Vec<JoinHandle<()>>,
}

impl Deref for Org {
    type Target = Admin;

    fn deref(&self) -> &Admin {
        &self.admin
    }
}

impl Org {
    /// Starts an org on 127.0.0.1: the Salesforce side on one port, the control side on another.
    ///
    /// # Errors
    /// [`OrgError::Listen`] when a port is taken.
    pub async fn start(settings: Settings) -> Result<Self, OrgError> {
        let (main, url) = listen(settings.port).await?;
        let (control, control_url) = listen(settings.control_port).await?;
        let mut org = Self::in_process(settings);
        let _ = org.admin.state().url.set(url.clone());
        (org.url, org.control_url) = (url, control_url);
        let serve_control = axum::serve(control, control::router(org.admin.clone()))
            .with_graceful_shutdown(org.stop.clone().cancelled_owned());
        org.servers.push(tokio::spawn(http::serve(main, org.router(), org.stop.clone())));
        org.servers.push(tokio::spawn(async move { report(serve_control.await) }));
        Ok(org)
    }

    /// An org without any port, to be called through [`Org::router`].
    pub fn in_process(settings: Settings) -> Self {
        let admin = Admin::new(Arc::new(OrgState::new(settings)));
        let url = "http://127.0.0.1".to_owned();
        let (stop, servers) = (CancellationToken::new(), Vec::new());
        Self { admin, control_url: url.clone(), url, stop, servers }
    }

    /// Base URL, for signing in and for everything else.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Base URL of the control side, which is not Salesforce.
    pub fn control_url(&self) -> &str {
        &self.control_url
    }

    /// The Salesforce side as a service for callers in the same process.
    pub fn router(&self) -> Router {
        let _ = self.admin.state().url.set(self.url.clone());
        rest::router(self.admin.state())
    }

    /// What an administrator can do, to be kept apart from the servers.
    pub fn admin(&self) -> Admin {
        self.admin.clone()
    }

    /// Stops listening and waits until running calls are answered.
    pub async fn shutdown(mut self) {
        self.stop.cancel();
        for server in std::mem::take(&mut self.servers) {
            // A server task that was aborted has nothing left to wait for.
            let _ = server.await;
        }
    }
}

impl Drop for Org {
    fn drop(&mut self) {
        self.stop.cancel();
        for server in &self.servers {
            server.abort();
        }
    }
}

async fn listen(port: u16) -> Result<(TcpListener, String), OrgError> {
    let listener = TcpListener::bind(("127.0.0.1", port)).await.map_err(OrgError::Listen)?;
    let address = listener.local_addr().map_err(OrgError::Listen)?;
    Ok((listener, format!("http://{address}")))
}

fn report(served: std::io::Result<()>) {
    if let Err(error) = served {
        tracing::error!(%error, "the simulated org stopped serving");
    }
}

/// Runs an org until `stop` is done. `started` is told the running org once both ports listen.
///
/// # Errors
/// [`OrgError::Listen`] when a port is taken.
pub async fn serve(
    settings: Settings,
    started: impl FnOnce(&Org),
    stop: impl Future<Output = ()>,
) -> Result<(), OrgError> {
    let org = Org::start(settings).await?;
    started(&org);
    stop.await;
    org.shutdown().await;
    Ok(())
}
