//! A configured table, checked against the schema, with the pieces every statement is made of.

use model::SupporterId;
use sqlx::Row as _;

use super::connect::{Database, classify};
use super::schema::{self, Field, Named};
use super::sql::{Bind, Ident, Sql};
use super::stamp::Stamps;
use super::{cell, detect};
use crate::{Column, ColumnKind, Error, NewId, Relation, Table, UndatedRows};

/// How ids are bound so that SQLite compares them as it stored them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum IdKind {
    /// As text: the column's affinity turns it into what it stored.
    Text,
    /// As a whole number: the column has no affinity, and all its ids are numbers.
    Number,
}

/// A table that was found to fit its configuration.
#[derive(Debug)]
pub(super) struct Described {
    pub(super) relation: Named,
    pub(super) table: Ident,
    pub(super) id: Ident,
    pub(super) id_kind: IdKind,
    pub(super) stamps: Stamps,
    pub(super) stamped_by_default: bool,
    pub(super) contact_id: Option<Field>,
    pub(super) email: Field,
    /// The place of the e-mail column among the mapped ones.
    pub(super) email_place: Option<usize>,
    pub(super) columns: Vec<Field>,
    pub(super) all: Vec<Column>,
    pub(super) undated: UndatedRows,
    pub(super) new_id: NewId,
    pub(super) touch_modified: bool,
    pub(super) read_only: Option<&'static str>,
}

impl Described {
    pub(super) fn name(&self) -> &str {
        &self.relation.name
    }

    /// An id as a value that compares with the column.
    pub(super) fn bind_id(&self, id: &str) -> Bind {
        match (self.id_kind, id.parse::<i64>()) {
            (IdKind::Number, Ok(number)) => Bind::Int(number),
            (IdKind::Number | IdKind::Text, _) => Bind::text(id),
        }
    }

    /// `CAST(id AS TEXT)`: the id as the rest of the program knows it.
    pub(super) fn id_text(&self, sql: &mut Sql) {
        sql.raw("CAST(").ident(&self.id).raw(" AS TEXT)");
    }

    /// ` FROM table WHERE` with the rows whose id can be named.
    pub(super) fn where_named(&self, sql: &mut Sql) {
        sql.raw(" FROM ").ident(&self.table).raw(" WHERE typeof(").ident(&self.id);
        sql.raw(match self.id_kind {
            IdKind::Text => ") IN ('integer', 'text')",
            IdKind::Number => ") = 'integer'",
        });
    }

    /// ` id = ?`, served by the id's index, and exact: `007` is not row 7, and case counts.
    pub(super) fn id_is(&self, sql: &mut Sql, id: &SupporterId) {
        sql.raw(" ").ident(&self.id).raw(" = ").bind(self.bind_id(id.as_str())).raw(" AND ");
        self.id_text(sql);
        sql.raw(" COLLATE BINARY = ").bind(Bind::text(id.as_str()));
    }

    /// The columns of a stamp: the second, the rest, and the database's second now.
    pub(super) fn select_modified(&self, sql: &mut Sql) {
        sql.push(&self.stamps.second()).raw(", ").push(&self.stamps.rest());
        sql.raw(", CAST(strftime('%s', 'now') AS INTEGER)");
    }

    /// `SELECT` and what [`cell::supporter`] reads: id, stamp (3), Contact Id, the mapped columns.
    pub(super) fn select_supporter(&self) -> Sql {
        let mut sql = Sql::new("SELECT ");
        self.id_text(&mut sql);
        sql.raw(", ");
        self.select_modified(&mut sql);
        sql.raw(", ");
        match &self.contact_id {
            Some(field) => cell::select(&mut sql, &field.ident),
            // A blob reads as absent.
            None => _ = sql.raw("x'00'"),
        }
        for field in &self.columns {
            sql.raw(", ");
            cell::select(&mut sql, &field.ident);
        }
        sql
    }
}

