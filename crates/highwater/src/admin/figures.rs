//! `/metrics`: counts and times for Prometheus, read from the state when they are asked for.
//!
//! Nothing is counted beside the state that could differ from it after a restart, and nothing grows when nobody asks. Names, labels
//! and help are written and escaped by the library; a label is a code of ours or of Salesforce's or
//! the name of a source in the configuration, never a text of anybody's.

use std::collections::BTreeMap;
use std::time::Duration;

use events::queue::What;
use model::{Clock, Side, Stamp, SupporterId};
use prometheus::core::Collector;
use prometheus::{GaugeVec, IntCounterVec, Opts, Registry, TextEncoder};
use serde_json::Value;
use tokio::sync::Mutex;

use crate::commands::case_counts::CaseCounts;
use crate::commands::event_cases;
use crate::desk::{Desk, Worker};
use crate::failure::Failure;
use crate::wire;

/// What was read stands for so long: anybody on this machine may ask, as often as they like.
const FRESH: Duration = Duration::from_secs(5);
/// So many records set aside are counted by their code; the others as `not_counted`.
const COUNTED: usize = 10_000;
/// Records read at once.
const PAGE: usize = 1_000;
/// Codes of one figure; further ones are `other`.
const CODES: usize = 60;

/// The figures as they were read last, and when.
pub(super) struct Figures {
    last: Mutex<Option<(Stamp, String)>>,
    clock: Clock,
}

impl Figures {
    pub(super) fn new(clock: Clock) -> Self {
        Self { last: Mutex::new(None), clock }
    }

    /// The figures; `None`: the state cannot be read. One reads, the others wait for what it read.
    pub(super) async fn text(&self, desk: Desk) -> Option<String> {
        let mut last = self.last.lock().await;
        let now = self.clock.now();
        if let Some((at, text)) = last.as_ref()
            && now >= *at
            && now.since(*at) < FRESH
        {
            return Some(text.clone());
        }
        match super::read(move || text(&desk, now)).await {
            Ok(text) => {
                *last = Some((now, text.clone()));
                Some(text)
            }
            Err(failure) => {
                tracing::warn!("the figures cannot be read: error[{}]", failure.code());
                None
            }
        }
    }
}

fn text(desk: &Desk, now: Stamp) -> Result<String, Failure> {
    let mut page = Page(Registry::new());
    of_program(&mut page, desk)?;
    of_state(&mut page, desk, now)?;
    of_last_cycle(&mut page, desk)?;
    of_budget(&mut page, desk, now)?;
    of_events(&mut page, desk)?;
    let defect = |_| Failure::Unexpected("the figures could not be written");
    TextEncoder::new().encode_to_string(&page.0.gather()).map_err(defect)
}

/// The figures of one answer.
struct Page(Registry);

impl Page {
    /// A figure without labels.
    fn one(&mut self, name: &str, help: &str, value: f64) -> Result<(), Failure> {
        self.each(name, help, &[], [(Vec::new(), value)])
    }

    /// A figure for each combination of labels.
    fn each(
        &mut self,
        name: &str,
        help: &str,
        labels: &[&str],
        values: impl IntoIterator<Item = (Vec<String>, f64)>,
    ) -> Result<(), Failure> {
        let defect = |_: prometheus::Error| Failure::Unexpected("a figure has no name that Prometheus takes");
        let gauge = GaugeVec::new(Opts::new(format!("highwater_{name}"), help), labels).map_err(defect)?;
        for (labels, value) in values {
            let labels: Vec<&str> = labels.iter().map(String::as_str).collect();
            gauge.get_metric_with_label_values(&labels).map_err(defect)?.set(value);
        }
        if gauge.collect().iter().all(|family| family.get_metric().is_empty()) {
            return Ok(());
        }
        self.0.register(Box::new(gauge)).map_err(defect)
    }

    /// What only grows, for each combination of labels; nothing where there is none.
    fn counter(
        &mut self,
        name: &str,
        help: &str,
        labels: &[&str],
        values: impl IntoIterator<Item = (Vec<String>, u64)>,
    ) -> Result<(), Failure> {
        let defect = |_: prometheus::Error| Failure::Unexpected("a figure has no name that Prometheus takes");
        let counter =
            IntCounterVec::new(Opts::new(format!("highwater_{name}"), help), labels).map_err(defect)?;
        for (labels, value) in values {
            let labels: Vec<&str> = labels.iter().map(String::as_str).collect();
            counter.get_metric_with_label_values(&labels).map_err(defect)?.inc_by(value);
        }
        if counter.collect().iter().all(|family| family.get_metric().is_empty()) {
            return Ok(());
        }
        self.0.register(Box::new(counter)).map_err(defect)
    }
}

