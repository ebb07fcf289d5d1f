//! `highwater events retry` and `drop`: what a person decides about events that went no further.

use std::path::PathBuf;
use std::time::Duration;

use actions::run::forget_event;
use events::queue::{Decided, Decision, Found, Look, Request, RequestError, Seen};
use events::{Queue, QueueError};
use model::Clock;
use segments::Cursor;
use serde_json::json;
use state::Changes;

use super::events_filter::{Filter, StateName};
use crate::desk::{Desk, Worker};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::{Answer, Sheet};
use crate::wire;

/// How often an answer is looked for.
const LOOK_AGAIN: Duration = Duration::from_millis(250);
/// How many times.
const PATIENCE: u32 = 120;

/// Which.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  highwater events retry 0197a0c4-5a1e-7c11-9b1e-2f6f3a1c0d11
  highwater events retry --action new-lead --outcome refused
  highwater events drop --outcome several --source website --dry-run
  highwater events drop --all

Without EVENT, all that wait for a person and fit the options are meant; --state waiting or --state dropped means those instead. \
What an event did already for one action is not done a second time. Carried out by the running service or intake, where there is one.")]
pub struct DecideArgs {
    /// Their messageIds, or their places as `events list` shows them
    #[arg(value_name = "EVENT", conflicts_with = "all")]
    pub events: Vec<String>,
    /// Which.
    #[command(flatten)]
    pub filter: Filter,
    /// Every event that waits for a person
    #[arg(long)]
    pub all: bool,
    /// Count them, and decide nothing
    #[arg(long)]
    pub dry_run: bool,
}

/// Decides.
///
/// # Errors
/// When nothing says which events, there is none like that, or the events are in use by an intake of its own.
pub async fn run(args: &DecideArgs, decision: Decision, desk: &Desk) -> Result<Exit, Failure> {
    if args.events.is_empty() && args.filter.is_empty() && !args.all {
        return Err(Failure::Arguments {
            problem: "nothing says which events are meant".to_owned(),
            advice: "name them, or give --action, --outcome or another option, or --all",
        });
    }
    let found = find(args, decision, desk).await?;
    if args.dry_run {
        let fit = |seen: &&Seen| seen.settlement.as_ref().is_some_and(|last| decision.fits(last.ending));
        let meant = found.events.iter().filter(fit).count();
        return show(desk, decision, meant as u64, found.events.len() as u64 - meant as u64, true).await;
    }
    let told = |events: usize| format!("events {}: {events}", word(decision));
    if carry_out(desk, decision, &found, &told).await? == 0 && !args.events.is_empty() {
        return Err(Failure::Arguments {
            problem: "nothing is left to decide about that event: it is done, or on its way".to_owned(),
            advice: "`highwater events show` says how it stands",
        });
    }
    Ok(Exit::Done)
}

/// Carries a decision out and says for how many; by whoever holds the events. `told` is for the audit trail.
///
/// # Errors
/// When the events cannot be written, or whoever holds them does not answer.
pub(super) async fn carry_out(
    desk: &Desk,
    decision: Decision,
    found: &Found,
    told: &(dyn Fn(usize) -> String + Sync),
) -> Result<u64, Failure> {
    let decided = match queue(desk).await {
        Ok(queue) => queue.decide(found, decision).await?,
        Err(Failure::Events(QueueError::Log(segments::Error::InUse(_)))) => {
            ask(desk, decision, found).await?
        }
        Err(other) => return Err(other),
    };
    if !decided.decided.is_empty() {
        remember(desk, decision, found, &decided, told(decided.decided.len())).await?;
    }
    let done = decided.decided.len() as u64;
    show(desk, decision, done, decided.left_alone, false).await?;
    Ok(done)
}

/// An intake of its own holds the events: it carries out what is left beside them for it.
async fn ask(desk: &Desk, decision: Decision, found: &Found) -> Result<Decided, Failure> {
    let dir = desk.config.resolve(&desk.config.intake.dir);
    hear(Request::leave(&dir, decision, found).map_err(unheard)?, dir).await
}

