//! The audit: each kind of disagreement, made behind the engine's back, is found by its name; what highwater knows of already is told
//! apart from what nobody knew; and nothing is written anywhere.

use std::time::Duration;

use e2e::{Contact, Harness, Person, World};
use model::{ContactId, DirtyReason, Side, Subject, SupporterId};
use plan::CycleReport;
use serde_json::json;
use service::verify::finding::{Finding, Weight, What};
use service::verify::{Scope, verify};
use simorg::Op;
use sqlx::AssertSqlSafe;
use state::Changes;

const LONG_AGO: &str = "2020-01-01T00:00:00Z";

/// Every call that could change something in an org.
const WRITES: [Op; 15] = [
    Op::Create,
    Op::Update,
    Op::Delete,
    Op::Upsert,
    Op::DeleteExternal,
    Op::CollectionCreate,
    Op::CollectionUpdate,
    Op::CollectionUpsert,
    Op::CollectionDelete,
    Op::Composite,
    Op::CompositeBatch,
    Op::IngestCreate,
    Op::IngestUpload,
    Op::IngestState,
    Op::IngestDelete,
];

fn id(number: i64) -> SupporterId {
    SupporterId::parse(&number.to_string()).expect("an id")
}

fn contact_id(text: &str) -> ContactId {
    ContactId::parse(text).expect("a Contact Id")
}

fn everybody() -> Scope {
    Scope { only: None, undated_are_read: true }
}

/// Every byte of both sides and of the state.
async fn content(h: &Harness) -> (Vec<serde_json::Value>, Vec<String>, Vec<u8>) {
    let sql = "SELECT json_array(id, email, first_name, last_name, address_1, address_2, city, phone, opt_in, sf_contact_id, modified) \
               FROM supporters ORDER BY id";
    let rows = sqlx::query_scalar(sql).fetch_all(&h.pool).await.expect("readable");
    let mut state = Vec::new();
    h.sides.state.export(&mut state).expect("readable");
    (h.org.admin().all_records("Contact"), rows, state)
}

/// Looks at `scope`, after making sure that nothing is written by it.
async fn look_at(h: &Harness, scope: &Scope) -> (CycleReport, Vec<Finding>) {
    let before = content(h).await;
    h.org.admin().reset_calls();
    let mut found = Vec::new();
    let report = verify(&h.sides, scope, &mut |finding| found.push(finding.clone())).await;
    let report = report.expect("both sides can be read").expect("no cycle is at work");
    // A test turns the org's clock between this and the next cycle, which must not go by a session that began here.
    let _ = h.sides.org.has_just_signed_in(Duration::MAX).await.expect("signed in");
    let calls = h.org.admin().calls();
    for op in WRITES {
        assert_eq!(calls.of(op), 0, "{op:?} was called");
    }
    assert!(before == content(h).await, "something was written");
    assert_eq!(report.outcomes.values().sum::<u64>(), report.selected, "the numbers balance: {report:?}");
    assert_eq!(report.selected, found.len() as u64);
    (report, found)
}

async fn look(h: &Harness) -> (CycleReport, Vec<Finding>) {
    look_at(h, &everybody()).await
}

/// What nobody knew, with the supporter it is about.
fn unknown(found: &[Finding]) -> Vec<(What, Option<String>)> {
    let found = found.iter().filter(|one| one.what.weight() == Weight::Found);
    found.map(|one| (one.what, one.supporter.as_ref().map(ToString::to_string))).collect()
}

fn about(what: What, number: i64) -> (What, Option<String>) {
    (what, Some(number.to_string()))
}

/// Three linked people, in step, and a fourth who has no last name; all of it long ago by both clocks.
async fn town() -> Harness {
    town_in(World::default()).await
}

async fn town_in(world: World) -> Harness {
    let h = Harness::start_in(world).await;
    for (number, first, last) in [(1, "Ann", "Lee"), (2, "Jo", "Doe"), (3, "Ida", "Roe"), (4, "Max", "")] {
        let address = format!("{first}@example.org").to_lowercase();
        h.supporter(&Person::new(number, first, last, &address).in_city("Perth")).await;
    }
    h.sync().await;
    pass_by(&h).await;
    let (report, found) = look(&h).await;
    assert_eq!(unknown(&found), []);
    assert_eq!((report.outcome("in_step"), report.outcome("left_out"), report.selected), (3, 1, 4));
    h
}

