//! Supporters who share what records are looked for by: nobody is renamed, nobody is guessed, and whoever is set aside is told why.

use actions::deliver::Delivery;
use actions::owner::owner_of;
use actions::replica::lift;
use actions::replicate::{Options, Report, Row, replicate, standings};
use model::{SalesforceId, Stamp, SupporterId};
use serde_json::{Value, json};
use simorg::{Fault, Op};
use state::{Changes, NoteKind};

use crate::support::{World, actions};

const LEADS: &str = "[[actions]]\nobject = 'Lead'\noperation = 'upsert'\non = { types = ['supporter'] }\n\
    match = { all = [{ field = 'Email', path = 'supporter.email' }] }\n\
    field = [{ name = 'FirstName', path = 'supporter.first' }, { name = 'LastName', path = 'supporter.last' },\n\
    { name = 'Email', path = 'supporter.email' }, { name = 'AnnualRevenue', path = 'supporter.income' },\n\
    { name = 'Company', value = 'Private person', only = 'create' }]";

const THEIRS: &str = "another supporter's record";
const SEVERAL: &str = "several supporters ask for one record";

fn row(id: u32, first: &str, last: &str) -> Row {
    let columns = json!({"first": first, "last": last, "email": "family@x.example", "income": "1", "id": id.to_string()});
    let Value::Object(columns) = columns else { panic!("an object") };
    Row { id: SupporterId::parse(&id.to_string()).unwrap(), columns }
}

fn ann_and_bob() -> Vec<Row> {
    vec![row(1, "Ann", "Smith"), row(2, "Bob", "Smithers")]
}

async fn run(cx: &Delivery, rows: &[Row]) -> Report {
    let now = Stamp::parse("2026-10-05T10:00:00Z").unwrap();
    let action = cx.actions[0].action.clone();
    replicate(cx, &action, rows, Options { keep_updated: true }, now).await.unwrap()
}

async fn again(cx: &Delivery, rows: &[Row], whose: usize) -> Report {
    assert_eq!(lift(&cx.state, Some(&rows[whose].id), Some("Kim")).await.unwrap(), 1);
    run(cx, rows).await
}

/// Why each is set aside; empty for whoever is not.
fn why(cx: &Delivery, rows: &[Row]) -> Vec<String> {
    let all = standings(&cx.state, &cx.actions[0].action, rows).unwrap();
    all.into_iter().map(|(_, replica)| replica.and_then(|one| one.blocked).unwrap_or_default()).collect()
}

fn names(world: &World, object: &str) -> Vec<String> {
    let name = |one: &Value| {
        format!("{} {}", one["FirstName"].as_str().unwrap_or("-"), one["LastName"].as_str().unwrap())
    };
    let mut names: Vec<String> = world.records(object).iter().map(name).collect();
    names.sort();
    names
}

fn made(report: &Report) -> (u64, u64, u64) {
    (report.created, report.updated, report.blocked)
}

#[tokio::test]
async fn of_two_on_one_address_in_one_batch_the_first_is_made_and_the_second_set_aside() {
    let world = World::new().await;
    let cx = world.delivery(&actions(LEADS)).await;
    let mut rows = ann_and_bob();
    assert_eq!(made(&run(&cx, &rows).await), (1, 0, 1));
    assert_eq!(names(&world, "Lead"), ["Ann Smith"]);
    assert_eq!(why(&cx, &rows), ["", THEIRS]);
    // THEN it shows which record that is, and whose
    let (_, replica) = standings(&cx.state, &cx.actions[0].action, &rows[1..]).unwrap().remove(0);
    let met = replica.unwrap().met.unwrap();
    assert_eq!(world.only("Lead")["Id"], met);
    assert_eq!(owner_of(&cx.state, SalesforceId::parse(&met).unwrap()).unwrap(), Some(rows[0].id.clone()));
    // WHEN the block is lifted and nothing else changed, it is the same again
    assert_eq!(made(&again(&cx, &rows, 1).await), (0, 0, 1));
    assert_eq!(names(&world, "Lead"), ["Ann Smith"]);
    // WHEN the second gets an address of his own THEN he is made
    rows[1].columns["email"] = json!("bob@x.example");
    assert_eq!(made(&run(&cx, &rows).await), (1, 0, 0));
    assert_eq!(names(&world, "Lead"), ["Ann Smith", "Bob Smithers"]);
}

