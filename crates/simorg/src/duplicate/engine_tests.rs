use serde_json::json;

use super::*;
use crate::id::RecordId;
use crate::record::{Cells, Draft, Record};
use crate::schema::Schema;
use crate::store::Store;
use crate::value::{Stamp, Value};

struct Org {
    store: Store,
    engine: DuplicateEngine,
}

fn org(settings: &DuplicateSettings) -> Org {
    let schema = Schema::new(&[], &[]);
    let mut store = Store::new(&schema, "5f0");
    let engine = DuplicateEngine::new(settings, &schema);
    engine.arm(&mut store);
    Org { store, engine }
}

impl Org {
    fn draft(&self, object: &str, values: &[(&str, &str)]) -> Draft {
        let schema = self.store.schema(object).unwrap();
        let mut draft = Draft::default();
        for (name, value) in values {
            draft.set(schema.field(name).unwrap().index, Value::text(*value));
        }
        draft
    }

    fn insert(&mut self, object: &str, values: &[(&str, &str)]) -> RecordId {
        let draft = self.draft(object, values);
        let table = self.store.table_mut(object).unwrap();
        let id = table.mint();
        table.insert(Record {
            id,
            created_by: id,
            created: Stamp(0),
            modified_by: id,
            modified: Stamp(0),
            stamp: Stamp(0),
            visible_at: Stamp(0),
            master: None,
            deleted: false,
            purged: false,
            cells: Cells::pack(&draft),
            previous: None,
        });
        id
    }

    fn check(&self, allow_save: bool, values: &[(&str, &str)]) -> Verdict {
        let draft = self.draft("Contact", values);
        let rows = [Candidate { draft: &draft, before: None }];
        self.engine.check(&self.store, "sync@example.org", "Contact", allow_save, &rows).remove(0)
    }
}

const STORED: [(&str, &str); 3] =
    [("FirstName", "Jonathan"), ("LastName", "Smith"), ("Email", "joe@example.org")];
const TWIN: [(&str, &str); 3] = [("FirstName", "Jon"), ("LastName", "Smyth"), ("Email", "JOE@example.org")];

fn rule(action: DuplicateAction) -> DuplicateSettings {
    DuplicateSettings::name_and_email(action, "Duplicate Alert")
}

#[test]
fn each_action_does_what_its_row_of_the_table_says() {
    for (action, allow_save, refused, reported) in [
        (DuplicateAction::Off, false, false, false),
        (DuplicateAction::Report, false, false, true),
        (DuplicateAction::Alert, false, true, false),
        (DuplicateAction::Alert, true, false, true),
        (DuplicateAction::Block, false, true, false),
        (DuplicateAction::Block, true, true, false),
    ] {
        let mut org = org(&rule(action));
        org.insert("Contact", &STORED);
        let verdict = org.check(allow_save, &TWIN);
        let found = (verdict.refusal.is_some(), !verdict.reports.is_empty());
        assert_eq!(found, (refused, reported), "{action:?} allowSave={allow_save}");
        if let Some(refusal) = verdict.refusal {
            assert_eq!(refusal.allow_save, action == DuplicateAction::Alert);
        }
    }
}

#[test]
fn a_refusal_names_the_twin_the_rules_and_the_engine() {
    let mut org = org(&rule(DuplicateAction::Alert));
    let id = org.insert("Contact", &STORED);
    org.insert("Contact", &[("LastName", "Other"), ("Email", "joe@example.org")]);
    let refusal = org.check(false, &TWIN).refusal.unwrap();
    let body = refusal.to_json("66.0", None);
    assert_eq!(body["matchResults"][0]["size"], 1);
    assert_eq!(body["matchResults"][0]["matchEngine"], "FuzzyMatchEngine");
    assert_eq!(body["matchResults"][0]["matchRecords"][0]["record"]["Id"], json!(id));
    assert_eq!(body["errorMessage"], "Duplicate Alert");
    assert!(body["matchResults"][0]["matchRecords"][0]["record"].get("Email").is_none());
    let detailed = refusal.to_json("66.0", Some(&org.store));
    assert_eq!(detailed["matchResults"][0]["matchRecords"][0]["record"]["Email"], "joe@example.org");
}

#[test]
fn the_standard_rule_also_finds_leads() {
    let mut org = org(&DuplicateSettings::default());
    let lead = org.insert("Lead", &STORED);
    let refusal = org.check(false, &TWIN).refusal.unwrap();
    assert_eq!((refusal.results[0].object.as_str(), refusal.results[0].records[0].0), ("Lead", lead));
    assert_eq!(refusal.message, "Use one of these records?");
}

#[test]
fn a_company_is_read_through_the_account() {
    let mut org = org(&DuplicateSettings::default());
    let account = org.insert("Account", &[("Name", "Acme Inc.")]);
    let person = |id: &str| {
        vec![("FirstName", "Joe"), ("LastName", "Smith"), ("Title", "CEO"), ("AccountId", id)]
            .into_iter()
            .map(|(k, v)| (k, v.to_owned()))
            .collect::<Vec<_>>()
    };
    let values = person(account.as_str());
    let values: Vec<(&str, &str)> = values.iter().map(|(k, v)| (*k, v.as_str())).collect();
    org.insert("Contact", &values);
    assert!(org.check(false, &values).refusal.is_some());
    assert!(org.check(false, &values[..3]).refusal.is_none());
}

#[test]
fn excluded_users_deleted_records_and_unseen_fields_are_passed_over() {
    let mut settings = rule(DuplicateAction::Block);
    settings.rules[0].excluded_users.push("Sync@example.org".into());
    let mut excluded = org(&settings);
    excluded.insert("Contact", &STORED);
    assert_eq!(excluded.check(false, &TWIN), Verdict::default());

    let mut deleted = org(&rule(DuplicateAction::Block));
    let id = deleted.insert("Contact", &STORED);
    let table = deleted.store.table_mut("Contact").unwrap();
    let slot = table.slot(&id).unwrap();
    let gone = Record { deleted: true, ..table.at(slot).unwrap().clone() };
    table.replace(slot, gone);
    assert_eq!(deleted.check(false, &TWIN), Verdict::default());

    let hidden = Schema::new(&[], &["Contact.Email".into()]);
    let engine = DuplicateEngine::new(&rule(DuplicateAction::Block), &hidden);
    assert!(engine.check(&deleted.store, "u", "Contact", false, &[]).is_empty());
    assert!(format!("{engine:?}").contains("uses: []"));
}

#[test]
fn an_edit_runs_the_rule_only_when_a_field_of_it_changed() {
    let mut settings = rule(DuplicateAction::Block);
    settings.rules[0].on_edit = DuplicateAction::Block;
    let mut org = org(&settings);
    org.insert("Contact", &STORED);
    let own = org.insert("Contact", &TWIN);
    let record = org.store.table("Contact").unwrap().get(&own).unwrap().clone();
    let mut draft = record.cells.draft();
    let refused = |draft: &Draft| {
        let rows = [Candidate { draft, before: Some(&record) }];
        org.engine.check(&org.store, "u", "Contact", false, &rows).remove(0).refusal
    };
    let schema = org.store.schema("Contact").unwrap();
    draft.set(schema.field("Phone").unwrap().index, Value::text("1"));
    assert_eq!(refused(&draft), None);
    draft.set(schema.field("FirstName").unwrap().index, Value::text("Jonny"));
    assert!(refused(&draft).is_some_and(|r| r.results[0].records.len() == 1));
}
