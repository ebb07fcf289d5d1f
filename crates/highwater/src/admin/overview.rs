//! Is all well, what runs, what waits for whom.

use std::collections::BTreeSet;
use std::time::Duration;

use askama::Template;
use events::queue::Look;
use model::{Side, Stamp};
use serde_json::Value;
use service::admin::{Reply, Visit};

use super::frame::{Frame, filters, render};
use super::mood::Mood;
use super::{busy, read};
use crate::commands::case_counts::{CaseCounts, how_many};
use crate::desk::{Desk, Worker};
use crate::failure::Failure;
use crate::output::{Sheet, counted};
use crate::wire;

/// How many of the last cycles are shown.
const CYCLES: usize = 10;
/// How many lines of the audit trail.
const AUDITS: usize = 10;
/// For how long what was turned away is worth a word.
const LATELY: Duration = Duration::from_secs(86_400);
/// How many sources are named there.
const SOURCES: usize = 5;
/// How late a cycle may be before that is worth a word.
const LATE: Duration = Duration::from_secs(3_600);

#[derive(Template)]
#[template(path = "admin/overview.html")]
struct Overview {
    frame: Frame,
    mood: Mood,
    notices: Vec<Notice>,
    now: Vec<(&'static str, String)>,
    may_run: bool,
    sheets: Vec<Sheet>,
}

/// Something worth a word, and the next step.
struct Notice {
    mood: Mood,
    text: String,
    advice: Option<String>,
    next: Option<(&'static str, &'static str)>,
}

impl Notice {
    fn new(mood: Mood, text: impl Into<String>) -> Self {
        Self { mood, text: text.into(), advice: None, next: None }
    }

    fn advised(self, advice: impl Into<String>) -> Self {
        Self { advice: Some(advice.into()), ..self }
    }

