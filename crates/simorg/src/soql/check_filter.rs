//! Gives each comparison of a WHERE condition its type, or refuses it.

use std::collections::HashSet;

use chrono::{NaiveDate, NaiveTime};

use super::ast::{Condition, Literal, LiteralValue, Name, Op, Query};
use super::column::Column;
use super::condition::{Check, Test, fold};
use super::error::{SoqlError, SoqlErrorCode};
use super::like::LikePattern;
use super::semi_join;
use crate::id::RecordId;
use crate::schema::{Field, FieldType};
use crate::store::Store;
use crate::value::Stamp;

/// What checking a condition needs.
pub(crate) struct FilterCheck<'c> {
    pub(crate) text: &'c str,
    pub(crate) object: &'c str,
    pub(crate) store: &'c Store,
    pub(crate) now: Stamp,
    pub(crate) resolve: &'c dyn Fn(&Name) -> Result<Column, SoqlError>,
}

/// The kinds of comparison.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Class {
    Text,
    Id,
    Bool,
    Number,
    Day,
    Moment,
    None,
}

fn class(kind: FieldType) -> Class {
    match kind {
        FieldType::Id | FieldType::Reference => Class::Id,
        FieldType::Boolean => Class::Bool,
        FieldType::String
        | FieldType::TextArea
        | FieldType::Email
        | FieldType::Phone
        | FieldType::Url
        | FieldType::Picklist
        | FieldType::MultiPicklist => Class::Text,
        FieldType::Date => Class::Day,
        FieldType::DateTime => Class::Moment,
        FieldType::Double | FieldType::Currency | FieldType::Percent | FieldType::Int => Class::Number,
        FieldType::Address | FieldType::AnyType => Class::None,
    }
}

