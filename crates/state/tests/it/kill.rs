//! `kill -9` on a process that writes to a real database: every acknowledged commit is there afterwards.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use model::{Digest, DirtyReason, RuleKey, Side};
use state::State;

use crate::support::{at, block_on, commit, link, options, subject, supporter};

const DIR: &str = "HIGHWATER_TEST_KILL_DIR";
/// More rounds than the usual 8: `HIGHWATER_KILL_ROUNDS`.
const ROUNDS: &str = "HIGHWATER_KILL_ROUNDS";
/// More commits in a round than the usual 3: `HIGHWATER_KILL_COMMITS`.
const COMMITS: &str = "HIGHWATER_KILL_COMMITS";
/// After so many rounds or commits another database is begun: these people's Contact Ids have five digits.
const ROUNDS_OF_ONE: u64 = 25;
const COMMITS_OF_ONE: u64 = 2_500;
const PER_COMMIT: u32 = 20;

/// Writes until it is killed; appends the number of each acknowledged commit to a file.
#[test]
#[ignore = "runs inside the kill test"]
fn child_writes_until_it_is_killed() {
    let dir = PathBuf::from(std::env::var_os(DIR).expect("set by the kill test"));
    let state = State::open(dir.join("state"), options()).unwrap();
    let mut acknowledged = fs::OpenOptions::new().append(true).create(true).open(dir.join("acks")).unwrap();
    let first = state.watermark(Side::Supporter).unwrap().map_or(0, |w| w.micros() / 1_000_000) + 1;
    block_on(async {
        for n in first.. {
            let number = u32::try_from(n).unwrap();
            let _ = commit(&state, |changes| {
                for i in 0..PER_COMMIT {
                    let person = number * PER_COMMIT + i;
                    changes.put_link(link(person, person));
                    changes.set_bases(&supporter(person), &[(RuleKey(1), Digest(u64::from(number)))]);
                    changes.mark_dirty(subject(person), DirtyReason::Backfill, None);
                }
                changes.raise_watermark(Side::Supporter, at(n));
            })
            .await;
            writeln!(acknowledged, "{n}").unwrap();
        }
    });
}

fn last_acknowledged(dir: &Path) -> i64 {
    let text = fs::read_to_string(dir.join("acks")).unwrap_or_default();
    // The last line may be torn by the kill: only whole lines are acknowledgements.
    let whole = text.rsplit_once('\n').map_or("", |(whole, _)| whole);
    whole.lines().last().map_or(0, |line| line.parse().unwrap())
}

/// Opens what is left and reads all commits from `since` on, and the counts of everything.
fn check(dir: &Path, since: i64, acknowledged: i64) {
    let state = State::open(dir.join("state"), options()).unwrap();
    let found = state.watermark(Side::Supporter).unwrap().map_or(0, |w| w.micros() / 1_000_000);
    assert!(found >= acknowledged, "commit {acknowledged} was acknowledged, {found} is the last found");
    assert!(found <= acknowledged + 1, "{found} found, {acknowledged} acknowledged");
    // The last commit is there as a whole, and so is everything before it.
    let people = u64::try_from(found).unwrap() * u64::from(PER_COMMIT);
    assert_eq!(state.link_count().unwrap(), people);
    assert_eq!(state.dirty_count().unwrap(), people);
    for number in u32::try_from(since.max(1)).unwrap()..=u32::try_from(found).unwrap() {
        for i in 0..PER_COMMIT {
            let person = number * PER_COMMIT + i;
            let bases = state.bases_of(&supporter(person)).unwrap();
            assert_eq!(bases.get(RuleKey(1)), Some(Digest(u64::from(number))));
            assert_eq!(state.supporter_of(&link(person, person).contact).unwrap(), Some(supporter(person)));
        }
    }
}

fn number_of(name: &str, usual: u64) -> u64 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(usual)
}

/// Kills the writing process after some commits. Returns the last one that it acknowledged.
fn killed_after(dir: &Path, commits: i64, pause: Duration) -> i64 {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "kill::child_writes_until_it_is_killed", "--ignored", "--nocapture"])
        .env(DIR, dir)
        .stdout(Stdio::null())
        .stderr(fs::File::create(dir.join("said")).unwrap())
        .spawn()
        .unwrap();
    // Wait until it has done some work, then a little more, and kill it wherever it is.
    let target = last_acknowledged(dir) + commits;
    for _ in 0..6_000 {
        if last_acknowledged(dir) >= target {
            break;
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    std::thread::sleep(pause);
    child.kill().unwrap();
    child.wait().unwrap();
    let acknowledged = last_acknowledged(dir);
    let said = fs::read_to_string(dir.join("said")).unwrap_or_default();
    assert!(acknowledged >= target, "{acknowledged} of {target} commits were acknowledged: {said}");
    acknowledged
}

#[test]
#[allow(clippy::print_stdout, reason = "a long run says how much it was")]
fn acknowledged_commits_survive_kill_9() {
    let (rounds, commits) = (number_of(ROUNDS, 8), number_of(COMMITS, 3));
    let rounds_of_one = (COMMITS_OF_ONE / commits.max(1)).clamp(1, ROUNDS_OF_ONE);
    let (mut kills, mut all) = (0, 0);
    while kills < rounds {
        let dir = tempfile::tempdir().unwrap();
        let (mut before, mut now) = (0, 0);
        for round in 0..rounds_of_one.min(rounds - kills) {
            let since = std::mem::replace(&mut before, now);
            let after = i64::try_from(commits + round % 4).unwrap();
            now = killed_after(dir.path(), after, Duration::from_micros(round * 977 % 3_000));
            // What the two last processes wrote, each time.
            check(dir.path(), since, now);
            kills += 1;
        }
        check(dir.path(), 1, now);
        all += now;
    }
    println!("{kills} kills, {all} acknowledged commits");
}
