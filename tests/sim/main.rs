//! The simulation: engine, org and supporter database in one process and one thread, everything from one seed. People edit
//! both sides, the network fails, the process dies; then it is quiet, and the checker looks.
//!
//! `HIGHWATER_SIM_SEEDS=1000 cargo test -p e2e --test sim` runs that many; `HIGHWATER_SIM_SEED=17` runs that one.

#![allow(clippy::panic, reason = "a broken promise fails the test")]
#![allow(unreachable_pub, reason = "a test binary exports nothing")]

mod checker;
mod net;
mod random;
mod world;

use std::collections::BTreeMap;
use std::time::Duration;

use net::Weather;
use random::Random;
use world::World;

/// What one seed came to.
struct Ended {
    broken: Vec<String>,
    trace: Vec<String>,
    reached: BTreeMap<&'static str, u64>,
}

fn run(seed: u64) -> Ended {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .start_paused(true)
        .build()
        .expect("a runtime");
    runtime.block_on(story(seed))
}

async fn story(seed: u64) -> Ended {
    let mut random = Random::new(seed ^ 0xabcd);
    let people = 4 + random.below(20);
    let mut world = World::new(seed, people).await;
    let stormy = random.permille(600);
    for _ in 0..3 + random.below(6) {
        let mut hands = world.hands();
        for _ in 0..random.below(8) {
            hands.act(&mut random);
            world.advance(Duration::from_secs(random.next() % 90));
        }
        world.net.hands(Some(Box::new(move |random| hands.act(random))));
        if stormy {
            world.net.weather(Weather { not_sent: 15, lost_answer: 15, cut: 10, hands: 60 });
            if random.permille(400) {
                world.net.die_at(1 + u32::try_from(random.below(25)).unwrap_or(0), random.permille(500));
            }
            if random.permille(150) {
                world.store.crash_at_commit(1 + u32::try_from(random.below(12)).unwrap_or(0));
            }
        } else {
            world.net.weather(Weather { hands: 60, ..Weather::default() });
        }
        world.advance(Duration::from_secs(60 + random.next() % 7_200));
        world.cycle().await;
    }
    world.net.weather(Weather::default());
    world.net.hands(None);
    world.net.reborn();
    let mut last = None;
    for _ in 0..5 {
        world.advance(Duration::from_secs(3_700));
        last = world.cycle().await;
    }
    let sides = world.engine().await.expect("the engine runs");
    let broken = match &last {
        Some(last) => checker::check(&world, &sides, last),
        None => vec!["the last cycle did not come to its end".to_owned()],
    };
    Ended { broken, trace: world.net.trace(), reached: world.reached }
}

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

#[test]
fn whatever_happens_both_sides_agree_in_the_end_and_nothing_is_lost_or_doubled() {
    let seeds: Vec<u64> = match number("HIGHWATER_SIM_SEED") {
        Some(one) => vec![one],
        None => (1..=number("HIGHWATER_SIM_SEEDS").unwrap_or(60)).collect(),
    };
    let mut reached: BTreeMap<&'static str, u64> = BTreeMap::new();
    let mut failed = Vec::new();
    for seed in &seeds {
        let ended = run(*seed);
        for (what, times) in ended.reached {
            *reached.entry(what).or_default() += times;
        }
        if !ended.broken.is_empty() {
            failed.push(format!("seed {seed}:\n  {}", ended.broken.join("\n  ")));
        }
    }
    assert!(failed.is_empty(), "{} of {} seeds failed\n{}", failed.len(), seeds.len(), failed.join("\n"));
    if seeds.len() >= 60 {
        for what in ["killed", "gave up"] {
            assert!(reached.contains_key(what), "no seed reached {what:?}: {reached:?}");
        }
    }
}

#[test]
fn the_same_seed_tells_the_same_story() {
    for seed in [3, 11, 42] {
        assert_eq!(run(seed).trace, run(seed).trace, "seed {seed}");
    }
}

/// Prints a story: `HIGHWATER_SIM_SEED=17 cargo test -p e2e --test sim tell -- --ignored --nocapture`.
#[test]
#[ignore = "for reading, not for judging"]
#[allow(clippy::print_stdout, reason = "it is to be read")]
fn tell_one_story() {
    let ended = run(number("HIGHWATER_SIM_SEED").unwrap_or(1));
    for line in ended.trace {
        println!("{line}");
    }
    assert!(ended.broken.is_empty(), "{}", ended.broken.join("\n"));
}
