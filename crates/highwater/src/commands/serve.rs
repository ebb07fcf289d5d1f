//! `highwater serve`: cycles on the schedule.

use std::time::Duration;

use clap::{Parser, ValueEnum};
use model::Stamp;
use plan::Sides;
use service::control::{Output, Server};
use service::request::{Mode, Request};
use service::{Runner, Schedule};

use crate::cli::Cli;
use crate::desk::{Desk, Worker};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::job::{self, Done, Job, Report};
use crate::output::{Format, Screen};
use crate::run::at_the_desk;

/// How.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:
  highwater serve

Runs until SIGTERM or SIGINT: the first lets the current step come to its end, a second exits at once. While it runs, other \
highwater commands on the same configuration are carried out by it.")]
pub struct Args {
    /// Run a cycle at once, and then on the schedule
    #[arg(long)]
    pub now: bool,
}

/// Runs until it is told to stop.
///
/// # Errors
/// Whatever stands in the way of the first cycle; later failures are logged, and the next slot tries again.
pub async fn run(args: &Args, desk: &Desk) -> Result<Exit, Failure> {
    let sides = desk.sides().await?;
    let stop = sides.stop.clone();
    let (runner, handle) = Runner::new(Some(schedule(desk)?), last(args, desk)?);
    let server = Server::bind(desk.state.dir()).await?;
    let worker = Worker::Service { sides: Box::new(sides.clone()), handle };
    let inside = Desk { worker, ..desk.clone() };
    let clock = sides.clock.clone();
    tracing::info!("serving on {}", desk.state.dir().display());
    let asked = server.serve(move |argv, output| answer(inside.clone(), argv, output), stop.clone());
    let scheduled = || Job::cycle(Request::whole(Mode::Sync));
    let cycles = runner.work(|| clock.now(), scheduled, |job, _| logged(&sides, job), stop.clone());
    tokio::join!(asked, cycles);
    tracing::info!("stopped");
    Ok(Exit::Done)
}

fn schedule(desk: &Desk) -> Result<Schedule, Failure> {
    let settings = &desk.config.schedule;
    let name = desk.state.org().map(|org| org.to_string()).unwrap_or_default();
    let parsed = Schedule::parse(&settings.text(), &settings.time_zone);
    let jitter = Duration::from_secs(settings.jitter_seconds.get());
    parsed.map(|schedule| schedule.with_jitter(jitter, &name)).map_err(|problem| Failure::Arguments {
        problem: problem.to_string(),
        advice: "correct [schedule] in the configuration",
    })
}

/// When the last cycle was, so that a slot missed meanwhile is made up for.
fn last(args: &Args, desk: &Desk) -> Result<Option<Stamp>, Failure> {
    if args.now {
        return Ok(Some(Stamp::EPOCH));
    }
    Ok(desk.state.progress()?.cycle.map(|finished| finished.at))
}

/// One run, and one line about it.
async fn logged(sides: &Sides, job: Job) -> Done {
    let done = job::carry_out(sides, &job).await;
    match done.as_ref() {
        Ok(Ok(Report::Person(_))) => tracing::info!("a resync of one person ended"),
        Ok(Ok(Report::Cycle(report))) => tracing::info!(
            cycle.id = report.cycle.0,
            cycle.mode = report.mode,
            cycle.duration_ms = report.duration_ms,
            cycle.selected = report.selected,
            cycle.rows_sent = report.rows.sent,
            cycle.rows_failed = report.rows.failed,
            cycle.supporter_writes = report.supporter_writes,
            cycle.still_waiting = report.still_dirty,
            "cycle {} ended: {} selected, {} rows sent, {} refused",
            report.cycle.0,
            report.selected,
            report.rows.sent,
            report.rows.failed
        ),
        Ok(Err(running)) => tracing::warn!("{running}"),
        Err(fatal) => tracing::error!("the cycle could not go on: {fatal}"),
    }
    done
}

/// A command that came over the control socket.
async fn answer(mut desk: Desk, argv: Vec<String>, output: Output) -> i32 {
    let parsed = Cli::try_parse_from(std::iter::once("highwater".to_owned()).chain(argv));
    let cli = match parsed {
        Ok(cli) => cli,
        Err(problem) => {
            output.stderr(&problem.render().to_string()).await;
            return Exit::Usage.number().into();
        }
    };
    let chosen = output.format().and_then(|word| Format::from_str(word, true).ok());
    desk.screen = Screen::of_client(chosen.unwrap_or(cli.common.format), output);
    let exit = match at_the_desk(&cli.verb, &desk).await {
        Ok(exit) => exit,
        Err(failure) => {
            desk.screen.say(&failure.text()).await;
            failure.exit()
        }
    };
    exit.number().into()
}
