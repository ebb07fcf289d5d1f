//! `[[field]]`: one Contact field and what it is filled from.

use std::collections::BTreeMap;

use model::field_map::Consent;
use model::{Blank, Direction, FieldType, Policy};
use serde::Deserialize;

use super::Whole;

/// One rule of the field map, as it is written. What is left out is asked of the org.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Field {
    /// API name of the Contact field.
    pub contact: String,
    /// The supporter column.
    pub column: Option<String>,
    /// Several columns for a value of several lines.
    pub columns: Option<Vec<String>>,
    /// A fixed value instead of a column's.
    pub constant: Option<String>,
    /// Which way changes travel.
    #[serde(default = "both")]
    pub direction: Direction,
    /// How values are read and compared; the org's own type where it is not given.
    #[serde(rename = "type")]
    pub kind: Option<FieldType>,
    /// The most characters the Contact field takes; the org's own length where it is not given.
    pub max_length: Option<Whole<1, 131_072>>,
    /// The most characters the supporter column takes.
    pub column_length: Option<Whole<1, 131_072>>,
    /// What an emptied column does to the Contact; as `[sync]` says where it is not given.
    pub blank_to_contact: Option<Blank>,
    /// What an emptied Contact field does to the supporter; as `[sync]` says where it is not given.
    pub blank_to_supporter: Option<Blank>,
    /// Who is right when both sides changed.
    pub policy: Option<Policy>,
    /// Who is right when two records meet for the first time and differ.
    pub first_link: Option<Policy>,
    /// Values spelled differently on the two sides: the supporter's spelling, then Salesforce's.
    #[serde(default)]
    pub decode: BTreeMap<String, String>,
    /// How the column spells yes.
    pub yes: Option<String>,
    /// How the column spells no.
    pub no: Option<String>,
    /// A consent the person confirms themselves: a yes is never written to the supporter.
    #[serde(default)]
    pub confirmation: bool,
    /// The Contact field of the mapped date that says when a consent was given or taken back.
    pub dated_by: Option<String>,
    /// What the tick of a consent says, where the field's name does not.
    pub consent: Option<Consent>,
}

impl Field {
    /// The columns it is filled from; none for a constant.
    #[must_use]
    pub fn column_names(&self) -> Vec<String> {
        self.columns.clone().unwrap_or_else(|| self.column.iter().cloned().collect())
    }
}

const fn both() -> Direction {
    Direction::Both
}
