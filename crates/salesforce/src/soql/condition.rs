//! Conditions of a query.

use std::fmt;

use super::literal::like_literal;
use super::{FieldPath, InvalidName, Literal};

/// A condition, built from a [`Field`] or joined from others.
#[derive(Debug, Clone, PartialEq)]
pub enum Condition {
    /// `field = value`; text compares without regard to case, except in case-sensitive unique fields.
    Eq(FieldPath, Literal),
    /// `field != value`
    Ne(FieldPath, Literal),
    /// `field < value`
    Lt(FieldPath, Literal),
    /// `field <= value`
    Le(FieldPath, Literal),
    /// `field > value`
    Gt(FieldPath, Literal),
    /// `field >= value`
    Ge(FieldPath, Literal),
    /// `field IN (…)`; an empty list matches nothing.
    In(FieldPath, Vec<Literal>),
    /// `field NOT IN (…)`; an empty list excludes nothing.
    NotIn(FieldPath, Vec<Literal>),
    /// `field LIKE pattern`; see [`super::escape_like`].
    Like(FieldPath, Box<str>),
    /// All of them; an empty list is true.
    And(Vec<Condition>),
    /// Any of them; an empty list is false.
    Or(Vec<Condition>),
    /// Not that.
    Not(Box<Condition>),
}

impl Condition {
    /// Both.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        if let Self::And(mut all) = self {
            all.push(other);
            return Self::And(all);
        }
        Self::And(vec![self, other])
    }

    /// Either.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        if let Self::Or(mut any) = self {
            any.push(other);
            return Self::Or(any);
        }
        Self::Or(vec![self, other])
    }

    /// The opposite.
    #[must_use]
    pub fn negate(self) -> Self {
        Self::Not(Box::new(self))
    }

    pub(super) fn each_literal(&self, see: &mut impl FnMut(&Literal)) {
        match self {
            Self::Eq(_, value)
            | Self::Ne(_, value)
            | Self::Lt(_, value)
            | Self::Le(_, value)
            | Self::Gt(_, value)
            | Self::Ge(_, value) => see(value),
            Self::In(_, values) | Self::NotIn(_, values) => values.iter().for_each(see),
            Self::Like(_, pattern) => see(&Literal::Text(pattern.clone())),
            Self::And(all) | Self::Or(all) => all.iter().for_each(|one| one.each_literal(see)),
            Self::Not(inner) => inner.each_literal(see),
        }
    }
}

/// SOQL has no `true`; every record has an Id.
const ALWAYS: &str = "Id != null";
const NEVER: &str = "Id = null";

impl fmt::Display for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Eq(field, value) => write!(f, "{field} = {value}"),
            Self::Ne(field, value) => write!(f, "{field} != {value}"),
            Self::Lt(field, value) => write!(f, "{field} < {value}"),
            Self::Le(field, value) => write!(f, "{field} <= {value}"),
            Self::Gt(field, value) => write!(f, "{field} > {value}"),
            Self::Ge(field, value) => write!(f, "{field} >= {value}"),
            Self::In(_, values) if values.is_empty() => f.write_str(NEVER),
            Self::NotIn(_, values) if values.is_empty() => f.write_str(ALWAYS),
            Self::In(field, values) => list(f, field, "IN", values),
            Self::NotIn(field, values) => list(f, field, "NOT IN", values),
            Self::Like(field, pattern) => write!(f, "{field} LIKE '{}'", like_literal(pattern)),
            Self::And(all) => join(f, all, " AND ", ALWAYS),
            Self::Or(any) => join(f, any, " OR ", NEVER),
            Self::Not(inner) => write!(f, "(NOT ({inner}))"),
        }
    }
}

fn list(f: &mut fmt::Formatter<'_>, field: &FieldPath, operator: &str, values: &[Literal]) -> fmt::Result {
    write!(f, "{field} {operator} (")?;
    for (at, value) in values.iter().enumerate() {
        if at > 0 {
            f.write_str(",")?;
        }
        write!(f, "{value}")?;
    }
    f.write_str(")")
}

