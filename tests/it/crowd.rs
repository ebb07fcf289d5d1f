//! When a row that was set aside is tried again, and what becomes of hundreds that are refused for one reason.

use std::sync::Arc;

use e2e::Harness;
use model::FieldMap;
use model::FieldType::Text;
use model::field_map::plain_rule;
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
    rules.push(plain_rule("Department", "phone", Text));
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
