//! What a client asks for when it creates an ingest job.

use serde::Deserialize;

use super::error::BulkError;
use super::format::{Delimiter, LineEnding};
use crate::schema::ObjectSchema;
use crate::store::Store;

/// What an ingest job does with its rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Operation {
    Insert,
    Update,
    Upsert,
    Delete,
    HardDelete,
}

impl Operation {
    /// Exact lower camel case; `INSERT` is refused.
    fn parse(text: &str) -> Option<Self> {
        match text {
            "insert" => Some(Self::Insert),
            "update" => Some(Self::Update),
            "upsert" => Some(Self::Upsert),
            "delete" => Some(Self::Delete),
            "hardDelete" => Some(Self::HardDelete),
            _ => None,
        }
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Insert => "insert",
            Self::Update => "update",
            Self::Upsert => "upsert",
            Self::Delete => "delete",
            Self::HardDelete => "hardDelete",
        }
    }
}

/// The checked settings of an ingest job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct IngestSpec {
    /// Object in the spelling of the schema.
    pub(crate) object: String,
    pub(crate) operation: Operation,
    /// As the client spelled it.
    pub(crate) external_id_field: Option<String>,
    pub(crate) delimiter: Delimiter,
    pub(crate) line_ending: LineEnding,
    pub(crate) assignment_rule: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Request {
    object: Option<String>,
    operation: Option<String>,
    external_id_field_name: Option<String>,
    content_type: Option<String>,
    column_delimiter: Option<String>,
    line_ending: Option<String>,
    assignment_rule_id: Option<String>,
    /// Reserved: always `Parallel`.
    #[serde(rename = "concurrencyMode")]
    _concurrency_mode: Option<String>,
}

impl IngestSpec {
    /// Reads and checks the JSON of a create call.
    pub(crate) fn parse(body: &[u8], store: &Store) -> Result<Self, BulkError> {
        let request: Request = parse_json(body)?;
        let object = request.object.unwrap_or_default();
        let schema = store.schema(&object).filter(|s| s.writable && s.access.read);
        let Some(schema) = schema else {
            let text = format!("Entity '{object}' is not supported by the Bulk API.");
            return Err(BulkError::bad("INVALIDENTITY", text));
        };
        let operation = request.operation.unwrap_or_default();
        let Some(operation) = Operation::parse(&operation) else {
            return Err(BulkError::bad("INVALIDOPERATION", format!("Invalid operation: '{operation}'")));
        };
        content_type(request.content_type.as_deref())?;
        let external_id_field = external_id(schema, operation, request.external_id_field_name)?;
        if request.assignment_rule_id.is_some() && schema.name != "Lead" {
            return Err(BulkError::bad(
                "INVALIDJOB",
                "Assignment rules are only valid for Case and Lead objects",
            ));
        }
        Ok(Self {
            object: schema.name.clone(),
            operation,
            external_id_field,
            delimiter: delimiter(request.column_delimiter.as_deref())?,
            line_ending: line_ending(request.line_ending.as_deref())?,
            assignment_rule: request.assignment_rule_id,
        })
    }
}

/// Reads a JSON object or answers as the REST layer does.
pub(crate) fn parse_json<'b, T: Deserialize<'b>>(body: &'b [u8]) -> Result<T, BulkError> {
    serde_json::from_slice(body).map_err(|error| BulkError::bad("JSON_PARSER_ERROR", error.to_string()))
}

pub(crate) fn content_type(given: Option<&str>) -> Result<(), BulkError> {
    match given {
        None | Some("CSV") => Ok(()),
        Some(other) => Err(BulkError::bad("INVALIDVALUE", format!("Content type {other} is not supported"))),
    }
}

pub(crate) fn delimiter(given: Option<&str>) -> Result<Delimiter, BulkError> {
    let given = given.unwrap_or("COMMA");
    let refuse = || BulkError::bad("INVALIDVALUE", format!("Invalid value for columnDelimiter: {given}"));
    Delimiter::parse(given).ok_or_else(refuse)
}

