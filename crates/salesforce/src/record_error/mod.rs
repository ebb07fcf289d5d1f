//! Why the org did not save one record: `sf__Error` texts of Bulk results and error bodies of REST, made into one
//! closed list of codes and classes. Total: any text gives a value, and unknown text is kept, not dropped.

mod class;
mod code;
mod grammar;

use std::fmt;

use model::SalesforceId;

pub use class::{AlertTexts, Class, DuplicateKind};
pub use code::ErrorCode;

/// The most that is kept of a message: it is outside text.
const MAX_MESSAGE: usize = 2048;
const MAX_FIELDS: usize = 32;
const MAX_ERRORS: usize = 8;

/// One refused record. `Display` and `Debug` show code and fields only: messages quote names and addresses.
#[derive(Clone, PartialEq, Eq)]
pub struct RecordError {
    code: ErrorCode,
    message: Box<str>,
    fields: Vec<String>,
    class: Class,
    more: Vec<RecordError>,
}

impl RecordError {
    /// Classifies an `sf__Error` text with the texts of a default org (Bulk guide v66: `CODE:message:FIELDS --`).
    #[must_use]
    pub fn classify(raw: &str) -> Self {
        AlertTexts::default().classify(raw)
    }

    /// From the parts of a REST error: `statusCode` or `errorCode`, `message`, `fields`.
    #[must_use]
    pub fn from_parts(code: &str, message: &str, fields: Vec<String>, texts: &AlertTexts) -> Self {
        let code = ErrorCode::parse(code);
        let message = bounded(message);
        let class = class::of(&code, message, &fields, texts);
        let fields =
            fields.into_iter().take(MAX_FIELDS).map(|field| bounded_to(&field, 120).to_owned()).collect();
        Self { code, message: message.into(), fields, class, more: Vec::new() }
    }

    /// The first of several errors, carrying the rest; its class becomes the gravest of all.
    pub(crate) fn joined(errors: Vec<Self>) -> Option<Self> {
        let mut errors = errors.into_iter().take(MAX_ERRORS);
        let mut first = errors.next()?;
        first.more.extend(errors);
        for other in &first.more {
            if other.class.gravity() > first.class.gravity() {
                first.class = other.class.clone();
            }
        }
        Some(first)
    }

    /// Salesforce's code.
    #[must_use]
    pub const fn code(&self) -> &ErrorCode {
        &self.code
    }

    /// The org's words, at most 2 KiB. May quote personal data: for an administrator's eyes, never for a log.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.message
    }

    /// The fields named, as the org spells them: API names or labels.
    #[must_use]
    pub fn fields(&self) -> &[String] {
        &self.fields
    }

    /// What to do about it. With several errors: the gravest.
    #[must_use]
    pub const fn class(&self) -> &Class {
        &self.class
    }

    /// Further errors of the same record.
    #[must_use]
    pub fn more(&self) -> &[Self] {
        &self.more
    }
}

impl fmt::Display for RecordError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.code)?;
        if !self.fields.is_empty() {
            write!(f, " [{}]", self.fields.join(", "))?;
        }
        for other in &self.more {
            write!(f, ", {other}")?;
        }
        Ok(())
    }
}

impl fmt::Debug for RecordError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RecordError({self}, {:?})", self.class)
    }
}

impl AlertTexts {
    /// Classifies an `sf__Error` text with this org's texts.
    #[must_use]
    pub fn classify(&self, raw: &str) -> RecordError {
        let errors = grammar::split(raw)
            .map(|one| {
                let fields = one.fields.split([',', ';']).map(str::trim).filter(|field| !field.is_empty());
                RecordError::from_parts(one.code, one.message, fields.map(str::to_owned).collect(), self)
            })
            .take(MAX_ERRORS)
            .collect();
        RecordError::joined(errors)
            .unwrap_or_else(|| RecordError::from_parts("UNKNOWN", "", Vec::new(), self))
    }
}

/// At most 2 KiB of a text, cut at a character.
pub(crate) fn bounded(text: &str) -> &str {
    bounded_to(text, MAX_MESSAGE)
}

pub(crate) fn bounded_to(text: &str, most: usize) -> &str {
    if text.len() <= most {
        return text;
    }
    let mut end = most;
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

/// All ids in a text that carry right check characters, at most sixteen, each once.
pub(crate) fn ids_in(text: &str) -> Vec<SalesforceId> {
    let mut ids = Vec::new();
    for word in text.split(|c: char| !c.is_ascii_alphanumeric()) {
        // A 15-character word has no check characters to tell an id from a name; record ids begin with a digit.
        let looks_like_an_id = word.len() == 18 || (word.len() == 15 && word.starts_with('0'));
        if looks_like_an_id
            && let Ok(id) = SalesforceId::parse(word)
            && !ids.contains(&id)
            && ids.len() < 16
        {
            ids.push(id);
        }
    }
    ids
}

#[cfg(test)]
mod tests;