/// Time passes: no window of the next cycle reaches back to what happened until now.
async fn pass_by(h: &Harness) {
    let stamp = "UPDATE supporters SET modified = ?";
    sqlx::query(stamp).bind(LONG_AGO).execute(&h.pool).await.expect("stamped");
    pass_by_in_the_org(h).await;
}

/// The same of the org alone.
async fn pass_by_in_the_org(h: &Harness) {
    h.org.admin().clock().advance(Duration::from_secs(86_400));
    let now = h.watermarks().1.expect("a cycle has run").plus(Duration::from_secs(86_400));
    let mut changes = Changes::new();
    changes.raise_watermark(Side::Salesforce, now);
    let _receipt = h.sides.state.commit(changes).await.expect("durable");
}

/// An edit of the table by somebody who stamps nothing.
async fn unstamped(h: &Harness, number: i64, column: &str, value: Option<&str>) {
    let sql = format!("UPDATE supporters SET \"{column}\" = ? WHERE id = ?");
    let done = sqlx::query(AssertSqlSafe(sql)).bind(value).bind(number).execute(&h.pool).await;
    assert_eq!(done.expect("the edit is allowed").rows_affected(), 1);
}

#[tokio::test]
async fn a_missed_edit_on_either_side_is_drift_and_names_the_field() {
    let h = town().await;
    unstamped(&h, 1, "city", Some("York")).await;
    h.edit_contact(&h.link(2).expect("linked"), &json!({"HomePhone": "0401 555 010"}));
    pass_by(&h).await;
    let (_, found) = look(&h).await;
    assert_eq!(unknown(&found), [about(What::Drift, 1), about(What::Drift, 2)]);
    let details: Vec<&[String]> =
        found.iter().filter(|one| one.what == What::Drift).map(|one| one.details.as_slice()).collect();
    assert_eq!(details, [["MailingCity".to_owned()], ["HomePhone".to_owned()]]);
    // AND no cycle would have found them; what is advised does
    assert!(h.sync().await.wrote_nothing());
    h.resync(1).await;
    h.resync(2).await;
    assert_eq!(unknown(&look(&h).await.1), []);
    assert_eq!(h.supporter_cell(2, "phone").await.as_deref(), Some("0401 555 010"));
}

#[tokio::test]
async fn whoever_the_next_cycle_finds_anyway_is_no_drift() {
    let h = town().await;
    // GIVEN edits since the last cycle, and one that is marked already
    h.edit_supporter(1, "city", Some("York")).await;
    h.edit_contact(&h.link(2).expect("linked"), &json!({"HomePhone": "0401 555 010"}));
    unstamped(&h, 3, "city", Some("Leeds")).await;
    let mut changes = Changes::new();
    changes.mark_dirty(Subject::Supporter(id(3)), DirtyReason::SupporterChanged, None);
    let _receipt = h.sides.state.commit(changes).await.expect("durable");
    let (report, found) = look(&h).await;
    // THEN nobody is drift, and the next cycle leaves nothing over
    assert_eq!(unknown(&found), []);
    assert_eq!((report.outcome("changed_since"), report.outcome("waiting")), (2, 1), "{report:?}");
    h.org.admin().clock().advance(Duration::from_secs(120));
    h.sync().await;
    pass_by(&h).await;
    assert_eq!(look(&h).await.0.outcome("in_step"), 3);
}

