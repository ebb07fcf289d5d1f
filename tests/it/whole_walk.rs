//! An org with everything that refuses: translated alerts, a phone rule, households, couples, ties, and people merged by hand. Every
//! refusal ends in a link, a case or a block, nobody is linked to somebody else, and what the report says to merge, merged as it says,
//! leaves nothing to do.

use std::collections::{BTreeMap, HashSet};
use std::time::Duration;

use e2e::{Contact, Harness, Person, World, alerting};
use model::{ContactId, Subject, SupporterId};
use plan::Twin;
use report::verify::{Left, Reported, Verdict, judge, reported};
use simorg::duplicate::{DuplicateAction, DuplicateRule, MatchItem, MatchMethod, MatchingRule, RuleUse};

const MERGED: i64 = 50;

/// Who each supporter is in truth: the Contact's e-mail address and first name, or nobody.
type Truth = BTreeMap<i64, Option<String>>;

fn world() -> World {
    let mut world = World { own_duplicate_rules: true, merges: true, ..World::default() };
    world.settings.match_before_create = false;
    world.settings.twin = Twin::Both;
    world.org.npsp.households = true;
    world.org.duplicates = alerting("Un de ces enregistrements existe déjà");
    let mut rule = |name: &str, object: &str, field: &str, action| {
        world.org.duplicates.matching_rules.push(MatchingRule {
            name: format!("{name}_Match"),
            object: object.into(),
            items: vec![MatchItem::new(field, MatchMethod::Exact)],
            equation: String::new(),
        });
        world.org.duplicates.rules.push(DuplicateRule {
            name: name.into(),
            object: object.into(),
            uses: vec![RuleUse { matching_rule: format!("{name}_Match"), field_mapping: Vec::new() }],
            on_create: action,
            on_edit: DuplicateAction::Report,
            alert_text: "Use one of these records?".into(),
            excluded_users: Vec::new(),
        });
    };
    rule("Same_Phone", "Contact", "HomePhone", DuplicateAction::Block);
    rule("Same_Household", "Account", "Name", DuplicateAction::Alert);
    world
}

fn letters(id: i64) -> String {
    let letter = |n: i64| char::from(b'a' + u8::try_from(n % 26).expect("a letter"));
    [letter(id), letter(id / 26), letter(id * 7), letter(id * 3 + 5)].iter().collect()
}

fn last_name(id: i64) -> String {
    format!("Q{}son", letters(id))
}

/// Everybody, and who they are.
async fn people(h: &Harness) -> Truth {
    let mut truth = Truth::new();
    let mut there = |id: i64, first: &str, last: &str, address: &str| {
        truth.insert(id, Some(h.contact(&Contact::new(first, last, address))));
    };
    for id in 1..=20 {
        there(id, "Robert", &last_name(id), &format!("p{id}@example.org"));
        h.supporter(&Person::new(id, "Bob", &last_name(id), &format!("p{id}@example.org"))).await;
    }
    // Couples on one address: one of the two is there already.
    for id in 21..=25 {
        let address = format!("couple{id}@example.org");
        there(id, "Walter", &last_name(id), &address);
        h.supporter(&Person::new(id, "Walter", &last_name(id), &address)).await;
    }
    // Ties, strangers with the same phone, households of that name: only a person can say.
    for id in 31..=35 {
        let address = format!("tie{id}@example.org");
        h.contact(&Contact::new("Ann", &last_name(id), &address));
        h.contact(&Contact::new("Ann", &last_name(id), &address));
        h.supporter(&Person::new(id, "Ann", &last_name(id), &address)).await;
        truth.insert(id, None);
    }
    for id in 41..=45 {
        let phone = format!("0401 555 0{id}");
        let other = Contact::new("Zoe", "Stranger", &format!("other{id}@example.org"));
        h.contact(&other.with("HomePhone", &phone));
        let person = Person::new(id, "Uma", &last_name(id), &format!("phone{id}@example.org"));
        h.supporter(&Person { phone: Some(phone), ..person }).await;
        truth.insert(id, None);
    }
    for id in 51..=53 {
        let household = serde_json::json!({"Name": format!("{} Household", last_name(id))});
        let household = household.as_object().expect("an object was written").clone();
        h.org.admin().seed("Account", vec![household]).expect("seeded");
        h.supporter(&Person::new(id, "Ida", &last_name(id), &format!("house{id}@example.org"))).await;
        truth.insert(id, None);
    }
    // Two supporters who are one person, with one Contact.
    for id in 61..=64 {
        let address = format!("twice{id}@example.org");
        h.contact(&Contact::new("Eva", &last_name(id), &address));
        h.supporter(&Person::new(id, "Eva", &last_name(id), &address)).await;
        h.supporter(&Person::new(id + 10, "Eva", &last_name(id), &address)).await;
        truth.extend([(id, None), (id + 10, None)]);
    }
    truth
}

