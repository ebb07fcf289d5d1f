//! A configured relation, checked against the catalog, with the pieces every statement is made of.

use model::SupporterId;

use super::column::{self, Kind};
use super::connect::Database;
use super::copy::{Malformed, Row};
use super::fault::classify;
use super::schema::{self, Field, Named};
use super::sql::{Ident, Sql};
use super::stamp::{Form, Stamps};
use super::zone::ZoneText;
use crate::{Column, Error, NewId, Relation, StampFormat, Table, UndatedRows};

/// A relation that was found to fit its configuration.
#[derive(Debug, Clone)]
pub(super) struct Described {
    pub(super) relation: Named,
    pub(super) table: Ident,
    pub(super) id: Field,
    pub(super) stamps: Stamps,
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
    pub(super) zone: ZoneText,
}

/// Where the mapped columns begin in a selected supporter.
const FIRST_CELL: usize = 4;

impl Described {
    pub(super) fn name(&self) -> &str {
        &self.relation.name
    }

    /// The id as the rest of the program knows it.
    pub(super) fn id_text(&self, sql: &mut Sql) {
        sql.ident(&self.id.ident).raw("::text");
    }

    /// The same as the first column of an answer. Under a name of its own: `ORDER BY id` must mean the column, in its own
    /// order, and not its text.
    pub(super) fn select_id(&self, sql: &mut Sql) {
        self.id_text(sql);
        sql.raw(" AS highwater_id");
    }

    /// ` FROM table WHERE` with the rows whose id can be named.
    pub(super) fn where_named(&self, sql: &mut Sql) {
        sql.raw(" FROM ").ident(&self.table).raw(" WHERE ").ident(&self.id.ident).raw(" IS NOT NULL");
    }

