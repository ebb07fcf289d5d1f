//! From `[supporters]` to an adapter.

use std::sync::Arc;
use std::time::Duration;

use model::FieldMap;
use supporters::postgres::{Login, ZoneName};
use supporters::{Postgres, Sqlite, Supporters, Table};

use crate::config::{Config, ConfigError, SupporterKind};
use crate::failure::Failure;

/// Refuses what needs supporters where there is no database of them; before anybody is asked or anything is written.
///
/// # Errors
/// [`Failure::no_supporters`].
pub fn needed(config: &Config) -> Result<(), Failure> {
    if config.supporters.kind.is_a_database() { Ok(()) } else { Err(Failure::no_supporters()) }
}

/// Opens the configured database and checks its table. `columns` are the field map's.
///
/// # Errors
/// When the database cannot be reached or its table is not as configured.
pub async fn supporters(config: &Config, columns: &[String]) -> Result<Arc<dyn Supporters>, Failure> {
    open(config, columns, None).await
}

/// The same, knowing what each column carries: for a dry run, which writes nothing.
///
/// # Errors
/// As [`supporters()`].
pub async fn to_look(config: &Config, map: &FieldMap) -> Result<Arc<dyn Supporters>, Failure> {
    open(config, map.columns(), Some(map)).await
}

/// The same for a cycle: a table that is to be written must be writable before anything is sent to the org.
///
/// # Errors
/// As [`supporters()`], and when changes are to be pulled into a table that cannot be written.
pub async fn for_a_cycle(config: &Config, map: &FieldMap) -> Result<Arc<dyn Supporters>, Failure> {
    let adapter = open(config, map.columns(), Some(map)).await?;
    match adapter.read_only().filter(|_| config.sync.pull) {
        Some(reason) => {
            Err(supporters::Error::ReadOnly { table: config.supporters.table.clone(), reason }.into())
        }
        None => Ok(adapter),
    }
}

async fn open(
    config: &Config,
    columns: &[String],
    map: Option<&FieldMap>,
) -> Result<Arc<dyn Supporters>, Failure> {
    let table = table(config);
    match config.supporters.kind {
        SupporterKind::Sqlite => {
            let mut adapter = Sqlite::open(&table, columns).await?;
            if let Some(map) = map {
                adapter = adapter.for_map(map);
            }
            Ok(Arc::new(adapter))
        }
        SupporterKind::Postgres => {
            let mut adapter = Postgres::open(&login(config)?, &table, zone(config).as_ref(), columns).await?;
            if let Some(map) = map {
                adapter = adapter.for_map(map);
            }
            Ok(Arc::new(adapter))
        }
        SupporterKind::None => Err(Failure::no_supporters()),
    }
}

/// How to reach the configured server. Fetches the password.
fn login(config: &Config) -> Result<Login, Failure> {
    let settings = &config.supporters;
    let mut login = Login::parse(settings.url.as_deref().unwrap_or_default())?;
    login.files_from(&std::path::absolute(&config.folder).unwrap_or_else(|_| config.folder.clone()));
    login.allow_unverified_server = settings.allow_unverified_server.is_some();
    login.statement_timeout = Duration::from_secs(settings.statement_timeout_seconds.get());
    let source = settings.password();
    if source.named() > 0 {
        login.password = Some(source.fetch(&config.folder).map_err(ConfigError::from)?);
    }
    Ok(login)
}

/// Checked when the file was read.
fn zone(config: &Config) -> Option<ZoneName> {
    config.supporters.time_zone.as_deref()?.parse().ok()
}

/// The table as the adapter wants it described.
#[must_use]
pub fn table(config: &Config) -> Table {
    let settings = &config.supporters;
    Table {
        url: config.resolve(settings.file()).display().to_string(),
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

/// The column that is mapped to the main address.
fn mapped_email(config: &Config) -> Option<String> {
    let field =
        config.fields.iter().find(|field| field.contact.eq_ignore_ascii_case(config.sync.object.email()))?;
    field.column_names().first().cloned()
}

/// Every column that is read or written beside those of the table itself, each once, as [`model::FieldMap::columns`] gives them.
#[must_use]
pub fn columns(config: &Config) -> Vec<String> {
    let mut columns: Vec<String> = Vec::new();
    let own = [&config.supporters.merged_into_column, &config.supporters.contact_deleted_column];
    let own = own.into_iter().flatten().cloned();
    for name in config.fields.iter().flat_map(crate::config::Field::column_names).chain(own) {
        if !columns.contains(&name) {
            columns.push(name);
        }
    }
    columns
}
