//! Stamps in local time without an offset, through the nights in which clocks change: with winter's offset no change is lost, neither in
//! the hour that there is twice nor around the one that there is not.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use model::{Stamp, Window};
use sqlx::AssertSqlSafe;
use supporters::conformance::read_all;
use supporters::{Note, Supporters, Table, Zone};

use crate::support::{File, open};

const SCHEMA: &str = "CREATE TABLE people (id INTEGER PRIMARY KEY, modified TEXT, contact_id TEXT, email TEXT); \
                      CREATE INDEX m ON people (modified); \
                      INSERT INTO people (id, modified) VALUES (1, '2025-01-01 00:00:00')";

/// A night in which the clocks change.
struct Night {
    /// When, in UTC.
    change: &'static str,
    /// Seconds east of UTC before and after it.
    offsets: [i64; 2],
    /// Winter's offset, and summer's.
    winter: &'static str,
    summer: &'static str,
}

const NIGHTS: [Night; 4] = [
    // London: half past one comes twice; then it never comes.
    Night { change: "2025-10-26T01:00:00Z", offsets: [3_600, 0], winter: "UTC", summer: "+01:00" },
    Night { change: "2025-03-30T01:00:00Z", offsets: [0, 3_600], winter: "UTC", summer: "+01:00" },
    // New York, behind UTC.
    Night { change: "2025-11-02T06:00:00Z", offsets: [-14_400, -18_000], winter: "-05:00", summer: "-04:00" },
    Night { change: "2025-03-09T07:00:00Z", offsets: [-18_000, -14_400], winter: "-05:00", summer: "-04:00" },
];

fn seconds(stamp: Stamp) -> i64 {
    stamp.micros() / 1_000_000
}

/// What a clock on the wall shows.
fn local(night: &Night, at: i64) -> String {
    let change = seconds(Stamp::parse(night.change).unwrap());
    let east = night.offsets[usize::from(at >= change)];
    Stamp::from_seconds(at + east).to_seconds_text().replace('T', " ").trim_end_matches('Z').to_owned()
}

/// Somebody edits a row of their own every seven minutes from four hours before the change to four after it; a window is read every
/// twenty minutes, ten minutes back. Gives by how many seconds each was found late at most, and how many never.
async fn lived_through(night: &Night, zone: &str) -> (i64, usize) {
    let file = File::new(SCHEMA).await;
    let table = Table { zone: zone.parse::<Zone>().unwrap(), ..file.table() };
    let supporters = open(&table, &["email"]).await;
    let change = seconds(Stamp::parse(night.change).unwrap());
    let (begin, end) = (change - 4 * 3_600, change + 4 * 3_600);
    let mut watermark = Some(Stamp::from_seconds(begin));
    let (mut edited, mut found) = (BTreeMap::new(), BTreeMap::new());
    for now in (begin..end + 3 * 3_600).step_by(60) {
        if now < end && (now - begin) % 420 == 0 {
            let (id, stamp) = (100 + now - begin, local(night, now));
            let sql = format!("INSERT INTO people (id, modified) VALUES ({id}, '{stamp}')");
            sqlx::raw_sql(AssertSqlSafe(sql)).execute(&file.pool).await.unwrap();
            edited.insert(id.to_string(), now);
        }
        if (now - begin) % 1_200 == 0 {
            let window = Window::after(watermark, Duration::from_secs(600), Stamp::from_seconds(now));
            for changed in read_all(&supporters, &window, 50).await {
                found.entry(changed.id.to_string()).or_insert(now);
            }
            watermark = Some(window.until);
        }
    }
    let late = edited.iter().filter_map(|(id, at)| Some(found.get(id)? - at)).max().unwrap_or(0);
    let lost: BTreeSet<_> = edited.keys().filter(|id| !found.contains_key(*id)).collect();
    (late, lost.len())
}

#[tokio::test]
async fn with_winters_offset_no_change_is_lost_in_any_night() {
    for night in &NIGHTS {
        let (late, lost) = lived_through(night, night.winter).await;
        assert_eq!(lost, 0, "{}", night.change);
        // An hour, and up to the next window.
        assert!(late <= 3_600 + 1_200, "{}: {late} s late", night.change);
        assert!(late >= 3_600, "{}: in summer they do come late: {late} s", night.change);
    }
}

/// That is why `check` says so.
#[tokio::test]
async fn with_summers_offset_changes_are_lost_in_winter() {
    for night in &NIGHTS {
        let (_, lost) = lived_through(night, night.summer).await;
        assert!(lost > 0, "{}", night.change);
    }
}

#[tokio::test]
async fn a_column_without_offsets_is_named() {
    let file = File::new(SCHEMA).await;
    let supporters = open(&Table { zone: "-05:00".parse().unwrap(), ..file.table() }, &["email"]).await;
    let notes = supporters.shape().await.unwrap().notes;
    assert!(notes.contains(&Note::NoOffset { column: "modified".into(), zone: "-05:00".into() }));
    file.run("UPDATE people SET modified = '2025-01-01T00:00:00Z'").await;
    let supporters = file.open(&["email"]).await;
    let notes = supporters.shape().await.unwrap().notes;
    assert!(!notes.iter().any(|note| matches!(note, Note::NoOffset { .. })), "{notes:?}");
}
