//! Reading by id.

use std::collections::BTreeSet;

use model::{Cell, SupporterId};

use super::{Bench, COLUMNS, NOON, Planted, at, id, person, text};

/// One answer for each id, in the order asked, also for the same id twice and for one that no row has.
pub async fn rows_come_in_the_order_asked(bench: &dyn Bench) {
    let rows: Vec<_> = (1..=700).map(|n| person(n, Some(at(0)))).collect();
    let stand = bench.with(&rows).await;
    let mut asked: Vec<SupporterId> = (1..=700).rev().map(id).collect();
    asked.push(id(1));
    for stranger in ["9999", "007", "1.0", "x'; --", "-1"] {
        asked.push(SupporterId::parse(stranger).expect("a supporter id"));
    }
    let found = stand.supporters().get(&asked).await.expect("supporters can be read");
    let ids: Vec<Option<SupporterId>> = found.iter().map(|s| s.as_ref().map(|s| s.id.clone())).collect();
    let expected = (1..=700).rev().chain([1]).map(|n| Some(id(n))).chain([None, None, None, None, None]);
    assert_eq!(ids, expected.collect::<Vec<_>>());
    assert!(stand.supporters().get(&[]).await.expect("nothing can be read").is_empty());
}

/// Every id once, in pages of any size.
pub async fn all_ids_are_read_once_each(bench: &dyn Bench) {
    let rows: Vec<_> = (1..=130).map(|n| person(n * 3, None)).collect();
    let stand = bench.with(&rows).await;
    let supporters = stand.supporters();
    assert_eq!(supporters.count().await, Ok(130));
    let whole = supporters.ids(None, 1_000).await.expect("ids can be read");
    assert_eq!(whole.iter().collect::<BTreeSet<_>>().len(), 130);
    for limit in [1, 64, 65, 129, 130] {
        let mut all: Vec<SupporterId> = Vec::new();
        loop {
            let page = supporters.ids(all.last(), limit).await.expect("ids can be read");
            let last = page.len() < limit;
            all.extend(page);
            if last || all.len() > 130 {
                break;
            }
        }
        assert_eq!(all, whole, "pages of {limit}");
    }
}

/// The clock is the one that stamps rows, not one that stopped.
pub async fn the_clock_is_of_our_time(bench: &dyn Bench) {
    let stand = bench.with(&[]).await;
    let now = stand.supporters().now().await.expect("the clock can be read");
    assert!(now > NOON, "the clock shows {now}");
}

/// NULL and the empty text are empty; everything else is the text as it stands.
pub async fn empty_and_value_are_told_apart(bench: &dyn Bench) {
    let cells = [None, Some(String::new()), Some(" Smith ".to_owned()), Some("007".to_owned())];
    let stand = bench.with(&[Planted { cells, ..person(1, Some(at(0))) }]).await;
    let read = super::the(&*stand, 1).await.expect("the row is there");
    assert_eq!(read.cells, [Cell::Empty, Cell::Empty, text(" Smith "), text("007")]);
    assert_eq!((read.modified, read.contact_id), (at(0), Cell::Empty));
}

/// What `check` and `init` show.
pub async fn the_shape_counts_rows_and_names_columns(bench: &dyn Bench) {
    let stand = bench.with(&[person(1, Some(at(0))), person(2, Some(at(1)))]).await;
    let shape = stand.supporters().shape().await.expect("the shape can be read");
    assert_eq!((shape.rows, shape.undated, shape.unaddressable, shape.read_only), (2, 0, 0, None));
    for column in COLUMNS {
        assert!(shape.columns.iter().any(|known| known.name == column), "{column} is named");
    }
}
