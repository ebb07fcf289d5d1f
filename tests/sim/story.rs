//! One story: a world lives through some cycles while everything fails, then it is quiet, and the checker looks.

use std::time::Duration;

use drill::{Counts, KillPoint, Mistake};

use crate::book::By;
use crate::checker;
use crate::net::Weather;
use crate::options::Options;
use crate::random::Random;
use crate::world::{World, rules_of};

/// Cycles in quiet after which nothing is left to do.
const SETTLING: usize = 2;

/// What a story is told for, beside its seed.
#[derive(Debug, Clone, Copy, Default)]
pub struct Drill {
    /// The process dies at this point, as often as it is armed.
    pub kill: Option<KillPoint>,
    /// This mistake is planted.
    pub mistake: Option<Mistake>,
    /// The engine does nothing.
    pub idle: bool,
}

/// What a story came to.
pub struct Ended {
    /// Promises that were broken.
    pub broken: Vec<String>,
    /// Every call and deed.
    pub trace: Vec<String>,
    /// The world.
    pub options: Options,
    /// Points and branches come by.
    pub counts: Counts,
    /// How often the process died.
    pub deaths: u64,
    /// How many cycles gave up.
    pub gave_up: u64,
    /// How often the point that was armed killed.
    pub killed: u64,
}

/// Tells the story of a seed.
pub fn tell(seed: u64, drill: Drill) -> Ended {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .start_paused(true)
        .build()
        .expect("a runtime");
    drill::disarm();
    let _before = drill::take_counts();
    drill::plant(drill.mistake);
    let ended = runtime.block_on(live(seed, drill));
    drill::plant(None);
    ended
}

async fn live(seed: u64, drill: Drill) -> Ended {
    let mut random = Random::new(seed ^ 0xabcd);
    // A thousand deaths at each point need no crowd: its trouble is of another kind.
    let mut options = Options::draw(&mut random, drill.kill.is_none());
    if drill.kill.is_some() {
        options.stormy = false;
    }
    let mut world = World::new(seed, options.clone());
    world.idle = drill.idle;
    if matches!(drill.kill, Some(KillPoint::K38 | KillPoint::K39 | KillPoint::K40)) {
        world.keep_on_disk();
    }
    let mut killed = 0;
    for round in 0..options.rounds {
        for _ in 0..random.below(7) {
            world.people.act(&mut random);
            world.advance(Duration::from_secs(random.next() % 90)).await;
        }
        world.set_traps(options.crowd && round == 0);
        prepare(&mut world, &mut random, drill);
        world.advance(Duration::from_secs(pause(&mut random))).await;
        world.org.admin().empty_recycle_bin();
        world.cycle(&mut random).await;
        if drill.kill.is_some() && !drill::disarm() {
            killed += 1;
        }
        if random.permille(300) {
            // A job that nobody looks at moves on all the same.
            world.net.step();
        }
    }
    let broken = quiet(&mut world, &mut random).await;
    let memories = world.people.memories();
    Ended {
        broken,
        trace: memories.trace.clone(),
        options,
        counts: drill::take_counts(),
        deaths: world.deaths,
        gave_up: world.gave_up,
        killed,
    }
}

/// How long it is until the next cycle: an hour, a moment, two days, more than Salesforce keeps a job.
fn pause(random: &mut Random) -> u64 {
    match random.below(20) {
        0..=11 => 60 + random.next() % 7_200,
        12..=15 => random.next() % 30,
        16..=18 => 2 * 86_400,
        _ if random.permille(500) => 8 * 86_400,
        _ => 16 * 86_400,
    }
}

/// What will go wrong with the next cycle.
fn prepare(world: &mut World, random: &mut Random, drill: Drill) {
    // A point that the last cycle did not come by must not kill somebody else, such as a second process.
    drill::disarm();
    let options = world.options.clone();
    let faults = if options.stormy { options.faults } else { 0 };
    // At this point a process comes by only when a job is gone.
    let gone = if drill.kill == Some(KillPoint::K16) { 300 } else { 0 };
    world.net.weather(Weather { faults, hands: 60, pace: options.pace, gone, locked_out: false });
    world.database.trouble(if options.stormy { 10 } else { 0 }, 40);
    if let Some(point) = drill.kill {
        drill::arm(point, 1 + u32::try_from(random.below(3)).unwrap_or(0));
        return;
    }
    if random.permille(150) {
        world.change_the_map(random);
    }
    if random.permille(100) {
        let on = random.permille(500);
        world.org.admin().configure(|settings| settings.duplicates = rules_of(on));
    }
    if !options.stormy {
        return;
    }
    match random.below(12) {
        0 | 1 => world.net.die_at(1 + u32::try_from(random.below(40)).unwrap_or(0), random.permille(500)),
        2 => world.fail_at_commit(1 + u32::try_from(random.below(20)).unwrap_or(0)),
        3..=6 => {
            let point = random.pick(&KillPoint::ALL).copied().unwrap_or(KillPoint::K01);
            drill::arm(point, 1 + u32::try_from(random.below(3)).unwrap_or(0));
        }
        7 => world.second_process(),
        8 => world.turn_the_clock(random),
        // Others have used up what the org allows in a day.
        9 => world.org.admin().configure(|settings| settings.limits.daily_api = random.next() % 60),
        10 => world.net.lock_out(),
        _ => {}
    }
}

/// Nobody edits, nothing fails: two cycles bring everything into step, and a third has nothing to do.
async fn quiet(world: &mut World, random: &mut Random) -> Vec<String> {
    drill::disarm();
    world.net.weather(Weather { pace: 1_000, ..Weather::default() });
    world.database.trouble(0, 0);
    world.set_traps(false);
    world.org.admin().configure(|settings| {
        settings.limits.daily_api = 100_000;
        settings.bulk.lock_rate = 0.0;
        settings.bulk.fail_after_rows = None;
    });
    world.org.admin().release_locks();
    world.restart();
    world.people.look(By::People);
    let mut last = 0;
    for nth in 0..=SETTLING {
        // A week is over: everybody is looked for.
        world.advance(Duration::from_secs(if nth == 1 { 8 * 86_400 } else { 90_000 })).await;
        last = world.people.memories().book.now;
        if world.cycle(random).await.is_none() {
            let why = world.people.memories().trace.last().cloned().unwrap_or_default();
            return vec![format!("cycle {nth} in quiet did not come to its end: {why}")];
        }
    }
    match world.sides().await {
        Some(sides) => {
            for line in checker::picture(world, &sides) {
                world.people.note(line);
            }
            checker::check(world, &sides, last)
        }
        None => vec!["the engine does not start in quiet".to_owned()],
    }
}