#[tokio::test]
async fn a_row_that_the_overlap_passes_over_is_drift_and_one_that_it_reads_again_is_not() {
    // GIVEN two rows in the overlap: one met there at a stamp that has settled, one stamped so lately that it is met again
    let h = Harness::start().await;
    h.supporter(&Person::new(1, "Ann", "Lee", "ann@example.org").in_city("Perth")).await;
    h.supporter(&Person::new(2, "Jo", "Doe", "jo@example.org").in_city("Perth")).await;
    let settled = model::Clock::system().now().minus(Duration::from_secs(300)).to_seconds_text();
    unstamped(&h, 1, "modified", Some(&settled)).await;
    h.sync().await;
    pass_by_in_the_org(&h).await;
    for number in [1, 2] {
        unstamped(&h, number, "city", Some("York")).await;
    }
    let (report, found) = look(&h).await;
    assert_eq!(
        (unknown(&found), report.outcome("changed_since")),
        (vec![about(What::Drift, 1)], 1),
        "{report:?}"
    );
    // THEN that is what the next cycle does
    h.sync().await;
    assert_eq!(h.contact_field(&h.link(1).expect("linked"), "MailingCity"), "Perth");
    assert_eq!(h.contact_field(&h.link(2).expect("linked"), "MailingCity"), "York");
}

#[tokio::test]
async fn ids_that_point_elsewhere_are_found_on_both_sides() {
    let h = town().await;
    let (ann, jo) = (h.link(1).expect("linked"), h.link(2).expect("linked"));
    // WHEN a row points to another Contact, and another person's Contact carries an id of nobody
    unstamped(&h, 1, "sf_contact_id", Some(&jo)).await;
    h.edit_contact(&jo, &json!({"EN_Supporter_Id__c": "99999"}));
    unstamped(&h, 3, "sf_contact_id", None).await;
    pass_by(&h).await;
    let (_, found) = look(&h).await;
    let all = [about(What::OtherContact, 1), about(What::OtherSupporter, 2), about(What::Drift, 3)];
    assert_eq!(unknown(&found), all);
    assert_eq!(found[0].contact, Some(contact_id(&ann)));
    assert_eq!(found[0].details, [format!("row carries {jo}")]);
    assert_eq!(found[1].details, ["Contact carries 99999"]);
    assert_eq!(found[2].details, ["Contact Id on the supporter"]);
}

#[tokio::test]
async fn a_contact_that_was_deleted_or_merged_and_a_supporter_who_is_gone() {
    let h = town().await;
    let (ann, jo) = (h.link(1).expect("linked"), h.link(2).expect("linked"));
    let admin = h.org.admin();
    let second = h.contact(&Contact::new("Joanna", "Doe", "joanna@example.org"));
    admin.delete_as(&admin.person(), "Contact", &ann).expect("a person may delete");
    admin.merge_as(&admin.person(), "Contact", &second, &[&jo]).expect("a person may merge");
    // THEN they are known to be found by the next cycle, by the stamp of the deletion
    let (report, found) = look(&h).await;
    assert_eq!((report.outcome("changed_since"), unknown(&found)), (2, Vec::new()), "{report:?}");
    // AND once the window has passed them by, nobody knows; a row that is removed has no stamp at all
    pass_by(&h).await;
    h.delete_supporter(3).await;
    let (_, found) = look(&h).await;
    let all = [about(What::ContactDeleted, 1), about(What::ContactMerged, 2), about(What::SupporterGone, 3)];
    assert_eq!(unknown(&found), all);
    assert_eq!(found[1].details, [format!("into {second}")]);
    assert!(found[0].next().contains("sync --supporter 1"), "a resync would make the Contact anew");
    // AND erased for good they are not shown by the org
    admin.clock().advance(Duration::from_secs(16 * 86_400));
    admin.empty_recycle_bin();
    let (_, found) = look(&h).await;
    assert!(unknown(&found).contains(&about(What::ContactGone, 1)), "{found:?}");
}

#[tokio::test]
async fn what_ended_and_is_known_is_not_told_as_news() {
    let h = town().await;
    let ann = h.link(1).expect("linked");
    let admin = h.org.admin();
    admin.delete_as(&admin.person(), "Contact", &ann).expect("a person may delete");
    admin.clock().advance(Duration::from_secs(120));
    h.sync().await;
    assert_eq!(h.cases(), ["contact_deleted"]);
    let (report, found) = look(&h).await;
    assert_eq!((report.outcome("asked"), unknown(&found)), (1, Vec::new()), "{report:?}");
    // AND once the case is closed
    let mut changes = Changes::new();
    changes.close_cases_of(&Subject::Supporter(id(1)));
    let _receipt = h.sides.state.commit(changes).await.expect("durable");
    let (report, found) = look(&h).await;
    assert_eq!((report.outcome("ended"), unknown(&found)), (1, Vec::new()), "{report:?}");
}