/// What the way in turned away, where this service has one. The counts are kept beside the events, also across a restart.
fn of_events(page: &mut Page, desk: &Desk) -> Result<(), Failure> {
    let counts = desk.events.as_ref().map(events::Queue::turned_away).unwrap_or_default();
    let of = |what: What| {
        let of_it = counts.iter().filter(move |one| one.what == what);
        of_it.map(|one| {
            let source = one.source.as_ref().map_or(wire::intake::NO_SOURCE, |name| name.as_str());
            (vec![source.to_owned(), one.reason.clone()], one.count)
        })
    };
    let help = "Events that were refused at the way in and are not kept, by source and reason.";
    page.counter("events_refused_total", help, &["source", "reason"], of(What::Event))?;
    let help = "Requests refused as a whole at the way in, by source and reason.";
    page.counter("event_requests_refused_total", help, &["source", "reason"], of(What::Request))
}

/// Exact up to 2^53, as every number of Prometheus' is.
#[allow(clippy::cast_precision_loss)]
const fn float(count: u64) -> f64 {
    count as f64
}

#[allow(clippy::cast_precision_loss)]
const fn seconds(at: Stamp) -> f64 {
    at.micros() as f64 / 1e6
}

fn yes(is: bool) -> f64 {
    if is { 1.0 } else { 0.0 }
}

/// A code as a label: letters, digits, `_` and `:` only, and not many of them.
fn by_code(counts: impl IntoIterator<Item = (String, u64)>) -> Vec<(Vec<String>, f64)> {
    let mut known: BTreeMap<String, u64> = BTreeMap::new();
    for (code, count) in counts {
        let plain = code.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b':'));
        let fits = plain && code.len() <= 80 && (known.len() < CODES || known.contains_key(&code));
        *known.entry(if fits { code } else { "other".to_owned() }).or_default() += count;
    }
    known.into_iter().map(|(code, count)| (vec![code], float(count))).collect()
}

fn of_program(page: &mut Page, desk: &Desk) -> Result<(), Failure> {
    let version = [(vec![env!("CARGO_PKG_VERSION").to_owned()], 1.0)];
    page.each("build_info", "Which highwater this is; always 1.", &["version"], version)?;
    let help = "Whether the service has begun its work.";
    let handle = match &desk.worker {
        Worker::Own { .. } | Worker::Starting { .. } => return page.one("ready", help, 0.0),
        Worker::Events { .. } => return page.one("ready", help, 1.0),
        Worker::Service { handle, .. } => handle,
    };
    page.one("ready", help, 1.0)?;
    let status = handle.status();
    page.one("cycle_running", "Whether a cycle runs now.", yes(status.running.is_some()))?;
    page.one("runs_since_start", "Runs that began since the service started.", float(status.runs))?;
    page.one(
        "runs_queued",
        "Runs that were asked for and wait for their turn.",
        float(handle.waiting() as u64),
    )?;
    if let Some(next) = status.next {
        page.one("next_cycle_timestamp_seconds", "When the next scheduled cycle is due.", seconds(next))?;
    }
    if let Some(last) = &status.last {
        let help = "Whether the last run since the service started came to its end.";
        page.one("last_run_success", help, yes(last.outcome.is_ok()))?;
        let help = "When the last run since the service started ended.";
        page.one("last_run_end_timestamp_seconds", help, seconds(last.ended))?;
    }
    Ok(())
}

fn of_state(page: &mut Page, desk: &Desk, now: Stamp) -> Result<(), Failure> {
    let state = &desk.state;
    let mut marks = Vec::new();
    for side in [Side::Supporter, Side::Salesforce] {
        marks.extend(state.watermark(side)?.map(|at| (vec![side.to_string()], at)));
    }
    let at = marks.iter().map(|(side, at)| (side.clone(), seconds(*at)));
    let help = "Up to when everybody who changed was found, per side.";
    page.each("watermark_timestamp_seconds", help, &["side"], at)?;
    let age = marks.iter().map(|(side, at)| (side.clone(), now.since(*at).as_secs_f64()));
    page.each("watermark_age_seconds", "How long ago the watermark is, per side.", &["side"], age)?;
    page.one("links", "Supporters that are linked to a Contact.", float(state.link_count()?))?;
    page.one("waiting", "People that wait to be compared.", float(state.dirty_count()?))?;
    page.one(
        "unsettled_jobs",
        "Jobs whose results are not settled yet.",
        float(state.journal()?.len() as u64),
    )?;
    page.one("set_aside", "Records set aside after a permanent error.", float(state.block_count()?))?;
    let help = "Records set aside after a permanent error, by its code.";
    page.each("set_aside_by_code", help, &["code"], set_aside(desk)?)?;
    of_cases(page, desk, now)
}

