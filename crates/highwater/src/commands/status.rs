//! `highwater status`: how things stand.

use std::collections::BTreeMap;

use events::queue::Look;
use model::{Clock, Direction, Policy, Side, Stamp};
use serde_json::{Value, json};

use super::case_counts::{CaseCounts, how_many};
use super::people::{self, Which};
use crate::desk::{Desk, Worker};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::{Answer, Sheet};
use crate::wire;

/// How many of the last cycles are shown.
const CYCLES: usize = 5;

/// The parts that say nothing where nobody is kept in step. The value has them all the same: whoever reads it finds each key.
const OF_PEOPLE: [&str; 5] = ["watermarks", "people", "waiting", "cycles", "policies"];

/// How many marks are counted by reason before the count is called "at least".
const MARKS: usize = 10_000;

/// The whole, or some supporters.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  highwater status
  highwater status --format json
  highwater status --not-synced --format csv
  highwater status --not-synced --by-reason
  highwater status --blocked

Without an option neither side is asked: everything is in the state. With one of them the supporter table is read, Salesforce is not.")]
pub struct Args {
    /// Which supporters.
    #[command(flatten)]
    pub which: Which,
    /// Count them by reason instead of listing
    #[arg(long)]
    pub by_reason: bool,
}

/// Shows how things stand, or the supporters asked for.
///
/// # Errors
/// [`Failure`] when the state cannot be read.
pub async fn run(args: &Args, desk: &Desk) -> Result<Exit, Failure> {
    if args.which.any() || args.by_reason {
        let all = Which { synced: true, not_synced: true, blocked: true };
        let which = if args.which.any() { args.which } else { all };
        return people::run(which, args.by_reason, desk).await;
    }
    let (cases, (aside, counts)) = cases(desk)?;
    let parts = [
        positions(desk)?,
        service(desk),
        numbers(desk)?,
        waiting(desk)?,
        cases,
        events(desk).await?,
        turned_away(desk).await?,
        cycles(desk)?,
        jobs(desk)?,
        budget(desk)?,
        policies(desk),
    ];
    let mut answer = Answer::default();
    let mut json = serde_json::Map::new();
    json.insert(aside.to_owned(), counts);
    let people = desk.config.supporters.kind.is_a_database();
    for (key, sheet, value) in parts {
        if people || !OF_PEOPLE.contains(&key) {
            answer.sheets.push(sheet);
        }
        json.insert(key.to_owned(), value);
    }
    answer.json = json.into();
    desk.screen.answer(&answer).await.map_err(Failure::stdout)?;
    Ok(Exit::Done)
}