/// Waits for what becomes of something that was left for whoever holds the events.
pub(super) async fn hear(left: Request, dir: PathBuf) -> Result<Decided, Failure> {
    for _ in 0..PATIENCE {
        tokio::time::sleep(LOOK_AGAIN).await;
        if let Some(decided) = left.answer().map_err(unheard)? {
            return Ok(decided);
        }
    }
    if left.take_back() {
        return Err(Failure::Events(QueueError::Log(segments::Error::InUse(dir))));
    }
    tokio::time::sleep(LOOK_AGAIN * 20).await;
    left.answer()
        .map_err(unheard)?
        .ok_or(Failure::Unexpected("whoever holds the events took the decision up and did not answer"))
}

/// The service's own queue, or that of the directory.
pub(super) async fn queue(desk: &Desk) -> Result<Queue, Failure> {
    match &desk.events {
        Some(queue) => Ok(queue.clone()),
        None => wire::intake::queue(&desk.config, &Clock::system()).await,
    }
}

pub(super) fn unheard(error: RequestError) -> Failure {
    match error {
        RequestError::Queue(error) => Failure::Events(error),
        RequestError::Io(_) => Failure::Unexpected("a decision cannot be left beside the events"),
    }
}

async fn find(args: &DecideArgs, decision: Decision, desk: &Desk) -> Result<Found, Failure> {
    let dir = desk.config.resolve(&desk.config.intake.dir);
    let (named, filter) = (args.events.clone(), args.filter.clone());
    let looked = tokio::task::spawn_blocking(move || {
        let places: Vec<Cursor> = named.iter().filter_map(|name| name.parse().ok()).collect();
        let mut missing: Vec<String> = named.clone();
        let found = Look::open(&dir)?.find(|seen| {
            if named.is_empty() {
                let stands = seen.settlement.as_ref().is_some_and(|last| decision.fits(last.ending));
                let asked = filter.state.is_some() || StateName::of(seen) == StateName::NeedsPerson;
                return stands && asked && filter.wants(seen);
            }
            let is = |name: &String| *name == seen.event.id || name.parse() == Ok(seen.at);
            missing.retain(|name| !is(name));
            (named.contains(&seen.event.id) || places.contains(&seen.at)) && filter.wants(seen)
        })?;
        Ok::<_, QueueError>((found, missing))
    });
    let looked = looked.await.map_err(|_| Failure::Unexpected("looking for the events ended in a defect"))?;
    let (found, missing) = looked?;
    missing.first().map_or(Ok(found), |name| Err(Failure::no_event(name)))
}

/// Who decided stays in the audit trail; what a dropped event had done is remembered no longer.
async fn remember(
    desk: &Desk,
    decision: Decision,
    found: &Found,
    decided: &Decided,
    told: String,
) -> Result<(), Failure> {
    let mut changes = Changes::new();
    if decision == Decision::Drop {
        for seen in found.events.iter().filter(|seen| decided.decided.contains(&seen.at)) {
            forget_event(&mut changes, &seen.event);
        }
    }
    changes.audit(&desk.by, &told);
    let _receipt = desk.state.commit(changes).await?;
    Ok(())
}

/// What was done, for the audit trail.
pub(super) const fn done(decision: Decision) -> &'static str {
    match decision {
        Decision::Retry => "tried again",
        Decision::Drop => "dropped",
    }
}

const fn word(decision: Decision) -> &'static str {
    match decision {
        Decision::Retry => "retry",
        Decision::Drop => "drop",
    }
}

async fn show(desk: &Desk, decision: Decision, meant: u64, left: u64, dry: bool) -> Result<Exit, Failure> {
    let mut sheet = Sheet::new("events", &["what", "events"]);
    sheet.row([word(decision).to_owned(), meant.to_string()]);
    sheet.row(["left alone".to_owned(), left.to_string()]);
    let value = json!({ "decision": word(decision), "events": meant, "left_alone": left, "dry_run": dry });
    let mut answer = Answer::of(sheet, value);
    if dry {
        answer.notes.push("nothing was decided".to_owned());
    } else if decision == Decision::Retry && meant > 0 {
        answer.notes.push(match desk.worker {
            Worker::Service { .. } | Worker::Starting { .. } | Worker::Events { .. } => {
                "the service tries them again now".to_owned()
            }
            Worker::Own { .. } => "`highwater deliver` tries them again".to_owned(),
        });
    }
    desk.screen.answer(&answer).await.map_err(Failure::stdout)?;
    Ok(Exit::Done)
}
