//! Which supporter column is which Contact field, in which direction, and how a value is carried across.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::{
    Cell, Digest, DigestKey, FieldType, InvalidValue, PersonObject, RuleKey, Supporter, SupporterId,
};

mod consent;
mod invalid;
mod rule;

pub use consent::{Consent, is_opt_out};
pub use invalid::InvalidFieldMap;
pub use rule::{Blank, Decode, Direction, FieldRule, Policy};

/// Fields highwater itself reads and writes on the Contact, beside the mapped ones.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TechnicalFields {
    /// Holds the supporter id; must be External ID and Unique.
    pub supporter_id: String,
    /// Holds the account id of the supporter database, and the id of ours: several databases may feed one org.
    pub account_id: Option<(String, String)>,
    /// The "EN Push" checkbox that tells the org's Flows that this save is ours.
    pub push_marker: Option<String>,
}

impl TechnicalFields {
    /// The account id of our supporter database, where Contacts carry one.
    #[must_use]
    pub fn own_account(&self) -> Option<&str> {
        self.account_id.as_ref().map(|(_, own)| own.as_str())
    }
}

/// The whole map, checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldMap {
    rules: Vec<FieldRule>,
    keys: Vec<RuleKey>,
    names: Vec<Arc<str>>,
    columns: Vec<String>,
    sources: Vec<Vec<usize>>,
    dates: Vec<Option<usize>>,
    consents: Vec<bool>,
    email: Option<usize>,
    last_name: Option<usize>,
    technical: TechnicalFields,
    merged_into: Option<usize>,
    contact_deleted: Option<usize>,
    object: PersonObject,
}

impl FieldMap {
    /// Checks the rules against each other.
    ///
    /// # Errors
    /// [`InvalidFieldMap`] names the first rule that cannot stand.
    pub fn new(rules: Vec<FieldRule>, technical: TechnicalFields) -> Result<Self, InvalidFieldMap> {
        Self::of(PersonObject::Contact, rules, technical)
    }

    /// A map to another object than the Contact.
    ///
    /// # Errors
    /// As [`FieldMap::new`]; what must be mapped is the object's to say.
    pub fn of(
        object: PersonObject,
        rules: Vec<FieldRule>,
        technical: TechnicalFields,
    ) -> Result<Self, InvalidFieldMap> {
        check_names(&rules, &technical)?;
        let keys: Vec<RuleKey> = rules.iter().map(FieldRule::key).collect();
        for (at, rule) in rules.iter().enumerate() {
            check_rule(rule, &technical)?;
            if keys[..at].contains(&keys[at]) {
                return Err(InvalidFieldMap::Twice(rule.contact_field.clone()));
            }
        }
        check_pulled(&rules)?;
        for needed in object.needed() {
            if !rules.iter().any(|rule| rule.contact_field.eq_ignore_ascii_case(needed)) {
                return Err(InvalidFieldMap::Missing(needed));
            }
        }
        let dates: Vec<Option<usize>> =
            rules.iter().map(|rule| date_of(rule, &rules)).collect::<Result<_, _>>()?;
        let consents =
            rules.iter().enumerate().map(|(at, rule)| rule.is_consent() || dates.contains(&Some(at)));
        let consents = consents.collect();
        let place =
            |field: &str| rules.iter().position(|rule| rule.contact_field.eq_ignore_ascii_case(field));
        let (email, last_name) = (place(object.email()), place("LastName"));
        let mut columns: Vec<String> = Vec::new();
        let mut sources = Vec::with_capacity(rules.len());
        for rule in &rules {
            sources.push(rule.columns.iter().map(|column| place_of(&mut columns, column)).collect());
        }
        let names = rules.iter().map(|rule| rule.contact_field.as_str().into()).collect();
        let (merged_into, contact_deleted) = (None, None);
        Ok(Self {
            rules,
            keys,
            names,
            columns,
            sources,
            dates,
            consents,
            email,
            last_name,
            technical,
            merged_into,
            contact_deleted,
            object,
        })
    }

    /// The same map over a table in which a supporter that was merged away names, in this column, the one that remains. The
    /// column is read with the mapped ones and never written.
    #[must_use]
    pub fn with_merged_into(mut self, column: &str) -> Self {
        self.merged_into = Some(place_of(&mut self.columns, column));
        self
    }

    /// The same map over a table with a column that says that a supporter's Contact was deleted, and that column's place among
    /// [`FieldMap::columns`]. No rule reads or writes it.
    #[must_use]
    pub fn with_contact_deleted(mut self, column: &str) -> (Self, usize) {
        let place = place_of(&mut self.columns, column);
        self.contact_deleted = Some(place);
        (self, place)
    }