/// SOQL refuses `a AND b OR c` without parentheses, so every joined part that is itself joined gets them.
fn join(f: &mut fmt::Formatter<'_>, parts: &[Condition], between: &str, empty: &str) -> fmt::Result {
    if parts.is_empty() {
        return f.write_str(empty);
    }
    for (at, part) in parts.iter().enumerate() {
        if at > 0 {
            f.write_str(between)?;
        }
        if parts.len() > 1 && matches!(part, Condition::And(_) | Condition::Or(_)) {
            write!(f, "({part})")?;
        } else {
            write!(f, "{part}")?;
        }
    }
    Ok(())
}

/// A field to build conditions from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Field(pub FieldPath);

impl Field {
    /// A field by name.
    ///
    /// # Errors
    /// [`InvalidName`] when it is no identifier.
    pub fn parse(raw: &str) -> Result<Self, InvalidName> {
        FieldPath::parse(raw).map(Self)
    }

    /// `field = value`
    #[must_use]
    pub fn eq(&self, value: impl Into<Literal>) -> Condition {
        Condition::Eq(self.0.clone(), value.into())
    }

    /// `field != value`
    #[must_use]
    pub fn ne(&self, value: impl Into<Literal>) -> Condition {
        Condition::Ne(self.0.clone(), value.into())
    }

    /// `field < value`
    #[must_use]
    pub fn lt(&self, value: impl Into<Literal>) -> Condition {
        Condition::Lt(self.0.clone(), value.into())
    }

    /// `field <= value`
    #[must_use]
    pub fn le(&self, value: impl Into<Literal>) -> Condition {
        Condition::Le(self.0.clone(), value.into())
    }

    /// `field > value`
    #[must_use]
    pub fn gt(&self, value: impl Into<Literal>) -> Condition {
        Condition::Gt(self.0.clone(), value.into())
    }

    /// `field >= value`
    #[must_use]
    pub fn ge(&self, value: impl Into<Literal>) -> Condition {
        Condition::Ge(self.0.clone(), value.into())
    }

    /// `field IN (…)`
    #[must_use]
    pub fn one_of<L: Into<Literal>>(&self, values: impl IntoIterator<Item = L>) -> Condition {
        Condition::In(self.0.clone(), values.into_iter().map(Into::into).collect())
    }

    /// `field NOT IN (…)`
    #[must_use]
    pub fn none_of<L: Into<Literal>>(&self, values: impl IntoIterator<Item = L>) -> Condition {
        Condition::NotIn(self.0.clone(), values.into_iter().map(Into::into).collect())
    }

    /// `field LIKE pattern`
    #[must_use]
    pub fn like(&self, pattern: &str) -> Condition {
        Condition::Like(self.0.clone(), pattern.into())
    }

    /// `field = null`
    #[must_use]
    pub fn is_null(&self) -> Condition {
        Condition::Eq(self.0.clone(), Literal::Null)
    }

    /// `field != null`
    #[must_use]
    pub fn is_not_null(&self) -> Condition {
        Condition::Ne(self.0.clone(), Literal::Null)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mixed_joins_carry_parentheses() {
        let field = |name| Field::parse(name).unwrap();
        let at = model::Stamp::parse("2026-10-05T12:00:00Z").unwrap();
        let keyset = (field("SystemModstamp").eq(at).and(field("Id").gt("003")))
            .or(field("SystemModstamp").gt(at))
            .and(field("IsDeleted").eq(false).negate());
        assert_eq!(
            keyset.to_string(),
            "((SystemModstamp = 2026-10-05T12:00:00Z AND Id > '003') OR SystemModstamp > 2026-10-05T12:00:00Z) \
             AND (NOT (IsDeleted = false))"
        );
    }

    #[test]
    fn empty_lists_keep_their_meaning() {
        let email = Field::parse("Email").unwrap();
        assert_eq!(email.one_of(Vec::<&str>::new()).to_string(), "Id = null");
        assert_eq!(email.none_of(Vec::<&str>::new()).to_string(), "Id != null");
        assert_eq!(Condition::And(vec![]).to_string(), "Id != null");
        assert_eq!(Condition::Or(vec![email.is_null()]).to_string(), "Email = null");
    }
}
