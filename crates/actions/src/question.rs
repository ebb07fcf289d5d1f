//! Which record has these values? Hundreds of such questions go out as one query.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use model::{ContactId, SalesforceId, Stamp};
use salesforce::soql::QUERY_URI_BUDGET;
use salesforce::{Condition, Describe, DescribeField, Field, Literal, Org, Row, Soql};
use serde_json::Value;

use crate::evaluate::Key;
use crate::fatal::Fatal;

/// The most rows one query may bring: more means that the matchers are no matchers.
const MOST_ROWS: usize = 10_000;
/// Questions with several values each, joined into one query.
const MOST_JOINED: usize = 100;
/// Values of one field in one query.
const MOST_VALUES: usize = 400;
/// What one question may take of an address, so that every question fits into some query.
const MOST_BYTES: usize = 9_000;
/// Kept free in every address.
const SPARE_BYTES: usize = 64;

/// Values a record must have, all of them.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Question {
    /// The object, as the org spells it.
    pub object: String,
    /// Fields as the org spells them, in order, with the one form their values compare in.
    pub values: Vec<(String, String)>,
}

/// A record that has them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hit {
    /// Its id.
    pub id: SalesforceId,
    /// A converted Lead, and its Contact where the org shows it.
    pub converted: Option<Option<ContactId>>,
    /// It lies in the recycle bin; only where that was asked for.
    pub deleted: bool,
    /// When it was made; only where deleted records were asked for.
    pub created: Option<Stamp>,
}

/// What is known of all questions asked; those without a record are missing.
pub type Answers = HashMap<Question, Vec<Hit>>;

/// Questions and what they are asked with.
#[derive(Default)]
pub struct Asked {
    questions: BTreeMap<Question, Vec<Literal>>,
    deleted_too: bool,
}

impl Asked {
    /// Questions that deleted records answer, too.
    #[must_use]
    pub fn with_deleted() -> Self {
        Self { deleted_too: true, ..Self::default() }
    }

    /// Adds a question; `None` when a value cannot stand in a query.
    pub fn add(&mut self, object: &Describe, keys: &[Key]) -> Option<Question> {
        let mut values: Vec<(String, String, Literal)> = Vec::with_capacity(keys.len());
        for key in keys {
            let field = object.field(&key.field)?;
            let literal = literal(&key.value, field)?;
            values.push((
                field.name.clone(),
                comparable(&crate::scalar::text_of(&key.value)?, field),
                literal,
            ));
        }
        // Percent-encoding makes three bytes of one, and a name is repeated with each value.
        let bytes: usize =
            values.iter().map(|(name, _, value)| name.len() + 3 * value.to_string().len() + 32).sum();
        if bytes > MOST_BYTES {
            return None;
        }
        values.sort_by(|a, b| a.0.cmp(&b.0));
        let literals = values.iter().map(|(_, _, literal)| literal.clone()).collect();
        let values = values.into_iter().map(|(field, value, _)| (field, value)).collect();
        let question = Question { object: object.name.clone(), values };
        self.questions.insert(question.clone(), literals);
        Some(question)
    }

    /// Nothing to ask.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.questions.is_empty()
    }

    /// Asks the org: one query for each object and set of fields, cut where a query would be too long.
    ///
    /// # Errors
    /// [`Fatal::Salesforce`] as any call that reads.
    pub async fn ask(
        self,
        org: &Org,
        describe: impl Fn(&str) -> Option<std::sync::Arc<Describe>>,
    ) -> Result<Answers, Fatal> {
        let mut groups: BTreeMap<(String, Vec<String>), Pending> = BTreeMap::new();
        for (question, literals) in self.questions {
            let fields = question.values.iter().map(|(field, _)| field.clone()).collect();
            groups.entry((question.object.clone(), fields)).or_default().push((question, literals));
        }
        let mut answers = Answers::new();
        for ((object, fields), questions) in groups {
            let Some(describe) = describe(&object) else { continue };
            let group = Group { org, object: &describe, fields: &fields, deleted_too: self.deleted_too };
            group.ask(questions, &mut answers).await?;
        }
        Ok(answers)
    }
}

type Pending = Vec<(Question, Vec<Literal>)>;

struct Group<'a> {
    org: &'a Org,
    object: &'a Describe,
    fields: &'a [String],
    deleted_too: bool,
}

