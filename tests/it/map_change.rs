//! A changed field map: blocks set under the old one are lifted, and everybody linked is compared again. And what else a
//! cycle sees to before it begins.

use std::sync::Arc;
use std::time::Duration;

use e2e::{Harness, Person, World};
use model::field_map::plain_rule;
use model::{Direction, FieldMap, FieldRule, FieldType};
use plan::{ContactColumns, Exclude, Settings};

async fn use_map(h: &mut Harness, change: impl FnOnce(&mut Vec<FieldRule>)) {
    let mut rules = h.sides.map.rules().to_vec();
    change(&mut rules);
    let map = FieldMap::new(rules, h.sides.map.technical().clone()).expect("a map");
    let describe = h.sides.org.describe("Contact").await.expect("described");
    h.sides.columns = Arc::new(ContactColumns::new(&map, &h.sides.settings, &describe).expect("every field"));
    h.sides.map = Arc::new(map);
}

fn first_name_of(length: usize) -> impl FnOnce(&mut Vec<FieldRule>) {
    move |rules| {
        let rule = rules.iter_mut().find(|rule| rule.contact_field == "FirstName").expect("mapped");
        rule.max_length = Some(length);
    }
}

#[tokio::test]
async fn a_new_field_reaches_everybody_who_is_linked_without_anybodys_edit() {
    let mut h = Harness::start().await;
    h.supporter(&Person::new(1, "Jo", "Doe", "jo@example.org").in_city("Perth")).await;
    h.sync().await;
    let id = h.link(1).unwrap();
    assert!(h.sync().await.wrote_nothing());
    let department =
        FieldRule { direction: Direction::Push, ..plain_rule("Department", "city", FieldType::Text) };
    use_map(&mut h, |rules| rules.push(department)).await;
    assert_eq!(h.plans(service::request::Mode::Sync).await.len(), 1, "a dry run says so, too");
    let report = h.sync().await;
    assert_eq!(h.contact_field(&id, "Department"), "Perth", "{report:?}");
    assert!(report.notes.iter().any(|note| note.starts_with("the field map changed: 1 ")), "{report:?}");
    let quiet = h.sync().await;
    assert!(quiet.wrote_nothing() && quiet.notes.is_empty(), "{quiet:?}");
}

async fn use_settings(h: &mut Harness, change: impl FnOnce(&mut Settings)) {
    let mut settings = Settings::clone(&h.sides.settings);
    change(&mut settings);
    let describe = h.sides.org.describe("Contact").await.expect("described");
    h.sides.columns = Arc::new(ContactColumns::new(&h.sides.map, &settings, &describe).expect("every field"));
    h.sides.settings = Arc::new(settings);
}

fn the_board_is_left_out(settings: &mut Settings) {
    settings.exclude = vec![Exclude { field: "LeadSource".into(), values: vec!["Board".into()] }];
}

/// A linked person of the board, which is left out, moved and opted out since; the mark is gone, and so are the windows.
async fn left_out() -> (Harness, String) {
    let mut world = World::default();
    the_board_is_left_out(&mut world.settings);
    (world.settings.overlap, world.settings.settle) = (Duration::ZERO, Duration::ZERO);
    let h = Harness::start_in(world).await;
    h.supporter(&Person::new(1, "Jo", "Doe", "jo@example.org").in_city("Perth").opted("Y")).await;
    h.sync().await;
    let id = h.link(1).expect("linked");
    h.edit_contact(&id, &serde_json::json!({"LeadSource": "Board"}));
    h.edit_supporter(1, "city", Some("Hobart")).await;
    h.edit_supporter(1, "opt_in", Some("N")).await;
    h.org.admin().clock().advance(Duration::from_secs(3600));
    let report = h.sync().await;
    assert_eq!((report.outcome("skipped:excluded"), report.still_dirty), (1, 0), "{report:?}");
    assert!(h.sync().await.notes.is_empty(), "unchanged settings are nothing to tell");
    (h, id)
}

const COMPARED_AGAIN: &str = "who is left out changed: 1 linked people are compared again, and whoever was never linked is met by `highwater backfill`";

#[tokio::test]
async fn what_was_edited_behind_an_exclusion_arrives_once_the_exclusion_ends() {
    let (mut h, id) = left_out().await;
    use_settings(&mut h, |settings| settings.exclude.clear()).await;
    assert_eq!(h.plans(service::request::Mode::Sync).await.len(), 1, "a dry run says so, too");
    let report = h.sync().await;
    assert_eq!(h.contact_field(&id, "MailingCity"), "Hobart", "{report:?}");
    assert_eq!(h.contact_field(&id, "Email_Opt_In__c"), "false");
    assert_eq!(report.notes, [COMPARED_AGAIN]);
    // AND that is told once
    let quiet = h.sync().await;
    assert!(quiet.wrote_nothing() && quiet.notes.is_empty(), "{quiet:?}");
}

