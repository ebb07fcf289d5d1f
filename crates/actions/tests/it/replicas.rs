//! Supporters as Leads: who is eligible, who is set aside and why, what lifts that, and where a converted Lead leads.

use std::collections::BTreeMap;

use actions::deliver::Delivery;
use actions::replica::{Standing, counts, lift};
use actions::replicate::{Options, Report, Row, columns_of, replicate, standings};
use model::{Stamp, SupporterId};
use serde_json::{Value, json};
use state::{Changes, NoteKind};

use crate::support::{World, actions, fields};

const LEADS: &str = "[[actions]]\nobject = 'Lead'\noperation = 'upsert'\n\
    on = { types = ['supporter'], when = [{ path = 'supporter.score', at_least = 60 }] }\n\
    match = { all = [{ field = 'Email', path = 'supporter.email' }] }\n\
    field = [{ name = 'LastName', path = 'supporter.last_name' }, { name = 'Email', path = 'supporter.email' },\n\
    { name = 'City', path = 'supporter.city' }, { name = 'AnnualRevenue', path = 'supporter.income' },\n\
    { name = 'Company', value = 'Private', only = 'create' }]";

const KEEP: Options = Options { keep_updated: true };

fn person(n: usize, score: usize) -> Row {
    let columns = json!({"email": format!("s{n}@x.example"), "last_name": format!("Supporter{n}"), "city": "Faro",
        "score": score.to_string(), "income": "100"});
    let Value::Object(columns) = columns else { panic!("an object") };
    Row { id: SupporterId::parse(&n.to_string()).unwrap(), columns }
}

async fn run(cx: &Delivery, rows: &[Row], options: Options, hour: u32) -> Report {
    let now = Stamp::parse(&format!("2026-10-05T{hour:02}:00:00Z")).unwrap();
    let action = cx.actions[0].action.clone();
    let mut report = Report::default();
    for batch in rows.chunks(1_000) {
        report.add(&replicate(cx, &action, batch, options, now).await.unwrap());
    }
    report
}

fn filters(cx: &Delivery, rows: &[Row]) -> BTreeMap<Standing, usize> {
    let mut found = BTreeMap::new();
    for (standing, _) in standings(&cx.state, &cx.actions[0].action, rows).unwrap() {
        *found.entry(standing).or_default() += 1;
    }
    found
}

#[tokio::test]
async fn five_thousand_scored_supporters_become_two_thousand_leads() {
    let world = World::new().await;
    let cx = world.delivery(&actions(LEADS)).await;
    assert_eq!(columns_of(&cx.actions[0].action), ["last_name", "email", "city", "income", "score"]);
    // GIVEN 5,000 supporters of whom 2,007 have the score, and seven of those cannot be Leads
    let mut rows: Vec<Row> =
        (0..5_000).map(|n| person(n, if n < 2_007 { 60 + n % 40 } else { n % 60 })).collect();
    for row in &mut rows[..4] {
        row.columns["email"] = json!("no address");
    }
    for row in &mut rows[4..7] {
        row.columns["income"] = json!("1e30");
    }
    // WHEN they are replicated
    let report = run(&cx, &rows, KEEP, 1).await;
    // THEN seven are set aside with their reasons, and the filters show everybody where they are
    assert_eq!((report.created, report.blocked, report.not_eligible), (2_000, 7, 2_993));
    assert_eq!(world.records("Lead").len(), 2_000);
    let reasons: Vec<String> = standings(&cx.state, &cx.actions[0].action, &rows[..7])
        .unwrap()
        .into_iter()
        .map(|(_, replica)| replica.unwrap().blocked.unwrap())
        .collect();
    assert_eq!(reasons[..4], vec!["INVALID_EMAIL_ADDRESS [Email]".to_owned(); 4]);
    assert_eq!(
        reasons[4..],
        vec!["the value for AnnualRevenue does not fit: it takes a number of its size".to_owned(); 3]
    );
    let wanted = [(Standing::Replicated, 2_000), (Standing::Blocked, 7), (Standing::NotEligible, 2_993)];
    assert_eq!(filters(&cx, &rows), wanted.into());
    // Nothing is sent again, and nobody who is set aside is tried.
    let before = world.client.usage().total();
    let again = run(&cx, &rows, KEEP, 2).await;
    assert_eq!((again.unchanged, again.still_blocked), (2_000, 7));
    assert_eq!(world.client.usage().total(), before);
    // WHEN one of them is edited, that one is tried
    rows[0].columns["email"] = json!("s0@x.example");
    let edited = run(&cx, &rows, KEEP, 3).await;
    assert_eq!((edited.created, edited.still_blocked, edited.unchanged), (1, 6, 2_000));
    // WHEN the mapping changes, everybody set aside is tried again, and the others are kept up to date
    let other = world.delivery(&actions(&LEADS.replace("'upsert'", "'upsert'\nunfit = 'leave_out'"))).await;
    let all = run(&other, &rows, KEEP, 4).await;
    assert_eq!((all.created, all.updated, all.blocked), (3, 2_001, 3));
    // What was left out of a record is kept beside it.
    let (_, replica) = standings(&other.state, &other.actions[0].action, &rows[4..5]).unwrap().remove(0);
    let replica = replica.unwrap();
    assert_eq!((replica.blocked.clone(), replica.record.is_some()), (None, true));
    assert_eq!(replica.why(), "AnnualRevenue: left out, it takes a number of its size");
    assert_eq!(counts(&other.state).unwrap(), [(Standing::Replicated, 2_004), (Standing::Blocked, 3)].into());
    assert_eq!(world.records("Lead").len(), 2_004);
}

