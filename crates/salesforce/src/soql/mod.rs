//! SOQL, built from typed parts only. Names are checked identifiers; every value goes through [`Literal`], whose one
//! escape function is the only way text enters a query.

mod condition;
mod length;
mod literal;
mod name;

use std::fmt;

pub use condition::{Condition, Field};
pub use length::{MAX_QUERY_CHARS, MAX_TEXT_CHARS, MAX_URI_BYTES, QUERY_URI_BUDGET, TooLong};
pub use literal::{Literal, escape_like};
pub use name::{FieldPath, InvalidName, ObjectName};

/// Which way an order runs. Nulls come first when ascending.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// Smallest first.
    Ascending,
    /// Largest first.
    Descending,
}

#[derive(Debug, Clone, PartialEq)]
enum Selection {
    Fields(Vec<FieldPath>),
    Count,
}

/// One query. `Display` writes its text; `Debug` too, so neither belongs in a log (conditions hold addresses).
#[derive(Clone, PartialEq)]
pub struct Soql {
    object: ObjectName,
    selection: Selection,
    condition: Option<Condition>,
    order: Vec<(FieldPath, Direction)>,
    limit: Option<u32>,
}

impl Soql {
    /// `SELECT fields FROM object`. Fields may reach one relationship up: `Account.Name`.
    ///
    /// # Errors
    /// [`InvalidName`] when a name is no identifier, or no field is asked for.
    pub fn select<F: AsRef<str>>(
        object: &str,
        fields: impl IntoIterator<Item = F>,
    ) -> Result<Self, InvalidName> {
        let fields = fields
            .into_iter()
            .map(|field| FieldPath::parse(field.as_ref()))
            .collect::<Result<Vec<_>, _>>()?;
        if fields.is_empty() {
            return Err(InvalidName);
        }
        Ok(Self::of(ObjectName::parse(object)?, Selection::Fields(fields)))
    }

    /// `SELECT COUNT() FROM object`.
    ///
    /// # Errors
    /// [`InvalidName`] when the object's name is no identifier.
    pub fn count(object: &str) -> Result<Self, InvalidName> {
        Ok(Self::of(ObjectName::parse(object)?, Selection::Count))
    }

    fn of(object: ObjectName, selection: Selection) -> Self {
        Self { object, selection, condition: None, order: Vec::new(), limit: None }
    }

    /// Adds a condition; several are joined with `AND`.
    #[must_use]
    pub fn filter(mut self, condition: Condition) -> Self {
        self.condition = Some(match self.condition {
            None => condition,
            Some(before) => before.and(condition),
        });
        self
    }

    /// Adds an order, after those already there.
    #[must_use]
    pub fn order_by(mut self, field: FieldPath, direction: Direction) -> Self {
        self.order.push((field, direction));
        self
    }

    /// At most this many rows.
    #[must_use]
    pub const fn limit(mut self, rows: u32) -> Self {
        self.limit = Some(rows);
        self
    }

    /// The object asked.
    #[must_use]
    pub const fn object(&self) -> &ObjectName {
        &self.object
    }

    /// The select list; empty for a count.
    #[must_use]
    pub fn fields(&self) -> &[FieldPath] {
        match &self.selection {
            Selection::Fields(fields) => fields,
            Selection::Count => &[],
        }
    }

    /// Whether this is a `COUNT()`.
    #[must_use]
    pub const fn is_count(&self) -> bool {
        matches!(self.selection, Selection::Count)
    }
}

impl fmt::Display for Soql {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SELECT ")?;
        match &self.selection {
            Selection::Count => f.write_str("COUNT()")?,
            Selection::Fields(fields) => {
                for (at, field) in fields.iter().enumerate() {
                    if at > 0 {
                        f.write_str(",")?;
                    }
                    write!(f, "{field}")?;
                }
            }
        }
        write!(f, " FROM {}", self.object)?;
        if let Some(condition) = &self.condition {
            write!(f, " WHERE {condition}")?;
        }
        for (at, (field, direction)) in self.order.iter().enumerate() {
            f.write_str(if at == 0 { " ORDER BY " } else { "," })?;
            write!(f, "{field}")?;
            if *direction == Direction::Descending {
                f.write_str(" DESC")?;
            }
        }
        if let Some(limit) = self.limit {
            write!(f, " LIMIT {limit}")?;
        }
        Ok(())
    }
}

impl fmt::Debug for Soql {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Soql({}, {} fields)", self.object, self.fields().len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_reads_as_written() {
        let soql = Soql::select("Contact", ["Id", "Account.Name"])
            .unwrap()
            .filter(Field::parse("Email").unwrap().one_of(["a@b.org", "o'brien@x.org"]))
            .filter(Field::parse("IsDeleted").unwrap().eq(false))
            .order_by(FieldPath::parse("SystemModstamp").unwrap(), Direction::Ascending)
            .order_by(FieldPath::parse("Id").unwrap(), Direction::Descending)
            .limit(5);
        assert_eq!(
            soql.to_string(),
            "SELECT Id,Account.Name FROM Contact WHERE Email IN ('a@b.org','o\\'brien@x.org') AND IsDeleted = false \
             ORDER BY SystemModstamp,Id DESC LIMIT 5"
        );
        assert_eq!(format!("{soql:?}"), "Soql(Contact, 2 fields)");
    }

    #[test]
    fn names_that_are_no_identifiers_are_refused() {
        for bad in ["", "Id FROM User", "Id;", "a.b.c", ".a", "a.", "1a", "a b", "a'", "Naïve", "a--", "_a"]
        {
            assert!(Soql::select("Contact", [bad]).is_err(), "{bad}");
            assert!(Soql::count(bad).is_err(), "{bad}");
        }
        assert!(Soql::select("Contact", Vec::<String>::new()).is_err());
        assert!(Soql::select("Account.Name", ["Id"]).is_err());
    }
}
