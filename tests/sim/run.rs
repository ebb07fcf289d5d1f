//! Many stories, on as many threads as there are cores; what they came to, in the order of their seeds.

use std::io::Write as _;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use drill::{Branch, Counts, KillPoint};

use crate::story::{Drill, Ended, tell};

/// How many failures are printed in full.
const SHOWN: usize = 20;
/// How many stories lie between two lines about the progress of a long run.
const LINE: usize = 10_000;

/// What many stories came to.
pub struct Sums {
    what: &'static str,
    stories: usize,
    failed: Vec<(usize, String)>,
    /// Points and branches come by.
    pub counts: Counts,
    /// How often each point killed.
    pub killed: [u64; KillPoint::ALL.len()],
    deaths: u64,
    gave_up: u64,
}

/// A number from the environment.
pub fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

/// Tells them all.
pub fn run(what: &'static str, stories: &[(u64, Drill)]) -> Sums {
    let sums = Mutex::new(Sums {
        what,
        stories: stories.len(),
        failed: Vec::new(),
        counts: Counts::NONE,
        killed: [0; KillPoint::ALL.len()],
        deaths: 0,
        gave_up: 0,
    });
    let next = AtomicUsize::new(0);
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    std::thread::scope(|scope| {
        for _ in 0..cores {
            scope.spawn(|| {
                loop {
                    let at = next.fetch_add(1, Ordering::Relaxed);
                    let Some((seed, drill)) = stories.get(at) else { break };
                    let ended = tell(*seed, *drill);
                    let mut sums = sums.lock().expect("no story ends in the middle");
                    sums.add(at, *seed, *drill, ended);
                    if (at + 1).is_multiple_of(LINE) {
                        sums.progress(at + 1);
                    }
                }
            });
        }
    });
    let mut sums = sums.into_inner().expect("no story ends in the middle");
    sums.failed.sort();
    sums.progress(stories.len());
    sums
}

impl Sums {
    fn add(&mut self, at: usize, seed: u64, drill: Drill, ended: Ended) {
        self.counts.add(&ended.counts);
        self.deaths += ended.deaths;
        self.gave_up += ended.gave_up;
        if let Some(point) = drill.kill {
            self.killed[point as usize] += ended.killed;
        }
        if !ended.broken.is_empty() {
            let kill =
                drill.kill.map_or_else(String::new, |point| format!(" HIGHWATER_SIM_KILL={}", point.name()));
            let how =
                "cargo test --profile sim -p e2e --features drill --test sim tell -- --ignored --nocapture";
            let lines = ended.broken.join("\n  ");
            let options = ended.options;
            self.failed
                .push((at, format!("HIGHWATER_SIM_SEED={seed}{kill} {how}\n  {options:?}\n  {lines}")));
        }
    }

    /// The branches that no story led to.
    pub fn never(&self) -> impl Iterator<Item = Branch> {
        let counted = Branch::ALL.into_iter().zip(self.counts.branches);
        counted.filter(|(_, times)| *times == 0).map(|(branch, _)| branch)
    }

    /// A line to standard error, which the test harness does not keep to itself.
    fn progress(&self, so_far: usize) {
        let never: Vec<&str> = self.never().map(Branch::code).collect();
        let line = format!(
            "{} {so_far} of {}: {} failed, {} deaths, {} cycles given up, never reached: {never:?}\n",
            self.what,
            self.stories,
            self.failed.len(),
            self.deaths,
            self.gave_up,
        );
        let _ = std::io::stderr().write_all(line.as_bytes());
    }

    /// Fails when a promise was broken.
    pub fn judge(&self) {
        let shown: Vec<&str> = self.failed.iter().take(SHOWN).map(|(_, text)| text.as_str()).collect();
        assert!(
            self.failed.is_empty(),
            "{} of {} stories broke a promise\n{}",
            self.failed.len(),
            self.stories,
            shown.join("\n")
        );
    }
}