/// Finds the table and its columns, and learns how ids and stamps are written.
pub(super) async fn describe(
    database: &Database,
    config: &Table,
    columns: &[String],
) -> Result<Described, Error> {
    let relations = schema::relations(database).await?;
    let Some(relation) = schema::find(&relations, &config.table, |named| &named.name) else {
        let existing = relations.iter().map(|named| named.name.clone()).take(50).collect();
        return Err(Error::MissingTable { table: config.table.clone(), existing });
    };
    let fields = schema::fields(database, relation).await?;
    let field = |column: &str, role: &'static str| {
        let found = schema::find(&fields, column, |field| &field.column.name);
        found.cloned().ok_or_else(|| Error::MissingColumn {
            table: relation.name.clone(),
            column: column.to_owned(),
            role,
            existing: fields.iter().map(|field| field.column.name.clone()).take(200).collect(),
        })
    };
    let id = field(&config.id, "id")?;
    let modified = field(&config.modified, "modified")?;
    let email = field(&config.email, "email")?;
    let contact_id = config.contact_id.as_deref().map(|column| field(column, "contact_id")).transpose()?;
    let mapped: Vec<Field> =
        columns.iter().map(|column| field(column, "field map")).collect::<Result<_, _>>()?;
    let email_place = mapped.iter().position(|field| field.column.name == email.column.name);
    let table = Ident::from_schema(&relation.name);
    let id_kind = check_id(database, relation, &table, &id, config.new_id).await?;
    let stamps = detect::stamps(database, config, relation, &table, &modified).await?;
    let read_only = match relation.relation {
        Relation::View => Some("it is a view"),
        Relation::Table if config.read_only => Some("the configuration says so"),
        Relation::Table => (!database.writable()).then_some("this user may not write the file"),
    };
    Ok(Described {
        relation: relation.clone(),
        table,
        id: id.ident,
        id_kind,
        stamps,
        stamped_by_default: modified.has_default || modified.column.generated,
        contact_id,
        email,
        email_place,
        columns: mapped,
        all: fields.into_iter().map(|field| field.column).collect(),
        undated: config.undated,
        new_id: config.new_id,
        touch_modified: config.touch_modified,
        read_only,
    })
}

/// Ids must be unique, and comparable the way they are stored.
async fn check_id(
    database: &Database,
    relation: &Named,
    table: &Ident,
    id: &Field,
    new_id: NewId,
) -> Result<IdKind, Error> {
    let unsuitable = |reason: String| Error::Unsuitable { table: relation.name.clone(), reason };
    let name = &id.column.name;
    if new_id == NewId::Uuid && id.column.kind == ColumnKind::Integer {
        return Err(unsuitable(format!("column {name:?} holds whole numbers: set `new_id` to \"database\"")));
    }
    if !id.unique {
        let mut sql = Sql::new("SELECT 1 FROM ");
        sql.ident(table).raw(" WHERE ").ident(&id.ident).raw(" IS NOT NULL GROUP BY ").ident(&id.ident);
        sql.raw(" HAVING count(*) > 1 LIMIT 1");
        if !database.rows("check ids", &sql).await?.is_empty() {
            return Err(unsuitable(format!(
                "several rows share one id in column {name:?}: name a unique one"
            )));
        }
    }
    let mut sql = Sql::new("SELECT max(typeof(");
    sql.ident(&id.ident).raw(") = 'integer'), max(typeof(").ident(&id.ident).raw(") = 'text'), max(typeof(");
    sql.ident(&id.ident).raw(") = 'real') FROM (SELECT ").ident(&id.ident).raw(" FROM ").ident(table);
    sql.raw(if id.column.kind == ColumnKind::Any { ")" } else { " LIMIT 1000)" });
    let rows = database.rows("check ids", &sql).await?;
    let found = |at: usize| -> Result<bool, Error> {
        let Some(row) = rows.first() else { return Ok(false) };
        let held: Option<bool> =
            row.try_get(at).map_err(|error| classify("check ids", &relation.name, &error))?;
        Ok(held.unwrap_or(false))
    };
    match (id.column.kind, found(0)?, found(1)?, found(2)?) {
        (_, _, _, true) => {
            Err(unsuitable(format!("column {name:?} holds fractions: an id is a whole number or text")))
        }
        (ColumnKind::Any, true, true, _) => Err(unsuitable(format!(
            "column {name:?} has no type and holds numbers and texts: declare its type, or name another column"
        ))),
        (ColumnKind::Any, true, false, _) => Ok(IdKind::Number),
        (
            ColumnKind::Any
            | ColumnKind::Integer
            | ColumnKind::Numeric
            | ColumnKind::Real
            | ColumnKind::Text
            | ColumnKind::Other,
            _,
            _,
            _,
        ) => Ok(IdKind::Text),
    }
}
