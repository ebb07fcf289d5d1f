//! One measured step, in a process of its own: the real engine on a real configuration, or the baseline.

use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use model::{Clock, Subject, SupporterId};
use plan::{CycleReport, Quiet, Sides};
use salesforce::Usage;
use service::request::{Mode, Request};
use service::resync::Who;
use tokio_util::sync::CancellationToken;

use super::figures::Figures;
use super::{plain, plain_pull};
use crate::config::{Config, Environment, load};
use crate::failure::Failure;
use crate::wire;

/// What is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Step {
    /// A cycle in both directions.
    Sync,
    /// A push.
    Push,
    /// A pull.
    Pull,
    /// A resync of one supporter.
    Resync,
    /// The least that any program would do for a first push.
    PlainPush,
    /// The least that any program would do for a first pull.
    PlainPull,
}

impl Step {
    /// The word on the command line.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Sync => "sync",
            Self::Push => "push",
            Self::Pull => "pull",
            Self::Resync => "resync",
            Self::PlainPush => "plain-push",
            Self::PlainPull => "plain-pull",
        }
    }
}

/// Carries out a step and tells what it used.
///
/// # Errors
/// Whatever stands in the way of the step.
pub async fn carry_out(step: Step, file: &Path, supporter: Option<i64>) -> Result<Figures, Failure> {
    let begun = Instant::now();
    let config = load(file, None, &Environment::default())?;
    let figures = match step {
        Step::PlainPush => plain::push(&config).await?,
        Step::PlainPull => plain_pull::pull(&config).await?,
        Step::Sync => cycle(&config, Mode::Sync).await?,
        Step::Push => cycle(&config, Mode::Push).await?,
        Step::Pull => cycle(&config, Mode::Pull).await?,
        Step::Resync => resync(&config, supporter.unwrap_or_default()).await?,
    };
    figures.used(begun.elapsed())
}

async fn sides(config: &Config) -> Result<Sides, Failure> {
    let clock = Clock::system();
    let state = wire::state::open(config, &clock).await?;
    wire::sides::sides(config, state, clock, Arc::new(Quiet), CancellationToken::new()).await
}

async fn cycle(config: &Config, mode: Mode) -> Result<Figures, Failure> {
    let sides = sides(config).await?;
    let report = match service::cycle::run(&sides, &Request::whole(mode), &mut |_| {}).await {
        Ok(Ok(report)) => report,
        Ok(Err(running)) => return Err(Failure::AlreadyRunning(running.to_string())),
        Err(fatal) => return Err(Failure::Cycle(Arc::new(Err(fatal)))),
    };
    Ok(figures(&report, &sides.org.usage()))
}

async fn resync(config: &Config, supporter: i64) -> Result<Figures, Failure> {
    let sides = sides(config).await?;
    let id = SupporterId::parse(&supporter.to_string());
    let id = id.map_err(|_| Failure::Unexpected("a number is no supporter id"))?;
    match service::resync::resync(&sides, &Who::Subject(Subject::Supporter(id))).await {
        Ok(Ok(Ok(report))) => Ok(figures(&report.cycle, &sides.org.usage())),
        Ok(Ok(Err(nobody))) => Err(Failure::UnknownPerson(nobody.to_string())),
        Ok(Err(running)) => Err(Failure::AlreadyRunning(running.to_string())),
        Err(fatal) => Err(Failure::Cycle(Arc::new(Err(fatal)))),
    }
}

fn figures(report: &CycleReport, usage: &Usage) -> Figures {
    Figures {
        people: report.selected,
        writes: report.rows.sent + report.supporter_writes,
        calls: usage.total(),
        bytes_out: usage.bytes_out,
        bytes_in: usage.bytes_in,
        outcomes: report.outcomes.clone(),
        ..Figures::default()
    }
}
