//! Whether an event is meant for Salesforce: `integrations`.

use serde::Deserialize;
use serde_json::Value;

/// What `integrations.Salesforce` means here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FlagRule {
    /// Only events that say so are for Salesforce, as with Segment's and RudderStack's classic destinations.
    Required,
    /// All events are, unless they say no.
    #[default]
    Optional,
    /// All events are.
    Ignored,
}

/// The key of `integrations`. Segment's spec: names are case-sensitive.
const SALESFORCE: &str = "Salesforce";

impl FlagRule {
    /// Its word in the configuration.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Required => "required",
            Self::Optional => "optional",
            Self::Ignored => "ignored",
        }
    }

    /// Whether an event with these `integrations` is for Salesforce. An options object says yes; `All` speaks for whatever
    /// is not named.
    #[must_use]
    pub fn wants(self, integrations: Option<&Value>) -> bool {
        let says = |key: &str| match integrations.and_then(|all| all.get(key))? {
            Value::Bool(says) => Some(*says),
            Value::Object(_) => Some(true),
            Value::Null | Value::Number(_) | Value::String(_) | Value::Array(_) => None,
        };
        let said = says(SALESFORCE).or_else(|| says("All"));
        match self {
            Self::Required => said == Some(true),
            Self::Optional => said != Some(false),
            Self::Ignored => true,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_flag_means_what_the_setting_says() {
        let cases = [
            (json!({}), [false, true, true]),
            (json!({ "Salesforce": true }), [true, true, true]),
            (json!({ "Salesforce": { "customObjects": {} } }), [true, true, true]),
            (json!({ "Salesforce": false, "All": true }), [false, false, true]),
            (json!({ "All": true }), [true, true, true]),
            (json!({ "All": false }), [false, false, true]),
            (json!({ "All": false, "Salesforce": true }), [true, true, true]),
            (json!({ "salesforce": true }), [false, true, true]),
            (json!({ "Salesforce": "yes" }), [false, true, true]),
        ];
        for (integrations, expected) in cases {
            let found = [FlagRule::Required, FlagRule::Optional, FlagRule::Ignored]
                .map(|rule| rule.wants(Some(&integrations)));
            assert_eq!(found, expected, "{integrations}");
        }
        assert!(!FlagRule::Required.wants(None) && FlagRule::Optional.wants(None));
    }
}
