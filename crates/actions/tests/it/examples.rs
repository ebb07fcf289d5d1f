//! The examples of the systems people come from, with the records they come to.

use actions::action::Action;
use actions::outcome::Answer;
use serde_json::{Value, json};

use crate::support::{World, actions, all, fields, one, preset};

fn peter() -> Value {
    json!({"type": "identify", "userId": "u1", "integrations": {"Salesforce": true}, "traits": {
        "name": "Peter Gibbons", "title": "VP of Derp", "email": "peter.gibbons@initech.example", "company": "Initech",
        "phone": "570-690-4150", "rating": "Hot", "city": "east greenwich", "postalCode": "94115", "country": "USA",
        "street": "19123 forest lane", "state": "RI"}})
}

fn group() -> Value {
    json!({"type": "group", "userId": "u1", "groupId": "813", "traits": {
        "name": "Teemo Industries", "phone": "222-333-4444", "description": "Makes great husky products", "employees": 4,
        "website": "https://teemo.example",
        "address": {"city": "East Greenwich", "state": "RI", "country": "US", "postalCode": "02818", "street": "9000 Forest Lane"}}})
}

#[tokio::test]
async fn an_identify_makes_the_lead_and_the_next_one_changes_it() {
    let mut world = World::new().await;
    let cx = world.delivery(&preset("segment-classic")).await;
    // GIVEN the first identify
    let made = one(&cx, &world.event(1, peter())).await;
    assert_eq!((made.action.as_str(), made.answer), ("segment-classic-lead", Answer::Created));
    let names = ["FirstName", "LastName", "Company", "Email", "Rating", "City", "State", "PostalCode"];
    let wanted = [
        "Peter",
        "Gibbons",
        "Initech",
        "peter.gibbons@initech.example",
        "Hot",
        "east greenwich",
        "RI",
        "94115",
    ];
    assert_eq!(fields(&world.only("Lead"), &names), wanted.map(Value::from));
    // WHEN another one knows the address and a custom trait only
    let next = world.event(
        2,
        json!({"type": "identify", "traits": {"email": "Peter.Gibbons@initech.example", "testProp": "x", "other": 1}}),
    );
    let changed = one(&cx, &next).await;
    // THEN nothing that it does not know is touched, and what has no field is said
    assert_eq!((changed.answer, changed.record), (Answer::Updated, made.record));
    assert_eq!(changed.notes, ["other__c: left out, no such field that we may write"]);
    let lead = world.only("Lead");
    assert_eq!(
        fields(&lead, &["LastName", "Company", "testProp__c"]),
        ["Gibbons", "Initech", "x"].map(Value::from)
    );
}

#[tokio::test]
async fn a_company_and_an_address_may_be_objects_and_placeholders_are_for_new_leads_only() {
    let mut world = World::new().await;
    let cx = world.delivery(&preset("segment-classic")).await;
    let event = world.event(
        1,
        json!({"type": "identify", "traits": {"name": "Peter Gibbons", "email": "a@initech.example",
            "company": {"id": 666, "name": "Initech"}, "address": {"city": "Austin", "postal_code": "1"}}}),
    );
    one(&cx, &event).await;
    let names = ["Company", "City", "PostalCode"];
    assert_eq!(fields(&world.only("Lead"), &names), ["Initech", "Austin", "1"].map(Value::from));
    let bare = world.event(2, json!({"type": "identify", "traits": {"email": "b@initech.example"}}));
    assert_eq!(one(&cx, &bare).await.answer, Answer::Created);
    let again =
        world.event(3, json!({"type": "identify", "traits": {"email": "a@initech.example", "phone": "1"}}));
    assert_eq!(one(&cx, &again).await.answer, Answer::Updated);
    let companies: Vec<Value> = world.records("Lead").iter().map(|lead| lead["Company"].clone()).collect();
    assert!(companies.contains(&json!("Initech")) && companies.contains(&json!("n/a")), "{companies:?}");
}

