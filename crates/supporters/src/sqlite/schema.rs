//! What tables and columns there are, read from the database itself.

use rusqlite::{Connection, Row};

use super::connect::Fault;
use super::sql::{Bind, Ident, Sql};
use crate::carried::Carried;
use crate::{Column, ColumnKind, Relation};

/// A table or view by name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Named {
    pub(crate) name: String,
    pub(crate) relation: Relation,
    pub(crate) strict: bool,
    /// Its rows have numbers of their own.
    pub(crate) numbered: bool,
}

/// A column and what only this adapter asks about it.
#[derive(Debug, Clone)]
pub(super) struct Field {
    pub(super) column: Column,
    pub(super) ident: Ident,
    pub(super) has_default: bool,
    /// First column of an index over all rows.
    pub(super) indexed: bool,
    /// Such an index by its name, if it compares texts in a way that SQLite brings along.
    pub(super) index: Option<NamedIndex>,
    /// Alone unique: the whole primary key, or a unique index over all rows.
    pub(super) unique: bool,
    /// The row's own number by another name.
    pub(super) row_number: bool,
    /// What the field map makes of it.
    pub(super) carried: Carried,
}

/// Every table and view, without SQLite's own.
pub(super) fn relations(connection: &Connection) -> Result<Vec<Named>, Fault> {
    let sql = Sql::new(
        "SELECT name, type, strict, wr FROM pragma_table_list WHERE schema = 'main' AND type IN ('table', 'view', 'virtual') \
         AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY name",
    );
    sql.rows(connection, |row| {
        let kind: String = row.get(1)?;
        Ok(Named {
            name: row.get(0)?,
            relation: if kind == "view" { Relation::View } else { Relation::Table },
            strict: row.get::<_, i64>(2)? != 0,
            numbered: kind == "table" && row.get::<_, i64>(3)? == 0,
        })
    })
}

/// The table of this name. SQLite's names ignore case; the exact spelling goes first.
pub(super) fn find<'a, T>(all: &'a [T], name: &str, name_of: impl Fn(&T) -> &str) -> Option<&'a T> {
    let exact = all.iter().find(|one| name_of(one) == name);
    exact.or_else(|| all.iter().find(|one| name_of(one).eq_ignore_ascii_case(name)))
}

/// The columns of a table, hidden ones of virtual tables left out.
pub(super) fn fields(connection: &Connection, table: &Named) -> Result<Vec<Field>, Fault> {
    let mut sql = Sql::new(
        "SELECT name, type, \"notnull\", pk, hidden, dflt_value IS NOT NULL FROM pragma_table_xinfo(",
    );
    sql.bind(Bind::text(&table.name)).raw(") WHERE hidden <> 1 ORDER BY cid");
    let indexes = indexes(connection, table)?;
    let mut fields = sql.rows(connection, |row| field(row, table.strict, &indexes))?;
    let key: Vec<usize> = (0..fields.len()).filter(|&at| fields[at].column.primary_key > 0).collect();
    if let [only] = key[..] {
        fields[only].unique = true;
        // The row number by another name needs no index of its own. Declared `INTEGER PRIMARY KEY DESC` it is none, and has one.
        let integer = fields[only].column.declared.eq_ignore_ascii_case("integer");
        fields[only].row_number = table.numbered && integer && !indexes.iter().any(|index| index.of_key);
        fields[only].indexed |= fields[only].row_number;
    }
    Ok(fields)
}

/// An index over all rows of a table that begins with a column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct NamedIndex {
    pub(super) ident: Ident,
    pub(super) collation: Collation,
}

/// How texts are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Collation {
    /// Byte by byte.
    Binary,
    /// Without regard to the case of ASCII letters.
    NoCase,
    /// Without regard to spaces at the end.
    RTrim,
}

impl Collation {
    fn named(name: &str) -> Option<Self> {
        let all = [Self::Binary, Self::NoCase, Self::RTrim];
        all.into_iter().find(|one| one.name().eq_ignore_ascii_case(name))
    }

    /// The name, for a statement.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Binary => "BINARY",
            Self::NoCase => "NOCASE",
            Self::RTrim => "RTRIM",
        }
    }
}