impl Group<'_> {
    /// Asks in as few queries as fit; a part whose rows cannot all be told apart is halved and asked again.
    async fn ask(&self, questions: Pending, answers: &mut Answers) -> Result<(), Fatal> {
        let mut open = self.parts(questions)?;
        while let Some(mut part) = open.pop() {
            let soql = self.soql(&part)?;
            let pages = if self.deleted_too { self.org.query_all(&soql)? } else { self.org.query(&soql)? };
            let rows = pages.collect(MOST_ROWS).await?;
            let strange = self.attribute(&part, &rows, answers);
            if !strange.is_empty() {
                part.retain(|(question, _)| !answers.contains_key(question));
                match part.len() {
                    0 => {}
                    // The org says that these rows have the values, however they are written.
                    1 => {
                        let hits = strange.iter().filter_map(|row| self.hit(row)).collect();
                        answers.insert(part.remove(0).0, hits);
                    }
                    many => {
                        let rest = part.split_off(many / 2);
                        open.extend([part, rest]);
                    }
                }
            }
        }
        Ok(())
    }

    /// Parts that each fit into one query.
    fn parts(&self, questions: Pending) -> Result<Vec<Pending>, Fatal> {
        let most = if self.fields.len() == 1 { MOST_VALUES } else { MOST_JOINED };
        let room = QUERY_URI_BUDGET - SPARE_BYTES;
        let (mut parts, mut part, mut used): (Vec<Pending>, Pending, usize) = (Vec::new(), Vec::new(), 0);
        for question in questions {
            let one = self.soql(std::slice::from_ref(&question))?.uri_bytes();
            let more = self.soql(&[question.clone(), question.clone()])?.uri_bytes() - one;
            if !part.is_empty() && (used + more > room || part.len() >= most) {
                parts.push(std::mem::take(&mut part));
            }
            used = if part.is_empty() { one } else { used + more };
            part.push(question);
        }
        if !part.is_empty() {
            parts.push(part);
        }
        Ok(parts)
    }

    fn select(&self) -> Vec<&str> {
        let mut fields = vec!["Id"];
        for name in ["IsConverted", "ConvertedContactId"] {
            if self.object.name == "Lead" && self.object.field(name).is_some() {
                fields.push(name);
            }
        }
        for name in ["IsDeleted", "CreatedDate"] {
            if self.deleted_too && self.object.field(name).is_some() {
                fields.push(name);
            }
        }
        let asked = |name: &&str| !fields.contains(name);
        let asked: Vec<&str> = self.fields.iter().map(String::as_str).filter(asked).collect();
        fields.extend(asked);
        fields
    }

    fn soql(&self, part: &[(Question, Vec<Literal>)]) -> Result<Soql, Fatal> {
        let fields = self.fields.iter().map(|name| Field::parse(name)).collect::<Result<Vec<_>, _>>()?;
        let condition = match fields.as_slice() {
            [field] => field.one_of(part.iter().filter_map(|(_, literals)| literals.first().cloned())),
            several => {
                let all = |literals: &[Literal]| {
                    let pairs = several.iter().zip(literals);
                    Condition::And(pairs.map(|(field, value)| field.eq(value.clone())).collect())
                };
                let mut any: Vec<Condition> = part.iter().map(|(_, literals)| all(literals)).collect();
                if any.len() == 1 { any.remove(0) } else { Condition::Or(any) }
            }
        };
        Ok(Soql::select(&self.object.name, self.select())?.filter(condition))
    }

    /// Gives every row to the questions it answers; rows that answer none are left.
    fn attribute<'r>(
        &self,
        part: &[(Question, Vec<Literal>)],
        rows: &'r [Row],
        answers: &mut Answers,
    ) -> Vec<&'r Row> {
        let asked: BTreeSet<&Question> = part.iter().map(|(question, _)| question).collect();
        let mut strange = Vec::new();
        for row in rows {
            let values = self.fields.iter().map(|name| {
                let text = row.get(name).unwrap_or_default();
                let value = self.object.field(name).map_or_else(String::new, |field| comparable(text, field));
                (name.clone(), value)
            });
            let question = Question { object: self.object.name.clone(), values: values.collect() };
            match (asked.contains(&question), self.hit(row)) {
                (true, Some(hit)) => answers.entry(question).or_default().push(hit),
                (true, None) | (false, _) => strange.push(row),
            }
        }
        strange
    }

    fn hit(&self, row: &Row) -> Option<Hit> {
        let id = SalesforceId::parse(row.get("Id")?).ok()?;
        let contact = row.get("ConvertedContactId").and_then(|id| ContactId::parse(id).ok());
        let created = row.get("CreatedDate").and_then(|text| Stamp::parse(text).ok());
        let converted = row.is_true("IsConverted").then_some(contact);
        Some(Hit { id, converted, deleted: row.is_true("IsDeleted"), created })
    }
}

/// A typed value as SOQL writes it; `None` for what cannot stand in a condition.
fn literal(value: &Value, field: &DescribeField) -> Option<Literal> {
    match (value, field.kind.as_str()) {
        (Value::Bool(flag), _) => Some(Literal::Bool(*flag)),
        (Value::Number(number), _) => {
            number.as_i64().map(Literal::Integer).or_else(|| number.as_f64().map(Literal::Decimal))
        }
        (Value::String(text), "datetime") => Stamp::parse(text).ok().map(Literal::DateTime),
        (Value::String(_), "date") => None,
        (Value::String(text), "id" | "reference") => SalesforceId::parse(text).ok().map(Literal::Id),
        (Value::String(text), _) => Some(Literal::from(text)),
        (Value::Null | Value::Array(_) | Value::Object(_), _) => None,
    }
}

/// The one form two values of a field compare in. Text compares without regard to case, as SOQL does it, but in fields that are
/// unique with regard to case.
fn comparable(text: &str, field: &DescribeField) -> String {
    match field.kind.as_str() {
        "boolean" => text.to_ascii_lowercase(),
        "int" | "long" | "double" | "currency" | "percent" => {
            text.parse::<f64>().map_or_else(|_| text.to_owned(), |number| number.to_string())
        }
        "datetime" => Stamp::parse(text).map_or_else(|_| text.to_owned(), |at| at.to_seconds_text()),
        "id" | "reference" => SalesforceId::parse(text).map_or_else(|_| text.to_owned(), |id| id.to_string()),
        _ if field.case_sensitive => text.trim().to_owned(),
        _ => text.trim().to_lowercase(),
    }
}
