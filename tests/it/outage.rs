//! Nothing ran for days: what both sides did meanwhile is found, what was under way is cleared up, and this machine's clock
//! decides nothing.

use std::time::Duration;

use e2e::{Harness, Person, World};
use serde_json::json;
use service::request::Mode;
use simorg::Progress;

const DAY: Duration = Duration::from_secs(24 * 3_600);

/// Everybody's links, the live Contacts, and a cycle after it that finds nothing to do.
async fn all_is_well(h: &Harness, people: &[i64], what: &str) {
    for id in people {
        let linked = h.link(*id);
        assert!(linked.is_some(), "{what}: supporter {id} has no link");
        let contact = linked.unwrap_or_default();
        for (column, field) in [("city", "MailingCity"), ("phone", "HomePhone"), ("last_name", "LastName")] {
            let ours = h.supporter_cell(*id, column).await.unwrap_or_default();
            assert_eq!(ours, h.contact_field(&contact, field), "{what}: {field} of supporter {id}");
        }
    }
    h.org.admin().clock().advance(Duration::from_secs(120));
    let quiet = h.sync().await;
    assert!(quiet.wrote_nothing(), "{what}: {quiet:?}");
}

#[tokio::test]
async fn an_outage_of_days_loses_nothing() {
    for days in [8_u32, 16, 40] {
        let what = format!("{days} days");
        let mut h = Harness::start_in(World { on_disk: true, ..World::default() }).await;
        for id in 1..=5 {
            h.supporter(&Person::new(id, "Ann", &format!("Lee{id}"), &format!("p{id}@example.org"))).await;
        }
        h.sync().await;
        let admin = h.org.admin();
        admin.clock().advance(Duration::from_secs(120));
        h.sync().await;
        // GIVEN a job that is closed when the process dies
        h.supporter(&Person::new(6, "Bo", "Ray", "bo@example.org")).await;
        admin.progress(Progress::Stepped);
        h.kill_when(Mode::Push, |h| {
            h.sides.state.journal().expect("readable").iter().any(|entry| entry.phase == model::Phase::Closed)
        })
        .await;
        while admin.step_jobs() > 0 {}
        admin.progress(Progress::Auto);
        // WHEN days pass, both sides are edited, and Contacts go, one for good
        let contact = |id: i64| h.link(id).expect("linked");
        let (second, third, fourth) = (contact(2), contact(3), contact(4));
        h.edit_supporter(1, "city", Some("Utrecht")).await;
        h.edit_contact(&second, &json!({"HomePhone": "555-2222"}));
        admin.delete_as(&admin.person(), "Contact", &third).expect("deleted");
        admin.clock().advance(DAY * days);
        admin.empty_recycle_bin();
        admin.delete_as(&admin.person(), "Contact", &fourth).expect("deleted");
        admin.clock().advance(Duration::from_secs(120));
        h.restart().await;
        let report = h.sync().await;
        // THEN the job is settled or looked up, the edits are delivered, and both deletions are known
        assert!(h.sides.state.journal().expect("readable").is_empty(), "{what}: {report:?}");
        assert_eq!(h.cases(), ["contact_deleted", "contact_deleted"], "{what}: {report:?}");
        assert_eq!(h.contacts().len(), 4, "{what}: {:?}", report.outcomes);
        all_is_well(&h, &[1, 2, 5, 6], &what).await;
        let created =
            admin.all_records("Contact").iter().filter(|contact| contact["LastName"] == "Ray").count();
        assert_eq!(created, 1, "{what}: a twin");
    }
}

#[tokio::test]
async fn a_local_clock_that_jumps_a_day_either_way_changes_nothing() {
    for forward in [true, false] {
        let mut h = Harness::start().await;
        let now = h.sides.clock.now();
        let local = model::Clock::held(now);
        h.sides.clock = local;
        h.supporter(&Person::new(1, "Ann", "Lee", "ann@example.org")).await;
        h.supporter(&Person::new(2, "Bo", "Ray", "bo@example.org")).await;
        h.sync().await;
        let before = h.watermarks();
        h.org.admin().clock().advance(Duration::from_secs(3_600));
        h.edit_contact(&h.link(1).expect("linked"), &json!({"HomePhone": "555-1111"}));
        h.edit_supporter(2, "city", Some("Utrecht")).await;
        h.org.admin().clock().advance(Duration::from_secs(120));
        // WHEN this machine's clock jumps
        h.sides.clock = model::Clock::held(if forward { now.plus(DAY) } else { now.minus(DAY) });
        h.sync().await;
        // THEN the edits are where they belong, and the watermark followed the org's clock
        let what = if forward { "a day ahead" } else { "a day behind" };
        assert_eq!(h.supporter_cell(1, "phone").await.as_deref(), Some("555-1111"), "{what}");
        let (was, is) = (before.1.expect("moved"), h.watermarks().1.expect("moved"));
        let moved = is.since(was);
        assert!(
            moved >= Duration::from_secs(3_600) && moved < Duration::from_secs(7_200),
            "{what}: {moved:?}"
        );
        all_is_well(&h, &[1, 2], what).await;
    }
}