#[tokio::test]
async fn whoever_comes_later_renames_nobody_and_an_edit_of_the_first_stays_the_firsts() {
    let world = World::new().await;
    let cx = world.delivery(&actions(LEADS)).await;
    let mut rows = vec![row(4, "Gil", "Couple"), row(5, "Hal", "Other")];
    assert_eq!(made(&run(&cx, &rows[..1]).await), (1, 0, 0));
    assert_eq!(made(&run(&cx, &rows).await), (0, 0, 1));
    assert_eq!(
        (names(&world, "Lead"), why(&cx, &rows)),
        (vec!["Gil Couple".to_owned()], vec![String::new(), THEIRS.to_owned()])
    );
    rows[0].columns["first"] = json!("Gilbert");
    let edited = run(&cx, &rows).await;
    assert_eq!((made(&edited), edited.still_blocked), ((0, 1, 0), 1));
    assert_eq!(names(&world, "Lead"), ["Gilbert Couple"]);
    // An edit of the second is a try, and no more.
    rows[1].columns["last"] = json!("Another");
    assert_eq!(made(&run(&cx, &rows).await), (0, 0, 1));
    assert_eq!(names(&world, "Lead"), ["Gilbert Couple"]);
    // WHEN they are looked for by what only one of them has THEN each has a record
    let by_id = LEADS
        .replace("'Email', path = 'supporter.email' }] }", "'Person_Key__c', path = 'supporter.id' }] }");
    let cx = world.delivery(&actions(&by_id)).await;
    assert_eq!(made(&run(&cx, &rows).await), (1, 1, 0));
    assert_eq!(names(&world, "Lead"), ["Gilbert Couple", "Hal Another"]);
}

#[tokio::test]
async fn the_same_supporter_finds_their_record_though_everything_else_about_them_is_lost() {
    let world = World::new().await;
    let cx = world.delivery(&actions(LEADS)).await;
    let mut rows = ann_and_bob();
    run(&cx, &rows).await;
    let mut changes = Changes::new();
    changes.remove_note(NoteKind::Replica, b"1");
    let _receipt = cx.state.commit(changes).await.unwrap();
    rows[0].columns["first"] = json!("Anna");
    assert_eq!(made(&run(&cx, &rows).await), (0, 1, 0));
    assert_eq!(
        (names(&world, "Lead"), why(&cx, &rows)),
        (vec!["Anna Smith".to_owned()], vec![String::new(), THEIRS.to_owned()])
    );
}

#[tokio::test]
async fn the_record_of_a_supporter_who_is_gone_is_nobody_elses_until_they_are_forgotten() {
    let world = World::new().await;
    let cx = world.delivery(&actions(LEADS)).await;
    let rows = ann_and_bob();
    run(&cx, &rows[..1]).await;
    let bob = &rows[1..];
    assert_eq!(made(&run(&cx, bob).await), (0, 0, 1));
    assert_eq!(
        (names(&world, "Lead"), why(&cx, bob)),
        (vec!["Ann Smith".to_owned()], vec![THEIRS.to_owned()])
    );
    // WHEN somebody says that she is to be forgotten THEN the record is as good as one made by hand
    cx.state.forget(&rows[0].id).await.unwrap();
    assert_eq!(made(&again(&cx, bob, 0).await), (0, 1, 0));
    assert_eq!(names(&world, "Lead"), ["Bob Smithers"]);
}

#[tokio::test]
async fn a_record_made_by_hand_that_two_ask_for_at_once_is_neithers_until_one_is_tried_alone() {
    let world = World::new().await;
    let cx = world.delivery(&actions(LEADS)).await;
    let lead = json!({"FirstName": "Robert", "LastName": "Smithers", "Company": "Hers", "Email": "family@x.example"});
    world.org.create_as(&world.org.person(), "Lead", &lead).unwrap();
    let rows = ann_and_bob();
    assert_eq!(made(&run(&cx, &rows).await), (0, 0, 2));
    assert_eq!(
        (names(&world, "Lead"), why(&cx, &rows)),
        (vec!["Robert Smithers".to_owned()], vec![SEVERAL.to_owned(); 2])
    );
    assert_eq!(made(&again(&cx, &rows, 1).await), (0, 1, 0));
    assert_eq!(made(&again(&cx, &rows, 0).await), (0, 0, 1));
    assert_eq!(
        (names(&world, "Lead"), why(&cx, &rows)),
        (vec!["Bob Smithers".to_owned()], vec![THEIRS.to_owned(), String::new()])
    );
}

