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
use super::stage::failed;
use super::{plain, plain_pull, sqlite_alone};
use crate::commands::report::{options, written};
use crate::config::{Config, Environment, load};
use crate::failure::Failure;
use crate::output::Format;
use crate::wire;
use crate::wire::sides::Purpose;

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
    /// The merge report, as JSON.
    Report,
    /// Every supporter's names and address against his own and his neighbour's.
    Matching,
    /// The least that any program would do for a first push.
    PlainPush,
    /// The least that any program would do for a first pull.
    PlainPull,
    /// What a first push asks of the database alone.
    SqlitePush,
    /// What a first pull asks of the database alone.
    SqlitePull,
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
            Self::Report => "report",
            Self::Matching => "matching",
            Self::PlainPush => "plain-push",
            Self::PlainPull => "plain-pull",
            Self::SqlitePush => "sqlite-push",
            Self::SqlitePull => "sqlite-pull",
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
        Step::SqlitePush => sqlite_alone::push(&config)?,
        Step::SqlitePull => sqlite_alone::pull(&config)?,
        Step::Report => report(&config).await?,
        Step::Matching => matching(&config)?,
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
    wire::sides::sides(config, state, clock, Arc::new(Quiet), CancellationToken::new(), Purpose::Write).await
}

async fn cycle(config: &Config, mode: Mode) -> Result<Figures, Failure> {
    let sides = sides(config).await?;
    let report = match service::cycle::run(&sides, &Request::whole(mode), &mut |_| {}).await {
        Ok(Ok(report)) => report,
        Ok(Err(running)) => return Err(Failure::AlreadyRunning(running.to_string())),
        Err(fatal) => return Err(Failure::Cycle(Arc::new(Err(fatal)))),
    };
    with_state(&sides, figures(&report, &sides.org.usage()))
}

/// The figures, and what the state takes on disk.
fn with_state(sides: &Sides, figures: Figures) -> Result<Figures, Failure> {
    let state_bytes = sides.state.bytes_on_disk().map_err(failed)?;
    Ok(Figures { state_bytes, ..figures })
}

async fn resync(config: &Config, supporter: i64) -> Result<Figures, Failure> {
    let sides = sides(config).await?;
    let id = SupporterId::parse(&supporter.to_string());
    let id = id.map_err(|_| Failure::Unexpected("a number is no supporter id"))?;
    match service::resync::resync(&sides, &Who::Subject(Subject::Supporter(id))).await {
        Ok(Ok(Ok(report))) => with_state(&sides, figures(&report.cycle, &sides.org.usage())),
        Ok(Ok(Err(nobody))) => Err(Failure::UnknownPerson(nobody.to_string())),
        Ok(Err(running)) => Err(Failure::AlreadyRunning(running.to_string())),
        Err(fatal) => Err(Failure::Cycle(Arc::new(Err(fatal)))),
    }
}

/// The merge report into nothing.
async fn report(config: &Config) -> Result<Figures, Failure> {
    let state = wire::state::open(config, &Clock::system()).await?;
    let options = options(config, Format::Json, None);
    let writer: Box<dyn std::io::Write + Send> = Box::new(std::io::sink());
    let written = written(writer, move |to| report::merges(&state, &options, to)).await?;
    Ok(Figures { people: written.unwrap_or_default(), ..Figures::default() })
}

/// Names and addresses of the whole table, each row against itself and the one before. Counts how many of those pairs are
/// somebody: the comparison cannot be left out.
fn matching(config: &Config) -> Result<Figures, Failure> {
    let connection = plain::open(config)?;
    let sql = "SELECT ifnull(first_name, ''), ifnull(last_name, ''), ifnull(email, '') FROM supporters";
    let mut select = connection.prepare(sql).map_err(plain::other)?;
    let mut rows = select.query(()).map_err(plain::other)?;
    let rules = matching::Config::default();
    let knowledge = matching::Knowledge::built_in();
    let mut figures = Figures::default();
    let mut before: Option<matching::Person> = None;
    while let Some(row) = rows.next().map_err(plain::other)? {
        let text = |at: usize| row.get::<_, String>(at).map_err(plain::other);
        let person = matching::Person::new(&text(0)?, &text(1)?, &text(2)?);
        figures.people += 1;
        for other in [Some(&person), before.as_ref()].into_iter().flatten() {
            let outcome = matching::compare(&person, other, knowledge, &rules);
            *figures.outcomes.entry(format!("{:?}", outcome.strength)).or_default() += 1;
        }
        before = Some(person);
    }
    Ok(figures)
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
