//! Result sets as an org may give them: without a header where nothing stands in them, without the rows of a job that found no room.

use e2e::{Harness, Person, World};
use serde_json::json;
use simorg::settings::{EmptySets, ThrowingTrigger};

async fn people(h: &Harness, ids: std::ops::RangeInclusive<i64>, last: &str) {
    for id in ids {
        h.supporter(&Person::new(id, "Ann", &format!("{last}{id}"), &format!("p{id}@example.org"))).await;
    }
}

#[tokio::test]
async fn a_result_set_or_a_query_without_rows_may_be_nothing_at_all() {
    for empty in [EmptySets::Header, EmptySets::Nothing, EmptySets::NoContent] {
        let mut world = World::default();
        world.org.bulk.empty_sets = empty;
        // An org without Contacts, asked for all of them.
        world.settings.directory_from = 1;
        let h = Harness::start_in(world).await;
        people(&h, 1..=3, "Lee").await;
        let all_saved = h.sync().await;
        assert_eq!(all_saved.outcome("contact_created"), 3, "{empty:?}: {all_saved:?}");
        people(&h, 4..=5, "Ray").await;
        let throws = ThrowingTrigger {
            object: "Contact".to_owned(),
            field: "LastName".to_owned(),
            holds: String::new(),
        };
        h.org.admin().configure(|org| org.throwing_triggers.push(throws));
        let all_refused = h.sync().await;
        let refused = all_refused.outcome("blocked:CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY");
        assert_eq!(refused, 2, "{empty:?}: {all_refused:?}");
        assert_eq!(h.sides.state.journal().unwrap(), Vec::new(), "{empty:?}");
    }
}

#[tokio::test]
async fn rows_that_stand_in_no_result_set_are_looked_up_and_sent_once() {
    let mut world = World { direct: false, ..World::default() };
    world.org.bulk.batch_rows = 2;
    world.org.limits.daily_bulk_batches = 1;
    let h = Harness::start_in(world).await;
    people(&h, 1..=4, "Lee").await;
    let first = h.sync().await;
    assert_eq!((first.outcome("contact_created"), h.contacts().len()), (2, 2), "{first:?}");
    // The allowance returns.
    h.org.admin().configure(|org| org.limits.daily_bulk_batches = 100);
    h.sync().await;
    h.sync().await;
    let mut ids: Vec<_> =
        h.contacts().iter().map(|contact| contact["EN_Supporter_Id__c"].to_string()).collect();
    ids.sort();
    ids.dedup();
    assert_eq!((ids.len(), h.contacts().len()), (4, 4));
    assert!((1..=4).all(|id| h.link(id).is_some() && h.block(id).is_none()));
}

#[tokio::test]
async fn a_household_that_is_locked_or_finds_no_room_sets_nobody_aside() {
    for message in [
        "unable to obtain exclusive access to this record or 1 records: 001000000000001AAA",
        "storage limit exceeded",
    ] {
        let mut world = World::default();
        world.org.npsp.households = true;
        world.org.npsp.account_fails_with = Some(message.to_owned());
        let h = Harness::start_in(world).await;
        people(&h, 1..=3, "Lee").await;
        let refused = h.sync().await;
        assert_eq!(
            (refused.outcome("deferred:transient"), h.contacts().len()),
            (3, 0),
            "{message}: {refused:?}"
        );
        assert!((1..=3).all(|id| h.block(id).is_none()), "{message}");
        h.org.admin().configure(|org| org.npsp.account_fails_with = None);
        let passed = h.sync().await;
        assert_eq!(passed.outcome("contact_created"), 3, "{message}: {passed:?}");
        assert_eq!(h.cases(), Vec::<&str>::new(), "{message}");
    }
}

#[tokio::test]
async fn a_describe_with_a_value_that_has_no_label_is_read() {
    let describe: salesforce::PicklistValue =
        serde_json::from_value(json!({"active": true, "label": null, "value": "Ms."})).unwrap();
    assert_eq!((describe.label.as_str(), describe.value.as_str()), ("", "Ms."));
}
