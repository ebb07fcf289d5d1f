//! A person is forgotten: nothing on the disk names them, nothing brings them back, and nobody else is touched.

use std::fs;
use std::path::Path;

use model::{
    Block, Case, CaseKind, Digest, DirtyReason, Intent, JournalEntry, Lane, Phase, PlanId, RuleKey, Side,
    Standing, Subject,
};
use state::{Error, NoteKind, State};

use crate::history::conflict;
use crate::support::{at, block_on, commit, contact, link, options, subject, supporter};

const CANARY: &str = "canary-of-the-forgotten";

fn shown(about: u32, beside: u32) -> Case {
    Case {
        kind: CaseKind::TwoSupportersOneContact,
        subject: subject(about),
        supporters: vec![supporter(about), supporter(beside)],
        contacts: vec![contact(beside % 100_000)],
        reasons: vec![CANARY.to_owned()],
        records: Vec::new(),
        opened_at: at(1),
        seen_at: at(1),
        standing: Standing::default(),
    }
}

/// Two people of whom everything is known that can be.
async fn known(state: &State) {
    for n in [7_654_321, 8] {
        let _ = commit(state, |changes| {
            changes.put_link(link(n, n % 100_000)).set_bases(&supporter(n), &[(RuleKey(1), Digest(1))]);
            changes.mark_dirty(subject(n), DirtyReason::Backfill, None);
            changes.mark_dirty(Subject::Contact(contact(n % 100_000)), DirtyReason::Backfill, None);
            let block = Block {
                code: "X".to_owned(),
                fields: Vec::new(),
                message: format!("{CANARY} of {n}"),
                record: Digest(1),
                map: Digest(1),
                since: at(1),
                attempts: 1,
            };
            changes.put_block(&supporter(n), block);
            changes.set_apart(&supporter(n), contact(99));
            changes.note_seen(Side::Supporter, supporter(n).as_str(), at(50));
            let mut conflict = conflict(8, 1);
            conflict.supporter = supporter(n);
            conflict.contact = contact(n % 100_000);
            conflict.supporter_value = format!("{CANARY} of {n}");
            changes.log_conflict(conflict);
            changes.put_note(NoteKind::Replica, supporter(n).as_str().as_bytes(), b"{}".to_vec());
            changes.put_note(NoteKind::Owner, &n.to_le_bytes(), supporter(n).as_str().as_bytes().to_vec());
            changes.put_note(NoteKind::Stamps, contact(n % 100_000).as_str().as_bytes(), vec![1; 12]);
        })
        .await;
    }
    let _ = commit(state, |changes| {
        changes.open_case(shown(7_654_321, 5)).open_case(shown(8, 7_654_321));
    })
    .await;
}

/// Files below a directory that hold these bytes.
fn holding(dir: &Path, bytes: &[u8]) -> Vec<String> {
    let mut found = Vec::new();
    for entry in fs::read_dir(dir).unwrap().flatten() {
        if entry.file_type().unwrap().is_dir() {
            found.extend(holding(&entry.path(), bytes));
        } else if fs::read(entry.path()).unwrap().windows(bytes.len()).any(|window| window == bytes) {
            found.push(entry.path().display().to_string());
        }
    }
    found
}