    fn leading(self, path: &'static str, name: &'static str) -> Self {
        Self { next: Some((path, name)), ..self }
    }
}

pub(super) async fn page(desk: Desk, visit: Visit, now: Stamp) -> Result<Reply, Failure> {
    read(move || {
        let mut notices = of_service(&desk);
        notices.extend(of_schedule(&desk, now)?);
        notices.extend(of_people(&desk, now)?);
        notices.extend(of_events(&desk)?);
        notices.extend(of_way_in(&desk, now));
        notices.extend(of_budget(&desk, now)?);
        let mood = notices.iter().map(|notice| notice.mood).max().unwrap_or(Mood::Well);
        let frame = Frame::of(&desk, "Overview", "/", visit.token).made(now);
        let sheets = vec![cases(&desk, now)?, cycles(&desk)?, audits(&desk)?];
        let sheets = sheets.into_iter().filter(|sheet| !sheet.rows.is_empty()).collect();
        let may_run = busy(&desk).is_none();
        Ok(Reply::page(render(&Overview { frame, mood, notices, now: facts(&desk)?, may_run, sheets })))
    })
    .await
}

/// What the service says of itself.
fn of_service(desk: &Desk) -> Vec<Notice> {
    let handle = match &desk.worker {
        Worker::Own { .. } => return vec![Notice::new(Mood::Bad, "The service is starting.")],
        Worker::Starting { waiting, .. } => {
            let text = format!("The service waits until it can begin: {}", waiting.because);
            return vec![
                Notice::new(Mood::Bad, text)
                    .advised(format!("It keeps trying; tries so far: {}", waiting.tries)),
            ];
        }
        Worker::Events { stop, .. } if stop.is_cancelled() => return vec![stopping()],
        Worker::Events { .. } => return Vec::new(),
        Worker::Service { handle, .. } => handle,
    };
    let status = handle.status();
    let mut notices = Vec::new();
    if status.stopping {
        notices.push(stopping());
    }
    if let Some(last) = &status.last {
        match last.outcome.as_ref() {
            Ok(Ok(_)) => {}
            Ok(Err(running)) => notices.push(Notice::new(Mood::Asks, running.to_string())),
            Err(_) => {
                let failure = Failure::Cycle(std::sync::Arc::clone(&last.outcome));
                let text = format!(
                    "The last run could not go on (ended {}): error[{}]: {failure}",
                    last.ended.to_seconds_text(),
                    failure.code()
                );
                notices.push(Notice::new(Mood::Bad, text).advised(failure.advice()));
            }
        }
    }
    notices
}

fn stopping() -> Notice {
    Notice::new(Mood::Bad, "The service is stopping.")
}

/// Whether cycles come to their end as often as they should.
fn of_schedule(desk: &Desk, now: Stamp) -> Result<Option<Notice>, Failure> {
    if !desk.config.supporters.kind.is_a_database() {
        return Ok(None);
    }
    let Some(last) = desk.state.progress()?.cycle.map(|finished| finished.at) else {
        return Ok(Some(Notice::new(Mood::Asks, "No cycle has come to its end yet.")));
    };
    let due = desk.config.schedule.times().ok().and_then(|schedule| schedule.next_due(Some(last), last));
    let late = due.is_some_and(|due| due.at.plus(LATE) < now);
    let text = || format!("The last cycle that came to its end did so at {}.", last.to_seconds_text());
    Ok(late.then(|| {
        Notice::new(Mood::Asks, text()).advised("Look at the service's log for why none has since.")
    }))
}

/// Who waits for a person.
fn of_people(desk: &Desk, now: Stamp) -> Result<Vec<Notice>, Failure> {
    let mut notices = Vec::new();
    let (cases, aside) = CaseCounts::of(&desk.state, now)?.all();
    if cases > aside {
        let of_them = if aside > 0 { format!(", {aside} of them put off or decided") } else { String::new() };
        let text = format!("{} open{of_them}.", counted(cases, "case is", "cases are"));
        notices.push(Notice::new(Mood::Asks, text).leading("/cases", "Decide them"));
    }
    let blocks = desk.state.block_count()?;
    if blocks > 0 {
        let text = format!("{} set aside after an error.", counted(blocks, "record is", "records are"));
        notices.push(Notice::new(Mood::Asks, text).leading("/set-aside", "See why, and what to do"));
    }
    Ok(notices)
}

/// Events that wait for a person.
fn of_events(desk: &Desk) -> Result<Option<Notice>, Failure> {
    let tally = Look::open(&desk.config.resolve(&desk.config.intake.dir))?.tally()?;
    let text = format!(
        "{} refused, and wait for a person.",
        counted(tally.needs_person, "event was", "events were")
    );
    let notice = Notice::new(Mood::Asks, text).leading("/cases", "Try again, or give up");
    Ok((tally.needs_person > 0).then_some(notice))
}

/// Sources of which something was turned away lately. What strangers send is nobody's to put right.
fn of_way_in(desk: &Desk, now: Stamp) -> Option<Notice> {
    let counts = desk.events.as_ref().map(events::Queue::turned_away).unwrap_or_default();
    let lately = counts.iter().filter(|one| one.latest >= now.minus(LATELY));
    let sources: BTreeSet<&str> =
        lately.filter_map(|one| one.source.as_ref().map(|name| name.as_str())).collect();
    let named: Vec<&str> = sources.iter().copied().take(SOURCES).collect();
    let more = if sources.len() > SOURCES { " and more" } else { "" };
    let text = format!("Events of {}{more} were refused at the way in and are not kept.", named.join(", "));
    let advice =
        "`highwater status` says how many, and for which reason; whoever sent them was told of each.";
    (!sources.is_empty()).then(|| Notice::new(Mood::Asks, text).advised(advice))
}

/// Whether our share of the org's requests is used up.
fn of_budget(desk: &Desk, now: Stamp) -> Result<Option<Notice>, Failure> {
    let (limits, spent) = (wire::budget::limits(&desk.config), wire::budget::spent(&desk.state)?);
    let used = spent.within_a_day(now);
    let up = spent.share(limits).is_some_and(|share| used >= share);
    let text = "highwater's share of the org's daily requests is used up: cycles and events wait until some are free again.";
    Ok(up.then(|| {
        Notice::new(Mood::Asks, text).advised("Nothing is lost. A larger share is budget.share_percent.")
    }))
}

/// How things stand.
fn facts(desk: &Desk) -> Result<Vec<(&'static str, String)>, Failure> {
    let text = |at: Option<Stamp>, none: &str| at.map_or_else(|| none.to_owned(), Stamp::to_seconds_text);
    let mut facts = Vec::new();
    if let Worker::Service { handle, .. } = &desk.worker {
        let status = handle.status();
        let running = status.running.map(|running| running.since);
        facts.push((
            "a cycle is running",
            running.map_or_else(|| "no".to_owned(), |at| format!("since {}", at.to_seconds_text())),
        ));
        facts.push((
            "next cycle due",
            text(status.next, if running.is_some() { "after this one" } else { "not known" }),
        ));
    }
    if desk.config.supporters.kind.is_a_database() {
        for (side, name) in [
            (Side::Supporter, "supporters are handled up to"),
            (Side::Salesforce, "Contacts are handled up to"),
        ] {
            facts.push((name, text(desk.state.watermark(side)?, "nothing yet")));
        }
        facts.push(("supporters linked to a Contact", desk.state.link_count()?.to_string()));
        facts.push(("people waiting to be compared", desk.state.dirty_count()?.to_string()));
        facts.push(("jobs not settled yet", desk.state.journal()?.len().to_string()));
    } else {
        facts.push(("what the service does", "delivers events; there is no supporter database".to_owned()));
    }
    let (limits, spent) = (wire::budget::limits(&desk.config), wire::budget::spent(&desk.state)?);
    let used = spent.within_a_day(model::Clock::system().now());
    let share = spent.share(limits).map_or_else(String::new, |share| format!(" of {share}"));
    facts.push(("requests to the org, 24 hours", format!("{used}{share}")));
    Ok(facts)
}

fn cases(desk: &Desk, now: Stamp) -> Result<Sheet, Failure> {
    let mut sheet = Sheet::new("Open cases", &["kind", "how many", "what to do"]);
    for (kind, open, aside) in CaseCounts::of(&desk.state, now)?.each() {
        sheet.row([kind.code().to_owned(), how_many(open, aside), kind.advice().to_owned()]);
    }
    Ok(sheet)
}

fn cycles(desk: &Desk) -> Result<Sheet, Failure> {
    let mut sheet = Sheet::new(
        "Last cycles",
        &["cycle", "mode", "began", "seconds", "selected", "rows sent", "refused", "outcomes"],
    );
    for summary in desk.state.summaries()?.into_iter().take(CYCLES) {
        let value = &summary.value;
        let number = |value: Option<&Value>| value.and_then(Value::as_u64).unwrap_or_default().to_string();
        let word = |key: &str| value.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
        let began = Stamp::parse(&word("started_at")).map_or_else(|_| String::new(), Stamp::to_seconds_text);
        let rows = |key: &str| number(value.get("rows").and_then(|rows| rows.get(key)));
        let seconds = value.get("duration_ms").and_then(Value::as_u64).unwrap_or_default().div_ceil(1_000);
        let outcomes = value.get("outcomes").and_then(Value::as_object);
        let outcomes: Vec<String> =
            outcomes.into_iter().flatten().map(|(code, count)| format!("{code} {count}")).collect();
        sheet.row([
            summary.cycle.0.to_string(),
            word("mode"),
            began,
            seconds.to_string(),
            number(value.get("selected")),
            rows("sent"),
            rows("failed"),
            outcomes.join(", "),
        ]);
    }
    Ok(sheet)
}

fn audits(desk: &Desk) -> Result<Sheet, Failure> {
    let mut sheet = Sheet::new("What people did last", &["when", "who", "what"]);
    for audit in desk.state.audits(AUDITS)? {
        sheet.row([audit.at.to_seconds_text(), audit.who, audit.what]);
    }
    Ok(sheet)
}
