//! What `docs/architecture.md` says no crate does, checked against the sources; and that the page, the tree and the list of
//! tolerated advisories still fit together.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// Which of our crates each crate may be built from.
const MAY_USE: [(&str, &[&str]); 18] = [
    ("actions", &["events", "model", "salesforce", "state"]),
    ("drill", &[]),
    (
        "highwater",
        &[
            "actions",
            "drill",
            "events",
            "matching",
            "model",
            "plan",
            "report",
            "salesforce",
            "segments",
            "service",
            "setup",
            "simorg",
            "state",
            "supporters",
        ],
    ),
    ("events", &["listen", "model", "segments"]),
    ("listen", &[]),
    ("matching", &[]),
    ("model", &[]),
    ("plan", &["drill", "matching", "model", "salesforce", "state", "supporters"]),
    ("pull", &["drill", "matching", "model", "plan", "salesforce", "state", "supporters"]),
    ("push", &["drill", "matching", "model", "plan", "salesforce", "state", "supporters"]),
    ("report", &["model", "state"]),
    ("salesforce", &["drill", "model"]),
    ("segments", &["model"]),
    ("service", &["drill", "listen", "model", "plan", "pull", "push", "salesforce", "state", "supporters"]),
    ("setup", &["model"]),
    ("simorg", &[]),
    ("state", &["drill", "model", "segments"]),
    ("supporters", &["model"]),
];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("tests/ lies in the workspace").to_owned()
}

fn read(path: &Path) -> String {
    let text = std::fs::read_to_string(path);
    assert!(text.is_ok(), "{} cannot be read", path.display());
    text.unwrap_or_default()
}

fn names_in(folder: &Path) -> BTreeSet<String> {
    assert!(folder.is_dir(), "{} is no folder", folder.display());
    let entries = std::fs::read_dir(folder).into_iter().flatten();
    entries
        .map(|entry| entry.expect("an entry can be read").file_name().to_string_lossy().into_owned())
        .collect()
}

fn crates() -> BTreeSet<String> {
    names_in(&root().join("crates"))
}

/// Every Rust file below a folder of a crate, as (path below the crate, lines of code without comments).
fn sources(name: &str, folder: &str) -> Vec<(String, Vec<String>)> {
    let base = root().join("crates").join(name);
    let mut found = Vec::new();
    let mut open = vec![base.join(folder)];
    while let Some(path) = open.pop() {
        if path.is_dir() {
            open.extend(names_in(&path).into_iter().map(|entry| path.join(entry)));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let below = path.strip_prefix(&base).expect("found below the crate").display().to_string();
            found.push((below, code(&read(&path))));
        }
    }
    assert!(!found.is_empty(), "crates/{name}/{folder} holds no Rust file");
    found
}

/// Lines without what stands behind `//`. A `//` in a text only hides what follows it.
fn code(text: &str) -> Vec<String> {
    text.lines().map(|line| line.split("//").next().unwrap_or_default().trim().to_owned()).collect()
}

fn has_word(line: &str, word: &str) -> bool {
    line.split(|c: char| !c.is_alphanumeric() && c != '_').any(|found| found == word)
}

/// Names in a manifest's dependency tables: for building, or for anything.
fn dependencies(name: &str, tests_too: bool) -> BTreeSet<String> {
    let mut inside = false;
    let mut found = BTreeSet::new();
    for line in read(&root().join("crates").join(name).join("Cargo.toml")).lines().map(str::trim) {
        if line.starts_with('[') {
            let table = line.trim_matches(['[', ']']);
            inside = table == "dependencies" || (tests_too && table.ends_with("dependencies"));
        } else if inside && let Some((left, _)) = line.split_once('=') {
            found.insert(left.split('.').next().unwrap_or_default().trim().to_owned());
        }
    }
    found
}

/// Files (of all crates, tests left out) in which a line of code holds one of the words.
fn files_with(words: &[&str]) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for name in crates() {
        for (path, lines) in sources(&name, "src") {
            if lines.iter().any(|line| words.iter().any(|word| has_word(line, word))) {
                found.insert(format!("{name}/{path}"));
            }
        }
    }
    found
}

fn set(names: &[&str]) -> BTreeSet<String> {
    names.iter().map(|&name| name.to_owned()).collect()
}

