//! What each letter of the matrix promises, and how a cell is judged: the action itself, the state after it, and that both
//! sides agree once the fault is over.

use std::ops::RangeInclusive;
use std::time::Duration;

use model::CaseKind;
use plan::{CycleReport, Fatal};
use salesforce::ErrorKind;

use crate::call::Call;
use crate::fault::{Fault, Trouble};
use crate::world::World;

/// What is done about a fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// Repeated with growing waits for a quarter of an hour; then the cycle stops.
    R,
    /// A new session once, and the same call again; then the cycle stops.
    A,
    /// The cycle stops at once, cleanly, and the next one goes on.
    S,
    /// The cycle stops at once, and says what a person must change.
    X,
    /// The answer is rejected and fetched again, three times; then the cycle stops.
    V,
    /// Never sent twice: the next cycle reads the truth first.
    Q,
    /// What became of it is asked at once, and it is sent again only where it had no effect.
    P,
    /// Not repeated as it is: less is asked for where that can be; then the cycle stops.
    L,
    /// The job is gone: its rows are looked up, and the cycle goes on.
    J,
    /// The job is aborted before it was closed, and the cycle stops.
    U,
    /// The cycle goes on without this call.
    K,
    /// This row is set aside.
    B,
    /// This person is no longer there: the link ends and an administrator is told.
    T,
    /// It cannot happen.
    N,
}

/// How long one call may be repeated, with what its attempts themselves take.
const QUARTER_OF_AN_HOUR: Duration = Duration::from_secs(15 * 60 + 140);

/// Judges one cell of the matrix.
pub fn judge(call: Call, fault: Fault, action: Action) {
    let shapes = fault.shapes(call);
    if action == Action::N {
        assert!(shapes.is_empty(), "{call:?} can meet {fault:?}");
        return;
    }
    assert!(!shapes.is_empty(), "{call:?} cannot meet {fault:?}");
    let undisturbed = quietly(undisturbed(call));
    for shape in shapes {
        quietly(async {
            if action == Action::P {
                return asks(call, &shape, &undisturbed).await;
            }
            if let Some(times) = action.passes_after() {
                passes(call, &shape, action, times, &undisturbed).await;
            }
            lasts(call, fault, &shape, action).await;
        });
    }
}

/// On one thread, whose clock stands still but for the waits.
fn quietly<T>(story: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build();
    runtime.expect("a runtime").block_on(story)
}

impl Action {
    /// After how many failures in a row one cycle still comes to a good end.
    fn passes_after(self) -> Option<u32> {
        match self {
            Self::R | Self::V => Some(2),
            Self::A => Some(1),
            Self::S
            | Self::X
            | Self::Q
            | Self::P
            | Self::L
            | Self::J
            | Self::U
            | Self::K
            | Self::B
            | Self::T
            | Self::N => None,
        }
    }

    /// How often a call is made that never succeeds.
    fn attempts(self) -> RangeInclusive<usize> {
        match self {
            Self::R => 5..=10_000,
            Self::V => 4..=4,
            Self::A => 2..=2,
            Self::S | Self::X | Self::Q | Self::U => 1..=1,
            // Once for each job, question or batch of the cycle.
            Self::J | Self::K | Self::B | Self::T => 1..=3,
            Self::L => 1..=20,
            Self::P | Self::N => 0..=0,
        }
    }

    /// Whether a cycle with this fault comes to its end all the same.
    fn goes_on(self) -> bool {
        matches!(self, Self::K | Self::J | Self::B | Self::T)
    }
}

/// What a cycle calls in which nothing goes wrong.
struct Undisturbed(Vec<Call>);

impl Undisturbed {
    fn of(&self, call: Call) -> usize {
        self.0.iter().filter(|made| **made == call).count()
    }
}

async fn undisturbed(call: Call) -> Undisturbed {
    let mut world = World::at(call.stage()).await;
    world.cycle().await.expect("nothing is wrong");
    Undisturbed(world.wire.sent().into_iter().filter_map(|sent| sent.call).collect())
}

/// The fault passes: the cycle that met it brings everything across.
async fn passes(call: Call, shape: &Trouble, action: Action, times: u32, undisturbed: &Undisturbed) {
    let mut world = World::at(call.stage()).await;
    world.trouble(call, shape, Some(times));
    let ended = world.cycle().await;
    assert!(ended.is_ok(), "{shape:?}, {times} times: {ended:?}");
    let more = world.count(call) - undisturbed.of(call);
    assert_eq!(more, usize::try_from(times).expect("few"), "{shape:?}: each failure costs one more call");
    let renewed = world.count(Call::Token) - undisturbed.of(Call::Token);
    let expected = if action == Action::A { 1 } else { 0 };
    if call != Call::Token {
        assert_eq!(renewed, expected, "{shape:?}: new sessions");
    }
    assert_eq!(world.debts(), Vec::<u32>::new(), "{shape:?}: everything arrived in the same cycle");
    agrees(&mut world, &format!("{shape:?}, {times} times")).await;
}

