//! A full disk and a failing one.

use segments::{CutDisk, Error};

use crate::support::{append, entry, on, texts};

#[test]
fn a_full_disk_is_an_error_to_the_appender_and_the_log_goes_on_when_there_is_room() {
    for room in 0..700 {
        let disk = CutDisk::new();
        let log = on(&disk).unwrap();
        append(&log, &["kept"]);
        disk.set_room(Some(room));
        let mut kept = 1;
        let refused = loop {
            match log.append_blocking(vec![entry(&"x".repeat(200))]) {
                Ok(_) => kept += 1,
                Err(error) => break error,
            }
        };
        assert_eq!(refused, Error::Full);
        assert_eq!(texts(&log).unwrap().len(), kept);
        disk.set_room(None);
        append(&log, &["after"]);
        drop(log);
        assert_eq!(texts(&on(&disk).unwrap()).unwrap().len(), kept + 1, "room {room}");
    }
}

#[test]
fn a_full_disk_while_a_segment_is_begun_harms_nothing() {
    for room in 0..120 {
        let disk = CutDisk::new();
        let log = on(&disk).unwrap();
        let mut kept = 0;
        while log.end().offset + 328 <= 4096 {
            append(&log, &[&"x".repeat(300)]);
            kept += 1;
        }
        disk.set_room(Some(room));
        assert_eq!(log.append_blocking(vec![entry(&"y".repeat(300))]), Err(Error::Full));
        if room % 2 == 0 {
            disk.set_room(None);
            append(&log, &["after"]);
            kept += 1;
        }
        drop(log);
        disk.set_room(None);
        let log = on(&disk).unwrap();
        append(&log, &["later"]);
        assert_eq!(texts(&log).unwrap().len(), kept + 1, "room {room}");
    }
}

#[test]
fn after_a_failed_sync_nothing_is_written_any_more_and_the_doubtful_part_is_gone() {
    let disk = CutDisk::new();
    let log = on(&disk).unwrap();
    append(&log, &["kept"]);
    disk.fail_syncs(true);
    let failed = log.append_blocking(vec![entry("doubtful")]);
    assert!(matches!(failed, Err(Error::Io { operation: "syncing a segment", .. })));
    disk.fail_syncs(false);
    assert_eq!(log.append_blocking(vec![entry("later")]), Err(Error::Stopped));
    assert_eq!(texts(&log).unwrap(), ["kept"]);
    drop(log);
    assert_eq!(texts(&on(&disk).unwrap()).unwrap(), ["kept"]);
}

#[tokio::test]
async fn nothing_of_a_group_that_did_not_fit_shows_up_behind_a_later_append() {
    for room in (0..50).map(|nth| 228 * 2 + nth * 9) {
        let disk = CutDisk::new();
        let log = std::sync::Arc::new(on(&disk).unwrap());
        disk.set_room(Some(room));
        let callers: Vec<_> = (0..6)
            .map(|nth| {
                let log = std::sync::Arc::clone(&log);
                tokio::spawn(async move { log.append(vec![entry(&format!("{nth:0>200}"))]).await.is_ok() })
            })
            .collect();
        let mut kept = 0;
        for caller in callers {
            kept += usize::from(caller.await.expect("a caller ends"));
        }
        disk.set_room(None);
        log.append(vec![entry(&"y".repeat(200))]).await.unwrap();
        drop(log);
        assert_eq!(texts(&on(&disk).unwrap()).unwrap().len(), kept + 1, "room {room}");
    }
}
