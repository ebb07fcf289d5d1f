//! Supporters as Leads: who is eligible, who is set aside and why, what lifts that, and where a converted Lead leads.

use std::collections::BTreeMap;

use actions::deliver::Delivery;
use actions::replica::{Standing, counts, lift};
use actions::replicate::{Options, Report, Row, columns_of, replicate, standings};
use model::{Stamp, SupporterId};
use serde_json::{Value, json};

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
    let one = run(&cx, &rows, KEEP, 4).await;
    assert_eq!((one.created, one.still_blocked), (1, 2));
    // WHEN all are lifted THEN all are tried, also where each is replicated once only
    assert_eq!(lift(&cx.state, None, Some("Kim")).await.unwrap(), 2);
    let all = run(&cx, &rows, Options { keep_updated: false }, 5).await;
    assert_eq!((all.created, all.updated, all.unchanged), (1, 1, 1));
    let audits: Vec<String> = cx.state.audits(10).unwrap().into_iter().map(|line| line.what).collect();
    assert_eq!(audits, ["replication blocks lifted: 2", "replication blocks lifted: 1"]);
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
