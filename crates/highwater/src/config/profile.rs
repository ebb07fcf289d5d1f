//! Profiles: further orgs of one file, such as a sandbox, with the same field map and everything else of their own.
//!
//! A profile is laid over the file. What says which org, which database and which state is never taken from the file: a
//! sandbox that is half set up must not reach production with the other half.

use std::path::PathBuf;

use toml::de::{DeTable, DeValue};

use super::{ConfigError, Place, Places, refusal};

/// The table that holds them.
const TABLE: &str = "profiles";

/// The keys of `[salesforce]` that hold for every org.
const SHARED_WITH_ORG: [&str; 7] = [
    "api_version",
    "duplicate_alert_texts",
    "email_rule_texts",
    "extra_ca_file",
    "poll_longest_seconds",
    "retry_seconds",
    "sign_in_seconds",
];

/// The keys of `[supporters]` that say which database it is.
const DATABASE: [&str; 2] = ["path", "url"];

/// The keys of `[supporters]` that belong to one database.
const OF_ONE_DATABASE: [&str; 6] =
    ["path", "url", "password_env", "password_file", "password_command", "allow_unverified_server"];

/// The keys of `[report]` that lead into an org or a database.
const LINKS: [&str; 2] = ["contact_url", "supporter_url"];

/// The names of the file's profiles, in the order of the alphabet.
pub(super) fn names(places: &Places, root: &DeTable<'_>) -> Result<Vec<String>, ConfigError> {
    let Some(profiles) = root.get(TABLE) else { return Ok(Vec::new()) };
    let refused = |key: String, problem: &str| Err(value(places.of_key(&key), key, problem));
    let DeValue::Table(profiles) = profiles.get_ref() else {
        return refused(TABLE.to_owned(), "is a table of profiles: [profiles.sandbox.salesforce]");
    };
    let mut names = Vec::new();
    for (name, profile) in profiles {
        let name = name.get_ref().to_string();
        let key = format!("{TABLE}.{name}");
        let plain = name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
        if !plain || name.is_empty() || name.len() > 32 {
            return refused(key, "is no name of a profile: up to 32 small letters, digits and hyphens");
        }
        if !matches!(profile.get_ref(), DeValue::Table(_)) {
            return refused(key, "is a table: [profiles.sandbox.salesforce]");
        }
        names.push(name);
    }
    names.sort_unstable();
    Ok(names)
}

/// Lays a profile over the file.
pub(super) fn overlay(places: &Places, root: &mut DeTable<'_>, name: &str) -> Result<(), ConfigError> {
    let profile = root.get(TABLE).and_then(|profiles| table(profiles.get_ref())?.get(name)).cloned();
    let Some(DeValue::Table(profile)) = profile.map(toml::Spanned::into_inner) else { return Ok(()) };
    let refused = |key: &str, problem: &str| {
        let key = format!("{TABLE}.{name}.{key}");
        Err(value(places.of_key(&key), key, problem))
    };
    if at(&profile, "salesforce", "sandbox").is_none() {
        return refused("salesforce.sandbox", "is missing: say whether this profile's org is a sandbox");
    }
    let looks_only = matches!(at(&profile, "supporters", "read_only"), Some(DeValue::Boolean(true)));
    let mut own_database = false;
    for key in DATABASE {
        let Some(named) = at(&profile, "supporters", key) else { continue };
        own_database = true;
        let shared = at(root, "supporters", key).is_some_and(|other| same(named, other));
        if shared && !looks_only {
            let problem =
                "is the file's own database: name another one, or add read_only = true to look only";
            return refused(&format!("supporters.{key}"), problem);
        }
    }
    let kind = at(&profile, "supporters", "kind").or_else(|| at(root, "supporters", "kind"));
    let without = kind.and_then(DeValue::as_str) == Some("none");
    if !own_database && !looks_only && !without {
        let problem =
            "names no database: name one for this profile, or read_only = true to look at the file's";
        return refused("supporters", problem);
    }
    if let (Some(own), Some(other)) = (at(&profile, "state", "dir"), at(root, "state", "dir"))
        && same(own, other)
    {
        return refused("state.dir", "is the file's own state: a profile needs another one");
    }
    keep(root, "salesforce", |key| SHARED_WITH_ORG.contains(&key));
    keep(root, "supporters", |key| !own_database || !OF_ONE_DATABASE.contains(&key));
    keep(root, "report", |key| !LINKS.contains(&key));
    root.remove("simulated_org");
    merge(root, profile);
    Ok(())
}

