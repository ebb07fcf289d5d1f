//! Who is one person, whom to keep, and in which order.

use model::{Case, CaseKind, ContactId, CycleId, Evidence, Link, LinkLife, Stamp, Subject};
use report::{Format, merges};
use serde_json::{Value, json};
use state::{Changes, State};

use crate::people::{JOE, OTHER, case, contact, names_disagree, options, record, stamp, supporter, written};

fn link(id: &str, to: ContactId, since: Stamp) -> Link {
    Link {
        supporter: supporter(id),
        contact: to,
        made_at: since,
        cycle: CycleId(1),
        evidence: Evidence::StoredContactId,
        life: LinkLife::Live,
    }
}

pub(crate) async fn state_of(links: Vec<Link>, cases: Vec<Case>) -> State {
    let state = State::in_memory(7).unwrap();
    let mut changes = Changes::new();
    for link in links {
        changes.put_link(link);
    }
    for case in cases {
        changes.open_case(case);
    }
    let receipt = state.commit(changes).await.unwrap();
    assert!(receipt.refused.is_empty());
    state
}

fn json_of(state: &State) -> Vec<Value> {
    let (_, text) = written(|to| merges(state, &options(Format::Json), to));
    serde_json::from_str(&text).unwrap()
}

/// Supporters 7 and 1042 claim one Contact; 1042 is linked to it, and the other knows more.
pub(crate) fn two_claim_one() -> Case {
    let mut two = case(CaseKind::TwoSupportersOneContact, "7");
    two.supporters.push(supporter("1042"));
    two.contacts.push(contact(JOE));
    two.reasons = vec!["stored_contact_id".into()];
    let name = [("FirstName", "Joe"), ("LastName", "Smith"), ("Email", "joe@example.org")];
    let mut fuller = name.to_vec();
    fuller.extend([("Phone", "555-0100"), ("EmailOptIn__c", "false")]);
    let mut opted_in = name.to_vec();
    opted_in.push(("EmailOptIn__c", "true"));
    two.records = vec![
        record(Subject::Supporter(supporter("7")), &fuller),
        record(Subject::Supporter(supporter("1042")), &opted_in),
        record(Subject::Contact(contact(JOE)), &opted_in),
    ];
    two
}

#[tokio::test]
async fn of_two_supporters_the_one_that_carries_the_id_of_the_contact_stays() {
    let since = stamp("2026-01-02T03:04:05Z");
    let state = state_of(vec![link("1042", contact(JOE), since)], vec![two_claim_one()]).await;
    let group = json_of(&state)[0]["group"].clone();
    assert_eq!(group["action"], "merge");
    assert_eq!(group["certainty"], "sure");
    assert_eq!((&group["keep_supporter"], &group["keep_contact"]), (&json!("1042"), &json!(JOE)));
    let why = group["keep_because"].to_string();
    assert!(why.contains(&format!("carries the Id of Contact {JOE}")), "{why}");
    assert!(why.contains("linked since 2026-01-02T03:04:05Z"), "{why}");
    assert!(why.contains("4 mapped fields filled, the fullest other 5"), "{why}");
    assert!(
        why.contains("when it was created: not known") && why.contains("last activity: not known"),
        "{why}"
    );
    // AND what only the other has is named, and the no that must not be lost
    let phone = json!({"side": "supporter", "field": "Phone", "from": "supporter 7", "value": "555-0100", "kept": ""});
    assert!(group["gains"].as_array().unwrap().contains(&phone), "{group}");
    let no = json!([{"field": "EmailOptIn__c", "must_be": "false", "said_by": ["supporter 7"],
        "not_by": ["supporter 1042", format!("Contact {JOE}")]}]);
    assert_eq!(group["consent"], no);
}

#[tokio::test]
async fn what_the_map_says_of_a_tick_counts_more_than_the_name_of_the_field() {
    let state = state_of(Vec::new(), vec![two_claim_one()]).await;
    let mut options = options(Format::Json);
    options.consent.meant = vec![("emailoptin__c".to_owned(), model::field_map::Consent::OptOut)];
    let (_, text) = written(|out| merges(&state, &options, out));
    let group = serde_json::from_str::<Value>(&text).unwrap()[0]["group"].clone();
    assert_eq!(group["consent"][0]["must_be"], "true", "{group}");
}

