//! Changing one row: the compare stands in the statement that writes.
//!
//! Rows of a batch differ in their values and seldom in which columns are written and compared: each such shape is one
//! prepared statement, and a row only binds its values.

use std::borrow::Cow;
use std::collections::HashMap;

use model::{Cell, ContactId, SupporterId};
use rusqlite::types::Null;
use rusqlite::{CachedStatement, Connection, Statement};

use super::apply::RowEnd;
use super::connect::Fault;
use super::describe::Described;
use super::schema::Field;
use super::sql::{Bind, Sql};
use super::{affinity, local};
use crate::carried::{Carried, Made, yes_no};
use crate::{Applied, ColumnKind, ContactIdWrite, RefusalCode};

/// Which columns a statement writes and compares, and how: enough to prepare it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Shape {
    written: Vec<Place>,
    compared: Vec<(Place, Held)>,
}

impl Shape {
    fn is_of(&self, change: &Change<'_>) -> bool {
        let written = change.written.iter().map(|(place, _)| place);
        let compared = change.compared.iter().map(|(place, expected)| (*place, expected.held()));
        self.written.iter().eq(written) && self.compared.iter().copied().eq(compared)
    }
}

/// A column.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Place {
    Column(usize),
    ContactId,
}

/// What a column held when it was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Held {
    Nothing,
    Text,
    /// A date and time that may have stood there without its offset.
    Local,
}

/// What a column must still hold.
#[derive(Debug, Clone, Copy)]
enum Expected<'a> {
    Nothing,
    Text(&'a str),
    /// As it was read, or the same without its offset.
    Local(&'a str, &'a str),
}

impl<'a> Expected<'a> {
    fn of(table: &Described, place: Place, text: Option<&'a str>) -> Self {
        let Some(text) = text else { return Self::Nothing };
        let is_local = field_of(table, place).is_some_and(|field| field.carried == Carried::DateTime);
        match local::without_offset(text, table.stamps.zone).filter(|_| is_local) {
            Some(held) => Self::Local(text, held),
            None => Self::Text(text),
        }
    }

    const fn held(self) -> Held {
        match self {
            Self::Nothing => Held::Nothing,
            Self::Text(_) => Held::Text,
            Self::Local(..) => Held::Local,
        }
    }
}

/// One change, looked through: what is written where, and what must still hold.
struct Change<'a> {
    written: Vec<(Place, Bind)>,
    compared: Vec<(Place, Expected<'a>)>,
}

/// The statements of a batch.
pub(super) struct Updates<'c> {
    pub(super) connection: &'c Connection,
    pub(super) table: &'c Described,
    prepared: Vec<(Shape, CachedStatement<'c>)>,
    by_shape: HashMap<Shape, usize>,
    /// The one run last: most rows of a batch are of one shape.
    last: usize,
}

impl<'c> Updates<'c> {
    pub(super) fn new(connection: &'c Connection, table: &'c Described) -> Self {
        Self { connection, table, prepared: Vec::new(), by_shape: HashMap::new(), last: 0 }
    }

    pub(super) fn row(
        &mut self,
        id: &SupporterId,
        set: &[(usize, Cell)],
        expect: &[(usize, Cell)],
        contact_id: Option<&ContactIdWrite>,
    ) -> Result<RowEnd, Fault> {
        let change = match Change::of(self.table, set, expect, contact_id) {
            Ok(change) => change,
            Err(refusal) => return Ok(RowEnd::Undo(refusal)),
        };
        if change.written.is_empty() {
            let holds = self.finds(id, &change.compared)?;
            return if holds { Ok(done(id)) } else { self.why_nothing(id, &change) };
        }
        let table = self.table;
        let Some(written) = run(self.statement_for(&change)?, table, id, &change)? else {
            return Ok(RowEnd::Outcome(Applied::Gone));
        };
        match written {
            0 => self.why_nothing(id, &change),
            1 => Ok(done(id)),
            _ => Ok(RowEnd::Undo(Applied::refused(RefusalCode::NotUnique, "several rows have this id"))),
        }
    }

