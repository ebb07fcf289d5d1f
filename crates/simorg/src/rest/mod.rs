//! The REST API.

mod changes;
mod collections;
mod cursors;
mod describe;
mod limits;
mod query;
mod record;
mod routes;
mod row;
mod sobject;
mod versions;

pub(crate) use cursors::Cursors;
pub(crate) use record::record_json;
pub(crate) use routes::router;
pub(crate) use row::{RowError, seeded_row};
