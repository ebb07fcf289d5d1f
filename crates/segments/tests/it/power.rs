//! The power goes between any two steps, and only what was synced is safe.

use segments::{Cursor, CutDisk, Marker};

use crate::support::{ALL, at, on, texts};

/// Appends days, entries and a marker until the power goes. Returns what was acknowledged and where the marker surely stands.
fn work(disk: &CutDisk) -> (Vec<String>, Vec<String>, Option<Cursor>) {
    let mut tried = Vec::new();
    let mut acknowledged = Vec::new();
    let mut marked = None;
    let Ok(log) = on(disk) else { return (tried, acknowledged, marked) };
    let Ok(mut marker) = Marker::open(&log, "reader") else { return (tried, acknowledged, marked) };
    for nth in 0_i64..60 {
        let pair: Vec<String> =
            (0..1 + nth % 3).map(|part| format!("{nth}.{part} {}", "x".repeat(180))).collect();
        let entries = pair.iter().map(|text| at(1_800_000_000 + nth * 7_000, text)).collect();
        tried.extend(pair.clone());
        match log.append_blocking(entries) {
            Ok(_) => acknowledged.extend(pair),
            Err(_) => break,
        }
        if nth % 5 == 0 {
            let Ok(at) = marker.advance(&log, log.end()) else { break };
            marked = Some(at);
        }
    }
    (tried, acknowledged, marked)
}

#[test]
fn whatever_was_acknowledged_survives_any_cut_and_nothing_is_invented() {
    let mut cuts = 0;
    for changes in 0.. {
        let disk = CutDisk::new();
        disk.cut_after(changes);
        let (tried, acknowledged, marked) = work(&disk);
        for seed in 0..24 {
            let disk = disk.after_cut(changes * 1_000 + seed);
            let log = on(&disk).expect("a power cut is no damage");
            let found = texts(&log).expect("what is there reads back");
            assert!(
                found.len() >= acknowledged.len(),
                "cut {changes}, seed {seed}: an acknowledged entry is lost"
            );
            assert_eq!(found, tried[..found.len()], "cut {changes}, seed {seed}");
            let marker = Marker::open(&log, "reader").expect("a marker never runs ahead");
            assert!(marker.at() >= marked, "cut {changes}, seed {seed}: the marker went back");
            // It goes on, and a second cut right then takes nothing back either.
            log.append_blocking(vec![at(1_900_000_000, "after")]).expect("there is power again");
            let again = texts(&on(&disk.after_cut(seed)).expect("no damage")).expect("reads back");
            assert_eq!((again.len(), again.last().map(String::as_str)), (found.len() + 1, Some("after")));
            cuts += 1;
        }
        if acknowledged.len() == tried.len() && acknowledged.len() > 100 {
            break;
        }
    }
    assert!(cuts > 3_000, "only {cuts} cuts");
}

#[test]
fn removing_segments_can_be_interrupted_anywhere() {
    for changes in 0..12 {
        let disk = CutDisk::new();
        let log = on(&disk).unwrap();
        for day in 0..5 {
            log.append_blocking(vec![at(1_800_000_000 + day * 86_400, &format!("{day}"))]).unwrap();
        }
        disk.cut_after(changes);
        let done = log.forget(log.end(), model::Stamp::from_seconds(2_000_000_000));
        for seed in 0..16 {
            let log = on(&disk.after_cut(seed)).expect("no gap between segments");
            let left = log.read(Cursor::START, ALL).unwrap().records;
            assert_eq!(left.last().map(|record| record.bytes.clone()), Some(b"4".to_vec()));
            assert!(done.is_err() || left.len() == 1);
        }
    }
}
