//! What an object looks like to this user. A field hidden by field-level security is simply not there.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError};

use serde::{Deserialize, Serialize};

use crate::call::Call;
use crate::client::Ask;
use crate::error::{Error, ErrorKind};
use crate::lenient;
use crate::org::Org;
use crate::soql::ObjectName;

/// One object, as `GET /sobjects/{object}/describe` shows it (REST guide, "sObject Describe").
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(from = "Wire", into = "Wire")]
pub struct Describe {
    /// API name.
    pub name: String,
    /// First three characters of its records' ids.
    pub key_prefix: Option<String>,
    /// The name people see.
    pub label: String,
    /// Records can be created.
    pub createable: bool,
    /// Records can be updated.
    pub updateable: bool,
    /// Records can be deleted.
    pub deletable: bool,
    /// Records can be queried.
    pub queryable: bool,
    /// getUpdated and getDeleted are served.
    pub replicateable: bool,
    fields: Vec<DescribeField>,
    at: HashMap<String, usize>,
}

/// One field.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct DescribeField {
    /// API name.
    pub name: String,
    /// The name people see.
    pub label: String,
    /// `string`, `email`, `boolean`, `picklist`, `reference`, `datetime`…
    #[serde(rename = "type")]
    pub kind: String,
    /// Most characters of a text.
    pub length: u32,
    /// Digits in all, of a number.
    pub precision: u32,
    /// Digits after the point.
    pub scale: u32,
    /// Can be set at creation.
    pub createable: bool,
    /// Can be set later.
    pub updateable: bool,
    /// Can be null.
    pub nillable: bool,
    /// Gets a value by itself.
    pub defaulted_on_create: bool,
    /// Can stand in a WHERE.
    pub filterable: bool,
    /// Can stand in an ORDER BY.
    pub sortable: bool,
    /// Declared External ID.
    pub external_id: bool,
    /// May be an upsert key without being an External ID.
    pub id_lookup: bool,
    /// Values are unique.
    pub unique: bool,
    /// Unique with regard to case.
    pub case_sensitive: bool,
    /// Made by the org, not by Salesforce.
    pub custom: bool,
    /// A formula: it changes without touching the record's stamps.
    pub calculated: bool,
    /// Only the listed values are taken.
    pub restricted_picklist: bool,
    /// The values of a picklist.
    pub picklist_values: Vec<PicklistValue>,
    /// Which objects it points at.
    pub reference_to: Vec<String>,
    /// How to reach the record it points at in a query.
    pub relationship_name: Option<String>,
}

/// One value of a picklist.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct PicklistValue {
    /// Can be chosen.
    pub active: bool,
    /// What people see; empty where the org has none (`nillable` in the partner WSDL).
    #[serde(deserialize_with = "lenient::text_or_empty")]
    pub label: String,
    /// What the API takes.
    pub value: String,
}

impl DescribeField {
    /// A create without it fails: `createable && !nillable && !defaultedOnCreate`. Validation rules can ask for more.
    #[must_use]
    pub const fn required_on_create(&self) -> bool {
        self.createable && !self.nillable && !self.defaulted_on_create
    }

    /// Can be the key of an upsert.
    #[must_use]
    pub const fn upsert_key(&self) -> bool {
        self.external_id || self.id_lookup
    }
}

impl Describe {
    /// A field by name, without regard to case.
    #[must_use]
    pub fn field(&self, name: &str) -> Option<&DescribeField> {
        self.at.get(&name.to_ascii_lowercase()).map(|at| &self.fields[*at])
    }

    /// The same with these fields only, and without the values of picklists: little enough to be kept.
    #[must_use]
    pub fn only<N: AsRef<str>>(&self, names: impl IntoIterator<Item = N>) -> Self {
        let mut fields: Vec<DescribeField> = Vec::new();
        for field in names.into_iter().filter_map(|name| self.field(name.as_ref())) {
            if !fields.iter().any(|kept| kept.name == field.name) {
                fields.push(DescribeField { picklist_values: Vec::new(), ..field.clone() });
            }
        }
        Wire { fields, ..Wire::from(self.clone()) }.into()
    }

