//! An adapter over a database of a test's own.

use supporters::postgres::{Login, ZoneName};
use supporters::{Applied, Postgres, Table};

use super::server::{Database, server};

/// A database with this schema.
pub(super) async fn database(schema: &str) -> Database {
    let database = server().database().await;
    database.run(schema).await;
    database
}

/// The plain description: `id`, `modified`, `contact_id`, `email` in a table `people`.
pub(super) fn table() -> Table {
    Table {
        url: String::new(),
        table: "people".into(),
        id: "id".into(),
        modified: "modified".into(),
        modified_format: supporters::StampFormat::Auto,
        zone: supporters::Zone::default(),
        undated: supporters::UndatedRows::Always,
        contact_id: Some("contact_id".into()),
        email: "email".into(),
        new_id: supporters::NewId::Database,
        touch_modified: false,
        read_only: false,
    }
}

pub(super) fn owned(columns: &[&str]) -> Vec<String> {
    columns.iter().map(ToString::to_string).collect()
}

pub(super) fn login(database: &Database) -> Login {
    Login::parse(&database.url()).expect("an address")
}

/// Opens a description that must fit.
pub(super) async fn open(
    database: &Database,
    table: &Table,
    zone: Option<&str>,
    columns: &[&str],
) -> Postgres {
    let zone: Option<ZoneName> = zone.map(|zone| zone.parse().expect("a zone"));
    Postgres::open(&login(database), table, zone.as_ref(), &owned(columns)).await.expect("the table fits")
}

/// What became of each write, in a word.
pub(super) fn codes(applied: &[Applied]) -> Vec<&'static str> {
    let code = |applied: &Applied| match applied {
        Applied::Done { .. } => "done",
        Applied::ChangedMeanwhile => "changed",
        Applied::Gone => "gone",
        Applied::Refused { code, .. } => code.as_str(),
        Applied::AlreadyThere(_) => "there",
    };
    applied.iter().map(code).collect()
}