#[tokio::test]
async fn supporters_without_a_link_whom_nobody_has_met() {
    let h = town().await;
    let stranger = h.contact(&Contact::new("Zoe", "Poe", "zoe@example.org"));
    h.supporter(&Person::new(5, "Zoe", "Poe", "zoe@example.org").linked_to(&stranger)).await;
    h.supporter(&Person::new(6, "Eva", "Moe", "eva@example.org")).await;
    assert_eq!(unknown(&look(&h).await.1), [], "the next cycle finds them");
    pass_by(&h).await;
    let (_, found) = look(&h).await;
    assert_eq!(unknown(&found), [about(What::UnlinkedContactId, 5), about(What::NeverMet, 6)]);
    // AND what is advised links and creates
    let named = [5, 6].map(|number| Subject::Supporter(id(number))).to_vec();
    let only = service::request::Request {
        only: Some(named),
        ..service::request::Request::whole(service::request::Mode::Sync)
    };
    service::cycle::run(&h.sides, &only, &mut |_| {}).await.expect("runs").expect("alone");
    assert_eq!(unknown(&look(&h).await.1), []);
    assert_eq!(h.link(5), Some(stranger));
}

#[tokio::test]
async fn contacts_that_carry_an_id_they_are_not_linked_by() {
    // GIVEN an org whose supporter id is no longer unique
    let mut world = World::default();
    world.org.custom_fields.iter_mut().for_each(|field| field.unique = false);
    let h = town_in(world).await;
    let carrying =
        |key: &str| Contact::new("Twin", "Doe", "twin@example.org").with("EN_Supporter_Id__c", key);
    let twin = h.contact(&carrying("1"));
    h.contact(&carrying("77777"));
    let unlinked = h.contact(&carrying("4"));
    // AND one whose linked Contact has lost the id to another
    h.edit_contact(&h.link(2).expect("linked"), &json!({"EN_Supporter_Id__c": null}));
    h.contact(&carrying("2"));
    pass_by(&h).await;
    let (_, found) = look(&h).await;
    let mut kinds = unknown(&found);
    kinds.sort();
    let mut all = [
        about(What::Drift, 2),
        about(What::SharedId, 1),
        about(What::StrayId, 2),
        about(What::UnlinkedSupporterId, 4),
        about(What::UnknownSupporterId, 77777),
    ];
    all.sort();
    assert_eq!(kinds, all);
    let of = |what: What| found.iter().find(|one| one.what == what).expect("found");
    assert_eq!(of(What::SharedId).contact, Some(contact_id(&twin)));
    assert_eq!(of(What::SharedId).details, [format!("also on {}", h.link(1).expect("linked"))]);
    assert_eq!(of(What::UnlinkedSupporterId).contact, Some(contact_id(&unlinked)));
    // AND said to be different people, they are left alone
    let mut changes = Changes::new();
    changes.set_apart(&id(4), contact_id(&unlinked));
    let _receipt = h.sides.state.commit(changes).await.expect("durable");
    let (report, found) = look(&h).await;
    assert_eq!((report.outcome("kept_apart"), unknown(&found).len()), (1, all.len() - 1), "{report:?}");
}

#[tokio::test]
async fn a_supporter_who_was_merged_is_news_until_the_merge_was_followed() {
    let h = town_in(World { merges: true, ..World::default() }).await;
    // WHEN a merge is not stamped THEN nobody knows of it
    unstamped(&h, 1, "merged_into", Some("2")).await;
    let (_, found) = look(&h).await;
    assert_eq!(unknown(&found), [about(What::SupporterMerged, 1)]);
    assert_eq!(found[0].details, ["into 2"]);
    // AND once it is followed a case asks about the two Contacts, one of which carries the id of whoever is gone
    h.run(service::request::Mode::Backfill).await;
    assert_eq!(h.cases(), ["contact_merge_needed"]);
    pass_by(&h).await;
    let (report, found) = look(&h).await;
    assert_eq!((unknown(&found), report.outcome("left_out")), (Vec::new(), 2), "{found:?}");
}

