//! Whether an event is one that an action is for.

use serde_json::Value;

use crate::action::{Condition, Trigger};
use crate::scalar::{number_of, text_of};

impl Trigger {
    /// Whether the event's type, its name and all conditions fit.
    #[must_use]
    pub fn fits(&self, body: &Value) -> bool {
        let text = |key: &str| body.get(key).and_then(Value::as_str).unwrap_or_default();
        let of_type = self.types.is_empty() || self.types.iter().any(|one| one == text("type"));
        let of_name = self.events.is_empty() || self.events.iter().any(|one| one == text("event"));
        of_type && of_name && self.when.iter().all(|condition| condition.holds(body))
    }
}

impl Condition {
    /// Whether it holds for the event.
    #[must_use]
    pub fn holds(&self, body: &Value) -> bool {
        let value = self.path.of(body);
        let text = value.and_then(text_of).filter(|text| !text.is_empty());
        let listed = value.is_some_and(|value| matches!(value, Value::Array(_) | Value::Object(_)));
        if self.present.is_some_and(|wanted| wanted != (text.is_some() || listed)) {
            return false;
        }
        let number = value.and_then(number_of);
        let among = |list: &[Value]| {
            text.as_ref().is_some_and(|text| {
                list.iter().filter_map(text_of).any(|one| one.to_lowercase() == text.to_lowercase())
            })
        };
        let contains =
            |part: &String| text.as_ref().is_some_and(|t| t.to_lowercase().contains(&part.to_lowercase()));
        self.is.as_ref().is_none_or(|list| among(list))
            && self.is_not.as_ref().is_none_or(|list| text.is_some() && !among(list))
            && self.at_least.is_none_or(|least| number.is_some_and(|number| number >= least))
            && self.below.is_none_or(|limit| number.is_some_and(|number| number < limit))
            && self.contains.as_ref().is_none_or(contains)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn holds(condition: &str) -> bool {
        let condition: Condition = toml::from_str(condition).unwrap();
        condition.holds(&json!({"traits": {"plan": "Pro", "score": "42", "tags": ["a"], "none": null}}))
    }

    #[test]
    fn conditions_hold_for_what_is_there() {
        assert!(holds("path = 'traits.plan'\nis = ['free', 'pro']"));
        assert!(!holds("path = 'traits.plan'\nis_not = ['pro']"));
        assert!(holds("path = 'traits.score'\nat_least = 42.0\nbelow = 43.0"));
        assert!(!holds("path = 'traits.plan'\nat_least = 1.0"));
        assert!(holds("path = 'traits.plan'\ncontains = 'RO'"));
        assert!(holds("path = 'traits.tags'\npresent = true"));
    }

    #[test]
    fn nothing_holds_for_what_is_absent_but_its_absence() {
        for condition in ["is_not = ['x']", "is = ['']", "below = 5.0", "present = true"] {
            assert!(!holds(&format!("path = 'traits.none'\n{condition}")), "{condition}");
            assert!(!holds(&format!("path = 'traits.other'\n{condition}")), "{condition}");
        }
        assert!(holds("path = 'traits.none'\npresent = false"));
    }

    #[test]
    fn types_and_names_are_exact() {
        let trigger: Trigger = toml::from_str("types = ['track']\nevents = ['Signed Up']").unwrap();
        assert!(trigger.fits(&json!({"type": "track", "event": "Signed Up"})));
        assert!(!trigger.fits(&json!({"type": "track", "event": "signed up"})));
        assert!(!trigger.fits(&json!({"type": "identify"})));
    }
}
