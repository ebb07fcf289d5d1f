//! From `[supporters]` to an adapter.

use std::sync::Arc;

use supporters::{Sqlite, Supporters, Table};

use crate::config::{Config, SupporterKind};
use crate::failure::Failure;

/// Opens the configured database and checks its table. `columns` are the field map's.
///
/// # Errors
/// When the database cannot be reached or its table is not as configured.
pub async fn supporters(config: &Config, columns: &[String]) -> Result<Arc<dyn Supporters>, Failure> {
    match config.supporters.kind {
        SupporterKind::Sqlite => Ok(Arc::new(Sqlite::open(&table(config), columns).await?)),
    }
}

/// The same for a cycle: a table that is to be written must be writable before anything is sent to the org.
///
/// # Errors
/// As [`supporters()`], and when changes are to be pulled into a table that cannot be written.
pub async fn for_a_cycle(config: &Config, columns: &[String]) -> Result<Arc<dyn Supporters>, Failure> {
    let SupporterKind::Sqlite = config.supporters.kind;
    let adapter = Sqlite::open(&table(config), columns).await?;
    match adapter.read_only().filter(|_| config.sync.pull) {
        Some(reason) => {
            Err(supporters::Error::ReadOnly { table: config.supporters.table.clone(), reason }.into())
        }
        None => Ok(Arc::new(adapter)),
    }
}

/// The table as the adapter wants it described.
#[must_use]
pub fn table(config: &Config) -> Table {
    let settings = &config.supporters;
    Table {
        url: config.resolve(&settings.path).display().to_string(),
        table: settings.table.clone(),
        id: settings.id_column.clone(),
        modified: settings.modified_column.clone(),
        modified_format: settings.modified_format,
        zone: settings.utc_offset,
        undated: settings.undated_rows,
        contact_id: settings.contact_id_column.clone(),
        email: settings
            .email_column
            .clone()
            .or_else(|| mapped_email(config))
            .unwrap_or_else(|| "email".to_owned()),
        new_id: settings.new_id,
        touch_modified: settings.touch_modified,
        read_only: settings.read_only,
    }
}

/// The column that is mapped to the Contact's `Email`.
fn mapped_email(config: &Config) -> Option<String> {
    let field = config.fields.iter().find(|field| field.contact.eq_ignore_ascii_case("Email"))?;
    field.column_names().first().cloned()
}

/// Every column the field map reads or writes, each once, as [`model::FieldMap::columns`] gives them.
#[must_use]
pub fn columns(config: &Config) -> Vec<String> {
    let mut columns: Vec<String> = Vec::new();
    for name in config.fields.iter().flat_map(crate::config::Field::column_names) {
        if !columns.contains(&name) {
            columns.push(name);
        }
    }
    columns
}