/// Takes the profiles out, and says whether the given one names a state of its own. What is left is one configuration.
pub(super) fn take(root: &mut DeTable<'_>, name: Option<&str>) -> bool {
    let profiles = root.remove(TABLE);
    let own = || at(table(table(profiles.as_ref()?.get_ref())?.get(name?)?.get_ref())?, "state", "dir");
    own().is_some()
}

/// The state of a profile that names none: beside the file's, with the profile's name behind it.
pub(super) fn beside(dir: &mut PathBuf, name: &str) {
    let mut text = std::mem::take(dir).into_os_string();
    text.push("-");
    text.push(name);
    *dir = PathBuf::from(text);
}

/// The error for a profile that the file does not have.
pub(super) fn unknown(file: &str, name: &str, known: &[String]) -> ConfigError {
    let suggestion = refusal::nearest(name, known);
    ConfigError::UnknownProfile {
        file: file.to_owned(),
        name: name.to_owned(),
        known: known.to_vec(),
        suggestion,
    }
}

fn value(place: Place, key: String, problem: &str) -> ConfigError {
    ConfigError::Value { place, key, problem: problem.to_owned(), suggestion: None }
}

fn table<'a, 'i>(value: &'a DeValue<'i>) -> Option<&'a DeTable<'i>> {
    if let DeValue::Table(table) = value { Some(table) } else { None }
}

fn at<'a, 'i>(root: &'a DeTable<'i>, outer: &str, key: &str) -> Option<&'a DeValue<'i>> {
    Some(table(root.get(outer)?.get_ref())?.get(key)?.get_ref())
}

/// Whether two texts are the same; `./x` and `x` are not, which the state's own binding to its org catches.
fn same(one: &DeValue<'_>, other: &DeValue<'_>) -> bool {
    one.as_str().is_some() && one.as_str() == other.as_str()
}

fn keep(root: &mut DeTable<'_>, name: &str, wanted: impl Fn(&str) -> bool) {
    let Some(DeValue::Table(inner)) = root.get_mut(name).map(toml::Spanned::get_mut) else { return };
    let all: Vec<String> = inner.keys().map(|key| key.get_ref().to_string()).collect();
    for key in all.iter().filter(|key| !wanted(key)) {
        inner.remove(key.as_str());
    }
}

