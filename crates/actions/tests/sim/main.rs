//! The event path in one process, everything from one seed: events come in twice and out of order, the power goes while they are
//! kept, calls to the org fail in every way, the process dies anywhere. Then it is quiet, and the checker looks at the org and at
//! the queue alone.
//!
//! `HIGHWATER_EVENTS_SEEDS=20000` asks for so many seeds, `HIGHWATER_EVENTS_FIRST=17` for others than the first.

#![allow(
    clippy::panic,
    clippy::print_stdout,
    reason = "a broken promise fails the test; figures are for whoever asks"
)]
#![allow(unreachable_pub, reason = "a test binary exports nothing")]

mod checker;
mod net;
mod random;
mod story;
mod world;

use story::{Sums, run};

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok().and_then(|text| text.parse().ok())
}

#[test]
fn whatever_happens_the_newest_value_stays_and_no_event_is_lost_or_counts_twice() {
    let first = number("HIGHWATER_EVENTS_FIRST").unwrap_or(1);
    let seeds = number("HIGHWATER_EVENTS_SEEDS").unwrap_or(60);
    let mut sums = Sums::default();
    for seed in first..first + seeds {
        // Time stands still but where something waits, and then nobody waits for it.
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build();
        sums.add(&runtime.expect("a runtime").block_on(run(seed)));
    }
    println!("{seeds} stories: {sums:?}");
    // What never happened was not tested.
    if seeds >= 200 {
        assert!(sums.deaths > 0 && sums.power_cuts > 0 && sums.faults > 0 && sums.jobs > 0, "{sums:?}");
        assert!(sums.deleted > 0 && sums.too_early > 0, "{sums:?}");
    }
}