#[tokio::test]
async fn each_is_replicated_once_or_kept_up_to_date_and_a_new_address_is_the_same_lead() {
    let world = World::new().await;
    let cx = world.delivery(&actions(LEADS)).await;
    let mut rows = vec![person(1, 90), person(2, 10)];
    assert_eq!(run(&cx, &rows, KEEP, 1).await.created, 1);
    rows[0].columns["email"] = json!("new@x.example");
    let once = run(&cx, &rows, Options { keep_updated: false }, 2).await;
    assert_eq!((once.unchanged, world.only("Lead")["Email"].clone()), (1, json!("s1@x.example")));
    assert_eq!(run(&cx, &rows, KEEP, 3).await.updated, 1);
    assert_eq!(world.only("Lead")["Email"], "new@x.example");
    // Eligible from now on.
    rows[1].columns["score"] = json!("75");
    assert_eq!(filters(&cx, &rows)[&Standing::NotReplicated], 1);
    assert_eq!(run(&cx, &rows, KEEP, 4).await.created, 1);
}

#[tokio::test]
async fn a_lead_that_was_converted_is_followed_to_its_contact_and_one_that_is_gone_is_found_out() {
    let world = World::new().await;
    let cx = world.delivery(&actions(LEADS)).await;
    let mut rows = vec![person(1, 90), person(2, 90)];
    run(&cx, &rows, KEEP, 1).await;
    let leads = world.records("Lead");
    let id_of = |email: &str| {
        leads.iter().find(|lead| lead["Email"] == email).unwrap()["Id"].as_str().unwrap().to_owned()
    };
    let user = world.org.person();
    world.org.convert_as(&user, &id_of("s1@x.example"), &Default::default()).unwrap();
    world.org.delete_as(&user, "Lead", &id_of("s2@x.example")).unwrap();
    rows[0].columns["city"] = json!("Porto");
    rows[1].columns["city"] = json!("Porto");
    // The changed address makes no second Lead either.
    rows[0].columns["email"] = json!("new@x.example");
    // THEN in the same run one is written to the Contact, and one is made anew
    let report = run(&cx, &rows, KEEP, 2).await;
    assert_eq!((report.updated, report.created, report.blocked), (1, 1, 0));
    assert_eq!(
        fields(&world.only("Contact"), &["MailingCity", "Email"]),
        ["Porto", "new@x.example"].map(Value::from)
    );
    assert_eq!(filters(&cx, &rows), [(Standing::Replicated, 2)].into());
    let again = run(&cx, &rows, KEEP, 3).await;
    assert_eq!(again.unchanged, 2);
    // The new Lead is known by its Id from then on.
    rows[1].columns["email"] = json!("other@x.example");
    assert_eq!(run(&cx, &rows, KEEP, 4).await.updated, 1);
}