struct Index {
    first: String,
    named: Option<NamedIndex>,
    columns: i64,
    unique: bool,
    /// Made for the primary key.
    of_key: bool,
}

fn indexes(connection: &Connection, table: &Named) -> Result<Vec<Index>, Fault> {
    let mut sql = Sql::new(
        "SELECT c.name, l.\"unique\", (SELECT count(*) FROM pragma_index_info(l.name)), l.origin = 'pk', \
         l.name, c.coll FROM pragma_index_list(",
    );
    sql.bind(Bind::text(&table.name)).raw(
        ") AS l JOIN pragma_index_xinfo(l.name) AS c ON c.seqno = 0 \
         WHERE l.partial = 0 AND c.name IS NOT NULL",
    );
    sql.rows(connection, |row| {
        let (index, collation): (String, String) = (row.get(4)?, row.get(5)?);
        let named = |collation| NamedIndex { ident: Ident::from_schema(&index), collation };
        Ok(Index {
            first: row.get(0)?,
            named: Collation::named(&collation).map(named),
            unique: row.get::<_, i64>(1)? != 0,
            columns: row.get(2)?,
            of_key: row.get(3)?,
        })
    })
}

fn field(row: &Row<'_>, strict: bool, indexes: &[Index]) -> Result<Field, Fault> {
    let name: String = row.get(0)?;
    let declared: String = row.get::<_, Option<String>>(1)?.unwrap_or_default();
    let own = || indexes.iter().filter(|index| index.first == name);
    Ok(Field {
        ident: Ident::from_schema(&name),
        has_default: row.get(5)?,
        indexed: own().next().is_some(),
        index: own().find_map(|index| index.named.clone()),
        unique: own().any(|index| index.unique && index.columns == 1),
        row_number: false,
        carried: Carried::default(),
        column: Column {
            kind: kind(&declared, strict),
            length: length(&declared),
            nullable: row.get::<_, i64>(2)? == 0,
            primary_key: u32::try_from(row.get::<_, i64>(3)?).unwrap_or(0),
            generated: row.get::<_, i64>(4)? > 1,
            declared,
            name,
        },
    })
}

/// The affinity of a declared type (SQLite documentation, "Datatypes In SQLite", 3.1).
fn kind(declared: &str, strict: bool) -> ColumnKind {
    let upper = declared.to_ascii_uppercase();
    let has = |part: &str| upper.contains(part);
    if strict && upper == "ANY" {
        ColumnKind::Any
    } else if has("INT") {
        ColumnKind::Integer
    } else if has("CHAR") || has("CLOB") || has("TEXT") {
        ColumnKind::Text
    } else if has("BLOB") || upper.is_empty() {
        ColumnKind::Any
    } else if has("REAL") || has("FLOA") || has("DOUB") {
        ColumnKind::Real
    } else {
        ColumnKind::Numeric
    }
}

/// The number in `VARCHAR(40)`.
fn length(declared: &str) -> Option<usize> {
    let (_, rest) = declared.split_once('(')?;
    let upper = declared.to_ascii_uppercase();
    let (digits, _) = rest.split_once(')')?;
    (upper.contains("CHAR") || upper.contains("TEXT")).then(|| digits.trim().parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn declared_types_mean_what_sqlite_makes_of_them() {
        for (declared, expected) in [
            ("INTEGER", ColumnKind::Integer),
            ("VARCHAR(40)", ColumnKind::Text),
            ("", ColumnKind::Any),
            ("DOUBLE PRECISION", ColumnKind::Real),
            ("DATETIME", ColumnKind::Numeric),
            ("STRING", ColumnKind::Numeric),
            ("CHARINT", ColumnKind::Integer),
            ("ANY", ColumnKind::Numeric),
        ] {
            assert_eq!(kind(declared, false), expected, "{declared}");
        }
        assert_eq!(kind("ANY", true), ColumnKind::Any);
        assert_eq!(
            (length("VARCHAR( 40 )"), length("DECIMAL(10,2)"), length("TEXT")),
            (Some(40), None, None)
        );
    }
}
