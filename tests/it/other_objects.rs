//! The same cycle where supporters are Leads or person accounts instead of Contacts.

use std::time::Duration;

use e2e::{Contact, Harness, Person, World};
use model::PersonObject;
use serde_json::{Value, json};
use service::request::Mode;

const OTHERS: [PersonObject; 2] = [PersonObject::Lead, PersonObject::PersonAccount];

/// A record of the object, with the Contact's fields by their names there.
fn row(object: PersonObject, fields: &[(&str, &str)]) -> Value {
    let mut row = json!({});
    for (field, value) in fields {
        row[World::name(object, field)] = json!(value);
    }
    if object == PersonObject::Lead {
        row["Company"] = json!("Household");
    }
    row
}

fn records(h: &Harness, object: PersonObject) -> Vec<Value> {
    let all = h.org.admin().records(object.name()).into_iter();
    all.filter(|row| object != PersonObject::PersonAccount || row["IsPersonAccount"] == true).collect()
}

fn record(h: &Harness, object: PersonObject, id: &str) -> Value {
    records(h, object).into_iter().find(|row| row["Id"] == id).expect("a living record")
}

fn edit(h: &Harness, object: PersonObject, id: &str, field: &str, value: &str) {
    let admin = h.org.admin();
    let fields = json!({ World::name(object, field): value });
    admin.edit_as(&admin.person(), object.name(), id, &fields).expect("the edit is allowed");
}

fn later(h: &Harness) {
    h.org.admin().clock().advance(Duration::from_secs(120));
}

/// Nothing is left to write, and the two agree.
async fn is_quiet(h: &Harness, object: PersonObject) {
    later(h);
    h.sync().await;
    later(h);
    let before = serde_json::to_string(&records(h, object)).expect("JSON");
    let report = h.sync().await;
    assert_eq!((report.jobs, report.rows.sent), (0, 0), "{object:?}");
    assert_eq!(serde_json::to_string(&records(h, object)).expect("JSON"), before, "{object:?}");
}

#[tokio::test]
async fn people_are_found_made_and_kept_in_step_both_ways() {
    for (object, direct) in OTHERS.into_iter().flat_map(|object| [(object, false), (object, true)]) {
        // GIVEN one who is there already, one who is not, and records that are nobody's business
        let h = Harness::start_in(World { direct, ..World::of(object) }).await;
        let admin = h.org.admin();
        let known = row(object, &[("FirstName", "Ann"), ("LastName", "Ash"), ("Email", "ann@example.org")]);
        let known =
            admin.seed(object.name(), vec![known.as_object().expect("a row").clone()]).expect("seeded");
        let firm = json!({"Name": "Firm Ltd", "Phone": "1"});
        admin.seed("Account", vec![firm.as_object().expect("a row").clone()]).expect("seeded");
        h.supporter(&Person::new(1, "Ann", "Ash", "ann@example.org").in_city("Bonn")).await;
        h.supporter(&Person::new(2, "Bob", "Birch", "bob@example.org").in_city("Graz").opted("Y")).await;
        // WHEN
        h.sync().await;
        // THEN the first is linked, the second made, and both rows carry the record's Id
        assert_eq!(h.link(1).as_deref(), Some(known[0].as_str()), "{object:?}");
        let bob = h.link(2).expect("made");
        assert!(bob.starts_with(object.prefix()), "{bob}");
        assert_eq!(records(&h, object).len(), 2, "{object:?}");
        for (supporter, id) in [(1, &known[0]), (2, &bob)] {
            assert_eq!(h.supporter_cell(supporter, "sf_contact_id").await.as_ref(), Some(id));
            assert_eq!(record(&h, object, id)["EN_Supporter_Id__c"], supporter.to_string());
        }
        let made = record(&h, object, &bob);
        let of = |field: &str| made[World::name(object, field)].clone();
        assert_eq!([of("LastName"), of("Email"), of("MailingCity")], ["Birch", "bob@example.org", "Graz"]);
        assert_eq!(of("Email_Opt_In__c"), json!(true));
        // WHEN one is edited there and the other here
        later(&h);
        edit(&h, object, &bob, "HomePhone", "+49 228 1");
        h.edit_supporter(1, "city", Some("Köln")).await;
        h.sync().await;
        // THEN each edit is on the other side
        assert_eq!(h.supporter_cell(2, "phone").await.as_deref(), Some("+49 228 1"), "{object:?}");
        assert_eq!(record(&h, object, &known[0])[World::name(object, "MailingCity")], "Köln");
        assert!(h.cases().is_empty(), "{:?}", h.cases());
        is_quiet(&h, object).await;
        assert_eq!(admin.records("Account").iter().filter(|row| row["Name"] == "Firm Ltd").count(), 1);
    }
}