impl FilterCheck<'_> {
    /// Checks a condition.
    pub(crate) fn test(&self, condition: &Condition) -> Result<Test, SoqlError> {
        let each = |parts: &[Condition]| parts.iter().map(|p| self.test(p)).collect::<Result<Vec<_>, _>>();
        match condition {
            Condition::And(parts) => Ok(Test::All(each(parts)?)),
            Condition::Or(parts) => Ok(Test::Any(each(parts)?)),
            Condition::Not(part) => Ok(Test::Not(Box::new(self.test(part)?))),
            Condition::Compare { field, op, value } => {
                let column = self.filterable(field)?;
                let check = self.compare(&column.field, *op, value)?;
                Ok(Test::One { column: Box::new(column), check })
            }
            Condition::In { field, negated, values } => {
                let column = self.filterable(field)?;
                let check = self.list(&column.field, *negated, values)?;
                Ok(Test::One { column: Box::new(column), check })
            }
            Condition::InQuery { field, negated, query } => self.sub_select(field, *negated, query),
        }
    }

    fn sub_select(&self, field: &Name, negated: bool, query: &Query) -> Result<Test, SoqlError> {
        let column = self.filterable(field)?;
        if class(column.field.kind) != Class::Id || !column.is_own() {
            let text = "The left operand field in the where expression for outer query should be an id field or \
                        reference field";
            return Err(SoqlError::at(self.text, field.at, SoqlErrorCode::InvalidField, text));
        }
        let plan = semi_join::sub_plan(self.text, self.object, query, self.store, self.now)?;
        Ok(Test::InPlan { column: Box::new(column), negated, plan: Box::new(plan) })
    }

    fn filterable(&self, name: &Name) -> Result<Column, SoqlError> {
        let column = (self.resolve)(name)?;
        if column.field.flags.filterable && class(column.field.kind) != Class::None {
            return Ok(column);
        }
        let text = format!("field '{}' can not be filtered in a query call", column.field.name);
        Err(SoqlError::at(self.text, name.at, SoqlErrorCode::InvalidField, &text))
    }

    fn compare(&self, field: &Field, op: Op, literal: &Literal) -> Result<Check, SoqlError> {
        let class = class(field.kind);
        let equality = matches!(op, Op::Equal | Op::NotEqual);
        if (op == Op::Like && class != Class::Text) || (class == Class::Bool && !equality) {
            return Err(self.invalid_operator(field, literal.at));
        }
        if literal.value == LiteralValue::Null || self.is_empty_text(class, literal) {
            // Empty text and null are the same; only equality can ask for them.
            return if equality {
                Ok(Check::Null { is: op == Op::Equal })
            } else {
                self.null_order(field, literal.at)
            };
        }
        match class {
            Class::Text | Class::Id => {
                let case_sensitive = class == Class::Id || field.flags.case_sensitive;
                if let (Op::Like, LiteralValue::Text(quoted)) = (op, &literal.value) {
                    return Ok(Check::Like { pattern: LikePattern::new(quoted.as_pattern()) });
                }
                Ok(Check::Text { op, folded: self.text_of(field, class, literal)?, case_sensitive })
            }
            Class::Bool => {
                let LiteralValue::Bool(value) = literal.value else {
                    return Err(self.wrong_type(field, literal.at));
                };
                Ok(Check::Bool { op, value })
            }
            Class::Number => Ok(Check::Number { op, value: self.number_of(field, literal)? }),
            Class::Day | Class::Moment => {
                Ok(Check::Time { op, range: self.range_of(field, class, literal)? })
            }
            Class::None => Err(self.invalid_operator(field, literal.at)),
        }
    }

    fn list(&self, field: &Field, negated: bool, values: &[Literal]) -> Result<Check, SoqlError> {
        let class = class(field.kind);
        let is_null = |l: &&Literal| l.value == LiteralValue::Null || self.is_empty_text(class, l);
        let null = values.iter().any(|l| is_null(&l));
        let given = values.iter().filter(|l| !is_null(l));
        match class {
            Class::Text | Class::Id => {
                let folded =
                    given.map(|l| self.text_of(field, class, l)).collect::<Result<HashSet<_>, _>>()?;
                let case_sensitive = class == Class::Id || field.flags.case_sensitive;
                Ok(Check::In { negated, folded, null, case_sensitive })
            }
            Class::Number => {
                let values = given.map(|l| self.number_of(field, l)).collect::<Result<Vec<_>, _>>()?;
                Ok(Check::NumberIn { negated, values, null })
            }
            Class::Day | Class::Moment => {
                let ranges = given.map(|l| self.range_of(field, class, l)).collect::<Result<Vec<_>, _>>()?;
                Ok(Check::TimeIn { negated, ranges, null })
            }
            Class::Bool | Class::None => {
                Err(self.invalid_operator(field, values.first().map_or(0, |l| l.at)))
            }
        }
    }

    fn is_empty_text(&self, class: Class, literal: &Literal) -> bool {
        matches!(class, Class::Text | Class::Id)
            && matches!(&literal.value, LiteralValue::Text(quoted) if quoted.text.is_empty())
    }

    /// `< null` and its kin hold for nothing.
    fn null_order(&self, field: &Field, at: usize) -> Result<Check, SoqlError> {
        if class(field.kind) == Class::Text || class(field.kind) == Class::Id {
            return Ok(Check::In {
                negated: false,
                folded: HashSet::new(),
                null: false,
                case_sensitive: true,
            });
        }
        Err(self.wrong_type(field, at))
    }

    fn text_of(&self, field: &Field, class: Class, literal: &Literal) -> Result<String, SoqlError> {
        let LiteralValue::Text(quoted) = &literal.value else {
            return Err(self.wrong_type(field, literal.at));
        };
        if class == Class::Text {
            return Ok(fold(&quoted.text, field.flags.case_sensitive));
        }
        let id = RecordId::parse(&quoted.text).map(|id| id.to_string());
        id.ok_or_else(|| {
            let text = format!("invalid ID field: {}", quoted.text);
            SoqlError::at(self.text, literal.at, SoqlErrorCode::InvalidQueryFilterOperator, &text)
        })
    }

    fn number_of(&self, field: &Field, literal: &Literal) -> Result<f64, SoqlError> {
        let LiteralValue::Number(number) = literal.value else {
            return Err(self.wrong_type(field, literal.at));
        };
        Ok(number)
    }

    fn range_of(&self, field: &Field, class: Class, literal: &Literal) -> Result<(i64, i64), SoqlError> {
        let midnight = |day: NaiveDate| day.and_time(NaiveTime::MIN).and_utc().timestamp_millis();
        let days = match &literal.value {
            LiteralValue::DateTime(at) if class == Class::Moment => {
                let millis = at.timestamp_millis();
                return Ok((millis, millis.saturating_add(1)));
            }
            LiteralValue::Date(day) if class == Class::Day => day.succ_opt().map(|next| (*day, next)),
            LiteralValue::DateLiteral(relative) => relative.days(self.now.utc().date_naive()),
            LiteralValue::Null
            | LiteralValue::Bool(_)
            | LiteralValue::Number(_)
            | LiteralValue::Date(_)
            | LiteralValue::DateTime(_)
            | LiteralValue::Text(_) => None,
        };
        days.map(|(from, to)| (midnight(from), midnight(to)))
            .ok_or_else(|| self.wrong_type(field, literal.at))
    }

    fn wrong_type(&self, field: &Field, at: usize) -> SoqlError {
        let (kind, quotes) = match class(field.kind) {
            Class::Text => ("string", "should be enclosed in quotes"),
            Class::Id => ("ID", "should be enclosed in quotes"),
            Class::Bool => ("boolean", "should not be enclosed in quotes"),
            Class::Number => (field.kind.api_name(), "should not be enclosed in quotes"),
            Class::Day => ("date", "should not be enclosed in quotes"),
            Class::Moment | Class::None => ("dateTime", "should not be enclosed in quotes"),
        };
        let text = format!(
            "value of filter criterion for field '{}' must be of type {kind} and {quotes}",
            field.name
        );
        SoqlError::at(self.text, at, SoqlErrorCode::InvalidField, &text)
    }

    fn invalid_operator(&self, field: &Field, at: usize) -> SoqlError {
        let text = format!("invalid operator on {} field", field.kind.api_name());
        SoqlError::at(self.text, at, SoqlErrorCode::InvalidQueryFilterOperator, &text)
    }
}
