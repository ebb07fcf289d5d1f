//! Supporters in an existing table of a SQLite file.
//!
//! Nothing is assumed about the table but what [`crate::Table`] says, and that is checked against the schema on opening.
//! A read is one transaction, which ends with the call; the file's journal mode is left as it is.

mod affinity;
mod along;
mod apply;
mod cell;
mod changed;
mod clock;
mod connect;
mod create;
mod describe;
mod detect;
mod find;
mod local;
mod look;
mod read;
mod schema;
mod shape;
mod spelling;
mod sql;
mod stamp;
mod these;
mod update;

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use model::{ContactId, Email, FieldMap, Position, Stamp, Supporter, SupporterId, Window};

use crate::carried::carried;
use crate::{Applied, Changed, Error, Shape, SupporterWrite, Supporters, Table};
use clock::Quiet;
use connect::Database;
use describe::Described;

pub(crate) use look::{look_at, look_at_all};

/// The SQLite adapter. Clones share their connections.
#[derive(Clone)]
pub struct Sqlite {
    database: Database,
    table: Arc<Described>,
    /// When nobody was last seen to be writing.
    quiet: Arc<Quiet>,
}

impl Sqlite {
    /// Opens the file and checks the table against its schema. `columns` are [`model::FieldMap::columns`].
    ///
    /// Where the id column is not declared unique, this reads the whole table once to see that it is.
    ///
    /// # Errors
    /// [`Error`] says what is missing or unsuitable, and names what is there instead.
    pub async fn open(table: &Table, columns: &[String]) -> Result<Self, Error> {
        let database = Database::open(&table.url, table.read_only).await?;
        let described = describe::describe(&database, table, columns).await?;
        Ok(Self { database, table: Arc::new(described), quiet: Arc::default() })
    }

    /// The same, told by the map's rules what its columns carry: yes and no are written as the column spells them, and dates and
    /// times that do not say their offset are of [`Table::zone`].
    #[must_use]
    pub fn for_map(mut self, map: &FieldMap) -> Self {
        let table = Arc::make_mut(&mut self.table);
        for (field, carried) in table.columns.iter_mut().zip(carried(map)) {
            field.carried = carried;
        }
        self
    }

    /// Closes the connections; calls after this fail.
    pub async fn close(&self) {
        self.database.close().await;
    }
}

impl fmt::Debug for Sqlite {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sqlite").field("table", &self.table.name()).finish_non_exhaustive()
    }
}

#[async_trait]
impl Supporters for Sqlite {
    fn read_only(&self) -> Option<&'static str> {
        self.table.read_only
    }

    fn takes_contact_ids(&self) -> bool {
        self.table.contact_id.as_ref().is_some_and(|field| !field.column.generated)
    }

    async fn now(&self) -> Result<Stamp, Error> {
        self.read_now().await
    }

    fn ended_at(&self, end: Stamp) {
        self.quiet.was_at(end);
    }

    async fn changed(
        &self,
        window: &Window,
        after: Option<&Position>,
        limit: usize,
    ) -> Result<Vec<Changed>, Error> {
        self.read_changed(window, after, limit).await
    }

    async fn count(&self) -> Result<u64, Error> {
        self.read_count().await
    }

    async fn ids(&self, after: Option<&SupporterId>, limit: usize) -> Result<Vec<SupporterId>, Error> {
        self.read_ids(after, limit).await
    }

    async fn get(&self, ids: &[SupporterId]) -> Result<Vec<Option<Supporter>>, Error> {
        self.read_these(ids).await
    }

    async fn by_contact_ids(&self, contacts: &[ContactId]) -> Result<Vec<Supporter>, Error> {
        self.find_contact_ids(contacts).await
    }

    async fn by_emails(&self, emails: &[Email]) -> Result<Vec<Supporter>, Error> {
        self.find_emails(emails).await
    }

    async fn apply(&self, writes: &[SupporterWrite]) -> Result<Vec<Applied>, Error> {
        self.apply_all(writes).await
    }

    async fn shape(&self) -> Result<Shape, Error> {
        self.read_shape().await
    }
}