#[tokio::test]
async fn whoever_is_set_aside_forgotten_or_in_a_job_is_told_as_that() {
    let h = town().await;
    h.supporter(&Person::new(5, "Lena", &"N".repeat(81), "lena@example.org")).await;
    h.sync().await;
    h.sides.state.forget(&id(2)).await.expect("forgotten");
    let (report, found) = look(&h).await;
    assert_eq!(unknown(&found), []);
    assert_eq!((report.outcome("forgotten"), report.outcome("set_aside")), (1, 1), "{report:?}");
    // WHEN a process dies with a job at Salesforce THEN its people are in flight
    h.org.admin().progress(simorg::Progress::Stepped);
    h.edit_supporter(1, "city", Some("York")).await;
    let closed = |h: &Harness| {
        h.sides.state.journal().expect("readable").iter().any(|entry| entry.phase == model::Phase::Closed)
    };
    h.kill_when(service::request::Mode::Sync, closed).await;
    let (report, found) = look(&h).await;
    assert_eq!((report.outcome("in_flight"), unknown(&found)), (1, Vec::new()), "{report:?}");
}

#[tokio::test]
async fn one_query_of_everybody_finds_the_same_and_tells_of_nobody_it_has_not_read_again() {
    // GIVEN batches of one: pages would take more calls than a query job
    let mut world = World::default();
    world.settings.batch = 1;
    let h = Harness::start_in(world).await;
    for number in 1..=12 {
        let person = Person::new(number, "Ann", &format!("Lee{number}"), &format!("p{number}@example.org"));
        h.supporter(&person.in_city("Perth")).await;
    }
    h.sync().await;
    unstamped(&h, 3, "city", Some("York")).await;
    h.edit_contact(&h.link(7).expect("linked"), &json!({"EN_Supporter_Id__c": null}));
    pass_by(&h).await;
    let (report, found) = look(&h).await;
    assert_eq!(unknown(&found), [about(What::Drift, 3), about(What::Drift, 7)]);
    assert_eq!((report.outcome("in_step"), report.selected), (10, 12));
    assert_eq!(h.org.admin().calls().of(Op::QueryJobResults), 1);
    let again = h.org.admin().calls().of(Op::CollectionRead);
    assert_eq!(again, 2, "whoever is told of is read again, and nobody else");
    assert!(report.notes.iter().any(|note| note.contains("one query")), "{report:?}");
    let left = std::fs::read_dir(h.sides.state.spool_dir()).expect("a spool").count();
    assert_eq!(left, 0, "people's data stay nowhere");
}

#[tokio::test]
async fn a_few_are_looked_at_by_name_and_no_cycle_runs_meanwhile() {
    let h = town().await;
    unstamped(&h, 1, "city", Some("York")).await;
    unstamped(&h, 2, "city", Some("York")).await;
    let jo = Subject::Contact(contact_id(&h.link(2).expect("linked")));
    let scope = Scope { only: Some(vec![jo]), ..everybody() };
    let (report, found) = look_at(&h, &scope).await;
    assert_eq!((report.selected, unknown(&found)), (1, vec![about(What::Drift, 2)]));
    // WHEN a cycle is at work THEN nobody is looked at, and the other way round
    let cycle = h.sides.state.begin_cycle().await.expect("works").expect("alone");
    assert!(verify(&h.sides, &everybody(), &mut |_| {}).await.expect("readable").is_err());
    drop(cycle);
    let still = h.sides.state.keep_cycles_out().expect("nobody is at work");
    assert!(h.sides.state.begin_cycle().await.expect("works").is_err());
    drop(still);
    assert_eq!(look(&h).await.0.selected, 4);
}

#[tokio::test]
async fn told_to_stop_it_says_so() {
    let h = town().await;
    h.sides.stop.cancel();
    let report = verify(&h.sides, &everybody(), &mut |_| {}).await.expect("readable").expect("alone");
    assert!(report.stopped && report.selected == 0, "{report:?}");
}
