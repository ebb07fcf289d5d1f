//! Stamps in the forms databases and languages write them.

use model::{Position, Stamp};
use supporters::conformance::{between, id, read_all};
use supporters::{StampFormat, Supporters, Table, UNDATED, UndatedRows};

use crate::support::{File, open};

const SCHEMA: &str = "CREATE TABLE people (id INTEGER PRIMARY KEY, modified, contact_id TEXT, email TEXT); \
                      CREATE INDEX m ON people (modified)";

/// 2025-10-05T12:00:00Z, as [`supporters::conformance::NOON`].
const NOON: &str = "2025-10-05T12:00:00Z";

#[tokio::test]
async fn every_spelling_of_one_instant_is_that_instant() {
    let file = File::new(SCHEMA).await;
    file.run(
        "INSERT INTO people (id, modified) VALUES (1, '2025-10-05T12:00:00Z'), (2, '2025-10-05 12:00:00'),
            (3, '2025-10-05T12:00:00.000+0000'), (4, '2025-10-05 22:00:00+10:00'), (5, '2025-10-05T08:30:00.25-03:30'),
            (6, 1759665600), (7, 1759665600000), (8, 1759665600.5), (9, '2025-10-05 13:00:00+01'),
            (10, '2025-10-05T12:00:00.999999999Z');",
    )
    .await;
    let supporters = file.open(&["email"]).await;
    let found = read_all(&supporters, &between(0, 1), 3).await;
    let numbers: Vec<_> = found.iter().map(|changed| changed.id.clone()).collect();
    assert_eq!(numbers, (1..=10).map(id).collect::<Vec<_>>());
    let noon = Stamp::parse(NOON).unwrap();
    let micros: Vec<i64> = found.iter().map(|changed| changed.modified.micros() - noon.micros()).collect();
    assert_eq!(micros, [0, 0, 0, 0, 250_000, 0, 0, 0, 0, 999_999]);
    assert!(found.iter().all(|changed| changed.position.stamp == noon));
    assert_eq!(supporters.shape().await.unwrap().undated, 0);
}

#[tokio::test]
async fn what_is_no_stamp_is_undated_and_never_lost() {
    let file = File::new(SCHEMA).await;
    file.run(
        "INSERT INTO people (id, modified) VALUES (1, '2025-10-05T12:00:00Z'), (2, '2025-10-05'), (3, 'yesterday'),
            (4, ''), (5, '2025-02-30T12:00:00Z'), (6, '0000-00-00 00:00:00'), (7, x'00'), (8, '2025-10-05T25:00:00Z'),
            (9, '2025-13-05T12:00:00Z'), (10, -5), (11, 1e300), (12, '2025-10-05T12:00:00+99:99'),
            (13, '2025-10-05T12:00:00.Z'), (14, '2025-10-05T12:00:00 EST'), (15, 'NaN'), (16, 9e999);",
    )
    .await;
    for format in [StampFormat::Auto, StampFormat::Mixed, StampFormat::Text] {
        let table = Table { modified_format: format, ..file.table() };
        let supporters = open(&table, &["email"]).await;
        let found = read_all(&supporters, &between(0, 1), 4).await;
        let dated: Vec<_> = found.iter().filter(|changed| changed.modified != UNDATED).collect();
        assert!(dated.iter().any(|changed| changed.id == id(1)), "{format:?}");
        assert_eq!(found.len(), 16, "{format:?}");
        let dated: Vec<_> = dated.iter().map(|changed| changed.id.to_string()).collect();
        assert!(["1"].as_slice() == dated || ["1", "13"].as_slice() == dated, "{format:?} {dated:?}");
        let read = supporters.get(&(1..=16).map(id).collect::<Vec<_>>()).await.unwrap();
        assert!(
            read.iter().flatten().all(|row| row.modified == UNDATED || dated.contains(&row.id.to_string()))
        );

        let never = open(&Table { undated: UndatedRows::Never, ..table }, &["email"]).await;
        assert_eq!(read_all(&never, &between(0, 1), 4).await.len(), dated.len());
    }
}

