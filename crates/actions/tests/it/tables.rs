//! RudderStack's tables of traits, whole: what they map, what an ordinary org lacks, what is left over, and what null does.

use actions::outcome::Answer;
use serde_json::{Value, json};

use crate::support::{World, fields, one, preset};

fn traits() -> Value {
    json!({"email": "jo@x.example", "name": "Jo van Ash", "title": "Dr", "phone": "1", "mobilePhone": "2", "fax": "3",
        "salutation": "Dr.", "LeadSource": "Web", "description": "d", "hasOptedOutOfEmail": true,
        "company": {"name": "Acme", "industry": "Education", "employee_count": 7, "annualRevenue": 9.5, "floor": 3},
        "address": {"street": "S 1", "city": "Faro", "postalCode": "8000", "country": "PT", "planet": {"name": "Earth"}},
        "suffix": "jr", "testProp": "t", "other": 1, "doNotCall": true})
}

fn entry(object: &str, id: Option<&str>) -> Value {
    let mut entry = json!({"type": format!("Salesforce-{object}")});
    if let Some(id) = id {
        entry["id"] = json!(id);
    }
    json!({"externalId": [entry]})
}

const LEAD: [&str; 15] = [
    "FirstName",
    "LastName",
    "Company",
    "Title",
    "Phone",
    "MobilePhone",
    "Fax",
    "Salutation",
    "LeadSource",
    "Description",
    "Industry",
    "Street",
    "City",
    "PostalCode",
    "testProp__c",
];
const WANTED: [&str; 15] = [
    "Jo",
    "van Ash",
    "Acme",
    "Dr",
    "1",
    "2",
    "3",
    "Dr.",
    "Web",
    "d",
    "Education",
    "S 1",
    "Faro",
    "8000",
    "t",
];

#[tokio::test]
async fn every_trait_that_rudderstack_maps_is_in_the_lead_and_the_others_are_said() {
    let mut world = World::new().await;
    let cx = world.delivery(&preset("rudderstack")).await;
    let id = world.seed("Lead", &[json!({"LastName": "Old", "Company": "Old"})]).remove(0);
    for context in [json!({}), entry("Lead", Some(&id))] {
        let event = json!({"type": "identify", "userId": "u", "traits": traits(), "context": context});
        let outcome = one(&cx, &world.event(1, event)).await;
        assert!([Answer::Created, Answer::Updated].contains(&outcome.answer), "{outcome:?}");
        let leads = world.records("Lead");
        let lead = leads
            .iter()
            .find(|lead| Some(lead["Id"].as_str().unwrap()) == outcome.record.as_deref())
            .unwrap();
        assert_eq!(fields(lead, &LEAD), WANTED.map(Value::from), "{context}");
        assert_eq!(lead["HasOptedOutOfEmail"], true);
        let numbers = ["NumberOfEmployees", "AnnualRevenue"].map(|name| lead[name].as_f64());
        assert_eq!(numbers, [Some(7.0), Some(9.5)]);
        let mut notes = outcome.notes;
        notes.sort();
        // A Lead has a field DoNotCall, which is not this one's name.
        let (do_not, other) =
            if context == json!({}) { ("doNotCall__c", "other__c") } else { ("doNotCall", "other") };
        let wanted = [
            "Suffix: left out, no such field that we may write".to_owned(),
            "address.planet: left out, no field is for this part".to_owned(),
            "company.floor: left out, no field is for this part".to_owned(),
            format!("{do_not}: left out, no such field that we may write"),
            format!("{other}: left out, no such field that we may write"),
        ];
        assert_eq!(notes, wanted, "{context}");
    }
}

#[tokio::test]
async fn a_contact_that_an_entry_names_has_its_name_address_and_opt_out() {
    let mut world = World::new().await;
    let cx = world.delivery(&preset("rudderstack")).await;
    let event =
        json!({"type": "identify", "userId": "u", "traits": traits(), "context": entry("Contact", None)});
    assert_eq!(one(&cx, &world.event(1, event)).await.answer, Answer::Created);
    let contact = world.only("Contact");
    let names = [
        "FirstName",
        "LastName",
        "Email",
        "MobilePhone",
        "MailingStreet",
        "MailingCity",
        "MailingPostalCode",
    ];
    let wanted = ["Jo", "van Ash", "jo@x.example", "2", "S 1", "Faro", "8000"];
    assert_eq!(fields(&contact, &names), wanted.map(Value::from));
    assert_eq!(contact["HasOptedOutOfEmail"], true);
    // Nobody is called n/a for want of a name.
    let nameless = json!({"type": "identify", "userId": "u", "traits": {"phone": "1"}, "context": entry("Contact", None)});
    let refused = one(&cx, &world.event(2, nameless)).await;
    assert_eq!(
        (refused.answer, refused.reason.as_str()),
        (Answer::Invalid, "LastName is needed for a new Contact")
    );
}

#[tokio::test]
async fn objects_that_are_taken_as_they_are_have_what_null_names_cleared() {
    let mut world = World::new().await;
    let cx = world.delivery(&preset("rudderstack")).await;
    for (object, own) in [
        ("Contact", json!({"LastName": "Ash", "Phone": "1", "Title": "T1", "Fax": "3"})),
        ("Lead", json!({"LastName": "Ash", "Company": "C", "Phone": "1", "Title": "T1", "Fax": "3"})),
        ("Account", json!({"Name": "Acme", "Phone": "1", "Site": "T1", "Fax": "3"})),
    ] {
        let id = world.seed(object, &[own]).remove(0);
        let title = if object == "Account" { "Site" } else { "Title" };
        let traits = json!({"Phone": null, title: "T2"});
        let event =
            json!({"type": "identify", "userId": "u", "traits": traits, "context": entry(object, Some(&id))});
        let outcome = one(&cx, &world.event(1, event)).await;
        assert_eq!((outcome.answer, outcome.notes.len()), (Answer::Updated, 0), "{object}: {outcome:?}");
        let wanted = [Value::Null, json!("T2"), json!("3")];
        assert_eq!(fields(&world.only(object), &["Phone", title, "Fax"]), wanted, "{object}");
    }
    // A Lead that its address names is left as it is.
    world.seed("Lead", &[json!({"LastName": "B", "Company": "C", "Phone": "1", "Email": "b@x.example"})]);
    let event = json!({"type": "identify", "userId": "u", "traits": {"email": "b@x.example", "phone": null}});
    one(&cx, &world.event(2, event)).await;
    let leads = world.records("Lead");
    assert_eq!(leads.iter().find(|lead| lead["LastName"] == "B").unwrap()["Phone"], "1");
}