#[tokio::test]
async fn a_record_that_has_everything_already_is_theirs_all_the_same() {
    let world = World::new().await;
    let without = LEADS.replace("{ name = 'Email', path = 'supporter.email' },", "");
    let cx = world.delivery(&actions(&without)).await;
    let lead =
        json!({"FirstName": "Ann", "LastName": "Smith", "Company": "Hers", "Email": "family@x.example"});
    world.org.create_as(&world.org.person(), "Lead", &lead).unwrap();
    let mut rows = ann_and_bob();
    for column in ["first", "last", "income"] {
        rows[0].columns[column] = Value::Null;
    }
    assert_eq!(run(&cx, &rows[..1]).await.unchanged, 1);
    assert_eq!(made(&run(&cx, &rows).await), (0, 0, 1));
    assert_eq!(
        (names(&world, "Lead"), why(&cx, &rows)),
        (vec!["Ann Smith".to_owned()], vec![String::new(), THEIRS.to_owned()])
    );
}

#[tokio::test]
async fn when_the_first_is_refused_the_second_is_made() {
    let world = World::new().await;
    let owned = LEADS.replace("field = [", "field = [{ name = 'OwnerId', path = 'supporter.owner' },");
    let cx = world.delivery(&actions(&owned)).await;
    let mut rows = ann_and_bob();
    rows[0].columns.insert("owner".to_owned(), json!("005000000000000AAA"));
    assert_eq!(made(&run(&cx, &rows).await), (1, 0, 1));
    assert_eq!(names(&world, "Lead"), ["Bob Smithers"]);
}

#[tokio::test]
async fn a_record_whose_answer_was_lost_is_still_that_of_whom_it_was_made_for() {
    let mut world = World::new().await;
    let mut cx = world.delivery(&actions(LEADS)).await;
    let rows = ann_and_bob();
    world.org.fault(Op::CollectionCreate, Fault::DoThenDropReply);
    let first = run(&cx, &rows).await;
    assert_eq!((made(&first), first.waiting), ((0, 0, 1), 1));
    assert_eq!(names(&world, "Lead"), ["Ann Smith"]);
    // WHEN the other is tried first, by another process
    world.restart(&mut cx);
    assert_eq!(made(&again(&cx, &rows[1..], 0).await), (0, 0, 1));
    assert_eq!(made(&run(&cx, &rows).await), (0, 1, 0));
    assert_eq!(
        (names(&world, "Lead"), why(&cx, &rows)),
        (vec!["Ann Smith".to_owned()], vec![String::new(), THEIRS.to_owned()])
    );
    // THEN nothing is left of the attempt
    let left = cx.state.notes(NoteKind::Owner, None, 9).unwrap();
    assert!(left.iter().all(|(key, _)| !key.starts_with(b"?")), "{left:?}");
}

#[tokio::test]
async fn while_nobody_knows_whether_the_first_was_made_the_second_waits() {
    let world = World::new().await;
    let cx = world.delivery(&actions(LEADS)).await;
    let rows = ann_and_bob();

    world.org.fault(Op::CollectionCreate, Fault::DropBeforeDoing);
    let first = run(&cx, &rows).await;
    assert_eq!((made(&first), first.waiting), ((0, 0, 0), 2));
    assert_eq!(made(&run(&cx, &rows).await), (1, 0, 1));
    assert_eq!(
        (names(&world, "Lead"), why(&cx, &rows)),
        (vec!["Ann Smith".to_owned()], vec![String::new(), THEIRS.to_owned()])
    );
}

