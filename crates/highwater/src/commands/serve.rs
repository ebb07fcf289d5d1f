//! `highwater serve`: cycles on the schedule, and events beside them or alone.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use clap::{Parser, ValueEnum};
use events::Queue;
use model::{Clock, CycleId, Stamp};
use plan::{Fatal, Sides};
use salesforce::Org;
use service::control::{Output, Server};
use service::request::{Mode, Request};
use service::{Runner, Schedule};
use tokio::sync::watch;
use tokio::task::JoinHandle;

use super::starting::With;
use super::{delivering, intake, replicate, starting};
use crate::cli::Cli;
use crate::desk::{Desk, Worker};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::job::{self, Done, Job, Report};
use crate::output::{Format, Screen, counted};
use crate::run::at_the_desk;
use crate::wire;

/// How.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:
  highwater serve

Started before the network or a database is there, it keeps trying, and says so. It ends by itself when only a person can put \
right what is wrong, such as refused credentials. Else it runs until SIGTERM or SIGINT: the first lets the current step come to its end, a second exits at \
once. While it runs, other highwater commands on the same configuration are carried out by it; only `forget` and `check --rebuild` \
need it stopped first. Where [[intake.source]] is configured, it takes events in, too, and delivers them; with supporters.kind = \"none\" it \
runs no cycles beside that. Where [admin] says listen, it shows a page in a browser behind a password, /metrics for Prometheus and /healthz.")]
pub struct Args {
    /// Run a cycle at once, and then on the schedule
    #[arg(long)]
    pub now: bool,
}

/// Runs until it is told to stop, or until only a person can put right what is wrong.
///
/// # Errors
/// Whatever stands in the way and does not pass by itself; what passes is logged, and tried again.
pub async fn run(args: &Args, desk: &Desk) -> Result<Exit, Failure> {
    // Before anything else begins: a port that is taken or a password that is weak is said at once.
    let page = wire::admin::listener(&desk.config, &Clock::system(), desk.stop()).await?;
    let queue = queue(desk).await?;
    let desk = &Desk { events: queue.clone(), ..desk.clone() };
    let taking = taking(desk, queue.clone()).await?;
    let (present, at_present) = watch::channel(desk.clone());
    let paged = tokio::spawn(crate::admin::serve_pages(page, at_present.clone()));
    let ended = work(args, desk, queue, (&present, at_present)).await;
    // Events come in, and pages are shown, for as long as anything else is done here, and no longer.
    desk.stop().cancel();
    paged.await.map_err(|_| Failure::Unexpected("showing the admin page ended in a defect"))?;
    if let Some(taking) = taking {
        taking.await.map_err(|_| Failure::Unexpected("taking events in ended in a defect"))?;
    }
    ended
}

/// The kept events, where any are taken in or delivered.
async fn queue(desk: &Desk) -> Result<Option<Queue>, Failure> {
    if !desk.config.intake.is_on() && desk.config.actions.is_empty() {
        return Ok(None);
    }
    wire::intake::queue(&desk.config, &Clock::system()).await.map(Some)
}

/// Takes events in beside everything else, also while the org cannot be reached. `None`: there is no source of any.
async fn taking(desk: &Desk, queue: Option<Queue>) -> Result<Option<JoinHandle<()>>, Failure> {
    let Some(queue) = queue.filter(|_| desk.config.intake.is_on()) else { return Ok(None) };
    let listener = wire::intake::listener(&desk.config, None).await?;
    let taking = intake::take_in(&desk.config, queue, listener, desk.stop().clone())?;
    tracing::info!("events are taken in on {}", desk.config.intake.listen);
    Ok(Some(tokio::spawn(taking)))
}

