//! Links are one to one, whatever is asked for in whatever order.

use std::collections::BTreeMap;

use model::{ContactId, Digest, Evidence, Intent, LinkLife, RuleKey, Subject};
use proptest::prelude::*;
use state::{Changes, Error, InTheWay, State};

use crate::support::{at, block_on, commit, contact, in_memory, link, supporter};

#[tokio::test]
async fn a_second_link_on_either_end_is_refused_and_the_rest_is_kept() {
    let state = in_memory();
    let bases = [(RuleKey(1), Digest(1))];
    let intent = Intent { plan: None, contact: None, record: Digest(2), fields: Vec::new() };
    let receipt = commit(&state, |changes| {
        changes.put_link(link(1, 1)).put_link(link(2, 1)).set_bases(&supporter(2), &bases);
        changes.put_link(link(1, 3)).put_link(link(4, 4)).set_bases(&supporter(4), &bases);
        changes.put_intent(&supporter(2), intent.clone()).put_intent(&supporter(4), intent.clone());
    })
    .await;
    assert_eq!(receipt.refused.len(), 2);
    assert_eq!(receipt.refused[0].by, InTheWay::Linked(Subject::Supporter(supporter(1))));
    assert_eq!(receipt.refused[1].by, InTheWay::Linked(Subject::Contact(contact(1))));
    assert!(matches!(receipt.all_linked(), Err(Error::LinkTaken { .. })));
    assert_eq!(state.link_of(&supporter(2)).unwrap(), None);
    assert!(state.bases_of(&supporter(2)).unwrap().is_empty());
    assert_eq!(state.bases_of(&supporter(4)).unwrap().get(RuleKey(1)), Some(Digest(1)));
    assert_eq!(state.intent_of(&supporter(2)).unwrap(), None, "nothing is written to whoever was refused");
    assert_eq!(state.intent_of(&supporter(4)).unwrap(), Some(intent));
    assert_eq!(state.link_count().unwrap(), 2);
}

#[tokio::test]
async fn a_dead_link_gives_way_and_cannot_come_back_over_a_live_one() {
    let state = in_memory();
    let receipt = commit(&state, |changes| {
        changes.put_link(link(1, 1)).set_link_life(&supporter(1), LinkLife::SupporterDeleted);
    })
    .await;
    assert!(receipt.refused.is_empty());
    assert_eq!(state.supporter_of(&contact(1)).unwrap(), Some(supporter(1)));
    assert_eq!(state.link_count().unwrap(), 0);
    let _ = commit(&state, |changes| {
        changes.put_link(link(2, 1));
    })
    .await;
    assert_eq!(state.supporter_of(&contact(1)).unwrap(), Some(supporter(2)));
    let receipt = commit(&state, |changes| {
        changes.set_link_life(&supporter(1), LinkLife::Live);
    })
    .await;
    assert_eq!(receipt.refused[0].by, InTheWay::Linked(Subject::Supporter(supporter(2))));
    // Removing the dead one leaves the live one reachable.
    let _ = commit(&state, |changes| {
        changes.remove_link(&supporter(1));
    })
    .await;
    assert_eq!(state.supporter_of(&contact(1)).unwrap(), Some(supporter(2)));
}

#[tokio::test]
async fn a_merge_moves_a_link_with_its_bases() {
    let state = in_memory();
    let _ = commit(&state, |changes| {
        changes.put_link(link(1, 1)).set_bases(&supporter(1), &[(RuleKey(1), Digest(1))]);
        changes.put_link(link(2, 2));
    })
    .await;
    let merged = Evidence::MergedFrom { contact: contact(1) };
    let receipt = commit(&state, |changes| {
        changes.relink(&supporter(1), contact(1), contact(3), merged.clone(), at(9));
        changes.relink(&supporter(2), contact(2), contact(3), merged.clone(), at(9));
        changes.relink(&supporter(2), contact(7), contact(8), merged.clone(), at(9));
    })
    .await;
    let link = state.link_of(&supporter(1)).unwrap().unwrap();
    assert_eq!((link.contact, link.evidence), (contact(3), merged));
    assert_eq!(state.supporter_of(&contact(1)).unwrap(), None);
    assert_eq!(state.bases_of(&supporter(1)).unwrap().len(), 1);
    assert_eq!(receipt.refused.len(), 2);
    assert_eq!(receipt.refused[0].by, InTheWay::Linked(Subject::Supporter(supporter(1))));
    assert_eq!(receipt.refused[1].by, InTheWay::Linked(Subject::Contact(contact(2))));
}

