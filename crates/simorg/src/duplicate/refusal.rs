//! What a duplicate rule answers, and its form in a REST refusal.

use serde_json::{Map, Value as Json, json};

use crate::id::RecordId;
use crate::store::Store;

/// A save refused by a duplicate rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DuplicateRefusal {
    /// Developer name of the duplicate rule.
    pub rule: String,
    /// Object of the rule.
    pub object: String,
    /// True for an alert, which `allowSave=true` overrides; false for a block.
    pub allow_save: bool,
    /// The administrator's alert text.
    pub message: String,
    /// What was found, one entry for each matching rule that found something.
    pub results: Vec<MatchResult>,
}

/// The finds of one matching rule, at most 100.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MatchResult {
    /// Object of the records found.
    pub object: String,
    /// Developer name of the matching rule.
    pub rule: String,
    /// Whether the rule compares exactly throughout.
    pub exact: bool,
    /// Names of the rule's own fields, shown with `includeRecordDetails=true`.
    pub fields: Vec<String>,
    /// Records with their score, 0 to 100.
    pub records: Vec<(RecordId, u8)>,
}

impl DuplicateRefusal {
    /// The object under `duplicateResut` (captures of v50 to v54). `version` is e.g. `66.0`; fields of the records are
    /// shown when `details` gives the store.
    #[must_use]
    pub fn to_json(&self, version: &str, details: Option<&Store>) -> Json {
        json!({
            "allowSave": self.allow_save,
            "duplicateRule": self.rule,
            "duplicateRuleEntityType": self.object,
            "errorMessage": self.message,
            "matchResults": self.results.iter().map(|r| r.to_json(version, details)).collect::<Vec<_>>(),
        })
    }
}

impl MatchResult {
    fn to_json(&self, version: &str, details: Option<&Store>) -> Json {
        let records: Vec<Json> = self
            .records
            .iter()
            .map(|(id, score)| {
                json!({
                    "additionalInformation": [],
                    "fieldDiffs": [],
                    "matchConfidence": f64::from(*score),
                    "record": self.record(version, id, details),
                })
            })
            .collect();
        json!({
            "entityType": self.object,
            "errors": [],
            "matchEngine": if self.exact { "ExactMatchEngine" } else { "FuzzyMatchEngine" },
            "matchRecords": records,
            "rule": self.rule,
            "size": self.records.len(),
            "success": true,
        })
    }

    fn record(&self, version: &str, id: &RecordId, details: Option<&Store>) -> Json {
        let mut record = Map::new();
        let url = format!("/services/data/v{version}/sobjects/{}/{id}", self.object);
        record.insert("attributes".into(), json!({"type": self.object, "url": url}));
        record.insert("Id".into(), json!(id));
        let table = details.and_then(|store| store.table(&self.object));
        if let Some((table, stored)) = table.and_then(|t| t.get(id).map(|r| (t, r))) {
            for field in self.fields.iter().filter_map(|name| table.schema().field(name)) {
                record.insert(field.name.clone(), stored.value(field).to_json(field.whole()));
            }
        }
        Json::Object(record)
    }
}
