//! Adding one row, unless the person is already there.

use std::collections::{HashMap, HashSet};

use model::{Cell, ContactId, Email, SupporterId};
use sqlx::Row as _;
use sqlx::postgres::PgConnection;

use super::apply::RowEnd;
use super::describe::Described;
use super::sql::{Ident, Sql};
use super::{column, find, update};
use crate::{Applied, NewId, RefusalCode, SupporterWrite};

/// The first half of the key of our advisory lock ("high"); the second is the relation's number.
const LOCK: i64 = 0x6869_6768;

/// Who holds the Contact Ids and addresses of a batch's new rows: looked up once for the batch, inside its transaction.
#[derive(Default)]
pub(super) struct Taken {
    contacts: HashMap<ContactId, SupporterId>,
    emails: HashMap<Email, SupporterId>,
}

impl Taken {
    /// Looks, and keeps other batches of ours from adding anybody until this one is committed. Others can be kept out only by
    /// a unique index of the table.
    pub(super) async fn look(
        connection: &mut PgConnection,
        table: &Described,
        writes: &[SupporterWrite],
    ) -> Result<Self, sqlx::Error> {
        let new = writes.iter().filter_map(|write| match write {
            SupporterWrite::Create { cells, contact_id } => Some((cells, *contact_id)),
            SupporterWrite::Update { .. } => None,
        });
        let (mut contacts, mut emails, mut any) = (HashSet::new(), HashSet::new(), false);
        for (cells, contact) in new {
            any = true;
            contacts.extend(contact);
            emails.extend(email_of(table, cells));
        }
        if !any {
            return Ok(Self::default());
        }
        let mut lock = Sql::new("SELECT pg_advisory_xact_lock(");
        lock.number(LOCK).raw("::int, (").number(table.relation.oid).raw(" % 2147483647)::int)");
        lock.set(&mut *connection).await?;
        Ok(Self {
            contacts: match &table.contact_id {
                Some(field) => find::holders(connection, table, field, &contacts).await?,
                None => HashMap::new(),
            },
            emails: find::holders(connection, table, &table.email, &emails).await?,
        })
    }

    fn holder(&self, contact_id: Option<&ContactId>, email: Option<&Email>) -> Option<SupporterId> {
        let by_contact = contact_id.and_then(|contact| self.contacts.get(contact));
        by_contact.or_else(|| email.and_then(|email| self.emails.get(email))).cloned()
    }
}

fn email_of(table: &Described, cells: &[Cell]) -> Option<Email> {
    Email::parse(cells.get(table.email_place?)?.text()?).ok()
}

pub(super) async fn row(
    table: &Described,
    connection: &mut PgConnection,
    cells: &[Cell],
    contact_id: Option<&ContactId>,
    taken: &mut Taken,
) -> Result<RowEnd, sqlx::Error> {
    if cells.len() != table.columns.len() {
        let message = "not one cell for each column of the field map";
        return Ok(RowEnd::Undo(Applied::refused(RefusalCode::Place, message)));
    }
    let email = email_of(table, cells);
    if let Some(id) = taken.holder(contact_id, email.as_ref()) {
        return Ok(RowEnd::Outcome(Applied::AlreadyThere(id)));
    }
    let sql = match insert(table, cells, contact_id) {
        Ok(sql) => sql,
        Err(refusal) => return Ok(RowEnd::Undo(refusal)),
    };
    let rows = sql.query().fetch_all(&mut *connection).await?;
    let Some(row) = rows.first() else {
        let message = "a trigger or rule of the table swallows new rows";
        return Ok(RowEnd::Undo(Applied::refused(RefusalCode::Ignored, message)));
    };
    let id: Option<String> = row.try_get(0)?;
    let Some(id) = id.and_then(|id| SupporterId::parse(&id).ok()) else {
        let message = "the database gave the new row no usable id: set `new_id` to \"uuid\"";
        return Ok(RowEnd::Undo(Applied::refused(RefusalCode::NoId, message)));
    };
    if let Some(contact) = contact_id {
        taken.contacts.insert(*contact, id.clone());
    }
    if let Some(email) = email {
        taken.emails.insert(email, id.clone());
    }
    Ok(update::done(&id))
}

fn insert(table: &Described, cells: &[Cell], contact_id: Option<&ContactId>) -> Result<Sql, Applied> {
    let mut columns: Vec<&Ident> = Vec::new();
    let mut values: Vec<Sql> = Vec::new();
    let mut put = |column, value: Sql| {
        columns.push(column);
        values.push(value);
    };
    let as_value = |field, cell: &Cell| {
        let mut sql = Sql::default();
        column::value(&mut sql, field, cell, &table.zone);
        sql
    };
    if table.new_id == NewId::Uuid {
        let id = uuid::Uuid::new_v4().to_string();
        put(&table.id.ident, as_value(&table.id, &Cell::from_nullable(Some(&id))));
    }
    let stamps = &table.stamps.field;
    let own = [Some(&table.id), Some(stamps), table.contact_id.as_ref()];
    for (field, cell) in table.columns.iter().zip(cells) {
        // What we fill ourselves is not filled twice. An empty cell is written as empty: a default might be a consent.
        let ours = own.into_iter().flatten().any(|own| own.ident == field.ident);
        if !ours && !cell.is_absent() {
            put(&field.ident, as_value(field, &column::written(field, cell, None)?));
        }
    }
    if let (Some(field), Some(contact)) = (&table.contact_id, contact_id) {
        put(&field.ident, as_value(field, &Cell::from_nullable(Some(contact.as_str()))));
    }
    // A new row without a stamp would be looked at in every cycle.
    let stamped = stamps.has_default || stamps.column.generated;
    if !stamps.column.generated && (table.touch_modified || !stamped) {
        let mut now = Sql::default();
        table.stamps.now(&mut now);
        put(&stamps.ident, now);
    }
    let mut sql = Sql::new("INSERT INTO ");
    sql.ident(&table.table);
    if columns.is_empty() {
        sql.raw(" DEFAULT VALUES");
    } else {
        for (at, column) in columns.iter().enumerate() {
            sql.raw(if at > 0 { ", " } else { " (" }).ident(column);
        }
        for (at, value) in values.iter().enumerate() {
            sql.raw(if at > 0 { ", " } else { ") VALUES (" }).push(value);
        }
        sql.raw(")");
    }
    sql.raw(" RETURNING ");
    table.id_text(&mut sql);
    Ok(sql)
}