#[tokio::test]
async fn fractions_do_not_disturb_the_order_of_seconds() {
    // As text `…00.5Z` sorts before `…00Z`, and both belong to one second.
    let file = File::new(SCHEMA).await;
    file.run(
        "INSERT INTO people (id, modified) VALUES (1, '2025-10-05T12:00:01Z'), (2, '2025-10-05T12:00:00.9Z'),
            (3, '2025-10-05T12:00:00Z'), (4, '2025-10-05T12:00:01.1Z'), (5, '2025-10-05T11:59:59.999Z');",
    )
    .await;
    let supporters = file.open(&["email"]).await;
    assert!(supporters.shape().await.unwrap().stamps.contains("12:34:56Z"));
    for limit in 1..=5 {
        let found = read_all(&supporters, &between(-1, 2), limit).await;
        let numbers: Vec<_> = found.iter().map(|changed| changed.id.to_string()).collect();
        assert_eq!(numbers, ["5", "2", "3", "1", "4"], "pages of {limit}");
    }
}

#[tokio::test]
async fn a_window_that_ends_inside_a_second_is_cut_there() {
    let file = File::new(SCHEMA).await;
    file.run(
        "INSERT INTO people (id, modified) VALUES (1, '2025-10-05T12:00:00.2Z'), (2, '2025-10-05T12:00:00.5Z'),
            (3, '2025-10-05T12:00:00.7Z');",
    )
    .await;
    let supporters = file.open(&["email"]).await;
    let half = |tenths: i64| Stamp::from_micros(Stamp::parse(NOON).unwrap().micros() + tenths * 100_000);
    let window = model::Window { from: half(2), until: half(7) };
    let found = read_all(&supporters, &window, 1).await;
    assert_eq!(found.iter().map(|changed| changed.id.clone()).collect::<Vec<_>>(), [id(1), id(2)]);
}

#[tokio::test]
async fn local_times_are_read_at_the_configured_offset() {
    let file = File::new(SCHEMA).await;
    file.run(
        "INSERT INTO people (id, modified) VALUES (1, '2025-10-05 22:00:00'), (2, '2025-10-05 12:00:00')",
    )
    .await;
    let table = Table { zone: "+10:00".parse().unwrap(), ..file.table() };
    for format in [StampFormat::Auto, StampFormat::Mixed] {
        let supporters = open(&Table { modified_format: format, ..table.clone() }, &["email"]).await;
        let found = read_all(&supporters, &between(0, 1), 5).await;
        assert_eq!(found.iter().map(|changed| changed.id.clone()).collect::<Vec<_>>(), [id(1)]);
        assert_eq!(found[0].modified, Stamp::parse(NOON).unwrap());
    }
}

#[tokio::test]
async fn undated_rows_of_several_pages_are_followed_by_the_dated_ones() {
    let file = File::new(SCHEMA).await;
    file.run(
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 300)
         INSERT INTO people (id, modified) SELECT i, CASE WHEN i % 3 = 0 THEN '2025-10-05T12:00:00Z' END FROM n",
    )
    .await;
    let supporters = file.open(&["email"]).await;
    let found = read_all(&supporters, &between(0, 1), 70).await;
    assert_eq!(found.len(), 300);
    assert!(found[..200].iter().all(|changed| changed.modified == UNDATED));
    assert!(found[200..].iter().all(|changed| changed.modified != UNDATED));
    // A position on the last undated row leads straight to the dated ones.
    let after = Position { stamp: UNDATED, id: "299".into() };
    let next = supporters.changed(&between(0, 1), Some(&after), 1).await.unwrap();
    assert_eq!(next[0].id, id(3));
}