    /// Whether a row may have this id: `007` is not row 7, and a text that is no number would make PostgreSQL refuse the
    /// whole statement.
    pub(super) fn may_be_id(&self, id: &str) -> bool {
        match self.id.kind {
            Kind::Integer => id.parse::<i64>().is_ok_and(|number| number.to_string() == id),
            Kind::Numeric => {
                let digits = id.strip_prefix('-').unwrap_or(id);
                digits.len() <= 1_000 && !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit())
            }
            Kind::Uuid => uuid::Uuid::parse_str(id).is_ok_and(|uuid| uuid.to_string() == id),
            Kind::Text
            | Kind::Blanked
            | Kind::Citext
            | Kind::Float
            | Kind::Boolean
            | Kind::Date
            | Kind::Local
            | Kind::Instant
            | Kind::Enum
            | Kind::Bytes
            | Kind::Other => true,
        }
    }

    /// An id as a value of the column's type, for an id that [`Described::may_be_id`] let through. A number that is too
    /// large for its column must find nothing and refuse nothing: whole numbers compare as the largest kind there is.
    fn id_cast(&self, sql: &mut Sql) {
        match self.id.kind {
            Kind::Integer => _ = sql.raw("bigint"),
            Kind::Text
            | Kind::Blanked
            | Kind::Citext
            | Kind::Numeric
            | Kind::Float
            | Kind::Boolean
            | Kind::Date
            | Kind::Local
            | Kind::Instant
            | Kind::Uuid
            | Kind::Enum
            | Kind::Bytes
            | Kind::Other => _ = sql.ident(&self.id.cast),
        }
    }

    /// ` AND id = ANY(…)`. The caller compares the ids that come back: here, case may not count.
    pub(super) fn id_is_any<'a>(&self, sql: &mut Sql, ids: impl Iterator<Item = &'a str>) {
        sql.raw(" AND ").ident(&self.id.ident).raw(" = ANY(").array(ids.filter(|id| self.may_be_id(id)));
        sql.raw("::");
        self.id_cast(sql);
        sql.raw("[])");
    }

    /// ` id = …`, served by the id's index, and exact. `None`: no row can have this id.
    pub(super) fn id_is(&self, sql: &mut Sql, id: &SupporterId) -> Option<()> {
        if !self.may_be_id(id.as_str()) {
            return None;
        }
        sql.raw(" ").ident(&self.id.ident).raw(" = CAST(").value(id.as_str()).raw(" AS ");
        self.id_cast(sql);
        sql.raw(") AND ");
        self.id_text(sql);
        sql.raw(" COLLATE \"C\" = ").value(id.as_str());
        Some(())
    }

    /// ` AND id > …`, in the column's own order.
    ///
    /// # Errors
    /// An id that the column's type cannot hold, or that stands there and is none: without the condition the same page would
    /// be read for ever.
    pub(super) fn after_id(&self, sql: &mut Sql, after: Option<&str>) -> Result<(), Error> {
        let Some(id) = after.filter(|id| !id.is_empty()) else { return Ok(()) };
        if !self.may_be_id(id) {
            let (name, declared) = (&self.id.column.name, &self.id.column.declared);
            let reason = format!(
                "no page goes on behind an id that is none: column {name:?} is {declared}, and holds fractions \
                         or was of another type"
            );
            return Err(Error::Unsuitable { table: self.relation.name.clone(), reason });
        }
        sql.raw(" AND ").ident(&self.id.ident).raw(" > CAST(").value(id).raw(" AS ");
        self.id_cast(sql);
        sql.raw(")");
        Ok(())
    }

    /// `SELECT` and what [`Described::supporter`] reads: id, stamp (2), Contact Id, the mapped columns.
    pub(super) fn select_supporter(&self) -> Sql {
        let mut sql = Sql::new("SELECT ");
        self.select_id(&mut sql);
        sql.raw(", ");
        self.stamps.select(&mut sql);
        sql.raw(", ");
        match &self.contact_id {
            Some(field) => column::select(&mut sql, field, &self.zone),
            None => _ = sql.raw("NULL"),
        }
        for field in &self.columns {
            sql.raw(", ");
            column::select(&mut sql, field, &self.zone);
        }
        sql
    }

    /// A supporter from such a row; `None`: its id is none.
    pub(super) fn supporter(&self, row: &Row) -> Result<Option<model::Supporter>, Malformed> {
        let Some(id) = row.id(0)? else { return Ok(None) };
        let cell = |(at, field): (usize, &Field)| Ok(column::cell(field, row.cell(FIRST_CELL + at)?));
        let contact_id = match &self.contact_id {
            Some(field) => column::cell(field, row.cell(3)?),
            None => model::Cell::Absent,
        };
        let cells = self.columns.iter().enumerate().map(cell).collect::<Result<_, Malformed>>()?;
        Ok(Some(model::Supporter { id, modified: row.stamp(1)?, contact_id, cells }))
    }

    /// Where a column stands that was selected after a supporter.
    pub(super) fn after_supporter(&self) -> usize {
        FIRST_CELL + self.columns.len()
    }
}

