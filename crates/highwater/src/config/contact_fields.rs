//! `[contact_fields]`: fields of the Contact that highwater itself reads and writes.

use serde::Deserialize;

/// API names of the technical fields.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ContactFields {
    /// Takes the supporter id; External ID and Unique.
    pub supporter_id: String,
    /// Takes `supporters.account_id`.
    pub account_id: Option<String>,
    /// The "EN Push" checkbox that tells the org's Flows that a save is ours.
    pub push_marker: Option<String>,
    /// The checkbox that says that the Contact's supporter was deleted.
    pub supporter_deleted: Option<String>,
    /// The "EN Last Modified Date" that the org's Flow sets when somebody edits a mapped field.
    pub last_modified: Option<String>,
}

impl Default for ContactFields {
    fn default() -> Self {
        Self {
            supporter_id: "EN_Supporter_Id__c".to_owned(),
            account_id: None,
            push_marker: None,
            supporter_deleted: None,
            last_modified: None,
        }
    }
}
