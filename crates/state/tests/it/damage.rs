//! Damaged database files: opening fails, reading fails, or everything that is read is right. Nothing is lost silently.

use std::fs;
use std::path::Path;

use model::Side;
use state::State;

use crate::opening::copy;
use crate::support::{at, block_on, commit, link, options, supporter};

const PEOPLE: u32 = 600;

fn good_state(dir: &Path, openings: u32) {
    let state = State::open(dir, options()).unwrap();
    block_on(async {
        for first in (1..=PEOPLE).step_by(100) {
            let _ = commit(&state, |changes| {
                for n in first..first + 100 {
                    changes.put_link(link(n, n));
                }
                changes.raise_watermark(Side::Supporter, at(i64::from(first)));
            })
            .await;
        }
    });
    drop(state);
    // Each opening leaves a snapshot behind, after which sled reads less of the file at the next one.
    for _ in 0..openings {
        drop(State::open(dir, options()).unwrap());
    }
}

fn damage(bytes: &mut Vec<u8>, round: u64) {
    let length = bytes.len() as u64;
    let at = usize::try_from((round * 0x9e37_79b9_7f4a + 17) % length).unwrap();
    match round % 3 {
        0 => bytes[at] ^= 0x10,
        1 => {
            let end = bytes.len().min(at + 4_096);
            bytes[at..end].fill(0);
        }
        _ => bytes.truncate(at),
    }
}

/// Reads everybody; `None` when the state itself reports damage.
fn people_found(state: &State) -> Option<u32> {
    let mut found = 0;
    for n in 1..=PEOPLE {
        if let Some(read) = state.link_of(&supporter(n)).ok()? {
            assert_eq!(read, link(n, n));
            found += 1;
        }
    }
    Some(found)
}

fn no_damage_is_silent(openings: u32) {
    let dir = tempfile::tempdir().unwrap();
    let good = dir.path().join("good");
    good_state(&good, openings);
    let (mut refused, mut opened) = (0, 0);
    for round in 0..30 {
        let bad = dir.path().join(round.to_string());
        copy(&good, &bad);
        let mut bytes = fs::read(bad.join("db/db")).unwrap();
        damage(&mut bytes, round);
        fs::write(bad.join("db/db"), bytes).unwrap();
        match State::open(&bad, options()) {
            Err(_) => refused += 1,
            Ok(state) => {
                opened += 1;
                assert!(
                    people_found(&state).is_none_or(|found| found == PEOPLE),
                    "round {round} lost people"
                );
            }
        }
        fs::remove_dir_all(&bad).unwrap();
    }
    assert!(refused > 0, "no damage hit anything: {opened} opened");
}

#[test]
fn damage_to_a_young_database_is_never_silent() {
    no_damage_is_silent(0);
}

#[test]
fn damage_to_a_database_with_snapshots_is_never_silent() {
    no_damage_is_silent(2);
}
