//! Asking the org's duplicate rules who somebody is, without any way of saving them.
//!
//! Only a synchronous save names the records that a rule found, and a save whose rule finds nobody any more would create the
//! record. So the save is the first of two requests in one composite call with `allOrNone`, and the second one cannot
//! succeed in any org: it changes a record under an Id that is never given out. The whole call is rolled back then (REST guide,
//! Composite: "the entire composite request is rolled back"). A request without a required field would not do in its place: a
//! trigger may fill the field in.

use http::Method;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::answer::rest_error;
use crate::call::Call;
use crate::client::Ask;
use crate::duplicate::DuplicateRuleHeader;
use crate::error::{Error, ErrorKind};
use crate::org::{Org, name_error};
use crate::save::{Fields, RowErrors, row_errors};
use crate::soql::ObjectName;

/// An Id that no record has: instance and number are zero.
const NOBODY: &str = "000000000000000AAA";
/// What the other requests answer once one of them failed.
const HALTED: &str = "PROCESSING_HALTED";
/// Our name for the request that asks.
const ASKED: &str = "asked";

/// What the org's rules say about a record that is not there.
#[derive(Debug, Clone, PartialEq)]
pub enum WouldBe {
    /// It could be saved: no rule finds anybody.
    New,
    /// It would be refused, and why; with the records a duplicate rule found, where that is the reason.
    Refused(RowErrors),
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Answers {
    composite_response: Vec<Answered>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Answered {
    #[serde(default)]
    body: Value,
    http_status_code: u16,
    reference_id: String,
}

impl Org {
    /// Asks whether a new record would be refused, and as whose duplicate. Saves nothing, whatever the org answers. One call.
    ///
    /// # Errors
    /// As for a call that reads. [`ErrorKind::Contract`] when the org says that it kept the record.
    pub async fn ask_duplicates(&self, object: &str, fields: &Fields) -> Result<WouldBe, Error> {
        let object = ObjectName::parse(object).map_err(name_error)?;
        let header = DuplicateRuleHeader { run_as_current_user: true, ..DuplicateRuleHeader::default() };
        let name = DuplicateRuleHeader::NAME;
        let save = json!({
            "method": "POST",
            "url": self.client().path(&format!("/sobjects/{object}")),
            "referenceId": ASKED,
            "httpHeaders": { name.as_str(): header.value() },
            "body": fields,
        });
        let fails = json!({
            "method": "PATCH",
            "url": self.client().path(&format!("/sobjects/{object}/{NOBODY}")),
            "referenceId": "fails",
            "body": {},
        });
        let body = json!({ "allOrNone": true, "compositeRequest": [save, fails] });
        let ask = Ask::new(Call::AskDuplicates, Method::POST, self.client().path("/composite"));
        let answers: Answers = self.client().json(&ask.with_json(&body)).await?;
        let contract = |text| Error::new(ErrorKind::Contract, text).during(Call::AskDuplicates);
        let asked = answers.composite_response.into_iter().find(|answered| answered.reference_id == ASKED);
        let asked = asked.ok_or_else(|| contract("a composite call without one of its answers"))?;
        if (200..300).contains(&asked.http_status_code) {
            return Err(contract("a record that was only asked about was kept"));
        }
        let errors: Vec<_> = match asked.body {
            Value::Array(errors) => errors.into_iter().take(50).filter_map(rest_error).collect(),
            Value::Object(error) => rest_error(Value::Object(error)).into_iter().collect(),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => Vec::new(),
        };
        if errors.is_empty() {
            return Err(contract("a refusal without a reason"));
        }
        if errors.iter().all(|error| error.code == HALTED) {
            return Ok(WouldBe::New);
        }
        Ok(WouldBe::Refused(row_errors(&errors, self.alert_texts())))
    }
}