#[tokio::test]
async fn an_exclusion_from_the_pull_alone_lets_out_what_waited_behind_one_from_both() {
    let (mut h, id) = left_out().await;
    use_settings(&mut h, |settings| settings.exclude_pulls_only = true).await;
    let report = h.sync().await;
    assert_eq!(h.contact_field(&id, "MailingCity"), "Hobart", "{report:?}");
    assert_eq!(report.notes, [COMPARED_AGAIN]);
}

#[tokio::test]
async fn who_is_to_be_created_is_said_and_marks_nobody_who_is_linked() {
    let (mut h, _) = left_out().await;
    use_settings(&mut h, |settings| settings.create_supporters = true).await;
    let report = h.sync().await;
    assert_eq!(
        report.notes,
        ["who is left out changed: whoever was never linked is met by `highwater backfill`"]
    );
    assert_eq!(report.selected, 0, "{report:?}");
    assert!(h.sync().await.notes.is_empty());
}

#[tokio::test]
async fn a_state_from_before_it_was_kept_begins_with_what_is_and_marks_nobody() {
    let (mut h, id) = left_out().await;
    let mut changes = state::Changes::new();
    changes.remove_bookmark("left_out_under");
    let _ = h.sides.state.commit(changes).await.unwrap();
    let report = h.sync().await;
    assert!(report.notes.is_empty() && report.selected == 0, "{report:?}");
    // AND from then on a change is noticed
    use_settings(&mut h, |settings| settings.exclude.clear()).await;
    h.sync().await;
    assert_eq!(h.contact_field(&id, "MailingCity"), "Hobart");
}

#[tokio::test]
async fn a_block_set_under_the_old_map_is_lifted_by_the_new_one() {
    let mut h = Harness::start().await;
    use_map(&mut h, first_name_of(5)).await;
    h.supporter(&Person::new(1, "Josephine", "Doe", "jo@example.org")).await;
    h.sync().await;
    assert_eq!(h.block(1).as_deref(), Some("STRING_TOO_LONG"));
    assert!(h.sync().await.wrote_nothing());
    use_map(&mut h, first_name_of(40)).await;
    let report = h.sync().await;
    assert_eq!(report.outcome("contact_created"), 1, "{report:?}");
    assert_eq!((h.block(1), h.cases()), (None, Vec::new()));
}

#[tokio::test]
async fn overwritten_values_are_kept_for_thirty_days_of_the_orgs_clock() {
    let h = Harness::start().await;
    let now = h.org.admin().clock().now();
    let now = model::Stamp::parse(&now.rest()).unwrap();
    let mut changes = state::Changes::new();
    for days in [45, 31, 29, 0] {
        changes.log_conflict(state::Conflict {
            cycle: model::CycleId(1),
            at: now.minus(Duration::from_secs(days * 24 * 3600)),
            supporter: model::SupporterId::parse("1").unwrap(),
            contact: model::ContactId::parse("003000000000001").unwrap(),
            field: format!("kept_{days}"),
            kept: None,
            policy: model::Policy::Salesforce,
            supporter_value: String::new(),
            contact_value: String::new(),
            blind: false,
        });
    }
    let _ = h.sides.state.commit(changes).await.unwrap();
    h.sync().await;
    let kept = h.sides.state.conflicts_page(None, 10).unwrap();
    let kept: Vec<&str> = kept.iter().map(|(_, conflict)| conflict.field.as_str()).collect();
    assert_eq!(kept, ["kept_29", "kept_0"]);
}

#[tokio::test]
async fn files_a_dead_process_left_are_removed_and_those_of_an_open_job_are_not() {
    let h = Harness::start().await;
    let dir = h.sides.state.spool_dir();
    for name in
        ["contacts.directory", "query-750000000000001AAA.csv", "job-77-upload.csv", "job-78-failed.csv"]
    {
        std::fs::write(dir.join(name), "somebody's data").unwrap();
    }
    // A dry run writes nothing, and removes nothing.
    h.plans(service::request::Mode::Sync).await;
    assert!(dir.join("job-77-upload.csv").exists());
    h.sync().await;
    assert_eq!(std::fs::read_dir(&dir).unwrap().count(), 0);
}