async fn work(
    args: &Args,
    desk: &Desk,
    queue: Option<Queue>,
    (present, at_present): (&watch::Sender<Desk>, watch::Receiver<Desk>),
) -> Result<Exit, Failure> {
    let (schedule, last) = (schedule(desk)?, last(args, desk)?);
    let stop = desk.stop().clone();
    let Some(first) = starting::attempt(desk).await else { return Ok(Exit::Done) };
    let first = match first {
        Err(failure) if !starting::passes(&failure) => return Err(failure),
        first => first,
    };
    let server = Server::bind(desk.state.dir()).await?;
    if let Some(banner) = desk.config.banner() {
        tracing::warn!("{}", banner.line());
    }
    let answered = move |argv, output| answer(at_present.borrow().clone(), argv, output);
    let asked = server.serve(answered, stop.clone());
    let work = async {
        let worked = match starting::until_begun(desk, first, present).await {
            Ok(Some(With::Sides(sides))) => everything(desk, *sides, (schedule, last), present, queue).await,
            Ok(Some(With::Org(org))) => events_alone(desk, org, present, queue).await,
            Ok(None) => Ok(()),
            Err(failure) => Err(failure),
        };
        // Whoever is served still is told that the service stops.
        stop.cancel();
        worked
    };
    let ((), worked) = tokio::join!(asked, work);
    tracing::info!("stopped");
    worked.map(|()| Exit::Done)
}

/// Cycles, events and replication. When one of them cannot go on, the others come to their end too.
async fn everything(
    desk: &Desk,
    sides: Sides,
    (schedule, last): (Schedule, Option<Stamp>),
    present: &watch::Sender<Desk>,
    queue: Option<Queue>,
) -> Result<(), Failure> {
    let stop = sides.stop.clone();
    let until = async |work: Result<(), Failure>| {
        if work.is_err() {
            stop.cancel();
        }
        work
    };
    let with = (sides.org.clone(), sides.state.clone());
    let delivering =
        async { until(delivering::until_stopped(&desk.config, with, queue, stop.clone()).await).await };
    let replicating = async { until(replicate::until_stopped(&desk.config, &sides).await).await };
    let working = cycles(desk, sides.clone(), schedule, last, present);
    let (worked, delivered, replicated) = tokio::join!(working, delivering, replicating);
    worked.and(delivered).and(replicated)
}

/// Events, and nobody to keep in step. The service goes on where there is no action yet: it takes events in.
async fn events_alone(
    desk: &Desk,
    org: Org,
    present: &watch::Sender<Desk>,
    queue: Option<Queue>,
) -> Result<(), Failure> {
    let (state, stop) = (desk.state.clone(), desk.stop().clone());
    present.send_replace(Desk {
        worker: Worker::Events { org: org.clone(), stop: stop.clone() },
        ..desk.clone()
    });
    tracing::info!("serving on {}, events alone: there is no supporter database", state.dir().display());
    let with = (org.clone(), state.clone());
    let delivering = async {
        let delivered = delivering::until_stopped(&desk.config, with, queue, stop.clone()).await;
        if delivered.is_ok() {
            stop.cancelled().await;
        }
        stop.cancel();
        delivered
    };
    let (delivered, ()) = tokio::join!(delivering, delivering::tidy_until_stopped(&org, &state, &stop));
    let closed = org.close_books().await;
    delivered?;
    Ok(closed?)
}

/// Cycles on the schedule and whatever is asked for, one after the other.
async fn cycles(
    desk: &Desk,
    sides: Sides,
    schedule: Schedule,
    last: Option<Stamp>,
    present: &watch::Sender<Desk>,
) -> Result<(), Failure> {
    let (runner, handle) = Runner::new(Some(schedule), last);
    let worker = Worker::Service { sides: Box::new(sides.clone()), handle };
    present.send_replace(Desk { worker, ..desk.clone() });
    tracing::info!("serving on {}", desk.state.dir().display());
    let (clock, stop) = (sides.clock.clone(), sides.stop.clone());
    let ended = OnceLock::new();
    let scheduled = || Job::cycle(Request::whole(Mode::Sync));
    runner.work(|| clock.now(), scheduled, |job, _| logged(&sides, job, &ended), stop).await;
    ended.into_inner().map_or(Ok(()), |done| Err(Failure::Cycle(done)))
}