#[tokio::test]
async fn a_day_that_does_not_exist_is_undated_also_where_all_stamps_are_alike() {
    // SQLite reads 30 February as 2 March, and as text it sorts before 1 March: a window on March would miss it.
    let file = File::new(SCHEMA).await;
    file.run(
        "INSERT INTO people (id, modified) VALUES (1, '2025-02-30T12:00:00Z'), (2, '2025-03-02T12:00:00Z'),
            (3, '2025-04-31T12:00:00.5Z'), (4, '2025-03-02T12:00:00.1junkZ');",
    )
    .await;
    let supporters = file.open(&["email"]).await;
    assert!(supporters.shape().await.unwrap().stamps.contains("12:34:56Z"));
    let march = Stamp::parse("2025-03-02T00:00:00Z").unwrap();
    let window = model::Window { from: march, until: march.plus(std::time::Duration::from_secs(86_400)) };
    let found = read_all(&supporters, &window, 10).await;
    let undated: Vec<_> =
        found.iter().map(|changed| (changed.id.clone(), changed.modified == UNDATED)).collect();
    assert_eq!(undated, [(id(1), true), (id(3), true), (id(4), true), (id(2), false)]);
}

#[tokio::test]
async fn along_an_index_odd_texts_among_the_stamps_are_looked_for_four_times_a_day() {
    let file = File::new(SCHEMA).await;
    file.run(
        "INSERT INTO people (id, modified) VALUES (1, '2025-10-05T12:00:00Z'), (2, NULL),
            (3, '2025-10-05T13:99:00Z'), (4, 'soon'), (5, ''), (6, '2025-10-05T12:00:01Z');",
    )
    .await;
    let table = Table { modified_format: StampFormat::Text, ..file.table() };
    let supporters = open(&table, &["email"]).await;
    let undated = async |from: &str, until: &str| {
        let window = model::Window { from: Stamp::parse(from).unwrap(), until: Stamp::parse(until).unwrap() };
        let page = supporters.changed(&window, None, 100).await.unwrap();
        page.into_iter().filter(|row| row.modified == UNDATED).map(|row| row.id).collect::<Vec<_>>()
    };
    // What the index tells is told by every window.
    let told = [id(2), id(4), id(5)];
    assert_eq!(undated("2025-11-01T12:00:01Z", "2025-11-01T18:00:00Z").await, told);
    let all = [id(2), id(3), id(4), id(5)];
    assert_eq!(undated("2025-11-01T18:00:00Z", "2025-11-01T18:00:01Z").await, all);
    assert_eq!(undated("2025-11-01T17:59:59Z", "2025-11-01T18:00:01Z").await, all);
}

#[tokio::test]
async fn a_huge_text_among_the_stamps_is_undated_and_keeps_nobody_else_back() {
    let file = File::new(SCHEMA).await;
    file.run(
        "INSERT INTO people (id, modified) VALUES (1, '2025-10-05T12:00:00Z'),
            (2, '2025-10-05T12:99:00.' || printf('%.*c', 5000000, '1') || 'Z'), (3, '2025-10-05T12:00:01Z');",
    )
    .await;
    let table = Table { modified_format: StampFormat::Text, ..file.table() };
    let supporters = open(&table, &["email"]).await;
    let found = read_all(&supporters, &between(0, 3_600), 3).await;
    let found: Vec<_> = found.iter().map(|one| (one.id.clone(), one.modified == UNDATED)).collect();
    assert_eq!(found[found.len() - 2..], [(id(1), false), (id(3), false)]);
    let whole = model::Window { from: Stamp::EPOCH, until: Stamp::parse("2025-11-01T18:00:01Z").unwrap() };
    let found = read_all(&supporters, &whole, 3).await;
    let found: Vec<_> = found.iter().map(|one| (one.id.clone(), one.modified == UNDATED)).collect();
    assert_eq!(found, [(id(2), true), (id(1), false), (id(3), false)]);
}
