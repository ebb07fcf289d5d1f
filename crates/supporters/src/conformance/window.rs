//! Discovering changes.

use std::collections::BTreeSet;
use std::time::Duration;

use model::{Position, Stamp};

use super::{Bench, at, between, id, person, read_all};
use crate::{Changed, UNDATED};

fn numbers(changes: &[Changed]) -> Vec<String> {
    changes.iter().map(|changed| changed.id.to_string()).collect()
}

/// The lower bound belongs to a window, the upper does not.
pub async fn a_window_is_half_open(bench: &dyn Bench) {
    let rows: Vec<_> = (0..5_u32).map(|n| person(n + 1, Some(at(i64::from(n) - 2)))).collect();
    let stand = bench.with(&rows).await;
    let found = read_all(stand.supporters(), &between(-1, 2), 10).await;
    assert_eq!(numbers(&found), ["2", "3", "4"]);
    let stamps: Vec<Stamp> = found.iter().map(|changed| changed.modified).collect();
    assert_eq!(stamps, [at(-1), at(0), at(1)]);
}

/// A window whose end is not after its beginning is empty, and not an error.
pub async fn an_empty_window_holds_no_dated_row(bench: &dyn Bench) {
    let stand = bench.with(&[person(1, Some(at(0)))]).await;
    for (from, until) in [(0, 0), (1, 0), (5, -5)] {
        assert_eq!(read_all(stand.supporters(), &between(from, until), 10).await, []);
    }
}

/// The size of the pages changes neither the rows nor their order.
pub async fn pages_of_any_size_give_the_same_sequence(bench: &dyn Bench) {
    // GIVEN groups of rows that share a second, ids against the order of time, and two without a stamp
    let stamp = |n: u32| (!n.is_multiple_of(30)).then(|| at(-i64::from(n / 7)));
    let rows: Vec<_> = (1..=60).map(|n| person(n, stamp(n))).collect();
    let stand = bench.with(&rows).await;
    let whole = read_all(stand.supporters(), &between(-100, 1), 1_000).await;
    assert_eq!(whole.len(), 60);
    assert!(whole.is_sorted_by_key(|changed| changed.position.stamp), "in the order of time");
    // WHEN they are read in smaller pages THEN the sequence is the same
    for limit in [1, 2, 7, 59, 60, 61] {
        assert_eq!(read_all(stand.supporters(), &between(-100, 1), limit).await, whole, "pages of {limit}");
    }
}

/// A bulk edit stamps thousands of rows with one second.
pub async fn five_thousand_rows_of_one_second_are_read_once_each(bench: &dyn Bench) {
    let mut rows: Vec<_> = (1..=5_000).map(|n| person(n, Some(at(0)))).collect();
    rows.push(person(6_000, Some(at(-1))));
    rows.push(person(6_001, Some(at(1))));
    let stand = bench.with(&rows).await;
    let found = read_all(stand.supporters(), &between(-1, 2), 400).await;
    assert_eq!(found.len(), 5_002);
    assert_eq!(found.iter().map(|changed| &changed.id).collect::<BTreeSet<_>>().len(), 5_002);
    assert_eq!((found[0].id.clone(), found[5_001].id.clone()), (id(6_000), id(6_001)));
}

/// A row without a stamp may have changed at any time.
pub async fn undated_rows_come_first_in_every_window(bench: &dyn Bench) {
    let rows =
        [person(1, Some(at(0))), person(2, None), person(3, Some(Stamp::EPOCH)), person(4, Some(at(9)))];
    let stand = bench.with(&rows).await;
    for window in [between(0, 1), between(5, 5), between(-100, -50)] {
        let found = read_all(stand.supporters(), &window, 1).await;
        let undated: Vec<_> =
            found.iter().take(2).map(|changed| (changed.id.clone(), changed.modified)).collect();
        assert_eq!(undated, [(id(2), UNDATED), (id(3), UNDATED)]);
        assert_eq!(found.len(), if window == between(0, 1) { 3 } else { 2 });
    }
    let shape = stand.supporters().shape().await.expect("the shape can be read");
    assert_eq!((shape.undated, shape.undated_ids), (2, vec!["2".to_owned(), "3".to_owned()]));
}

/// Somebody typed the year 2099: no window will reach it for a long time, and the row must be looked at all the same.
pub async fn a_stamp_far_ahead_of_the_clock_hides_nobody(bench: &dyn Bench) {
    let stand = bench.with(&[person(1, None), person(2, None)]).await;
    let now = stand.supporters().now().await.expect("the clock can be read").floor_second();
    let hour = Duration::from_secs(3_600);
    let stand = bench.with(&[person(1, Some(now.plus(hour * 48))), person(2, Some(now.plus(hour)))]).await;
    let found = read_all(stand.supporters(), &between(0, 1), 10).await;
    assert_eq!(found.iter().map(|c| (c.id.clone(), c.modified)).collect::<Vec<_>>(), [(id(1), UNDATED)]);
    let shape = stand.supporters().shape().await.expect("the shape can be read");
    assert_eq!((shape.undated, shape.ahead), (1, 2));
}

/// [`Position::before`] stands before everything of its second.
pub async fn a_position_without_an_id_starts_its_second(bench: &dyn Bench) {
    let rows: Vec<_> = (1..=3_u32).map(|n| person(n, Some(at(i64::from(n))))).collect();
    let stand = bench.with(&rows).await;
    let after = Position::before(at(2));
    let found =
        stand.supporters().changed(&between(0, 10), Some(&after), 10).await.expect("changes can be read");
    assert_eq!(numbers(&found), ["2", "3"]);
}

/// Paging goes forward only: who appears behind the position is found by the overlap of the next window.
pub async fn a_row_added_behind_the_position_is_left_to_the_next_window(bench: &dyn Bench) {
    let rows: Vec<_> = (1..=4_u32).map(|n| person(n, Some(at(i64::from(n))))).collect();
    let stand = bench.with(&rows).await;
    let supporters = stand.supporters();
    let first = supporters.changed(&between(0, 10), None, 2).await.expect("changes can be read");
    stand.remove(1).await;
    let rest = supporters.changed(&between(0, 10), Some(&first[1].position), 10).await;
    assert_eq!(numbers(&rest.expect("changes can be read")), ["3", "4"]);
}
