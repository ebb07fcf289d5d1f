use super::*;

const MINIMAL: &str = include_str!("../../../../config/examples/minimal.toml");

fn problem(text: &str) -> String {
    parse("highwater.toml", text).expect_err("the file is refused").to_string()
}

fn with(line: &str) -> String {
    MINIMAL.replace("[supporters]", &format!("{line}\n\n[supporters]"))
}

#[test]
fn the_shipped_files_are_accepted() {
    for (name, text) in [
        ("highwater.toml", COMMENTED_DEFAULTS),
        ("minimal.toml", MINIMAL),
        ("simulated-org.toml", include_str!("../../../../config/examples/simulated-org.toml")),
        (
            "production-and-sandbox.toml",
            include_str!("../../../../config/examples/production-and-sandbox.toml"),
        ),
        ("events-alone.toml", include_str!("../../../../config/examples/events-alone.toml")),
        ("sandbox.toml", include_str!("../../../../config/examples/sandbox.toml")),
    ] {
        parse(name, text).unwrap_or_else(|error| panic!("{error}"));
    }
}

#[test]
fn the_shipped_defaults_are_the_defaults() {
    let written = parse("highwater.toml", COMMENTED_DEFAULTS).unwrap();
    let left_out = parse("minimal.toml", MINIMAL).unwrap();
    assert_eq!(written.salesforce, left_out.salesforce);
    assert_eq!(written.supporters, left_out.supporters);
    assert_eq!(written.state, left_out.state);
    assert_eq!(written.sync, left_out.sync);
    assert_eq!(written.schedule, left_out.schedule);
    assert_eq!(written.contact_fields, left_out.contact_fields);
    assert_eq!(written.matching, left_out.matching);
    assert_eq!(written.admin, left_out.admin);
    assert_eq!(written.report, left_out.report);
    assert_eq!(written.log, left_out.log);
    assert_eq!(written.fields[0], left_out.fields[0]);
}

#[test]
fn the_keys_of_one_kind_of_database_do_not_go_with_another() {
    let postgres = |lines: &str| {
        let table = format!("[supporters]\nkind = \"postgres\"\n{lines}\n");
        MINIMAL.replace("[supporters]\nkind = \"sqlite\"\npath = \"supporters.db\"\n", &table)
    };
    let url = "url = \"postgres://highwater@db.example.org/fundraising\"";
    assert!(parse("x", &postgres(url)).is_ok());
    assert!(problem(&postgres("")).contains("supporters.url: is needed"));
    assert!(
        problem(&postgres(&format!("{url}\npath = \"x.db\"")))
            .contains("supporters.path: belongs to a SQLite file")
    );
    assert!(problem(&postgres("url = \"db.example.org\"")).contains("supporters.url: the address"));
    let both = format!("{url}\nutc_offset = \"+10:00\"\ntime_zone = \"Australia/Sydney\"");
    assert!(problem(&postgres(&both)).contains("supporters.time_zone: give either"));
    assert!(problem(&postgres(&format!("{url}\ntime_zone = \"UTC+10\""))).contains("not a time zone"));
    assert!(
        problem(&postgres(&format!("{url}\nallow_unverified_server = true")))
            .contains("allow_unverified_server")
    );
    let sqlite = MINIMAL.replace("path = \"supporters.db\"", &format!("path = \"x.db\"\n{url}"));
    assert!(problem(&sqlite).contains("supporters.url: belongs to PostgreSQL"));
}

#[test]
fn a_password_in_the_address_is_refused_and_not_repeated() {
    let text = MINIMAL.replace(
        "kind = \"sqlite\"\npath = \"supporters.db\"",
        "kind = \"postgres\"\nurl = \"postgres://highwater:s3cret@db.example.org/fundraising\"",
    );
    let problem = problem(&text);
    assert!(problem.contains("supporters.url is a secret"), "{problem}");
    assert!(!problem.contains("s3cret"));
}

#[test]
fn an_unknown_key_is_refused_with_its_line_and_the_nearest_known_one() {
    assert_eq!(
        problem(&with("api_versoin = \"66.0\"")),
        "highwater.toml:8:1: unknown key \"api_versoin\" in [salesforce]; did you mean \"api_version\"?"
    );
    assert_eq!(
        problem(&MINIMAL.replace("column = \"email\"", "colum = \"email\"")),
        "highwater.toml:23:1: unknown key \"colum\" in [field[2]]; did you mean \"column\"?"
    );
    assert_eq!(
        problem(&format!("{MINIMAL}\n[shedule]\nevery_minutes = 5\n")),
        "highwater.toml:25:2: unknown key \"shedule\" at the top of the file; did you mean \"schedule\"?"
    );
}

