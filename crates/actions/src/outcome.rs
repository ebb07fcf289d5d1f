//! What became of an event: one outcome for each action it was for.

use std::fmt;

use model::SalesforceId;
use serde::{Deserialize, Serialize};

/// How it ended, as a closed list. The numbers are those of HTTP, as the systems people come from show them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    /// A record was made.
    Created,
    /// A record was changed.
    Updated,
    /// A record was deleted.
    Deleted,
    /// Nothing to write: newer events had set every field.
    Superseded,
    /// No action is for this event.
    Ignored,
    /// Several records match, and nobody is guessed.
    Several,
    /// Salesforce refused the record.
    Refused,
    /// No record matches.
    NotFound,
    /// A duplicate rule refused the record, or a unique value is taken.
    Duplicate,
    /// The event lacks what the action needs.
    Invalid,
    /// Not yet: it is tried again by itself.
    Waiting,
    /// It failed in passing too often and waits for a person.
    GivenUp,
}

impl Answer {
    /// All of them.
    pub const ALL: [Self; 12] = [
        Self::Created,
        Self::Updated,
        Self::Deleted,
        Self::Superseded,
        Self::Ignored,
        Self::Several,
        Self::Refused,
        Self::NotFound,
        Self::Duplicate,
        Self::Invalid,
        Self::Waiting,
        Self::GivenUp,
    ];

    /// The HTTP status that says the same.
    #[must_use]
    pub const fn status(self) -> u16 {
        match self {
            Self::Created => 201,
            Self::Updated | Self::Deleted => 200,
            Self::Superseded => 208,
            Self::Ignored => 204,
            Self::Several => 300,
            Self::Refused => 400,
            Self::NotFound => 404,
            Self::Duplicate => 409,
            Self::Invalid => 422,
            Self::Waiting => 202,
            Self::GivenUp => 503,
        }
    }

    /// A stable word for reports and exports.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Updated => "updated",
            Self::Deleted => "deleted",
            Self::Superseded => "superseded",
            Self::Ignored => "ignored",
            Self::Several => "several",
            Self::Refused => "refused",
            Self::NotFound => "not_found",
            Self::Duplicate => "duplicate",
            Self::Invalid => "invalid",
            Self::Waiting => "waiting",
            Self::GivenUp => "given_up",
        }
    }

    /// What a person does about it; empty where nothing is to be done.
    #[must_use]
    pub const fn advice(self) -> &'static str {
        match self {
            Self::Several => "merge the records, or match by fields that only one has; then retry",
            Self::Refused => {
                "put right what Salesforce names, in the record, the rule or the mapping; then retry"
            }
            Self::NotFound => "make the record, or let the action create it (upsert); then retry",
            Self::Duplicate => "merge with the record that is there, or match it; then retry",
            Self::Invalid => "map what is missing, or let the sender send it; then retry or drop",
            Self::GivenUp => "retry once Salesforce answers again",
            Self::Created
            | Self::Updated
            | Self::Deleted
            | Self::Superseded
            | Self::Ignored
            | Self::Waiting => "",
        }
    }

    /// Whether only a person can bring the event further.
    #[must_use]
    pub const fn needs_a_person(self) -> bool {
        match self {
            Self::Several
            | Self::Refused
            | Self::NotFound
            | Self::Duplicate
            | Self::Invalid
            | Self::GivenUp => true,
            Self::Created
            | Self::Updated
            | Self::Deleted
            | Self::Superseded
            | Self::Ignored
            | Self::Waiting => false,
        }
    }
}