#[test]
fn s16_nothing_on_the_disk_names_a_person_who_was_forgotten() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path().join("state");
    let gone = 7_654_321;
    let contact_id = contact(gone % 100_000);
    let mut told_of_the_other = 0;
    {
        let state = State::open(&dir, options()).unwrap();
        block_on(async {
            known(&state).await;
            assert!(!state.story(&[subject(gone)]).unwrap().is_empty());
            let about_both = |what: &model::Happened| matches!(what, model::Happened::CaseOpened { .. });
            let story = state.story(&[subject(8)]).unwrap();
            told_of_the_other =
                story.iter().filter(|told| told.who == Some(subject(8)) && !about_both(&told.what)).count();
            assert!(told_of_the_other > 0);
            assert!(!holding(&dir, b"7654321").is_empty(), "the search finds what is there");
            let forgotten = state.forget(&supporter(gone)).await.unwrap();
            assert_eq!(forgotten.contact, Some(contact_id));
            assert_eq!((forgotten.cases, forgotten.conflicts), (2, 1));
            assert!(state.verify().unwrap().findings.is_empty());
        });
    }
    State::compact(&dir, &options()).unwrap();
    for canary in ["7654321".to_owned(), contact_id.to_string(), format!("{CANARY} of 7654321")] {
        assert_eq!(holding(&dir, canary.as_bytes()), Vec::<String>::new(), "{canary}");
    }
    // THEN they are known again without being named, and the other one is as before
    let state = State::open(&dir, options()).unwrap();
    assert!(state.is_forgotten(&subject(gone)).unwrap());
    assert!(state.is_forgotten(&Subject::Contact(contact_id)).unwrap());
    assert!(!state.is_forgotten(&subject(8)).unwrap());
    assert_eq!(state.link_of(&supporter(8)).unwrap(), Some(link(8, 8)));
    assert_eq!(state.conflicts_page(None, 9).unwrap().len(), 1);
    assert!(state.block_of(&supporter(8)).unwrap().is_some());
    assert_eq!(
        state.notes(NoteKind::Owner, None, 9).unwrap(),
        [(8u32.to_le_bytes().to_vec(), b"8".to_vec())]
    );
    assert!(state.story(&[subject(gone), Subject::Contact(contact_id)]).unwrap().is_empty());
    let story = state.story(&[subject(8)]).unwrap();
    let told = story.iter().filter(|told| told.who == Some(subject(8))).count();
    assert_eq!(told, told_of_the_other, "the other's story is as it was, but for what named the person");
    assert!(state.verify().unwrap().findings.is_empty());
}

#[tokio::test]
async fn nobody_is_forgotten_while_a_row_of_theirs_is_in_a_job() {
    let state = crate::support::in_memory();
    let plan = PlanId(1);
    let _ = commit(&state, |changes| {
        changes.put_journal(JournalEntry {
            plan,
            cycle: model::CycleId(1),
            lane: Lane::Update,
            api_version: "v66.0".to_owned(),
            planned_at: at(1),
            rows: 1,
            sha256: String::new(),
            phase: Phase::Closed,
            job: None,
            closed_at: None,
            ended: None,
        });
        let intent = Intent { plan: Some(plan), contact: None, record: Digest(1), fields: Vec::new() };
        changes.put_link(link(1, 1)).put_intent(&supporter(1), intent);
    })
    .await;
    assert!(matches!(state.forget(&supporter(1)).await, Err(Error::InFlight { .. })));
    assert_eq!(state.link_of(&supporter(1)).unwrap(), Some(link(1, 1)));
}

#[test]
fn a_compaction_that_a_crash_cut_off_costs_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path().join("state");
    let write = |n: u32| {
        let state = State::open(&dir, options()).unwrap();
        block_on(async {
            let _ = commit(&state, |changes| {
                changes.put_link(link(n, n));
            })
            .await;
        });
    };
    write(1);
    // WHEN it ended while the new database was made THEN the old one counts
    // or when the new one was about to lie in less room
    for left in ["db.new", "db.new.new", "db.new.old"] {
        fs::create_dir_all(dir.join(left).join("blobs")).unwrap();
    }
    write(2);
    assert!(["db.new", "db.new.new", "db.new.old"].iter().all(|left| !dir.join(left).exists()));
    // WHEN it ended between the two renames THEN the old one is put back
    fs::rename(dir.join("db"), dir.join("db.old")).unwrap();
    write(3);
    // WHEN it ended before the old one was removed THEN it is removed
    fs::create_dir(dir.join("db.old")).unwrap();
    let state = State::open(&dir, options()).unwrap();
    assert!(!dir.join("db.old").exists());
    assert_eq!(state.link_count().unwrap(), 3);
}

