//! A configured table, checked against the schema, with the pieces every statement is made of.

use model::SupporterId;
use rusqlite::{Connection, Statement};

use super::connect::{Database, Fault, Seat};
use super::schema::{self, Field, Named};
use super::sql::{Bind, Ident, Sql};
use super::stamp::Stamps;
use super::{cell, detect};
use crate::{Column, ColumnKind, Error, NewId, Relation, Table, UndatedRows};

/// How ids are bound so that SQLite compares them as it stored them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum IdKind {
    /// As a whole number: the column is the table's own row number, which is never anything else.
    RowNumber,
    /// As text: the column's affinity turns it into what it stored.
    Text,
    /// As a whole number: the column has no affinity, and all its ids are numbers.
    Number,
}

/// With how much care values are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Care {
    /// As they stand: SQLite was told to refuse what is longer than is read.
    Bare,
    /// After a look at their type and length.
    Careful,
}

/// A table that was found to fit its configuration.
#[derive(Debug, Clone)]
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
    /// Texts are kept, and compared, as UTF-8.
    pub(super) utf8: bool,
    /// Columns may come to hold something else than what was written: triggers, or values the database computes.
    pub(super) answers_back: bool,
}

impl Described {
    pub(super) fn name(&self) -> &str {
        &self.relation.name
    }

    /// The number of an id that is spelled as a whole number is: `007` is none.
    pub(super) fn number_of(&self, id: &str) -> Option<i64> {
        // Nothing of the whole numbers has two spellings but what begins with a nought or a sign.
        let digits = id.strip_prefix('-').unwrap_or(id);
        let plain = matches!(digits.as_bytes().first(), Some(b'1'..=b'9')) || id == "0";
        if plain { id.parse().ok() } else { None }
    }

    /// An id as a value that compares with the column.
    pub(super) fn bind_id(&self, id: &str) -> Bind {
        match self.id_kind {
            IdKind::RowNumber => self.number_of(id).map_or_else(|| Bind::text(id), Bind::Int),
            IdKind::Number => id.parse().map_or_else(|_| Bind::text(id), Bind::Int),
            IdKind::Text => Bind::text(id),
        }
    }

    /// The id as the rest of the program knows it: as text, or as the number that [`cell::id`] makes the same text of.
    pub(super) fn id_text(&self, sql: &mut Sql) {
        match self.id_kind {
            IdKind::RowNumber => sql.ident(&self.id),
            IdKind::Text | IdKind::Number => sql.raw("CAST(").ident(&self.id).raw(" AS TEXT)"),
        };
    }

    /// ` FROM table WHERE` with the rows whose id can be named.
    pub(super) fn where_named(&self, sql: &mut Sql) {
        sql.raw(" FROM ").ident(&self.table).raw(" WHERE ");
        self.is_named(sql);
    }

    /// That the id can be named.
    pub(super) fn is_named(&self, sql: &mut Sql) {
        match self.id_kind {
            IdKind::RowNumber => sql.raw("1"),
            IdKind::Text => sql.raw("typeof(").ident(&self.id).raw(") IN ('integer', 'text')"),
            IdKind::Number => sql.raw("typeof(").ident(&self.id).raw(") = 'integer'"),
        };
    }

    /// ` id = ?`, served by the id's index, and exact: `007` is not row 7, and case counts. [`Described::bind_id_at`] fills
    /// it in.
    pub(super) fn id_is_open(&self, sql: &mut Sql) {
        sql.raw(" ").ident(&self.id).raw(" = ").open();
        match self.id_kind {
            IdKind::RowNumber => {}
            IdKind::Text | IdKind::Number => {
                sql.raw(" AND CAST(").ident(&self.id).raw(" AS TEXT) COLLATE BINARY = ").open();
            }
        }
    }

    /// Binds the placeholders of [`Described::id_is_open`], the first of which has this number, and says which number comes
    /// next. `None`: no row has such an id.
    pub(super) fn bind_id_at(
        &self,
        statement: &mut Statement<'_>,
        first: usize,
        id: &SupporterId,
    ) -> Result<Option<usize>, Fault> {
        let id = id.as_str();
        match self.id_kind {
            IdKind::RowNumber => {
                let Some(number) = self.number_of(id) else { return Ok(None) };
                statement.raw_bind_parameter(first, number)?;
                Ok(Some(first + 1))
            }
            IdKind::Text | IdKind::Number => {
                statement.raw_bind_parameter(first, self.bind_id(id))?;
                statement.raw_bind_parameter(first + 1, id)?;
                Ok(Some(first + 2))
            }
        }
    }

    /// ` AND id > ?`, in the one order of ids: numbers before texts, texts byte by byte.
    pub(super) fn after_id(&self, sql: &mut Sql, after: Option<&str>) {
        if let Some(id) = after.filter(|id| !id.is_empty()) {
            sql.raw(" AND ").ident(&self.id).raw(" COLLATE BINARY > ").bind(self.bind_id(id));
        }
    }

    /// What [`cell::supporter`] reads: the stamp (2), the Contact Id, the mapped columns. Holds no placeholder.
    pub(super) fn select_supporter(&self, sql: &mut Sql, care: Care) {
        let value = |sql: &mut Sql, ident: &Ident| match care {
            Care::Bare => _ = sql.ident(ident),
            Care::Careful => cell::select(sql, ident),
        };
        self.stamps.select(sql, care);
        sql.raw(", ");
        match &self.contact_id {
            Some(field) => value(sql, &field.ident),
            None => _ = sql.raw("NULL"),
        }
        for field in &self.columns {
            sql.raw(", ");
            value(sql, &field.ident);
        }
    }
}