#[test]
fn a_key_of_the_matcher_that_does_nothing_is_not_taken() {
    for line in ["on_tie = \"oldest\"", "overlook_plus_tag = true", "overlook_gmail_dots = true"] {
        let found = problem(&format!("{MINIMAL}\n[matching]\n{line}\n"));
        assert!(found.contains("unknown key") && found.contains("[matching]"), "{found}");
    }
}

#[test]
fn a_wrong_value_is_refused_with_its_key_and_what_would_be_right() {
    let sync = |line: &str| problem(&format!("{MINIMAL}\n[sync]\n{line}\n"));
    assert_eq!(
        sync("overlap_seconds = 99999999"),
        "highwater.toml:26:19: sync.overlap_seconds: invalid value: integer `99999999`, expected a whole number from 0 \
         to 86400"
    );
    assert!(sync("push = \"yes\"").ends_with("sync.push: invalid type: string, expected a boolean"));
    assert!(sync("circuit_share = 0.0").contains("a share above 0 and at most 1"));
    assert!(sync("job_rows = -1").contains("sync.job_rows"));
    let policy = problem(&format!("{MINIMAL}policy = \"salesforse\"\n"));
    assert!(policy.contains("field[2].policy: is not one of salesforce, supporter"), "{policy}");
    assert!(policy.ends_with("did you mean \"salesforce\"?"), "{policy}");
}

#[test]
fn a_missing_key_is_named_with_its_table() {
    let text = MINIMAL.replace("table = \"supporters\"\n", "");
    assert!(problem(&text).contains("supporters.table: is missing"), "{}", problem(&text));
    let text = MINIMAL.replace("contact = \"Email\"\n", "");
    assert!(problem(&text).contains("field[2].contact: is missing"), "{}", problem(&text));
}

#[test]
fn a_secret_in_the_file_is_refused_and_never_repeated() {
    for line in [
        "client_secret = \"hunter2canary\"",
        "refresh_token = \"hunter2canary\"",
        "security_token = \"hunter2canary\"",
        "password = \"hunter2canary\"",
        "client_secret_env = \"hunter2canary\"",
        "audience = \"-----BEGIN RSA PRIVATE KEY----- hunter2canary\"",
    ] {
        let text = with(line).replacen("client_secret_env = \"HIGHWATER_SF_SECRET\"\n", "", 1);
        let error = parse("highwater.toml", &text).unwrap_err();
        assert!(matches!(error, ConfigError::LiteralSecret { .. }), "{line}: {error}");
        assert!(!format!("{error} {error:?}").contains("hunter2"), "{error:?}");
    }
}

#[test]
fn no_message_repeats_a_text_value_of_the_file() {
    for line in [
        "api_version = { a = \"hunter2canary\" }",
        "allow_plain_http = 5",
        "poll_longest_seconds = \"hunter2canary\"",
    ] {
        let error = parse("highwater.toml", &with(line)).unwrap_err();
        assert!(!format!("{error} {error:?}").contains("hunter2"), "{error:?}");
    }
    let broken = with("audience = \"hunter2canary");
    let error = parse("highwater.toml", &broken).unwrap_err();
    assert!(matches!(error, ConfigError::Syntax { .. }));
    assert!(!format!("{error} {error:?}").contains("hunter2"), "{error:?}");
}

