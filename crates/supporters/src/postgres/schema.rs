//! What relations and columns there are, read from the catalog.

use super::column::{Kind, PgType};
use super::connect::Database;
use super::copy::{Malformed, Row};
use super::fault::classify;
use super::sql::{Ident, Sql};
use crate::carried::Carried;
use crate::{Column, Error, Relation};

/// A table or view by name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Named {
    /// As it is shown and configured: with its schema where it would not be found without.
    pub(super) name: String,
    /// Without its schema.
    plain: String,
    schema: String,
    pub(super) oid: i64,
    pub(super) relation: Relation,
    /// A view whose writes a trigger or rule carries out: no row is locked by the statement itself.
    pub(super) by_trigger: bool,
    /// Whether rows can be changed in it at all, and by this user.
    pub(super) updatable: bool,
}

impl Named {
    pub(super) fn ident(&self) -> Ident {
        Ident::qualified(&self.schema, &self.plain)
    }
}

/// A column and what only this adapter asks about it.
#[derive(Debug, Clone)]
pub(super) struct Field {
    pub(super) column: Column,
    pub(super) ident: Ident,
    pub(super) kind: Kind,
    /// What a value is cast to before it is assigned: the base type without a length, so that the assignment refuses what
    /// is too long. A cast to `varchar(40)` would cut it.
    pub(super) cast: Ident,
    pub(super) has_default: bool,
    /// First column of an index over all rows.
    pub(super) indexed: bool,
    /// There is an index over `lower(column)`.
    pub(super) indexed_lower: bool,
    /// Alone unique, over all rows.
    pub(super) unique: bool,
    /// This user may change it.
    pub(super) writable: bool,
    /// Digits behind the point that a `numeric` keeps; `None`: as many as are put in.
    pub(super) scale: Option<i64>,
    /// What the field map makes of it.
    pub(super) carried: Carried,
}

const RELATIONS: &str = "SELECT c.oid::bigint, n.nspname, c.relname, c.relkind::text, pg_table_is_visible(c.oid), \
    (pg_relation_is_updatable(c.oid, true) & 4) <> 0 AND has_any_column_privilege(c.oid, 'UPDATE'), \
    c.relkind = 'v' AND (pg_relation_is_updatable(c.oid, false) & 4) = 0 \
    FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace \
    WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND NOT c.relispartition \
    AND n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname !~ '^pg_(toast|temp)' \
    AND has_schema_privilege(n.oid, 'USAGE') AND has_any_column_privilege(c.oid, 'SELECT') ORDER BY 2, 3";

/// Every table and view that this user may read, without PostgreSQL's own.
pub(super) async fn relations(database: &Database) -> Result<Vec<Named>, Error> {
    let operation = "list tables";
    let rows = database.rows(operation, &Sql::new(RELATIONS)).await?;
    rows.iter().map(named).collect::<Result<_, _>>().map_err(|error| classify(operation, "", &error.into()))
}

fn named(row: &Row) -> Result<Named, Malformed> {
    let (schema, plain) = (row.known(1)?.to_owned(), row.known(2)?.to_owned());
    let name = if row.flag(4)? { plain.clone() } else { format!("{schema}.{plain}") };
    Ok(Named {
        name,
        plain,
        schema,
        oid: row.number(0)?.ok_or(Malformed)?,
        relation: if matches!(row.known(3)?, "v" | "m") { Relation::View } else { Relation::Table },
        updatable: row.flag(5)?,
        by_trigger: row.flag(6)?,
    })
}

/// The relation of this name, with or without its schema. The exact spelling goes first; PostgreSQL itself folds what
/// is not quoted.
pub(super) fn find_relation<'a>(all: &'a [Named], name: &str) -> Option<&'a Named> {
    let full = |named: &Named| format!("{}.{}", named.schema, named.plain);
    let exact = all.iter().find(|named| named.name == name || full(named) == name);
    exact.or_else(|| {
        let alike =
            |named: &&Named| named.name.eq_ignore_ascii_case(name) || full(named).eq_ignore_ascii_case(name);
        all.iter().find(alike)
    })
}

/// The column of this name; the exact spelling goes first.
pub(super) fn find_field<'a>(all: &'a [Field], name: &str) -> Option<&'a Field> {
    let exact = all.iter().find(|field| field.column.name == name);
    exact.or_else(|| all.iter().find(|field| field.column.name.eq_ignore_ascii_case(name)))
}

