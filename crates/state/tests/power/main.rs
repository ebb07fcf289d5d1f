//! Power cuts. What a process does to its state directory is recorded call by call (`record.c`), put together again as a disk
//! might have it that lost its power at any moment (`disk.rs`), and opened by the product: every acknowledged commit is there.
//!
//! The recording is made below the product, so that it holds whatever the layout of the state is. `HIGHWATER_POWER_CUTS=1000`
//! makes more than 50 cuts, `HIGHWATER_POWER_SEED` others; with `HIGHWATER_POWER_KEEP` what a failed cut left lies there, as it
//! was before it was opened.

#![allow(clippy::unwrap_used, clippy::panic, reason = "the helpers of a test fail like the test itself")]
#![allow(unreachable_pub, reason = "a test binary exports nothing")]

#[path = "../it/support.rs"]
#[allow(dead_code, reason = "shared with the other tests of the state")]
mod support;

mod disk;

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use model::{Digest, DirtyReason, RuleKey, Side};
use state::State;

use disk::{Chance, Deed, Disk};
use support::{at, block_on, commit, link, options, subject, supporter};

const DIR: &str = "HIGHWATER_TEST_POWER_DIR";
const OPENINGS: u32 = 4;
const COMMITS_PER_OPENING: u32 = 40;
const PEOPLE_PER_COMMIT: u32 = 12;

/// Opens, writes and acknowledges, several times over.
#[test]
#[ignore = "runs inside the power test, under the recorder"]
fn child_writes_and_is_recorded() {
    let dir = PathBuf::from(std::env::var_os(DIR).expect("set by the power test"));
    let mut acknowledged = fs::OpenOptions::new().append(true).create(true).open(dir.join("acks")).unwrap();
    let mut number = 0;
    for _ in 0..OPENINGS {
        let state = State::open(dir.join("state"), options()).unwrap();
        block_on(async {
            // Commits follow, so that some cuts find it just written anew.
            let _ = state.write_anew(0).await.unwrap();
            for _ in 0..COMMITS_PER_OPENING {
                number += 1;
                let _ = commit(&state, |changes| {
                    for person in people_of(number) {
                        changes.put_link(link(person, person));
                        changes.set_bases(&supporter(person), &[(RuleKey(1), Digest(u64::from(number)))]);
                        changes.mark_dirty(subject(person), DirtyReason::Backfill, None);
                    }
                    changes.raise_watermark(Side::Supporter, at(i64::from(number)));
                })
                .await;
                acknowledged.write_all(format!("{number}\n").as_bytes()).unwrap();
            }
        });
    }
}

fn people_of(commit: u32) -> std::ops::Range<u32> {
    commit * PEOPLE_PER_COMMIT..(commit + 1) * PEOPLE_PER_COMMIT
}

/// What a process did that was left alone.
fn recording(dir: &Path) -> Vec<Deed> {
    let (root, log, recorder) = (dir.join("recorded"), dir.join("log"), dir.join("record.so"));
    fs::create_dir(&root).unwrap();
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/power/record.c");
    let mut compiler = Command::new("cc");
    compiler.args(["-O1", "-shared", "-fPIC", "-o"]).arg(&recorder).arg(source).args(["-ldl", "-lpthread"]);
    assert!(compiler.status().expect("a C compiler, as `cc`").success(), "the recorder was built");
    let child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "child_writes_and_is_recorded", "--ignored", "--nocapture", "--test-threads=1"])
        .env(DIR, &root)
        .env("LD_PRELOAD", &recorder)
        .env("POWER_ROOT", &root)
        .env("POWER_LOG", &log)
        .output()
        .unwrap();
    assert!(child.status.success(), "{}", String::from_utf8_lossy(&child.stderr));
    let deeds = disk::read(&log);
    let acknowledged = deeds.iter().filter(|deed| deed.path.ends_with("acks") && deed.kind == b'w').count();
    assert_eq!(acknowledged, (OPENINGS * COMMITS_PER_OPENING) as usize, "every acknowledgement is recorded");
    deeds
}

/// The commit that was acknowledged last before this moment.
fn acknowledged(deeds: &[Deed]) -> u32 {
    let last = deeds.iter().rev().find(|deed| deed.path.ends_with("acks") && deed.kind == b'w');
    last.map_or(0, |deed| std::str::from_utf8(&deed.bytes).unwrap().trim().parse().unwrap())
}

