//! Every kind of case there is, and every choice there is about it: the next cycle does what the choice says it does, and the
//! story says so.

use std::time::Duration;

use e2e::{Contact, Harness, Person, World};
use model::field_map::plain_rule;
use model::{
    CaseKind, Choice, ContactId, FieldRule, FieldType, Happened, Policy, Ruling, Side, Stamp, Standing,
    SupporterId, Way,
};
use plan::CycleReport;
use serde_json::json;
use simorg::duplicate::{DuplicateAction, DuplicateSettings, MatchItem, MatchMethod};
use state::Changes;

/// A world in which exactly one case of a kind is open.
struct Stage {
    h: Harness,
    case: model::Case,
    /// Whom a link would join.
    pair: (i64, String),
}

fn supporter(id: i64) -> SupporterId {
    SupporterId::parse(&id.to_string()).expect("a number is an id")
}

fn later(h: &Harness) {
    h.org.admin().clock().advance(Duration::from_secs(120));
}

fn blocking_on(object: &str, field: &str) -> World {
    let mut world = World { own_duplicate_rules: true, ..World::default() };
    world.settings.match_before_create = false;
    world.org.duplicates =
        DuplicateSettings::name_and_email(DuplicateAction::Block, "Use one of these records?");
    world.org.duplicates.rules[0].object = object.to_owned();
    world.org.duplicates.matching_rules[0].object = object.to_owned();
    world.org.duplicates.matching_rules[0].items = vec![MatchItem::new(field, MatchMethod::Exact)];
    world.org.duplicates.matching_rules[0].equation = String::new();
    world
}

fn ann(id: i64) -> Person {
    Person::new(id, "Ann", "Lee", "ann@example.org")
}

/// Deletes a Contact as a person does.
fn delete(h: &Harness, contact: &str) {
    let admin = h.org.admin();
    admin.delete_as(&admin.person(), "Contact", contact).expect("a person may delete");
    later(h);
}

/// Two linked people: their Contacts.
async fn two_linked(h: &Harness) -> (String, String) {
    h.supporter(&ann(1)).await;
    h.supporter(&Person::new(2, "Anna", "Leigh", "leigh@example.org")).await;
    h.sync().await;
    (h.link(1).expect("linked"), h.link(2).expect("linked"))
}

/// A stage before the cycle that opens the case, and the Contact a link would be made to; empty where no link is a choice.
type Set = (Harness, String);

async fn several_fit() -> Set {
    let h = Harness::start().await;
    h.contact(&Contact::new("Ann", "Lee", "ann@example.org"));
    let second = h.contact(&Contact::new("Ann", "Lee", "ann@example.org"));
    h.supporter(&ann(1)).await;
    (h, second)
}

async fn one_nearly_fits() -> Set {
    let mut world = World::default();
    world.settings.matching.min_auto = plan_strength();
    let h = Harness::start_in(world).await;
    let bob = h.contact(&Contact::new("Robert", "Stillman", "bob@example.org"));
    h.supporter(&Person::new(1, "Bob", "Stillman", "bob@example.org")).await;
    (h, bob)
}

async fn a_shared_address() -> Set {
    let h = Harness::start().await;
    let john = h.contact(&Contact::new("John", "Miller", "ann@example.org"));
    h.supporter(&ann(1)).await;
    (h, john)
}

async fn a_taken_contact() -> Set {
    let h = Harness::start().await;
    h.supporter(&ann(2)).await;
    h.sync().await;
    h.supporter(&ann(1)).await;
    let contact = h.link(2).expect("linked");
    (h, contact)
}

async fn a_wrong_contact_id() -> Set {
    let h = Harness::start().await;
    let other = h.contact(&Contact::new("Walter", "Okonkwo", "walter@example.org"));
    h.supporter(&ann(1).linked_to(&other)).await;
    (h, other)
}

async fn a_key_twice() -> Set {
    let mut world = World::default();
    for field in &mut world.org.custom_fields {
        field.unique &= field.name != "EN_Supporter_Id__c";
    }
    let h = Harness::start_in(world).await;
    let keyed = |address: &str| Contact::new("Ann", "Lee", address).with("EN_Supporter_Id__c", "1");
    h.contact(&keyed("a@example.org"));
    let second = h.contact(&keyed("b@example.org"));
    h.supporter(&ann(1)).await;
    (h, second)
}

async fn one_person_twice() -> Set {
    let h = Harness::start().await;
    h.supporter(&ann(1)).await;
    h.supporter(&ann(2)).await;
    let contact = h.contact(&Contact::new("Ann", "Lee", "ann@example.org"));
    (h, contact)
}

async fn contacts_merged() -> Set {
    let h = Harness::start().await;
    let (first, second) = two_linked(&h).await;
    let admin = h.org.admin();
    admin.merge_as(&admin.person(), "Contact", &second, &[first.as_str()]).expect("merged");
    later(&h);
    (h, second)
}

async fn a_deleted_contact() -> Set {
    let h = Harness::start().await;
    h.supporter(&ann(1)).await;
    h.sync().await;
    delete(&h, &h.link(1).expect("linked"));
    h.sync().await;
    let another = h.contact(&Contact::new("Ann", "Lee", "ann@example.org"));
    (h, another)
}