#[tokio::test]
async fn a_group_makes_the_account_with_its_number_and_the_address_goes_where_it_is_wanted() {
    let mut world = World::new().await;
    let cx = world.delivery(&preset("segment-classic")).await;
    assert_eq!(one(&cx, &world.event(1, group())).await.answer, Answer::Created);
    let account = world.only("Account");
    let names = ["Name", "AccountNumber", "BillingCity", "BillingStreet", "Phone", "Website", "Description"];
    let wanted = [
        "Teemo Industries",
        "813",
        "East Greenwich",
        "9000 Forest Lane",
        "222-333-4444",
        "https://teemo.example",
        "Makes great husky products",
    ];
    assert_eq!(fields(&account, &names), wanted.map(Value::from));
    assert_eq!((account["NumberOfEmployees"].as_f64(), &account["ShippingCity"]), (Some(4.0), &Value::Null));
    let both = actions("[[actions]]\npreset = 'segment-classic'\naddress = 'both'");
    let cx = world.delivery(&both).await;
    assert_eq!(one(&cx, &world.event(2, group())).await.answer, Answer::Updated);
    let names = ["BillingCity", "ShippingCity"];
    assert_eq!(fields(&world.only("Account"), &names), ["East Greenwich"; 2].map(Value::from));
}

fn john(contact: Option<&str>) -> Value {
    let mut entry = json!({"type": "Salesforce-Contact"});
    if let Some(id) = contact {
        entry["id"] = json!(id);
    }
    json!({"type": "identify", "userId": "123456", "context": {"externalId": [entry, {"type": "other", "id": "x"}]},
        "traits": {"FirstName": "John", "LastName": "Gibbs", "Email": "john@peterson.example"}})
}

#[tokio::test]
async fn an_external_id_names_the_contact_and_without_an_id_a_new_one_is_made() {
    let mut world = World::new().await;
    let cx = world.delivery(&preset("rudderstack")).await;
    let id = world.seed("Contact", &[json!({"LastName": "Old", "Phone": "1"})]).remove(0);
    let changed = one(&cx, &world.event(1, john(Some(&id)))).await;
    assert_eq!((changed.answer, changed.record.as_deref()), (Answer::Updated, Some(id.as_str())));
    let contact = world.only("Contact");
    assert_eq!(
        fields(&contact, &["FirstName", "LastName", "Phone"]),
        ["John", "Gibbs", "1"].map(Value::from)
    );
    assert_eq!(world.records("Lead").len(), 0, "no Lead beside it");
    let mut other = john(None);
    other["traits"] = json!({"FirstName": "Zoe", "LastName": "Quill", "Email": "zoe@quill.example"});
    let made = one(&cx, &world.event(2, other)).await;
    assert_eq!((made.answer, world.records("Contact").len()), (Answer::Created, 2));
    // An id of another object, and one that is none, write nothing.
    for wrong in ["001RM0000068xVCYAY", "sf-contact-id"] {
        let refused = one(&cx, &world.event(3, john(Some(wrong)))).await;
        assert_eq!(refused.answer, Answer::Invalid, "{wrong}");
    }
    let gone = one(&cx, &world.event(4, john(Some("003RM0000068xVCYAY")))).await;
    assert_eq!(gone.answer, Answer::NotFound);
}

#[tokio::test]
async fn an_external_id_by_another_field_is_looked_up() {
    let mut world = World::new().await;
    let cx = world.delivery(&preset("rudderstack")).await;
    world.seed("Contact", &[json!({"LastName": "Old", "Person_Key__c": "K-7"})]);
    let event = |key: &str, field: &str| {
        json!({"type": "identify", "traits": {"FirstName": "John", "LastName": "G"}, "context": {"externalId":
            [{"type": "Salesforce-Contact", "id": key, "identifierType": field}]}})
    };
    assert_eq!(one(&cx, &world.event(1, event("K-7", "Person_Key__c"))).await.answer, Answer::Updated);
    assert_eq!(world.only("Contact")["FirstName"], "John");
    assert_eq!(one(&cx, &world.event(2, event("K-7", "Description"))).await.answer, Answer::Invalid);
}

