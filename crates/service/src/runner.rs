//! One run at a time: what the schedule says, and what people ask for, one after the other.

use std::future::Future;
use std::time::Duration;

use model::Stamp;
use tokio::sync::{mpsc, oneshot, watch};
use tokio_util::sync::CancellationToken;

use crate::schedule::{Due, Schedule};
use crate::status::{Finished, Running, Status, Trigger};

/// How many runs may wait for their turn.
pub const QUEUE: usize = 16;

/// The longest sleep before the wall clock is read again: a machine that was suspended notices within this time.
const NAP: Duration = Duration::from_secs(30);

/// Why a run did not take place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotRun {
    /// The service is stopping, or has stopped.
    #[error("the service is stopping")]
    Stopping,
    /// Too many runs are waiting already.
    #[error("{QUEUE} runs are waiting already")]
    QueueFull,
}

/// A run somebody asked for, and where its outcome goes.
struct Ticket<R, O> {
    request: R,
    answer: oneshot::Sender<O>,
}

/// Asks a [`Runner`] for runs and for its status. Cheap to clone.
pub struct Handle<R, O> {
    queue: mpsc::Sender<Ticket<R, O>>,
    status: watch::Receiver<Status<O>>,
}

impl<R, O> Clone for Handle<R, O> {
    fn clone(&self) -> Self {
        Self { queue: self.queue.clone(), status: self.status.clone() }
    }
}

impl<R, O: Clone> Handle<R, O> {
    /// Queues a run behind the one that is going on and waits for its outcome. A run that is queued is carried out even
    /// when nobody waits any more: dropping the future does not take it back.
    ///
    /// # Errors
    /// [`NotRun`] when the queue is full or the service stops before the run's turn comes.
    pub async fn run(&self, request: R) -> Result<O, NotRun> {
        let (answer, outcome) = oneshot::channel();
        self.queue.try_send(Ticket { request, answer }).map_err(|refused| match refused {
            mpsc::error::TrySendError::Full(_) => NotRun::QueueFull,
            mpsc::error::TrySendError::Closed(_) => NotRun::Stopping,
        })?;
        outcome.await.map_err(|_| NotRun::Stopping)
    }

    /// What the runner is doing now.
    #[must_use]
    pub fn status(&self) -> Status<O> {
        self.status.borrow().clone()
    }

    /// How many runs wait for their turn.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.queue.max_capacity() - self.queue.capacity()
    }

    /// Waits until the status fits `wanted`, and gives it; `None` when the runner is gone.
    pub async fn when(&self, wanted: impl FnMut(&Status<O>) -> bool) -> Option<Status<O>> {
        self.status.clone().wait_for(wanted).await.ok().map(|status| status.clone())
    }
}

/// Carries out runs. `R` is what a run is asked for, `O` what comes of it.
pub struct Runner<R, O> {
    queue: mpsc::Receiver<Ticket<R, O>>,
    status: watch::Sender<Status<O>>,
    schedule: Option<Schedule>,
    last: Option<Stamp>,
}

impl<R, O: Clone> Runner<R, O> {
    /// A runner and the handle to ask it. Without a schedule only what is asked for is run. `last` is when the last
    /// run before this process began, so that a slot missed meanwhile is made up for at once.
    #[must_use]
    pub fn new(schedule: Option<Schedule>, last: Option<Stamp>) -> (Self, Handle<R, O>) {
        let (send, queue) = mpsc::channel(QUEUE);
        let (status, watching) = watch::channel(Status::default());
        (Self { queue, status, schedule, last }, Handle { queue: send, status: watching })
    }

    /// Runs until `stop` is cancelled; then lets the run that is going on come to its end and refuses those that wait.
    ///
    /// `now` reads the wall clock, `scheduled` makes the request of a scheduled run, and `job` carries one run out; it gets
    /// `stop` and is expected to return soon after it is cancelled. A job that panics takes the runner with it: a defect is
    /// a crash, never a clean stop.
    pub async fn work<F>(
        mut self,
        now: impl Fn() -> Stamp,
        scheduled: impl Fn() -> R,
        job: impl Fn(R, CancellationToken) -> F,
        stop: CancellationToken,
    ) where
        F: Future<Output = O>,
    {
        // Whoever waits comes first after a scheduled run, so that neither keeps the other out.
        let mut yields = false;
        while !stop.is_cancelled() {
            let queued = if yields { self.queue.try_recv().ok() } else { None };
            let turn = match queued {
                Some(ticket) => Some(Turn::Asked(ticket)),
                None => self.wait(&now, &stop).await,
            };
            let Some(turn) = turn else { continue };
            let (trigger, request, answer) = match turn {
                Turn::Due => (Trigger::Schedule, scheduled(), None),
                Turn::Asked(ticket) => (Trigger::Manual, ticket.request, Some(ticket.answer)),
            };
            yields = trigger == Trigger::Schedule;
            let outcome = self.one(trigger, &now, job(request, stop.clone())).await;
            if let Some(answer) = answer {
                // Whoever asked may have gone; the run stands all the same.
                let _ = answer.send(outcome);
            }
        }
        self.queue.close();
        self.status.send_modify(|status| {
            status.stopping = true;
            status.next = None;
        });
    }

    /// One run, with the status around it.
    async fn one(&mut self, trigger: Trigger, now: &impl Fn() -> Stamp, run: impl Future<Output = O>) -> O {
        let began = now();
        self.last = Some(began);
        self.status.send_modify(|status| {
            status.running = Some(Running { trigger, since: began });
            status.next = None;
            status.runs += 1;
        });
        let outcome = run.await;
        let finished = Finished { trigger, began, ended: now(), outcome: outcome.clone() };
        self.status.send_modify(|status| {
            status.running = None;
            status.last = Some(finished);
        });
        outcome
    }

    /// Waits for the schedule or for somebody who asks. `None`: look again (time to stop, or a nap is over).
    async fn wait(&mut self, now: &impl Fn() -> Stamp, stop: &CancellationToken) -> Option<Turn<R, O>> {
        let present = now();
        let due = self.schedule.as_ref().and_then(|schedule| schedule.next_due(self.last, present));
        self.announce(due);
        if due.is_some_and(|due| due.at <= present) {
            return Some(Turn::Due);
        }
        // Until the first run, a slot is counted from here: without this, each look would find a later one.
        self.last.get_or_insert(present);
        let nap = due.map_or(NAP, |due| due.at.since(present).min(NAP));
        tokio::select! {
            biased;
            () = stop.cancelled() => None,
            // When every handle is gone there is nobody to ask, and only the schedule is left.
            Some(ticket) = self.queue.recv() => Some(Turn::Asked(ticket)),
            () = tokio::time::sleep(nap) => None,
        }
    }

    fn announce(&self, due: Option<Due>) {
        let next = due.map(|due| due.at);
        self.status.send_if_modified(|status| std::mem::replace(&mut status.next, next) != next);
    }
}

/// Whose turn it is.
enum Turn<R, O> {
    Due,
    Asked(Ticket<R, O>),
}
