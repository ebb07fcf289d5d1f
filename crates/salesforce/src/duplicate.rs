//! What a duplicate rule found, as the REST answer tells it: the only place where Salesforce names the records.

use model::SalesforceId;
use serde_json::Value;

/// Bounds on outside data.
const MOST_RESULTS: usize = 10;
const MOST_MATCHES: usize = 200;

/// One refusal by a duplicate rule.
#[derive(Debug, Clone, PartialEq)]
pub struct DuplicateResult {
    /// The rule only alerts: a save that says so would pass. `false`: it blocks.
    pub allow_save: bool,
    /// Developer name of the duplicate rule.
    pub rule: Option<String>,
    /// The object the rule is on.
    pub entity: Option<String>,
    /// The records found; may be empty, when this user may not see them.
    pub matches: Vec<DuplicateMatch>,
}

/// One record that a matching rule found.
#[derive(Debug, Clone, PartialEq)]
pub struct DuplicateMatch {
    /// `Contact`, or `Lead` by a cross-object rule.
    pub entity: String,
    /// The record.
    pub id: SalesforceId,
    /// Score of the match, 0 to 100, where the engine gives one.
    pub confidence: Option<f64>,
    /// Developer name of the matching rule.
    pub rule: Option<String>,
    /// `ExactMatchEngine` or `FuzzyMatchEngine`.
    pub engine: Option<String>,
}

impl DuplicateResult {
    /// Reads the member `duplicateResut`, spelled either way. What is missing is left out.
    pub(crate) fn read(value: &Value) -> Self {
        let results = value.get("matchResults").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
        let matches = results.iter().take(MOST_RESULTS).flat_map(matches_of).take(MOST_MATCHES).collect();
        Self {
            allow_save: value.get("allowSave").and_then(Value::as_bool).unwrap_or(false),
            rule: text(value, "duplicateRule"),
            entity: text(value, "duplicateRuleEntityType"),
            matches,
        }
    }
}

fn matches_of(result: &Value) -> Vec<DuplicateMatch> {
    let entity = text(result, "entityType").unwrap_or_default();
    let records = result.get("matchRecords").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    let read = |found: &Value| {
        let record = found.get("record")?;
        let id = SalesforceId::parse(record.get("Id")?.as_str()?).ok()?;
        Some(DuplicateMatch {
            entity: record
                .get("attributes")
                .and_then(|of| text(of, "type"))
                .unwrap_or_else(|| entity.clone()),
            id,
            confidence: found.get("matchConfidence").and_then(Value::as_f64).filter(|score| *score >= 0.0),
            rule: text(result, "rule"),
            engine: text(result, "matchEngine"),
        })
    };
    records.iter().take(MOST_MATCHES).filter_map(read).collect()
}

fn text(value: &Value, name: &str) -> Option<String> {
    value.get(name).and_then(Value::as_str).map(|text| crate::record_error::bounded_to(text, 255).to_owned())
}

/// How a duplicate rule should treat one save: `Sforce-Duplicate-Rule-Header` (REST guide, documented from v52). Bulk
/// jobs have no such header.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct DuplicateRuleHeader {
    /// Save although a rule alerts. A rule that blocks takes no notice.
    pub allow_save: bool,
    /// Give the found records with their fields.
    pub include_record_details: bool,
    /// Match only what this user may see.
    pub run_as_current_user: bool,
}

impl DuplicateRuleHeader {
    pub(crate) const NAME: http::HeaderName = http::HeaderName::from_static("sforce-duplicate-rule-header");

    pub(crate) fn value(self) -> String {
        format!(
            "allowSave={}; includeRecordDetails={}; runAsCurrentUser={}",
            self.allow_save, self.include_record_details, self.run_as_current_user
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_captured_answer_gives_the_records_found() {
        let value: Value = serde_json::from_str(
            r#"{"allowSave":true,"duplicateRule":"Supporter_Dup_Rule","duplicateRuleEntityType":"Contact",
            "errorMessage":"x","matchResults":[{"entityType":"Contact","errors":[],"matchEngine":"ExactMatchEngine",
            "matchRecords":[{"additionalInformation":[],"fieldDiffs":[],"matchConfidence":100.0,"record":{"attributes":
            {"type":"Contact","url":"/x"},"Id":"003RM0000068xVCYAY"}},{"matchConfidence":-1,"record":{"Id":"00QRM0000068xVC"}},
            {"record":{"Id":"nonsense"}},{}],"rule":"Supporter_Match_Rule","size":1,"success":true}]}"#,
        )
        .unwrap();
        let result = DuplicateResult::read(&value);
        assert!(result.allow_save);
        assert_eq!(result.rule.as_deref(), Some("Supporter_Dup_Rule"));
        assert_eq!(result.matches.len(), 2);
        assert_eq!(result.matches[0].id.as_str(), "003RM0000068xVCYAY");
        assert_eq!(result.matches[0].confidence, Some(100.0));
        assert_eq!((result.matches[1].id.prefix(), result.matches[1].confidence), ("00Q", None));
        assert!(result.matches.iter().all(|found| found.rule.as_deref() == Some("Supporter_Match_Rule")));
    }

    proptest::proptest! {
        #[test]
        fn any_shape_is_survived(text in r#"(\{|\}|\[|\]|,|:|"matchResults"|"matchRecords"|"record"|"Id"|null|1|"x"){0,30}"#) {
            if let Ok(value) = serde_json::from_str::<Value>(&text) {
                let _ = DuplicateResult::read(&value);
            }
        }
    }
}