#[test]
fn keys_that_exclude_or_need_each_other_are_named() {
    for (text, words) in [
        (with("client_secret_file = \"x\""), "salesforce.client_secret_env: exactly one"),
        (with("username = \"a@example.org\""), "salesforce.username: does not belong"),
        (with("grant = \"jwt_bearer\""), "salesforce.private_key_env: exactly one"),
        (with("grant = \"refresh_token\""), "salesforce.refresh_token_env: exactly one"),
        (with("grant = \"password\""), "salesforce.grant: shows a user's password"),
        (with("grant = \"soap_login\""), "salesforce.grant: shows a user's password"),
        (with("grant = \"soap_login\"\nallow_legacy_login = true"), "salesforce.password_env: exactly one"),
        (with("security_token_env = \"T\""), "salesforce.security_token_env: does not belong"),
        (with("sandbox = true"), "salesforce.sandbox: is true, and login_url is no sandbox's"),
        (MINIMAL.replace("client_id", "# client_id"), "salesforce.client_id: is missing"),
        (format!("{MINIMAL}yes = \"Y\"\n"), "field[2].yes: yes and no go together"),
        (format!("{MINIMAL}yes = \"\"\nno = \"N\"\n"), "field[2].yes: is blank"),
        (format!("{MINIMAL}yes = \"  \"\nno = \"\"\n"), "field[2].yes: is blank"),
        (format!("{MINIMAL}yes = \"Y\"\nno = \"y\"\n"), "field[2].yes: reads like no"),
        (format!("{MINIMAL}yes = \"Да\"\nno = \" да\"\n"), "field[2].yes: reads like no"),
        (
            format!("{MINIMAL}[[field]]\ncontact = \"Modified__c\"\ncolumn = \"Modified_At\"\n"),
            "field[3].column: is supporters.modified_column as well",
        ),
        (format!("{MINIMAL}constant = \"x\"\n"), "field[2].contact: needs exactly one of"),
        (
            format!("{MINIMAL}[schedule]\ncron = \"0 * * * *\"\nevery_minutes = 5\n"),
            "schedule.cron: give either",
        ),
        (
            format!("{MINIMAL}[replication]\ncron = \"0 2 * * *\"\nevery_minutes = 0\n"),
            "replication.cron: give either",
        ),
        (
            format!("{MINIMAL}[replication]\ncron = \"0 2 30 2 *\"\n"),
            "replication.cron: the cron text \"0 2 30 2 *\" names a date that no year has",
        ),
        (format!("{MINIMAL}[contact_fields]\naccount_id = \"A__c\"\n"), "contact_fields.account_id: needs"),
        (
            format!("{MINIMAL}[report]\nsupporter_url = \"https://x.example.org\"\n"),
            "report.supporter_url: a link pattern holds {id}",
        ),
        (format!("{MINIMAL}[sync]\npush = false\npull = false\n"), "sync.pull: push and pull are both off"),
    ] {
        let found = problem(&text);
        assert!(found.contains(words), "{found}");
        assert!(found.starts_with("highwater.toml:"), "{found}");
    }
}

#[test]
fn the_admin_page_is_off_until_it_is_told_where_and_behind_which_password() {
    assert_eq!(parse("x", MINIMAL).unwrap().admin, Admin::default());
    let admin = |lines: &str| format!("{MINIMAL}\n[admin]\n{lines}\n");
    let here = "listen = \"127.0.0.1:8620\"";
    let named = "password_env = \"P\"";
    assert!(parse("x", &admin(&format!("{here}\n{named}"))).unwrap().admin.listen.is_some());
    let abroad = "listen = \"0.0.0.0:8620\"";
    let aloud = "allow_other_hosts = \"yes_behind_a_proxy_with_tls\"";
    assert!(parse("x", &admin(&format!("{abroad}\n{aloud}\n{named}"))).is_ok());
    for (lines, words) in [
        (here.to_owned(), "admin.password_env: exactly one"),
        (format!("{here}\n{named}\npassword_file = \"x\""), "admin.password_env: exactly one"),
        (format!("{abroad}\n{named}"), "admin.listen: is no loopback address"),
        (format!("listen = \"[::]:1\"\n{named}"), "admin.listen: is no loopback address"),
        (format!("{abroad}\n{named}\nallow_other_hosts = true"), "admin.allow_other_hosts"),
        (
            format!("{here}\n{named}\npublic_url = \"http://h.example.org\""),
            "admin.public_url: is no address",
        ),
        ("listn = \"127.0.0.1:8620\"".to_owned(), "did you mean \"listen\"?"),
    ] {
        let found = problem(&admin(&lines));
        assert!(found.contains(words), "{found}");
        assert!(found.starts_with("highwater.toml:"), "{found}");
    }
    let written = parse("highwater.toml", &admin("password = \"hunter2canary\"")).unwrap_err();
    assert!(matches!(written, ConfigError::LiteralSecret { .. }), "{written}");
    assert!(!format!("{written} {written:?}").contains("hunter2"));
}

#[test]
fn only_the_exact_sentence_permits_plain_http() {
    assert!(parse("x", &with("allow_plain_http = \"yes_for_simulated_org\"")).is_ok());
    for other in ["true", "\"yes\"", "\"YES_FOR_SIMULATED_ORG\""] {
        assert!(parse("x", &with(&format!("allow_plain_http = {other}"))).is_err(), "{other}");
    }
}