#[test]
fn a_compacted_state_is_the_same_state_and_smaller() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path().join("state");
    {
        let state = State::open(&dir, options()).unwrap();
        block_on(async {
            for round in 0..60 {
                let _ = commit(&state, |changes| {
                    (1..200).for_each(|n| {
                        changes.put_link(link(n, n)).set_bases(&supporter(n), &[(RuleKey(1), Digest(round))]);
                    });
                    changes.raise_watermark(Side::Supporter, at(i64::try_from(round).unwrap()));
                })
                .await;
            }
        });
    }
    let size = |dir: &Path| fs::metadata(dir.join("db/db")).unwrap().len();
    let before = size(&dir);
    State::compact(&dir, &options()).unwrap();
    assert!(size(&dir) < before, "{} is no less than {before}", size(&dir));
    let state = State::open(&dir, options()).unwrap();
    assert_eq!(state.link_count().unwrap(), 199);
    assert_eq!(state.watermark(Side::Supporter).unwrap(), Some(at(59)));
    assert!(state.verify().unwrap().findings.is_empty());
    // A state that is open is left alone.
    assert!(matches!(State::compact(&dir, &options()), Err(Error::Refused(state::Refusal::InUse(_)))));
}

#[test]
fn a_compaction_makes_no_less_of_a_state_than_a_running_one_makes_of_itself() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path().join("state");
    let size = || fs::metadata(dir.join("db/db")).unwrap().len();
    {
        let state = State::open(&dir, options()).unwrap();
        block_on(async {
            for chunk in (1..20_000).collect::<Vec<_>>().chunks(1_000) {
                let _ = commit(&state, |changes| {
                    for &n in chunk {
                        let bases = [(RuleKey(1), Digest(u64::from(n) << 9)), (RuleKey(2), Digest(7))];
                        changes.put_link(link(n, n)).set_bases(&supporter(n), &bases);
                    }
                })
                .await;
            }
            assert!(state.write_anew(0).await.unwrap().is_some());
        });
    }
    let of_itself = size();
    State::compact(&dir, &options()).unwrap();
    let compacted = size();
    assert!(compacted < of_itself * 5 / 4, "{compacted} bytes, {of_itself} before");
    let state = State::open(&dir, options()).unwrap();
    assert_eq!(state.link_count().unwrap(), 19_999);
    assert!(state.verify().unwrap().findings.is_empty());
}

#[test]
fn an_open_state_is_written_anew_in_less_room_and_says_and_does_the_same() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path().join("state");
    let state = State::open(&dir, options()).unwrap();
    let base = |n: u32, round: u64| {
        Digest((u64::from(n) + 7 * round).wrapping_mul(0x9e37_79b9_7f4a_7c15)).of_value()
    };
    let grow = |from: u64| {
        block_on(async {
            for round in from..from + 30 {
                let _ = commit(&state, |changes| {
                    for n in 1..1_500 {
                        let bases = [(RuleKey(1), base(n, round)), (RuleKey(2), base(n, round + 1))];
                        changes.put_link(link(n, n)).set_bases(&supporter(n), &bases);
                    }
                    changes.raise_watermark(Side::Supporter, at(i64::try_from(round).unwrap()));
                })
                .await;
            }
        });
    };
    let anew = || block_on(state.write_anew(0)).unwrap();
    grow(0);
    let mut before = Vec::new();
    state.export(&mut before).unwrap();
    // WHEN it is written anew while somebody reads THEN it is smaller, and the reader finds what was there all the time
    let written = std::thread::scope(|scope| {
        let reader =
            scope.spawn(|| (0..300).all(|_| state.link_of(&supporter(7)).unwrap() == Some(link(7, 7))));
        let written = anew().expect("it was worth it");
        assert!(reader.join().unwrap());
        written
    });
    assert!(written.after * 2 < written.before, "{written:?}");
    let mut after = Vec::new();
    state.export(&mut after).unwrap();
    let noted = |text: &[u8]| text.split(|b| *b == b'\n').count();
    assert_eq!(noted(&after), noted(&before) + 1, "the same rows, and a note of its size");
    assert!(!dir.join("db.old").exists() && !dir.join("db.new").exists());
    // THEN it is left alone until it has grown again, and goes on as before
    assert_eq!(anew(), None);
    assert_eq!(block_on(state.write_anew(u64::MAX)).unwrap(), None);
    grow(30);
    assert!(anew().is_some());
    drop(state);
    let state = State::open(&dir, options()).unwrap();
    assert_eq!(state.watermark(Side::Supporter).unwrap(), Some(at(59)));
    assert_eq!(state.bases_of(&supporter(1_499)).unwrap().get(RuleKey(1)), Some(base(1_499, 59)));
    assert!(state.verify().unwrap().findings.is_empty());
}
