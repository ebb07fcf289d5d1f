//! What a person types into a Contact after it was read and before our row is saved. Without field history nothing tells of it; with it
//! the value is in the log, and can be taken back.

use std::cell::Cell;
use std::time::Duration;

use e2e::{Contact, Harness, Person, World};
use model::Side;
use plan::CycleReport;
use serde_json::json;
use service::request::{Mode, Request, Seen};
use service::take_back::take_back;
use simorg::{Fault, JobState, Op, Progress};
use state::Conflict;

const TRACKED: [&str; 3] = ["FirstName", "MailingCity", "HomePhone"];

fn world(direct: bool) -> World {
    let mut world = World { direct, patient: true, on_disk: true, ..World::default() };
    world.org.tracked_fields = TRACKED.iter().map(|&name| name.to_owned()).collect();
    world.settings.tracked = world.org.tracked_fields.clone();
    world
}

/// Two people in step; then the first one's city changes among the supporters.
async fn in_step(world: World) -> (Harness, String) {
    let h = Harness::start_in(world).await;
    h.supporter(&Person::new(1, "Ann", "Lee", "ann@example.org").in_city("Perth")).await;
    h.supporter(&Person::new(2, "Jo", "Doe", "jo@example.org").in_city("Perth")).await;
    h.sync().await;
    let ann = h.link(1).expect("linked");
    h.edit_supporter(1, "city", Some("Bunbury")).await;
    h.edit_supporter(2, "city", Some("Bunbury")).await;
    (h, ann)
}

fn busy() -> Fault {
    let body = r#"[{"errorCode":"SERVER_UNAVAILABLE","message":"too busy"}]"#.to_owned();
    Fault::Refuse { status: 503, body, times: 1_000 }
}

/// Whether rows wait to be saved, and nothing is saved yet.
fn at_the_door(org: &simorg::Org) -> bool {
    let admin = org.admin();
    let closed = |job: &simorg::JobInfo| job.kind == "V2Ingest" && job.state == JobState::UploadComplete;
    admin.calls().of(Op::CollectionUpdate) > 0 || admin.jobs().iter().any(closed)
}

/// Runs a cycle whose rows wait until `edits` were made.
async fn sync_while(h: &Harness, edits: impl FnOnce()) -> CycleReport {
    let admin = h.org.admin();
    admin.progress(Progress::Stepped);
    admin.reset_calls();
    admin.fault(Op::CollectionUpdate, busy());
    let request = Request::whole(Mode::Sync);
    let mut sink = |_: Seen<'_>| {};
    let cycle = service::cycle::run(&h.sides, &request, &mut sink);
    tokio::pin!(cycle);
    while !at_the_door(&h.org) {
        tokio::select! {
            ended = &mut cycle => panic!("the cycle ended first: {ended:?}"),
            () = tokio::time::sleep(Duration::from_millis(1)) => {}
        }
    }
    edits();
    admin.clear_faults();
    admin.progress(Progress::Auto);
    cycle.await.expect("the cycle runs").expect("alone")
}

fn log(h: &Harness) -> Vec<(u64, Conflict)> {
    h.sides.state.conflicts_page(None, 10).expect("readable")
}

#[tokio::test]
async fn an_edit_that_nobody_saw_is_in_the_log_and_can_be_taken_back() {
    for direct in [false, true] {
        let (h, ann) = in_step(world(direct)).await;
        let report = sync_while(&h, || {
            // Another field is not touched by our row.
            h.edit_contact(&ann, &json!({"MailingCity": "Albany", "HomePhone": "0401 000 001"}));
        })
        .await;
        assert_eq!((report.rows.succeeded, report.blind_overwrites), (2, 1), "{report:?}");
        let entries = log(&h);
        let [(number, entry)] = entries.as_slice() else { panic!("{entries:?}") };
        assert!(entry.blind);
        assert_eq!((entry.field.as_str(), entry.kept), ("MailingCity", Some(Side::Supporter)));
        assert_eq!((entry.contact_value.as_str(), entry.supporter_value.as_str()), ("Albany", "Bunbury"));
        assert_eq!(entry.contact.to_string(), ann);
        let next = h.sync().await;
        assert_eq!((next.blind_overwrites, next.supporter_writes), (0, 1), "the phone came over: {next:?}");
        take_back(&h.sides, *number, "administrator").await.unwrap().unwrap().unwrap();
        h.sync().await;
        assert_eq!(h.contact_field(&ann, "MailingCity"), "Albany");
        assert_eq!(h.supporter_cell(1, "city").await.as_deref(), Some("Albany"));
        assert!(h.sync().await.wrote_nothing());
        assert_eq!(log(&h).len(), 1);
    }
}