#[tokio::test]
async fn a_first_load_reads_everybody_in_one_query_and_makes_no_twins() {
    for object in OTHERS {
        let mut world = World::of(object);
        world.settings.directory_from = 5;
        let h = Harness::start_in(world).await;
        let admin = h.org.admin();
        let rows = (0..10).map(|n| {
            let (last, email) = (format!("Person{n}"), format!("p{n}@example.org"));
            row(object, &[("FirstName", "Jo"), ("LastName", &last), ("Email", &email)])
        });
        let rows = rows.map(|row| row.as_object().expect("a row").clone()).collect();
        admin.seed(object.name(), rows).expect("seeded");
        for n in 0..12 {
            h.supporter(&Person::new(n + 1, "Jo", &format!("Person{n}"), &format!("p{n}@example.org"))).await;
        }
        h.sync().await;
        assert_eq!(records(&h, object).len(), 12, "{object:?}");
        assert!((1..=12).all(|n| h.link(n).is_some()), "{object:?}");
        is_quiet(&h, object).await;
    }
}

#[tokio::test]
async fn a_merge_is_followed_to_the_record_that_remains() {
    for object in OTHERS {
        let h = Harness::start_in(World::of(object)).await;
        h.supporter(&Person::new(1, "Ann", "Ash", "ann@example.org")).await;
        h.sync().await;
        let loser = h.link(1).expect("made");
        let admin = h.org.admin();
        let other = row(object, &[("FirstName", "Ann"), ("LastName", "Ash"), ("Email", "ann@example.org")]);
        let winner = admin.create_as(&admin.person(), object.name(), &other).expect("made");
        admin.merge_as(&admin.person(), object.name(), &winner, &[&loser]).expect("merged");
        later(&h);
        h.sync().await;
        assert_eq!(h.link(1), Some(winner), "{object:?}");
        is_quiet(&h, object).await;
        assert_eq!(records(&h, object).len(), 1, "{object:?}");
    }
}

#[tokio::test]
async fn a_converted_lead_is_never_made_anew() {
    let h = Harness::start_in(World::of(PersonObject::Lead)).await;
    let admin = h.org.admin();
    // GIVEN a linked supporter, and one who was never linked, both converted by somebody
    h.supporter(&Person::new(1, "Ann", "Ash", "ann@example.org")).await;
    h.sync().await;
    let linked = h.link(1).expect("made");
    let before =
        row(PersonObject::Lead, &[("FirstName", "Bob"), ("LastName", "Birch"), ("Email", "bob@example.org")]);
    let unknown = admin.create_as(&admin.person(), "Lead", &before).expect("made");
    for id in [&linked, &unknown] {
        admin.convert_as(&admin.person(), id, &Default::default()).expect("converted");
    }
    later(&h);
    h.supporter(&Person::new(2, "Bob", "Birch", "bob@example.org")).await;
    h.edit_supporter(1, "city", Some("Bonn")).await;
    // WHEN
    h.sync().await;
    // THEN nobody gets a second Lead, and a person decides about both
    assert_eq!(records(&h, PersonObject::Lead).len(), 2);
    assert_eq!(h.cases(), ["contact_deleted", "contact_deleted"]);
    assert_eq!(h.block(1), None);
    is_quiet(&h, PersonObject::Lead).await;
    // AND after a first load, too
    h.run(Mode::Backfill).await;
    assert_eq!(records(&h, PersonObject::Lead).len(), 2);
}

#[tokio::test]
async fn an_id_of_another_object_in_the_column_counts_as_none() {
    for object in OTHERS {
        let h = Harness::start_in(World::of(object)).await;
        let firm = json!({"Name": "Firm Ltd"}).as_object().expect("a row").clone();
        let firm = h.org.admin().seed("Account", vec![firm]).expect("seeded").remove(0);
        let stray = h.contact(&Contact::new("Cy", "Cedar", "ann@example.org"));
        h.supporter(&Person::new(1, "Ann", "Ash", "ann@example.org").linked_to(&stray)).await;
        // An Account that is no person is none of ours, either.
        h.supporter(&Person::new(2, "Bob", "Birch", "bob@example.org").linked_to(&firm)).await;
        h.sync().await;
        for supporter in [1, 2] {
            let id = h.link(supporter).expect("made");
            assert!(id.starts_with(object.prefix()) && id != firm, "{id}");
            assert_eq!(h.supporter_cell(supporter, "sf_contact_id").await, Some(id));
        }
    }
}

#[tokio::test]
async fn a_week_later_everybody_is_looked_for_under_the_object_s_own_name() {
    for object in OTHERS {
        let h = Harness::start_in(World::of(object)).await;
        h.supporter(&Person::new(1, "Ann", "Ash", "ann@example.org")).await;
        h.sync().await;
        assert!(h.link(1).is_some());
        h.org.admin().clock().advance(Duration::from_secs(8 * 86_400));
        let report = h.sync().await;
        assert!(report.notes.is_empty() && report.outcome("skipped:gone") == 0, "{object:?}: {report:?}");
        assert!(h.link(1).is_some() && h.cases().is_empty(), "{object:?}");
    }
}
