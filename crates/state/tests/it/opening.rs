//! Opening a state directory: what is refused, and that nothing is ever started afresh over damage.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;

use model::{OrgId, Side};
use state::{Error, Fatal, OpenOptions, Refusal, State};

use crate::support::{at, block_on, commit, link, options, supporter};

fn refusal(dir: &Path, options: OpenOptions) -> Refusal {
    match State::open(dir, options) {
        Err(Error::Refused(refusal)) => refusal,
        other => panic!("expected a refusal, got {other:?}"),
    }
}

fn with_one_person(dir: &Path) {
    let state = State::open(dir, options()).unwrap();
    block_on(async {
        let _ = commit(&state, |changes| {
            changes.put_link(link(1, 1)).raise_watermark(Side::Supporter, at(5));
        })
        .await;
    });
}

pub(crate) fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &to.join(entry.file_name()));
        } else {
            fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
        }
    }
}

#[test]
fn what_was_committed_is_there_after_opening_again() {
    let dir = tempfile::tempdir().unwrap();
    let key = State::open(dir.path(), options()).unwrap().digest_key();
    with_one_person(dir.path());
    let state = State::open(dir.path(), options()).unwrap();
    assert_eq!(state.link_of(&supporter(1)).unwrap(), Some(link(1, 1)));
    assert!(state.digest_key() == key);
    assert!(state.spool_dir().is_dir());
}

#[test]
fn only_the_owner_can_read_whatever_the_umask() {
    let dir = tempfile::tempdir().unwrap();
    let state_dir = dir.path().join("new/state");
    with_one_person(&state_dir);
    // A wider mode, as a wide umask or a careless copy leaves it, is tightened at the next start.
    let file = state_dir.join("db/db");
    fs::set_permissions(&file, fs::Permissions::from_mode(0o666)).unwrap();
    fs::set_permissions(&state_dir, fs::Permissions::from_mode(0o777)).unwrap();
    with_one_person(&state_dir);
    let mut open = vec![state_dir];
    while let Some(path) = open.pop() {
        let metadata = fs::metadata(&path).unwrap();
        let expected = if metadata.is_dir() { 0o700 } else { 0o600 };
        assert_eq!(metadata.permissions().mode() & 0o777, expected, "{}", path.display());
        if metadata.is_dir() {
            open.extend(fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
        }
    }
}

#[test]
fn a_symbolic_link_and_a_foreign_directory_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    let real = dir.path().join("real");
    with_one_person(&real);
    let alias = dir.path().join("alias");
    symlink(&real, &alias).unwrap();
    assert!(matches!(refusal(&alias, options()), Refusal::Symlink(_)));
    let foreign = dir.path().join("foreign");
    fs::create_dir(&foreign).unwrap();
    fs::write(foreign.join("letter.txt"), "x").unwrap();
    assert!(matches!(refusal(&foreign, options()), Refusal::NotAStateDirectory(_)));
    assert!(matches!(refusal(&foreign.join("letter.txt"), options()), Refusal::NotAStateDirectory(_)));
}

#[test]
fn a_second_process_is_kept_out() {
    let dir = tempfile::tempdir().unwrap();
    let _first = State::open(dir.path(), options()).unwrap();
    assert!(matches!(refusal(dir.path(), options()), Refusal::InUse(_)));
}

#[test]
fn a_restored_old_database_is_refused_as_rolled_back() {
    let dir = tempfile::tempdir().unwrap();
    let (now, old) = (dir.path().join("now"), dir.path().join("old"));
    with_one_person(&now);
    copy(&now.join("db"), &old);
    let state = State::open(&now, options()).unwrap();
    block_on(async {
        for n in 6..9 {
            let _ = commit(&state, |changes| {
                changes.raise_watermark(Side::Supporter, at(n));
            })
            .await;
        }
    });
    drop(state);
    fs::remove_dir_all(now.join("db")).unwrap();
    copy(&old, &now.join("db"));
    let refused = refusal(&now, options());
    assert!(matches!(refused, Refusal::RolledBack { .. }), "{refused}");
    assert!(refused.advice().contains("highwater check --rebuild"));
    // And a database that is gone altogether is no fresh start either.
    fs::remove_dir_all(now.join("db")).unwrap();
    assert!(matches!(refusal(&now, options()), Refusal::RolledBack { database: 0, .. }));
}

#[test]
fn a_missing_or_damaged_manifest_or_key_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    with_one_person(dir.path());
    let manifest = dir.path().join("manifest.json");
    let content = fs::read(&manifest).unwrap();
    fs::remove_file(&manifest).unwrap();
    assert_eq!(refusal(dir.path(), options()), Refusal::Manifest);
    fs::write(&manifest, &content[..content.len() / 2]).unwrap();
    assert_eq!(refusal(dir.path(), options()), Refusal::Manifest);
    fs::write(&manifest, &content).unwrap();
    let key = dir.path().join("digest.key");
    fs::write(&key, "00".repeat(16)).unwrap();
    assert_eq!(refusal(dir.path(), options()), Refusal::DigestKey);
    fs::remove_file(&key).unwrap();
    assert_eq!(refusal(dir.path(), options()), Refusal::DigestKey);
}

