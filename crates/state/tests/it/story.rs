//! What happened to each person: told in order, kept over a restart, and never of a commit that did not come to be.

use model::{Case, CaseKind, Clock, DirtyReason, Happened, LinkLife, Stamp, Standing, Subject};
use state::{Changes, MemoryStore, OpenOptions, State};

use crate::support::{at, commit, contact, in_memory, link, options, subject, supporter};

fn told(state: &State, n: u32) -> Vec<Happened> {
    state.story(&[subject(n)]).unwrap().into_iter().map(|told| told.what).collect()
}

fn case(n: u32, reasons: &[&str]) -> Case {
    Case {
        kind: CaseKind::NamesDisagree,
        subject: subject(n),
        supporters: vec![supporter(n)],
        contacts: vec![contact(n)],
        reasons: reasons.iter().map(|&reason| reason.to_owned()).collect(),
        records: Vec::new(),
        opened_at: at(1),
        seen_at: at(1),
        standing: Standing::default(),
    }
}

#[tokio::test]
async fn a_story_is_told_in_its_order_and_only_of_whom_it_is_about() {
    let state = in_memory();
    for n in [1, 11, 111] {
        let _ = commit(&state, |changes| {
            changes.mark_dirty(subject(n), DirtyReason::SupporterChanged, None).put_link(link(n, n));
        })
        .await;
    }
    let _ = commit(&state, |changes| {
        changes.remove_link(&supporter(1)).clear_dirty(&subject(1));
    })
    .await;
    let linked = |n| Happened::Linked { contact: contact(n), evidence: link(n, n).evidence };
    let marked = Happened::Marked(DirtyReason::SupporterChanged);
    assert_eq!(told(&state, 1), [marked.clone(), linked(1), Happened::Unlinked(contact(1))]);
    assert_eq!(told(&state, 11), [marked, linked(11)]);
    assert_eq!(told(&state, 2), []);
    // AND the Contact of a link leads to the supporter's story
    let by_contact = state.story(&[Subject::Contact(contact(11))]).unwrap();
    assert_eq!(by_contact.len(), 2, "{by_contact:?}");
}

#[tokio::test]
async fn what_changes_nothing_is_not_told() {
    let state = in_memory();
    let mut fill = Changes::new();
    fill.mark_dirty(subject(1), DirtyReason::Resync, None).open_case(case(1, &["email_equal"]));
    for _ in 0..2 {
        let _ = commit(&state, |changes| {
            changes.extend(fill.clone());
            changes.lift_block(&supporter(1)).close_case(CaseKind::Blocked, &subject(1));
        })
        .await;
    }
    let name = case(1, &[]).name();
    let opened = |reason: &str| Happened::CaseOpened {
        kind: CaseKind::NamesDisagree,
        name: name.clone(),
        reasons: vec![reason.to_owned()],
        with: vec![Subject::Contact(contact(1))],
    };
    let marked = Happened::Marked(DirtyReason::Resync);
    assert_eq!(told(&state, 1), [marked.clone(), opened("email_equal")]);
    // AND a case about something else is news
    let _ = commit(&state, |changes| {
        changes.open_case(case(1, &["several_fit"]));
    })
    .await;
    assert_eq!(told(&state, 1), [marked, opened("email_equal"), opened("several_fit")]);
}

#[tokio::test]
async fn a_story_outlives_its_process() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("state");
    for n in 1..=3 {
        let state = State::open(&path, options()).unwrap();
        let _ = commit(&state, |changes| {
            changes.put_link(link(1, n)).set_link_life(&supporter(1), LinkLife::ContactDeleted);
        })
        .await;
    }
    let state = State::open(&path, options()).unwrap();
    let contacts: Vec<_> = told(&state, 1)
        .into_iter()
        .filter_map(|what| if let Happened::Linked { contact, .. } = what { Some(contact) } else { None })
        .collect();
    assert_eq!(contacts, [contact(1), contact(2), contact(3)]);
    let mode = std::os::unix::fs::PermissionsExt::mode(
        &std::fs::metadata(path.join("history")).unwrap().permissions(),
    );
    assert_eq!(mode & 0o777, 0o700);
}

#[tokio::test]
async fn nothing_is_kept_where_nothing_is_to_be_kept() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("state");
    let none = OpenOptions { history: std::time::Duration::ZERO, ..options() };
    let state = State::open(&path, none).unwrap();
    let _ = commit(&state, |changes| {
        changes.put_link(link(1, 1));
    })
    .await;
    assert_eq!(told(&state, 1), []);
    assert!(!path.join("history").exists());
}

#[tokio::test]
async fn what_is_older_than_the_history_reaches_is_given_up() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("state");
    let clock = Clock::held(Stamp::from_seconds(1_000_000_000));
    let state = State::open(&path, OpenOptions { clock: clock.clone(), ..options() }).unwrap();
    for _ in 0..100 {
        let _ = commit(&state, |changes| {
            changes.mark_dirty(subject(1), DirtyReason::Resync, None).clear_dirty(&subject(1));
        })
        .await;
        clock.advance(std::time::Duration::from_secs(86_400));
    }
    assert_eq!(told(&state, 1).len(), 100);
    state.forget_story(Stamp::from_seconds(1_000_000_000 + 100 * 86_400)).unwrap();
    let left = told(&state, 1).len();
    assert!((88..=92).contains(&left), "{left} days are left");
}

#[tokio::test]
async fn a_commit_that_never_came_to_be_is_not_told() {
    let store = MemoryStore::new(3);
    let state = State::over_memory(store.clone(), 3, Clock::system()).unwrap();
    let _ = commit(&state, |changes| {
        changes.put_link(link(1, 1));
    })
    .await;
    // Another writer has taken over: the page is written, the commit is refused.
    let _other = State::over_memory(store, 3, Clock::system()).unwrap();
    let mut changes = Changes::new();
    changes.remove_link(&supporter(1));
    assert!(state.commit(changes).await.is_err());
    assert_eq!(told(&state, 1).len(), 1, "{:?}", told(&state, 1));
}