/// The columns of a relation that this user may read.
pub(super) async fn fields(database: &Database, relation: &Named) -> Result<Vec<Field>, Error> {
    let operation = "read columns";
    // The scale in a type modifier: `numerictypmodin` of PostgreSQL's source, 11 bits since 15, with a sign.
    let mut sql = Sql::new(
        "SELECT a.attname, format_type(a.atttypid, a.atttypmod), \
         NOT (a.attnotnull OR (t.typtype = 'd' AND t.typnotnull)), bn.nspname, b.typname, b.typtype::text, \
         CASE WHEN b.typname IN ('varchar', 'bpchar') AND base.typmod > 4 THEN base.typmod - 4 END, \
         COALESCE(array_position(pk.conkey, a.attnum), 0), \
         a.attgenerated <> '' OR a.attidentity = 'a' OR NOT pg_column_is_updatable(a.attrelid, a.attnum, true), \
         a.atthasdef OR a.attidentity <> '' OR t.typdefault IS NOT NULL, \
         has_column_privilege(a.attrelid, a.attnum, 'UPDATE'), \
         CASE WHEN b.typname = 'numeric' AND base.typmod > 4 THEN (((base.typmod - 4) & 2047) # 1024) - 1024 END \
         FROM pg_attribute AS a JOIN pg_type AS t ON t.oid = a.atttypid \
         CROSS JOIN LATERAL (WITH RECURSIVE up AS ( \
         SELECT t.oid, t.typtype, t.typbasetype, CASE WHEN t.typtype = 'd' THEN t.typtypmod ELSE a.atttypmod END AS typmod \
         UNION ALL SELECT d.oid, d.typtype, d.typbasetype, CASE WHEN d.typtype = 'd' THEN d.typtypmod ELSE up.typmod END \
         FROM up JOIN pg_type AS d ON d.oid = up.typbasetype WHERE up.typtype = 'd' \
         ) SELECT up.oid, up.typmod FROM up WHERE up.typtype <> 'd') AS base \
         JOIN pg_type AS b ON b.oid = base.oid JOIN pg_namespace AS bn ON bn.oid = b.typnamespace \
         LEFT JOIN pg_constraint AS pk ON pk.conrelid = a.attrelid AND pk.contype = 'p' \
         WHERE a.attnum > 0 AND NOT a.attisdropped \
         AND has_column_privilege(a.attrelid, a.attnum, 'SELECT') AND a.attrelid = ",
    );
    sql.number(relation.oid).raw("::oid ORDER BY a.attnum");
    let rows = database.rows(operation, &sql).await?;
    let indexes = indexes(database, relation).await?;
    let fields = rows.iter().map(|row| field(row, relation, &indexes));
    fields.collect::<Result<_, _>>().map_err(|error| classify(operation, &relation.name, &error.into()))
}

struct Index {
    /// Its first key: a column, or else an expression as PostgreSQL writes it.
    column: Option<String>,
    expression: String,
    unique: bool,
}

async fn indexes(database: &Database, relation: &Named) -> Result<Vec<Index>, Error> {
    let operation = "read indexes";
    let mut sql = Sql::new(
        "SELECT a.attname, pg_get_indexdef(i.indexrelid, 1, true), i.indisunique AND i.indnkeyatts = 1 \
         FROM pg_index AS i JOIN pg_class AS c ON c.oid = i.indexrelid \
         LEFT JOIN pg_attribute AS a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0] AND a.attnum > 0 \
         JOIN pg_am AS m ON m.oid = c.relam AND m.amname = 'btree' \
         WHERE i.indisvalid AND i.indpred IS NULL AND i.indrelid = ",
    );
    sql.number(relation.oid).raw("::oid");
    let rows = database.rows(operation, &sql).await?;
    let index = |row: &Row| {
        Ok(Index {
            column: row.text(0)?.map(str::to_owned),
            expression: row.known(1)?.to_owned(),
            unique: row.flag(2)?,
        })
    };
    let read: Result<Vec<Index>, Malformed> = rows.iter().map(index).collect();
    read.map_err(|error| classify(operation, &relation.name, &error.into()))
}

fn field(row: &Row, relation: &Named, indexes: &[Index]) -> Result<Field, Malformed> {
    let name = row.known(0)?.to_owned();
    let of_type = PgType::of(row.known(3)?, row.known(4)?, row.known(5)?);
    let own = || indexes.iter().filter(|index| index.column.as_deref() == Some(&name));
    // `lower(email)`, `lower((email)::text)`, `lower("E-Mail"::text)`: as PostgreSQL writes an expression back.
    let lowered = |index: &&Index| {
        let bare: String = index.expression.chars().filter(|c| !matches!(c, '(' | ')' | '"' | ' ')).collect();
        let bare = bare.replace("::text", "");
        index.column.is_none() && bare == format!("lower{name}").replace(['(', ')', '"', ' '], "")
    };
    Ok(Field {
        ident: Ident::new(&name),
        kind: of_type.kind,
        cast: of_type.cast,
        has_default: row.flag(9)?,
        // What indexes serve a view is for PostgreSQL's planner to know.
        indexed: relation.relation == Relation::View || own().next().is_some(),
        indexed_lower: indexes.iter().any(|index| lowered(&index)),
        unique: own().any(|index| index.unique),
        writable: row.flag(10)?,
        scale: row.number(11)?,
        carried: Carried::default(),
        column: Column {
            kind: of_type.kind.to_column_kind(),
            declared: row.known(1)?.to_owned(),
            nullable: row.flag(2)?,
            length: row.number(6)?.and_then(|length| usize::try_from(length).ok()),
            primary_key: row.number(7)?.and_then(|place| u32::try_from(place).ok()).unwrap_or(0),
            generated: row.flag(8)?,
            name,
        },
    })
}
