//! `highwater events outcomes` and `cases`: what events came to, one line per outcome, and dead letters by their reason.

use std::collections::VecDeque;

use actions::outcome::Outcome;
use events::queue::Seen;
use model::Clock;
use serde_json::{Value, json};

use super::event_cases::{self, Reason};
use super::events_filter::{Filter, StateName, outcomes_of};
use super::events_kept::for_each;
use crate::config::Config;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::{Answer, Screen, Sheet};

/// Which.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  highwater events outcomes --limit 1000000 --format csv > outcomes.csv
  highwater events outcomes --state needs_person --action new-lead
  highwater events outcomes --outcome several --format json

One line for each action that was for an event, as it stands now. Ids, codes and names of fields only; what the event said stands \
in `highwater events show`.")]
pub struct OutcomesArgs {
    /// Which.
    #[command(flatten)]
    pub filter: Filter,
    /// The most outcomes that are listed; the newest events count
    #[arg(long, value_name = "NUMBER", default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub limit: u32,
}

/// Which.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  highwater events cases
  highwater events retry --action new-lead --outcome refused

An event that only a person can bring further waits here; with others of the same action, object and reason it is one case. Put \
right what the last column says, then try them again, or drop them: `highwater cases resolve CASE --retry`, or --drop. They are kept for intake.keep_days.")]
pub struct CasesArgs {
    /// Which.
    #[command(flatten)]
    pub filter: Filter,
}

/// Lists outcomes.
pub(super) async fn outcomes(args: &OutcomesArgs, config: &Config, screen: &Screen) -> Result<Exit, Failure> {
    let mut found: VecDeque<(Seen, Outcome)> = VecDeque::new();
    let mut passed_over = 0_u64;
    for_each(config, |mut seen| {
        if args.filter.wants(&seen) {
            let outcomes = outcomes_of(&seen);
            // What an event says is not shown here, and may be large.
            seen.event.body = Value::Null;
            for outcome in outcomes.into_iter().filter(|one| args.filter.wants_outcome(one)) {
                found.push_back((seen.clone(), outcome));
            }
        }
        while found.len() > args.limit as usize {
            found.pop_front();
            passed_over += 1;
        }
        true
    })?;
    let mut sheet = Sheet::new(
        "outcomes of events",
        &[
            "messageId",
            "type",
            "source",
            "happened",
            "received",
            "state",
            "tries",
            "settled",
            "action",
            "object",
            "outcome",
            "status",
            "record",
            "reason",
            "notes",
        ],
    );
    let mut json = Vec::new();
    for (seen, outcome) in &found {
        sheet.row(row(seen, outcome));
        json.push(value(seen, outcome));
    }
    let mut answer = Answer::of(sheet, json.into());
    if passed_over > 0 {
        answer.notes.push(format!("{passed_over} older outcomes are not listed; see --limit"));
    }
    screen.answer(&answer).await.map_err(Failure::stdout)?;
    Ok(Exit::Done)
}

fn row(seen: &Seen, outcome: &Outcome) -> [String; 15] {
    let event = &seen.event;
    let settled = seen.settlement.as_ref();
    [
        event.id.clone(),
        event.kind.to_string(),
        event.source.to_string(),
        event.at.to_string(),
        event.received_at.to_string(),
        StateName::of(seen).word().to_owned(),
        settled.map_or(0, |last| last.attempts).to_string(),
        settled.map(|last| last.stamp.to_string()).unwrap_or_default(),
        outcome.action.clone(),
        outcome.object.clone(),
        outcome.answer.code().to_owned(),
        outcome.answer.status().to_string(),
        outcome.record.clone().unwrap_or_default(),
        outcome.reason.clone(),
        outcome.notes.join("; "),
    ]
}

fn value(seen: &Seen, outcome: &Outcome) -> Value {
    let (event, settled) = (&seen.event, seen.settlement.as_ref());
    json!({
        "message_id": event.id, "place": seen.at.to_string(), "type": event.kind.word(),
        "source": event.source.as_str(), "at": event.at.to_string(),
        "received_at": event.received_at.to_string(), "state": StateName::of(seen).word(),
        "attempts": settled.map_or(0, |last| last.attempts),
        "settled_at": settled.map(|last| last.stamp.to_string()),
        "action": outcome.action, "object": outcome.object, "outcome": outcome.answer.code(),
        "status": outcome.answer.status(), "record": outcome.record, "reason": outcome.reason,
        "notes": outcome.notes,
    })
}

/// Lists dead letters by their reason, the most frequent first.
pub(super) async fn cases(args: &CasesArgs, config: &Config, screen: &Screen) -> Result<Exit, Failure> {
    let mut cases: Vec<_> = event_cases::by_reason(config, &args.filter)?.into_iter().collect();
    cases.sort_by_key(|(_, case)| std::cmp::Reverse(case.events));
    let now = Clock::system().now();
    let mut sheet = Sheet::new(
        "events that wait for a person",
        &[
            "case",
            "events",
            "oldest",
            "age",
            "action",
            "object",
            "outcome",
            "reason",
            "for example",
            "what to do",
        ],
    );
    let mut json = Vec::new();
    for (wanted, case) in cases {
        let name = wanted.name();
        let Reason { action, object, outcome, reason } = wanted;
        let seconds = now.since(case.oldest).as_secs();
        json.push(json!({
            "case": name, "events": case.events, "oldest": case.oldest.to_string(), "newest": case.newest.to_string(),
            "age_seconds": seconds, "action": action, "object": object, "outcome": outcome, "reason": reason,
            "message_id": case.example, "advice": case.advice,
        }));
        sheet.row([
            name,
            case.events.to_string(),
            case.oldest.to_seconds_text(),
            age(seconds),
            action,
            object,
            outcome.to_owned(),
            reason,
            case.example,
            case.advice.to_owned(),
        ]);
    }
    screen.answer(&Answer::of(sheet, json.into())).await.map_err(Failure::stdout)?;
    Ok(Exit::Done)
}

/// A span of time in its largest unit.
pub(super) fn age(seconds: u64) -> String {
    match seconds {
        0..60 => format!("{seconds} s"),
        60..3_600 => format!("{} min", seconds / 60),
        3_600..172_800 => format!("{} h", seconds / 3_600),
        _ => format!("{} days", seconds / 86_400),
    }
}