#[tokio::test]
async fn a_lead_that_was_merged_away_is_followed_to_whoever_has_the_address() {
    let world = World::new().await;
    let cx = world.delivery(&actions(LEADS)).await;
    let mut rows = vec![person(1, 90)];
    run(&cx, &rows, KEEP, 1).await;
    let first = world.only("Lead")["Id"].as_str().unwrap().to_owned();
    // GIVEN a Lead that somebody made by hand, and that stays when both are merged
    let user = world.org.person();
    let other = json!({"LastName": "Supporter1", "Company": "Hers", "Email": "s1@x.example"});
    let kept = world.org.create_as(&user, "Lead", &other).unwrap();
    world.org.merge_as(&user, "Lead", &kept, &[&first]).unwrap();
    rows[0].columns["city"] = json!("Porto");
    // WHEN the supporter changes THEN the one that is left is written, and known
    assert_eq!(run(&cx, &rows, KEEP, 2).await.updated, 1);
    assert_eq!(fields(&world.only("Lead"), &["City", "Company"]), ["Porto", "Hers"].map(Value::from));
    let (_, replica) = standings(&cx.state, &cx.actions[0].action, &rows).unwrap().remove(0);
    assert_eq!(replica.unwrap().record, Some(kept));
    // AND where nobody is left and none may be made, that is the reason
    let update = world.delivery(&actions(&LEADS.replace("upsert", "update"))).await;
    let last = world.only("Lead")["Id"].as_str().unwrap().to_owned();
    world.org.delete_as(&user, "Lead", &last).unwrap();
    rows[0].columns["city"] = json!("Lagos");
    assert_eq!(run(&update, &rows, KEEP, 3).await.blocked, 1);
    let (_, replica) = standings(&update.state, &update.actions[0].action, &rows).unwrap().remove(0);
    assert_eq!(replica.unwrap().blocked.as_deref(), Some("no record matches"));
}

#[tokio::test]
async fn a_block_that_is_lifted_is_tried_again_though_nothing_changed() {
    let world = World::new().await;
    let cx = world.delivery(&actions(LEADS)).await;
    // GIVEN an org in which nobody can become a Lead, and one is replicated already
    let mut rows = vec![person(1, 90), person(2, 90), person(3, 90)];
    assert_eq!(run(&cx, &rows[..1], KEEP, 1).await.created, 1);
    world.org.configure(|settings| settings.hidden_fields.push("Lead.City".to_owned()));
    rows[0].columns["city"] = json!("Porto");
    assert_eq!(run(&cx, &rows, KEEP, 2).await.blocked, 3);
    // WHEN the cause is gone, everybody stays set aside, and counting alone lifts nothing
    world.org.configure(|settings| settings.hidden_fields.clear());
    assert_eq!(lift(&cx.state, None, None).await.unwrap(), 3);
    assert_eq!(run(&cx, &rows, KEEP, 3).await.still_blocked, 3);
    // WHEN one block is lifted THEN that one is tried, and how many is on record
    assert_eq!(lift(&cx.state, Some(&rows[1].id), Some("Kim")).await.unwrap(), 1);
    assert_eq!(lift(&cx.state, Some(&rows[1].id), Some("Kim")).await.unwrap(), 0);
    assert_eq!(filters(&cx, &rows), [(Standing::Blocked, 2), (Standing::NotReplicated, 1)].into());
    assert_eq!(counts(&cx.state).unwrap(), [(Standing::Blocked, 2)].into());
    let one = run(&cx, &rows, KEEP, 4).await;
    assert_eq!((one.created, one.still_blocked), (1, 2));
    // WHEN all are lifted THEN all are tried, also where each is replicated once only
    assert_eq!(lift(&cx.state, None, Some("Kim")).await.unwrap(), 2);
    let all = run(&cx, &rows, Options { keep_updated: false }, 5).await;
    assert_eq!((all.created, all.updated, all.unchanged), (1, 1, 1));
    let audits: Vec<String> = cx.state.audits(10).unwrap().into_iter().map(|line| line.what).collect();
    assert_eq!(audits, ["replication blocks lifted: 2", "replication blocks lifted: 1"]);
}

