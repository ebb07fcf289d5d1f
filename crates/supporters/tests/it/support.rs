//! A SQLite file of a test's own, and somebody else's hands in it.

use sqlx::sqlite::{SqliteConnectOptions, SqlitePool, SqlitePoolOptions};
use supporters::{Sqlite, Table};

/// A file in a folder that goes away with it.
pub(crate) struct File {
    folder: tempfile::TempDir,
    pub(crate) pool: SqlitePool,
}

impl File {
    /// A new file with this schema.
    pub(crate) async fn new(schema: &'static str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let options = SqliteConnectOptions::new()
            .filename(folder.path().join("people.db"))
            .create_if_missing(true)
            .foreign_keys(false);
        let pool = SqlitePoolOptions::new().max_connections(1).connect_with(options).await.unwrap();
        let file = Self { folder, pool };
        file.run(schema).await;
        file
    }

    /// Runs statements as somebody else.
    pub(crate) async fn run(&self, sql: &'static str) {
        sqlx::raw_sql(sql).execute(&self.pool).await.unwrap();
    }

    /// One number.
    pub(crate) async fn number(&self, sql: &'static str) -> i64 {
        sqlx::query_scalar(sql).fetch_one(&self.pool).await.unwrap()
    }

    /// One text.
    pub(crate) async fn text(&self, sql: &'static str) -> Option<String> {
        sqlx::query_scalar(sql).fetch_one(&self.pool).await.unwrap()
    }

    /// The plain description: `id`, `modified`, `contact_id`, `email` in a table `people`.
    pub(crate) fn table(&self) -> Table {
        let url = format!("sqlite:{}", self.folder.path().join("people.db").display());
        Table {
            url,
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

    /// The adapter and the file it needs to live.
    pub(crate) async fn open_and_keep(self, columns: &[&str]) -> (Self, Sqlite) {
        let supporters = self.open(columns).await;
        (self, supporters)
    }

    /// Opens the plain description.
    pub(crate) async fn open(&self, columns: &[&str]) -> Sqlite {
        open(&self.table(), columns).await
    }
}

/// Opens a description that must fit.
pub(crate) async fn open(table: &Table, columns: &[&str]) -> Sqlite {
    Sqlite::open(table, &owned(columns)).await.unwrap()
}

pub(crate) fn owned(columns: &[&str]) -> Vec<String> {
    columns.iter().map(ToString::to_string).collect()
}
