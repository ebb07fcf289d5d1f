//! Whether an event is meant for Salesforce: `integrations`.

use serde::Deserialize;
use serde_json::Value;

/// What `integrations` means here: its words on Salesforce, under any of the names that the destination has or had.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FlagRule {
    /// Only events that name Salesforce are for Salesforce, as with Segment's and RudderStack's classic destinations. `All` is not
    /// enough: RudderStack's SDKs say `All: true` of every event by themselves.
    Required,
    /// All events are, unless they say no.
    #[default]
    Optional,
    /// All events are.
    Ignored,
}

/// The keys of `integrations` that name Salesforce: the classic destinations of both, Segment's present one (its definition's
/// `name`) and RudderStack's present one (its `displayName`). Segment's spec: names are case-sensitive.
const SALESFORCE: [&str; 3] = ["Salesforce", "Salesforce (Actions)", "Salesforce V2"];

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

    /// Whether an event with these `integrations` is for Salesforce. An options object says yes. Of several names for Salesforce one
    /// no is a no: it may be somebody's refusal. `All` speaks where none of them is there, and can only say no.
    #[must_use]
    pub fn wants(self, integrations: Option<&Value>) -> bool {
        let says = |key: &str| match integrations.and_then(|all| all.get(key))? {
            Value::Bool(says) => Some(*says),
            Value::Object(_) => Some(true),
            Value::Null | Value::Number(_) | Value::String(_) | Value::Array(_) => None,
        };
        let named = SALESFORCE.into_iter().filter_map(says).reduce(|one, other| one && other);
        match self {
            Self::Required => named == Some(true),
            Self::Optional => named.or_else(|| says("All")) != Some(false),
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
            // What RudderStack's SDK for browsers says of everybody asks for nothing.
            (json!({ "All": true }), [false, true, true]),
            (json!({ "All": false }), [false, false, true]),
            (json!({ "All": false, "Salesforce": true }), [true, true, true]),
            (json!({ "salesforce": true }), [false, true, true]),
            (json!({ "Salesforce": "yes" }), [false, true, true]),
            (json!({ "Salesforce (Actions)": true, "All": false }), [true, true, true]),
            (json!({ "Salesforce (Actions)": false, "All": true }), [false, false, true]),
            (json!({ "Salesforce V2": true, "All": false }), [true, true, true]),
            (json!({ "Salesforce V2": {} }), [true, true, true]),
            (json!({ "Salesforce V2": false, "All": true }), [false, false, true]),
            (json!({ "Salesforce": true, "Salesforce (Actions)": false }), [false, false, true]),
            (json!({ "Salesforce": false, "Salesforce V2": true }), [false, false, true]),
            (json!({ "Salesforce": "no", "Salesforce V2": true }), [true, true, true]),
            (json!({ "salesforce v2": true, "Salesforce Marketing Cloud": true }), [false, true, true]),
        ];
        for (integrations, expected) in cases {
            let found = [FlagRule::Required, FlagRule::Optional, FlagRule::Ignored]
                .map(|rule| rule.wants(Some(&integrations)));
            assert_eq!(found, expected, "{integrations}");
        }
        assert!(!FlagRule::Required.wants(None) && FlagRule::Optional.wants(None));
    }
}