/// What is remembered of the first, and why.
fn told(cx: &Delivery, rows: &[Row]) -> (Option<String>, String) {
    let (_, replica) = standings(&cx.state, &cx.actions[0].action, rows).unwrap().remove(0);
    replica.map(|one| (one.record.clone(), one.why())).unwrap_or_default()
}

/// Somebody changes the one Lead by hand.
fn edit(world: &World, row: &Value) {
    let id = world.only("Lead")["Id"].as_str().unwrap().to_owned();
    world.org.edit_as(&world.org.person(), "Lead", &id, row).unwrap();
}

#[tokio::test]
async fn only_what_changed_is_written_and_everything_once_the_action_changed() {
    let world = World::new().await;
    let cx = world.delivery(&actions(LEADS)).await;
    let mut rows = vec![person(1, 90)];
    run(&cx, &rows, KEEP, 1).await;
    // GIVEN somebody who typed another city
    edit(&world, &json!({"City": "Braga"}));
    // WHEN another column changes THEN the city stays, also after a try that was refused
    rows[0].columns["last_name"] = json!("Other");
    rows[0].columns["income"] = json!("1e30");
    assert_eq!(run(&cx, &rows, KEEP, 2).await.blocked, 1);
    rows[0].columns["income"] = json!("100");
    assert_eq!(run(&cx, &rows, KEEP, 3).await.updated, 1);
    assert_eq!(fields(&world.only("Lead"), &["LastName", "City"]), ["Other", "Braga"].map(Value::from));
    // What no field is made of changes nothing.
    rows[0].columns["score"] = json!("91");
    let score = run(&cx, &rows, KEEP, 4).await;
    assert_eq!((score.unchanged, score.updated), (1, 0));
    // WHEN the city itself changes THEN it is written
    rows[0].columns["city"] = json!("Porto");
    assert_eq!(run(&cx, &rows, KEEP, 5).await.updated, 1);
    assert_eq!(world.only("Lead")["City"], "Porto");
    // WHEN the action changes THEN everything is; a new name for it is no change
    edit(&world, &json!({"City": "Braga"}));
    let renamed = world.delivery(&actions(&LEADS.replace("]]\n", "]]\nname = 'other'\n"))).await;
    assert_eq!(run(&renamed, &rows, KEEP, 6).await.unchanged, 1);
    let other = world.delivery(&actions(&LEADS.replace("'Private'", "'Person'"))).await;
    assert_eq!(run(&other, &rows, KEEP, 7).await.updated, 1);
    assert_eq!(fields(&world.only("Lead"), &["City", "Company"]), ["Porto", "Private"].map(Value::from));
}

#[tokio::test]
async fn what_is_written_only_later_is_written_with_the_next_change() {
    let world = World::new().await;
    let rule = "field = [{ name = 'Rating', value = 'Hot', only = 'update' },";
    let cx = world.delivery(&actions(&LEADS.replace("field = [", rule))).await;
    let mut rows = vec![person(1, 90)];
    run(&cx, &rows, KEEP, 1).await;
    assert_eq!(world.only("Lead")["Rating"], Value::Null);
    rows[0].columns["city"] = json!("Porto");
    run(&cx, &rows, KEEP, 2).await;
    assert_eq!(fields(&world.only("Lead"), &["Rating", "City"]), ["Hot", "Porto"].map(Value::from));
    // Once it is written it stays what somebody makes of it.
    edit(&world, &json!({"Rating": "Cold"}));
    rows[0].columns["city"] = json!("Lagos");
    run(&cx, &rows, KEEP, 3).await;
    assert_eq!(fields(&world.only("Lead"), &["Rating", "City"]), ["Cold", "Lagos"].map(Value::from));
}

