//! The value that lost a conflict is taken back on demand, and never over somebody's later edit.

use e2e::{Harness, Person, World};
use model::{Policy, Side};
use serde_json::json;
use service::take_back::{NotTaken, TakenBack, take_back};

async fn taken(h: &Harness, number: u64) -> Result<TakenBack, NotTaken> {
    take_back(&h.sides, number, "administrator").await.expect("both sides answer").expect("alone")
}

/// Both sides changed the city; a policy kept one of them.
async fn overwritten(policy: Policy) -> (Harness, String) {
    let h = Harness::start_in(World::default().with_policy("MailingCity", policy)).await;
    h.supporter(&Person::new(1, "Ann", "Lee", "ann@example.org").in_city("Perth")).await;
    h.sync().await;
    let ann = h.link(1).expect("linked");
    h.edit_supporter(1, "city", Some("Bunbury")).await;
    h.edit_contact(&ann, &json!({"MailingCity": "Albany"}));
    h.sync().await;
    (h, ann)
}

#[tokio::test]
async fn the_value_that_lost_comes_back_to_both_sides() {
    for (policy, loser, city) in
        [(Policy::Salesforce, Side::Supporter, "Bunbury"), (Policy::Supporter, Side::Salesforce, "Albany")]
    {
        let (h, ann) = overwritten(policy).await;
        assert_ne!(h.contact_field(&ann, "MailingCity"), city);
        let taken = taken(&h, 1).await.unwrap();
        assert_eq!((taken.field.as_str(), taken.side), ("MailingCity", loser));
        h.sync().await;
        assert_eq!(h.contact_field(&ann, "MailingCity"), city, "{policy:?}");
        assert_eq!(h.supporter_cell(1, "city").await.as_deref(), Some(city), "{policy:?}");
        assert!(h.sync().await.wrote_nothing());
        assert!(h.sides.state.audits(10).unwrap().iter().any(|line| line.what.contains("took back")));
    }
}

#[tokio::test]
async fn nothing_is_taken_back_over_a_later_edit() {
    let (h, ann) = overwritten(Policy::Salesforce).await;
    h.edit_supporter(1, "city", Some("Broome")).await;
    assert_eq!(taken(&h, 1).await, Err(NotTaken::Changed));
    assert_eq!(h.supporter_cell(1, "city").await.as_deref(), Some("Broome"));
    assert_eq!(h.contact_field(&ann, "MailingCity"), "Albany");
    assert_eq!(taken(&h, 7).await, Err(NotTaken::NoSuch(7)));
}

#[tokio::test]
async fn a_consent_is_not_taken_back_to_yes() {
    let h = Harness::start().await;
    h.supporter(&Person::new(1, "Ann", "Lee", "ann@example.org").opted("Y")).await;
    let mut contact = e2e::Contact::new("Ann", "Lee", "ann@example.org").to_json();
    contact.insert("Email_Opt_In__c".into(), json!(false));
    h.org.admin().seed("Contact", vec![contact]).unwrap();
    h.sync().await;
    assert_eq!(h.supporter_cell(1, "opt_in").await.as_deref(), Some("N"), "the no won");
    assert_eq!(taken(&h, 1).await, Err(NotTaken::Consent));
    h.sync().await;
    assert_eq!(h.supporter_cell(1, "opt_in").await.as_deref(), Some("N"));
}
