//! What a verb works with once the state is open: in a process of its own, or inside the running service.

use std::sync::Arc;

use model::Clock;
use plan::{Progress, Sides};
use salesforce::Org;
use service::Handle;
use state::State;
use tokio_util::sync::CancellationToken;

use crate::config::Config;
use crate::failure::Failure;
use crate::job::{self, Done, Job};
use crate::output::Screen;
use crate::wire;
use crate::wire::budget::Books;
use crate::wire::sides::Purpose;

/// The configuration, the state, where to print, and who does the work.
#[derive(Clone)]
pub struct Desk {
    /// The configuration.
    pub config: Arc<Config>,
    /// The open state.
    pub state: State,
    /// Where to print.
    pub screen: Screen,
    /// Who does the work.
    pub worker: Worker,
    /// The kept events, where a service has them open.
    pub events: Option<events::Queue>,
    /// The books of the org's requests that are closed when the command ends.
    pub books: Books,
    /// On whose behalf, for the audit trail: a user of this machine, or the admin page.
    pub by: String,
}

/// The user of this process, for the audit trail.
#[must_use]
pub fn this_user() -> String {
    std::env::var("USER").ok().filter(|name| !name.is_empty()).unwrap_or_else(|| "administrator".to_owned())
}

/// Who does the work.
#[derive(Clone)]
pub enum Worker {
    /// This process.
    Own {
        /// Who watches.
        progress: Arc<dyn Progress>,
        /// Cancelled by the first signal.
        stop: CancellationToken,
    },
    /// This process, a service that waits until it can begin.
    Starting {
        /// Who watches.
        progress: Arc<dyn Progress>,
        /// Cancelled by the first signal.
        stop: CancellationToken,
        /// What it waits for.
        waiting: Waiting,
    },
    /// The running service, one job after the other.
    Service {
        /// Both sides, as the service uses them.
        sides: Box<Sides>,
        /// Its queue.
        handle: Handle<Job, Done>,
    },
    /// The running service, which delivers events and has nobody to keep in step.
    Events {
        /// The org, as the service uses it.
        org: Org,
        /// Cancelled by the first signal.
        stop: CancellationToken,
    },
}

/// What a service waits for before it begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waiting {
    /// How often it has tried.
    pub tries: u32,
    /// What stood in the way the last time.
    pub because: String,
}

impl Desk {
    /// Cancelled by the first signal.
    #[must_use]
    pub fn stop(&self) -> &CancellationToken {
        match &self.worker {
            Worker::Own { stop, .. } | Worker::Starting { stop, .. } | Worker::Events { stop, .. } => stop,
            Worker::Service { sides, .. } => &sides.stop,
        }
    }

    /// The org, within the budget: a service has one client, and one count of what it used.
    ///
    /// # Errors
    /// When the secret cannot be had, a setting cannot be used, or the state cannot be read.
    pub fn org(&self) -> Result<Org, Failure> {
        match &self.worker {
            Worker::Service { sides, .. } => Ok(sides.org.clone()),
            Worker::Events { org, .. } => Ok(org.clone()),
            Worker::Own { .. } | Worker::Starting { .. } => {
                let org = wire::org::org(&self.config, &Clock::system())?;
                wire::budget::keep(&self.config, &org, &self.state)?;
                self.books.add(&org);
                Ok(org)
            }
        }
    }

    /// Closes the books of the org's requests: what a command really used counts, however it ended.
    pub async fn close_books(&self) {
        match &self.worker {
            Worker::Service { sides, .. } => wire::budget::close(&sides.org).await,
            Worker::Events { org, .. } => wire::budget::close(org).await,
            Worker::Own { .. } | Worker::Starting { .. } => self.books.close().await,
        }
    }

    /// The same for whoever writes without both sides: it is the org that is meant, and the state is bound to it.
    ///
    /// # Errors
    /// As [`Desk::org`], and when another org answers, or none.
    pub async fn org_to_write(&self) -> Result<Org, Failure> {
        let org = self.org()?;
        let identity = wire::org::recognised(&self.config, &org).await;
        if identity.is_err() {
            // A service that waits for the org asks again and again.
            self.close_books().await;
        }
        self.state.adopt_org(identity?.org_id)?;
        Ok(org)
    }

    /// Both sides, for looking.
    ///
    /// # Errors
    /// Whatever stands in the way of a cycle that writes nothing.
    pub async fn sides(&self) -> Result<Sides, Failure> {
        self.sides_to(Purpose::Look).await
    }

    /// Both sides.
    ///
    /// # Errors
    /// Whatever stands in the way of a cycle.
    pub async fn sides_to(&self, purpose: Purpose) -> Result<Sides, Failure> {
        match &self.worker {
            Worker::Own { progress, stop } | Worker::Starting { progress, stop, .. } => {
                let (state, progress) = (self.state.clone(), Arc::clone(progress));
                let clock = Clock::system();
                let sides =
                    wire::sides::sides(&self.config, state, clock, progress, stop.clone(), purpose).await?;
                self.books.add(&sides.org);
                Ok(sides)
            }
            Worker::Service { sides, .. } => Ok((**sides).clone()),
            Worker::Events { .. } => Err(Failure::no_supporters()),
        }
    }

    /// Carries a job out.
    ///
    /// # Errors
    /// Whatever stands in the way of a cycle; how the cycle itself ended is in [`Done`].
    pub async fn carry_out(&self, job: Job) -> Result<Done, Failure> {
        match &self.worker {
            Worker::Own { .. } | Worker::Starting { .. } | Worker::Events { .. } => {
                Ok(job::carry_out(&self.sides_to(job.purpose()).await?, &job).await)
            }
            Worker::Service { handle, .. } => Ok(handle.run(job).await?),
        }
    }
}
