//! Supporters in an existing table or view of a PostgreSQL database.
//!
//! Nothing is assumed about it but what [`crate::Table`] says, and that is checked against the catalog on opening. Reads
//! are single statements, sent as `COPY … TO STDOUT`; no transaction stays open between two calls.

mod apply;
mod changed;
mod clock;
mod column;
mod connect;
mod copy;
mod create;
mod describe;
mod fault;
mod find;
mod login;
mod look;
mod read;
mod schema;
mod shape;
mod sql;
mod stamp;
mod trigger;
mod update;
mod zone;

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use model::{ContactId, Email, FieldMap, Position, Stamp, Supporter, SupporterId, Window};

use crate::carried::carried;
use crate::{Applied, Changed, Error, Shape, SupporterWrite, Supporters, Table};
use connect::Database;
use describe::Described;
use zone::ZoneText;

pub use login::{Login, STATEMENT_TIMEOUT};
pub(crate) use look::{look_at, look_at_all};
pub use zone::{InvalidZoneName, ZoneName};

/// The PostgreSQL adapter. Clones share their connections.
#[derive(Clone)]
pub struct Postgres {
    database: Database,
    table: Arc<Described>,
}

impl Postgres {
    /// Connects and checks the relation against the catalog. `columns` are [`model::FieldMap::columns`]. Times without an
    /// offset are in `zone`, or where it is not given at the fixed offset [`Table::zone`]; [`Table::url`] is not used.
    ///
    /// Where the id column is not declared unique, this reads the whole relation once to see that it is.
    ///
    /// # Errors
    /// [`Error`] says what is missing or unsuitable, and names what is there instead.
    pub async fn open(
        login: &Login,
        table: &Table,
        zone: Option<&ZoneName>,
        columns: &[String],
    ) -> Result<Self, Error> {
        let zone = zone.map_or_else(|| ZoneText::fixed(table.zone), ZoneText::named);
        let database = Database::open(login, zone.as_str(), table.read_only).await?;
        let described = describe::describe(&database, table, &zone, columns).await?;
        Ok(Self { database, table: Arc::new(described) })
    }

    /// The same, told by the map's rules what its columns carry: yes and no are written as the column spells them.
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

    fn fault(&self, operation: &'static str, error: &sqlx::Error) -> Error {
        self.database.fault(operation, self.table.name(), error)
    }
}

impl fmt::Debug for Postgres {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Postgres").field("table", &self.table.name()).finish_non_exhaustive()
    }
}

#[async_trait]
impl Supporters for Postgres {
    fn read_only(&self) -> Option<&'static str> {
        self.table.read_only
    }

    fn takes_contact_ids(&self) -> bool {
        self.table.contact_id.as_ref().is_some_and(|field| field.writable && !field.column.generated)
    }

    async fn now(&self) -> Result<Stamp, Error> {
        self.read_now().await
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
