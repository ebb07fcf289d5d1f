//! Which supporter column is which Contact field, in which direction, and how a value is carried across.

use std::borrow::Cow;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::{
    Cell, Digest, DigestKey, FieldType, InvalidValue, PersonObject, RuleKey, Supporter, SupporterId,
};

mod invalid;

pub use invalid::InvalidFieldMap;

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
        self.kind == FieldType::Boolean && is_opt_out(&self.contact_field)
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
            Some(text) => self.kind.normalize_text(self.to_salesforce_spelling(text.trim()), self.max_length),
            None => self.kind.normalize(&Cell::Empty, self.max_length),
        }
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

    fn to_salesforce_spelling<'a>(&'a self, text: &'a str) -> &'a str {
        if let Some((yes, no)) = &self.yes_no {
            if text.eq_ignore_ascii_case(yes) {
                return "true";
            }
            if text.eq_ignore_ascii_case(no) {
                return "false";
            }
        }
        let known = self.decode.iter().find(|d| d.supporter.eq_ignore_ascii_case(text));
        known.map_or(text, |d| d.salesforce.as_str())
    }

    fn to_supporter_spelling(&self, text: &str) -> String {
        if let Some((yes, no)) = &self.yes_no {
            match text {
                "true" => return yes.clone(),
                "false" => return no.clone(),
                _ => {}
            }
        }
        let known = self.decode.iter().find(|d| d.salesforce == text);
        known.map_or(text, |d| d.supporter.as_str()).to_owned()
    }
}

/// The lines of several columns as one text; `None` when all are blank.
fn join_lines<'a>(cells: &[&'a Cell]) -> Option<Cow<'a, str>> {
    let mut lines = cells.iter().filter_map(|cell| cell.text()).filter(|line| !line.trim().is_empty());
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

/// The whole map, checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldMap {
    rules: Vec<FieldRule>,
    keys: Vec<RuleKey>,
    names: Vec<Arc<str>>,
    columns: Vec<String>,
    sources: Vec<Vec<usize>>,
    dates: Vec<Option<usize>>,
    technical: TechnicalFields,
    merged_into: Option<usize>,
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
        for needed in object.needed() {
            if !rules.iter().any(|rule| rule.contact_field.eq_ignore_ascii_case(needed)) {
                return Err(InvalidFieldMap::Missing(needed));
            }
        }
        let dates = rules.iter().map(|rule| date_of(rule, &rules)).collect::<Result<_, _>>()?;
        let mut columns: Vec<String> = Vec::new();
        let mut sources = Vec::with_capacity(rules.len());
        for rule in &rules {
            sources.push(rule.columns.iter().map(|column| place_of(&mut columns, column)).collect());
        }
        let names = rules.iter().map(|rule| rule.contact_field.as_str().into()).collect();
        Ok(Self { rules, keys, names, columns, sources, dates, technical, merged_into: None, object })
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
        (self, place)
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
    pub fn email_rule(&self) -> Option<usize> {
        self.rule_of(self.object.email())
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
        key.digest(RuleKey(0), &Cell::Value(text.into()))
    }
}

/// Whether a checkbox of this name says no by being ticked, as Salesforce's own `HasOptedOutOfEmail`, `HasOptedOutOfFax` and
/// `DoNotCall` do (Object Reference, Contact), and as custom fields are named after them.
#[must_use]
pub fn is_opt_out(contact_field: &str) -> bool {
    let letters = contact_field.chars().filter(char::is_ascii_alphanumeric);
    let plain: String = letters.map(|c| c.to_ascii_lowercase()).collect();
    ["optedout", "optout", "donot", "unsubscrib", "nocall", "nomail", "noemail", "deceased", "suppress"]
        .iter()
        .any(|word| plain.contains(word))
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
    if rule.constant.is_some() && rule.direction != Direction::Push {
        return Err(InvalidFieldMap::ConstantPulled(name.clone()));
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
    }
}

#[cfg(test)]
mod tests;
