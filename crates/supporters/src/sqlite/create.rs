//! Adding one row, unless the person is already there.

use std::collections::{HashMap, HashSet};

use model::{Cell, ContactId, Email, SupporterId};
use rusqlite::Connection;

use super::apply::RowEnd;
use super::connect::{Fault, Wanted};
use super::describe::Described;
use super::spelling::Lists;
use super::sql::{Bind, Ident, Sql};
use super::{cell, find, update};
use crate::{Applied, NewId, RefusalCode, SupporterWrite};

/// Who holds the Contact Ids and addresses of a batch's new rows in another spelling than the plain one: looked up once
/// for the batch, inside its transaction.
pub(super) struct Taken {
    contacts: HashMap<ContactId, SupporterId>,
    emails: HashMap<Email, SupporterId>,
}

impl Taken {
    pub(super) fn look(
        lists: &mut Lists,
        connection: &Connection,
        table: &Described,
        asked: &Wanted,
        writes: &[SupporterWrite],
    ) -> Result<Self, Fault> {
        let new = writes.iter().filter_map(|write| match write {
            SupporterWrite::Create { cells, contact_id } => Some((cells, *contact_id)),
            SupporterWrite::Update { .. } => None,
        });
        let (mut contacts, mut emails) = (HashSet::new(), HashSet::new());
        for (cells, contact) in new {
            contacts.extend(contact);
            emails.extend(email_of(table, cells));
        }
        Ok(Self {
            contacts: match &table.contact_id {
                Some(field) => find::holders(lists, connection, table, asked, field, &contacts)?,
                None => HashMap::new(),
            },
            emails: find::holders(lists, connection, table, asked, &table.email, &emails)?,
        })
    }
}

fn email_of(table: &Described, cells: &[Cell]) -> Option<Email> {
    Email::parse(cells.get(table.email_place?)?.text()?).ok()
}

pub(super) fn row(
    connection: &Connection,
    table: &Described,
    cells: &[Cell],
    contact_id: Option<&ContactId>,
    taken: &mut Taken,
) -> Result<RowEnd, Fault> {
    if cells.len() != table.columns.len() {
        let message = "not one cell for each column of the field map";
        return Ok(RowEnd::Undo(Applied::refused(RefusalCode::Place, message)));
    }
    let email = email_of(table, cells);
    if let Some(id) = already_there(connection, table, contact_id, email.as_ref(), taken)? {
        return Ok(RowEnd::Outcome(Applied::AlreadyThere(id)));
    }
    let sql = match insert(table, cells, contact_id) {
        Ok(sql) => sql,
        Err(refusal) => return Ok(RowEnd::Undo(refusal)),
    };
    let rows = sql.rows(connection, |row| cell::id(row, 0))?;
    let Some(id) = rows.into_iter().next().flatten() else {
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

/// The row that has the Contact Id, or else the address.
fn already_there(
    connection: &Connection,
    table: &Described,
    contact_id: Option<&ContactId>,
    email: Option<&Email>,
    taken: &Taken,
) -> Result<Option<SupporterId>, Fault> {
    if let (Some(field), Some(contact)) = (&table.contact_id, contact_id) {
        let holder = find::plain_holder(connection, table, field, contact)?;
        if let Some(id) = holder.or_else(|| taken.contacts.get(contact).cloned()) {
            return Ok(Some(id));
        }
    }
    let Some(email) = email else { return Ok(None) };
    let holder = find::plain_holder(connection, table, &table.email, email)?;
    Ok(holder.or_else(|| taken.emails.get(email).cloned()))
}

fn insert(table: &Described, cells: &[Cell], contact_id: Option<&ContactId>) -> Result<Sql, Applied> {
    let mut columns: Vec<&Ident> = Vec::new();
    let mut values: Vec<Sql> = Vec::new();
    let mut put = |column, bind| {
        let mut value = Sql::default();
        value.bind(bind);
        columns.push(column);
        values.push(value);
    };
    if table.new_id == NewId::Uuid {
        put(&table.id, Bind::text(&uuid::Uuid::new_v4().to_string()));
    }
    let own =
        [Some(&table.id), Some(&table.stamps.column), table.contact_id.as_ref().map(|field| &field.ident)];
    for (field, cell) in table.columns.iter().zip(cells) {
        // What we fill ourselves is not filled twice. An empty cell is written as empty: a default might be a consent.
        let ours = own.into_iter().flatten().any(|ident| *ident == field.ident);
        if !ours && !cell.is_absent() {
            put(&field.ident, update::value(table, field, cell.text(), None)?);
        }
    }
    if let (Some(field), Some(contact)) = (&table.contact_id, contact_id) {
        put(&field.ident, Bind::text(contact.as_str()));
    }
    // A new row without a stamp would be looked at in every cycle.
    if table.touch_modified || !table.stamped_by_default {
        let mut now = Sql::default();
        table.stamps.now(&mut now);
        columns.push(&table.stamps.column);
        values.push(now);
    }
    let mut sql = Sql::new("INSERT OR ABORT INTO ");
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
