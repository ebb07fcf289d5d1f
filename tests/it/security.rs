//! The page of security requirements against the tree, and the requirements that belong to the whole and to no crate.

use std::fs;
use std::path::{Path, PathBuf};

use e2e::{Harness, Person, World};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace").to_owned()
}

fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).expect("a file that is named is there")
}

#[test]
fn every_requirement_is_held_by_tests_that_are_there() {
    let page = read("docs/reference/security.md");
    let rows: Vec<&str> = page.lines().filter(|line| line.starts_with("| S")).collect();
    let ids: Vec<String> = rows.iter().map(|row| row[2..5].to_owned()).collect();
    let expected: Vec<String> = (1..=21).map(|number| format!("S{number:02}")).collect();
    assert_eq!(ids, expected);
    for row in rows {
        let named: Vec<&str> = row.split('`').skip(1).step_by(2).filter(|word| *word != "forget").collect();
        assert!(named.len() >= 2 && named.len().is_multiple_of(2), "{row}");
        for pair in named.chunks(2) {
            let (file, test) = (pair[0], pair[1]);
            let text = read(file);
            let there = text.contains(&format!("fn {test}(")) || text.contains(&format!("cell!({test},"));
            assert!(there, "{}: {file} has no test {test}", &row[2..5]);
        }
    }
}

/// Every file below a directory.
fn files(dir: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(dir).expect("readable").flatten();
    entries
        .flat_map(|entry| if entry.path().is_dir() { files(&entry.path()) } else { vec![entry.path()] })
        .collect()
}

/// A text as it stands, as hexadecimal, percent-encoded, and as base64 at each of the three places it can begin.
fn forms(text: &str) -> Vec<String> {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let base64 = |bytes: &[u8]| -> String {
        let bits: Vec<u8> =
            bytes.iter().flat_map(|byte| (0..8).rev().map(move |bit| byte >> bit & 1)).collect();
        let whole = bits.chunks_exact(6);
        whole
            .map(|six| char::from(DIGITS[usize::from(six.iter().fold(0, |sum, bit| sum << 1 | bit))]))
            .collect()
    };
    let hex: String = text.bytes().map(|byte| format!("{byte:02x}")).collect();
    let percent = text.replace('@', "%40").replace('.', "%2E");
    let mut forms = vec![text.to_owned(), hex.clone(), hex.to_uppercase(), percent];
    for pad in 0..3 {
        let padded: Vec<u8> = std::iter::repeat_n(0, pad).chain(text.bytes()).collect();
        // What depends on the neighbours is left out at both ends.
        let all = base64(&padded);
        forms.push(all[if pad == 0 { 0 } else { pad + 1 }..all.len() - 1].to_owned());
    }
    forms
}

fn holding(dir: &Path, canary: &str) -> Vec<String> {
    let mut found = Vec::new();
    for file in files(dir) {
        let content = fs::read(&file).expect("readable");
        for form in forms(canary) {
            if content.windows(form.len()).any(|window| window == form.as_bytes()) {
                found.push(format!("{}: {form}", file.display()));
            }
        }
    }
    found
}

async fn in_step() -> Harness {
    let h = Harness::start_in(World { on_disk: true, ..World::default() }).await;
    h.supporter(&Person::new(1, "Canaryfirst", "Canarylast", "canary@example.org").in_city("Canaryville"))
        .await;
    h.sync().await;
    assert!(h.sync().await.wrote_nothing());
    h
}

#[tokio::test]
async fn s01_no_secret_lies_in_the_state_in_any_form() {
    let h = in_step().await;
    let secret = h.org.admin().client_secret();
    assert!(
        !holding(h.dir.path(), "canary@example.org").is_empty(),
        "the search finds the supporter database"
    );
    assert_eq!(holding(h.sides.state.dir(), &secret), Vec::<String>::new());
}

#[tokio::test]
async fn s02_the_state_of_people_in_step_holds_nothing_of_them() {
    let h = in_step().await;
    for canary in ["Canaryfirst", "Canarylast", "canary@example.org", "Canaryville"] {
        assert_eq!(holding(h.sides.state.dir(), canary), Vec::<String>::new(), "{canary}");
    }
}

#[test]
fn s18_unsafe_is_forbidden_and_panics_are_denied_in_every_crate() {
    let workspace = read("Cargo.toml");
    for line in ["unsafe_code = \"forbid\"", "panic = \"deny\"", "unwrap_used = \"deny\""] {
        assert!(workspace.lines().any(|found| found == line), "Cargo.toml says no {line}");
    }
    let crates = fs::read_dir(root().join("crates")).expect("readable").flatten();
    let mut manifests: Vec<PathBuf> = crates.map(|entry| entry.path().join("Cargo.toml")).collect();
    manifests.push(root().join("tests/Cargo.toml"));
    for manifest in manifests {
        let text = fs::read_to_string(&manifest).expect("readable");
        assert!(text.contains("[lints]\nworkspace = true"), "{} has lints of its own", manifest.display());
    }
}

#[test]
fn s20_everything_comes_from_one_registry_with_a_checksum() {
    let lock = read("Cargo.lock");
    let sources: Vec<&str> = lock.lines().filter(|line| line.starts_with("source = ")).collect();
    assert!(sources.len() > 100, "the lock file names what it locks");
    let registry = sources[0];
    assert!(registry.starts_with("source = \"registry+https://"), "not a registry: {registry}");
    assert!(sources.iter().all(|source| *source == registry), "something comes from elsewhere");
    let checksums = lock.lines().filter(|line| line.starts_with("checksum = ")).count();
    assert_eq!(checksums, sources.len(), "something has no checksum");
}