    fn statement_for(&mut self, change: &Change<'_>) -> Result<&mut CachedStatement<'c>, Fault> {
        if !self.prepared.get(self.last).is_some_and(|(shape, _)| shape.is_of(change)) {
            let shape = change.shape();
            self.last = match self.by_shape.get(&shape) {
                Some(known) => *known,
                None => {
                    let sql = update(self.table, &shape);
                    self.prepared.push((shape.clone(), self.connection.prepare_cached(sql.text())?));
                    self.by_shape.insert(shape, self.prepared.len() - 1);
                    self.prepared.len() - 1
                }
            };
        }
        Ok(&mut self.prepared[self.last].1)
    }

    /// Why an update found no row to write.
    fn why_nothing(&self, id: &SupporterId, change: &Change<'_>) -> Result<RowEnd, Fault> {
        Ok(if !self.finds(id, &[])? {
            RowEnd::Outcome(Applied::Gone)
        } else if self.finds(id, &change.compared)? && !change.written.is_empty() {
            RowEnd::Undo(Applied::refused(RefusalCode::Ignored, "a trigger of the table swallows the change"))
        } else {
            RowEnd::Outcome(Applied::ChangedMeanwhile)
        })
    }

    /// Whether there is a row with this id that holds all this.
    fn finds(&self, id: &SupporterId, compared: &[(Place, Expected<'_>)]) -> Result<bool, Fault> {
        let mut sql = Sql::new("SELECT 1 FROM ");
        sql.ident(&self.table.table);
        let shape: Vec<_> = compared.iter().map(|(place, expected)| (*place, expected.held())).collect();
        condition(&mut sql, self.table, &shape);
        sql.raw(" LIMIT 1");
        let mut statement = self.connection.prepare_cached(sql.text())?;
        let Some(next) = self.table.bind_id_at(&mut statement, 1, id)? else { return Ok(false) };
        bind_compared(&mut statement, next, compared)?;
        Ok(statement.raw_query().next()?.is_some())
    }
}

impl<'a> Change<'a> {
    fn of(
        table: &Described,
        set: &'a [(usize, Cell)],
        expect: &'a [(usize, Cell)],
        contact_id: Option<&'a ContactIdWrite>,
    ) -> Result<Self, Applied> {
        let known = |place: usize| {
            let outside = || Applied::refused(RefusalCode::Place, "a column outside of the field map");
            table.columns.get(place).ok_or_else(outside)
        };
        let contact_id = contact_id.filter(|_| table.contact_id.is_some());
        let mut compared = Vec::with_capacity(expect.len() + 1);
        for (place, cell) in expect {
            known(*place)?;
            compared.push((Place::Column(*place), cell));
        }
        compared.extend(contact_id.map(|write| (Place::ContactId, &write.expected)));
        if compared.iter().any(|(_, cell)| cell.is_absent()) {
            let message = "a value that could not be read cannot be compared";
            return Err(Applied::refused(RefusalCode::Unreadable, message));
        }
        let mut written = Vec::with_capacity(set.len() + 1);
        for (place, cell) in set.iter().filter(|(_, cell)| !cell.is_absent()) {
            let field = known(*place)?;
            if field.ident == table.id {
                return Err(Applied::refused(RefusalCode::Place, "the id of a row is never changed"));
            }
            let present = expect.iter().find(|(at, _)| at == place).and_then(|(_, cell)| cell.text());
            written.push((Place::Column(*place), value(table, field, cell.text(), present)?));
        }
        if let (Some(field), Some(write)) = (&table.contact_id, contact_id) {
            let to = write.to.as_ref().map(ContactId::as_str);
            written.push((Place::ContactId, value(table, field, to, write.expected.text())?));
        }
        let expected = |(place, cell): (Place, &'a Cell)| (place, Expected::of(table, place, cell.text()));
        Ok(Self { written, compared: compared.into_iter().map(expected).collect() })
    }

    fn shape(&self) -> Shape {
        Shape {
            written: self.written.iter().map(|(place, _)| *place).collect(),
            compared: self.compared.iter().map(|(place, expected)| (*place, expected.held())).collect(),
        }
    }
}

/// What is put into a column of a row that holds `present`. Where NULL is not allowed, empty is the empty text.
///
/// # Errors
/// A text that the column would change: what was changed would be read as somebody's edit, and go out again.
pub(super) fn value(
    table: &Described,
    field: &Field,
    text: Option<&str>,
    present: Option<&str>,
) -> Result<Bind, Applied> {
    let Some(text) = text else {
        return Ok(if field.column.nullable { Bind::Null } else { Bind::text("") });
    };
    let kind = field.column.kind;
    let text = match field.carried {
        Carried::Text => Cow::Borrowed(text),
        Carried::YesNo => {
            let spelled = yes_no(text, made(kind), present);
            // A column without a type keeps numbers and texts apart.
            if kind == ColumnKind::Any && matches!(spelled, "1" | "0") {
                return Ok(Bind::Int(i64::from(spelled == "1")));
            }
            Cow::Borrowed(spelled)
        }
        Carried::DateTime => {
            let held = present.and_then(|present| local::as_held(text, present, table.stamps.zone));
            held.map_or(Cow::Borrowed(text), Cow::Owned)
        }
    };
    if affinity::keeps(kind, &text) {
        Ok(Bind::text(&text))
    } else {
        let message = "the column is declared for numbers and would change this text: declare it TEXT";
        Err(Applied::refused(RefusalCode::Type, message))
    }
}

const fn made(kind: ColumnKind) -> Made {
    match kind {
        ColumnKind::Integer | ColumnKind::Real => Made::Numbers,
        ColumnKind::Numeric => Made::MostlyNumbers,
        ColumnKind::Text | ColumnKind::Any | ColumnKind::Other => Made::Texts,
    }
}

fn field_of(table: &Described, place: Place) -> Option<&Field> {
    match place {
        Place::Column(at) => table.columns.get(at),
        Place::ContactId => table.contact_id.as_ref(),
    }
}

/// The statement of a shape: the values, the id, what is compared.
fn update(table: &Described, shape: &Shape) -> Sql {
    let mut sql = Sql::new("UPDATE OR ABORT ");
    sql.ident(&table.table).raw(" SET ");
    for (at, field) in shape.written.iter().filter_map(|place| field_of(table, *place)).enumerate() {
        sql.raw(if at > 0 { ", " } else { "" }).ident(&field.ident).raw(" = ").open();
    }
    if table.touch_modified {
        sql.raw(", ").ident(&table.stamps.column).raw(" = ");
        table.stamps.now(&mut sql);
    }
    condition(&mut sql, table, &shape.compared);
    sql
}

/// ` WHERE` it is this row, and its columns still hold what was read: the same text byte by byte whatever the column's
/// collation, or the same number.
fn condition(sql: &mut Sql, table: &Described, compared: &[(Place, Held)]) {
    sql.raw(" WHERE");
    table.id_is_open(sql);
    for (place, held) in compared {
        let Some(field) = field_of(table, *place) else { continue };
        let c = &field.ident;
        match held {
            Held::Nothing => {
                sql.raw(" AND (").ident(c).raw(" IS NULL OR (typeof(").ident(c).raw(") = 'text' AND ");
                sql.ident(c).raw(" COLLATE BINARY = ''))");
            }
            Held::Text => {
                sql.raw(" AND ((typeof(").ident(c).raw(") = 'text' AND ").ident(c).raw(" COLLATE BINARY = ");
                sql.open().raw(") OR (typeof(").ident(c).raw(") = 'integer' AND ").ident(c).raw(" = ").open();
                sql.raw(") OR (typeof(").ident(c).raw(") = 'real' AND ").ident(c).raw(" = ").open().raw("))");
            }
            Held::Local => {
                sql.raw(" AND typeof(").ident(c).raw(") = 'text' AND ").ident(c).raw(" COLLATE BINARY IN (");
                sql.open().raw(", ").open().raw(")");
            }
        }
    }
}

/// Binds a row's values and runs the statement; how many rows it wrote. `None`: no row has such an id.
fn run(
    statement: &mut Statement<'_>,
    table: &Described,
    id: &SupporterId,
    change: &Change<'_>,
) -> Result<Option<usize>, Fault> {
    let mut next = 1;
    for (_, value) in &change.written {
        statement.raw_bind_parameter(next, value)?;
        next += 1;
    }
    let Some(next) = table.bind_id_at(statement, next, id)? else { return Ok(None) };
    bind_compared(statement, next, &change.compared)?;
    statement.raw_execute().map(Some)
}

fn bind_compared(
    statement: &mut Statement<'_>,
    first: usize,
    compared: &[(Place, Expected<'_>)],
) -> Result<(), Fault> {
    let mut next = first;
    for (_, expected) in compared {
        let text = match expected {
            Expected::Nothing => continue,
            Expected::Text(text) => *text,
            Expected::Local(read, held) => {
                statement.raw_bind_parameter(next, read)?;
                statement.raw_bind_parameter(next + 1, held)?;
                next += 2;
                continue;
            }
        };
        statement.raw_bind_parameter(next, text)?;
        // Nothing equals NULL. A fraction in its shortest form can look like a whole number that is not quite the same.
        match text.parse::<i64>() {
            Ok(whole) => statement.raw_bind_parameter(next + 1, whole)?,
            Err(_) => statement.raw_bind_parameter(next + 1, Null)?,
        }
        match text.parse::<f64>().ok().filter(|real| !real.is_nan()) {
            Some(real) => statement.raw_bind_parameter(next + 2, real)?,
            None => statement.raw_bind_parameter(next + 2, Null)?,
        }
        next += 3;
    }
    Ok(())
}

/// The row is written.
pub(super) fn done(id: &SupporterId) -> RowEnd {
    RowEnd::Outcome(Applied::Done { id: id.clone() })
}