type Part = (&'static str, Sheet, Value);

fn positions(desk: &Desk) -> Result<Part, Failure> {
    let mut sheet = Sheet::new("watermarks", &["side", "handled up to"]);
    let mut json = serde_json::Map::new();
    for side in [Side::Supporter, Side::Salesforce] {
        let at = desk.state.watermark(side)?.map(|at| at.to_string());
        sheet.row([side.to_string(), at.clone().unwrap_or_else(|| "nothing yet".to_owned())]);
        json.insert(side.to_string(), at.into());
    }
    Ok(("watermarks", sheet, json.into()))
}

/// Whether a service is at work here, and when its next cycle is.
fn service(desk: &Desk) -> Part {
    let mut sheet = Sheet::new("service", &["what", "value"]);
    let handle = match &desk.worker {
        Worker::Service { handle, .. } => handle,
        Worker::Own { .. } => {
            sheet.row(["running", "no"]);
            return ("service", sheet, json!({ "running": false }));
        }
        Worker::Events { .. } => {
            sheet.row(["running", "yes"]);
            sheet.row(["what it does", "delivers events; there is no supporter database"]);
            return ("service", sheet, json!({ "running": true, "events_alone": true }));
        }
        Worker::Starting { waiting, .. } => {
            sheet.row(["running", "waits until it can begin"]);
            sheet.row(["because", &waiting.because]);
            sheet.row(["tries".to_owned(), waiting.tries.to_string()]);
            let starting = json!({ "because": waiting.because, "tries": waiting.tries });
            return ("service", sheet, json!({ "running": true, "starting": starting }));
        }
    };
    let status = handle.status();
    let text = |at: Option<Stamp>| at.map_or_else(|| "-".to_owned(), Stamp::to_seconds_text);
    let since = status.running.as_ref().map(|running| running.since);
    sheet.row(["running".to_owned(), "yes".to_owned()]);
    sheet.row(["at work since".to_owned(), text(since)]);
    sheet.row(["next cycle".to_owned(), text(status.next)]);
    sheet.row(["cycles since its start".to_owned(), status.runs.to_string()]);
    let stamp = |at: Option<Stamp>| at.map(|at| at.to_string());
    let json = json!({
        "running": true, "at_work_since": stamp(since), "next_cycle": stamp(status.next), "runs": status.runs,
        "waiting": handle.waiting(), "stopping": status.stopping,
    });
    ("service", sheet, json)
}

fn numbers(desk: &Desk) -> Result<Part, Failure> {
    let mut sheet = Sheet::new("people", &["what", "how many"]);
    let figures = [
        ("linked", desk.state.link_count()?),
        ("waiting to be compared", desk.state.dirty_count()?),
        ("blocked (`highwater block list`)", desk.state.block_count()?),
    ];
    for (what, count) in figures {
        sheet.row([what.to_owned(), count.to_string()]);
    }
    let json = json!({ "linked": figures[0].1, "waiting": figures[1].1, "blocked": figures[2].1 });
    Ok(("people", sheet, json))
}

fn waiting(desk: &Desk) -> Result<Part, Failure> {
    let marks = desk.state.dirty_page(None, MARKS)?;
    let mut reasons: BTreeMap<String, u64> = BTreeMap::new();
    for reason in marks.iter().flat_map(|mark| mark.reasons.iter()) {
        *reasons.entry(word(&reason)).or_default() += 1;
    }
    let at_least = if marks.len() == MARKS { " (of the first 10,000)" } else { "" };
    let mut sheet = Sheet::new(&format!("waiting, by reason{at_least}"), &["reason", "how many"]);
    for (reason, count) in &reasons {
        sheet.row([reason.clone(), count.to_string()]);
    }
    Ok(("waiting", sheet, json!(reasons)))
}

/// The word an enum is stored and shown under.
fn word(value: &impl serde::Serialize) -> String {
    serde_json::to_value(value).ok().and_then(|value| value.as_str().map(str::to_owned)).unwrap_or_default()
}

/// Open cases, and how many of each kind wait for nobody.
fn cases(desk: &Desk) -> Result<(Part, (&'static str, Value)), Failure> {
    let mut sheet = Sheet::new("open cases (`highwater report merges`)", &["kind", "how many", "what to do"]);
    let counts = CaseCounts::of(&desk.state, Clock::system().now())?;
    for (kind, open, aside) in counts.each() {
        sheet.row([kind.code().to_owned(), how_many(open, aside), kind.advice().to_owned()]);
    }
    let all: BTreeMap<&str, u64> = counts.each().map(|(kind, open, _)| (kind.code(), open)).collect();
    let aside = counts.each().filter(|(_, _, aside)| *aside > 0);
    let aside: BTreeMap<&str, u64> = aside.map(|(kind, _, aside)| (kind.code(), aside)).collect();
    Ok((("cases", sheet, json!(all)), ("cases_aside", json!(aside))))
}

/// Events that were taken in, by how they stand.
async fn events(desk: &Desk) -> Result<Part, Failure> {
    let dir = desk.config.resolve(&desk.config.intake.dir);
    let tally = tokio::task::spawn_blocking(move || Look::open(&dir)?.tally()).await;
    let tally = tally.map_err(|_| Failure::Unexpected("counting the events ended in a defect"))??;
    let mut sheet = Sheet::new("events (`highwater events cases`)", &["state", "how many", "oldest"]);
    let counts = [
        ("open", tally.open, tally.oldest_under_way.filter(|_| tally.open > 0)),
        ("waiting", tally.waiting, tally.oldest_under_way.filter(|_| tally.open == 0)),
        ("needs_person", tally.needs_person, tally.oldest_dead_letter),
        ("done", tally.done, None),
        ("ignored", tally.ignored, None),
        ("dropped", tally.dropped, None),
    ];
    let mut json = serde_json::Map::new();
    let taken = counts.iter().any(|(_, count, _)| *count > 0);
    for (word, count, oldest) in counts {
        json.insert(word.to_owned(), count.into());
        if taken {
            let oldest = oldest.map_or_else(String::new, Stamp::to_seconds_text);
            sheet.row([word.to_owned(), count.to_string(), oldest]);
        }
    }
    let text = |at: Option<Stamp>| at.map(|at| at.to_string());
    json.insert("oldest_under_way".to_owned(), text(tally.oldest_under_way).into());
    json.insert("oldest_dead_letter".to_owned(), text(tally.oldest_dead_letter).into());
    json.insert("kept_days".to_owned(), desk.config.intake.keep_days.get().into());
    Ok(("events", sheet, json.into()))
}

/// What the way in turned away: a running service knows it to the last one, else it is as it was written down.
async fn turned_away(desk: &Desk) -> Result<Part, Failure> {
    let counts = match &desk.events {
        Some(queue) => queue.turned_away(),
        None => {
            let dir = desk.config.resolve(&desk.config.intake.dir);
            let looked = tokio::task::spawn_blocking(move || Look::open(&dir)?.turned_away()).await;
            looked.map_err(|_| Failure::Unexpected("counting what was turned away ended in a defect"))??
        }
    };
    let columns = ["source", "what", "reason", "how many", "the last"];
    let mut sheet = Sheet::new("turned away at the way in, and not kept", &columns);
    let mut json = Vec::with_capacity(counts.len());
    for one in &counts {
        let source = one.source.as_ref().map(|name| name.as_str());
        let what = wire::intake::what_word(one.what);
        json.push(json!({ "source": source, "what": what, "reason": one.reason, "count": one.count, "latest": one.latest.to_string() }));
        let source = source.unwrap_or(wire::intake::NO_SOURCE).to_owned();
        sheet.row([
            source,
            what.to_owned(),
            one.reason.clone(),
            one.count.to_string(),
            one.latest.to_seconds_text(),
        ]);
    }
    Ok(("turned_away", sheet, json.into()))
}

fn cycles(desk: &Desk) -> Result<Part, Failure> {
    let mut sheet = Sheet::new("last cycles", &["cycle", "mode", "began", "seconds", "selected", "outcomes"]);
    let summaries: Vec<_> = desk.state.summaries()?.into_iter().take(CYCLES).collect();
    for summary in &summaries {
        let text = |key: &str| summary.value.get(key).map_or_else(String::new, plain);
        let seconds = summary.value.get("duration_ms").and_then(Value::as_u64).map(|ms| ms.div_ceil(1_000));
        sheet.row([
            summary.cycle.0.to_string(),
            text("mode"),
            began(&summary.value),
            seconds.map_or_else(String::new, |seconds| seconds.to_string()),
            text("selected"),
            counts_text(summary.value.get("outcomes")),
        ]);
    }
    let json: Vec<Value> = summaries.into_iter().map(readable).collect();
    Ok(("cycles", sheet, json.into()))
}

fn readable(summary: state::Summary) -> Value {
    let at = began(&summary.value);
    let mut value = summary.value;
    if let Some(report) = value.as_object_mut() {
        report.insert("started_at".to_owned(), at.into());
    }
    value
}

/// When a cycle began, to the second.
fn began(report: &Value) -> String {
    let at = report.get("started_at").and_then(Value::as_str).and_then(|text| Stamp::parse(text).ok());
    at.map_or_else(String::new, Stamp::to_seconds_text)
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// `in_step 12, contact_created 3`.
fn counts_text(outcomes: Option<&Value>) -> String {
    let outcomes = outcomes.and_then(Value::as_object);
    let parts = outcomes.into_iter().flatten().map(|(code, count)| format!("{code} {count}"));
    parts.collect::<Vec<_>>().join(", ")
}

fn jobs(desk: &Desk) -> Result<Part, Failure> {
    let mut sheet = Sheet::new(
        "jobs in flight (`highwater journal list`)",
        &["plan", "cycle", "lane", "rows", "phase", "job", "planned"],
    );
    let journal = desk.state.journal()?;
    for entry in &journal {
        sheet.row([
            entry.plan.0.to_string(),
            entry.cycle.0.to_string(),
            entry.lane.code().to_owned(),
            entry.rows.to_string(),
            word(&entry.phase),
            entry.job.as_ref().map(ToString::to_string).unwrap_or_default(),
            entry.planned_at.to_string(),
        ]);
    }
    Ok(("journal", sheet, json!(journal)))
}

/// How much of the org's daily requests was used, as far as it is written down.
fn budget(desk: &Desk) -> Result<Part, Failure> {
    let (limits, spent) = (wire::budget::limits(&desk.config), wire::budget::spent(&desk.state)?);
    let ours = spent.within_a_day(Clock::system().now());
    let number =
        |number: Option<u64>| number.map_or_else(|| "not known yet".to_owned(), |number| number.to_string());
    let mut sheet = Sheet::new("the org's requests, 24 hours", &["what", "how many"]);
    sheet.row(["used by highwater".to_owned(), ours.to_string()]);
    sheet.row([format!("highwater's share ({} %)", limits.share_percent), number(spent.share(limits))]);
    sheet.row(["used by everybody, when last told".to_owned(), number(spent.used_by_all)]);
    sheet.row(["the org's allowance".to_owned(), number(spent.max)]);
    let json = json!({
        "used": ours, "share": spent.share(limits), "share_percent": limits.share_percent,
        "reserve_percent": limits.reserve_percent, "used_by_all": spent.used_by_all, "allowance": spent.max,
    });
    Ok(("budget", sheet, json))
}

/// What the configuration says about conflicts, without what is left to the org to say.
fn policies(desk: &Desk) -> Part {
    let mut sheet =
        Sheet::new("policies in force", &["Contact field", "direction", "both changed", "first meeting"]);
    let mut json = Vec::new();
    for field in &desk.config.fields {
        let by_type = || {
            let consent = field.kind == Some(model::FieldType::Boolean) || field.yes.is_some();
            if consent { Policy::MostRestrictive } else { Policy::Salesforce }
        };
        let policy = word(&field.policy.unwrap_or_else(by_type));
        let first = word(&field.first_link.unwrap_or_else(by_type));
        let direction = word(&match field.direction {
            Direction::Both if !desk.config.sync.pull => Direction::Push,
            Direction::Both if !desk.config.sync.push => Direction::Pull,
            own @ (Direction::Both | Direction::Push | Direction::Pull) => own,
        });
        json.push(json!({ "contact_field": field.contact, "direction": direction, "policy": policy, "first_link": first }));
        sheet.row([field.contact.clone(), direction, policy, first]);
    }
    ("policies", sheet, json.into())
}