#[tokio::test]
async fn a_converted_or_merged_lead_leads_to_nobody_elses_record_either() {
    let world = World::new().await;
    let cx = world.delivery(&actions(LEADS)).await;
    let mut rows = ann_and_bob();
    run(&cx, &rows[..1]).await;
    let user = world.org.person();
    let id = |name: &str| {
        let leads = world.records("Lead");
        leads.iter().find(|one| one["FirstName"] == name).unwrap()["Id"].as_str().unwrap().to_owned()
    };
    world.org.convert_as(&user, &id("Ann"), &Default::default()).unwrap();
    assert_eq!(made(&run(&cx, &rows).await), (0, 0, 1));
    assert_eq!(
        (names(&world, "Contact"), why(&cx, &rows)),
        (vec!["Ann Smith".to_owned()], vec![String::new(), THEIRS.to_owned()])
    );
    // GIVEN two with Leads of their own, of which somebody makes one
    rows.extend([row(3, "Cem", "Ash"), row(4, "Dot", "Elm")]);
    (rows[2].columns["email"], rows[3].columns["email"]) = (json!("c@x.example"), json!("d@x.example"));
    assert_eq!(made(&run(&cx, &rows).await), (2, 0, 0));
    world.org.merge_as(&user, "Lead", &id("Dot"), &[&id("Cem")]).unwrap();
    // WHEN the one without changes, and shares the other's address by now, THEN the other stays who they are
    (rows[2].columns["email"], rows[2].columns["first"]) = (json!("d@x.example"), json!("Cemal"));
    assert_eq!(made(&run(&cx, &rows).await), (0, 0, 1));
    assert_eq!(names(&world, "Lead"), ["Ann Smith", "Dot Elm"]);
    assert_eq!(why(&cx, &rows), ["", THEIRS, THEIRS, ""]);
}

/// The state as an earlier version left it: nothing says whose a record is.
async fn of_an_earlier_version(cx: &Delivery) {
    let mut changes = Changes::new();
    for (key, _) in cx.state.notes(NoteKind::Owner, None, 99).unwrap() {
        changes.remove_note(NoteKind::Owner, &key);
    }
    let _receipt = cx.state.commit(changes).await.unwrap();
}

#[tokio::test]
async fn a_state_of_an_earlier_version_is_read_once_for_whose_each_record_is() {
    let world = World::new().await;
    let cx = world.delivery(&actions(LEADS)).await;
    let rows = ann_and_bob();
    run(&cx, &rows[..1]).await;
    of_an_earlier_version(&cx).await;
    assert_eq!(made(&run(&cx, &rows).await), (0, 0, 1));
    assert_eq!(
        (names(&world, "Lead"), why(&cx, &rows)),
        (vec!["Ann Smith".to_owned()], vec![String::new(), THEIRS.to_owned()])
    );
}

#[tokio::test]
async fn two_whom_an_earlier_version_gave_one_record_are_set_aside_and_it_stays_with_whom_somebody_says() {
    let world = World::new().await;
    let cx = world.delivery(&actions(LEADS)).await;
    let mut rows = ann_and_bob();
    rows[1].columns["email"] = json!("bob@x.example");
    run(&cx, &rows).await;
    // GIVEN both with the Lead that is half the one and half the other
    of_an_earlier_version(&cx).await;
    let note = |key: &[u8]| -> Value {
        serde_json::from_slice(&cx.state.note(NoteKind::Replica, key).unwrap().unwrap()).unwrap()
    };
    let mut bob = note(b"2");
    bob["record"] = note(b"1")["record"].clone();
    let mut changes = Changes::new();
    changes.put_note(NoteKind::Replica, b"2", serde_json::to_vec(&bob).unwrap());
    let _receipt = cx.state.commit(changes).await.unwrap();
    let user = world.org.person();
    for lead in world.records("Lead") {
        let id = lead["Id"].as_str().unwrap();
        match lead["FirstName"].as_str().unwrap() {
            "Bob" => world.org.delete_as(&user, "Lead", id).unwrap(),
            _ => world.org.edit_as(&user, "Lead", id, &json!({"FirstName": "Bob"})).unwrap(),
        }
    }
    // WHEN nothing changes THEN both are listed, and nothing is written, not when both are tried again either
    let calls = world.client.usage().total();
    assert_eq!(run(&cx, &rows).await.still_blocked, 2);
    assert_eq!((why(&cx, &rows), world.client.usage().total()), (vec![SEVERAL.to_owned(); 2], calls));
    lift(&cx.state, None, Some("Kim")).await.unwrap();
    assert_eq!(made(&run(&cx, &rows).await), (0, 0, 2));
    assert_eq!(names(&world, "Lead"), ["Bob Smith"]);
    // WHEN one is tried alone THEN the whole of it is theirs, and the other gets one of their own
    assert_eq!(made(&again(&cx, &rows, 0).await), (0, 1, 0));
    assert_eq!(names(&world, "Lead"), ["Ann Smith"]);
    assert_eq!(made(&again(&cx, &rows, 1).await), (1, 0, 0));
    assert_eq!(names(&world, "Lead"), ["Ann Smith", "Bob Smithers"]);
}