async fn a_deleted_supporter() -> Set {
    let h = Harness::start().await;
    h.supporter(&ann(1)).await;
    h.sync().await;
    let contact = h.link(1).expect("linked");
    h.delete_supporter(1).await;
    h.edit_contact(&contact, &json!({"MailingCity": "Perth"}));
    later(&h);
    (h, contact)
}

async fn supporters_merged() -> Set {
    let h = Harness::start_in(World { merges: true, ..World::default() }).await;
    let (_, second) = two_linked(&h).await;
    h.edit_supporter(2, "merged_into", Some("1")).await;
    (h, second)
}

async fn two_cities() -> Set {
    let h = Harness::start_in(World::default().with_policy("MailingCity", Policy::Hold)).await;
    h.supporter(&ann(1).in_city("Perth")).await;
    h.sync().await;
    let contact = h.link(1).expect("linked");
    h.edit_supporter(1, "city", Some("Bunbury")).await;
    h.edit_contact(&contact, &json!({"MailingCity": "Albany"}));
    (h, contact)
}

async fn two_answers() -> Set {
    let mut world = World::default();
    let rule = plain_rule("DoNotCall", "opt_in_at", FieldType::Boolean);
    world.rules.push(FieldRule { first_link: Policy::Hold, ..rule });
    let h = Harness::start_in(world).await;
    let contact = Contact::new("Ann", "Lee", "ann@example.org").with("DoNotCall", "true");
    let contact = h.contact(&contact);
    h.supporter(&ann(1)).await;
    h.edit_supporter(1, "opt_in_at", Some("false")).await;
    (h, contact)
}

async fn a_telephone_twice() -> Set {
    let h = Harness::start_in(blocking_on("Contact", "HomePhone")).await;
    let other = Contact::new("Walter", "Other", "walter@example.org").with("HomePhone", "0401 555 010");
    let other = h.contact(&other);
    h.supporter(&Person { phone: Some("0401 555 010".to_owned()), ..ann(1) }).await;
    (h, other)
}

async fn a_household_twice() -> Set {
    let mut world = blocking_on("Account", "Name");
    world.org.npsp.households = true;
    let h = Harness::start_in(world).await;
    let account = json!({"Name": "Lee Household"});
    h.org.admin().seed("Account", vec![account.as_object().expect("an object").clone()]).expect("seeded");
    let other = h.contact(&Contact::new("Ann", "Lee", "other@example.org"));
    h.supporter(&ann(1)).await;
    (h, other)
}

async fn a_bad_address() -> Set {
    let h = Harness::start().await;
    h.supporter(&Person::new(1, "Jo", "Doe", "jo..doe@example.org")).await;
    (h, String::new())
}

async fn a_hundred_bad_addresses() -> Set {
    let h = Harness::start().await;
    for id in 1..=110 {
        h.supporter(&Person::new(id, "Jo", "Doe", &format!("jo..{id}@example.org"))).await;
    }
    let contact = h.contact(&Contact::new("Jo", "Doe", "jo@example.org"));
    (h, contact)
}

async fn stage(kind: CaseKind, (h, contact): Set) -> Stage {
    if kind != CaseKind::ContactDeleted {
        h.sync().await;
    }
    let cases = h.sides.state.cases_page(None, 1_000).expect("readable");
    let case = cases.iter().find(|case| case.kind == kind).cloned();
    assert!(case.is_some(), "{kind:?} is not open: {:?}", h.cases());
    Stage { case: case.expect("just looked at"), h, pair: (1, contact) }
}

/// Only the same names link by themselves.
fn plan_strength() -> matching::Strength {
    matching::Strength::Exact
}

/// What `cases resolve` would leave in the state for this choice.
fn choice(stage: &Stage, way: Way, side: Side) -> Choice {
    match way {
        Way::Link => Choice::Link {
            supporter: supporter(stage.pair.0),
            contact: ContactId::parse(&stage.pair.1).expect("the org's ids are ids"),
        },
        Way::Separate => Choice::Separate,
        Way::Take => Choice::Take(stage.case.reasons.iter().map(|field| (field.clone(), side)).collect()),
        Way::CreateAnew => Choice::CreateAnew,
        Way::Leave => Choice::Leave,
        Way::Retry => Choice::Retry,
        Way::Unlink => unreachable!("no case offers it"),
    }
}

async fn decide(stage: &Stage, choice: Choice) -> CycleReport {
    let ruling = Ruling { choice, by: "administrator".to_owned(), why: None, at: Stamp::from_seconds(0) };
    let mut changes = Changes::new();
    let standing = Standing { ruling: Some(ruling), ..Standing::default() };
    changes.rule_case(stage.case.kind, &stage.case.subject, standing);
    let _ = stage.h.sides.state.commit(changes).await.expect("durable");
    stage.h.sync().await
}

