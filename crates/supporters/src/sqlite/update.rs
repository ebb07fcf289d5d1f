//! Changing one row: the compare stands in the statement that writes.
//!
//! Rows of a batch differ in their values and seldom in which columns are written and compared: each such shape is one
//! prepared statement, and a row only binds its values.

use std::collections::HashMap;

use model::{Cell, ContactId, SupporterId};
use rusqlite::types::Null;
use rusqlite::{CachedStatement, Connection, Statement};

use super::apply::RowEnd;
use super::connect::Fault;
use super::describe::Described;
use super::schema::Field;
use super::sql::Sql;
use crate::{Applied, ContactIdWrite};

/// Which columns a statement writes and compares, and how: enough to prepare it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Shape {
    written: Vec<Place>,
    compared: Vec<(Place, Held)>,
}

impl Shape {
    fn is_of(&self, change: &Change<'_>) -> bool {
        let written = change.written.iter().map(|(place, _)| place);
        let compared = change.compared.iter().map(|(place, text)| (*place, held(*text)));
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
}

/// One change, looked through: what is written where, and what must still hold.
struct Change<'a> {
    written: Vec<(Place, Option<&'a str>)>,
    compared: Vec<(Place, Option<&'a str>)>,
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
            _ => Ok(RowEnd::Undo(Applied::refused("not_unique", "several rows have this id"))),
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
            RowEnd::Undo(Applied::refused("ignored", "a trigger of the table swallows the change"))
        } else {
            RowEnd::Outcome(Applied::ChangedMeanwhile)
        })
    }

    /// Whether there is a row with this id that holds all this.
    fn finds(&self, id: &SupporterId, compared: &[(Place, Option<&str>)]) -> Result<bool, Fault> {
        let mut sql = Sql::new("SELECT 1 FROM ");
        sql.ident(&self.table.table);
        let shape: Vec<_> = compared.iter().map(|(place, text)| (*place, held(*text))).collect();
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
            let outside = || Applied::refused("place", "a column outside of the field map");
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
            return Err(Applied::refused("unreadable", message));
        }
        let mut written = Vec::with_capacity(set.len() + 1);
        for (place, cell) in set.iter().filter(|(_, cell)| !cell.is_absent()) {
            let field = known(*place)?;
            if field.ident == table.id {
                return Err(Applied::refused("place", "the id of a row is never changed"));
            }
            written.push((Place::Column(*place), value(field, cell.text())));
        }
        if let (Some(field), Some(write)) = (&table.contact_id, contact_id) {
            written.push((Place::ContactId, value(field, write.to.as_ref().map(ContactId::as_str))));
        }
        let compared = compared.into_iter().map(|(place, cell)| (place, cell.text())).collect();
        Ok(Self { written, compared })
    }

    fn shape(&self) -> Shape {
        Shape {
            written: self.written.iter().map(|(place, _)| *place).collect(),
            compared: self.compared.iter().map(|(place, text)| (*place, held(*text))).collect(),
        }
    }
}

const fn held(text: Option<&str>) -> Held {
    if text.is_some() { Held::Text } else { Held::Nothing }
}

/// What is put into a column; `None`: NULL. Where that is not allowed, empty is the empty text.
pub(super) fn value<'a>(field: &Field, text: Option<&'a str>) -> Option<&'a str> {
    if field.column.nullable { text } else { Some(text.unwrap_or_default()) }
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
    for (_, text) in &change.written {
        statement.raw_bind_parameter(next, *text)?;
        next += 1;
    }
    let Some(next) = table.bind_id_at(statement, next, id)? else { return Ok(None) };
    bind_compared(statement, next, &change.compared)?;
    statement.raw_execute().map(Some)
}

fn bind_compared(
    statement: &mut Statement<'_>,
    first: usize,
    compared: &[(Place, Option<&str>)],
) -> Result<(), Fault> {
    let mut next = first;
    for text in compared.iter().filter_map(|(_, text)| *text) {
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
