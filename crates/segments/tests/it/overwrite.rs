//! Entries are replaced for good: by a cut of the power a segment is the old one or the new one, and whatever else it holds stays.

use segments::{Cursor, CutDisk, Error, Log};

use crate::support::{ALL, at, on, texts};

const DAY: i64 = 86_400;

/// What is to take the place of entries.
type Others = Vec<(Cursor, Vec<u8>)>;

fn secret(nth: i64) -> String {
    format!("secret {nth:04}")
}

/// Three days, each a segment, of twenty entries each; every fourth is to be replaced.
fn filled(disk: &CutDisk) -> (Log, Others, Vec<String>) {
    let log = on(disk).expect("the disk is empty");
    let (mut replace, mut after) = (Vec::new(), Vec::new());
    for nth in 0..60 {
        let stamp = 1_800_000_000 + nth / 20 * DAY;
        let places = log.append_blocking(vec![at(stamp, &secret(nth)), at(stamp, "beside")]).expect("room");
        if nth % 4 == 0 {
            replace.push((places[0], b"-----------".to_vec()));
            after.push("-----------".to_owned());
        } else {
            after.push(secret(nth));
        }
        after.push("beside".to_owned());
    }
    (log, replace, after)
}

#[tokio::test(flavor = "multi_thread")]
async fn replaced_entries_are_gone_everything_else_stays_and_the_log_goes_on() {
    let disk = CutDisk::new();
    let (log, replace, mut after) = tokio::task::spawn_blocking({
        let disk = disk.clone();
        move || filled(&disk)
    })
    .await
    .unwrap();
    assert_eq!(log.segments().unwrap().len(), 3);
    assert_eq!(log.overwrite(replace.clone()).await.unwrap(), 15);
    assert_eq!(texts(&log).unwrap(), after);
    // WHEN it is appended to, opened again, and the same is replaced once more.
    log.append(vec![at(1_800_000_000 + 2 * DAY, "later")]).await.unwrap();
    after.push("later".to_owned());
    assert_eq!(log.overwrite(replace.clone()).await.unwrap(), 15);
    drop(log);
    let log = on(&disk).unwrap();
    assert_eq!(texts(&log).unwrap(), after);
    let (place, _) = replace[0];
    let page = log.read(place, ALL).unwrap();
    assert_eq!((page.records[0].at, page.records[0].bytes.as_slice()), (place, b"-----------".as_slice()));
    // THEN what does not fit is refused, and nothing has changed.
    let wrong = vec![(place, b"short".to_vec())];
    assert!(matches!(log.overwrite(wrong).await, Err(Error::Damaged { .. })));
    let nowhere = vec![(Cursor { offset: place.offset + 1, ..place }, b"-----------".to_vec())];
    assert!(matches!(log.overwrite(nowhere).await, Err(Error::Damaged { .. })));
    assert_eq!(texts(&log).unwrap(), after);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_power_goes_while_entries_are_replaced() {
    let mut broken_off = 0;
    for changes in 0..40 {
        let disk = CutDisk::new();
        let ours = disk.clone();
        let (log, replace, after) = tokio::task::spawn_blocking(move || filled(&ours)).await.unwrap();
        let before: Vec<String> = (0..60).flat_map(|nth| [secret(nth), "beside".to_owned()]).collect();
        disk.cut_after(changes);
        let done = log.overwrite(replace.clone()).await.is_ok();
        broken_off += usize::from(!done);
        for seed in 0..10 {
            let disk = disk.after_cut(changes * 100 + seed);
            let log = on(&disk).expect("a power cut is no damage");
            let found = texts(&log).expect("it reads back");
            assert_eq!(found.len(), before.len());
            for (nth, text) in found.iter().enumerate() {
                let is_new = *text == after[nth];
                assert!(is_new || (!done && *text == before[nth]), "cut {changes}: {nth} is {text}");
            }
            // THEN it can be done again, and nothing of it lies anywhere.
            assert_eq!(log.overwrite(replace.clone()).await.unwrap(), 15);
            assert_eq!(texts(&log).unwrap(), after);
            let names = segments::Disk::names(&disk).unwrap();
            assert!(names.iter().all(|name| !name.ends_with(".new")), "{names:?}");
        }
    }
    assert!(broken_off > 8, "only {broken_off} were broken off");
}