/// What was found to stand in the way, or what SQLite said.
pub(super) enum Unfit {
    /// The configuration does not fit.
    Error(Error),
    /// A statement failed.
    Fault(Fault),
}

impl From<Fault> for Unfit {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

/// Finds the table and its columns, and learns how ids and stamps are written.
pub(super) async fn describe(
    database: &Database,
    config: &Table,
    columns: &[String],
) -> Result<Described, Error> {
    let (config, columns) = (config.clone(), columns.to_vec());
    let table = config.table.clone();
    let writable = database.writable();
    let fit = move |seat: &mut Seat, _: &_| match fit(&seat.connection, &config, &columns, writable) {
        Ok(described) => Ok(Ok(described)),
        Err(Unfit::Error(error)) => Ok(Err(error)),
        Err(Unfit::Fault(fault)) => Err(fault),
    };
    database.call("look at the table", &table, fit).await?
}

fn fit(
    connection: &Connection,
    config: &Table,
    columns: &[String],
    writable: bool,
) -> Result<Described, Unfit> {
    let relations = schema::relations(connection)?;
    let Some(relation) = schema::find(&relations, &config.table, |named| &named.name) else {
        let existing = relations.iter().map(|named| named.name.clone()).take(50).collect();
        return Err(Unfit::Error(Error::MissingTable { table: config.table.clone(), existing }));
    };
    let fields = schema::fields(connection, relation)?;
    let field = |column: &str, role: &'static str| {
        let found = schema::find(&fields, column, |field| &field.column.name);
        found.cloned().ok_or_else(|| {
            Unfit::Error(Error::MissingColumn {
                table: relation.name.clone(),
                column: column.to_owned(),
                role,
                existing: fields.iter().map(|field| field.column.name.clone()).take(200).collect(),
            })
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
    let id_kind = check_id(connection, relation, &table, &id, config.new_id)?;
    let stamps = detect::stamps(connection, config, &table, &modified)?;
    let read_only = match relation.relation {
        Relation::View => Some("it is a view"),
        Relation::Table if config.read_only => Some("supporters.read_only = true"),
        Relation::Table => (!writable).then_some("this user may not write the file"),
    };
    let utf8: bool =
        connection.query_row("SELECT encoding = 'UTF-8' FROM pragma_encoding", (), |row| row.get(0))?;
    let triggers = "SELECT count(*) > 0 FROM sqlite_schema WHERE type = 'trigger'";
    let triggers: bool = connection.query_row(triggers, (), |row| row.get(0))?;
    Ok(Described {
        answers_back: triggers || fields.iter().any(|field| field.column.generated),
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
        utf8,
    })
}

/// Ids must be unique, and comparable the way they are stored.
fn check_id(
    connection: &Connection,
    relation: &Named,
    table: &Ident,
    id: &Field,
    new_id: NewId,
) -> Result<IdKind, Unfit> {
    let unsuitable =
        |reason: String| Err(Unfit::Error(Error::Unsuitable { table: relation.name.clone(), reason }));
    let name = &id.column.name;
    if new_id == NewId::Uuid && id.column.kind == ColumnKind::Integer {
        return unsuitable(format!("column {name:?} holds whole numbers: set `new_id` to \"database\""));
    }
    if id.row_number {
        return Ok(IdKind::RowNumber);
    }
    if !id.unique {
        let mut sql = Sql::new("SELECT 1 FROM ");
        sql.ident(table).raw(" WHERE ").ident(&id.ident).raw(" IS NOT NULL GROUP BY ").ident(&id.ident);
        sql.raw(" HAVING count(*) > 1 LIMIT 1");
        if sql.first(connection, |_| Ok(()))?.is_some() {
            return unsuitable(format!("several rows share one id in column {name:?}: name a unique one"));
        }
    }
    let mut sql = Sql::new("SELECT max(typeof(");
    sql.ident(&id.ident).raw(") = 'integer'), max(typeof(").ident(&id.ident).raw(") = 'text'), max(typeof(");
    sql.ident(&id.ident).raw(") = 'real') FROM (SELECT ").ident(&id.ident).raw(" FROM ").ident(table);
    sql.raw(if id.column.kind == ColumnKind::Any { ")" } else { " LIMIT 1000)" });
    let held = |row: &rusqlite::Row<'_>, at| row.get::<_, Option<bool>>(at).map(Option::unwrap_or_default);
    let found = sql.first(connection, |row| Ok((held(row, 0)?, held(row, 1)?, held(row, 2)?)))?;
    match (id.column.kind, found.unwrap_or_default()) {
        (_, (_, _, true)) => {
            unsuitable(format!("column {name:?} holds fractions: an id is a whole number or text"))
        }
        (ColumnKind::Any, (true, true, _)) => unsuitable(format!(
            "column {name:?} has no type and holds numbers and texts: declare its type, or name another column"
        )),
        (ColumnKind::Any, (true, false, _)) => Ok(IdKind::Number),
        (
            ColumnKind::Any
            | ColumnKind::Integer
            | ColumnKind::Numeric
            | ColumnKind::Real
            | ColumnKind::Text
            | ColumnKind::Other,
            _,
        ) => Ok(IdKind::Text),
    }
}
