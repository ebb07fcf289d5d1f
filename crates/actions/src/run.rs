//! From the queue to the org and back: events are taken a batch at a time, delivered, and settled.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use events::{Ending, Event, Queue, QueueError, Queued, Settlement};
use model::{Clock, Stamp};
use serde_json::{Value, json};
use state::{Changes, NoteKind};

use crate::deliver::{Delivery, deliver};
use crate::fatal::Fatal;
use crate::incoming::Incoming;
use crate::nobody::NOT_ASKED_FOR;
use crate::outcome::{Answer, Outcome};

/// How the queue is worked off.
#[derive(Debug, Clone)]
pub struct RunSettings {
    /// Events taken at a time.
    pub batch: usize,
    /// How often an event that fails in passing is tried before a person is asked.
    pub tries: u32,
    /// How long it waits after the first try; twice as long after each further one, up to an hour.
    pub wait: Duration,
}

impl Default for RunSettings {
    fn default() -> Self {
        Self { batch: 2_000, tries: 12, wait: Duration::from_secs(30) }
    }
}

/// What working off came to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RunReport {
    /// Events settled, each once.
    pub events: u64,
    /// Outcomes by their answer; an event has one per action.
    pub answers: BTreeMap<Answer, u64>,
    /// Calls to the org.
    pub calls: u64,
    /// Events that are tried again later.
    pub waiting: u64,
    /// Events that only a person can bring further.
    pub for_a_person: u64,
}

/// The longest wait between two tries.
const LONGEST_WAIT: Duration = Duration::from_secs(3_600);

/// Works off everything that is due. Ends when nothing is, when the org is asked for nothing now, or when it is told to stop.
///
/// # Errors
/// [`Fatal`]; the events at hand are due again a minute later.
pub async fn drain(
    cx: &Delivery,
    queue: &Queue,
    settings: &RunSettings,
    clock: &Clock,
) -> Result<RunReport, Fatal> {
    let mut report = RunReport::default();
    let before = cx.org.usage().total();
    while !cx.stop.is_cancelled() {
        let batch = queue.next(settings.batch).map_err(of_queue)?;
        if batch.is_empty() {
            break;
        }
        if !work_off(cx, queue, settings, clock, batch, &mut report).await? {
            break;
        }
    }
    report.calls = cx.org.usage().total() - before;
    Ok(report)
}

fn of_queue(error: QueueError) -> Fatal {
    Fatal::Queue(Box::new(error))
}

/// Whether the next batch may fare better: not when every event of this one waits, and none was tried. The allowance is used up,
/// or the org is away.
async fn work_off(
    cx: &Delivery,
    queue: &Queue,
    settings: &RunSettings,
    clock: &Clock,
    batch: Vec<Queued>,
    report: &mut RunReport,
) -> Result<bool, Fatal> {
    let wanted: Vec<&Queued> = batch.iter().filter(|queued| queued.event.wanted).collect();
    let incoming: Vec<Incoming> = wanted.iter().map(|queued| incoming(queued)).collect();
    let delivered = match deliver(cx, &incoming).await {
        Ok(delivered) => delivered.outcomes,
        Err(fatal) => {
            let until = clock.now().plus(Duration::from_secs(60));
            let later = batch.iter().map(|queued| Settlement {
                at: queued.at,
                ending: Ending::Waiting { until },
                attempts: queued.attempts,
                stamp: clock.now(),
                detail: Value::Null,
            });
            queue.settle(later.collect()).await.map_err(of_queue)?;
            return Err(fatal);
        }
    };
    let goes_on =
        wanted.is_empty() || delivered.iter().any(|outcomes| !waits(outcomes) || was_tried(outcomes));
    let ignored = batch.iter().filter(|queued| !queued.event.wanted);
    let not_asked_for = Outcome::new("", "", Answer::Ignored).because(NOT_ASKED_FOR);
    let ignored = ignored.map(|queued| (queued, vec![not_asked_for.clone()]));
    let all: Vec<(&Queued, Vec<Outcome>)> = wanted.into_iter().zip(delivered).chain(ignored).collect();
    let mut settlements = Vec::with_capacity(all.len());
    let mut changes = Changes::new();
    for (queued, outcomes) in all {
        let (settlement, outcomes) = settled(queued, outcomes, settings, clock.now());
        remember(&mut changes, &incoming_id(queued), &settlement, &outcomes);
        count(report, &settlement, &outcomes);
        settlements.push(settlement);
    }
    queue.settle(settlements).await.map_err(of_queue)?;
    let _receipt = cx.state.commit(changes).await?;
    Ok(goes_on)
}

