//! The query as written: names unresolved, literals typed by their spelling.

use chrono::{DateTime, NaiveDate, Utc};

/// A parsed query.
#[derive(Debug, Clone, PartialEq)]
pub struct Query {
    /// What is selected.
    pub select: Select,
    /// The object after FROM.
    pub object: Name,
    /// The alias after the object, when there is one.
    pub alias: Option<String>,
    /// WHERE.
    pub filter: Option<Condition>,
    /// ORDER BY, first key first.
    pub order: Vec<OrderBy>,
    /// LIMIT.
    pub limit: Option<u64>,
    /// OFFSET and its place in the text.
    pub offset: Option<(u64, usize)>,
}

/// The select list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Select {
    /// `COUNT()`: no rows, only `totalSize`.
    Count,
    /// Fields in the order written.
    Fields(Vec<Selected>),
}

/// One item of the select list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Selected {
    /// A field.
    Field(Name),
    /// `FIELDS(..)` and its place.
    Group(FieldGroup, usize),
}

/// A group of fields (SOQL reference v65: FIELDS()).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FieldGroup {
    /// All the caller may see.
    All,
    /// Those Salesforce made.
    Standard,
    /// Those the org made.
    Custom,
}

/// A name with dots as written, and where it stands (byte offset).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Name {
    /// The text, e.g. `Account.Name`.
    pub text: String,
    /// Byte offset in the query.
    pub at: usize,
}

/// A WHERE condition.
#[derive(Debug, Clone, PartialEq)]
pub enum Condition {
    /// All hold.
    And(Vec<Condition>),
    /// At least one holds.
    Or(Vec<Condition>),
    /// Does not hold.
    Not(Box<Condition>),
    /// `field op literal`.
    Compare {
        /// Left side.
        field: Name,
        /// Operator.
        op: Op,
        /// Right side.
        value: Literal,
    },
    /// `field [NOT] IN (..)`.
    In {
        /// Left side.
        field: Name,
        /// NOT IN.
        negated: bool,
        /// The list, never empty.
        values: Vec<Literal>,
    },
    /// `field [NOT] IN (SELECT ..)`.
    InQuery {
        /// Left side.
        field: Name,
        /// NOT IN.
        negated: bool,
        /// The sub-select.
        query: Box<Query>,
    },
}

/// A comparison operator.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Op {
    /// `=`
    Equal,
    /// `!=` or `<>`
    NotEqual,
    /// `<`
    Less,
    /// `<=`
    LessOrEqual,
    /// `>`
    Greater,
    /// `>=`
    GreaterOrEqual,
    /// `LIKE`
    Like,
}

/// A literal and its place.
#[derive(Debug, Clone, PartialEq)]
pub struct Literal {
    /// What it says.
    pub value: LiteralValue,
    /// Byte offset in the query.
    pub at: usize,
}

/// What a literal says.
#[derive(Debug, Clone, PartialEq)]
pub enum LiteralValue {
    /// `null`
    Null,
    /// `true` or `false`
    Bool(bool),
    /// A number.
    Number(f64),
    /// `2026-10-05`
    Date(NaiveDate),
    /// `2026-10-05T12:34:56Z`, in UTC.
    DateTime(DateTime<Utc>),
    /// `TODAY`, `LAST_N_DAYS:7` and their kin.
    DateLiteral(DateLiteral),
    /// A quoted string.
    Text(Quoted),
}

/// A quoted string after its escapes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Quoted {
    /// The text meant.
    pub text: String,
    /// The text as a LIKE pattern (`\` escapes kept), only when it differs from `text`.
    pub pattern: Option<String>,
}

impl Quoted {
    /// The text to use as a LIKE pattern.
    #[must_use]
    pub fn as_pattern(&self) -> &str {
        self.pattern.as_deref().unwrap_or(&self.text)
    }
}

/// A unit of calendar time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Period {
    /// A day from midnight.
    Day,
    /// A week from Sunday (the start of the week in the en_US locale).
    Week,
    /// A calendar month.
    Month,
    /// A calendar quarter.
    Quarter,
    /// A calendar year.
    Year,
}

/// A span of whole periods relative to the one that holds today.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DateLiteral {
    /// The unit.
    pub period: Period,
    /// First period, 0 = the current one, negative = earlier.
    pub first: i32,
    /// Number of periods, at least 1.
    pub count: i32,
}

/// One key of ORDER BY.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrderBy {
    /// The field.
    pub field: Name,
    /// DESC.
    pub descending: bool,
    /// NULLS LAST; without it nulls come first in either direction (SOQL reference v65).
    pub nulls_last: bool,
}
