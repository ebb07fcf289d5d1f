//! When a row that was set aside is tried again, and what becomes of hundreds that are refused for one reason.

use std::sync::Arc;

use e2e::Harness;
use model::FieldType::Text;
use model::field_map::plain_rule;
use model::{Direction, FieldMap, FieldRule};
use plan::ContactColumns;

const PEOPLE: i64 = 2_000;
/// Whose address no org takes.
const BAD: i64 = 1_000;
const REFUSED: &str = "blocked:INVALID_EMAIL_ADDRESS";

/// Two thousand people, in one statement; those with a number below `bad` of each ten have an address that the org refuses.
async fn crowd(h: &Harness, bad: i64) {
    sqlx::query(
        "INSERT INTO supporters (id, email, first_name, last_name, modified) \
         WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?1) \
         SELECT i, 'ann' || CASE WHEN i % 10 < ?2 THEN '..' ELSE '' END || i || '@example.org', 'Ann', 'Lee' || i, \
         strftime('%Y-%m-%dT%H:%M:%SZ', 'now', '-5 seconds') FROM n",
    )
    .bind(PEOPLE)
    .bind(bad)
    .execute(&h.pool)
    .await
    .expect("they are new");
}

#[tokio::test]
async fn one_bad_row_among_two_thousand_is_set_aside_and_tried_again_only_when_it_may_have_changed() {
    let mut h = Harness::start().await;
    crowd(&h, 0).await;
    h.edit_supporter(BAD, "email", Some("ann..bad@example.org")).await;
    let report = h.sync().await;
    assert_eq!(report.outcome("contact_created"), 1_999, "{report:?}");
    assert_eq!(report.outcome(REFUSED), 1, "{report:?}");
    assert_eq!((h.block(BAD).as_deref(), h.cases()), (Some("INVALID_EMAIL_ADDRESS"), vec!["blocked"]));
    // Another row changes: the bad one is not sent again.
    h.edit_supporter(1, "city", Some("Perth")).await;
    let report = h.sync().await;
    assert_eq!((report.rows.sent, report.rows.failed), (1, 0), "{report:?}");
    // It changes itself: once more, and set aside again.
    h.edit_supporter(BAD, "city", Some("Perth")).await;
    let report = h.sync().await;
    assert_eq!((report.rows.sent, report.outcome(REFUSED)), (1, 1), "{report:?}");
    assert_eq!(h.sync().await.rows.sent, 0);
    // The map changes: everybody is compared, and it is tried once.
    let mut rules = h.sides.map.rules().to_vec();
    rules.push(FieldRule { direction: Direction::Push, ..plain_rule("Department", "phone", Text) });
    let map = FieldMap::new(rules, h.sides.map.technical().clone()).expect("a map");
    let describe = h.sides.org.describe("Contact").await.expect("described");
    h.sides.columns = Arc::new(ContactColumns::new(&map, &h.sides.settings, &describe).expect("every field"));
    h.sides.map = Arc::new(map);
    let report = h.sync().await;
    assert_eq!((report.rows.sent, report.outcome(REFUSED)), (1, 1), "{report:?}");
    // It is corrected.
    h.edit_supporter(BAD, "email", Some("ann.good@example.org")).await;
    assert_eq!(h.sync().await.outcome("contact_created"), 1);
    assert_eq!((h.block(BAD), h.cases()), (None, Vec::new()));
}

#[tokio::test]
async fn hundreds_of_rows_refused_for_one_reason_block_nobody_and_stop_the_sending() {
    let h = Harness::start().await;
    crowd(&h, 3).await;
    let report = h.sync().await;
    assert_eq!(report.outcome("contact_created"), 1_400, "{report:?}");
    assert!(report.notes.iter().any(|note| note.contains("INVALID_EMAIL_ADDRESS")), "{report:?}");
    assert_eq!(h.cases(), ["systemic"]);
    assert_eq!((h.block(1), report.still_dirty), (None, 600), "{report:?}");
    // While the cause stands, nobody else is blocked; when it is corrected, everybody arrives.
    sqlx::query(
        "UPDATE supporters SET email = replace(email, '..', '.'), modified = strftime('%Y-%m-%dT%H:%M:%SZ', 'now', '-1 second')",
    )
    .execute(&h.pool)
    .await
    .expect("corrected");
    let report = h.sync().await;
    assert_eq!(report.outcome("contact_created"), 600, "{report:?}");
    assert_eq!(h.cases(), Vec::<&str>::new());
}

#[tokio::test]
async fn a_job_that_fails_for_good_is_sent_once_in_a_cycle() {
    // GIVEN an org whose allowance of batches is used up
    let mut world = e2e::World::default();
    world.org.limits.daily_bulk_batches = 0;
    let h = Harness::start_in(world).await;
    crowd(&h, 0).await;
    // WHEN THEN one job fails, and no smaller one is tried after it
    let report = h.sync().await;
    assert_eq!((report.jobs, report.rows.unknown), (1, 2_000), "{report:?}");
    assert!(report.notes.iter().any(|note| note.contains("ExceededQuota")), "{report:?}");
    assert_eq!((report.still_dirty, h.contacts().len()), (2_000, 0));
}

#[tokio::test]
async fn an_address_of_hundreds_names_nobody_and_costs_no_more_than_a_case() {
    // GIVEN a placeholder that more Contacts carry than can be told apart, and as many supporters
    let h = Harness::start().await;
    let rows = (0..210).map(|n| {
        let row = serde_json::json!({"FirstName": "Jo", "LastName": format!("Doe{n}"), "Email": "none@example.org"});
        row.as_object().cloned().expect("a row")
    });
    h.org.admin().seed("Contact", rows.collect()).expect("seeded");
    for n in 1..=3 {
        h.supporter(&e2e::Person::new(n, "Jo", &format!("Doe{n}"), "none@example.org")).await;
    }
    // WHEN THEN each is a case that shows a dozen records, and nobody is made or linked
    let report = h.sync().await;
    assert_eq!(report.outcome("case:ambiguous_contacts"), 3, "{report:?}");
    let cases = h.sides.state.cases_page(None, 10).expect("readable");
    for case in cases.iter().filter(|case| !case.supporters.is_empty()) {
        assert!(case.reasons.iter().any(|reason| reason == "address_of_many"), "{case:?}");
        assert!(case.records.len() <= state::SHOWN_RECORDS);
    }
    assert_eq!((h.contacts().len(), h.link(1)), (210, None));
}