#[tokio::test]
async fn supporters_are_merged_first_then_contacts_then_the_id_is_checked() {
    let mut several = case(CaseKind::AmbiguousContacts, "1042");
    several.contacts = vec![contact(JOE), contact(OTHER)];
    let name = [
        ("FirstName", "Joe"),
        ("LastName", "Smith"),
        ("Email", "joe@example.org"),
        ("npe01__HomeEmail__c", ""),
    ];
    several.records = vec![
        record(Subject::Contact(contact(JOE)), &[&name[..], &[("AccountId", "001A")]].concat()),
        record(Subject::Contact(contact(OTHER)), &[&name[..], &[("AccountId", "001B")]].concat()),
    ];
    let since = stamp("2026-01-02T03:04:05Z");
    let state = state_of(vec![link("7", contact(OTHER), since)], vec![two_claim_one(), several]).await;
    let cases = json_of(&state);
    // THEN both cases are one group, and so is the link
    assert_eq!(cases.len(), 2);
    assert_eq!(cases[0]["group"], cases[1]["group"]);
    let group = &cases[0]["group"];
    assert_eq!(group["supporters"], json!(["1042", "7"]));
    assert_eq!(group["contacts"], json!([JOE, OTHER].iter().collect::<std::collections::BTreeSet<_>>()));
    assert_eq!((&group["keep_supporter"], &group["keep_contact"]), (&json!("7"), &json!(OTHER)));
    let steps: Vec<&str> = group["steps"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
    let place = |begin: &str| steps.iter().position(|step| step.starts_with(begin)).unwrap_or(usize::MAX);
    let supporters = place("first, in the supporter database: merge supporter 1042 into supporter 7");
    let contacts = place(&format!("then, in Salesforce: merge Contact {JOE} into Contact {OTHER}"));
    let check = place(&format!("check that supporter 7 carries the Contact Id {OTHER}"));
    assert!(supporters < contacts && contacts < check && check < usize::MAX, "{steps:#?}");
    let household = group["household"].to_string();
    assert!(household.contains("NPSP Contact Merge"), "{household}");
    assert!(household.contains("different Accounts (001A, 001B)"), "{household}");
    assert!(household.contains("Anonymous Household"), "{household}");
}

#[tokio::test]
async fn equal_names_on_one_address_connect_and_a_couple_on_one_address_does_not() {
    let claim = |id: &str, first: &str| {
        let mut blocked = case(CaseKind::Blocked, id);
        let fields = [("FirstName", first), ("LastName", "Smith"), ("Email", "Smiths@Example.org")];
        blocked.records = vec![record(Subject::Supporter(supporter(id)), &fields)];
        blocked
    };
    let state = state_of(vec![], vec![claim("1", "Ann"), claim("2", "Ben"), claim("3", "ann ")]).await;
    let cases = json_of(&state);
    let group_of = |id: &str| {
        let found = cases.iter().find(|case| case["about"]["id"] == id).unwrap();
        (found["group"]["id"].clone(), found["group"]["action"].clone())
    };
    assert_eq!(group_of("1"), group_of("3"));
    assert_eq!(group_of("1").1, "merge");
    assert_ne!(group_of("1").0, group_of("2").0);
    assert_eq!(group_of("2").1, "correct");
}

#[tokio::test]
async fn names_that_disagree_are_shown_and_never_proposed_for_merging() {
    let state = state_of(vec![], vec![names_disagree()]).await;
    let group = json_of(&state)[0]["group"].clone();
    assert_eq!((&group["action"], &group["certainty"]), (&json!("decide"), &json!("look first")));
    assert_eq!(group["supporters"], json!(["1042"]));
    assert_eq!(group["contacts"], json!([]));
    assert_eq!(group["perhaps"], json!([format!("Contact {JOE}")]));
    assert_eq!((&group["keep_supporter"], &group["keep_contact"]), (&Value::Null, &Value::Null));
}

#[tokio::test]
async fn a_group_of_very_many_cases_is_bounded_and_no_case_is_lost() {
    let cases = (0..300).map(|n| {
        let mut many = case(CaseKind::TwoSupportersOneContact, &format!("s{n:03}"));
        many.contacts = vec![contact(JOE)];
        many
    });
    let state = state_of(vec![], cases.collect()).await;
    let cases = json_of(&state);
    assert_eq!(cases.len(), 300);
    let ids: std::collections::BTreeSet<&str> =
        cases.iter().map(|case| case["group"]["id"].as_str().unwrap()).collect();
    assert_eq!(ids.len(), 1);
    assert!(cases.iter().all(|case| case["group"]["supporters"].as_array().unwrap().len() <= 100));
    let (_, html) = written(|to| merges(&state, &options(Format::Html), to));
    assert!(html.contains("and 250 more"), "what is left out is said");
}