#[tokio::test]
async fn every_preset_fits_an_ordinary_org() {
    let world = World::new().await;
    for name in ["segment-classic", "segment-actions", "rudderstack", "customerio"] {
        let wrong = world.checked(&preset(name)).await.err();
        assert_eq!(wrong, None, "{name}");
    }
    let objects = "[[actions]]\npreset = 'segment-actions'\nobject = 'Opportunity'\non = { types = ['track'], events = ['Deal'] }\n\
                   [[actions]]\npreset = 'customerio'\nobject = 'Case'\non = { types = ['track'], events = ['Help'] }";
    let chosen: Vec<Action> = actions(objects);
    assert_eq!(chosen.iter().map(|one| one.object.as_str()).collect::<Vec<_>>(), ["Opportunity", "Case"]);
    assert_eq!(world.checked(&chosen).await.err(), None);
}

#[tokio::test]
async fn a_tracked_deal_becomes_an_opportunity_of_its_account() {
    let mut world = World::new().await;
    let account = world.seed("Account", &[json!({"Name": "Acme", "AccountNumber": "813"})]).remove(0);
    let text = "[[actions]]\npreset = 'customerio'\nobject = 'Opportunity'\non = { types = ['track'] }\n\
                field = [{ name = 'AccountId', path = 'properties.account', lookup = { object = 'Account', field = 'AccountNumber' } }]";
    let cx = world.delivery(&actions(text)).await;
    let deal = |account: &str| {
        json!({"type": "track", "event": "Deal", "properties": {"name": "Big", "close_date": "2026-12-01",
            "stage_name": "Prospecting", "revenue": "12.5", "account": account}})
    };
    assert_eq!(one(&cx, &world.event(1, deal("813"))).await.answer, Answer::Created);
    let made = world.only("Opportunity");
    let wanted = [json!("Big"), json!(account), json!("2026-12-01")];
    assert_eq!(fields(&made, &["Name", "AccountId", "CloseDate"]), wanted);
    let without = one(&cx, &world.event(2, deal("999"))).await;
    assert_eq!(without.answer, Answer::Created);
    assert_eq!(without.notes, ["AccountId: left out, 0 records to point at"]);
    // The same account must be there where that is asked for.
    let strict = text.replace("'AccountNumber' }", "'AccountNumber', none = 'refuse' }");
    let cx = world.delivery(&actions(&strict)).await;
    let event = world.event(3, deal("999"));
    assert_eq!(all(&cx, &[event]).await, ["not_found"]);
    assert_eq!(world.records("Opportunity").len(), 2);
}

#[tokio::test]
async fn a_person_account_is_found_and_made_by_its_own_fields() {
    let mut settings = crate::support::settings();
    settings.person_accounts = true;
    let mut world = World::of(settings).await;
    let cx = world
        .delivery(&actions(
            "[[actions]]\nobject = 'Account'\noperation = 'upsert'\non = { types = ['identify'] }\n\
             match = { all = [{ field = 'PersonEmail', path = 'traits.email' }] }\n\
             field = [{ name = 'LastName', path = 'traits.lastName' }, { name = 'PersonEmail', path = 'traits.email' },\n\
             { name = 'PersonMailingCity', path = 'traits.address.city' }]",
        ))
        .await;
    let event = |city: &str| json!({"type": "identify", "traits": {"email": "p@q.example", "lastName": "Solo", "address": {"city": city}}});
    assert_eq!(one(&cx, &world.event(1, event("Faro"))).await.answer, Answer::Created);
    assert_eq!(one(&cx, &world.event(2, event("Porto"))).await.answer, Answer::Updated);
    let wanted = [json!("Solo"), json!("Porto"), json!(true)];
    assert_eq!(fields(&world.only("Account"), &["LastName", "PersonMailingCity", "IsPersonAccount"]), wanted);
}
