//! One piece of work that needs both sides, carried out here or by the running service.

use std::sync::Arc;

use plan::{CycleReport, Fatal, Sides};
use service::request::Request;
use service::resync::{NotFound, ResyncReport, Who, resync};
use service::take_back::{NotTaken, TakenBack, take_back};
use service::verify::{Scope, verify};
use state::AlreadyRunning;

use crate::commands::verify::Listing;
use crate::failure::Failure;
use crate::plan_text::PlanSender;
use crate::wire::sides::Purpose;
use crate::wire::{self, known_org};

/// What is asked for.
#[derive(Clone)]
pub enum Job {
    /// A cycle.
    Cycle {
        /// Which.
        request: Request,
        /// Who wants to see the plans of a dry run.
        plans: Option<PlanSender>,
    },
    /// One person, with before and after.
    Resync(Who),
    /// A value that lost a conflict, back.
    TakeBack {
        /// The entry of the conflict log.
        number: u64,
        /// Who asks.
        by: String,
    },
    /// Everybody is looked at, and nothing written.
    Verify {
        /// Whom, and how.
        scope: Scope,
        /// Where findings go.
        listing: Listing,
    },
}

impl Job {
    /// A cycle whose plans nobody wants to see.
    #[must_use]
    pub const fn cycle(request: Request) -> Self {
        Self::Cycle { request, plans: None }
    }

    /// Whether it may write.
    #[must_use]
    pub const fn purpose(&self) -> Purpose {
        match self {
            Self::Cycle { request: Request { dry_run: true, .. }, .. } | Self::Verify { .. } => Purpose::Look,
            Self::Cycle { .. } | Self::Resync(_) | Self::TakeBack { .. } => Purpose::Write,
        }
    }
}

/// What a job that was begun came to.
#[derive(Debug)]
pub enum Report {
    /// A cycle's numbers, or those of a look at everybody: the mode says which.
    Cycle(Box<CycleReport>),
    /// One person, or why there was none.
    Person(Box<Result<ResyncReport, NotFound>>),
    /// A value that was taken back, or why it was not.
    TakenBack(Box<Result<TakenBack, NotTaken>>),
}

/// What came of it. Shared, because the service keeps the last one.
pub type Done = Arc<Result<Result<Report, AlreadyRunning>, Fatal>>;

/// Carries a job out.
pub async fn carry_out(sides: &Sides, job: &Job) -> Done {
    let done = match job {
        Job::Cycle { request, plans } => {
            let mut see = |seen: service::request::Seen<'_>| {
                if let Some(plans) = plans {
                    plans.send(seen);
                }
            };
            let ended = service::cycle::run(sides, request, &mut see).await;
            ended.map(|begun| begun.map(|report| Report::Cycle(Box::new(report))))
        }
        Job::TakeBack { number, by } => {
            let ended = take_back(sides, *number, by).await;
            ended.map(|begun| begun.map(|taken| Report::TakenBack(Box::new(taken))))
        }
        Job::Verify { scope, listing } => {
            let ended = verify(sides, scope, &mut |finding| listing.see(finding)).await;
            ended.map(|begun| begun.map(|report| Report::Cycle(Box::new(report))))
        }
        Job::Resync(who) => {
            let ended = resync(sides, who).await;
            ended.map(|begun| begun.map(|person| Report::Person(Box::new(person))))
        }
    };
    // A run that could not begin, too, has written calls down in advance.
    wire::budget::close(&sides.org).await;
    if done.is_err() {
        // A field may be gone or hidden. If this fails, too, the state says so the next time.
        let _ = known_org::forget(&sides.state).await;
    }
    Arc::new(done)
}

/// The report of a job that came to its end.
///
/// # Errors
/// [`Failure::Cycle`] when it could not, [`Failure::AlreadyRunning`] when another one was at work.
pub fn report(done: &Done) -> Result<&Report, Failure> {
    match done.as_ref() {
        Ok(Ok(report)) => Ok(report),
        Ok(Err(running)) => Err(Failure::AlreadyRunning(running.to_string())),
        Err(_) => Err(Failure::Cycle(Arc::clone(done))),
    }
}

/// The numbers of a cycle that came to its end.
///
/// # Errors
/// As [`report()`].
pub fn cycle_report(done: &Done) -> Result<&CycleReport, Failure> {
    match report(done)? {
        Report::Cycle(report) => Ok(report),
        Report::Person(_) | Report::TakenBack(_) => {
            Err(Failure::Unexpected("a cycle was asked for and something else came back"))
        }
    }
}