#[test]
fn each_crate_is_built_from_the_crates_it_may_use_and_no_others() {
    let ours = crates();
    let allowed: BTreeMap<&str, BTreeSet<String>> =
        MAY_USE.iter().map(|(name, uses)| (*name, set(uses))).collect();
    assert_eq!(allowed.keys().map(ToString::to_string).collect::<BTreeSet<_>>(), ours);
    for (name, uses) in allowed {
        let used: BTreeSet<String> = dependencies(name, false).intersection(&ours).cloned().collect();
        assert!(used.is_subset(&uses), "{name} is built from {used:?}, and may be from {uses:?}");
    }
}

#[test]
fn the_model_has_no_async_and_no_io() {
    let external =
        set(&["chrono", "compact_str", "serde", "siphasher", "thiserror", "unicode-normalization"]);
    assert!(dependencies("model", false).is_subset(&external));
    for (path, lines) in sources("model", "src") {
        for line in lines {
            let doing = ["async", "await", "tokio"].iter().any(|word| has_word(&line, word));
            let outside = ["std::fs", "std::io", "std::net", "std::process", "std::thread", "std::env"];
            assert!(!doing && !outside.iter().any(|module| line.contains(module)), "{path}: {line}");
        }
    }
}

#[test]
fn matching_never_sees_the_network_or_the_disk() {
    let external =
        set(&["any_ascii", "rphonetic", "smallvec", "strsim", "thiserror", "unicode-normalization"]);
    assert!(dependencies("matching", false).is_subset(&external));
    for (path, lines) in sources("matching", "src") {
        for line in lines {
            let outside = ["std::fs", "std::io", "std::net", "std::process", "std::thread", "std::env"];
            assert!(!has_word(&line, "async"), "{path}: {line}");
            assert!(!outside.iter().any(|module| line.contains(module)), "{path}: {line}");
        }
    }
}

#[test]
fn salesforce_never_sees_a_supporter() {
    // Recorded error texts name fields of real orgs: they stand in the tests.
    let files = sources("salesforce", "src").into_iter().filter(|(path, _)| !path.ends_with("tests.rs"));
    for (path, lines) in files {
        for line in lines {
            let seen = ["Supporter", "SupporterId", "supporter", "supporters", "supporter_id"];
            assert!(!seen.iter().any(|word| has_word(&line, word)), "{path}: {line}");
        }
    }
}

#[test]
fn push_and_pull_do_not_know_each_other_not_even_in_tests() {
    assert!(!dependencies("push", true).contains("pull"));
    assert!(!dependencies("pull", true).contains("push"));
}

#[test]
fn the_simulated_org_uses_no_crate_of_ours_not_even_in_tests() {
    let shared: Vec<String> = dependencies("simorg", true).intersection(&crates()).cloned().collect();
    assert_eq!(shared, Vec::<String>::new());
}

#[test]
fn only_one_folder_names_sled() {
    let named: Vec<String> =
        crates().into_iter().filter(|name| dependencies(name, true).contains("sled")).collect();
    assert_eq!(named, ["state"]);
    let outside = |file: &String| !file.starts_with("state/src/sled_store/");
    let files = files_with(&["sled"]);
    assert!(!files.is_empty());
    assert_eq!(files.into_iter().filter(outside).collect::<Vec<_>>(), Vec::<String>::new());
}

#[test]
fn only_salesforce_is_built_with_reqwest_and_one_file_names_it() {
    let named: Vec<String> =
        crates().into_iter().filter(|name| dependencies(name, false).contains("reqwest")).collect();
    assert_eq!(named, ["salesforce"]);
    assert_eq!(files_with(&["reqwest"]), set(&["salesforce/src/http_transport.rs"]));
}

#[test]
fn only_one_file_names_the_backoff_crate() {
    let named: Vec<String> =
        crates().into_iter().filter(|name| dependencies(name, true).contains("backoff")).collect();
    assert_eq!(named, ["salesforce"]);
    for name in crates() {
        for (path, lines) in sources(&name, "src") {
            if (name.as_str(), path.as_str()) == ("salesforce", "src/backoff.rs") {
                continue;
            }
            // Our module has the crate's name; it is reached by `crate::backoff`, and declared in lib.rs.
            let own = ["mod backoff;", "pub use backoff::RetryPolicy;"];
            let foreign = |line: &String| has_word(&line.replace("crate::backoff", ""), "backoff");
            let strange: Vec<&String> =
                lines.iter().filter(|line| foreign(line) && !own.contains(&line.as_str())).collect();
            assert!(strange.is_empty(), "{name}/{path}: {strange:?}");
        }
    }
}

