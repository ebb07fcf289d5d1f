//! One person, on demand: before and after, and no watermark moves.

use e2e::{Harness, Person};
use serde_json::json;

#[tokio::test]
async fn a_resync_shows_both_sides_before_and_after_and_moves_no_watermark() {
    let h = Harness::start().await;
    h.supporter(&Person::new(1042, "Jo", "Doe", "jo@example.org").in_city("Perth")).await;
    h.sync().await;
    let id = h.link(1042).unwrap();
    let before = h.watermarks();
    h.edit_contact(&id, &json!({"MailingCity": "Hobart"}));
    let report = h.resync(1042).await;
    assert_eq!(h.watermarks(), before);
    let city = |view: &service::resync::View| {
        view.fields
            .iter()
            .find(|field| field.field == "MailingCity")
            .map(|field| (field.supporter.clone(), field.contact.clone()))
    };
    assert_eq!(city(&report.before), Some((Some("Perth".into()), Some("Hobart".into()))));
    assert_eq!(city(&report.after), Some((Some("Hobart".into()), Some("Hobart".into()))));
    assert_eq!(report.outcome, "supporter_updated");
}

#[tokio::test]
async fn a_resync_creates_and_links_one_person_and_nobody_else() {
    let h = Harness::start().await;
    h.supporter(&Person::new(1, "Jo", "Doe", "jo@example.org")).await;
    h.supporter(&Person::new(2, "Ann", "Lee", "ann@example.org")).await;
    let report = h.resync(1).await;
    assert_eq!(report.outcome, "contact_created");
    assert_eq!(h.contacts().len(), 1);
    assert!(report.after.contact.is_some());
    assert_eq!(h.watermarks(), (None, None));
}

#[tokio::test]
async fn a_resync_tries_a_blocked_record_again() {
    let h = Harness::start().await;
    h.supporter(&Person::new(1, "Jo", "Doe", "jo..doe@example.org")).await;
    h.sync().await;
    assert_eq!(h.block(1).as_deref(), Some("INVALID_EMAIL_ADDRESS"));
    let report = h.resync(1).await;
    assert_eq!(report.cycle.rows.sent, 1, "{report:?}");
    assert_eq!(report.outcome, "blocked:INVALID_EMAIL_ADDRESS");
}
