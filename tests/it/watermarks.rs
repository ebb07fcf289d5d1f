//! Windows discover, the dirty set delivers, and a watermark never passes what was not delivered.

use std::time::Duration;

use e2e::{Contact, Harness, Person, World};
use model::Side;
use serde_json::json;
use service::request::Mode;
use simorg::{Fault, Op};

#[tokio::test]
async fn an_empty_hour_still_moves_both_watermarks_and_costs_few_calls() {
    let h = Harness::start().await;
    h.sync().await;
    let before = h.watermarks();
    let admin = h.org.admin();
    admin.clock().advance(Duration::from_secs(3600));
    admin.reset_calls();
    let report = h.sync().await;
    let after = h.watermarks();
    assert!(after.1 > before.1, "{before:?} {after:?}");
    assert!(after.0 >= before.0);
    assert!(report.api_calls <= 6, "an idle cycle took {} calls", report.api_calls);
    assert!(report.wrote_nothing());
}

#[tokio::test]
async fn a_window_that_fails_leaves_the_watermark_where_it_was() {
    let h = Harness::start().await;
    h.sync().await;
    let before = h.watermarks();
    let admin = h.org.admin();
    admin.clock().advance(Duration::from_secs(3600));
    admin.fault(Op::QueryAll, Fault::Refuse { status: 503, body: String::new(), times: 1_000 });
    assert!(h.try_run(Mode::Pull).await.is_err());
    assert_eq!(h.watermarks().1, before.1);
    // AND what happened meanwhile is found once the fault is over
    let id = h.contact(&Contact::new("Ann", "Lee", "ann@example.org"));
    h.supporter(&Person::new(1, "Ann", "Lee", "ann@example.org")).await;
    admin.clear_faults();
    h.sync().await;
    assert_eq!(h.link(1), Some(id));
}

#[tokio::test]
async fn a_record_that_becomes_visible_late_is_found_all_the_same() {
    // GIVEN an org whose saves show up 90 seconds after their stamp
    let mut world = World::default();
    world.org.latency.commit_lag_s = 90;
    let h = Harness::start_in(world).await;
    let id = h.contact(&Contact::new("Ann", "Lee", "ann@example.org"));
    h.supporter(&Person::new(1, "Ann", "Lee", "ann@example.org")).await;
    let admin = h.org.admin();
    // The org's clock stands still between the steps, at a full minute: how long this test takes decides nothing.
    admin.clock().hold(simorg::value::Stamp::parse("2030-01-01T00:00:00Z").unwrap());
    admin.clock().advance(Duration::from_secs(200));
    h.sync().await;
    assert_eq!(h.link(1), Some(id.clone()));
    admin.clock().advance(Duration::from_secs(200));
    h.sync().await;
    // WHEN an edit is stamped before a cycle and visible after it
    h.edit_contact(&id, &json!({"FirstName": "Anna"}));
    admin.clock().advance(Duration::from_secs(60));
    let middle = h.run(Mode::Pull).await;
    assert_eq!(h.supporter_cell(1, "first_name").await.as_deref(), Some("Ann"), "{middle:?}");
    admin.clock().advance(Duration::from_secs(120));
    h.run(Mode::Pull).await;
    // THEN the next cycle's overlap finds it
    assert_eq!(h.supporter_cell(1, "first_name").await.as_deref(), Some("Anna"));
}

#[tokio::test]
async fn more_records_of_one_second_than_a_page_holds_are_all_found() {
    let h = Harness::start().await;
    let admin = h.org.admin();
    admin.clock().advance(Duration::from_secs(60));
    h.sync().await;
    let stamp = admin.clock().now();
    admin.clock().hold(stamp);
    let rows: Vec<_> = (0..4_500)
        .map(|n| Contact::new("Ann", &format!("Lee{n}"), &format!("ann{n}@example.org")).to_json())
        .collect();
    admin.seed("Contact", rows).unwrap();
    admin.clock().advance(Duration::from_secs(300));
    let report = h.run(Mode::Pull).await;
    assert_eq!(report.outcome("skipped:no_supporter"), 4_500, "{report:?}");
}

#[tokio::test]
async fn a_push_alone_leaves_the_other_direction_marked_for_the_next_pull() {
    let h = Harness::start().await;
    h.supporter(&Person::new(1, "Jo", "Doe", "jo@example.org")).await;
    h.sync().await;
    let id = h.link(1).unwrap();
    h.edit_contact(&id, &json!({"MailingCity": "Hobart"}));
    h.edit_supporter(1, "phone", Some("0401 555 010")).await;
    h.org.admin().clock().advance(Duration::from_secs(120));
    h.run(Mode::Push).await;
    assert_eq!(h.supporter_cell(1, "city").await, None);
    h.run(Mode::Pull).await;
    assert_eq!(h.supporter_cell(1, "city").await.as_deref(), Some("Hobart"));
    h.sync().await;
    assert_eq!(h.contact_field(&id, "HomePhone"), "0401 555 010");
}

#[tokio::test]
async fn nothing_but_an_explicit_command_moves_a_watermark_back() {
    let h = Harness::start().await;
    h.org.admin().clock().advance(Duration::from_secs(3600));
    h.sync().await;
    let before = h.watermarks().1.unwrap();
    let mut changes = state::Changes::new();
    changes.raise_watermark(Side::Salesforce, before.minus(Duration::from_secs(60)));
    let receipt = h.sides.state.commit(changes).await.unwrap();
    assert_eq!(receipt.watermark(Side::Salesforce), Some(before));
}

