//! Dead letters as cases: events that one action refused for one reason are one case, with a name, an age, and two choices.

use std::collections::BTreeMap;

use actions::outcome::Outcome;
use events::queue::{Decision, Found, Look, Seen};
use model::{Case, Clock, Stamp};
use report::cases::Further;
use segments::Cursor;
use serde_json::json;

use super::events_decide;
use super::events_filter::{Filter, outcomes_of};
use super::events_outcomes::age;
use crate::config::Config;
use crate::desk::Desk;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::{Answer, Sheet, counted};

/// The kind of these cases, in lists and for `--kind`.
pub const KIND: &str = "event_refused";

/// How many of a case's events are named.
const NAMED: usize = 20;

/// What all events of a case have in common.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Reason {
    /// The action.
    pub action: String,
    /// The object it writes.
    pub object: String,
    /// The outcome.
    pub outcome: &'static str,
    /// Why, in codes and names of fields.
    pub reason: String,
}

impl Reason {
    fn of(outcome: Outcome) -> Self {
        let Outcome { action, object, answer, reason, .. } = outcome;
        Self { action, object, outcome: answer.code(), reason }
    }

    /// Ten hexadecimal digits that stay the same while somebody waits for this reason, as other cases have them.
    pub fn name(&self) -> String {
        let text = [KIND, &self.action, &self.object, self.outcome, &self.reason].join("\0");
        Case::name_of(&[&text])
    }

    fn about(&self, events: usize) -> String {
        let Self { action, object, outcome, reason } = self;
        let plural = if events == 1 { "event" } else { "events" };
        let because = if reason.is_empty() { String::new() } else { format!(": {reason}") };
        // What no action takes has none; its reason names the object.
        let whose = if action.is_empty() { String::new() } else { format!(" for {action} ({object})") };
        format!("{events} {plural}{whose}, {outcome}{because}")
    }
}

/// Events that wait for one reason.
#[derive(Debug, Clone)]
pub struct EventCase {
    /// When the oldest came.
    pub oldest: Stamp,
    /// When the newest came.
    pub newest: Stamp,
    /// What can be done about it.
    pub advice: &'static str,
    /// The `messageId` of the first.
    pub example: String,
    /// How many there are.
    pub events: usize,
    /// Some of them: place and `messageId`.
    pub some: Vec<(Cursor, String)>,
}

/// The dead letters that fit, together by their reason.
///
/// # Errors
/// When the events cannot be read.
pub fn by_reason(config: &Config, filter: &Filter) -> Result<BTreeMap<Reason, EventCase>, Failure> {
    let mut cases: BTreeMap<Reason, EventCase> = BTreeMap::new();
    Look::open(&config.resolve(&config.intake.dir))?.dead_letters(|seen| {
        if filter.wants(&seen) {
            let mine = |one: &Outcome| one.answer.needs_a_person() && filter.wants_outcome(one);
            for outcome in outcomes_of(&seen).into_iter().filter(mine) {
                gather(&mut cases, &seen, outcome);
            }
        }
        true
    })?;
    Ok(cases)
}

fn gather(cases: &mut BTreeMap<Reason, EventCase>, seen: &Seen, outcome: Outcome) {
    let (received, advice) = (seen.event.received_at, outcome.answer.advice());
    let case = cases.entry(Reason::of(outcome)).or_insert_with(|| EventCase {
        oldest: received,
        newest: received,
        advice,
        example: seen.event.id.clone(),
        events: 0,
        some: Vec::new(),
    });
    case.events += 1;
    case.oldest = case.oldest.min(received);
    case.newest = case.newest.max(received);
    if case.some.len() < NAMED {
        case.some.push((seen.at, seen.event.id.clone()));
    }
}

/// All of them, as lines of the list of cases, the most frequent first.
///
/// # Errors
/// When the events cannot be read.
pub fn lines(config: &Config) -> Result<Vec<Further>, Failure> {
    let mut cases: Vec<_> = by_reason(config, &Filter::default())?.into_iter().collect();
    cases.sort_by_key(|(_, case)| std::cmp::Reverse(case.events));
    let line = |(reason, case): &(Reason, EventCase)| Further {
        name: reason.name(),
        kind: KIND,
        about: reason.about(case.events),
        since: case.oldest,
        last_seen: case.newest,
    };
    Ok(cases.iter().map(line).collect())
}

