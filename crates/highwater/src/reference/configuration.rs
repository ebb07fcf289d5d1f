//! The page of the configuration, made of the commented defaults.

use crate::config::COMMENTED_DEFAULTS;

/// One key as the commented file shows it.
struct Key {
    name: String,
    value: String,
    /// Behind a `#`: an example, because there is no default.
    example: bool,
    text: String,
}

pub(super) fn page() -> String {
    let mut page = "# Configuration\n\nOne TOML file. Unknown keys are refused. Relative paths start from the file's \
                    folder. A secret is never written into it: keys ending in `_env`, `_file` and `_command` say where one \
                    is kept.\n\nPrint the commented file with `highwater init --print-defaults`.\n"
        .to_owned();
    for (table, keys) in tables() {
        page.push_str(&format!("\n## `{table}`\n\n| key | default | meaning |\n| --- | --- | --- |\n"));
        for key in keys {
            let value = cell(&key.value);
            // A rule of the map has one of three sources, and the first of the file shows one of them.
            // Where the secret is kept is one of three, too, and no place is looked into that was not named.
            let one_of_three = matches!(
                (table.as_str(), key.name.as_str()),
                ("[[field]]", "column") | ("[salesforce]", "client_secret_env")
            );
            let example = key.example || one_of_three;
            let default = match (example, key.text.starts_with("Required.")) {
                (_, true) => "required".to_owned(),
                (true, false) => format!("none; e.g. `{value}`"),
                (false, false) => format!("`{value}`"),
            };
            page.push_str(&format!("| `{}` | {default} | {} |\n", key.name, cell(&key.text)));
        }
    }
    page.push_str(PROFILES);
    page
}

/// What no table of keys can say.
const PROFILES: &str = "\n## `[profiles.NAME]`\n\nFurther orgs of the same file, chosen with `--profile NAME` or \
                        `HIGHWATER_PROFILE`. Each is laid over the file, table by table and key by key: \
                        `[profiles.sandbox.sync]` holds what differs from `[sync]`. Never taken from the file: all of \
                        `[salesforce]` but `api_version`, `duplicate_alert_texts`, `email_rule_texts`, `extra_ca_file`, \
                        `poll_longest_seconds`, `retry_seconds` and `sign_in_seconds`; the database of `[supporters]`; \
                        `[simulated_org]`; and the addresses of `[report]`. A profile says whether its org is a sandbox \
                        (`sandbox`), names its own database (or `read_only = true`; nothing where `kind` is `\"none\"`), and keeps its state in `state.dir` with \
                        `-NAME` behind it unless it names another one. [Sandbox first](../guides/sandbox-first.md) shows one \
                        whole.\n";

fn cell(text: &str) -> String {
    text.replace('|', "\\|")
}

/// The tables of the shipped file with their keys; of `[[field]]` the first.
fn tables() -> Vec<(String, Vec<Key>)> {
    let mut tables: Vec<(String, Vec<Key>)> = Vec::new();
    let mut comment = String::new();
    for line in COMMENTED_DEFAULTS.lines() {
        if let Some(head) = head_of(line) {
            tables.push((head.to_owned(), Vec::new()));
            comment.clear();
        } else if let Some((key, example)) = key_of(line) {
            if let Some((_, keys)) = tables.last_mut() {
                let (name, value) = key.split_once(" = ").unwrap();
                let (name, value, text) = (name.to_owned(), value.to_owned(), std::mem::take(&mut comment));
                keys.push(Key { name, value, example, text });
            }
        } else if let Some(text) = line.strip_prefix("# ") {
            if !comment.is_empty() {
                comment.push(' ');
            }
            comment.push_str(text);
        } else {
            comment.clear();
        }
    }
    tables.dedup_by(|later, first| later.0 == first.0);
    tables
}

/// `[table]`; one that nobody needs stands behind a `#`, like a key without a default.
fn head_of(line: &str) -> Option<&str> {
    let head = line.strip_prefix("# ").unwrap_or(line);
    (head.starts_with('[') && head.ends_with(']') && !head.contains(' ')).then_some(head)
}

/// `key = value`, and whether it stands behind a `#`.
fn key_of(line: &str) -> Option<(&str, bool)> {
    let (text, example) = line.strip_prefix("# ").map_or((line, false), |text| (text, true));
    let (name, _) = text.split_once(" = ")?;
    let named =
        !name.is_empty() && name.bytes().all(|b| b.is_ascii_lowercase() || b == b'_' || b.is_ascii_digit());
    named.then_some((text, example))
}

#[test]
fn the_shipped_file_shows_every_key_the_program_knows() {
    for (table, keys) in tables() {
        // GIVEN what the program knows: the list it gives when it refuses an unknown key
        let text = format!("{}\nno_such_key = 1\n", with_only(&table));
        let refused = toml::from_str::<crate::config::Config>(&text).unwrap_err().message().to_owned();
        let known = refused.split_once("expected").unwrap_or_else(|| panic!("{table}: {refused}")).1;
        // THEN each stands in the file, and nothing else does
        let known: Vec<&str> = known.split('`').skip(1).step_by(2).collect();
        let mut shown: Vec<&str> = keys.iter().map(|key| key.name.as_str()).collect();
        // A list of tables stands there as tables of its own.
        let listed = |name: &&str| {
            let own = format!("[[{}.{name}]]", table.trim_matches(['[', ']']));
            tables().iter().any(|(other, _)| *other == own)
        };
        let known: Vec<&str> = known.into_iter().filter(|name| !listed(name)).collect();
        for name in &known {
            assert!(shown.contains(name), "{table} does not show {name}");
        }
        shown.retain(|name| !known.contains(name));
        assert!(shown.is_empty(), "{table} shows {shown:?}, which the program does not know");
        let bare: Vec<&str> =
            keys.iter().filter(|key| key.text.is_empty()).map(|key| key.name.as_str()).collect();
        assert!(bare.is_empty(), "{table} has keys without a comment: {bare:?}");
    }
}

/// The shipped file as far as the given table's head, so that the next key falls into it.
fn with_only(table: &str) -> String {
    let at =
        ["", "# "].iter().find_map(|mark| COMMENTED_DEFAULTS.find(&format!("\n{mark}{table}\n"))).unwrap();
    COMMENTED_DEFAULTS[..at].to_owned() + "\n" + table
}

#[test]
fn the_shipped_file_shows_every_table_the_program_knows() {
    let refused =
        toml::from_str::<crate::config::Config>("no_such_table = 1").unwrap_err().message().to_owned();
    let shown: Vec<String> =
        tables().into_iter().map(|(head, _)| head.trim_matches(['[', ']']).to_owned()).collect();
    let known = refused.split_once("expected").unwrap().1;
    for name in known.split('`').skip(1).step_by(2) {
        assert!(shown.iter().any(|head| head == name), "[{name}] is not shown");
    }
}