#[test]
fn only_highwater_prints() {
    let printing = ["println!", "print!", "dbg!", "io::stdout", "io::stderr"];
    for name in crates().into_iter().filter(|name| name != "highwater") {
        for (path, lines) in sources(&name, "src") {
            let prints: Vec<&String> =
                lines.iter().filter(|line| printing.iter().any(|call| line.contains(call))).collect();
            assert!(prints.is_empty(), "{name}/{path}: {prints:?}");
        }
    }
}

#[test]
fn the_page_names_every_crate_and_every_decision() {
    let page = read(&root().join("docs/architecture.md"));
    for name in crates() {
        assert!(page.contains(&format!("### `{name}`")), "no section about {name}");
    }
    let decisions = names_in(&root().join("docs/decisions"));
    assert!(!decisions.is_empty());
    let (pages, pictures): (Vec<_>, Vec<_>) = decisions.into_iter().partition(|file| file.ends_with(".md"));
    for file in &pages {
        assert!(page.contains(&format!("(decisions/{file})")), "no link to {file}");
    }
    let texts: String = pages.iter().map(|file| read(&root().join("docs/decisions").join(file))).collect();
    for file in pictures {
        assert!(texts.contains(&format!("]({file})")), "no decision shows {file}");
    }
}

#[test]
fn the_page_names_every_module_at_the_top_of_a_crate() {
    let page = read(&root().join("docs/architecture.md"));
    let mut missing = Vec::new();
    for name in crates() {
        let section = page.split(&format!("### `{name}`\n")).nth(1).unwrap_or_default();
        let section = section.split("\n##").next().unwrap_or_default();
        let named: Vec<&str> = section
            .split('`')
            .skip(1)
            .step_by(2)
            .filter(|file| file.ends_with(".rs"))
            .filter_map(|file| file.split(['/', '.']).next())
            .collect();
        for file in names_in(&root().join("crates").join(&name).join("src")) {
            let module = file.trim_end_matches(".rs");
            let aside = matches!(module, "lib" | "main" | "tests") || module.ends_with("_tests");
            if !aside && !named.contains(&module) {
                missing.push(format!("{name}/src/{file}"));
            }
        }
    }
    assert!(missing.is_empty(), "no word about {missing:?}");
}

#[test]
fn every_file_that_the_page_names_is_there() {
    let page = read(&root().join("docs/architecture.md"));
    let mut inside = String::new();
    let mut checked = 0;
    for line in page.lines() {
        if line.starts_with('#') {
            inside = line
                .strip_prefix("### `")
                .map_or_else(String::new, |rest| rest.trim_end_matches('`').to_owned());
        }
        for name in line.split('`').skip(1).step_by(2).filter(|name| name.ends_with(".rs")) {
            let crates = root().join("crates");
            let path = if inside.is_empty() {
                crates.join(name)
            } else {
                crates.join(&inside).join("src").join(name)
            };
            assert!(
                path.exists() || root().join(name).exists(),
                "{name} is named under \"{inside}\" and is not there"
            );
            checked += 1;
        }
    }
    assert!(checked > 50, "only {checked} files are named");
}

#[test]
fn every_tolerated_advisory_has_an_end_that_lies_ahead() {
    let today = model::Clock::system().now().to_seconds_text();
    let file = read(&root().join("deny.toml"));
    let ignored: Vec<&str> = file.lines().filter(|line| line.contains("RUSTSEC-")).collect();
    assert!(!ignored.is_empty(), "deny.toml is not read as it is written");
    for line in ignored {
        let until = line.split_once("until ").and_then(|(_, rest)| rest.get(..10)).unwrap_or_default();
        let date = until.len() == 10
            && until
                .bytes()
                .enumerate()
                .all(|(at, byte)| if at == 4 || at == 7 { byte == b'-' } else { byte.is_ascii_digit() });
        assert!(date, "no \"until YYYY-MM-DD\": {line}");
        assert!(until > &today[..10], "its time is over: {line}");
    }
}