/// The one whose name begins like that.
///
/// # Errors
/// When the events cannot be read, or several begin so.
pub fn find(config: &Config, name: &str) -> Result<Option<(Reason, EventCase)>, Failure> {
    let all = by_reason(config, &Filter::default())?;
    let mut found = all.into_iter().filter(|(reason, _)| reason.name().starts_with(name));
    let (first, second) = (found.next(), found.next());
    if second.is_some() {
        return Err(Failure::Arguments {
            problem: format!("the names of several cases begin with {name:?}"),
            advice: "give more of the name; `highwater cases list` shows them",
        });
    }
    Ok(first)
}

/// What there is to know of one.
#[must_use]
pub fn facts(reason: &Reason, case: &EventCase) -> Sheet {
    let mut sheet = Sheet::new(&format!("case {}", reason.name()), &["what", "value"]);
    sheet.row(["kind", KIND]);
    sheet.row(["about", &reason.about(case.events)]);
    sheet
        .row(["oldest".to_owned(), format!("{} ({})", case.oldest.to_seconds_text(), age(seconds_of(case)))]);
    sheet.row(["newest".to_owned(), case.newest.to_seconds_text()]);
    for (place, id) in &case.some {
        sheet.row(["event".to_owned(), format!("{id} at {place}")]);
    }
    sheet.row(["what to do", case.advice]);
    sheet
}

fn seconds_of(case: &EventCase) -> u64 {
    Clock::system().now().since(case.oldest).as_secs()
}

/// Shows one: its evidence, and what may be chosen.
///
/// # Errors
/// When it cannot be printed.
pub async fn show(desk: &Desk, reason: &Reason, case: &EventCase) -> Result<Exit, Failure> {
    let seconds = seconds_of(case);
    let mut sheet = facts(reason, case);
    sheet.row(["--retry", "tries the events again at once; what they did already is not done a second time"]);
    sheet.row(["--drop", "gives the events up"]);
    let some: Vec<&String> = case.some.iter().map(|(_, id)| id).collect();
    let value = json!({
        "case": reason.name(), "kind": KIND, "events": case.events, "action": reason.action, "object": reason.object,
        "outcome": reason.outcome, "reason": reason.reason, "oldest": case.oldest.to_string(),
        "newest": case.newest.to_string(), "age_seconds": seconds, "message_ids": some, "advice": case.advice,
        "choices": ["--retry", "--drop"],
    });
    desk.screen.answer(&Answer::of(sheet, value)).await.map_err(Failure::stdout)?;
    Ok(Exit::Done)
}

/// Carries a decision out for every event of a case.
///
/// # Errors
/// When the events cannot be read or written.
pub async fn resolve(
    desk: &Desk,
    reason: &Reason,
    decision: Decision,
    why: Option<&str>,
) -> Result<Exit, Failure> {
    let (dir, wanted) = (desk.config.resolve(&desk.config.intake.dir), reason.clone());
    let looked = tokio::task::spawn_blocking(move || -> Result<Found, events::QueueError> {
        let is = |one: Outcome| one.answer.needs_a_person() && Reason::of(one) == wanted;
        Look::open(&dir)?.find_dead_letters(|seen| outcomes_of(seen).into_iter().any(is))
    });
    let found =
        looked.await.map_err(|_| Failure::Unexpected("looking for the events ended in a defect"))??;
    let told = |events: usize| {
        let (did, action) = (events_decide::done(decision), &reason.action);
        let what =
            [action.as_str(), reason.outcome, &reason.reason].into_iter().filter(|part| !part.is_empty());
        let what = what.collect::<Vec<_>>().join(", ");
        let why = why.map_or_else(String::new, |why| format!(": {why}"));
        let events = counted(events as u64, "event", "events");
        format!("case {} ({what}): {did} {events}{why}", reason.name())
    };
    events_decide::carry_out(desk, decision, &found, &told).await?;
    Ok(Exit::Done)
}
