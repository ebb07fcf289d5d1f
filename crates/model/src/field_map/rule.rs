//! One rule of the map: a supporter column or several, a Contact field, and how a value is carried between them.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use super::consent::{Consent, is_opt_out};
use crate::{Cell, FieldType, InvalidValue, RuleKey};

/// Which way a field's changes travel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// Both ways.
    Both,
    /// Only from the supporter to the Contact.
    Push,
    /// Only from the Contact to the supporter: formula fields, roll-ups.
    Pull,
}

/// What an empty value on one side does to the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Blank {
    /// A value that was emptied on one side is emptied on the other. Without a base an empty side never empties the other.
    Clear,
    /// An empty value never travels.
    Keep,
}

/// Who is right when both sides changed a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Policy {
    /// Salesforce. The default.
    Salesforce,
    /// The supporter database.
    Supporter,
    /// The record modified last by more than the stated tolerance; inside it, nobody: a case.
    Newest,
    /// The side that holds something; if both do, nobody: a case.
    NonEmpty,
    /// Nobody: nothing is written and a case is opened.
    Hold,
    /// Consent: the "no" wins.
    MostRestrictive,
}

/// One value that is written differently on the two sides.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decode {
    /// As the supporter database spells it.
    pub supporter: String,
    /// As Salesforce spells it.
    pub salesforce: String,
}

/// One rule of the map.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FieldRule {
    /// API name of the Contact field.
    pub contact_field: String,
    /// The supporter column; several for a value that stands on several lines (first line ↔ first column, what is left ↔ the last).
    pub columns: Vec<String>,
    /// Which way changes travel.
    pub direction: Direction,
    /// How values are read, compared and written.
    pub kind: FieldType,
    /// The most characters the Contact field holds; `None`: no limit but the platform's.
    pub max_length: Option<usize>,
    /// The most characters the supporter column holds, where the configuration says so.
    pub column_length: Option<usize>,
    /// What an emptied supporter column does to the Contact.
    pub blank_to_contact: Blank,
    /// What an emptied Contact field does to the supporter.
    pub blank_to_supporter: Blank,
    /// Who is right when both sides changed.
    pub policy: Policy,
    /// Who is right when two records meet for the first time and differ.
    pub first_link: Policy,
    /// Values spelled differently on the two sides; what is not listed passes as it is.
    pub decode: Vec<Decode>,
    /// For a checkbox whose column is spelled otherwise than `true`/`false`: (yes, no), as in `("Y", "N")`.
    pub yes_no: Option<(String, String)>,
    /// A fixed value that every pushed Contact carries instead of a column's.
    pub constant: Option<String>,
    /// A consent that the person confirms themselves, as by a double opt-in: a yes is never written to the supporter.
    pub confirmation: bool,
    /// For a consent: the Contact field of the mapped date that says when it was given or taken back, on both sides.
    pub dated_by: Option<String>,
    /// For a consent: what its tick says, where its name does not.
    #[serde(default)]
    pub consent: Option<Consent>,
}

impl FieldRule {
    /// The rule's name in the state.
    #[must_use]
    pub fn key(&self) -> RuleKey {
        RuleKey::of(&self.contact_field)
    }

    /// Whether Salesforce refuses a record without it, or it is the person's identity: such a field is never cleared. No object
    /// has a field of another's such name that could do without.
    #[must_use]
    pub fn is_identity(&self) -> bool {
        let needed = ["LastName", "Email", "PersonEmail", "Company"];
        needed.iter().any(|name| self.contact_field.eq_ignore_ascii_case(name))
    }

    /// Whether this is a checkbox whose yes is the refusal.
    #[must_use]
    pub fn is_opt_out(&self) -> bool {
        self.kind == FieldType::Boolean
            && match self.consent {
                Some(Consent::OptIn) => false,
                Some(Consent::OptOut) => true,
                None => is_opt_out(&self.contact_field),
            }
    }

    /// Whether this is a checkbox by which somebody agrees to something or refuses it.
    #[must_use]
    pub fn is_consent(&self) -> bool {
        let restricted = [self.policy, self.first_link].contains(&Policy::MostRestrictive);
        self.kind == FieldType::Boolean
            && (restricted
                || self.confirmation
                || self.dated_by.is_some()
                || self.consent.is_some()
                || self.is_opt_out())
    }

    /// Whether changes may travel to the Contact.
    #[must_use]
    pub const fn pushes(&self) -> bool {
        matches!(self.direction, Direction::Both | Direction::Push)
    }

    /// Whether changes may travel to the supporter.
    #[must_use]
    pub const fn pulls(&self) -> bool {
        matches!(self.direction, Direction::Both | Direction::Pull)
    }

