//! Cases.

use model::{Case, CaseKind, CaseRecord, Choice, Ruling, Side, Standing, Subject, SupporterId};
use state::CaseKey;

use crate::support::{at, commit, contact, in_memory, link, subject, supporter};

pub(crate) fn case(kind: CaseKind, n: u32, seconds: i64) -> Case {
    Case {
        kind,
        subject: subject(n),
        supporters: vec![supporter(n)],
        contacts: Vec::new(),
        reasons: vec!["several_candidates".to_owned()],
        records: Vec::new(),
        opened_at: at(seconds),
        seen_at: at(seconds),
        standing: model::Standing::default(),
    }
}

#[tokio::test]
async fn a_case_seen_again_is_the_same_case() {
    let state = in_memory();
    for seconds in [10, 20] {
        let _ = commit(&state, |changes| {
            changes.open_case(case(CaseKind::AmbiguousContacts, 1, seconds));
        })
        .await;
    }
    let found = state.case_of(CaseKind::AmbiguousContacts, &subject(1)).unwrap().unwrap();
    assert_eq!((found.opened_at, found.seen_at), (at(10), at(20)));
    assert_eq!(state.case_count(CaseKind::AmbiguousContacts).unwrap(), 1);
}

#[tokio::test]
async fn a_decision_ends_with_what_it_was_made_about() {
    let contact = |n: u32| model::ContactId::parse(&format!("003000000{n:06}")).unwrap();
    let about = |n: u32, shown: &str| Case {
        contacts: vec![contact(n)],
        records: vec![CaseRecord {
            subject: subject(1),
            fields: vec![("Email".to_owned(), shown.to_owned())],
        }],
        ..case(CaseKind::NamesDisagree, 1, 5)
    };
    let take = Choice::Take(vec![("Email".to_owned(), Side::Supporter)]);
    let link = Choice::Link { supporter: supporter(1), contact: contact(1) };
    for (choice, others, values) in [
        // (decision, whether it outlives that somebody else joins, whether that the values shown change)
        (Choice::Separate, false, true),
        (take, false, false),
        (link, true, true),
        (Choice::Retry, true, true),
        (Choice::Leave, true, true),
    ] {
        for (next, holds) in [(about(1, "a"), true), (about(2, "a"), others), (about(1, "b"), values)] {
            let state = in_memory();
            let ruling =
                Ruling { choice: choice.clone(), by: "administrator".to_owned(), why: None, at: at(6) };
            let standing = Standing { ruling: Some(ruling), ..Standing::default() };
            let _ = commit(&state, |changes| {
                changes.open_case(about(1, "a"));
                changes.rule_case(CaseKind::NamesDisagree, &subject(1), standing);
            })
            .await;
            let _ = commit(&state, |changes| {
                changes.join_case(next);
            })
            .await;
            let found = state.case_of(CaseKind::NamesDisagree, &subject(1)).unwrap().unwrap();
            assert_eq!(found.standing.ruling.is_some(), holds, "{choice:?}");
            assert_eq!(state.ruling_count().unwrap(), u64::from(holds));
        }
    }
}

#[tokio::test]
async fn what_was_put_off_or_decided_is_counted_apart_until_its_time() {
    let state = in_memory();
    let kind = CaseKind::AmbiguousContacts;
    let _ = commit(&state, |changes| {
        for n in 1..=4 {
            changes.open_case(case(kind, n, 5));
        }
    })
    .await;
    assert!(state.cases_aside(at(6)).unwrap().is_empty());
    let ruling = Ruling { choice: Choice::Leave, by: "administrator".to_owned(), why: None, at: at(6) };
    let standings = [
        Standing { ruling: Some(ruling), ..Standing::default() },
        Standing { snoozed_until: Some(at(100)), ..Standing::default() },
        Standing { ignored: true, ..Standing::default() },
    ];
    for (n, standing) in (1..).zip(standings) {
        let _ = commit(&state, |changes| {
            changes.rule_case(kind, &subject(n), standing);
        })
        .await;
        assert_eq!(state.cases_aside(at(7)).unwrap().get(&kind), Some(&u64::from(n)));
    }
    assert_eq!(state.cases_aside(at(101)).unwrap().get(&kind), Some(&2), "its time has come");
    assert!(state.verify().unwrap().findings.is_empty());
    let _ = commit(&state, |changes| {
        for n in 1..=3 {
            changes.close_case(kind, &subject(n));
        }
    })
    .await;
    assert!(state.cases_aside(at(7)).unwrap().is_empty());
    assert!(state.verify().unwrap().findings.is_empty());
}

#[tokio::test]
async fn whoever_joins_a_case_takes_nobodys_place() {
    let state = in_memory();
    let contact = |n: u32| model::ContactId::parse(&format!("003000000{n:06}")).unwrap();
    let about = |n| Case { contacts: vec![contact(n)], ..case(CaseKind::NamesDisagree, 1, 5) };
    let _ = commit(&state, |changes| {
        changes.join_case(about(1)).join_case(about(2));
    })
    .await;
    let _ = commit(&state, |changes| {
        changes.join_case(about(1));
    })
    .await;
    let found = state.case_of(CaseKind::NamesDisagree, &subject(1)).unwrap().unwrap();
    assert_eq!(found.contacts, [contact(1), contact(2)]);
    assert_eq!((found.supporters.len(), found.reasons.len()), (1, 1));
    // Asked from its own side, the answer is complete.
    let _ = commit(&state, |changes| {
        changes.open_case(about(2));
    })
    .await;
    let found = state.case_of(CaseKind::NamesDisagree, &subject(1)).unwrap().unwrap();
    assert_eq!(found.contacts, [contact(2)]);
}

