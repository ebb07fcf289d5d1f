//! The admin page: what it shows and does, by the same ways as the commands.
//!
//! `service/src/admin` lets people in; here is what they see. Everything that reads the state does it on a thread that may block.
//! Everything that is decided goes through the command that decides it.

mod case_page;
mod cases;
mod conflicts;
mod decide;
mod figures;
mod frame;
mod mood;
mod overview;
mod pager;
mod path;
mod person;
mod reports;
mod run_now;
mod said;
mod set_aside;
mod sign_in;

use std::time::Duration;

use async_trait::async_trait;
use http::StatusCode;
use model::Clock;
use service::admin::{
    Act, AdminOptions, Happened, Health, Methods, Pages, Refused, Reply, SignInForm, Visit, serve,
};
use state::Changes;
use tokio::net::TcpListener;
use tokio::sync::watch;

use crate::desk::{Desk, Worker};
use crate::failure::Failure;
use path::Path;

/// In whose name decisions are made here.
const BY: &str = "admin page";

/// Serves the page until the service stops. A page that breaks breaks alone: the cycles go on.
pub async fn serve_pages(listening: Option<(TcpListener, AdminOptions)>, present: watch::Receiver<Desk>) {
    let Some((listener, options)) = listening else { return };
    if let Ok(address) = listener.local_addr() {
        tracing::info!("the admin page is on http://{address}/");
    }
    let pages = AdminPages {
        figures: figures::Figures::new(options.clock.clone()),
        clock: options.clock.clone(),
        present,
    };
    if let Err(error) = serve(listener, options, pages).await {
        tracing::error!("the admin page is gone: {error}");
    }
}

/// The pages over the desk of the service, as it stands when a page is asked for.
struct AdminPages {
    present: watch::Receiver<Desk>,
    clock: Clock,
    figures: figures::Figures,
}

impl AdminPages {
    fn desk(&self) -> Desk {
        Desk { by: BY.to_owned(), ..self.present.borrow().clone() }
    }
}

/// Runs what reads the state on a thread that may block.
async fn read<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Failure> + Send + 'static,
) -> Result<T, Failure> {
    tokio::task::spawn_blocking(work).await.map_err(|_| Failure::Unexpected("a page ended in a defect"))?
}

#[async_trait]
impl Pages for AdminPages {
    fn methods(&self, path: &str) -> Option<Methods> {
        Path::parse(path).map(|path| path.methods())
    }

    fn style(&self) -> &'static str {
        include_str!("../../templates/admin/style.css")
    }

    fn sign_in(&self, form: &SignInForm) -> String {
        sign_in::page(form, self.desk().config.banner().map(|banner| banner.line()))
    }

    fn refused(&self, why: Refused) -> String {
        sign_in::refused(why)
    }

    async fn metrics(&self) -> Option<String> {
        self.figures.text(self.desk()).await
    }

    async fn health(&self) -> Health {
        mood::health(&self.desk())
    }

    async fn show(&self, visit: Visit) -> Reply {
        let (desk, now) = (self.desk(), self.clock.now());
        let shown = match Path::parse(&visit.path) {
            Some(Path::Overview) => overview::page(desk, visit, now).await,
            Some(Path::Cases) => cases::page(desk, visit, now).await,
            Some(Path::Case(name)) => case_page::page(desk, name, visit.token, None).await,
            Some(Path::SetAside) => set_aside::page(desk, visit, now).await,
            Some(Path::Conflicts) => conflicts::page(desk, visit, now).await,
            Some(Path::Person) => Ok(Reply::page(person::empty(&desk, visit.token))),
            Some(Path::Reports) => Ok(Reply::page(reports::page(&desk, visit.token))),
            Some(Path::Report(which)) => Ok(reports::file(&desk, which)),
            Some(Path::Run | Path::Resync) | None => Ok(refused_page(Refused::NoSuchPage)),
        };
        shown.unwrap_or_else(|failure| broken(&failure))
    }

    async fn act(&self, act: Act) -> Reply {
        let desk = self.desk();
        let (path, token) = (act.path.clone(), act.token.clone());
        let done = match Path::parse(&path) {
            Some(Path::Case(name)) => decide::decide(desk, name, act).await,
            Some(Path::Person) => person::story(desk, act).await,
            Some(Path::Resync) => person::resync(desk, act).await,
            Some(Path::Run) => run_now::run(desk, token).await,
            Some(
                Path::Overview
                | Path::Cases
                | Path::SetAside
                | Path::Conflicts
                | Path::Reports
                | Path::Report(_),
            )
            | None => Ok(refused_page(Refused::NoSuchPage)),
        };
        done.unwrap_or_else(|failure| broken(&failure))
    }

    async fn note(&self, happened: Happened) {
        match happened {
            Happened::SignedIn => {
                tracing::info!("somebody signed in to the admin page");
                audit(&self.desk(), "signed in").await;
            }
            Happened::SignedOut => {
                tracing::info!("somebody signed out of the admin page");
                audit(&self.desk(), "signed out").await;
            }
            // Not into the audit trail: whoever tries for long must not push out what others did.
            Happened::Failed => tracing::warn!("a wrong password was given to the admin page"),
            Happened::Throttled => tracing::debug!("a password was not looked at: too many were wrong"),
        }
    }
}

/// Leaves a line in the audit trail. A trail that cannot be written ends nothing that was asked for; the log says so.
async fn audit(desk: &Desk, what: &str) {
    let mut changes = Changes::new();
    changes.audit(&desk.by, what);
    if let Err(error) = desk.state.commit(changes).await {
        tracing::error!("what was done on the admin page could not be noted: {error}");
    }
}

fn refused_page(why: Refused) -> Reply {
    Reply::Page { status: why.status(), html: sign_in::refused(why) }
}

/// A page that could not be made.
fn broken(failure: &Failure) -> Reply {
    tracing::warn!("a page of the admin page could not be made: error[{}]", failure.code());
    let lines =
        [format!("{failure}"), failure.advice(), format!("More: highwater explain {}", failure.code())];
    let html =
        said::page(frame::Frame::bare("This could not be shown"), lines.to_vec(), ("/", "To the overview"));
    Reply::Page { status: StatusCode::INTERNAL_SERVER_ERROR, html }
}

/// How long a page waits for a job before it says that it goes on without it.
const PATIENCE: Duration = Duration::from_secs(60);

/// What a service is that has nobody to keep in step.
const EVENTS_ALONE: &str =
    "The service delivers events; there is no supporter database, and there are no cycles.";

/// Why nothing can be asked of the service now, politely; `None`: it is free.
fn busy(desk: &Desk) -> Option<String> {
    match &desk.worker {
        Worker::Service { handle, .. } => {
            let status = handle.status();
            match (&status.running, handle.waiting(), status.stopping) {
                (.., true) => Some("The service is stopping: nothing new begins.".to_owned()),
                (Some(running), ..) => Some(format!(
                    "A cycle has been running since {}. Come back when it is done; this was not begun.",
                    running.since.to_seconds_text()
                )),
                (None, 1.., _) => Some(
                    "Something that was asked for before is about to begin. This was not begun.".to_owned(),
                ),
                (None, 0, false) => None,
            }
        }
        Worker::Starting { waiting, .. } => {
            Some(format!("The service waits until it can begin: {}", waiting.because))
        }
        Worker::Own { .. } => Some("The service is starting. Come back in a moment.".to_owned()),
        Worker::Events { .. } => Some(format!("{EVENTS_ALONE} Nothing was begun.")),
    }
}
