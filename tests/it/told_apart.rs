//! Two who were told apart, one of whom carries the other's id all the same: a row under that id would be written over the wrong
//! person.

use std::time::Duration;

use e2e::{Contact, Harness, Person};
use model::{Case, CaseKind, Choice, ContactId, Ruling, Stamp, Standing, Subject, SupporterId};
use serde_json::json;
use simorg::{Fault, Op};
use state::Changes;

const KIND: CaseKind = CaseKind::IdAndEmailDisagree;
const KEY: &str = "EN_Supporter_Id__c";

fn supporter() -> SupporterId {
    SupporterId::parse("1").expect("a number is an id")
}

fn later(h: &Harness) {
    h.org.admin().clock().advance(Duration::from_secs(120));
}

/// The row of Jo Doe names the Contact of Mary Brown, which carries Jo's id.
async fn a_wrong_pair(h: &Harness) -> String {
    let mary = Contact::new("Mary", "Brown", "mary@example.org").with("MailingCity", "York").with(KEY, "1");
    let mary = h.contact(&mary);
    later(h);
    let jo = Person::new(1, "Jo", "Doe", "jo@example.org").in_city("Perth");
    h.supporter(&jo.linked_to(&mary)).await;
    h.sync().await;
    assert_eq!(h.cases(), ["id_and_email_disagree"]);
    mary
}

async fn decide(h: &Harness, choice: Choice) {
    let ruling = Ruling { choice, by: "administrator".to_owned(), why: None, at: Stamp::from_seconds(0) };
    let standing = Standing { ruling: Some(ruling), ..Standing::default() };
    let mut changes = Changes::new();
    changes.rule_case(KIND, &Subject::Supporter(supporter()), standing);
    let _ = h.sides.state.commit(changes).await.expect("durable");
}

/// Nobody may take the supporter id from a Contact.
fn keep_the_key(h: &Harness) {
    let body = json!([{"errorCode": "FIELD_CUSTOM_VALIDATION_EXCEPTION", "message": "the id stays"}]);
    h.org.admin().fault(Op::Update, Fault::Refuse { status: 400, body: body.to_string(), times: 1_000 });
}

fn is_still_mary(h: &Harness, mary: &str) {
    let held = ["FirstName", "LastName", "Email", "MailingCity"].map(|field| h.contact_field(mary, field));
    assert_eq!(held, ["Mary", "Brown", "mary@example.org", "York"]);
}

fn reasons(h: &Harness) -> Vec<String> {
    let case = h.sides.state.case_of(KIND, &Subject::Supporter(supporter())).expect("readable");
    case.expect("it is asked about").reasons
}

#[tokio::test]
async fn the_id_is_taken_from_the_other_who_stays_as_they_are_and_the_supporter_gets_their_own_contact() {
    let h = Harness::start().await;
    let mary = a_wrong_pair(&h).await;
    decide(&h, Choice::Separate).await;
    let report = h.sync().await;
    let jo = h.link(1).unwrap_or_else(|| panic!("a Contact of their own: {report:?}"));
    assert_ne!(jo, mary);
    is_still_mary(&h, &mary);
    assert_eq!((h.contact_field(&mary, KEY), h.contact_field(&jo, KEY)), (String::new(), "1".to_owned()));
    assert_eq!(h.contact_field(&jo, "LastName"), "Doe");
    assert_eq!(h.supporter_cell(1, "sf_contact_id").await, Some(jo));
    assert_eq!(h.cases(), Vec::<&str>::new());
    // THEN a resync finds nothing to do
    h.resync(1).await;
    is_still_mary(&h, &mary);
    assert_eq!(h.contacts().len(), 2);
}

#[tokio::test]
async fn an_id_that_cannot_be_taken_away_is_asked_about_and_nobody_is_overwritten() {
    let h = Harness::start().await;
    let mary = a_wrong_pair(&h).await;
    keep_the_key(&h);
    decide(&h, Choice::Separate).await;
    let report = h.sync().await;
    assert!(report.notes.iter().any(|note| note.contains("keeps the id")), "{report:?}");
    for _ in 0..2 {
        assert_eq!(h.cases(), ["id_and_email_disagree"], "{report:?}");
        assert_eq!(reasons(&h), ["external_id", Case::TOLD_APART]);
        assert_eq!((h.link(1), h.contacts().len()), (None, 1));
        is_still_mary(&h, &mary);
        // AND what is asked for by hand comes to the same
        let resynced = h.resync(1).await;
        assert_eq!(resynced.outcome, "case:id_and_email_disagree", "{resynced:?}");
    }
    // WHEN the org lets go of it, and it is decided once more
    h.org.admin().clear_faults();
    decide(&h, Choice::Separate).await;
    h.sync().await;
    is_still_mary(&h, &mary);
    assert!(h.link(1).is_some_and(|jo| jo != mary));
    assert_eq!(h.cases(), Vec::<&str>::new());
}