/// What is wrong with a state that was acknowledged up to here; nothing is what is hoped for.
fn wrong(dir: &Path, acknowledged: u32) -> Option<String> {
    let state = match State::open(dir.join("state"), options()) {
        Ok(state) => state,
        Err(error) => return Some(format!("refused after commit {acknowledged}: {error}")),
    };
    let watermark = match state.watermark(Side::Supporter) {
        Ok(watermark) => watermark.map_or(0, |stamp| u32::try_from(stamp.micros() / 1_000_000).unwrap()),
        Err(error) => return Some(format!("unreadable after commit {acknowledged}: {error}")),
    };
    if watermark < acknowledged {
        return Some(format!("commit {acknowledged} was acknowledged, {watermark} is the last found"));
    }
    if watermark > acknowledged + 1 {
        return Some(format!("commit {watermark} is there, and {acknowledged} was the last"));
    }
    let expected = u64::from(watermark * PEOPLE_PER_COMMIT);
    let counted = (state.link_count().ok(), state.dirty_count().ok());
    if counted != (Some(expected), Some(expected)) {
        return Some(format!("after commit {watermark}: counted {counted:?}, and {expected} were written"));
    }
    for number in 1..=watermark {
        for person in people_of(number) {
            let there = state.link_of(&supporter(person)).ok().flatten() == Some(link(person, person))
                && state.dirty_of(&subject(person)).ok().flatten().is_some();
            if !there {
                return Some(format!("after commit {watermark}: {person} of commit {number} is not there"));
            }
        }
    }
    None
}

fn number(name: &str, otherwise: u64) -> u64 {
    std::env::var(name).ok().map_or(otherwise, |text| text.parse().expect("a number"))
}

/// Cuts the power so many times, at moments chosen by the seed. Gives what was wrong afterwards.
fn cuts(dir: &Path, deeds: &[Deed], cuts: u64, seed: u64) -> Vec<String> {
    let root = dir.join("recorded");
    let mut chance = Chance(seed);
    let mut moments: Vec<usize> = (0..cuts).map(|_| chance.below(deeds.len() + 1)).collect();
    moments.sort_unstable();
    let (mut disk, mut done, mut found) = (Disk::default(), 0, Vec::new());
    for (cut, moment) in moments.into_iter().enumerate() {
        for deed in &deeds[done..moment] {
            disk.does(deed);
        }
        done = moment;
        let after = dir.join(format!("cut-{cut}"));
        fs::create_dir(&after).unwrap();
        let mut before = chance.clone();
        disk.cut(&mut chance, &root, &after);
        if let Some(wrong) = wrong(&after, acknowledged(&deeds[..moment])) {
            found.push(format!("cut {cut} of seed {seed}, after deed {moment}: {wrong}"));
            if let Some(kept) = std::env::var_os("HIGHWATER_POWER_KEEP") {
                let kept = Path::new(&kept).join(format!("{seed}-{cut}"));
                fs::create_dir_all(&kept).unwrap();
                disk.cut(&mut before, &root, &kept);
                let told: Vec<String> = deeds[..moment].iter().map(Deed::to_string).collect();
                fs::write(kept.join("deeds"), told.join("\n")).unwrap();
            }
        }
        fs::remove_dir_all(&after).unwrap();
    }
    found
}

#[test]
fn no_power_cut_loses_an_acknowledged_commit() {
    let dir = tempfile::tempdir().unwrap();
    let deeds = recording(dir.path());
    let (count, seed) = (number("HIGHWATER_POWER_CUTS", 50), number("HIGHWATER_POWER_SEED", 1));
    let found = cuts(dir.path(), &deeds, count, seed);
    assert!(found.is_empty(), "{} of {count} cuts:\n{}", found.len(), found.join("\n"));
}

/// A product that left out its own syncs of the database is caught: this test would notice.
#[test]
fn a_sync_that_is_left_out_is_noticed() {
    let dir = tempfile::tempdir().unwrap();
    let mut deeds = recording(dir.path());
    let before = deeds.len();
    // Directories and small files of their own are still synced; the file of all commits is not.
    let busiest = busiest_file(&deeds);
    deeds.retain(|deed| deed.kind != b's' || deed.path != busiest);
    assert!(deeds.len() < before, "{} was never synced", busiest.display());
    let found = cuts(dir.path(), &deeds, 20, 1);
    assert!(found.len() >= 10, "without a sync only {} of 20 cuts lost anything", found.len());
}

/// The file that most was written to: the one that commits go to, whatever its name.
fn busiest_file(deeds: &[Deed]) -> PathBuf {
    let mut written = std::collections::BTreeMap::<&Path, usize>::new();
    for deed in deeds.iter().filter(|deed| deed.kind == b'w' && !deed.path.ends_with("acks")) {
        *written.entry(&deed.path).or_default() += 1;
    }
    written.into_iter().max_by_key(|(_, times)| *times).expect("something was written").0.to_owned()
}