    /// The place of the column that says that a supporter's Contact was deleted, where the table has one.
    #[must_use]
    pub const fn contact_deleted(&self) -> Option<usize> {
        self.contact_deleted
    }

    /// Whether the table says which supporters were merged away.
    #[must_use]
    pub const fn follows_merges(&self) -> bool {
        self.merged_into.is_some()
    }

    /// The supporter this one was merged into, as its row says; `None` for one that stands for itself.
    #[must_use]
    pub fn merged_into(&self, supporter: &Supporter) -> Option<SupporterId> {
        let id = SupporterId::parse(supporter.cells.get(self.merged_into?)?.text()?.trim()).ok()?;
        (id != supporter.id).then_some(id)
    }

    /// Which object of the org the records are.
    #[must_use]
    pub const fn object(&self) -> PersonObject {
        self.object
    }

    /// The place of the rule for the main address.
    #[must_use]
    pub const fn email_rule(&self) -> Option<usize> {
        self.email
    }

    /// The place of the rule for the last name, without which Salesforce makes no record of a person.
    #[must_use]
    pub const fn last_name_rule(&self) -> Option<usize> {
        self.last_name
    }

    /// The rules, in the order of the configuration.
    #[must_use]
    pub fn rules(&self) -> &[FieldRule] {
        &self.rules
    }

    /// The rules' keys, in the order of the rules.
    #[must_use]
    pub fn keys(&self) -> &[RuleKey] {
        &self.keys
    }

    /// The Contact fields' API names, in the order of the rules: for what names a field of every person.
    #[must_use]
    pub fn names(&self) -> &[Arc<str>] {
        &self.names
    }

    /// Every supporter column the map reads or writes, each once. A supporter's cells come in this order.
    #[must_use]
    pub fn columns(&self) -> &[String] {
        &self.columns
    }

    /// The place of the date of each rule that is a dated consent, by the rule's place.
    #[must_use]
    pub fn dates(&self) -> &[Option<usize>] {
        &self.dates
    }

    /// Whether the rule at this place is a consent, or the date of one.
    #[must_use]
    pub fn is_consent(&self, rule: usize) -> bool {
        self.consents.get(rule).is_some_and(|is_one| *is_one)
    }

    /// The technical fields.
    #[must_use]
    pub const fn technical(&self) -> &TechnicalFields {
        &self.technical
    }

    /// The place of the rule for a Contact field.
    #[must_use]
    pub fn rule_of(&self, contact_field: &str) -> Option<usize> {
        self.rules.iter().position(|rule| rule.contact_field.eq_ignore_ascii_case(contact_field))
    }

    /// A supporter's comparable value for each rule, from its cells in the order of [`FieldMap::columns`].
    #[must_use]
    pub fn supporter_values(&self, cells: &[Cell]) -> Vec<Result<Cell, InvalidValue>> {
        (0..self.rules.len()).map(|rule| self.supporter_value(rule, cells)).collect()
    }

    /// A supporter's comparable value for the rule at this place alone; absent where there is no such rule.
    ///
    /// # Errors
    /// As [`FieldRule::from_columns`].
    pub fn supporter_value(&self, rule: usize, cells: &[Cell]) -> Result<Cell, InvalidValue> {
        let (Some(rule), Some(places)) = (self.rules.get(rule), self.sources.get(rule)) else {
            return Ok(Cell::Absent);
        };
        let cell = |at: &usize| cells.get(*at).unwrap_or(&Cell::Absent);
        match places.as_slice() {
            [one] => rule.from_columns(&[cell(one)]),
            several => rule.from_columns(&several.iter().map(cell).collect::<Vec<_>>()),
        }
    }

    /// What a supporter's row holds for the rule at this place, as it is spelled there: for a person to read where it is no
    /// comparable value. `None` where it is blank.
    #[must_use]
    pub fn supporter_text(&self, rule: usize, cells: &[Cell]) -> Option<String> {
        let cells: Vec<&Cell> = self.columns_of(rule).iter().filter_map(|&at| cells.get(at)).collect();
        self.rules.get(rule)?.text_of_columns(&cells)
    }

    /// A Contact's comparable value for each rule, from its cells in the order of the rules.
    #[must_use]
    pub fn contact_values(&self, cells: &[Cell]) -> Vec<Result<Cell, InvalidValue>> {
        let absent = Cell::Absent;
        let of = |(at, rule): (usize, &FieldRule)| rule.from_contact(cells.get(at).unwrap_or(&absent));
        self.rules.iter().enumerate().map(of).collect()
    }

    /// The places in [`FieldMap::columns`] that a rule fills.
    #[must_use]
    pub fn columns_of(&self, rule: usize) -> &[usize] {
        self.sources.get(rule).map_or(&[], Vec::as_slice)
    }

