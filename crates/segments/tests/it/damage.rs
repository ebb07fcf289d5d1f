//! Damage is found and named, wherever it is; a torn tail is none.

use segments::{Cursor, CutDisk, Damage, Disk as _, Error, View};

use crate::support::{ALL, append, on, texts};

const FIRST: &str = "00000000000000000001.seg";

fn filled() -> (CutDisk, Vec<Cursor>) {
    let disk = CutDisk::new();
    let log = on(&disk).expect("a new disk opens");
    let places = (0..40).flat_map(|nth| append(&log, &[&format!("{nth:0>300}")])).collect();
    (disk, places)
}

#[test]
fn a_changed_byte_in_an_older_segment_is_damage_when_it_is_read() {
    let (disk, places) = filled();
    let second = places.iter().find(|place| place.segment == 2).unwrap();
    assert!(disk.spoil("00000000000000000002.seg", usize::try_from(second.offset).unwrap() + 40));
    let log = on(&disk).unwrap();
    let expected = Error::Damaged { segment: 2, offset: second.offset, damage: Damage::Entry };
    assert_eq!(texts(&log).unwrap_err(), expected);
}

#[test]
fn a_changed_byte_in_the_newest_segment_is_damage_at_opening_and_nothing_is_cut() {
    let (disk, places) = filled();
    let last = places.last().unwrap().segment;
    let early = places.iter().find(|place| place.segment == last).unwrap();
    let name = format!("{last:020}.seg");
    let size = disk.open(&name).unwrap().size().unwrap();
    assert!(disk.spoil(&name, usize::try_from(early.offset).unwrap() + 5));
    let expected = Error::Damaged { segment: last, offset: early.offset, damage: Damage::Entry };
    assert_eq!(on(&disk).unwrap_err(), expected);
    assert_eq!(View::open_on(std::sync::Arc::new(disk.clone())).unwrap_err(), expected);
    assert_eq!(disk.open(&name).unwrap().size().unwrap(), size);
}

#[test]
fn a_missing_a_shortened_and_a_foreign_segment_are_damage() {
    let (disk, _) = filled();
    disk.remove("00000000000000000002.seg").unwrap();
    let missing = Error::Damaged { segment: 2, offset: 0, damage: Damage::Missing };
    assert_eq!(on(&disk).unwrap_err(), missing);

    let (disk, _) = filled();
    let file = disk.open(FIRST).unwrap();
    let size = file.size().unwrap();
    file.cut(size - 328).unwrap();
    let shortened = Error::Damaged { segment: 1, offset: size - 328, damage: Damage::Length };
    assert_eq!(on(&disk).unwrap_err(), shortened);

    let (disk, _) = filled();
    disk.rename(FIRST, "00000000000000000002.seg").unwrap();
    assert!(matches!(on(&disk).unwrap_err(), Error::Damaged { damage: Damage::Header, .. }));
}

#[test]
fn a_segment_whose_beginning_is_spoiled_is_damage_unless_nothing_was_ever_in_it() {
    let disk = CutDisk::new();
    let log = on(&disk).unwrap();
    append(&log, &["kept"]);
    drop(log);
    // Begun, and the power went before its first bytes were down.
    disk.create("00000000000000000002.seg").unwrap().write_all_at(b"hwseg", 0).unwrap();
    let log = on(&disk).unwrap();
    assert_eq!(texts(&log).unwrap(), ["kept"]);
    assert_eq!(log.end().segment, 1);
    drop(log);
    assert!(disk.spoil(FIRST, 10));
    let header = Error::Damaged { segment: 1, offset: 0, damage: Damage::Header };
    assert_eq!(on(&disk).unwrap_err(), header);
}

#[test]
fn what_was_being_written_is_cut_and_the_log_goes_on() {
    let disk = CutDisk::new();
    let log = on(&disk).unwrap();
    append(&log, &["kept"]);
    let end = log.end();
    append(&log, &["one", "two"]);
    drop(log);
    let file = disk.open(FIRST).unwrap();
    // The second entry of one append lost its last byte: the first goes with it.
    file.cut(file.size().unwrap() - 1).unwrap();
    let log = on(&disk).unwrap();
    assert_eq!((texts(&log).unwrap(), log.end()), (vec!["kept".to_owned()], end));
    append(&log, &["new"]);
    drop(log);
    assert_eq!(texts(&on(&disk).unwrap()).unwrap(), ["kept", "new"]);
    // Somebody who looks sees whole appends only.
    let file = disk.open(FIRST).unwrap();
    file.cut(file.size().unwrap() - 1).unwrap();
    let view = View::open_on(std::sync::Arc::new(disk)).unwrap();
    assert_eq!(view.read(Cursor::START, ALL).unwrap().records.len(), 1);
}

#[test]
fn the_end_of_what_somebody_has_read_may_not_be_lost() {
    let disk = CutDisk::new();
    let log = on(&disk).unwrap();
    append(&log, &["a"]);
    append(&log, &["b"]);
    segments::Marker::open(&log, "reader").unwrap().advance(&log, log.end()).unwrap();
    drop(log);
    let file = disk.open(FIRST).unwrap();
    file.cut(file.size().unwrap() - 10).unwrap();
    let log = on(&disk).unwrap();
    let refused = segments::Marker::open(&log, "reader").unwrap_err();
    assert!(matches!(refused, Error::Damaged { damage: Damage::End, .. }));
}
