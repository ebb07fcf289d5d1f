//! Text with holes: `{traits.city}, {traits.country}`.

use serde::Deserialize;
use serde_json::Value;

use crate::path::{InvalidPath, Path};
use crate::scalar::text_of;

/// A text into which values of an event are put. `{{` and `}}` stand for braces.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Template(Vec<Part>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Text(String),
    Hole(Path),
}

/// A text that is no template.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidTemplate {
    /// A brace without its partner.
    #[error("a brace in a template has no partner; write {{{{ for a brace itself")]
    Brace,
    /// What stands between braces is no path.
    #[error("between braces stands a path")]
    Path(#[from] InvalidPath),
    /// Always the same text.
    #[error("a template has at least one path in braces; use `value` for a constant")]
    NoHole,
}

impl Template {
    /// Reads a template.
    ///
    /// # Errors
    /// [`InvalidTemplate`] says what is wrong with it.
    pub fn parse(raw: &str) -> Result<Self, InvalidTemplate> {
        let (mut parts, mut text, mut chars) = (Vec::new(), String::new(), raw.chars().peekable());
        while let Some(c) = chars.next() {
            match c {
                '{' | '}' if chars.peek() == Some(&c) => {
                    text.push(c);
                    chars.next();
                }
                '{' => {
                    parts.push(Part::Text(std::mem::take(&mut text)));
                    let path: String = chars.by_ref().take_while(|c| *c != '}').collect();
                    parts.push(Part::Hole(Path::parse(path.trim())?));
                }
                '}' => return Err(InvalidTemplate::Brace),
                other => text.push(other),
            }
        }
        parts.push(Part::Text(text));
        let holes = parts.iter().filter(|part| matches!(part, Part::Hole(_))).count();
        let closed = raw.matches('}').count() == raw.matches('{').count();
        match (holes, closed) {
            (_, false) => Err(InvalidTemplate::Brace),
            (0, true) => Err(InvalidTemplate::NoHole),
            (_, true) => Ok(Self(parts)),
        }
    }

    /// The text for an event; `None` when none of its holes has a value. Holes without one stay empty, and what that leaves
    /// at the ends is trimmed.
    #[must_use]
    pub fn of(&self, body: &Value) -> Option<String> {
        let (mut text, mut filled) = (String::new(), false);
        for part in &self.0 {
            match part {
                Part::Text(constant) => text.push_str(constant),
                Part::Hole(path) => {
                    if let Some(value) = path.of(body).and_then(text_of).filter(|value| !value.is_empty()) {
                        text.push_str(&value);
                        filled = true;
                    }
                }
            }
        }
        filled.then(|| text.trim().to_owned())
    }

    /// The paths it reads.
    pub fn paths(&self) -> impl Iterator<Item = &Path> {
        self.0.iter().filter_map(|part| match part {
            Part::Hole(path) => Some(path),
            Part::Text(_) => None,
        })
    }
}

impl TryFrom<String> for Template {
    type Error = InvalidTemplate;

    fn try_from(raw: String) -> Result<Self, InvalidTemplate> {
        Self::parse(&raw)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn holes_are_filled_and_a_template_without_values_is_nothing() {
        let template = Template::parse("{traits.city}, {traits.country} {{seen}}").unwrap();
        let of = |body| template.of(&body);
        assert_eq!(
            of(json!({"traits": {"city": "Porto", "country": "PT"}})).as_deref(),
            Some("Porto, PT {seen}")
        );
        assert_eq!(of(json!({"traits": {"country": 7}})).as_deref(), Some(", 7 {seen}"));
        assert_eq!(of(json!({"traits": {"city": null, "country": ""}})), None);
    }

    #[test]
    fn a_template_that_cannot_be_meant_is_refused() {
        assert_eq!(Template::parse("{a"), Err(InvalidTemplate::Brace));
        assert_eq!(Template::parse("a}"), Err(InvalidTemplate::Brace));
        assert_eq!(Template::parse("{}"), Err(InvalidTemplate::Path(InvalidPath)));
        assert_eq!(Template::parse("constant"), Err(InvalidTemplate::NoHole));
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_a_template_or_refused(raw in "[{}a-z. ]{0,30}") {
            if let Ok(template) = Template::parse(&raw) {
                let _ = template.of(&json!({"a": {"b": "c"}}));
            }
        }
    }
}
