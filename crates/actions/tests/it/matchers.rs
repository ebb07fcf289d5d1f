//! Which record is meant: AND, OR, several, none, strange values, converted Leads, and what is refused beforehand.

use actions::check::Mismatch;
use actions::deliver::deliver;
use actions::outcome::Answer;
use serde_json::{Value, json};

use crate::support::{World, actions, all, fields, one, preset};

fn contact(matchers: &str, operation: &str) -> String {
    let allow = if operation == "delete" { "allow_delete = 'yes_delete_records'\n" } else { "" };
    format!(
        "[[actions]]\nobject = 'Contact'\noperation = '{operation}'\n{allow}on = {{ types = ['identify'] }}\nmatch = {{ {matchers} }}\n\
         field = [{{ name = 'LastName', path = 'traits.last' }}, {{ name = 'Email', path = 'traits.email' }},\n\
         {{ name = 'Phone', path = 'traits.phone' }}]"
    )
}

const BOTH: &str = "{ field = 'Email', path = 'traits.email' }, { field = 'LastName', path = 'traits.last' }";

fn person(last: &str, email: &str) -> Value {
    json!({"type": "identify", "traits": {"last": last, "email": email, "phone": "7"}})
}

#[tokio::test]
async fn all_matchers_or_any_of_them_and_several_hits_write_nothing() {
    let mut world = World::new().await;
    let ids = world.seed(
        "Contact",
        &[
            json!({"LastName": "Ash", "Email": "a@x.example"}),
            json!({"LastName": "Birch", "Email": "a@x.example"}),
            json!({"LastName": "Cedar", "Email": "c@x.example"}),
        ],
    );
    let and = world.delivery(&actions(&contact(&format!("all = [{BOTH}]"), "update"))).await;
    let or = world.delivery(&actions(&contact(&format!("any = [{BOTH}]"), "update"))).await;
    // GIVEN two Contacts with one address: with the name they are told apart, in any spelling
    let batch =
        [world.event(1, person("birch", "A@x.example")), world.event(1, person("Ash", "a@x.example"))];
    let delivered = deliver(&and, &batch).await.unwrap().outcomes;
    let records: Vec<_> = delivered.iter().map(|outcomes| outcomes[0].record.clone().unwrap()).collect();
    assert_eq!(records, [ids[1].clone(), ids[0].clone()]);
    // WHEN any matcher is enough, several records fit, and nothing is written
    let several = one(&or, &world.event(2, person("Cedar", "a@x.example"))).await;
    assert_eq!((several.answer, several.answer.status()), (Answer::Several, 300));
    assert_eq!(several.reason, "3 records match");
    let single = one(&or, &world.event(2, person("Cedar", "nobody@x.example"))).await;
    assert_eq!(single.record.as_ref(), Some(&ids[2]));
    assert_eq!(one(&and, &world.event(3, person("Dogwood", "a@x.example"))).await.answer, Answer::NotFound);
    // A matcher without a value refuses where all must hold, and is passed over where one is enough.
    let half = json!({"type": "identify", "traits": {"last": "Cedar", "phone": "8"}});
    assert_eq!(one(&and, &world.event(4, half.clone())).await.answer, Answer::Invalid);
    assert_eq!(one(&or, &world.event(4, half)).await.record.as_ref(), Some(&ids[2]));
}

#[tokio::test]
async fn what_is_deleted_is_what_matches_and_nothing_else() {
    let mut world = World::new().await;
    let by_email = "all = [{ field = 'Email', path = 'traits.email' }]";
    let cx = world.delivery(&actions(&contact(by_email, "delete"))).await;
    let rows = [
        json!({"LastName": "Ash", "Email": "a@x.example"}),
        json!({"LastName": "Elm", "Email": "e@x.example"}),
    ];
    world.seed("Contact", &rows);
    let batch = [world.event(1, person("", "a@x.example")), world.event(1, person("", "nobody@x.example"))];
    assert_eq!(all(&cx, &batch).await, ["deleted", "not_found"]);
    assert_eq!(world.only("Contact")["LastName"], "Elm");
}