    /// A digest of the whole map: when it changes, blocks are lifted and everybody is compared again.
    #[must_use]
    pub fn digest(&self, key: &DigestKey) -> Digest {
        let text = format!("{:?} {:?}", self.rules, self.technical);
        // Maps from before there was the key keep their digest: nobody is compared again for it.
        let text = text.replace(", consent: None", "");
        key.digest(RuleKey(0), &Cell::Value(text.into()))
    }
}

fn place_of(columns: &mut Vec<String>, column: &str) -> usize {
    columns.iter().position(|known| known == column).unwrap_or_else(|| {
        columns.push(column.to_owned());
        columns.len() - 1
    })
}

fn check_names(rules: &[FieldRule], technical: &TechnicalFields) -> Result<(), InvalidFieldMap> {
    let own = [
        Some(&technical.supporter_id),
        technical.account_id.as_ref().map(|(field, _)| field),
        technical.push_marker.as_ref(),
    ];
    let names = rules.iter().map(|rule| &rule.contact_field).chain(own.into_iter().flatten());
    for name in names {
        let shaped = name.starts_with(|c: char| c.is_ascii_alphabetic())
            && name.len() <= 255
            && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
        if !shaped {
            return Err(InvalidFieldMap::Name(name.clone()));
        }
    }
    Ok(())
}

fn check_rule(rule: &FieldRule, technical: &TechnicalFields) -> Result<(), InvalidFieldMap> {
    let name = &rule.contact_field;
    let account = technical.account_id.as_ref().map(|(field, _)| field);
    let own = [Some(&technical.supporter_id), account, technical.push_marker.as_ref()];
    if name.eq_ignore_ascii_case("Id")
        || own.into_iter().flatten().any(|field| field.eq_ignore_ascii_case(name))
    {
        return Err(InvalidFieldMap::Technical(name.clone()));
    }
    if rule.columns.is_empty() == rule.constant.is_none() {
        return Err(InvalidFieldMap::Source(name.clone()));
    }
    if rule.consent.is_some() && rule.kind != FieldType::Boolean {
        return Err(InvalidFieldMap::NoCheckbox(name.clone()));
    }
    if rule.constant.is_some() && rule.direction != Direction::Push {
        return Err(InvalidFieldMap::ConstantPulled(name.clone()));
    }
    Ok(())
}

/// A column that is written takes one rule's value. Databases tell no columns apart by case alone, unless they are asked to.
fn check_pulled(rules: &[FieldRule]) -> Result<(), InvalidFieldMap> {
    let mut pulled: Vec<(&str, &str)> = Vec::new();
    for rule in rules.iter().filter(|rule| rule.pulls()) {
        for column in &rule.columns {
            if let Some((_, other)) = pulled.iter().find(|(known, _)| known.eq_ignore_ascii_case(column)) {
                let (first, second) = ((*other).to_owned(), rule.contact_field.clone());
                return Err(InvalidFieldMap::ColumnTwice(column.clone(), first, second));
            }
            pulled.push((column, &rule.contact_field));
        }
    }
    Ok(())
}

/// The place of the rule that dates this one.
fn date_of(rule: &FieldRule, rules: &[FieldRule]) -> Result<Option<usize>, InvalidFieldMap> {
    let Some(date) = &rule.dated_by else { return Ok(None) };
    let place = rules.iter().position(|other| other.contact_field.eq_ignore_ascii_case(date));
    let fits = place.filter(|&at| matches!(rules[at].kind, FieldType::Date | FieldType::DateTime));
    match fits.filter(|_| rule.kind == FieldType::Boolean) {
        Some(at) => Ok(Some(at)),
        None => Err(InvalidFieldMap::Dated(rule.contact_field.clone(), date.clone())),
    }
}

/// A rule with every default, for a plain column.
#[must_use]
pub fn plain_rule(contact_field: &str, column: &str, kind: FieldType) -> FieldRule {
    FieldRule {
        contact_field: contact_field.to_owned(),
        columns: vec![column.to_owned()],
        direction: Direction::Both,
        kind,
        max_length: None,
        column_length: None,
        blank_to_contact: Blank::Clear,
        blank_to_supporter: Blank::Clear,
        policy: if kind == FieldType::Boolean { Policy::MostRestrictive } else { Policy::Salesforce },
        first_link: if kind == FieldType::Boolean { Policy::MostRestrictive } else { Policy::Salesforce },
        decode: Vec::new(),
        yes_no: None,
        constant: None,
        confirmation: false,
        dated_by: None,
        consent: None,
    }
}

#[cfg(test)]
mod tests;
