//! The proposed file.

use model::{Direction, FieldRule};
use supporters::NewId;
use supporters::inspect::{Proposal, Remark, Source};

use super::from_org::OrgView;
use super::undecided::{Undecided, of_org};

/// What was given or asked.
#[derive(Debug, Clone)]
pub struct Draft {
    /// The database; a file as the configuration names it.
    pub database: Source,
    /// The variable with the database's password.
    pub password_env: String,
    /// Scheme and host of the org.
    pub login_url: String,
    /// The consumer key.
    pub client_id: String,
    /// The variable with the consumer secret.
    pub client_secret_env: String,
}

impl Draft {
    /// Whether the address is the simulated org's: plain HTTP on this machine.
    #[must_use]
    pub fn plain_http(&self) -> bool {
        self.login_url.starts_with("http://127.0.0.1") || self.login_url.starts_with("http://localhost")
    }
}

/// The file's text. Rules that the org cannot take stand in it behind `#`, with the reason.
#[must_use]
pub fn text(draft: &Draft, table: &Proposal, org: Option<&OrgView>, undecided: &[Undecided]) -> String {
    let mut out = "# Proposed by `highwater init` from what both sides hold. `highwater check` tests it.\n\
                   # Every key with its default: `highwater init --print-defaults`.\n"
        .to_owned();
    if !undecided.is_empty() {
        out.push_str("#\n# Not decided yet:\n");
        for open in undecided {
            out.push_str(&format!("#   {}: {}\n", open.about, open.text));
        }
    }
    salesforce(&mut out, draft, org);
    supporters(&mut out, draft, table);
    contact_fields(&mut out, org);
    out.push_str("\n# One [[field]] per Contact field. Type and length are the org's own.\n");
    for rule in &table.rules {
        field(&mut out, rule, org);
    }
    if !table.unmapped.is_empty() {
        out.push_str("\n# Columns without a proposal:\n");
        for column in &table.unmapped {
            out.push_str(&format!("#   {}\n", one_line(column)));
        }
    }
    out
}

fn salesforce(out: &mut String, draft: &Draft, org: Option<&OrgView>) {
    out.push_str("\n[salesforce]\n");
    key(out, "login_url", &draft.login_url);
    key(out, "client_id", &draft.client_id);
    out.push_str("# The secret itself is never written here: only the name of the variable that holds it.\n");
    key(out, "client_secret_env", &draft.client_secret_env);
    if let Some(org) = org {
        out.push_str("# Credentials of any other org are refused.\n");
        key(out, "expected_org_id", &org.org_id.to_string());
    }
    if draft.plain_http() {
        key(out, "allow_plain_http", "yes_for_simulated_org");
        out.push_str("# A simulated job ends at once: look often.\npoll_longest_seconds = 1\n");
    }
}

fn supporters(out: &mut String, draft: &Draft, table: &Proposal) {
    out.push_str("\n[supporters]\n");
    match &draft.database {
        Source::Sqlite(path) => {
            key(out, "kind", "sqlite");
            key(out, "path", path);
        }
        Source::Postgres(login) => {
            key(out, "kind", "postgres");
            key(out, "url", login.address());
            if login.password.is_some() {
                out.push_str("# The password itself is never written here: only the name of the variable that holds it.\n");
                key(out, "password_env", &draft.password_env);
            }
        }
    }
    key(out, "table", &table.table);
    key(out, "id_column", table.id.as_deref().unwrap_or("supporter_id"));
    key(out, "modified_column", table.modified.as_deref().unwrap_or("modified_at"));
    let local = table.remarks.iter().any(|remark| matches!(remark, Remark::StampsWithoutOffset(_)));
    if local && matches!(draft.database, Source::Postgres(_)) {
        out.push_str(
            "# Its times carry no offset: take the # away, and name the zone they are written in.\n",
        );
        out.push_str("# time_zone = \"Europe/London\"\n");
    }
    match &table.contact_id {
        Some(column) => key(out, "contact_id_column", column),
        None => out.push_str("# contact_id_column = \"contact_id\"\n"),
    }
    if let Some(column) = &table.email {
        key(out, "email_column", column);
    }
    if table.new_id == NewId::Uuid {
        key(out, "new_id", "uuid");
    }
}

fn contact_fields(out: &mut String, org: Option<&OrgView>) {
    out.push_str("\n[contact_fields]\n# Takes the supporter id; must be External ID and Unique.\n");
    let supporter_id = org.and_then(|org| org.supporter_id.as_deref());
    key(out, "supporter_id", supporter_id.unwrap_or("EN_Supporter_Id__c"));
    if let Some(marker) = org.and_then(|org| org.push_marker.as_deref()) {
        out.push_str("# Tells the org's Flows that a save is ours.\n");
        key(out, "push_marker", marker);
    }
    if let Some(stamp) = org.and_then(|org| org.last_modified.as_deref()) {
        out.push_str("# Kept by the Flows; `highwater check` looks whether it is.\n");
        key(out, "last_modified", stamp);
    }
    if let Some(field) = org.and_then(|org| org.account_id.as_deref()) {
        out.push_str("# Where several supporter databases feed this org; needs supporters.account_id.\n");
        out.push_str(&format!("# account_id = {}\n", quoted(field)));
    }
}

