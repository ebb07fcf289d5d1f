//! What goes in comes out, in order, on a real directory.

use std::os::unix::fs::PermissionsExt as _;

use model::Stamp;
use proptest::prelude::*;
use segments::{Cursor, CutDisk, Entry, Error, Log, Marker, PageLimit, View};

use crate::support::{ALL, append, at, on, options, texts};

#[test]
fn what_was_appended_is_read_in_order_also_after_a_restart_and_by_somebody_else() {
    let dir = tempfile::tempdir().expect("a directory");
    let path = dir.path().join("log");
    assert_eq!(
        View::open(&path).expect("nothing is an empty log").read(Cursor::START, ALL).unwrap().records,
        []
    );
    let log = Log::open(&path, options()).unwrap();
    let mut expected = Vec::new();
    for nth in 0..200 {
        let text = format!("entry {nth} {}", "x".repeat(nth % 90));
        append(&log, &[&text, "", "same"]);
        expected.extend([text, String::new(), "same".to_owned()]);
    }
    assert_eq!(texts(&log).unwrap(), expected);
    assert!(log.segments().unwrap().len() > 3, "segments end by size");
    // Beside the writer.
    let view = View::open(&path).unwrap();
    assert_eq!(view.read(Cursor::START, ALL).unwrap().records.len(), 600);
    assert_eq!(view.end(), log.end());
    // No second writer.
    assert_eq!(Log::open(&path, options()).unwrap_err(), Error::InUse(path.clone()));
    let infos = log.segments().unwrap();
    drop(log);
    let log = Log::open(&path, options()).unwrap();
    assert_eq!(log.segments().unwrap(), infos);
    assert_eq!(texts(&log).unwrap(), expected);
    append(&log, &["more"]);
    assert_eq!(texts(&log).unwrap().len(), 601);
}

#[test]
fn everything_is_private() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("log");
    let log = Log::open(&path, options()).unwrap();
    append(&log, &["hello"]);
    Marker::open(&log, "reader").unwrap().advance(&log, log.end()).unwrap();
    let mode = |path: &std::path::Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&path), 0o700);
    let mut files = 0;
    for file in std::fs::read_dir(&path).unwrap() {
        assert_eq!(mode(&file.unwrap().path()), 0o600);
        files += 1;
    }
    assert_eq!(files, 3, "a segment, a lock, a marker");
}

#[test]
fn a_page_ends_by_entries_and_by_bytes_and_goes_on_from_any_place() {
    let log = on(&CutDisk::new()).unwrap();
    let places: Vec<Cursor> = (0..50).flat_map(|nth| append(&log, &[&format!("{nth:0>300}")])).collect();
    let mut read = Vec::new();
    let mut from = Cursor::START;
    loop {
        let page = log.read(from, PageLimit { entries: 7, bytes: 900 }).unwrap();
        if page.records.is_empty() {
            break;
        }
        assert!(page.records.len() <= 3, "three entries have 900 bytes");
        read.extend(page.records.iter().map(|record| record.at));
        from = page.next;
    }
    assert_eq!(read, places);
    assert_eq!(from, log.end());
    let page = log.read(places[20], PageLimit { entries: 1, bytes: 1 }).unwrap();
    assert_eq!(page.records[0].bytes, format!("{:0>300}", 20).into_bytes());
    // No entry begins there.
    let beside = Cursor { offset: places[20].offset + 1, ..places[20] };
    assert!(matches!(log.read(beside, ALL), Err(Error::Damaged { .. })));
    // Nobody can have been there.
    let behind = Cursor { segment: log.end().segment + 1, offset: 0 };
    assert!(matches!(log.read(behind, ALL), Err(Error::Damaged { .. })));
}