/// Something that happened to one field on the way. No values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Note {
    /// Cut to the field's length.
    Trimmed {
        /// The field.
        field: String,
        /// Characters given.
        from: usize,
        /// Characters kept.
        to: usize,
    },
    /// Left out: longer than the field.
    TooLong {
        /// The field.
        field: String,
        /// Characters the field takes.
        most: usize,
    },
    /// Left out: the field cannot take the value.
    Unfit {
        /// The field.
        field: String,
        /// What it would take.
        wanted: &'static str,
    },
    /// Left out: not in the decode table.
    NotDecoded(String),
    /// Left out: the object has no such field, or our user may not write it.
    NoField(String),
    /// Left out: an object of the event is used in part, and not this part of it.
    Unused(String),
    /// Left out: a newer event had set it.
    Older(String),
    /// Left out: no record, or several, to point at.
    NoReference {
        /// The field.
        field: String,
        /// How many records there were.
        found: usize,
    },
    /// The Lead was converted; its Contact was written.
    FollowedToContact,
    /// Several events for the record went out as one.
    Collapsed,
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Trimmed { field, from, to } => write!(f, "{field}: trimmed from {from} to {to} characters"),
            Self::TooLong { field, most } => write!(f, "{field}: left out, longer than {most} characters"),
            Self::Unfit { field, wanted } => write!(f, "{field}: left out, it takes {wanted}"),
            Self::NotDecoded(field) => write!(f, "{field}: left out, not in the decode table"),
            Self::NoField(field) => write!(f, "{field}: left out, no such field that we may write"),
            Self::Unused(member) => write!(f, "{member}: left out, no field is for this part"),
            Self::Older(field) => write!(f, "{field}: left out, a newer event had set it"),
            Self::NoReference { field, found } => write!(f, "{field}: left out, {found} records to point at"),
            Self::FollowedToContact => f.write_str("the Lead was converted; its Contact was written"),
            Self::Collapsed => f.write_str("went out with other events for the same record"),
        }
    }
}

impl Note {
    /// Why the field was left out, without the field's name.
    #[must_use]
    pub fn why(&self) -> String {
        let whole = self.to_string();
        whole.split_once("left out, ").map_or(whole.clone(), |(_, why)| why.to_owned())
    }
}

/// What one action came to for one event. No personal data.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outcome {
    /// Which action; empty when none was for the event, or for what it refers to.
    pub action: String,
    /// How it ended.
    pub answer: Answer,
    /// The object.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub object: String,
    /// The record, once it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub record: Option<String>,
    /// Why, in a few words or as Salesforce's code.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub reason: String,
    /// What happened to single fields.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
}

/// The most notes an outcome carries; an event can have thousands of members.
const MAX_NOTES: usize = 20;

impl Outcome {
    /// An outcome of an action.
    #[must_use]
    pub fn new(action: &str, object: &str, answer: Answer) -> Self {
        Self {
            action: action.to_owned(),
            answer,
            object: object.to_owned(),
            record: None,
            reason: String::new(),
            notes: Vec::new(),
        }
    }

    /// With a reason.
    #[must_use]
    pub fn because(mut self, reason: impl Into<String>) -> Self {
        self.reason = reason.into();
        self
    }

    /// With its record.
    #[must_use]
    pub fn on(mut self, record: SalesforceId) -> Self {
        self.record = Some(record.to_string());
        self
    }

    /// With what happened to single fields, at most twenty of them.
    #[must_use]
    pub fn noting<'n>(mut self, notes: impl IntoIterator<Item = &'n Note>) -> Self {
        let mut notes = notes.into_iter().map(ToString::to_string);
        self.notes.extend(notes.by_ref().take(MAX_NOTES));
        let more = notes.count();
        if more > 0 {
            self.notes.push(format!("and {more} more"));
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_answer_has_a_word_of_its_own_that_is_stored() {
        for answer in Answer::ALL {
            assert_eq!(serde_json::to_value(answer).unwrap(), answer.code());
            assert!((200..600).contains(&answer.status()));
            assert_eq!(answer.needs_a_person(), answer.status() >= 300);
            assert_eq!(answer.needs_a_person(), !answer.advice().is_empty());
        }
    }

    #[test]
    fn notes_are_bounded() {
        let notes: Vec<Note> = (0..50).map(|n| Note::NoField(format!("f{n}__c"))).collect();
        let outcome = Outcome::new("a", "Lead", Answer::Updated).noting(&notes);
        assert_eq!(outcome.notes.len(), MAX_NOTES + 1);
        assert_eq!(outcome.notes[MAX_NOTES], "and 30 more");
    }
}
