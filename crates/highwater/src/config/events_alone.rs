//! `supporters.kind = "none"`: events become records, and nobody is kept in step. A key that only cycles or replication read would
//! silently do nothing there, and is refused.

use actions::action::Trigger;
use actions::replicate::SUPPORTER;

use super::consistency::refuse;
use super::{Config, ConfigError};

/// The tables that only cycles, their reports and replication read.
const OF_CYCLES: [&str; 6] = ["contact_fields", "field", "matching", "replication", "report", "schedule"];

/// The keys of `[sync]` that may stand there all the same: two that say how it is, and one that jobs for events go by, too.
const STILL: [&str; 3] = ["job_deadline_minutes", "pull", "push"];

const NEEDS: &str = "needs a supporter database, and supporters.kind is \"none\": take it out, or set supporters.kind to \"sqlite\" or \"postgres\"";

/// Refuses the first key that needs a supporter database, and a file that asks for nothing.
pub(super) fn check(config: &Config) -> Result<(), ConfigError> {
    let (places, sync) = (&config.places, &config.sync);
    if let Some(table) = OF_CYCLES.into_iter().find(|table| places.has(table)) {
        return refuse(config, table, NEEDS);
    }
    if let Some(name) = places.names_in("sync").find(|name| !STILL.contains(name)) {
        return refuse(config, &format!("sync.{name}"), NEEDS);
    }
    for (key, on) in [("sync.push", sync.push), ("sync.pull", sync.pull)] {
        if on && places.has(key) {
            return refuse(config, key, NEEDS);
        }
    }
    let for_supporters = |on: &Trigger| on.types.iter().any(|kind| kind == SUPPORTER);
    if let Some(at) = config.actions.iter().position(|entry| entry.on.as_ref().is_some_and(for_supporters)) {
        return refuse(config, &format!("actions[{at}].on"), NEEDS);
    }
    if config.actions.is_empty() && !config.intake.is_on() {
        let problem = "is \"none\", and there is neither an [[intake.source]] nor an [[actions]]: nothing would ever be done";
        return refuse(config, "supporters.kind", problem);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::load::{parse, parse_profile};

    const ALONE: &str = include_str!("../../../../config/examples/events-alone.toml");

    fn problem(text: &str) -> String {
        parse("highwater.toml", text).expect_err("the file is refused").to_string()
    }

    fn beside_kind(line: &str) -> String {
        ALONE.replace("kind = \"none\"", &format!("kind = \"none\"\n{line}"))
    }

    #[test]
    fn events_alone_need_neither_a_database_nor_a_field_map_and_nothing_is_pushed_or_pulled() {
        let config = parse("events-alone.toml", ALONE).unwrap();
        assert!(config.fields.is_empty());
        assert_eq!((config.sync.push, config.sync.pull), (false, false));
        for still in ["push = false\npull = false", "job_deadline_minutes = 30"] {
            assert!(parse("x", &format!("{ALONE}\n[sync]\n{still}\n")).is_ok(), "{still}");
        }
        // THEN one half of them is enough: events are only kept, or those that were kept are delivered
        let (kept, actions) = ALONE.split_once("[[actions]]").unwrap();
        assert!(parse("x", kept).is_ok());
        let (head, _) = kept.split_once("[intake]").unwrap();
        assert!(parse("x", &format!("{head}[[actions]]{actions}")).is_ok());
        assert!(
            problem(head).contains("supporters.kind: is \"none\", and there is neither"),
            "{}",
            problem(head)
        );
    }

    #[test]
    fn every_other_key_of_the_database_is_refused_beside_it() {
        for line in [
            "path = \"supporters.db\"",
            "url = \"postgres://highwater@db.example.org/fundraising\"",
            "password_env = \"P\"",
            "table = \"supporters\"",
            "table = \"\"",
            "id_column = \"supporter_id\"",
            "contact_id_column = \"contact_id\"",
            "merged_into_column = \"merged_into\"",
            "new_id = \"database\"",
            "read_only = false",
        ] {
            let found = problem(&beside_kind(line));
            let key = line.split(' ').next().unwrap();
            assert!(found.contains(&format!("supporters.{key}: belongs to a supporter database")), "{found}");
            assert!(found.starts_with("highwater.toml:12:1: "), "{found}");
        }
        assert!(problem(&beside_kind("pth = \"x\"")).contains("unknown key \"pth\" in [supporters]"));
    }

    #[test]
    fn what_only_cycles_and_replication_read_is_refused_with_what_to_do() {
        let for_supporters = "[[actions]]\nname = \"r\"\nobject = \"Lead\"\noperation = \"create\"\n\
            on = { types = [\"supporter\"] }\nfield = [{ name = \"LastName\", path = \"supporter.last_name\" }]\n";
        for (lines, key) in [
            ("[sync]\npush = true\n", "sync.push"),
            ("[sync]\npull = true\n", "sync.pull"),
            ("[sync]\npush = false\noverlap_seconds = 600\n", "sync.overlap_seconds"),
            ("[sync]\nobject = \"lead\"\n", "sync.object"),
            ("[[field]]\ncontact = \"Email\"\ncolumn = \"email\"\n", "field"),
            ("[contact_fields]\naccount_id = \"A__c\"\n", "contact_fields"),
            ("[matching]\nfind = \"fuzzy\"\n", "matching"),
            ("[schedule]\nevery_minutes = 5\n", "schedule"),
            ("[report]\nsupporter_url = \"https://crm.example.org/{id}\"\n", "report"),
            ("[replication]\nevery_minutes = 0\n", "replication"),
            (for_supporters, "actions[1].on"),
        ] {
            let found = problem(&format!("{ALONE}\n{lines}"));
            assert!(found.contains(&format!(": {key}: needs a supporter database")), "{lines}: {found}");
            assert!(found.contains("take it out, or set supporters.kind to"), "{found}");
            assert!(found.starts_with("highwater.toml:"), "{found}");
        }
    }

    #[test]
    fn a_sandbox_of_events_alone_names_no_database_and_keeps_its_events_apart() {
        let text = format!(
            "{ALONE}\n[profiles.sandbox.salesforce]\nsandbox = true\nlogin_url = \"https://example--uat.sandbox.my.salesforce.com\"\n\
             client_id = \"key-of-the-copy\"\nclient_secret_file = \"copy_secret\"\n"
        );
        let own = parse_profile("x", &text, Some("sandbox")).unwrap();
        assert!(!own.supporters.kind.is_a_database() && !own.sync.push);
        assert_eq!(own.intake.dir, std::path::Path::new("highwater-events-sandbox"));
        // THEN one that has a database after all has its own map, too
        let other = format!(
            "{text}[profiles.sandbox.supporters]\nkind = \"sqlite\"\npath = \"copy.db\"\ntable = \"people\"\n\
             [[profiles.sandbox.field]]\ncontact = \"LastName\"\ncolumn = \"a\"\n\
             [[profiles.sandbox.field]]\ncontact = \"Email\"\ncolumn = \"b\"\n"
        );
        let own = parse_profile("x", &other, Some("sandbox")).unwrap();
        assert!(own.supporters.kind.is_a_database() && own.sync.push);
    }
}