/// Fifty people who are linked, and whose Contacts were merged in the org with a second one, either way round.
async fn merged_by_hand(h: &Harness, truth: &mut Truth) {
    for id in 101..101 + MERGED {
        let contact = h.contact(&Contact::new("Max", &last_name(id), &format!("m{id}@example.org")));
        h.supporter(
            &Person::new(id, "Max", &last_name(id), &format!("m{id}@example.org")).linked_to(&contact),
        )
        .await;
    }
    h.sync().await;
    let admin = h.org.admin();
    for id in 101..101 + MERGED {
        let linked = h.link(id).expect("linked by the stored Id");
        let second = h.contact(&Contact::new("Maximilian", &last_name(id), &format!("mm{id}@example.org")));
        let (master, loser) = if id % 2 == 0 { (linked, second) } else { (second, linked) };
        admin.merge_as(&admin.person(), "Contact", &master, &[loser.as_str()]).expect("merged");
        truth.insert(id, Some(master));
    }
    later(h);
}

fn later(h: &Harness) {
    h.org.admin().clock().advance(Duration::from_secs(120));
}

fn supporter(id: i64) -> SupporterId {
    SupporterId::parse(&id.to_string()).expect("a number is an id")
}

/// Nobody is linked to anybody else, and nobody is forgotten.
fn check(h: &Harness, truth: &Truth) {
    for (id, contact) in truth {
        let (linked, subject) = (h.link(*id), Subject::Supporter(supporter(*id)));
        match contact {
            Some(contact) => assert_eq!(linked.as_ref(), Some(contact), "supporter {id}"),
            None => {
                assert_eq!(linked, None, "supporter {id} is linked to somebody");
                let case = !h.sides.state.cases_of(&subject).expect("readable").is_empty();
                assert!(case || h.block(*id).is_some(), "supporter {id} is forgotten");
            }
        }
    }
}

fn groups(h: &Harness) -> Vec<Reported> {
    let mut text = Vec::new();
    let options = report::Options { format: report::Format::Json, ..report::Options::default() };
    report::merges(&h.sides.state, &options, &mut text).expect("written to memory");
    reported(text.as_slice()).expect("reads what it wrote")
}

/// What is left of a group.
async fn left(h: &Harness, group: &Reported) -> Left {
    let rows = h.sides.supporters.get(&group.supporters).await.expect("readable").into_iter().flatten();
    let stand = rows.filter(|row| h.sides.map.merged_into(row).is_none());
    let living: HashSet<String> =
        h.contacts().iter().filter_map(|contact| contact["Id"].as_str().map(str::to_owned)).collect();
    let links = h.sides.state.links_of(&group.supporters).expect("readable").into_iter().flatten();
    Left {
        supporters: stand.map(|row| (row.id.clone(), row.contact_id.text().map(str::to_owned))).collect(),
        contacts: group.contacts.iter().filter(|id| living.contains(id.as_str())).copied().collect(),
        links: links.map(|link| (link.supporter, link.contact)).collect(),
        no_column: false,
    }
}

/// Merges as the report says: supporters first, then Contacts.
async fn merge(h: &Harness, group: &Reported) {
    if let Some(keep) = &group.keep_supporter {
        for loser in group.supporters.iter().filter(|id| *id != keep) {
            let loser: i64 = loser.as_str().parse().expect("the table's ids are numbers");
            h.edit_supporter(loser, "merged_into", Some(keep.as_str())).await;
        }
    }
    let admin = h.org.admin();
    if let Some(keep) = &group.keep_contact {
        for loser in group.contacts.iter().filter(|id| *id != keep).map(ContactId::as_str) {
            admin.merge_as(&admin.person(), "Contact", keep.as_str(), &[loser]).expect("merged");
        }
    }
}

#[tokio::test]
async fn every_refusal_ends_and_what_the_report_says_to_merge_leaves_nothing_to_do() {
    let h = Harness::start_in(world()).await;
    let mut truth = Truth::new();
    merged_by_hand(&h, &mut truth).await;
    truth.extend(people(&h).await);
    let report = h.sync().await;
    assert!(report.duplicates_refused >= 40, "{report:?}");
    assert!(report.duplicates_linked >= 20, "{report:?}");
    check(&h, &truth);
    // The other half of each couple becomes a Contact of their own once they are a supporter, and nobody is renamed.
    later(&h);
    assert!(h.sync().await.wrote_nothing(), "what was refused is not sent again and again");
    // WHEN every group that the report names is merged as it says
    let named = groups(&h);
    for id in (31..=35).chain(61..=64) {
        let name = supporter(id);
        let cases = h.sides.state.cases_of(&Subject::Supporter(name.clone())).expect("readable");
        let names = |group: &Reported| group.supporters.contains(&name);
        assert!(named.iter().any(names), "nobody names {id}: {cases:?}");
    }
    for group in &named {
        merge(&h, group).await;
    }
    later(&h);
    h.sync().await;
    later(&h);
    h.sync().await;
    // THEN each is one person on both sides, and the next cycle has nothing to write
    for group in &named {
        let left = left(&h, group).await;
        assert_eq!(judge(group, &left), Verdict::Merged, "{group:?}: {left:?}");
    }
    later(&h);
    let report = h.sync().await;
    assert!(report.wrote_nothing(), "{report:?}");
    let wrong: Vec<&i64> =
        truth.keys().filter(|id| truth[*id].is_some() && h.link(**id) != truth[*id]).collect();
    assert!(wrong.is_empty(), "{wrong:?}");
}