/// Finds the relation and its columns, and learns how ids and stamps are kept.
pub(super) async fn describe(
    database: &Database,
    config: &Table,
    zone: &ZoneText,
    columns: &[String],
) -> Result<Described, Error> {
    let relations = schema::relations(database).await?;
    let Some(relation) = schema::find_relation(&relations, &config.table) else {
        let existing = relations.iter().map(|named| named.name.clone()).take(50).collect();
        return Err(Error::MissingTable { table: config.table.clone(), existing });
    };
    let fields = schema::fields(database, relation).await?;
    let field = |column: &str, role: &'static str| {
        schema::find_field(&fields, column).cloned().ok_or_else(|| Error::MissingColumn {
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
    let table = relation.ident();
    check_id(database, relation, &id, config.new_id).await?;
    let form = form(database, config.modified_format, relation, &modified).await?;
    let standby = database.row("look at the server", &Sql::new("SELECT pg_is_in_recovery()")).await?;
    let standby = standby.flag(0).map_err(|error| classify("look at the server", "", &error.into()))?;
    Ok(Described {
        email_place: mapped.iter().position(|field| field.column.name == email.column.name),
        read_only: read_only(config, relation, standby),
        relation: relation.clone(),
        table,
        id,
        stamps: Stamps { field: modified, form, zone: zone.clone() },
        contact_id,
        email,
        columns: mapped,
        all: fields.into_iter().map(|field| field.column).collect(),
        undated: config.undated,
        new_id: config.new_id,
        touch_modified: config.touch_modified,
        zone: zone.clone(),
    })
}

fn read_only(config: &Table, relation: &Named, standby: bool) -> Option<&'static str> {
    match relation.relation {
        Relation::Table | Relation::View if config.read_only => Some("supporters.read_only = true"),
        Relation::Table | Relation::View if standby => Some("the server is a standby"),
        Relation::View if !relation.updatable => {
            Some("it is a view that takes no changes, or this user may not change it")
        }
        Relation::Table if !relation.updatable => Some("this user may not change it"),
        Relation::Table | Relation::View => None,
    }
}

/// Ids must be unique, and of a type that has one text for one value.
async fn check_id(database: &Database, relation: &Named, id: &Field, new_id: NewId) -> Result<(), Error> {
    let unsuitable = |reason: String| Error::Unsuitable { table: relation.name.clone(), reason };
    let name = &id.column.name;
    match id.kind {
        Kind::Integer | Kind::Numeric if new_id == NewId::Uuid => {
            return Err(unsuitable(format!("column {name:?} holds numbers: set `new_id` to \"database\"")));
        }
        Kind::Numeric if id.scale.is_some_and(|scale| scale > 0) => {
            let declared = &id.column.declared;
            let reason =
                format!("column {name:?} is {declared}, which holds fractions: an id is a whole number");
            return Err(unsuitable(reason));
        }
        Kind::Integer | Kind::Numeric | Kind::Uuid | Kind::Text | Kind::Blanked | Kind::Citext => {}
        Kind::Float
        | Kind::Boolean
        | Kind::Date
        | Kind::Local
        | Kind::Instant
        | Kind::Enum
        | Kind::Bytes
        | Kind::Other => {
            let declared = &id.column.declared;
            let reason = format!("column {name:?} is {declared}: an id is a whole number, a text or a uuid");
            return Err(unsuitable(reason));
        }
    }
    if id.unique {
        return Ok(());
    }
    let mut sql = Sql::new("SELECT 1 FROM ");
    sql.ident(&relation.ident())
        .raw(" WHERE ")
        .ident(&id.ident)
        .raw(" IS NOT NULL GROUP BY ")
        .ident(&id.ident);
    sql.raw(" HAVING count(*) > 1 LIMIT 1");
    if database.rows("check ids", &sql).await?.is_empty() {
        return Ok(());
    }
    Err(unsuitable(format!("several rows share one id in column {name:?}: name a unique one")))
}

/// How stamps are kept. Numbers tell seconds from milliseconds by their size.
async fn form(
    database: &Database,
    format: StampFormat,
    relation: &Named,
    modified: &Field,
) -> Result<Form, Error> {
    match (modified.kind, format) {
        (Kind::Instant, StampFormat::Auto | StampFormat::Text | StampFormat::Mixed) => Ok(Form::Instant),
        (Kind::Local, StampFormat::Auto | StampFormat::Text | StampFormat::Mixed) => Ok(Form::Local),
        (Kind::Integer | Kind::Numeric | Kind::Float, StampFormat::UnixSeconds) => Ok(Form::UnixSeconds),
        (Kind::Integer | Kind::Numeric | Kind::Float, StampFormat::UnixMillis) => Ok(Form::UnixMillis),
        (Kind::Integer | Kind::Numeric | Kind::Float, StampFormat::Auto) => {
            let mut sql = Sql::new("SELECT max(");
            sql.ident(&modified.ident).raw(") >= 1e11 FROM ").ident(&relation.ident());
            sql.raw(" WHERE ").ident(&modified.ident).raw(" < 1e14");
            let operation = "look at stamps";
            let millis = database.row(operation, &sql).await?.flag(0);
            let millis = millis.map_err(|error| classify(operation, &relation.name, &error.into()))?;
            Ok(if millis { Form::UnixMillis } else { Form::UnixSeconds })
        }
        (kind, _) => {
            let (name, declared) = (&modified.column.name, &modified.column.declared);
            let advice = if kind == Kind::Date {
                "a second change on one day could not be told from the first; name a column of type timestamptz"
            } else {
                "name a column of type timestamptz, or a view that has one"
            };
            let reason =
                format!("column {name:?} is {declared}, which `modified_format` does not fit: {advice}");
            Err(Error::Unsuitable { table: relation.name.clone(), reason })
        }
    }
}