#[tokio::test]
async fn different_people_are_linked_by_an_administrator_alone() {
    let state = in_memory();
    let receipt = commit(&state, |changes| {
        changes.set_apart(&supporter(1), contact(1)).put_link(link(1, 1)).put_link(link(1, 2));
        changes.set_apart(&supporter(2), contact(2)).end_apart(&supporter(2), contact(2));
    })
    .await;
    // THEN the two are not linked, and whoever is no part of what was said is
    assert_eq!(receipt.refused.len(), 1);
    let refused = &receipt.refused[0];
    assert_eq!((&refused.by, refused.contact), (&InTheWay::SetApart, contact(1)));
    assert!(matches!(receipt.all_linked(), Err(Error::LinkOfApart { .. })));
    assert_eq!(state.link_of(&supporter(1)).unwrap().map(|link| link.contact), Some(contact(2)));
    // AND later it holds as well, until it is taken back or an administrator says otherwise
    for (evidence, ended) in
        [(Evidence::ExternalId, false), (Evidence::Administrator, false), (Evidence::ExternalId, true)]
    {
        let linked = ended || evidence == Evidence::Administrator;
        let receipt = commit(&state, |changes| {
            changes.remove_link(&supporter(1)).set_apart(&supporter(1), contact(1));
            if ended {
                changes.end_apart(&supporter(1), contact(1));
            }
            changes.put_link(model::Link { evidence: evidence.clone(), ..link(1, 1) });
        })
        .await;
        assert_eq!(receipt.refused.is_empty(), linked, "{evidence:?} {ended}");
        assert_eq!(state.link_of(&supporter(1)).unwrap().is_some(), linked, "{evidence:?} {ended}");
    }
}

#[tokio::test]
async fn pages_and_batches_show_the_same_links() {
    let state = in_memory();
    let _ = commit(&state, |changes| {
        for n in 1..=1_200 {
            changes.put_link(link(n, n));
            changes.set_bases(&supporter(n + 5_000), &[(RuleKey(1), Digest(1))]);
        }
    })
    .await;
    let mut after = None;
    let mut seen = 0;
    loop {
        let page = state.links_page(after.as_ref(), 500).unwrap();
        let Some(last) = page.last() else { break };
        after = Some(last.supporter.clone());
        let ids: Vec<_> = page.iter().map(|link| link.supporter.clone()).collect();
        let contacts: Vec<_> = page.iter().map(|link| link.contact).collect();
        assert_eq!(state.links_of(&ids).unwrap().into_iter().flatten().collect::<Vec<_>>(), page);
        assert_eq!(state.supporters_of(&contacts).unwrap().into_iter().flatten().collect::<Vec<_>>(), ids);
        seen += page.len();
    }
    assert_eq!(seen, 1_200);
}

#[derive(Debug, Clone)]
enum Step {
    Put(u32, u32, LinkLife),
    Remove(u32),
    Relink(u32, u32, u32),
    Life(u32, LinkLife),
}

fn life() -> impl Strategy<Value = LinkLife> {
    prop_oneof![Just(LinkLife::Live), Just(LinkLife::ContactDeleted), Just(LinkLife::SupporterDeleted)]
}

fn step() -> impl Strategy<Value = Step> {
    let n = 1_u32..5;
    prop_oneof![
        (n.clone(), n.clone(), life()).prop_map(|(s, c, life)| Step::Put(s, c, life)),
        n.clone().prop_map(Step::Remove),
        (n.clone(), n.clone(), n.clone()).prop_map(|(s, from, to)| Step::Relink(s, from, to)),
        (n, life()).prop_map(|(s, life)| Step::Life(s, life)),
    ]
}

fn ask(changes: &mut Changes, step: &Step) {
    match step {
        Step::Put(s, c, life) => changes.put_link(model::Link { life: *life, ..link(*s, *c) }),
        Step::Remove(s) => changes.remove_link(&supporter(*s)),
        Step::Relink(s, from, to) => {
            changes.relink(&supporter(*s), contact(*from), contact(*to), Evidence::Administrator, at(1))
        }
        Step::Life(s, life) => changes.set_link_life(&supporter(*s), *life),
    };
}

fn check_one_to_one(state: &State) {
    let links = state.links_page(None, 99).unwrap();
    let live: Vec<_> = links.iter().filter(|link| link.life == LinkLife::Live).collect();
    let by_contact: BTreeMap<ContactId, _> =
        live.iter().map(|link| (link.contact, &link.supporter)).collect();
    assert_eq!(by_contact.len(), live.len(), "two live links on one Contact");
    assert_eq!(state.link_count().unwrap(), live.len() as u64);
    for (contact, supporter) in by_contact {
        assert_eq!(state.supporter_of(&contact).unwrap().as_ref(), Some(supporter));
    }
    // Every way back from a Contact leads to a link that names it.
    for n in 1..5 {
        if let Some(owner) = state.supporter_of(&contact(n)).unwrap() {
            assert_eq!(state.link_of(&owner).unwrap().map(|link| link.contact), Some(contact(n)));
        }
    }
}

proptest! {
    #[test]
    fn links_stay_one_to_one_under_any_sequence(steps in prop::collection::vec(prop::collection::vec(step(), 1..4), 1..20)) {
        let state = in_memory();
        block_on(async {
            for batch in &steps {
                let _ = commit(&state, |changes| batch.iter().for_each(|step| ask(changes, step))).await;
                check_one_to_one(&state);
            }
        });
    }
}