/// Tables are laid over each other key by key; any other value takes the place of the file's.
fn merge<'i>(under: &mut DeTable<'i>, over: DeTable<'i>) {
    for (key, value) in over {
        let name: &str = key.get_ref();
        let there = under.get_mut(name).map(toml::Spanned::get_mut);
        if let (Some(DeValue::Table(inner)), DeValue::Table(_)) = (there, value.get_ref()) {
            if let DeValue::Table(value) = value.into_inner() {
                merge(inner, value);
            }
        } else {
            // A key that stays would keep its place in the file, and messages would name the wrong line.
            under.remove(name);
            under.insert(key, value);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::load::parse_profile;

    const BASE: &str = include_str!("../../../../config/examples/minimal.toml");
    const SANDBOX: &str = "
[profiles.sandbox.salesforce]
sandbox = true
login_url = \"https://example--uat.sandbox.my.salesforce.com\"
client_id = \"key-of-the-copy\"
client_secret_file = \"copy_secret\"

[profiles.sandbox.supporters]
path = \"copy.db\"
";

    fn with(more: &str) -> String {
        format!("{BASE}{SANDBOX}{more}")
    }

    fn problem(text: &str, name: Option<&str>) -> String {
        parse_profile("highwater.toml", text, name).expect_err("the file is refused").to_string()
    }

    #[test]
    fn a_profile_shares_the_map_and_has_an_org_a_database_and_a_state_of_its_own() {
        let text = with("\n[profiles.sandbox.sync]\npull = false\n").replace(
            "[salesforce]",
            "[salesforce]\nexpected_org_id = \"00D000000000000EAA\"\nretry_seconds = 7\nallowed_hosts = [\"a.example.org\"]",
        );
        let file = parse_profile("x", &text, None).unwrap();
        let own = parse_profile("x", &text, Some("sandbox")).unwrap();
        assert_eq!((file.profile.as_deref(), own.profile.as_deref()), (None, Some("sandbox")));
        assert_eq!(own.fields, file.fields);
        assert_eq!(own.supporters.table, file.supporters.table);
        assert_eq!(own.salesforce.retry_seconds, file.salesforce.retry_seconds);
        assert!(file.sync.pull && !own.sync.pull);
        // Nothing that says which org or whose credentials comes from the file.
        assert_eq!(own.salesforce.client_id, "key-of-the-copy");
        assert_eq!(own.salesforce.client_secret_env, None);
        assert_eq!(own.salesforce.expected_org_id, None);
        assert!(own.salesforce.allowed_hosts.is_empty());
        assert_eq!(own.salesforce.is_sandbox(), Some(true));
        assert_eq!(file.salesforce.is_sandbox(), Some(false));
        assert_eq!(own.state_dir(), std::path::Path::new("highwater-state-sandbox"));
        assert_eq!(file.state_dir(), std::path::Path::new("highwater-state"));
        assert!(file.banner().is_none());
        assert!(own.banner().unwrap().line().contains("profile sandbox"));
    }

    #[test]
    fn a_profile_that_could_reach_production_is_refused_whichever_is_chosen() {
        for (text, words) in [
            (with("").replace("sandbox = true\n", ""), "profiles.sandbox.salesforce.sandbox: is missing"),
            (with("").replace("path = \"copy.db\"", ""), "profiles.sandbox.supporters: names no database"),
            (
                with("").replace("copy.db", "supporters.db"),
                "profiles.sandbox.supporters.path: is the file's own",
            ),
            (
                with("").replace("client_secret_file = \"copy_secret\"\n", ""),
                "client_secret_env: exactly one",
            ),
            (with("").replace("client_id = \"key-of-the-copy\"\n", ""), "salesforce.client_id: is missing"),
            (
                with("").replace("--uat.sandbox", ""),
                "salesforce.sandbox: is true, and login_url is no sandbox's",
            ),
            (
                with("\n[state]\ndir = \"s\"\n[profiles.sandbox.state]\ndir = \"s\"\n"),
                "sandbox.state.dir: is the file's own",
            ),
            (with("").replace("profiles.sandbox", "profiles.\"../up\""), "is no name of a profile"),
            (with("\n[profiles.sandbox.sync]\npsh = true\n"), "unknown key \"psh\" in [sync]"),
            ("profiles = 5\n".to_owned() + BASE, "profiles: is a table"),
        ] {
            for chosen in [None, Some("sandbox")] {
                let found = problem(&text, chosen);
                assert!(found.contains(words), "{found}");
                assert!(found.starts_with("highwater.toml:"), "{found}");
            }
        }
    }

    #[test]
    fn looking_at_the_files_own_database_is_allowed() {
        let text = with("").replace("path = \"copy.db\"", "read_only = true");
        let own = parse_profile("x", &text, Some("sandbox")).unwrap();
        assert!(own.supporters.read_only);
        assert_eq!(own.supporters.file(), std::path::Path::new("supporters.db"));
    }

    #[test]
    fn a_profile_on_another_server_gets_neither_its_password_nor_its_leniency() {
        let text = with("")
            .replace("kind = \"sqlite\"\npath = \"supporters.db\"", "kind = \"postgres\"\nurl = \"postgres://a@db.example.org/live?sslmode=require\"\npassword_env = \"P\"\nallow_unverified_server = \"yes_the_network_is_trusted\"")
            .replace("path = \"copy.db\"", "url = \"postgres://a@db.example.org/copy\"");
        let own = parse_profile("x", &text, Some("sandbox")).unwrap().supporters;
        assert_eq!(own.url.as_deref(), Some("postgres://a@db.example.org/copy"));
        assert!(own.password_env.is_none() && own.allow_unverified_server.is_none());
    }

    #[test]
    fn an_unknown_profile_is_named_with_the_nearest_known_one() {
        let found = problem(&with(""), Some("sandbx"));
        assert!(found.ends_with("the file has sandbox; did you mean \"sandbox\"?"), "{found}");
        assert!(problem(BASE, Some("sandbox")).contains("the file has none"));
    }
}