#[tokio::test]
async fn a_column_that_was_emptied_clears_its_field_and_one_that_was_always_empty_does_not() {
    let world = World::new().await;
    let text = LEADS.replace(
        "field = [",
        "field = [{ name = 'Phone', path = 'supporter.phone' }, { name = 'Title', template = 'Dr {supporter.title}' },\n\
         { name = 'DoNotCall', path = 'supporter.no_calls' }, { name = 'Company', path = 'supporter.employer' },",
    );
    let cx = world.delivery(&actions(&text)).await;
    let mut rows = vec![person(1, 90)];
    for column in ["phone", "no_calls", "employer"] {
        rows[0].columns.insert(column.to_owned(), Value::Null);
    }
    rows[0].columns.insert("title".to_owned(), json!("Silva"));
    // GIVEN a Lead with a phone that the supporter never had
    let lead = json!({"LastName": "Old", "Company": "Hers", "Email": "s1@x.example", "Phone": "1", "DoNotCall": true});
    world.org.create_as(&world.org.person(), "Lead", &lead).unwrap();
    // WHEN they meet THEN nothing is cleared, not by the check box either
    assert_eq!(run(&cx, &rows, KEEP, 1).await.updated, 1);
    let (told_of, why) = told(&cx, &rows);
    assert!(told_of.is_some());
    assert_eq!(why, "DoNotCall: left out, it takes true or false");
    let lead = world.only("Lead");
    let kept = fields(&lead, &["Phone", "Company", "Title", "DoNotCall", "LastName"]);
    assert_eq!(kept, [json!("1"), json!("Hers"), json!("Dr Silva"), json!(true), json!("Supporter1")]);
    // WHEN columns are emptied THEN their fields are, and the phone still stays
    rows[0].columns["city"] = Value::Null;
    rows[0].columns["title"] = json!(" ");
    assert_eq!(run(&cx, &rows, KEEP, 2).await.updated, 1);
    let cleared = fields(&world.only("Lead"), &["City", "Title", "Phone"]);
    assert_eq!(cleared, [Value::Null, Value::Null, json!("1")]);
    // Not even a changed action clears what somebody typed since.
    edit(&world, &json!({"City": "Braga"}));
    let other = world.delivery(&actions(&text.replace("'Private'", "'Person'"))).await;
    run(&other, &rows, KEEP, 3).await;
    assert_eq!(fields(&world.only("Lead"), &["City", "Phone"]), ["Braga", "1"].map(Value::from));
    // WHEN the phone comes and goes THEN it is written, and cleared
    rows[0].columns["phone"] = json!("2");
    run(&other, &rows, KEEP, 4).await;
    assert_eq!(world.only("Lead")["Phone"], "2");
    rows[0].columns["phone"] = Value::Null;
    run(&other, &rows, KEEP, 5).await;
    assert_eq!(world.only("Lead")["Phone"], Value::Null);
    // A new Lead takes the placeholder where the column is empty.
    rows.push(Row { id: SupporterId::parse("2").unwrap(), ..rows[0].clone() });
    rows[1].columns["email"] = json!("s2@x.example");
    assert_eq!(run(&other, &rows, KEEP, 6).await.created, 1);
    assert!(world.records("Lead").iter().any(|lead| lead["Company"] == "Person" && lead["City"].is_null()));
}

