//! `[matching]`: when two records count as one person.

use serde::Deserialize;

/// The matcher's settings.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Matching {
    /// How the Contact is found whose duplicate a refused row is.
    pub find: Find,
    /// The weakest verdict that links without a person having looked.
    pub link_from: LinkFrom,
    /// Further e-mail fields of the Contact, beside `Email`.
    pub email_fields: Vec<String>,
}

/// The weakest verdict that links by itself. A weaker one always waits for a person.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LinkFrom {
    /// Very likely one person.
    #[default]
    Probable,
    /// One person but for spelling.
    Strong,
    /// The same names and address.
    Exact,
}

/// How the Contact is found whose duplicate a refused row is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Find {
    /// By address and names, with our own matcher.
    #[default]
    Fuzzy,
    /// By asking the org's duplicate rules.
    LeverageSalesforce,
    /// By our matcher; whoever it does not find, by asking the org.
    Auto,
}