/// Two sources may use one `messageId`.
fn incoming_id(queued: &Queued) -> String {
    id_of(&queued.event)
}

fn id_of(event: &Event) -> String {
    format!("{}/{}", event.source, event.id)
}

/// Forgets what an event had done for some of its actions: it is given up, and is not delivered again.
pub fn forget_event(changes: &mut Changes, event: &Event) {
    changes.remove_note(NoteKind::Settled, id_of(event).as_bytes());
}

fn incoming(queued: &Queued) -> Incoming {
    let (id, body) = (incoming_id(queued), queued.event.body.clone());
    Incoming { id, at: queued.event.at, record: None, owner: None, leave: BTreeSet::new(), body }
}

fn waits(outcomes: &[Outcome]) -> bool {
    outcomes.iter().any(|one| one.answer == Answer::Waiting)
}

/// Whether the org was asked for what waits.
fn was_tried(outcomes: &[Outcome]) -> bool {
    outcomes.iter().any(|one| one.answer == Answer::Waiting && !one.reason.is_empty())
}

/// What the queue is told. A try counts when the org refused it in passing, not when it was never asked.
fn settled(
    queued: &Queued,
    mut outcomes: Vec<Outcome>,
    settings: &RunSettings,
    now: Stamp,
) -> (Settlement, Vec<Outcome>) {
    let tried = was_tried(&outcomes);
    let attempts = queued.attempts + u32::from(tried || !waits(&outcomes));
    if tried && attempts >= settings.tries {
        for outcome in outcomes.iter_mut().filter(|one| one.answer == Answer::Waiting) {
            outcome.answer = Answer::GivenUp;
        }
    }
    let ending = if waits(&outcomes) {
        let doubled = settings.wait.saturating_mul(1 << queued.attempts.min(7));
        Ending::Waiting { until: now.plus(doubled.min(LONGEST_WAIT)) }
    } else if outcomes.iter().any(|one| one.answer.needs_a_person()) {
        Ending::NeedsPerson
    } else if outcomes.iter().all(|one| one.answer == Answer::Ignored) {
        Ending::Ignored
    } else {
        Ending::Done
    };
    let settlement = Settlement { at: queued.at, ending, attempts, stamp: now, detail: detail(&outcomes) };
    (settlement, outcomes)
}

/// The outcomes as the queue keeps them; notes on single fields go first when it is too much.
fn detail(outcomes: &[Outcome]) -> Value {
    let whole = json!({ "outcomes": outcomes });
    if whole.to_string().len() <= events::queue::DETAIL_BYTES {
        return whole;
    }
    let short: Vec<Outcome> =
        outcomes.iter().map(|one| Outcome { notes: Vec::new(), ..one.clone() }).collect();
    json!({ "outcomes": short, "notes": "more than is kept" })
}

/// The queue knows the outcome now. What succeeded beside a failure stays known, so that a person's retry does it no second
/// time.
fn remember(changes: &mut Changes, id: &str, settlement: &Settlement, outcomes: &[Outcome]) {
    let done: Vec<&Outcome> =
        outcomes.iter().filter(|one| !one.answer.needs_a_person() && one.answer != Answer::Waiting).collect();
    let open = match settlement.ending {
        Ending::Waiting { .. } | Ending::NeedsPerson => !done.is_empty(),
        Ending::Done | Ending::Ignored | Ending::Dropped => false,
    };
    match serde_json::to_vec(&done).ok().filter(|_| open) {
        Some(kept) => changes.put_note(NoteKind::Settled, id.as_bytes(), kept),
        None => changes.remove_note(NoteKind::Settled, id.as_bytes()),
    };
}

fn count(report: &mut RunReport, settlement: &Settlement, outcomes: &[Outcome]) {
    report.events += 1;
    for outcome in outcomes {
        *report.answers.entry(outcome.answer).or_default() += 1;
    }
    match settlement.ending {
        Ending::Waiting { .. } => report.waiting += 1,
        Ending::NeedsPerson => report.for_a_person += 1,
        Ending::Done | Ending::Ignored | Ending::Dropped => {}
    }
}
