//! What is wished for: the field map's names, the technical fields, and how far the integration user's work goes.

use model::{Direction, FieldRule, FieldType};

/// One mapped Contact field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MappedField {
    /// API name.
    pub name: String,
    /// Which way changes travel.
    pub direction: Direction,
    /// The type, where it is known without the org.
    pub kind: Option<FieldType>,
    /// The most characters, where they are known without the org.
    pub length: Option<usize>,
}

impl MappedField {
    /// Whether highwater writes the field.
    #[must_use]
    pub const fn pushed(&self) -> bool {
        match self.direction {
            Direction::Both | Direction::Push => true,
            Direction::Pull => false,
        }
    }
}

impl From<&FieldRule> for MappedField {
    fn from(rule: &FieldRule) -> Self {
        Self {
            name: rule.contact_field.clone(),
            direction: rule.direction,
            kind: Some(rule.kind),
            length: rule.max_length,
        }
    }
}

/// Contact fields beside the mapped ones.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Technical {
    /// Holds the supporter id; External ID and Unique.
    pub supporter_id: String,
    /// Holds the account id of the supporter database.
    pub account_id: Option<String>,
    /// The checkbox that tells the Flows that a save is ours.
    pub push_marker: String,
    /// The date and time that the stamping Flow sets.
    pub last_modified: String,
    /// The checkbox that is ticked when the supporter is gone.
    pub supporter_deleted: Option<String>,
    /// Fields that are read and never written, mapped ones among them: they decide who is left out, or hold further addresses.
    pub read: Vec<String>,
}

/// How far the integration user's work goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Work {
    /// Contacts are updated.
    pub push: bool,
    /// Contacts are created.
    pub create: bool,
}

/// How the program signs in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SignIn {
    /// By the app's own run-as user: the `Api` scope is enough.
    ClientCredentials,
    /// Any other way: the org wants the `RefreshToken` scope, too, before it lets a pre-authorised user in.
    OtherGrant,
}

/// A wish that cannot be written as metadata. Names configuration only.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidBlueprint {
    /// A name that is no API name.
    #[error("{0:?} is no Salesforce field name")]
    Name(String),
    /// A field is named twice.
    #[error("{0} is named twice")]
    Twice(String),
    /// Nothing is mapped.
    #[error("no field is mapped")]
    Empty,
    /// No API version.
    #[error("{0:?} is no API version such as 66.0")]
    Version(String),
}

/// A wish that can be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Blueprint {
    fields: Vec<MappedField>,
    technical: Technical,
    api_version: String,
    /// How far the integration user's work goes.
    pub work: Work,
    /// How the program signs in.
    pub sign_in: SignIn,
}

impl Blueprint {
    /// Checks every name: they become XML, formulas and file names.
    ///
    /// # Errors
    /// [`InvalidBlueprint`] names the first that cannot stand.
    pub fn new(
        fields: Vec<MappedField>,
        technical: Technical,
        api_version: &str,
        work: Work,
        sign_in: SignIn,
    ) -> Result<Self, InvalidBlueprint> {
        if fields.is_empty() {
            return Err(InvalidBlueprint::Empty);
        }
        if !is_version(api_version) {
            return Err(InvalidBlueprint::Version(api_version.to_owned()));
        }
        let wish = Self { fields, technical, api_version: api_version.to_owned(), work, sign_in };
        let mut seen = std::collections::BTreeSet::new();
        let mapped = wish.fields.iter().map(|field| field.name.as_str());
        for name in mapped.chain(wish.technical_names()) {
            if !is_name(name) {
                return Err(InvalidBlueprint::Name(name.to_owned()));
            }
            if !seen.insert(name.to_ascii_lowercase()) {
                return Err(InvalidBlueprint::Twice(name.to_owned()));
            }
        }
        if let Some((name, _)) = wish.beside_the_map().find(|(name, _)| !is_name(name)) {
            return Err(InvalidBlueprint::Name(name.to_owned()));
        }
        Ok(wish)
    }

    /// The mapped fields, in the order of the map.
    #[must_use]
    pub fn fields(&self) -> &[MappedField] {
        &self.fields
    }

    /// The technical fields.
    #[must_use]
    pub const fn technical(&self) -> &Technical {
        &self.technical
    }

    /// `66.0`.
    #[must_use]
    pub fn api_version(&self) -> &str {
        &self.api_version
    }

    pub(crate) fn technical_names(&self) -> impl Iterator<Item = &str> {
        let technical = &self.technical;
        let account = technical.account_id.as_deref();
        [Some(technical.supporter_id.as_str()), account]
            .into_iter()
            .flatten()
            .chain([technical.push_marker.as_str(), technical.last_modified.as_str()])
    }

    /// Fields that settings outside the map name, and whether highwater writes them. They may be mapped as well.
    pub(crate) fn beside_the_map(&self) -> impl Iterator<Item = (&str, bool)> {
        let written = self.technical.supporter_deleted.iter().map(|name| (name.as_str(), true));
        written.chain(self.technical.read.iter().map(|name| (name.as_str(), false)))
    }

    /// Whether a rule of the map is about the field.
    pub(crate) fn is_mapped(&self, name: &str) -> bool {
        self.fields.iter().any(|field| field.name.eq_ignore_ascii_case(name))
    }
}

/// A letter, then letters, digits and underscores; at most 255 (Object reference: "API names").
fn is_name(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_alphabetic())
        && name.len() <= 255
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

fn is_version(text: &str) -> bool {
    let digits = text.strip_suffix(".0").unwrap_or_default();
    (2..=3).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit())
}

/// Whether the org's administrator made the field, so that metadata of ours may create it: a custom field that belongs to
/// no package.
pub(crate) fn is_own_custom(name: &str) -> bool {
    name.strip_suffix("__c").is_some_and(|stem| !stem.contains("__"))
}

/// The name without the package's namespace and without `__c`.
pub(crate) fn stem(name: &str) -> &str {
    let stem = name.strip_suffix("__c").unwrap_or(name);
    stem.rsplit_once("__").map_or(stem, |(_, last)| last)
}

/// The name as people read it.
pub(crate) fn label(name: &str) -> String {
    stem(name).replace('_', " ").trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_packages_field_is_never_ours_to_create() {
        assert!(is_own_custom("EN_Push__c"));
        assert!(!is_own_custom("engaging__EN_Push__c"));
        assert!(!is_own_custom("Email"));
        assert_eq!((stem("engaging__EN_Push__c"), label("EN_Push__c").as_str()), ("EN_Push", "EN Push"));
    }

    #[test]
    fn versions_are_whole_numbers_with_a_zero() {
        for good in ["59.0", "66.0", "100.0"] {
            assert!(is_version(good), "{good}");
        }
        for bad in ["", "66", "v66.0", "66.1", "6.0", "66.0.0", "xx.0"] {
            assert!(!is_version(bad), "{bad}");
        }
    }
}
