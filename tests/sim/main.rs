//! The simulation: engine, org and supporter database in one process and one thread, everything from one seed. People edit
//! both sides in every way, calls fail in every way, the process dies anywhere; then it is quiet, and the checker looks.
//!
//! `cargo test --profile sim -p e2e --features drill --test sim`. What the environment may ask for:
//!
//! - `HIGHWATER_SIM_SEEDS=300000`, `HIGHWATER_SIM_FIRST=1`: so many seeds, from this one on
//! - `HIGHWATER_SIM_KILLS=2500`: so many seeds for each kill point
//! - `HIGHWATER_SIM_SEED=17` with `tell -- --ignored --nocapture`: one story, to read; `HIGHWATER_SIM_KILL=K07` arms a point

#![allow(clippy::panic, reason = "a broken promise fails the test")]
#![allow(unreachable_pub, reason = "a test binary exports nothing")]

mod book;
mod checker;
mod database;
mod fields;
mod mistakes;
mod net;
mod options;
mod people;
mod random;
mod run;
mod story;
mod world;

use drill::{Branch, KillPoint};
use run::{Sums, number, run};
use story::{Drill, tell};

/// Seeds that failed once. They run for ever, before all others.
const KEPT: &str = include_str!("../seeds/simulation.txt");

fn kept() -> Vec<(u64, Drill)> {
    let lines = KEPT.lines().map(|line| line.split('#').next().unwrap_or_default().trim());
    let story = |line: &str| {
        let (seed, point) = line.split_once(' ').unwrap_or((line, ""));
        let kill = (!point.is_empty()).then(|| point.trim().parse().expect("a kill point"));
        (seed.parse().expect("a seed"), Drill { kill, ..Drill::default() })
    };
    lines.filter(|line| !line.is_empty()).map(story).collect()
}

#[test]
fn whatever_happens_both_sides_agree_in_the_end_and_nothing_is_lost_or_doubled() {
    let first = number("HIGHWATER_SIM_FIRST").unwrap_or(1);
    let seeds = number("HIGHWATER_SIM_SEEDS").unwrap_or(150);
    let mut stories = kept();
    stories.extend((first..first + seeds).map(|seed| (seed, Drill::default())));
    let sums = run("seeds", &stories);
    sums.judge();
    if seeds >= 5_000 {
        every_branch_was_taken(&sums);
    }
}

/// An upgrade happens once, before the first cycle: the state's own tests die in it.
const NOT_IN_A_CYCLE: [KillPoint; 1] = [KillPoint::K40];

/// A branch that no seed led to was not tested by any.
fn every_branch_was_taken(sums: &Sums) {
    let never: Vec<&str> = sums.never().map(Branch::code).collect();
    assert!(never.is_empty(), "never reached: {never:#?}");
}

#[test]
fn killed_at_every_point_the_next_start_brings_everything_into_step() {
    let each = number("HIGHWATER_SIM_KILLS").unwrap_or(4);
    let mut missed = Vec::new();
    let mut stories = Vec::new();
    for point in KillPoint::ALL {
        stories.extend((1..=each).map(|seed| (seed, Drill { kill: Some(point), ..Drill::default() })));
    }
    let sums = run("kills", &stories);
    sums.judge();
    for (point, times) in KillPoint::ALL.into_iter().zip(sums.killed) {
        if times == 0 && !NOT_IN_A_CYCLE.contains(&point) {
            missed.push(point.name());
        }
    }
    assert!(each < 100 || missed.is_empty(), "no seed died at {missed:?}");
}

#[test]
fn the_same_seed_tells_the_same_story() {
    for seed in 1..=12 {
        let (one, other) = (tell(seed, Drill::default()), tell(seed, Drill::default()));
        assert_eq!(one.trace, other.trace, "seed {seed}");
        assert_eq!(one.broken, other.broken, "seed {seed}");
    }
}

#[test]
fn the_checker_notices_an_engine_that_does_nothing() {
    for seed in 1..=20 {
        let ended = tell(seed, Drill { idle: true, ..Drill::default() });
        assert!(ended.broken.iter().any(|line| line.starts_with("C2")), "seed {seed}: {:?}", ended.broken);
    }
}

/// Prints one story.
#[test]
#[ignore = "for reading, not for judging"]
#[allow(clippy::print_stdout, reason = "it is to be read")]
fn tell_one_story() {
    let kill = std::env::var("HIGHWATER_SIM_KILL").ok().map(|name| name.parse().expect("a kill point"));
    let drill = Drill { kill, mistake: mistakes::asked_for(), ..Drill::default() };
    let ended = tell(number("HIGHWATER_SIM_SEED").unwrap_or(1), drill);
    println!("{:?}", ended.options);
    for line in ended.trace {
        println!("{line}");
    }
    assert!(ended.broken.is_empty(), "{}", ended.broken.join("\n"));
}