/// An unclear answer, once and for good: between two of these calls somebody always asks what became of the first.
async fn asks(call: Call, shape: &Trouble, undisturbed: &Undisturbed) {
    for times in [Some(1), None] {
        let mut world = World::at(call.stage()).await;
        world.trouble(call, shape, times);
        let ended = world.cycle().await;
        let what = format!("{call:?}, {shape:?}, {times:?}");
        let sent: Vec<Call> = world.wire.sent().iter().filter_map(|sent| sent.call).collect();
        let blind = sent.windows(2).any(|pair| pair == [call, call]);
        assert!(!blind, "{what}: sent twice without asking in between");
        assert_eq!(world.harm(), Vec::<String>::new(), "{what}");
        let calls = (world.count(call), undisturbed.of(call));
        if shape.takes_effect() {
            assert!(ended.is_ok(), "{what}: it took effect: {ended:?}");
            assert_eq!(calls.0, calls.1, "{what}: what took effect is not repeated");
        } else if times.is_some() {
            assert!(ended.is_ok(), "{what}: {ended:?}");
            assert_eq!(calls.0, calls.1 + 1, "{what}: what had no effect is sent again");
        } else {
            assert!(calls.0 >= 5, "{what}: {calls:?}");
            stopped(call, Fault::LostBefore, Action::Q, &ended, &what);
            assert_eq!(world.phase(), call.leaves(), "{what}: what the journal says");
        }
        world.clear();
        world.restart();
        agrees(&mut world, &what).await;
    }
}

/// The fault lasts: one cycle ends as it should and leaves what it should; when the fault is over, everything arrives.
async fn lasts(call: Call, fault: Fault, shape: &Trouble, action: Action) {
    let mut world = World::at(call.stage()).await;
    let (before, jobs) = (world.watermarks(), world.org.admin().jobs().len());
    world.trouble(call, shape, None);
    let begun = tokio::time::Instant::now();
    let ended = world.cycle().await;
    let what = format!("{call:?}, {shape:?}");

    assert!(begun.elapsed() <= QUARTER_OF_AN_HOUR * 3, "{what}: took {:?}", begun.elapsed());
    assert!(
        world.wire.sent().iter().all(|sent| sent.host == "127.0.0.1"),
        "{what}: something left for elsewhere"
    );
    if call == Call::StateCommit {
        assert!(matches!(ended, Err(Fatal::State(_))), "{what}: {ended:?}");
        assert_eq!(world.org.admin().jobs().len(), jobs, "{what}: nothing is done that is not on record");
        world.clear();
        world.restart();
        assert_eq!(world.harm(), Vec::<String>::new(), "{what}");
        return agrees(&mut world, &what).await;
    }
    assert_eq!(world.harm(), Vec::<String>::new(), "{what}");
    assert!(action.attempts().contains(&world.count(call)), "{what}: sent {} times", world.count(call));
    if action.goes_on() {
        went_on(&world, action, &ended, &what);
    } else {
        stopped(call, fault, action, &ended, &what);
        assert_eq!(world.phase(), call.leaves(), "{what}: what the journal says");
        let [_, contacts] = world.watermarks();
        if call.holds_the_window() {
            assert_eq!(contacts, before[1], "{what}: an incomplete window moves no watermark");
        }
    }
    if action == Action::U {
        let open = world.org.admin().jobs().iter().filter(|job| format!("{:?}", job.state) == "Open").count();
        assert_eq!(open, 0, "{what}: the job was given up");
    }
    world.clear();
    let reads_first = truth_of(call).filter(|_| action == Action::Q);
    if matches!(action, Action::Q | Action::U | Action::J) {
        world.restart();
    }
    // The org was made to say that the job is gone; it is not.
    world.knows_of_open_jobs = call == Call::Abort && fault == Fault::NotFound;
    if let Some(truth) = reads_first {
        world.advance(600);
        world.cycle().await.unwrap_or_else(|error| panic!("{what}: the next cycle: {error}"));
        let first = |wanted: Call| world.wire.sent().iter().position(|sent| sent.call == Some(wanted));
        let (truth, repeat) = (first(truth), first(call));
        assert!(truth.is_some(), "{what}: nobody asked what became of it");
        assert!(
            repeat.is_none_or(|repeat| truth < Some(repeat)),
            "{what}: repeated before it was asked about"
        );
        world.wire.clear();
    }
    match action {
        Action::B => world.edit_contact_again(),
        Action::T => return told(&mut world, &what).await,
        _ => {}
    }
    agrees(&mut world, &what).await;
}

