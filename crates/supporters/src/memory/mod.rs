//! Supporters in memory, for tests of everything that stands on [`Supporters`]. Keeps the same promises as a database.

mod store;
#[cfg(test)]
mod tests;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use model::{Cell, Clock, ContactId, Email, Position, Stamp, Supporter, SupporterId, Window};

use crate::{
    Applied, Changed, Column, ColumnKind, Error, MAX_MATCHES_PER_KEY, Relation, Shape, SupporterWrite,
    Supporters,
};
use store::{Row, Store};

/// A database of supporters that lives as long as its last handle. Clones share the rows.
#[derive(Debug, Clone)]
pub struct Memory {
    clock: Clock,
    columns: Arc<[String]>,
    store: Arc<Mutex<Store>>,
}

impl Memory {
    /// An empty one with these columns, in the order of [`model::FieldMap::columns`]. `email` names the one that holds the
    /// address; `clock` is the database's own.
    #[must_use]
    pub fn new(columns: &[String], email: &str, clock: Clock) -> Self {
        let email = columns.iter().position(|column| column == email);
        let store = Store::new(columns.len(), email);
        Self { clock, columns: columns.into(), store: Arc::new(Mutex::new(store)) }
    }

    /// Puts a row there as somebody else would, replacing one with the same id. Cells that are missing are empty.
    pub fn put(&self, supporter: Supporter) {
        let modified = Some(supporter.modified);
        self.put_stamped(supporter, modified);
    }

    /// As [`Memory::put`], for a row without a stamp.
    pub fn put_undated(&self, supporter: Supporter) {
        self.put_stamped(supporter, None);
    }

    fn put_stamped(&self, supporter: Supporter, modified: Option<Stamp>) {
        let mut cells = supporter.cells;
        cells.resize(self.columns.len(), Cell::Empty);
        self.store().put(supporter.id, Row { modified, contact_id: supporter.contact_id, cells });
    }

    /// Changes one cell as somebody else would, and stamps the row now. `false`: no such row or column.
    pub fn edit(&self, id: &SupporterId, column: &str, cell: Cell) -> bool {
        let Some(place) = self.columns.iter().position(|known| known == column) else { return false };
        let now = self.clock.now();
        self.store().edit(id, |row| {
            row.cells[place] = cell;
            row.modified = Some(now);
        })
    }

    /// Changes the Contact Id as somebody else would, and stamps the row now. `false`: no such row.
    pub fn edit_contact_id(&self, id: &SupporterId, cell: Cell) -> bool {
        let now = self.clock.now();
        self.store().edit(id, |row| {
            row.contact_id = cell;
            row.modified = Some(now);
        })
    }

    /// Takes a row away. `false`: it was not there.
    pub fn remove(&self, id: &SupporterId) -> bool {
        self.store().remove(id)
    }

    /// All rows, in the order of their ids.
    #[must_use]
    pub fn rows(&self) -> Vec<Supporter> {
        let now = self.clock.now();
        self.store().rows(now)
    }

    /// Refuses or accepts writes from now on.
    pub fn set_read_only(&self, read_only: bool) {
        self.store().read_only = read_only;
    }

    /// Makes one of the next calls fail, in the order given. Nothing is written by a call that fails.
    pub fn fail_next(&self, error: Error) {
        self.store().failures.push_back(error);
    }

    /// How many writes were applied with [`Applied::Done`] since the beginning.
    #[must_use]
    pub fn writes_done(&self) -> u64 {
        self.store().done
    }

    fn store(&self) -> MutexGuard<'_, Store> {
        self.store.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The store, unless this call is one that was told to fail.
    fn answer(&self) -> Result<MutexGuard<'_, Store>, Error> {
        let mut store = self.store();
        match store.failures.pop_front() {
            Some(error) => Err(error),
            None => Ok(store),
        }
    }
}

#[async_trait]
impl Supporters for Memory {
    fn read_only(&self) -> Option<&'static str> {
        self.store().read_only.then_some("it was told to be")
    }

    fn takes_contact_ids(&self) -> bool {
        true
    }

    async fn now(&self) -> Result<Stamp, Error> {
        self.answer().map(|_| self.clock.now())
    }

    async fn changed(
        &self,
        window: &Window,
        after: Option<&Position>,
        limit: usize,
    ) -> Result<Vec<Changed>, Error> {
        let now = self.clock.now();
        Ok(self.answer()?.changed(now, window, after, limit))
    }

    async fn count(&self) -> Result<u64, Error> {
        Ok(self.answer()?.len())
    }

    async fn ids(&self, after: Option<&SupporterId>, limit: usize) -> Result<Vec<SupporterId>, Error> {
        Ok(self.answer()?.ids(after, limit))
    }

    async fn get(&self, ids: &[SupporterId]) -> Result<Vec<Option<Supporter>>, Error> {
        let now = self.clock.now();
        let store = self.answer()?;
        Ok(ids.iter().map(|id| store.get(now, id)).collect())
    }

    async fn by_contact_ids(&self, contacts: &[ContactId]) -> Result<Vec<Supporter>, Error> {
        let now = self.clock.now();
        let wanted = |row: &Row| store::contact_id(&row.contact_id).filter(|id| contacts.contains(id));
        Ok(self.answer()?.matching(now, wanted, MAX_MATCHES_PER_KEY))
    }

    async fn by_emails(&self, emails: &[Email]) -> Result<Vec<Supporter>, Error> {
        let now = self.clock.now();
        let store = self.answer()?;
        let wanted = |row: &Row| store.email_of(&row.cells).filter(|email| emails.contains(email));
        Ok(store.matching(now, wanted, MAX_MATCHES_PER_KEY))
    }

    async fn apply(&self, writes: &[SupporterWrite]) -> Result<Vec<Applied>, Error> {
        let now = self.clock.now();
        let mut store = self.answer()?;
        if store.read_only {
            return Err(Error::ReadOnly { table: "memory".into(), reason: "it was told to be" });
        }
        Ok(writes.iter().map(|write| store.apply(now, write)).collect())
    }

    async fn shape(&self) -> Result<Shape, Error> {
        let now = self.clock.now();
        let store = self.answer()?;
        let column = |name: &String| Column {
            name: name.clone(),
            kind: ColumnKind::Text,
            declared: "TEXT".into(),
            nullable: true,
            length: None,
            primary_key: 0,
            generated: false,
        };
        let undated = store.undated(now);
        Ok(Shape {
            table: "memory".into(),
            quoted: "memory".into(),
            relation: Relation::Table,
            columns: self.columns.iter().map(column).collect(),
            rows: store.len(),
            undated: undated.len() as u64,
            undated_ids: undated.iter().take(20).map(ToString::to_string).collect(),
            ahead: store.ahead(now),
            unaddressable: 0,
            stamps: "instants".into(),
            modified_indexed: true,
            email_indexed: true,
            contact_id_indexed: Some(true),
            read_only: store.read_only.then_some("it was told to be"),
            notes: Vec::new(),
        })
    }
}