/// As a crash leaves it that comes while a new state is made.
fn begun(dir: &Path, damaged_file: &str, bytes: &[u8]) {
    with_one_person(dir);
    let path = dir.join("manifest.json");
    let mut manifest: serde_json::Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
    manifest["generation"] = 0.into();
    fs::write(&path, manifest.to_string()).unwrap();
    fs::remove_dir_all(dir.join("db")).unwrap();
    fs::create_dir(dir.join("db")).unwrap();
    fs::write(dir.join("db").join(damaged_file), bytes).unwrap();
}

#[test]
fn a_state_whose_making_was_cut_off_is_made_again() {
    for torn in [&b""[..], b"half a configuration", &[0; 58]] {
        let dir = tempfile::tempdir().unwrap();
        begun(dir.path(), "conf", torn);
        with_one_person(dir.path());
        let state = State::open(dir.path(), options()).unwrap();
        assert_eq!(state.link_of(&supporter(1)).unwrap(), Some(link(1, 1)));
    }
}

#[test]
fn a_damaged_database_is_not_taken_for_one_whose_making_was_cut_off() {
    // Too large for that.
    let dir = tempfile::tempdir().unwrap();
    begun(dir.path(), "conf", &[1; 70_000]);
    assert!(matches!(State::open(dir.path(), options()), Err(Error::Fatal(_))));
    assert_eq!(fs::read(dir.path().join("db/conf")).unwrap().len(), 70_000);
    // The manifest expects something.
    let dir = tempfile::tempdir().unwrap();
    with_one_person(dir.path());
    fs::write(dir.path().join("db/conf"), b"half a configuration").unwrap();
    assert!(matches!(State::open(dir.path(), options()), Err(Error::Fatal(_))));
}

#[test]
fn a_state_serves_one_org_and_one_supporter_database() {
    let dir = tempfile::tempdir().unwrap();
    let (one, two) = (OrgId::parse("00D5g000008sNEr").unwrap(), OrgId::parse("00D5g000008sNEs").unwrap());
    let state = State::open(dir.path(), options()).unwrap();
    state.adopt_org(one).unwrap();
    state.adopt_org(one).unwrap();
    assert!(matches!(state.adopt_org(two), Err(Error::Refused(Refusal::OtherOrg { .. }))));
    drop(state);
    assert!(matches!(
        refusal(dir.path(), OpenOptions { org: Some(two), ..options() }),
        Refusal::OtherOrg { .. }
    ));
    let account = |name: &str| OpenOptions { supporter_account: Some(name.to_owned()), ..options() };
    drop(State::open(dir.path(), account("sqlite:a")).unwrap());
    assert_eq!(refusal(dir.path(), account("sqlite:b")), Refusal::OtherSupporterAccount);
    assert_eq!(State::open(dir.path(), account("sqlite:a")).unwrap().org(), Some(one));
}

#[test]
fn a_later_format_is_refused_and_left_alone() {
    let dir = tempfile::tempdir().unwrap();
    with_one_person(dir.path());
    let manifest = dir.path().join("manifest.json");
    let later = fs::read_to_string(&manifest).unwrap().replace("\"format\": 7", "\"format\": 8");
    fs::write(&manifest, &later).unwrap();
    assert_eq!(refusal(dir.path(), options()), Refusal::Newer { found: 8, known: 7 });
    assert_eq!(fs::read_to_string(&manifest).unwrap(), later);
}

#[test]
fn too_little_space_is_refused_before_anything_is_written() {
    let dir = tempfile::tempdir().unwrap();
    let refused = refusal(dir.path(), OpenOptions { min_free_bytes: u64::MAX, ..OpenOptions::default() });
    assert!(matches!(refused, Refusal::LittleSpace { needed: u64::MAX, .. }));
    assert!(!dir.path().join("db").exists());
}

#[tokio::test]
async fn a_writer_whose_manifest_was_taken_over_writes_no_more() {
    let dir = tempfile::tempdir().unwrap();
    let state = State::open(dir.path(), options()).unwrap();
    let manifest = dir.path().join("manifest.json");
    let mut content: serde_json::Value = serde_json::from_slice(&fs::read(&manifest).unwrap()).unwrap();
    content["epoch"] = 1.into();
    fs::write(&manifest, content.to_string()).unwrap();
    let mut changes = state::Changes::new();
    changes.put_link(link(1, 1));
    assert!(matches!(state.commit(changes).await, Err(Error::Fatal(Fatal::Fenced))));
    assert_eq!(state.link_of(&supporter(1)).unwrap(), None);
}