#[tokio::test]
async fn whoever_an_earlier_version_replicated_is_not_written_anew() {
    let world = World::new().await;
    let cx = world.delivery(&actions(LEADS)).await;
    let mut rows = vec![person(1, 90)];
    run(&cx, &rows, KEEP, 1).await;
    edit(&world, &json!({"City": "Braga"}));
    // GIVEN a note of a version that knew one digest of the whole row, and another of an action that had no such defaults
    let mut old: Value =
        serde_json::from_slice(&cx.state.note(NoteKind::Replica, b"1").unwrap().unwrap()).unwrap();
    old.as_object_mut().unwrap().remove("written").unwrap();
    old["mapping"] = json!(7);
    let mut changes = Changes::new();
    changes.put_note(NoteKind::Replica, b"1", serde_json::to_vec(&old).unwrap());
    let _receipt = cx.state.commit(changes).await.unwrap();
    // WHEN nothing changed since THEN nothing is sent
    let calls = world.client.usage().total();
    assert_eq!(run(&cx, &rows, KEEP, 2).await.unchanged, 1);
    assert_eq!(world.client.usage().total(), calls);
    // AND what was typed stays when something else changes
    rows[0].columns["last_name"] = json!("Other");
    assert_eq!(run(&cx, &rows, KEEP, 3).await.updated, 1);
    assert_eq!(fields(&world.only("Lead"), &["LastName", "City"]), ["Other", "Braga"].map(Value::from));
}

#[tokio::test]
async fn a_reference_without_a_record_is_looked_for_again_and_does_not_count_as_a_lead_that_is_gone() {
    let world = World::new().await;
    let with = |none: &str| {
        let lookup = format!("lookup = {{ object = 'Account', field = 'Name', none = '{none}' }}");
        format!(
            "[[actions]]\nobject = 'Contact'\noperation = 'upsert'\non = {{ types = ['supporter'] }}\n\
             match = {{ all = [{{ field = 'Email', path = 'supporter.email' }}] }}\n\
             field = [{{ name = 'LastName', path = 'supporter.last_name' }}, {{ name = 'Email', path = 'supporter.email' }},\n\
             {{ name = 'MailingCity', path = 'supporter.city' }},\n\
             {{ name = 'AccountId', path = 'supporter.fund', {lookup} }}]"
        )
    };
    let cx = world.delivery(&actions(&with("leave_out"))).await;
    let mut rows = vec![person(1, 90)];
    rows[0].columns.insert("fund".to_owned(), json!("Harbour Fund"));
    assert_eq!(run(&cx, &rows, KEEP, 1).await.created, 1);
    let (record, why) = told(&cx, &rows);
    assert_eq!(why, "AccountId: left out, 0 records to point at");
    // WHEN another address comes and the action must have the reference THEN the Contact stays known
    let strict = world.delivery(&actions(&with("refuse"))).await;
    rows[0].columns["email"] = json!("new@x.example");
    assert_eq!(run(&strict, &rows, KEEP, 2).await.blocked, 1);
    assert_eq!(told(&strict, &rows), (record, "AccountId: left out, 0 records to point at".to_owned()));
    // WHEN the record to point at is made THEN the next change finds it
    world.org.create_as(&world.org.person(), "Account", &json!({"Name": "Harbour Fund"})).unwrap();
    rows[0].columns["city"] = json!("Porto");
    assert_eq!(run(&cx, &rows, KEEP, 3).await.updated, 1);
    assert!(world.only("Contact")["AccountId"].is_string());
    assert_eq!(told(&cx, &rows).1, "");
}

#[tokio::test]
async fn whoever_was_forgotten_is_neither_written_nor_made_again() {
    let world = World::new().await;
    let cx = world.delivery(&actions(LEADS)).await;
    let mut rows = vec![person(1, 90), person(2, 90)];
    assert_eq!(run(&cx, &rows, KEEP, 1).await.created, 2);
    cx.state.forget(&rows[0].id).await.unwrap();
    assert_eq!(counts(&cx.state).unwrap(), [(Standing::Replicated, 1)].into());
    for row in &mut rows {
        row.columns["city"] = json!("Porto");
    }
    let report = run(&cx, &rows, KEEP, 2).await;
    assert_eq!((report.created, report.updated, report.not_eligible), (0, 1, 1));
    let cities: Vec<Value> = world.records("Lead").iter().map(|lead| lead["City"].clone()).collect();
    assert!(cities.contains(&json!("Faro")) && cities.contains(&json!("Porto")), "{cities:?}");
}