#[tokio::test]
async fn a_link_that_is_ended_where_the_id_cannot_be_taken_away_leads_to_no_overwriting_either() {
    // GIVEN Jo, linked to Mary's Contact by hand
    let h = Harness::start().await;
    let mary = a_wrong_pair(&h).await;
    let contact = ContactId::parse(&mary).expect("the org's ids are ids");
    let mut changes = Changes::new();
    changes.put_link(model::Link {
        supporter: supporter(),
        contact,
        made_at: Stamp::from_seconds(1),
        cycle: model::CycleId(1),
        evidence: model::Evidence::ExternalId,
        life: model::LinkLife::Live,
    });
    let _ = h.sides.state.commit(changes).await.expect("durable");
    keep_the_key(&h);
    // WHEN the link is ended
    decide(&h, Choice::Unlink { supporter: supporter(), contact }).await;
    h.sync().await;
    h.resync(1).await;
    // THEN
    is_still_mary(&h, &mary);
    assert_eq!((h.link(1), h.contacts().len()), (None, 1));
    assert_eq!(reasons(&h), ["external_id", Case::TOLD_APART]);
}

#[tokio::test]
async fn a_dead_contact_with_the_id_whose_survivor_was_told_apart_does_not_lead_back_to_it() {
    // GIVEN Jo, told apart from Mary, into whose Contact Jo's is merged
    let h = Harness::start().await;
    let mary = h.contact(&Contact::new("Mary", "Brown", "mary@example.org").with("MailingCity", "York"));
    let old = h.contact(&Contact::new("Jo", "Doe", "old@example.org").with(KEY, "1"));
    let admin = h.org.admin();
    admin.merge_as(&admin.person(), "Contact", &mary, &[old.as_str()]).expect("merged");
    h.edit_contact(&mary, &json!({KEY: null}));
    let mut changes = Changes::new();
    changes.set_apart(&supporter(), ContactId::parse(&mary).expect("the org's ids are ids"));
    let _ = h.sides.state.commit(changes).await.expect("durable");
    // WHEN Jo is looked for
    h.supporter(&Person::new(1, "Jo", "Doe", "jo@example.org")).await;
    later(&h);
    let report = h.sync().await;
    // THEN
    assert_eq!((h.link(1), h.cases()), (None, vec!["contact_deleted"]), "{report:?}");
    is_still_mary(&h, &mary);
    h.resync(1).await;
    is_still_mary(&h, &mary);
    assert!(h.link(1).is_some_and(|jo| jo != mary));
}

#[tokio::test]
async fn a_row_that_names_a_contact_merged_into_one_that_was_told_apart_does_not_lead_to_it() {
    // GIVEN Jo, whose row names a Contact that was merged into Jo the younger, from whom an administrator told him apart
    let h = Harness::start().await;
    let younger = h.contact(&Contact::new("Jo", "Doe", "younger@example.org").with("MailingCity", "York"));
    let old = h.contact(&Contact::new("Jo", "Doe", "old@example.org"));
    let admin = h.org.admin();
    admin.merge_as(&admin.person(), "Contact", &younger, &[old.as_str()]).expect("merged");
    let mut changes = Changes::new();
    changes.set_apart(&supporter(), ContactId::parse(&younger).expect("the org's ids are ids"));
    let _ = h.sides.state.commit(changes).await.expect("durable");
    // WHEN he is looked for
    h.supporter(&Person::new(1, "Jo", "Doe", "jo@example.org").in_city("Perth").linked_to(&old)).await;
    later(&h);
    let report = h.sync().await;
    // THEN
    assert!(h.link(1).is_some_and(|jo| jo != younger), "{report:?}");
    let held = ["Email", "MailingCity"].map(|field| h.contact_field(&younger, field));
    assert_eq!(held, ["younger@example.org", "York"]);
}
