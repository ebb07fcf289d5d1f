//! Where in an event a value stands.

use std::fmt;

use serde::Deserialize;
use serde_json::Value;

use crate::fit::is_empty;

/// The most parts a path has; events are no deeper (the intake bounds them).
const MAX_PARTS: usize = 32;

/// A way into a JSON body: `traits.address.city`, `context.externalId.0.id`. A number is a place in a list.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(try_from = "String")]
pub struct Path(Box<str>);

/// A text that is no path.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a path is one to 32 names joined by dots, such as traits.address.city")]
pub struct InvalidPath;

impl Path {
    /// Reads a path.
    ///
    /// # Errors
    /// [`InvalidPath`] for an empty path or part, and for one that is too deep.
    pub fn parse(raw: &str) -> Result<Self, InvalidPath> {
        let parts = raw.split('.').count();
        if parts > MAX_PARTS || raw.split('.').any(|part| part.trim().is_empty()) {
            return Err(InvalidPath);
        }
        Ok(Self(raw.into()))
    }

    /// The value there; `null` is a value, and not the same as nothing at all.
    #[must_use]
    pub fn of<'v>(&self, body: &'v Value) -> Option<&'v Value> {
        self.0.split('.').try_fold(body, |at, part| match at {
            Value::Object(members) => members.get(part),
            Value::Array(items) => items.get(part.parse::<usize>().ok()?),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => None,
        })
    }

    /// As it was written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The member of `parent` that this path reads or reaches into: `city` for `traits.city` under `traits`.
    #[must_use]
    pub fn member_of(&self, parent: &Self) -> Option<&str> {
        self.below(parent)?.split('.').next()
    }

    /// What this path reads below `parent`: `address.city` for `traits.address.city` under `traits`.
    #[must_use]
    pub fn below(&self, parent: &Self) -> Option<&str> {
        self.0.strip_prefix(&*parent.0)?.strip_prefix('.')
    }
}

/// Of several values the first that says something. Where none does, the first that is there: null may be there to clear. An object is
/// no value for a field, and speaks only where it stands first: `traits.company` is a text where `traits.company.name` is not there.
#[must_use]
pub fn first<'v>(values: impl Iterator<Item = &'v Value>) -> Option<&'v Value> {
    let mut there = None;
    for value in values {
        if !is_empty(value) && !value.is_object() {
            return Some(value);
        }
        there = there.or(Some(value));
    }
    there
}

impl TryFrom<String> for Path {
    type Error = InvalidPath;

    fn try_from(raw: String) -> Result<Self, InvalidPath> {
        Self::parse(&raw)
    }
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_path_finds_what_is_there_and_tells_null_from_nothing() {
        let body = json!({"traits": {"email": "a@b.example", "phone": null, "list": [{"id": 7}]}});
        let at = |path: &str| Path::parse(path).unwrap().of(&body).cloned();
        assert_eq!(at("traits.email"), Some(json!("a@b.example")));
        assert_eq!(at("traits.phone"), Some(Value::Null));
        assert_eq!(at("traits.mobile"), None);
        assert_eq!(at("traits.list.0.id"), Some(json!(7)));
        assert_eq!(at("traits.list.1.id"), None);
        assert_eq!(at("traits.list.-1.id"), None);
        assert_eq!(at("traits.email.x"), None);
    }

    #[test]
    fn of_several_values_the_first_that_says_something_counts_and_a_null_where_none_does() {
        let body = json!({"a": null, "b": " ", "c": [], "d": {"x": 1}, "e": false, "f": "z"});
        let of = |names: &[&str]| {
            let paths: Vec<Path> = names.iter().map(|name| Path::parse(name).unwrap()).collect();
            first(paths.iter().filter_map(|path| path.of(&body))).cloned()
        };
        assert_eq!(of(&["a", "b", "c", "d", "f"]), Some(json!("z")));
        assert_eq!(of(&["a", "e", "f"]), Some(json!(false)));
        assert_eq!(of(&["nothing", "a", "b", "d"]), Some(Value::Null));
        assert_eq!(of(&["b", "a"]), Some(json!(" ")));
        assert_eq!(of(&["d", "b"]), Some(json!({"x": 1})));
        assert_eq!(of(&["nothing"]), None);
    }

    #[test]
    fn paths_without_parts_are_refused() {
        for bad in ["", ".", "a.", ".a", "a..b", " ", &"a.".repeat(40)] {
            assert_eq!(Path::parse(bad), Err(InvalidPath), "{bad}");
        }
    }

    #[test]
    fn a_path_says_which_member_of_its_parent_it_uses() {
        let traits = Path::parse("traits").unwrap();
        let member = |path: &str| Path::parse(path).unwrap().member_of(&traits).map(str::to_owned);
        assert_eq!(member("traits.address.city").as_deref(), Some("address"));
        assert_eq!(Path::parse("traits.address.city").unwrap().below(&traits), Some("address.city"));
        assert_eq!(member("traits"), None);
        assert_eq!(member("traitsx.city"), None);
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_a_path_or_refused(raw in "\\PC{0,80}") {
            if let Ok(path) = Path::parse(&raw) {
                let _ = path.of(&json!({"a": [1, {"b": null}]}));
                proptest::prop_assert_eq!(path.as_str(), raw);
            }
        }
    }
}