    /// All fields this user can see.
    #[must_use]
    pub fn fields(&self) -> &[DescribeField] {
        &self.fields
    }
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Wire {
    name: String,
    #[serde(default)]
    key_prefix: Option<String>,
    #[serde(default)]
    label: String,
    #[serde(default)]
    createable: bool,
    #[serde(default)]
    updateable: bool,
    #[serde(default)]
    deletable: bool,
    #[serde(default)]
    queryable: bool,
    #[serde(default)]
    replicateable: bool,
    fields: Vec<DescribeField>,
}

impl From<Wire> for Describe {
    fn from(wire: Wire) -> Self {
        let at =
            wire.fields.iter().enumerate().map(|(at, field)| (field.name.to_ascii_lowercase(), at)).collect();
        Self {
            name: wire.name,
            key_prefix: wire.key_prefix,
            label: wire.label,
            createable: wire.createable,
            updateable: wire.updateable,
            deletable: wire.deletable,
            queryable: wire.queryable,
            replicateable: wire.replicateable,
            fields: wire.fields,
            at,
        }
    }
}

impl From<Describe> for Wire {
    fn from(describe: Describe) -> Self {
        Self {
            name: describe.name,
            key_prefix: describe.key_prefix,
            label: describe.label,
            createable: describe.createable,
            updateable: describe.updateable,
            deletable: describe.deletable,
            queryable: describe.queryable,
            replicateable: describe.replicateable,
            fields: describe.fields,
        }
    }
}

impl Org {
    /// Describes an object; asked once and kept until [`Org::forget_describes`].
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`] when this user sees no such object, and any kind of a call that reads.
    pub async fn describe(&self, object: &str) -> Result<Arc<Describe>, Error> {
        let object = ObjectName::parse(object)
            .map_err(|why| Error::new(ErrorKind::Configuration, "object name").with_source(why))?;
        let key = object.as_str().to_ascii_lowercase();
        let kept = self.describes().get(&key).map(Arc::clone);
        if let Some(describe) = kept {
            return Ok(describe);
        }
        let path = self.client().path(&format!("/sobjects/{object}/describe"));
        let describe: Arc<Describe> = Arc::new(self.client().json(&Ask::get(Call::Describe, path)).await?);
        self.describes().insert(key, Arc::clone(&describe));
        Ok(describe)
    }

    /// Forgets all descriptions: fields come and go, with permissions too.
    pub fn forget_describes(&self) {
        self.describes().clear();
    }

    fn describes(&self) -> std::sync::MutexGuard<'_, HashMap<String, Arc<Describe>>> {
        self.client().describes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_found_without_regard_to_case_and_unknown_keys_are_fine() {
        let describe: Describe = serde_json::from_str(
            r#"{"name":"Contact","keyPrefix":"003","label":"Contact","createable":true,"urls":{},"fields":[
            {"name":"LastName","type":"string","length":80,"createable":true,"nillable":false,"aiPredictionField":false},
            {"name":"Email","type":"email","length":80,"createable":true,"nillable":true,"idLookup":true,
             "relationshipName":null,"picklistValues":[]}]}"#,
        )
        .unwrap();
        assert!(describe.field("LASTNAME").unwrap().required_on_create());
        assert!(describe.field("email").unwrap().upsert_key());
        assert!(describe.field("Hidden__c").is_none());
    }

    #[test]
    fn what_is_kept_of_a_description_reads_back_the_same() {
        let describe: Describe = serde_json::from_str(
            r#"{"name":"Contact","createable":true,"fields":[
            {"name":"LastName","type":"string","length":80,"createable":true},
            {"name":"Salutation","type":"picklist","picklistValues":[{"active":true,"label":"Dr.","value":"Dr."}]},
            {"name":"Title","type":"string"}]}"#,
        )
        .unwrap();
        let kept = describe.only(["lastname", "LastName", "Salutation", "Hidden__c"]);
        let text = serde_json::to_string(&kept).unwrap();
        let back: Describe = serde_json::from_str(&text).unwrap();
        assert_eq!(back.fields(), kept.fields());
        assert_eq!(back.field("lastname"), describe.field("LastName"));
        assert!(back.field("Salutation").unwrap().picklist_values.is_empty());
        assert!(back.field("Title").is_none() && back.createable);
    }
}