fn schedule(desk: &Desk) -> Result<Schedule, Failure> {
    let settings = &desk.config.schedule;
    let name = desk.state.org().map(|org| org.to_string()).unwrap_or_default();
    let jitter = Duration::from_secs(settings.jitter_seconds.get());
    settings.times().map(|schedule| schedule.with_jitter(jitter, &name)).map_err(|problem| {
        Failure::Arguments { problem: problem.to_string(), advice: "correct [schedule] in the configuration" }
    })
}

/// When the last cycle was, so that a slot missed meanwhile is made up for.
fn last(args: &Args, desk: &Desk) -> Result<Option<Stamp>, Failure> {
    if args.now {
        return Ok(Some(Stamp::EPOCH));
    }
    Ok(desk.state.progress()?.cycle.map(|finished| finished.at))
}

/// One run, and one line about it. What only a person can put right ends the service, which then says it once.
async fn logged(sides: &Sides, job: Job, ended: &OnceLock<Done>) -> Done {
    let done = job::carry_out(sides, &job).await;
    if matches!(done.as_ref(), Err(fatal) if needs_a_person(fatal)) {
        let _ = ended.set(Arc::clone(&done));
        sides.stop.cancel();
        return done;
    }
    match done.as_ref() {
        Ok(Ok(Report::Person(_))) => tracing::info!("a resync of one person ended"),
        Ok(Ok(Report::TakenBack(_))) => tracing::info!("a value that had lost a conflict was asked for"),
        Ok(Ok(Report::Cycle(report))) => tracing::info!(
            cycle.id = report.cycle.0,
            cycle.mode = report.mode,
            cycle.duration_ms = report.duration_ms,
            cycle.selected = report.selected,
            cycle.rows_sent = report.rows.sent,
            cycle.rows_failed = report.rows.failed,
            cycle.supporter_writes = report.supporter_writes,
            cycle.still_waiting = report.still_dirty,
            "{} ended: {} selected, {} sent, {} refused",
            called(&job, report.cycle),
            report.selected,
            counted(report.rows.sent, "row", "rows"),
            report.rows.failed
        ),
        Ok(Err(running)) => tracing::warn!("{running}"),
        Err(fatal) => tracing::error!("the cycle could not go on: {fatal}"),
    }
    done
}

/// What the log calls it: only what may write is a cycle.
fn called(job: &Job, cycle: CycleId) -> String {
    match job {
        Job::Verify { .. } => "a comparison of both sides".to_owned(),
        Job::Cycle { request: Request { dry_run: true, .. }, .. } => "a preview".to_owned(),
        Job::Cycle { .. } | Job::Resync(_) | Job::TakeBack { .. } => format!("cycle {}", cycle.0),
    }
}

/// Whether every later cycle would end the same way until somebody acts. A refused sign-in is not offered again and again: that
/// locks the user.
fn needs_a_person(fatal: &Fatal) -> bool {
    use salesforce::ErrorKind;
    match fatal {
        Fatal::Salesforce(error) => matches!(
            error.kind(),
            ErrorKind::NotAuthorised
                | ErrorKind::WrongOrg
                | ErrorKind::UntrustedAddress
                | ErrorKind::TokenNotKept
                | ErrorKind::VersionRetired
        ),
        Fatal::State(error) => matches!(error, state::Error::Refused(state::Refusal::OtherOrg { .. })),
        Fatal::Supporters(_) | Fatal::Setup { .. } | Fatal::Spool { .. } => false,
    }
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
    let banner = desk.config.banner();
    desk.screen = Screen::of_client(chosen.unwrap_or(cli.common.format), output).under(banner);
    let done = at_the_desk(&cli.verb, &desk).await;
    desk.close_books().await;
    let exit = match done {
        Ok(exit) => exit,
        Err(failure) => {
            desk.screen.say(&failure.text()).await;
            failure.exit()
        }
    };
    exit.number().into()
}