fn field(out: &mut String, rule: &FieldRule, org: Option<&OrgView>) {
    let mut lines = String::from("[[field]]\n");
    key(&mut lines, "contact", &rule.contact_field);
    match rule.columns.as_slice() {
        [one] => key(&mut lines, "column", one),
        several => {
            let quoted: Vec<String> = several.iter().map(|column| quoted(column)).collect();
            lines.push_str(&format!("columns = [{}]\n", quoted.join(", ")));
        }
    }
    match rule.direction {
        Direction::Both => {}
        Direction::Push => key(&mut lines, "direction", "push"),
        Direction::Pull => key(&mut lines, "direction", "pull"),
    }
    if let Some((yes, no)) = &rule.yes_no {
        key(&mut lines, "yes", yes);
        key(&mut lines, "no", no);
    }
    out.push('\n');
    match org.and_then(|org| of_org(rule, org)) {
        None => out.push_str(&lines),
        Some(open) => {
            out.push_str(&format!("# Not used: {}\n", open.text));
            for line in lines.lines() {
                out.push_str(&format!("# {line}\n"));
            }
        }
    }
}

fn key(out: &mut String, name: &str, value: &str) {
    out.push_str(&format!("{name} = {}\n", quoted(value)));
}

/// A TOML string, escaped where it has to be.
fn quoted(value: &str) -> String {
    toml::Value::String(value.to_owned()).to_string()
}

/// A name of the database inside a comment: no name may end the comment's line.
fn one_line(name: &str) -> String {
    crate::output::printable(name).into_owned()
}

#[cfg(test)]
mod tests {
    use model::FieldType;
    use model::field_map::plain_rule;
    use supporters::Relation;
    use supporters::postgres::Login;

    use super::*;

    fn proposal(names: [&str; 3]) -> Proposal {
        Proposal {
            url: "people.db".to_owned(),
            table: names[0].to_owned(),
            relation: Relation::Table,
            id: Some(names[1].to_owned()),
            new_id: NewId::Database,
            modified: Some("changed".to_owned()),
            contact_id: None,
            email: Some("mail".to_owned()),
            rules: vec![
                plain_rule("Email", "mail", FieldType::Email),
                plain_rule("LastName", names[2], FieldType::Text),
            ],
            unmapped: vec![names[2].to_owned()],
            remarks: Vec::new(),
        }
    }

    fn draft() -> Draft {
        Draft {
            database: Source::Sqlite("people.db".to_owned()),
            password_env: "HIGHWATER_DB_PASSWORD".to_owned(),
            login_url: "https://example.my.salesforce.com".to_owned(),
            client_id: "key".to_owned(),
            client_secret_env: "SECRET".to_owned(),
        }
    }

    #[test]
    fn what_is_proposed_is_accepted_and_says_what_was_found() {
        let table = proposal(["people", "id", "surname"]);
        let open = [Undecided::new("utc_offset", "is open")];
        let config = crate::config::parse("x", &text(&draft(), &table, None, &open)).unwrap();
        assert_eq!(
            (config.supporters.table.as_str(), config.supporters.id_column.as_str()),
            ("people", "id")
        );
        assert_eq!(config.fields[1].column.as_deref(), Some("surname"));
        assert_eq!(config.salesforce.client_secret_env.as_deref(), Some("SECRET"));
    }

    #[test]
    fn a_server_is_written_down_without_its_password() {
        let login = Login::parse("postgres://u:s3cret@db.example.org/d?sslrootcert=ca.pem").unwrap();
        let draft = Draft { database: Source::Postgres(login), ..draft() };
        let mut table = proposal(["people", "id", "surname"]);
        table.remarks.push(Remark::StampsWithoutOffset("changed".to_owned()));
        let proposed = text(&draft, &table, None, &[]);
        assert!(!proposed.contains("s3cret"));
        let config = crate::config::parse("x", &proposed).unwrap();
        assert_eq!(
            config.supporters.url.as_deref(),
            Some("postgres://u@db.example.org/d?sslrootcert=ca.pem")
        );
        assert_eq!(config.supporters.password_env.as_deref(), Some("HIGHWATER_DB_PASSWORD"));
        let zoned = proposed.replace("# time_zone", "time_zone");
        let config = crate::config::parse("x", &zoned).unwrap();
        assert_eq!(config.supporters.time_zone.as_deref(), Some("Europe/London"));
    }

    proptest::proptest! {
        #[test]
        fn any_names_of_a_database_give_a_file_that_says_the_same(
            table in "(?s).{1,20}", id in "(?s).{1,20}", column in "(?s).{1,20}",
        ) {
            let proposed = text(&draft(), &proposal([&table, &id, &column]), None, &[]);
            let config = crate::config::parse("x", &proposed).unwrap();
            proptest::prop_assert_eq!(config.supporters.table, table);
            proptest::prop_assert_eq!(config.supporters.id_column, id);
            proptest::prop_assert_eq!(config.fields[1].column.clone(), Some(column));
        }
    }
}