#[tokio::test]
async fn closing_a_subject_closes_all_its_cases_and_nobody_elses() {
    let state = in_memory();
    let _ = commit(&state, |changes| {
        changes.open_case(case(CaseKind::AmbiguousContacts, 1, 1));
        changes.open_case(case(CaseKind::ConflictHeld, 1, 1));
        changes.open_case(case(CaseKind::ConflictHeld, 11, 1));
    })
    .await;
    assert_eq!(state.cases_of(&subject(1)).unwrap().len(), 2);
    let receipt = commit(&state, |changes| {
        changes.open_case(case(CaseKind::Blocked, 1, 1)).close_cases_of(&subject(1));
        changes.close_case(CaseKind::Blocked, &subject(1));
    })
    .await;
    assert_eq!(receipt.closed, 3);
    assert_eq!(state.case_counts().unwrap().into_iter().collect::<Vec<_>>(), [(CaseKind::ConflictHeld, 1)]);
    assert_eq!(state.cases_page(None, 9).unwrap(), [case(CaseKind::ConflictHeld, 11, 1)]);
}

/// After so many questions it is known who has no case: whoever gets one later is not taken for one of them.
#[tokio::test]
async fn a_case_is_closed_that_was_opened_long_after_it_was_known_who_has_none() {
    let state = in_memory();
    let _ = commit(&state, |changes| {
        changes.open_case(case(CaseKind::Blocked, 1, 1));
    })
    .await;
    for round in 0..3 {
        let receipt = commit(&state, |changes| {
            for n in 0..5_000 {
                changes.close_cases(&[CaseKind::Blocked], &subject(100_000 * (round + 1) + n));
            }
        })
        .await;
        assert_eq!(receipt.closed, 0);
    }
    // Asked for the first time, in the commit that opened it, and in one after it.
    let closed = async |n: Option<u32>, opens: Option<u32>| {
        let receipt = commit(&state, |changes| {
            opens.iter().for_each(|&n| {
                changes.open_case(case(CaseKind::Blocked, n, 1));
            });
            n.iter().for_each(|&n| {
                changes.close_case(CaseKind::Blocked, &subject(n));
            });
        });
        receipt.await.closed
    };
    assert_eq!(closed(Some(1), Some(2)).await, 1);
    assert_eq!(closed(Some(2), None).await, 1);
    assert_eq!(closed(Some(3), Some(3)).await, 1);
    assert!(state.case_counts().unwrap().is_empty());
}

#[tokio::test]
async fn whoever_waited_in_a_case_and_has_nobody_is_asked_about_again() {
    let state = in_memory();
    let about = |contacts| Case { contacts, ..case(CaseKind::NamesDisagree, 1, 5) };
    let marked = || {
        let page = state.dirty_page(None, 9).unwrap();
        page.into_iter().map(|dirty| dirty.subject).collect::<Vec<_>>()
    };
    let _ = commit(&state, |changes| {
        changes.put_link(link(9, 3));
        changes.open_case(about(vec![contact(1), contact(2), contact(3)]));
    })
    .await;
    assert_eq!(marked(), []);
    // It names one of them no longer.
    let _ = commit(&state, |changes| {
        changes.open_case(about(vec![contact(2), contact(3)]));
    })
    .await;
    assert_eq!(marked(), [Subject::Contact(contact(1))]);
    // It is over: but for whom it was about, and who is linked, nobody else would ask.
    let _ = commit(&state, |changes| {
        changes.close_case(CaseKind::NamesDisagree, &subject(1));
    })
    .await;
    assert_eq!(marked(), [Subject::Contact(contact(1)), Subject::Contact(contact(2))]);
}

#[tokio::test]
async fn pages_cover_every_case_once() {
    let state = in_memory();
    let _ = commit(&state, |changes| {
        for n in 1..=20 {
            changes.open_case(case(CaseKind::Blocked, n, 1)).open_case(case(CaseKind::ReviewMatch, n, 1));
        }
    })
    .await;
    let mut keys: Vec<CaseKey> = Vec::new();
    loop {
        let page = state.cases_page(keys.last(), 7).unwrap();
        if page.is_empty() {
            break;
        }
        keys.extend(page.iter().map(CaseKey::of));
    }
    let count = keys.len();
    keys.sort();
    keys.dedup();
    assert_eq!((count, keys.len()), (40, 40));
}

#[tokio::test]
async fn a_case_that_is_too_large_is_cut_and_says_so() {
    let state = in_memory();
    let mut large = case(CaseKind::AmbiguousContacts, 1, 1);
    let record =
        CaseRecord { subject: subject(1), fields: vec![("Description".to_owned(), "ä\"".repeat(20_000))] };
    large.records = vec![record; 40];
    large.supporters = vec![SupporterId::parse(&"\"".repeat(255)).unwrap(); 500];
    large.reasons = vec!["\u{1}".repeat(500); 90];
    let _ = commit(&state, |changes| {
        changes.open_case(large);
    })
    .await;
    let found = state.case_of(CaseKind::AmbiguousContacts, &subject(1)).unwrap().unwrap();
    assert_eq!(found.records.len(), 12);
    assert!(found.reasons.iter().any(|reason| reason == "records_shown=12_of_40"));
    assert!(found.records[0].fields[0].1.ends_with("[cut here, 60000 bytes in all]"));
}