#[tokio::test]
async fn a_row_that_overwrote_what_was_seen_is_no_news() {
    for direct in [false, true] {
        let (h, ann) = in_step(world(direct)).await;
        // WHEN what was typed is what the row carries as well, or is undone at once, or a record is new.
        h.supporter(&Person::new(3, "Kim", "Roe", "kim@example.org").in_city("Hobart")).await;
        let report = sync_while(&h, || {
            h.edit_contact(&ann, &json!({"MailingCity": "Albany"}));
            h.edit_contact(&ann, &json!({"MailingCity": "Perth"}));
            h.edit_contact(&h.link(2).expect("linked"), &json!({"MailingCity": "Bunbury"}));
        })
        .await;
        assert_eq!((report.blind_overwrites, log(&h).len()), (0, 0), "{report:?}");
    }
}

#[tokio::test]
async fn without_a_history_of_the_field_nothing_is_asked_and_nothing_is_known() {
    for direct in [false, true] {
        let mut untracked = world(direct);
        untracked.settings.tracked.retain(|name| name != "MailingCity");
        let (h, ann) = in_step(untracked).await;
        let report = sync_while(&h, || h.edit_contact(&ann, &json!({"MailingCity": "Albany"}))).await;
        assert_eq!(h.org.admin().calls().of(Op::Query), 0, "the history was asked");
        assert_eq!((report.rows.succeeded, report.blind_overwrites, log(&h).len()), (2, 0, 0));
    }
}

#[tokio::test]
async fn hundreds_of_rows_take_one_query_and_new_contacts_none() {
    let h = Harness::start_in(World { direct: true, ..world(true) }).await;
    for id in 1..=150 {
        h.supporter(&Person::new(id, "Jo", &format!("Doe{id}"), &format!("jo{id}@example.org"))).await;
    }
    h.sync().await;
    h.org.admin().reset_calls();
    for id in 1..=150 {
        h.edit_supporter(id, "city", Some("Perth")).await;
    }
    h.contact(&Contact::new("Al", "Poe", "al@example.org"));
    let report = h.run(Mode::Push).await;
    assert_eq!(report.rows.succeeded, 150);
    assert_eq!(h.org.admin().calls().of(Op::Query), 1, "one query for all of them");
}

#[tokio::test]
async fn the_process_dies_before_the_answer_and_the_edit_is_logged_once() {
    for direct in [false, true] {
        let (mut h, ann) = in_step(world(direct)).await;
        let admin = h.org.admin();
        // GIVEN a row that was saved over an edit, and a process that died before it knew.
        admin.progress(Progress::Stepped);
        admin.reset_calls();
        admin.fault(Op::CollectionUpdate, busy());
        let edited = Cell::new(false);
        let saved_over = |h: &Harness| {
            if at_the_door(&h.org) && !edited.replace(true) {
                h.edit_contact(&ann, &json!({"MailingCity": "Albany"}));
                admin.clear_faults();
                admin.fault(Op::CollectionUpdate, Fault::Slow { millis_per_kib: 3_600_000 });
                while admin.step_jobs() > 0 {}
            }
            edited.get() && h.contact_field(&ann, "MailingCity") == "Bunbury"
        };
        h.kill_when(Mode::Sync, saved_over).await;
        admin.clear_faults();
        admin.progress(Progress::Auto);
        h.restart().await;
        let report = h.sync().await;
        assert_eq!(report.blind_overwrites, 1, "direct: {direct}: {report:?}");
        for _ in 0..2 {
            assert_eq!(h.sync().await.blind_overwrites, 0);
        }
        let entries = log(&h);
        assert_eq!(entries.len(), 1, "{entries:?}");
        assert_eq!(entries[0].1.contact_value, "Albany");
    }
}

#[tokio::test]
async fn a_history_that_may_not_be_read_stops_nobody() {
    let (h, ann) = in_step(world(true)).await;
    h.org.admin().fault(
        Op::Query,
        Fault::Refuse {
            status: 400,
            body: r#"[{"errorCode":"INVALID_TYPE","message":"sObject type 'ContactHistory' is not supported."}]"#.to_owned(),
            times: 1,
        },
    );
    let report = h.sync().await;
    assert_eq!((report.rows.succeeded, report.blind_overwrites), (2, 0), "{report:?}");
    assert!(report.notes.iter().any(|note| note.contains("field history")), "{:?}", report.notes);
    assert_eq!(h.contact_field(&ann, "MailingCity"), "Bunbury");
}
