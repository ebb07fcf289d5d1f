//! Why a database refuses a row: a closed set, so that each reason has its advice.

use std::fmt;

macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident = $text:literal,)*) => {
        /// Why a row was refused.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum RefusalCode {
            $($(#[$doc])* $name,)*
        }

        impl RefusalCode {
            /// Every one.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// A short, stable word for programs and for the state.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$name => $text,)*
                }
            }
        }
    };
}

codes! {
    /// Another row has a value that only one may have.
    Unique = "unique",
    /// A column that must hold something would be empty.
    NotNull = "not_null",
    /// A check of the table, or a policy on its rows.
    Check = "check",
    /// A key to another table that leads nowhere there.
    ForeignKey = "foreign_key",
    /// A trigger, or a function of the database, raised it.
    Trigger = "trigger",
    /// A value that the column's type cannot hold.
    Type = "type",
    /// The database computes the column.
    Generated = "generated",
    /// A value that could not be read, and so cannot be compared.
    Unreadable = "unreadable",
    /// A trigger or rule swallows the change.
    Ignored = "ignored",
    /// There is no id for a new row, or it does not come back.
    NoId = "no_id",
    /// Several rows have the id.
    NotUnique = "not_unique",
    /// Longer than the database or the column takes.
    TooBig = "too_big",
    /// A column outside the field map, or the id: a defect of the caller.
    Place = "place",
    /// Any other reason of the database.
    Database = "database",
}

impl RefusalCode {
    /// Reads what [`RefusalCode::as_str`] wrote; `None` for every other word.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|code| code.as_str() == word)
    }
}

impl fmt::Display for RefusalCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_reads_back_and_nothing_else_does() {
        for code in RefusalCode::ALL {
            assert_eq!(RefusalCode::parse(code.as_str()), Some(*code));
        }
        assert_eq!(RefusalCode::parse("UNIQUE"), None);
        assert_eq!(RefusalCode::parse(""), None);
    }
}
