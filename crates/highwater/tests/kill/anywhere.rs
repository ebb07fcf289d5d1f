//! `kill -9` at any moment of a run, again and again on one state.

use std::process::Stdio;
use std::time::Duration;

use crate::stage::SECRET;
use crate::town::Town;

fn number(name: &str, otherwise: u64) -> u64 {
    std::env::var(name).ok().map_or(otherwise, |text| text.parse().expect("a number"))
}

/// How often both sides are compared: after so many kills.
const COMPARE_EVERY: u64 = 12;

#[tokio::test(flavor = "multi_thread")]
#[allow(clippy::print_stderr, reason = "the figures of a deep run are read from here")]
async fn killed_anywhere_again_and_again_it_loses_nobody_and_makes_nobody_twice() {
    let (kills, mut seed) = (number("HIGHWATER_KILLS", 12), number("HIGHWATER_KILL_SEED", 1));
    let mut town = Town::founded().await;
    let mut hit = 0;
    for kill in 1..=kills {
        if kill % 3 == 1 {
            town.lives().await;
        }
        let mut child = std::process::Command::new(assert_cmd::cargo::cargo_bin("highwater"))
            .arg("sync")
            .current_dir(town.stage.path("."))
            .env("HIGHWATER_SF_SECRET", SECRET)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        tokio::time::sleep(Duration::from_micros((seed >> 33) % 900_000)).await;
        child.kill().unwrap();
        hit += u64::from(child.wait().unwrap().code().is_none());
        if kill % COMPARE_EVERY == 0 || kill == kills {
            town.agrees(&format!("after {kill} kills")).await;
            // A fresh town: the old one has grown.
            if kill % (COMPARE_EVERY * 8) == 0 {
                town = Town::founded().await;
            }
        }
    }
    assert!(hit > 0, "every run had ended before it was killed");
    eprintln!("{hit} of {kills} runs were killed before their end; nobody lost, nobody twice");
}
