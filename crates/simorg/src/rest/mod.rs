//! The REST API.

mod batch;
mod changes;
mod collections;
mod composite;
mod cursors;
mod describe;
mod limits;
mod query;
mod record;
mod references;
mod routes;
mod row;
mod sobject;
mod subrequest;
mod versions;

pub(crate) use cursors::Cursors;
pub(crate) use record::record_json;
pub(crate) use routes::router;
pub(crate) use row::{RowError, seeded_row};