#[test]
fn a_new_day_begins_a_segment_and_an_old_stamp_does_not() {
    let log = on(&CutDisk::new()).unwrap();
    let noon = 1_800_000_000 - 1_800_000_000 % 86_400 + 43_200;
    for (seconds, segment) in [
        (noon, 1),
        (noon + 43_199, 1),
        (noon + 43_200, 2),
        (noon, 2),
        (noon + 86_400, 2),
        (noon + 3 * 86_400, 3),
    ] {
        let places = log.append_blocking(vec![at(seconds, "x")]).unwrap();
        assert_eq!(places[0].segment, segment, "at {seconds}");
    }
    let newest: Vec<Option<Stamp>> = log.segments().unwrap().iter().map(|info| info.newest).collect();
    let of = |seconds| Some(Stamp::from_seconds(seconds));
    assert_eq!(newest, [of(noon + 43_199), of(noon + 86_400), None]);
}

#[test]
fn what_is_too_large_is_refused_and_nothing_is_kept_of_it() {
    let log = on(&CutDisk::new()).unwrap();
    let long = "x".repeat(1025);
    let refused = log.append_blocking(vec![at(0, "before"), at(0, &long)]);
    assert_eq!(refused, Err(Error::TooLarge { bytes: 1025, max: 1024 }));
    let many = vec![at(0, &long[..1024]); 8];
    assert!(matches!(log.append_blocking(many), Err(Error::TooLarge { max: 8192, .. })));
    assert_eq!(texts(&log).unwrap(), Vec::<String>::new());
    assert_eq!(log.append_blocking(Vec::new()), Ok(Vec::new()));
}

#[tokio::test]
async fn many_callers_share_a_sync_and_each_learns_its_own_places() {
    let disk = CutDisk::new();
    let log = std::sync::Arc::new(on(&disk).unwrap());
    let before = disk.syncs();
    let callers: Vec<_> = (0..200)
        .map(|nth| {
            let log = std::sync::Arc::clone(&log);
            tokio::spawn(async move { (nth, log.append(vec![at(0, &format!("{nth}"))]).await) })
        })
        .collect();
    for caller in callers {
        let (nth, places) = caller.await.expect("a caller ends");
        let page = log.read(places.unwrap()[0], PageLimit { entries: 1, bytes: 1 }).unwrap();
        assert_eq!(page.records[0].bytes, format!("{nth}").into_bytes());
    }
    // On one thread all of them are queued before the writer is heard again, but for what it took first.
    assert!(disk.syncs() - before < 100, "{} syncs for 200 callers", disk.syncs() - before);
}

#[test]
fn a_marker_stands_where_it_was_put_and_never_goes_back() {
    let disk = CutDisk::new();
    let log = on(&disk).unwrap();
    let places = append(&log, &["a", "b", "c"]);
    let mut marker = Marker::open(&log, "reader").unwrap();
    assert_eq!(marker.at(), None);
    assert_eq!(marker.advance(&log, places[2]), Ok(places[2]));
    assert_eq!(marker.advance(&log, places[1]), Ok(places[2]));
    assert_eq!(Marker::open(&log, "reader").unwrap().at(), Some(places[2]));
    assert_eq!(Marker::open(&log, "other").unwrap().at(), None);
    let behind = Cursor { offset: log.end().offset + 1, ..log.end() };
    assert!(matches!(marker.advance(&log, behind), Err(Error::Damaged { .. })));
    assert!(disk.spoil("reader.cursor", 3));
    assert!(matches!(Marker::open(&log, "reader"), Err(Error::Damaged { .. })));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Whatever bytes are appended, also bytes that look like ours, come back as they were.
    #[test]
    fn any_bytes_come_back(appends in prop::collection::vec(prop::collection::vec(prop::collection::vec(any::<u8>(), 0..200), 1..5), 1..30)) {
        let disk = CutDisk::new();
        let log = on(&disk).unwrap();
        for append in &appends {
            let entries = append.iter().map(|bytes| Entry { stamp: Stamp::EPOCH, bytes: bytes.clone() }).collect();
            log.append_blocking(entries).unwrap();
        }
        let expected: Vec<Vec<u8>> = appends.concat();
        drop(log);
        let log = on(&disk).unwrap();
        let read: Vec<Vec<u8>> = log.read(Cursor::START, ALL).unwrap().records.into_iter().map(|r| r.bytes).collect();
        prop_assert_eq!(read, expected);
    }
}