/// The next cycle did what the choice says.
async fn check(stage: &Stage, way: Way, side: Side, before: usize, report: &CycleReport) {
    let (h, kind) = (&stage.h, stage.case.kind);
    let (id, contact) = &stage.pair;
    let what = format!("{kind:?} {way:?}: {report:?}");
    match way {
        Way::Link => {
            assert_eq!(h.link(*id).as_ref(), Some(contact), "{what}");
            assert_eq!(report.links.get("administrator"), Some(&1), "{what}");
            assert_eq!(h.contact_field(contact, "EN_Supporter_Id__c"), id.to_string(), "{what}");
            assert_eq!(h.contacts().len(), before, "{what}");
        }
        Way::Separate => {
            let named: Vec<String> = stage.case.contacts.iter().map(ToString::to_string).collect();
            assert!(h.link(*id).is_none_or(|linked| !named.contains(&linked)), "{what}");
            let apart = h.sides.state.apart_of([&supporter(*id)]).expect("readable");
            assert_eq!(apart.len(), stage.case.contacts.len(), "{what}");
        }
        Way::Take if kind == CaseKind::ConsentConflict => {
            let answer = if side == Side::Supporter { "false" } else { "true" };
            assert_eq!(h.contact_field(contact, "DoNotCall"), answer, "{what}");
            assert_eq!(h.supporter_cell(1, "opt_in_at").await.as_deref(), Some(answer), "{what}");
        }
        Way::Take => {
            let city = if side == Side::Supporter { "Bunbury" } else { "Albany" };
            assert_eq!(h.contact_field(contact, "MailingCity"), city, "{what}");
            assert_eq!(h.supporter_cell(1, "city").await.as_deref(), Some(city), "{what}");
        }
        Way::CreateAnew => assert!(h.link(*id).is_some(), "{what}"),
        Way::Leave => assert_eq!(h.contacts().len(), before, "{what}"),
        Way::Retry => assert!(report.rows.sent > 0, "the record was sent again: {what}"),
        Way::Unlink => unreachable!("no case offers it"),
    }
    let still = h.sides.state.case_of(kind, &stage.case.subject).expect("readable");
    // What the org still refuses is asked about again; everything else is over.
    assert!(still.is_none() || way == Way::Retry, "{what}");
    assert!(still.is_none_or(|case| case.standing.ruling.is_none()), "{what}");
    let carried = |told: &state::Told| {
        matches!(&told.what, Happened::CarriedOut { name, way: carried, done: true, .. }
            if *name == stage.case.name() && *carried == way)
    };
    let story = h.sides.state.story(std::slice::from_ref(&stage.case.subject)).expect("readable");
    assert!(story.iter().any(carried), "the story does not say so: {what} {story:?}");
}

async fn every_choice<S: Future<Output = Set>>(kind: CaseKind, set: impl Fn() -> S) {
    for way in kind.ways() {
        let sides: &[Side] =
            if *way == Way::Take { &[Side::Supporter, Side::Salesforce] } else { &[Side::Supporter] };
        for side in sides {
            let stage = stage(kind, set().await).await;
            let before = stage.h.contacts().len();
            let report = decide(&stage, choice(&stage, *way, *side)).await;
            check(&stage, *way, *side, before, &report).await;
        }
    }
}

/// One test for each kind; a kind without one does not compile.
macro_rules! every_kind {
    ($($name:ident: $kind:ident, $set:ident;)+) => {
        $(
            #[tokio::test]
            async fn $name() {
                every_choice(CaseKind::$kind, $set).await;
            }
        )+

        #[test]
        fn no_kind_is_left_out() {
            let tested = |kind: CaseKind| match kind {
                $(CaseKind::$kind)|+ => true,
            };
            assert!(tested(CaseKind::Blocked));
        }
    };
}

every_kind! {
    of_ambiguous_contacts: AmbiguousContacts, several_fit;
    of_a_match_to_review: ReviewMatch, one_nearly_fits;
    of_names_that_disagree: NamesDisagree, a_shared_address;
    of_two_supporters_on_one_contact: TwoSupportersOneContact, a_taken_contact;
    of_id_and_address_that_disagree: IdAndEmailDisagree, a_wrong_contact_id;
    of_several_contacts_with_one_key: SeveralContactsOneKey, a_key_twice;
    of_supporters_to_be_merged: SupporterMergeNeeded, one_person_twice;
    of_a_contact_merged_into_a_linked_one: MergedIntoLinked, contacts_merged;
    of_a_deleted_contact: ContactDeleted, a_deleted_contact;
    of_a_deleted_supporter: SupporterDeleted, a_deleted_supporter;
    of_a_conflict_that_is_held: ConflictHeld, two_cities;
    of_a_consent_that_is_held: ConsentConflict, two_answers;
    of_a_duplicate_of_nobody: DuplicateUnresolved, a_telephone_twice;
    of_a_duplicate_of_another_object: DuplicateOfOtherObject, a_household_twice;
    of_a_blocked_record: Blocked, a_bad_address;
    of_a_failure_of_the_whole: Systemic, a_hundred_bad_addresses;
    of_contacts_to_be_merged: ContactMergeNeeded, supporters_merged;
}