/// Which call tells what became of one whose answer was lost.
fn truth_of(call: Call) -> Option<Call> {
    match call {
        Call::IngestCreate => Some(Call::OrphanSearch),
        Call::Close | Call::Abort => Some(Call::Poll),
        _ => None,
    }
}

fn went_on(world: &World, action: Action, ended: &Result<CycleReport, Fatal>, what: &str) {
    let Ok(report) = ended else { panic!("{what}: the cycle stopped: {ended:?}") };
    match action {
        Action::J => assert!(report.rows.unknown > 0, "{what}: no row is unknown: {report:?}"),
        Action::B => {
            assert_eq!(world.debts(), [2], "{what}");
            assert_eq!(world.cases(), [CaseKind::Blocked], "{what}");
            assert!(world.is_blocked(2), "{what}");
        }
        Action::T => assert_eq!(world.debts(), [2], "{what}: the others do not wait"),
        _ => assert_eq!(world.debts(), Vec::<u32>::new(), "{what}: nothing waits for this call"),
    }
}

fn stopped(call: Call, fault: Fault, action: Action, ended: &Result<CycleReport, Fatal>, what: &str) {
    match ended {
        Err(Fatal::Salesforce(error)) => {
            let kinds = kinds(call, fault, action);
            assert!(kinds.contains(&error.kind()), "{what}: {error} is none of {kinds:?}");
        }
        Err(Fatal::Supporters(error)) => {
            assert!(matches!(call, Call::SupporterRead | Call::SupporterWrite), "{what}: {error}");
            let passing = matches!(action, Action::S | Action::Q);
            assert_eq!(error.kind().is_transient(), passing, "{what}: {error}");
        }
        other => panic!("{what}: {other:?}"),
    }
}

/// What the cycle says went wrong.
fn kinds(call: Call, fault: Fault, action: Action) -> &'static [ErrorKind] {
    use ErrorKind as K;
    match (fault, action) {
        (Fault::LostBefore | Fault::LostAfter, Action::Q | Action::U) => &[K::OutcomeUnknown],
        (Fault::Busy | Fault::Cut | Fault::NotAsDocumented, Action::Q | Action::U) => &[K::OutcomeUnknown],
        (Fault::TooBig | Fault::TooSlow, Action::Q | Action::U) => &[K::OutcomeUnknown],
        (Fault::Refused | Fault::LostBefore | Fault::LostAfter, _) => &[K::Unreachable],
        (Fault::Tls, _) => &[K::Tls],
        (Fault::Limit, _) if call == Call::Token => &[K::Busy],
        (Fault::Unauthorised, _) => &[K::NotAuthorised],
        (Fault::Forbidden | Fault::NotFound | Fault::BadRequest, _) if call == Call::Token => {
            &[K::NotAuthorised]
        }
        (Fault::Limit, _) => &[K::RequestLimit],
        (Fault::Forbidden, _) => &[K::Forbidden],
        (Fault::NotFound, _) => &[K::NotFound],
        (Fault::BadRequest, _) => &[K::Rejected, K::Conflict],
        (Fault::Gone, _) => &[K::VersionRetired],
        (Fault::Busy, _) => &[K::Busy],
        (Fault::Cut | Fault::NotAsDocumented, _) => &[K::Incomplete, K::Contract],
        (Fault::TooBig, _) if call == Call::Token => &[K::Contract],
        (Fault::TooBig, _) => &[K::TooLarge],
        (Fault::TooSlow, _) => &[K::TooSlow, K::Incomplete],
        (Fault::Redirect, _) => &[K::Redirect],
    }
}

/// Two cycles in quiet, and both sides agree; a third writes nothing.
async fn agrees(world: &mut World, what: &str) {
    for _ in 0..2 {
        world.advance(600);
        world.cycle().await.unwrap_or_else(|error| panic!("{what}: in quiet: {error}"));
    }
    assert_eq!(world.debts(), Vec::<u32>::new(), "{what}: in quiet");
    world.at_rest(what).await;
}

/// The supporter is gone: its Contact is not touched, and an administrator is told.
async fn told(world: &mut World, what: &str) {
    for _ in 0..2 {
        world.advance(600);
        world.cycle().await.unwrap_or_else(|error| panic!("{what}: in quiet: {error}"));
    }
    assert_eq!(world.cases(), [CaseKind::SupporterDeleted], "{what}");
    world.at_rest(what).await;
}