#[test]
fn the_environment_overlays_and_relative_paths_start_from_the_file() {
    // GIVEN a file in a folder
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("highwater.toml");
    std::fs::write(&path, MINIMAL).unwrap();
    // WHEN it is loaded without and with an environment
    let plain = load(&path, None, &Environment::default()).unwrap();
    let set = Environment { state_dir: Some("/srv/state".into()), log: Some("DEBUG".to_owned()) };
    let overlaid = load(&path, None, &set).unwrap();
    // THEN paths start from the folder, and the environment wins
    assert_eq!(plain.state_dir(), folder.path().join("highwater-state"));
    assert_eq!(overlaid.state_dir(), Path::new("/srv/state"));
    assert_eq!(overlaid.log.level, Some(LogLevel::Debug));
    let wrong = Environment { state_dir: None, log: Some("loud".to_owned()) };
    assert!(matches!(load(&path, None, &wrong), Err(ConfigError::Environment { name: "HIGHWATER_LOG", .. })));
    assert!(matches!(load(&folder.path().join("no"), None, &set), Err(ConfigError::Missing { .. })));
}

#[cfg(unix)]
#[test]
fn a_secret_file_that_others_may_read_is_refused() {
    use secrecy::ExposeSecret;
    use std::os::unix::fs::PermissionsExt;
    // GIVEN a secret in a file
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("secret");
    std::fs::write(&path, "canary\n").unwrap();
    let source =
        SecretSource { key: "client_secret", env: None, file: Some(Path::new("secret")), command: None };
    let set = |mode| std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
    // WHEN only its owner may read it THEN it is used, without its line end
    set(0o600);
    assert_eq!(source.fetch(folder.path()).unwrap().expose_secret(), "canary");
    // WHEN others may THEN it is not
    for mode in [0o640, 0o604, 0o644, 0o660] {
        set(mode);
        let refused = source.fetch(folder.path()).unwrap_err();
        assert!(matches!(refused, SecretError::Exposed { .. }), "{mode:o}");
        assert!(!format!("{refused:?}").contains("canary"));
    }
}

#[test]
fn a_secret_command_gives_its_output_or_says_that_it_failed() {
    use secrecy::ExposeSecret;
    let run = |words: &[&str]| {
        let command: Vec<String> = words.iter().map(|&word| word.to_owned()).collect();
        let source = SecretSource { key: "client_secret", env: None, file: None, command: Some(&command) };
        source.fetch(Path::new("")).map(|secret| secret.expose_secret().to_owned())
    };
    assert_eq!(run(&["echo", "canary"]).unwrap(), "canary");
    assert!(matches!(run(&["false"]), Err(SecretError::Command { .. })));
    assert!(matches!(run(&["true"]), Err(SecretError::Unusable(_))));
    assert!(matches!(run(&[]), Err(SecretError::Command { .. })));
}

proptest::proptest! {
    #[test]
    fn any_text_is_accepted_or_refused_but_never_panics(text in "\\PC{0,80}|([a-z_]{1,12} ?= ?[\\[{\"0-9a-z.]{0,6}\n){0,6}") {
        let _ = parse("x", &text);
        let _ = parse("x", &format!("{MINIMAL}{text}"));
    }
}

proptest::proptest! {
    /// A file that is almost right: a configuration or an error, never a panic.
    #[test]
    fn fuzz_config(from in 0_usize..6_000, length in 0_usize..60, piece in "(\\PC|\n|=|\\[|\\]|\"){0,30}") {
        for text in [MINIMAL, COMMENTED_DEFAULTS] {
            let bent: String = text.chars().take(from).chain(piece.chars()).chain(text.chars().skip(from + length)).collect();
            if let Err(error) = parse("highwater.toml", &bent) {
                proptest::prop_assert!(!error.to_string().is_empty());
            }
        }
    }
}

#[test]
fn what_an_emptied_value_does_is_said_once_or_by_the_field() {
    use model::{Blank, FieldType};
    let rules = |sync: &str, field: &str| {
        let config = parse("highwater.toml", &format!("{MINIMAL}{field}\n[sync]\n{sync}\n")).unwrap();
        let last = config.fields.last().unwrap();
        let rule = crate::wire::field_map::rule_of(&config.sync, last, FieldType::Text, None);
        (rule.blank_to_contact, rule.blank_to_supporter)
    };
    assert_eq!(rules("", ""), (Blank::Clear, Blank::Clear));
    assert_eq!(rules("blank_to_supporter = \"keep\"", ""), (Blank::Clear, Blank::Keep));
    assert_eq!(
        rules("blank_to_contact = \"keep\"", "blank_to_contact = \"clear\"\n"),
        (Blank::Clear, Blank::Clear)
    );
    assert_eq!(rules("", "blank_to_supporter = \"keep\"\n"), (Blank::Clear, Blank::Keep));
}
