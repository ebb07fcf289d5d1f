//! Blocks lifted by hand: whoever was set aside is tried again by the next cycle, and why they were stays in their story.

use e2e::{Harness, Person, World};
use model::{Happened, Subject, SupporterId};
use service::lift::{Whose, counted, lift};
use simorg::settings::ThrowingTrigger;

fn id(number: i64) -> SupporterId {
    SupporterId::parse(&number.to_string()).expect("an id")
}

/// One person is through, two are refused by a trigger, and one has a name that is too long.
async fn town() -> Harness {
    let mut world = World::default();
    world.org.throwing_triggers = vec![ThrowingTrigger {
        object: "Contact".to_owned(),
        field: "MailingCity".to_owned(),
        holds: "Nowhere".to_owned(),
    }];
    let h = Harness::start_in(world).await;
    h.supporter(&Person::new(1, "Ann", "Lee", "ann@example.org")).await;
    for (number, first) in [(2, "Jo"), (3, "Ida")] {
        let person = Person::new(number, first, "Doe", &format!("{first}@example.org"));
        h.supporter(&person.in_city("Nowhere")).await;
    }
    h.supporter(&Person::new(4, "Max", &"N".repeat(81), "max@example.org")).await;
    h.sync().await;
    assert_eq!(h.block(2), h.block(3));
    assert_eq!((h.block(1), h.block(4).as_deref()), (None, Some("STRING_TOO_LONG")));
    h
}

#[tokio::test]
async fn whoever_is_lifted_is_marked_by_the_same_commit_and_gets_through_once_the_cause_is_gone() {
    // GIVEN two people whom a trigger refused, and the trigger corrected: neither record changed
    let h = town().await;
    h.org.admin().configure(|settings| settings.throwing_triggers.clear());
    assert!(h.sync().await.wrote_nothing(), "nothing lifts them by itself");
    // WHEN one of them is lifted by name
    let state = &h.sides.state;
    let lifted = lift(state, &Whose::Of([id(2)].into()), "kim", "the trigger was corrected").await;
    let lifted = lifted.expect("the state works").expect("no cycle is at work");
    // THEN they wait, and the next cycle creates them and nobody else
    assert_eq!(lifted.values().sum::<u64>(), 1, "{lifted:?}");
    assert_eq!((h.block(2), h.block(3).is_some()), (None, true));
    assert!(state.is_dirty(&Subject::Supporter(id(2))).expect("readable"));
    assert!(!state.is_dirty(&Subject::Supporter(id(3))).expect("readable"));
    let report = h.sync().await;
    assert_eq!((report.outcome("contact_created"), report.outcome("blocked:")), (1, 0), "{report:?}");
    // AND their story still says why, although the block is gone
    let story = state.story(&[Subject::Supporter(id(2))]).expect("readable");
    let reason = story.iter().find_map(|told| {
        let Happened::LiftedBy { code, by, .. } = &told.what else { return None };
        Some((code.as_str(), by.as_str()))
    });
    assert_eq!(reason, Some(("CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY", "kim")));
    // AND the audit trail who and why
    let audit = state.audits(1).expect("readable").remove(0);
    assert_eq!(
        (audit.who.as_str(), audit.what.as_str()),
        ("kim", "lifted the blocks of 2: the trigger was corrected")
    );
}

#[tokio::test]
async fn a_code_lifts_its_own_and_all_lifts_everybody() {
    let h = town().await;
    let state = &h.sides.state;
    let trigger = h.block(2).expect("blocked");
    assert_eq!(counted(state, &Whose::Everybody).expect("readable").values().sum::<u64>(), 3);
    let lifted = lift(state, &Whose::Code(trigger.to_lowercase()), "kim", "corrected").await;
    assert_eq!(lifted.expect("works").expect("alone").values().sum::<u64>(), 2);
    assert_eq!((h.block(3), h.block(4).is_some()), (None, true));
    // WHEN nothing was put right THEN they are set aside again, and told of again
    h.sync().await;
    assert!(h.block(2).is_some() && h.block(3).is_some());
    let lifted = lift(state, &Whose::Everybody, "kim", "once more").await;
    assert_eq!(lifted.expect("works").expect("alone").values().sum::<u64>(), 3);
    assert_eq!(state.block_count().expect("readable"), 0);
    assert_eq!(state.dirty_count().expect("readable"), 3);
}

#[tokio::test]
async fn nobody_is_lifted_while_a_cycle_is_at_work() {
    let h = town().await;
    let cycle = h.sides.state.begin_cycle().await.expect("the state works").expect("alone");
    let refused = lift(&h.sides.state, &Whose::Everybody, "kim", "corrected").await.expect("the state works");
    assert!(refused.is_err(), "{refused:?}");
    assert_eq!(h.sides.state.block_count().expect("readable"), 3);
    drop(cycle);
    let lifted = lift(&h.sides.state, &Whose::Everybody, "kim", "corrected").await.expect("the state works");
    assert!(lifted.is_ok(), "{lifted:?}");
}
