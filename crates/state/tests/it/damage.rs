//! Damaged, lost and exchanged files of a state, three hundred ways: opening fails, reading fails, or everything that is read is right.
//! Nothing is lost silently.

use std::fs;
use std::path::Path;

use model::Side;
use state::State;

use crate::opening::copy;
use crate::support::{at, block_on, commit, link, options, supporter};

const PEOPLE: u32 = 600;
/// In how many ways each database file is damaged.
const ROUNDS: u64 = 105;

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
    for round in 0..ROUNDS {
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

/// The file's own damage, and that it is gone.
fn spoil(path: &Path, round: u64) {
    let mut bytes = fs::read(path).unwrap();
    if round.is_multiple_of(5) || bytes.is_empty() {
        fs::remove_file(path).unwrap();
    } else {
        damage(&mut bytes, round);
        fs::write(path, bytes).unwrap();
    }
}

#[test]
fn damage_to_any_other_file_is_never_silent() {
    let dir = tempfile::tempdir().unwrap();
    let good = dir.path().join("good");
    good_state(&good, 2);
    let entries = |of: &Path| {
        let names = fs::read_dir(of).unwrap().map(|entry| entry.unwrap().path());
        names.filter(|path| path.is_file()).collect::<Vec<_>>()
    };
    let files: Vec<_> = entries(&good)
        .into_iter()
        .chain(entries(&good.join("db")))
        .filter(|path| !path.ends_with("lock") && !path.ends_with("db/db"))
        .map(|path| path.strip_prefix(&good).unwrap().to_owned())
        .collect();
    assert!(files.len() >= 4, "manifest, key, sled's configuration and snapshots: {files:?}");
    for round in 0..60 {
        let bad = dir.path().join(round.to_string());
        copy(&good, &bad);
        let file = &files[usize::try_from(round).unwrap() % files.len()];
        spoil(&bad.join(file), round);
        if let Ok(state) = State::open(&bad, options()) {
            let found = people_found(&state);
            assert!(
                found.is_none_or(|found| found == PEOPLE),
                "round {round}, {}: {found:?}",
                file.display()
            );
        }
        fs::remove_dir_all(&bad).unwrap();
    }
}

#[test]
fn every_older_copy_of_the_database_is_refused() {
    // GIVEN thirty copies of a database, each made a commit after the other
    let dir = tempfile::tempdir().unwrap();
    let now = dir.path().join("now");
    drop(State::open(&now, options()).unwrap());
    for n in 0..30_u32 {
        copy(&now.join("db"), &dir.path().join(n.to_string()));
        let state = State::open(&now, options()).unwrap();
        block_on(async {
            let _ = commit(&state, |changes| {
                changes.put_link(link(n + 1, n + 1)).raise_watermark(Side::Supporter, at(i64::from(n)));
            })
            .await;
        });
    }
    // WHEN one of them is put back under the manifest of today THEN it is refused, whichever it is
    for n in 0..30 {
        fs::remove_dir_all(now.join("db")).unwrap();
        copy(&dir.path().join(n.to_string()), &now.join("db"));
        let opened = State::open(&now, options());
        let refused = matches!(opened, Err(state::Error::Refused(state::Refusal::RolledBack { .. })));
        assert!(refused, "copy {n}: {opened:?}");
    }
}