/// Cases about people, and what events were refused for.
fn of_cases(page: &mut Page, desk: &Desk, now: Stamp) -> Result<(), Failure> {
    let counts = CaseCounts::of(&desk.state, now)?;
    let events = event_cases::lines(&desk.config)?.len() as u64;
    let events = (events > 0).then(|| (event_cases::KIND.to_owned(), events));
    let people = counts.each().map(|(kind, open, _)| (kind.code().to_owned(), open));
    page.each("open_cases", "Cases that are open, by kind.", &["kind"], by_code(people.chain(events)))?;
    let aside = counts.each().filter(|(_, _, aside)| *aside > 0);
    let aside = aside.map(|(kind, _, aside)| (kind.code().to_owned(), aside));
    let help = "Of the open cases, those that wait for nobody: somebody decided them or put them off.";
    page.each("cases_aside", help, &["kind"], by_code(aside))
}

fn set_aside(desk: &Desk) -> Result<Vec<(Vec<String>, f64)>, Failure> {
    let mut counts: BTreeMap<String, u64> = BTreeMap::new();
    let (mut after, mut seen): (Option<SupporterId>, usize) = (None, 0);
    while seen < COUNTED {
        let page = desk.state.blocks_page(after.as_ref(), PAGE)?;
        let Some((last, _)) = page.last() else { break };
        after = Some(last.clone());
        seen += page.len();
        for (_, block) in page {
            *counts.entry(block.code).or_default() += 1;
        }
    }
    let all = desk.state.block_count()?;
    if all > seen as u64 {
        counts.insert("not_counted".to_owned(), all - seen as u64);
    }
    Ok(by_code(counts))
}

fn of_last_cycle(page: &mut Page, desk: &Desk) -> Result<(), Failure> {
    if let Some(finished) = desk.state.progress()?.cycle {
        let help = "When a whole cycle last came to its end.";
        page.one("last_cycle_end_timestamp_seconds", help, seconds(finished.at))?;
    }
    let Some(last) = desk.state.summaries()?.into_iter().next() else { return Ok(()) };
    let number = |value: Option<&Value>| float(value.and_then(Value::as_u64).unwrap_or_default());
    let (value, rows) = (&last.value, last.value.get("rows"));
    page.one("last_cycle_number", "The number of the last cycle, a resync included.", float(last.cycle.0))?;
    let help = "How long the last cycle took.";
    page.one("last_cycle_duration_seconds", help, number(value.get("duration_ms")) / 1_000.0)?;
    page.one("last_cycle_selected", "People the last cycle decided about.", number(value.get("selected")))?;
    let counts = value.get("outcomes").and_then(Value::as_object).into_iter().flatten();
    let counts = counts.map(|(code, count)| (code.clone(), count.as_u64().unwrap_or_default()));
    let help = "People of the last cycle, by how their turn ended.";
    page.each("last_cycle_outcomes", help, &["outcome"], by_code(counts))?;
    for (name, help) in [
        ("sent", "Rows that the last cycle sent to Salesforce."),
        ("failed", "Rows of the last cycle that Salesforce refused."),
        ("unprocessed", "Rows of the last cycle that a job did not get to."),
        ("unknown", "Rows of the last cycle whose outcome is not known yet."),
    ] {
        page.one(&format!("last_cycle_rows_{name}"), help, number(rows.and_then(|rows| rows.get(name))))?;
    }
    let help = "Supporters that the last cycle wrote.";
    page.one("last_cycle_supporter_writes", help, number(value.get("supporter_writes")))?;
    page.one("last_cycle_api_calls", "Calls of the last cycle to the org.", number(value.get("api_calls")))
}

fn of_budget(page: &mut Page, desk: &Desk, now: Stamp) -> Result<(), Failure> {
    let (limits, spent) = (wire::budget::limits(&desk.config), wire::budget::spent(&desk.state)?);
    let used = spent.within_a_day(now);
    page.one("api_requests_used", "Requests to the org that highwater used in 24 hours.", float(used))?;
    if let Some(share) = spent.share(limits) {
        page.one("api_requests_share", "Requests that highwater may use in 24 hours.", float(share))?;
        let help = "Requests that highwater may still use.";
        page.one("api_requests_left", help, float(share.saturating_sub(used)))?;
    }
    if let Some(all) = spent.used_by_all {
        let help = "Requests of everybody's in 24 hours, when the org last told.";
        page.one("api_requests_used_by_all", help, float(all))?;
    }
    if let Some(most) = spent.max {
        page.one("api_requests_allowance", "Requests that the org allows in 24 hours.", float(most))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_is_a_code_and_there_are_not_many() {
        let counts = |codes: &[&str]| by_code(codes.iter().map(|code| ((*code).to_owned(), 1)));
        let plain = counts(&["blocked:STRING_TOO_LONG", "in_step"]);
        assert_eq!(plain[0].0, ["blocked:STRING_TOO_LONG"]);
        let strange = counts(&["jo@example.org", "Jo Smith", "a\nb", "\"} 1", &"A".repeat(81)]);
        assert_eq!(strange, [(vec!["other".to_owned()], 5.0)]);
        let many = by_code((0..1_000).map(|n| (format!("C{n}"), 1)));
        assert_eq!(many.len(), CODES + 1);
        assert_eq!(many.iter().map(|(_, count)| count).sum::<f64>(), 1_000.0);
    }
}
