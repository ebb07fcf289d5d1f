//! `highwater events list` and `show`: what is kept, looked at beside whoever works with it.

use std::collections::VecDeque;
use std::path::PathBuf;

use events::queue::{Look, Seen};
use segments::Cursor;
use serde_json::{Value, json};

use super::events_filter::{Filter, StateName};
use crate::config::Config;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::{Answer, Screen, Sheet, counted};

/// Which.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  highwater events list
  highwater events list --state needs_person --source website
  highwater events list --limit 100000 --format csv > events.csv
  highwater events list --limit 100000 --whole --format json > events.json")]
pub struct ListArgs {
    /// Which.
    #[command(flatten)]
    pub filter: Filter,
    /// With everything each event says; in JSON only
    #[arg(long)]
    pub whole: bool,
    /// The most events that are listed; the newest count
    #[arg(long, value_name = "NUMBER", default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub limit: u32,
}

/// Which one.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:
  highwater events show 0197a0c4-5a1e-7c11-9b1e-2f6f3a1c0d11")]
pub struct ShowArgs {
    /// Its messageId, or its place as `events list` shows it
    #[arg(value_name = "EVENT")]
    pub event: String,
}

/// Lists them.
pub(super) async fn list(args: &ListArgs, config: &Config, screen: &Screen) -> Result<Exit, Failure> {
    let mut found: VecDeque<Seen> = VecDeque::new();
    let mut passed_over = 0_u64;
    for_each(config, |seen| {
        if args.filter.wants(&seen) {
            found.push_back(seen);
        }
        if found.len() > args.limit as usize {
            found.pop_front();
            passed_over += 1;
        }
        true
    })?;
    let mut sheet = Sheet::new(
        "events",
        &["place", "messageId", "type", "source", "happened", "received", "state", "tries"],
    );
    let mut json = Vec::new();
    for seen in &found {
        let event = &seen.event;
        let tries = seen.settlement.as_ref().map_or(0, |settlement| settlement.attempts);
        sheet.row([
            seen.at.to_string(),
            event.id.clone(),
            event.kind.to_string(),
            event.source.to_string(),
            event.at.to_string(),
            event.received_at.to_string(),
            StateName::of(seen).word().to_owned(),
            tries.to_string(),
        ]);
        let mut shown = head(seen);
        if args.whole {
            shown["event"] = event.body.clone();
        }
        json.push(shown);
    }
    let mut answer = Answer::of(sheet, json.into());
    if passed_over > 0 {
        answer.notes.push(format!(
            "{} not listed; see --limit",
            counted(passed_over, "older event is", "older events are")
        ));
    }
    screen.answer(&answer).await.map_err(Failure::stdout)?;
    Ok(Exit::Done)
}

/// Shows one.
pub(super) async fn show(args: &ShowArgs, config: &Config, screen: &Screen) -> Result<Exit, Failure> {
    let place: Option<Cursor> = args.event.parse().ok();
    let mut found = None;
    for_each(config, |seen| {
        // Two sources may use one messageId: the newest is shown, the others by their place.
        if seen.event.id == args.event || Some(seen.at) == place {
            found = Some(seen);
        }
        true
    })?;
    let Some(seen) = found else { return Err(Failure::no_event(&args.event)) };
    let mut json = head(&seen);
    json["event"] = seen.event.body.clone();
    let mut sheet = Sheet::new("event", &["what", "value"]);
    if let Value::Object(members) = &json {
        for (name, value) in members {
            let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            sheet.row([name.clone(), text]);
        }
    }
    screen.answer(&Answer::of(sheet, json)).await.map_err(Failure::stdout)?;
    Ok(Exit::Done)
}

/// What is known of an event but what it says.
fn head(seen: &Seen) -> Value {
    let (event, settlement) = (&seen.event, seen.settlement.as_ref());
    json!({
        "place": seen.at.to_string(), "message_id": event.id, "type": event.kind.word(),
        "source": event.source.as_str(), "at": event.at.to_string(),
        "received_at": event.received_at.to_string(), "for_salesforce": event.wanted,
        "state": StateName::of(seen).word(),
        "attempts": settlement.map_or(0, |settlement| settlement.attempts),
        "settled_at": settlement.map(|settlement| settlement.stamp.to_string()),
        "outcomes": settlement.map(|settlement| settlement.detail.clone()),
    })
}

/// Reads on this thread: nothing else is done meanwhile.
pub(super) fn for_each(config: &Config, each: impl FnMut(Seen) -> bool) -> Result<(), Failure> {
    let dir: PathBuf = config.resolve(&config.intake.dir);
    Ok(Look::open(&dir)?.for_each(each)?)
}
