//! Old segments go, from the oldest on, when they are read and old.

use model::Stamp;
use segments::{Cursor, CutDisk, Disk as _};

use crate::support::{ALL, at, on};

const DAY: i64 = 86_400;

#[test]
fn a_segment_goes_when_it_is_read_and_old_and_never_the_last() {
    let disk = CutDisk::new();
    let log = on(&disk).unwrap();
    let mut places = Vec::new();
    for day in 0..5 {
        places.extend(log.append_blocking(vec![at(1_800_000_000 + day * DAY, "x")]).unwrap());
    }
    let days = |days: i64| Stamp::from_seconds(1_800_000_000 + days * DAY);
    let far = days(1_000);
    assert_eq!(log.forget(Cursor::START, far), Ok(0), "nothing is read");
    assert_eq!(log.forget(places[2], days(0)), Ok(0), "nothing is older than the oldest");
    assert_eq!(log.forget(places[1], far), Ok(1), "the second is not read to its end");
    assert_eq!(log.forget(places[4], days(3)), Ok(2), "the fourth is too young");
    assert_eq!(log.first().segment, 4);
    let page = log.read(places[0], ALL).unwrap();
    assert!(page.gap);
    assert_eq!(page.records.iter().map(|record| record.at).collect::<Vec<_>>(), places[3..]);
    assert!(!log.read(Cursor::START, ALL).unwrap().gap);
    assert_eq!(log.forget(log.end(), far), Ok(1));
    assert_eq!(log.forget(log.end(), far), Ok(0), "the last stays");
    drop(log);
    let log = on(&disk).unwrap();
    assert_eq!(log.read(Cursor::START, ALL).unwrap().records.len(), 1);
    assert_eq!(disk.names().unwrap().len(), 1);
}