#[tokio::test]
async fn values_full_of_quotes_ask_for_themselves_only() {
    let mut world = World::new().await;
    let by_name = "all = [{ field = 'LastName', path = 'traits.last' }]";
    let cx = world.delivery(&actions(&contact(by_name, "upsert"))).await;
    let strange =
        ["O'Brien", "x' OR Name != '", "\\", "\\' OR Id != null --", "%", "Straße", "a\"b", "tab\tin"];
    let events: Vec<_> = strange
        .iter()
        .map(|name| json!({"type": "identify", "traits": {"last": name, "phone": "1"}}))
        .collect();
    for (second, wanted) in [(1, "created"), (2, "updated")] {
        let batch: Vec<_> = events.iter().map(|body| world.event(second, body.clone())).collect();
        assert_eq!(all(&cx, &batch).await, vec![wanted; strange.len()]);
        assert_eq!(world.records("Contact").len(), strange.len());
    }
}

#[tokio::test]
async fn a_converted_lead_is_followed_to_its_contact() {
    let mut world = World::new().await;
    let lead = json!({"LastName": "Fir", "Company": "Acme", "Email": "f@x.example"});
    let id = world.seed("Lead", &[lead]).remove(0);
    let person_user = world.org.person();
    world.org.convert_as(&person_user, &id, &Default::default()).unwrap();
    let cx = world.delivery(&preset("segment-classic")).await;
    let traits = json!({"email": "f@x.example", "phone": "42", "city": "Porto", "company": "New"});
    let body = json!({"type": "identify", "traits": traits});
    let outcome = one(&cx, &world.event(1, body.clone())).await;
    assert_eq!((outcome.answer, outcome.object.as_str()), (Answer::Updated, "Contact"));
    assert!(outcome.notes.contains(&"the Lead was converted; its Contact was written".to_owned()));
    assert!(outcome.notes.contains(&"Company: left out, no such field that we may write".to_owned()));
    assert_eq!(fields(&world.only("Contact"), &["Phone", "MailingCity"]), ["42", "Porto"].map(Value::from));
    let strict =
        world.delivery(&actions("[[actions]]\npreset = 'segment-classic'\nconverted = 'refuse'")).await;
    assert_eq!(one(&strict, &world.event(2, body)).await.answer, Answer::Refused);
}

#[tokio::test]
async fn what_does_not_fit_the_org_is_refused_before_anything_runs() {
    let world = World::new().await;
    world.org.configure(|settings| settings.hidden_fields.push("Contact.Fax".into()));
    let wrong = actions(
        "[[actions]]\nobject = 'Contact'\noperation = 'upsert'\non = { types = ['identify'] }\n\
         match = { any = [{ field = 'Description', path = 'traits.about' }, { field = 'Nothing__c', value = 1 }] }\n\
         field = [{ name = 'Fax', path = 'traits.fax' }, { name = 'CreatedDate', path = 'traits.at' },\n\
         { name = 'AccountId', path = 'traits.a', lookup = { object = 'Lead', field = 'Email' } }]\n\
         [[actions]]\nobject = 'Unheard__c'\noperation = 'create'\non = {}",
    );
    let found = world.checked(&wrong).await.err().unwrap();
    let texts: Vec<String> = found.iter().flat_map(|(_, all)| all.iter().map(ToString::to_string)).collect();
    for part in [
        "Contact.Description cannot be a matcher: Salesforce does not filter by it",
        "Contact has no field Nothing__c",
        "Contact has no field Fax",
        "Contact.CreatedDate cannot be written at all",
        "Contact.AccountId does not point at Lead",
        "Contact.LastName is required in a new record",
        "the org shows our user no object Unheard__c",
    ] {
        assert!(texts.iter().any(|text| text.contains(part)), "{part}: {texts:?}");
    }
    assert!(matches!(found[1].1[0], Mismatch::NoObject(_)));
}