#[tokio::test]
async fn a_dry_run_writes_nothing_and_marks_nothing() {
    let h = Harness::start().await;
    h.supporter(&Person::new(1, "Jo", "Doe", "jo@example.org")).await;
    let plans = h.plans(Mode::Sync).await;
    assert_eq!(plans.len(), 1);
    assert_eq!(plans[0]["action"], "create_contact");
    assert!(h.contacts().is_empty());
    assert_eq!(h.watermarks(), (None, None));
    assert_eq!(h.sides.state.dirty_count().unwrap(), 0);
    // AND the real run does what was planned
    let report = h.sync().await;
    assert_eq!(report.outcome("contact_created"), 1);
}

#[tokio::test]
async fn a_clock_that_was_ahead_once_is_told_of_and_ends_the_second_cycle() {
    // GIVEN a watermark that a wrong clock carried into the next day
    let h = Harness::start().await;
    h.sync().await;
    let day = Duration::from_secs(86_400);
    let tomorrow = h.watermarks().0.unwrap().plus(day);
    let mut changes = state::Changes::new();
    changes.raise_watermark(Side::Supporter, tomorrow);
    let _ = h.sides.state.commit(changes).await.unwrap();
    h.supporter(&Person::new(1, "Ann", "Lee", "ann@example.org")).await;
    // WHEN THEN the first cycle says that nothing can be found, and the second ends
    let report = h.sync().await;
    assert!(report.notes.iter().any(|note| note.contains("watermark rewind push")), "{report:?}");
    assert_eq!(h.link(1), None);
    // AND a run that looks at the other side only changes nothing about that
    h.run(Mode::Pull).await;
    let ended = h.try_run(Mode::Sync).await.expect_err("the second in a row");
    assert!(ended.to_string().contains("behind the push watermark"), "{ended}");
    // WHEN it is set back THEN whoever was passed over is found, and nothing is said any more
    let mut changes = state::Changes::new();
    changes.rewind_watermark(
        Side::Supporter,
        tomorrow.minus(2 * day),
        "administrator",
        "the clock was wrong",
    );
    let _ = h.sides.state.commit(changes).await.unwrap();
    let report = h.sync().await;
    assert!(h.link(1).is_some() && report.notes.is_empty(), "{report:?}");
    assert_eq!(h.sides.state.progress().unwrap().clock_warnings, 0);
}

#[tokio::test]
async fn what_lies_below_a_watermark_that_was_set_by_hand_is_not_asked_for_within_the_overlap_neither() {
    // GIVEN supporters who are there already, and a watermark that was set before the first cycle
    let h = Harness::start().await;
    h.supporter(&Person::new(1, "Ann", "Lee", "ann@example.org")).await;
    let ago = |seconds: u64| model::Clock::system().now().minus(Duration::from_secs(seconds));
    let old = ago(300).to_seconds_text();
    sqlx::query("UPDATE supporters SET modified = ?").bind(old).execute(&h.pool).await.unwrap();
    let mut changes = state::Changes::new();
    changes.begin_at(Side::Supporter, ago(120)).begin_at(Side::Salesforce, ago(120));
    let _ = h.sides.state.commit(changes).await.unwrap();
    // THEN they are left alone, though the overlap would reach them
    let report = h.sync().await;
    assert_eq!((h.link(1), report.discovered), (None, 0), "{report:?}");
    // AND whoever changes from then on is found
    h.supporter(&Person::new(2, "Bo", "Poe", "bo@example.org")).await;
    h.sync().await;
    assert!(h.link(2).is_some() && h.link(1).is_none());
    // WHEN it is set back THEN nothing stands in the way any more
    let mut changes = state::Changes::new();
    changes.rewind_watermark(Side::Supporter, ago(360), "administrator", "everybody after all");
    let _ = h.sides.state.commit(changes).await.unwrap();
    h.sync().await;
    assert!(h.link(1).is_some());
}

#[tokio::test]
async fn a_row_that_is_committed_long_after_it_was_stamped_is_found_without_any_overlap() {
    for anew in [false, true] {
        let mut world = World::default();
        world.settings.overlap = Duration::ZERO;
        let mut h = Harness::start_in(world).await;
        h.supporter(&Person::new(1, "Ann", "Lee", "ann@example.org")).await;
        h.sync().await;
        let (contact, before) = (h.link(1).expect("linked"), h.watermarks().0);
        // WHEN a writer stamps the row and is not done before the next cycle, in this process or another
        let mut writer = h.pool.acquire().await.expect("a connection");
        let stamped = "BEGIN IMMEDIATE; UPDATE supporters SET city = 'Perth', \
                       modified = strftime('%Y-%m-%dT%H:%M:%SZ')";
        sqlx::raw_sql(stamped).execute(&mut *writer).await.expect("written");
        h.org.admin().clock().advance(Duration::from_secs(120));
        if anew {
            let table = e2e::table(h.dir.path());
            let supporters = supporters::Sqlite::open(&table, h.sides.map.columns()).await.expect("opened");
            h.sides.supporters = std::sync::Arc::new(supporters.for_map(&h.sides.map));
        }
        let report = h.run(Mode::Push).await;
        assert_eq!(report.notes, Vec::<String>::new(), "no clock is behind");
        assert!(h.watermarks().0 <= before, "{:?} {before:?}", h.watermarks());
        sqlx::raw_sql("COMMIT").execute(&mut *writer).await.expect("committed");
        drop(writer);
        h.org.admin().clock().advance(Duration::from_secs(120));
        let report = h.sync().await;
        assert_eq!(h.contact_field(&contact, "MailingCity"), "Perth", "{anew}: {report:?}");
    }
}