    /// The supporter's value in comparable form, from its columns' cells in the order of [`FieldRule::columns`].
    ///
    /// # Errors
    /// [`InvalidValue`] when Salesforce could not hold the value unchanged.
    pub fn from_columns(&self, cells: &[&Cell]) -> Result<Cell, InvalidValue> {
        if let Some(constant) = &self.constant {
            return self.kind.normalize(&Cell::Value(constant.as_str().into()), self.max_length);
        }
        if cells.is_empty() || cells.iter().any(|cell| cell.is_absent()) {
            // Half a street is not a street.
            return self.kind.normalize(&Cell::Absent, self.max_length);
        }
        match join_lines(cells) {
            Some(text) => {
                self.kind.normalize_text(&self.to_salesforce_spelling(text.trim()), self.max_length)
            }
            None => self.kind.normalize(&Cell::Empty, self.max_length),
        }
    }

    /// What the columns hold together, as it is spelled there; `None` where they are blank.
    #[must_use]
    pub fn text_of_columns(&self, cells: &[&Cell]) -> Option<String> {
        join_lines(cells).map(Cow::into_owned)
    }

    /// The Contact's value in comparable form.
    ///
    /// # Errors
    /// [`InvalidValue`] when the supporter column could not hold the value unchanged.
    pub fn from_contact(&self, cell: &Cell) -> Result<Cell, InvalidValue> {
        let room = self.column_length.filter(|_| self.pulls());
        self.kind.normalize(cell, room)
    }

    /// What to write into the columns, one cell each, for a comparable value.
    #[must_use]
    pub fn to_columns(&self, normal: &Cell) -> Vec<Cell> {
        match normal {
            Cell::Absent => vec![Cell::Absent; self.columns.len()],
            Cell::Empty => vec![Cell::Empty; self.columns.len()],
            Cell::Value(text) => split_lines(&self.to_supporter_spelling(text), self.columns.len()),
        }
    }

    fn to_salesforce_spelling<'a>(&'a self, text: &'a str) -> Cow<'a, str> {
        if let Some((yes, no)) = &self.yes_no {
            // The text comes without the spaces around it.
            let (yes, no) = (yes.trim(), no.trim());
            if text.eq_ignore_ascii_case(yes) {
                return Cow::Borrowed("true");
            }
            if text.eq_ignore_ascii_case(no) {
                return Cow::Borrowed("false");
            }
        }
        self.decoded(text, |choice| {
            let known = self.decode.iter().find(|d| d.supporter.eq_ignore_ascii_case(choice));
            known.map_or(choice, |d| d.salesforce.as_str())
        })
    }

    fn to_supporter_spelling(&self, text: &str) -> String {
        if let Some((yes, no)) = &self.yes_no {
            match text {
                "true" => return yes.clone(),
                "false" => return no.clone(),
                _ => {}
            }
        }
        let decoded = self.decoded(text, |choice| {
            let known = self.decode.iter().find(|d| d.salesforce == choice);
            known.map_or(choice, |d| d.supporter.as_str())
        });
        decoded.into_owned()
    }

    /// The text in the other side's spelling; of several choices, each in its own.
    fn decoded<'a>(&'a self, text: &'a str, one: impl Fn(&'a str) -> &'a str) -> Cow<'a, str> {
        if self.kind != FieldType::MultiPicklist || self.decode.is_empty() {
            return Cow::Borrowed(one(text));
        }
        let choices: Vec<&str> = text.split(';').map(|choice| one(choice.trim())).collect();
        Cow::Owned(choices.join(";"))
    }
}

/// The lines of several columns as one text; `None` when all are blank. A blank line between others is one of them: without it
/// the way back would fill another column.
fn join_lines<'a>(cells: &[&'a Cell]) -> Option<Cow<'a, str>> {
    let line = |cell: &&'a Cell| cell.text().unwrap_or_default();
    let is_filled = |cell: &&'a Cell| !line(cell).trim().is_empty();
    let (first, last) = (cells.iter().position(is_filled)?, cells.iter().rposition(is_filled)?);
    let mut lines = cells[first..=last].iter().map(line);
    let first = lines.next()?;
    let Some(second) = lines.next() else { return Some(Cow::Borrowed(first)) };
    let mut text = [first, second].join("\n");
    for line in lines {
        text.push('\n');
        text.push_str(line);
    }
    Some(Cow::Owned(text))
}

/// The first line into the first cell, and so on; what is left into the last.
fn split_lines(text: &str, columns: usize) -> Vec<Cell> {
    let mut lines = text.splitn(columns.max(1), '\n');
    (0..columns).map(|_| Cell::from_nullable(lines.next())).collect()
}