pub(crate) fn line_ending(given: Option<&str>) -> Result<LineEnding, BulkError> {
    let given = given.unwrap_or("LF");
    let refuse = || BulkError::bad("INVALIDVALUE", format!("Invalid value for lineEnding: {given}"));
    LineEnding::parse(given).ok_or_else(refuse)
}

fn external_id(
    schema: &ObjectSchema,
    operation: Operation,
    given: Option<String>,
) -> Result<Option<String>, BulkError> {
    let given = given.filter(|name| !name.is_empty());
    match (operation, given) {
        (Operation::Upsert, None) => {
            let object = &schema.name;
            let text =
                format!("External ID was blank for {object}. An External ID must be specified for upsert.");
            Err(BulkError::bad("INVALIDJOB", text))
        }
        (Operation::Upsert, Some(name)) => {
            let is_key =
                name.eq_ignore_ascii_case("Id") || schema.field(&name).is_some_and(|f| f.is_upsert_key());
            if is_key {
                return Ok(Some(name));
            }
            let text = format!(
                "Field name provided, {name} does not match an External ID, Salesforce Id, or indexed field for {}",
                schema.name
            );
            Err(BulkError::bad("INVALIDJOB", text))
        }
        (Operation::Insert | Operation::Update | Operation::Delete | Operation::HardDelete, None) => Ok(None),
        (Operation::Insert | Operation::Update | Operation::Delete | Operation::HardDelete, Some(_)) => {
            Err(BulkError::bad("INVALIDJOB", "External ID fields are only valid for upsert operations"))
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use crate::schema::Schema;

    fn store() -> Store {
        Store::new(&Schema::new(&crate::settings::Settings::default().custom_fields, &[]), "5f0")
    }

    fn code(body: &serde_json::Value) -> &'static str {
        IngestSpec::parse(body.to_string().as_bytes(), &store()).map_or_else(|e| e.code, |_| "ok")
    }

    #[test]
    fn each_wrong_setting_is_refused_with_its_code() {
        for (body, expected) in [
            (json!({"object": "Contact", "operation": "insert"}), "ok"),
            (
                json!({"object": "contact", "operation": "upsert", "externalIdFieldName": "en_supporter_id__c"}),
                "ok",
            ),
            (json!({"object": "Contact", "operation": "upsert", "externalIdFieldName": "Id"}), "ok"),
            (json!({"object": "Contact", "operation": "upsert", "externalIdFieldName": "Email"}), "ok"),
            (json!({"object": "Contact", "operation": "upsert"}), "INVALIDJOB"),
            (
                json!({"object": "Contact", "operation": "upsert", "externalIdFieldName": "LastName"}),
                "INVALIDJOB",
            ),
            (json!({"object": "Contact", "operation": "insert", "externalIdFieldName": "Id"}), "INVALIDJOB"),
            (json!({"object": "Contact", "operation": "INSERT"}), "INVALIDOPERATION"),
            (json!({"object": "Contact"}), "INVALIDOPERATION"),
            (json!({"object": "Nothing", "operation": "insert"}), "INVALIDENTITY"),
            (json!({"object": "User", "operation": "insert"}), "INVALIDENTITY"),
            (json!({"object": "Contact", "operation": "insert", "contentType": "JSON"}), "INVALIDVALUE"),
            (json!({"object": "Contact", "operation": "insert", "columnDelimiter": ","}), "INVALIDVALUE"),
            (json!({"object": "Contact", "operation": "insert", "lineEnding": "CR"}), "INVALIDVALUE"),
            (json!({"object": "Contact", "operation": "insert", "assignmentRuleId": "01Q"}), "INVALIDJOB"),
            (json!({"object": "Contact", "operation": "insert", "colour": 1}), "JSON_PARSER_ERROR"),
            (json!([]), "JSON_PARSER_ERROR"),
        ] {
            assert_eq!(code(&body), expected, "{body}");
        }
    }

    proptest! {
        #[test]
        fn any_body_is_read_or_refused(body in prop::collection::vec(any::<u8>(), 0..80)) {
            if let Err(error) = IngestSpec::parse(&body, &store()) {
                prop_assert!(!error.message.is_empty());
            }
        }
    }
}
