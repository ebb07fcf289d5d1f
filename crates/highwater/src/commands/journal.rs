//! `highwater journal`: what was sent and is not settled yet.

use actions::job::left_behind;
use clap::Subcommand;
use model::{JobId, Stamp};
use serde_json::{Value, json};
use service::in_flight::{InFlight, in_flight};

use crate::desk::{Desk, Worker};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::{Answer, Sheet};

/// What the next delivery of events does with a job of an earlier one.
const EVENTS_NEXT: &str = "its end is waited for before events are sent; its events are delivered again";

/// What to do.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  highwater journal list
  highwater journal list --format json

Before anything is sent, what is to be sent is written down; when every row has its outcome, the entry goes. What is listed here is \
under way, or was left behind by a run that was broken off. Nothing needs to be done about it: the next cycle settles it before it \
begins anything new, and nobody is sent twice. The list shows which Salesforce job it is (Setup, Bulk Data Load Jobs). Salesforce is \
not asked. Ends with 0, whether something is listed or not.")]
pub struct Args {
    /// List.
    #[command(subcommand)]
    pub action: Action,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Action {
    /// Every job and every lot of calls that is not settled yet
    List,
}

/// Lists them.
///
/// # Errors
/// [`Failure`] when the state cannot be read.
pub async fn run(args: &Args, desk: &Desk) -> Result<Exit, Failure> {
    match args.action {
        Action::List => {}
    }
    let head = [
        "plan",
        "cycle",
        "kind",
        "Salesforce job",
        "state",
        "rows",
        "since",
        "next",
        "what the next cycle does",
    ];
    let mut sheet = Sheet::new("in flight", &head);
    let mut json = Vec::new();
    for one in in_flight(&desk.state)? {
        sheet.row(row(&one));
        json.push(value(&one));
    }
    for (job, since) in left_behind(&desk.state)? {
        sheet.row(event_row(job, since));
        json.push(json!({
            "plan": null, "cycle": null, "kind": "event_job", "job": job, "state": "created", "rows": null,
            "since": since.to_string(), "next": "wait", "words": EVENTS_NEXT,
        }));
    }
    let empty = json.is_empty();
    let mut answer = Answer::of(sheet, json.into());
    if empty {
        answer.notes.push("nothing is in flight: every row that was sent has its outcome".to_owned());
    } else if at_work(desk) {
        answer.notes.push("a cycle is at work: what is listed is its own, and is settled by it".to_owned());
    }
    desk.screen.answer(&answer).await.map_err(Failure::stdout)?;
    Ok(Exit::Done)
}

fn at_work(desk: &Desk) -> bool {
    match &desk.worker {
        Worker::Service { handle, .. } => handle.status().running.is_some(),
        Worker::Own { .. } | Worker::Starting { .. } | Worker::Events { .. } => false,
    }
}

fn row(one: &InFlight) -> [String; 9] {
    let text = |number: Option<u64>| number.map_or_else(|| "-".to_owned(), |number| number.to_string());
    [
        text(one.plan.map(|plan| plan.0)),
        text(one.cycle.map(|cycle| cycle.0)),
        one.kind.word().to_owned(),
        one.job.map_or_else(|| "-".to_owned(), |job| job.to_string()),
        phase(one),
        one.rows.to_string(),
        one.since.to_seconds_text(),
        one.next.word().to_owned(),
        one.next.sentence().to_owned(),
    ]
}

fn event_row(job: JobId, since: Stamp) -> [String; 9] {
    let cells = [
        "-",
        "-",
        "event_job",
        &job.to_string(),
        "created",
        "-",
        &since.to_seconds_text(),
        "wait",
        EVENTS_NEXT,
    ];
    cells.map(str::to_owned)
}

fn value(one: &InFlight) -> Value {
    json!({
        "plan": one.plan.map(|plan| plan.0), "cycle": one.cycle.map(|cycle| cycle.0), "kind": one.kind.word(),
        "job": one.job, "state": phase(one), "rows": one.rows, "since": one.since.to_string(),
        "next": one.next.word(), "words": one.next.sentence(),
    })
}

/// The word under which the state keeps it.
fn phase(one: &InFlight) -> String {
    let word = serde_json::to_value(&one.phase).ok();
    word.and_then(|word| word.as_str().map(str::to_owned)).unwrap_or_default()
}
