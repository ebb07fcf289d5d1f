//! One bad record costs one record, whether it fails alone or takes its whole transaction with it; and when everybody fails
//! nobody is blocked.

use e2e::{Harness, Person, World};
use plan::Settings;
use simorg::settings::ThrowingTrigger;

/// Some people, and a trigger of the org that throws when a city holds this text.
async fn town(people: i64, holds: &str, direct: bool) -> Harness {
    town_in(World { direct, ..World::default() }, people, holds).await
}

async fn town_in(mut world: World, people: i64, holds: &str) -> Harness {
    world.org.throwing_triggers = vec![ThrowingTrigger {
        object: "Contact".to_owned(),
        field: "MailingCity".to_owned(),
        holds: holds.to_owned(),
    }];
    let h = Harness::start_in(world).await;
    sqlx::query("BEGIN").execute(&h.pool).await.expect("begun");
    for id in 1..=people {
        h.supporter(&Person::new(id, "Ann", &format!("Lee{id}"), &format!("p{id}@example.org"))).await;
    }
    sqlx::query("COMMIT").execute(&h.pool).await.expect("committed");
    h
}

fn count(number: i64) -> u64 {
    u64::try_from(number).expect("few")
}

#[tokio::test]
async fn a_record_that_fails_its_whole_transaction_costs_one_record_by_either_road() {
    for direct in [false, true] {
        // GIVEN 200 people who are saved together, and a trigger that one of them is too much for
        let people = 200;
        let h = town(people, "Nowhere", direct).await;
        h.edit_supporter(77, "city", Some("Nowhere")).await;
        let report = h.sync().await;
        // THEN one is blocked and everybody else is through
        assert_eq!(report.outcome("contact_created"), count(people - 1), "{report:?}");
        assert_eq!(report.outcome("blocked:"), 1, "{report:?}");
        assert_eq!(h.block(77).as_deref(), Some("CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY"));
        assert_eq!((h.cases(), report.still_dirty), (vec!["blocked"], 0));
        assert_eq!(h.org.admin().all_records("Contact").len() as u64, count(people - 1));
        assert!(report.api_calls < 60, "{} calls", report.api_calls);
        // AND a cycle later nothing is tried again
        let quiet = h.sync().await;
        assert!(quiet.wrote_nothing(), "{quiet:?}");
        // UNTIL the record changes
        h.edit_supporter(77, "city", Some("Utrecht")).await;
        let report = h.sync().await;
        assert_eq!(report.outcome("contact_created"), 1, "{report:?}");
        assert_eq!((h.block(77), h.cases().len()), (None, 0));
    }
}

#[tokio::test]
async fn more_suspects_than_a_job_takes_are_sent_in_smaller_transactions_all_the_same() {
    // GIVEN jobs that are smaller than what a trigger refuses together
    let world =
        World { settings: Settings { job_rows: 10, ..World::default().settings }, ..World::default() };
    let people = 60;
    let h = town_in(world, people, "Nowhere").await;
    for id in [7, 19, 31] {
        h.edit_supporter(id, "city", Some("Nowhere")).await;
    }
    let report = h.sync().await;
    // THEN those three are blocked, and everybody else is through
    assert_eq!(report.outcome("contact_created"), count(people - 3), "{report:?}");
    assert_eq!((report.outcome("blocked:"), report.still_dirty), (3, 0), "{report:?}");
    assert!([7, 19, 31].into_iter().all(|id| h.block(id).is_some()));
}

#[tokio::test]
async fn one_among_ten_thousand_costs_one_block() {
    let people = 10_000;
    let h = town(people, "Nowhere", false).await;
    h.edit_supporter(4_242, "city", Some("Nowhere")).await;
    let report = h.sync().await;
    assert_eq!(report.outcome("contact_created"), count(people - 1), "{:?}", report.outcomes);
    assert_eq!((report.outcome("blocked:"), report.still_dirty), (1, 0), "{:?}", report.outcomes);
    assert_eq!(h.block(4_242).as_deref(), Some("CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY"));
}

#[tokio::test]
async fn several_bad_records_in_one_transaction_are_all_found() {
    let people = 150;
    let h = town(people, "Nowhere", true).await;
    for id in [3, 4, 90] {
        h.edit_supporter(id, "city", Some("Nowhere")).await;
    }
    let report = h.sync().await;
    assert_eq!(report.outcome("contact_created"), count(people - 3), "{report:?}");
    assert_eq!(report.outcome("blocked:"), 3, "{report:?}");
    assert!([3, 4, 90].into_iter().all(|id| h.block(id).is_some()));
}

#[tokio::test]
async fn a_trigger_that_refuses_everybody_opens_the_circuit_and_blocks_nobody() {
    let people = 10_000;
    let h = town(people, "", false).await;
    let report = h.sync().await;
    // THEN one case says so, nobody is blocked, and few calls were spent on finding out
    assert_eq!((h.cases(), report.outcome("blocked:")), (vec!["systemic"], 0), "{:?}", report.outcomes);
    assert_eq!(report.still_dirty, count(people));
    assert!(report.api_calls < 60, "{} calls", report.api_calls);
    assert!(report.notes.iter().any(|note| note.contains("refuses everybody")), "{:?}", report.notes);
    // AND when the trigger is mended everybody gets through
    h.org.admin().configure(|settings| settings.throwing_triggers.clear());
    let report = h.sync().await;
    assert_eq!(report.outcome("contact_created"), count(people), "{:?}", report.outcomes);
    assert_eq!(h.cases(), Vec::<&str>::new());
}
