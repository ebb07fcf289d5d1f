//! The contract on the SQLite adapter, for each way a table may keep ids and stamps.

use async_trait::async_trait;
use model::Stamp;
use sqlx::AssertSqlSafe;
use supporters::conformance::{Bench, COLUMNS, Planted, Stand};
use supporters::{Sqlite, Supporters};

use crate::support::File;

/// One way to build the table.
struct SqliteBench {
    schema: &'static str,
    stamp: fn(Stamp) -> StampValue,
}

enum StampValue {
    Text(String),
    Number(i64),
}

struct SqliteStand {
    file: File,
    supporters: Sqlite,
}

#[async_trait]
impl Bench for SqliteBench {
    async fn with(&self, rows: &[Planted]) -> Box<dyn Stand> {
        let file = File::new(self.schema).await;
        let mut transaction = file.pool.begin().await.unwrap();
        for row in rows {
            let query = sqlx::query(
                "INSERT INTO people (id, contact_id, email, first_name, last_name, opt_in, modified) \
                 VALUES (?, ?, ?, ?, ?, ?, ?)",
            );
            let mut query = query.bind(row.id.to_string()).bind(row.contact_id.clone());
            for cell in &row.cells {
                query = query.bind(cell.clone());
            }
            let query = match row.modified.map(self.stamp) {
                None => query.bind(None::<i64>),
                Some(StampValue::Text(text)) => query.bind(text),
                Some(StampValue::Number(number)) => query.bind(number),
            };
            query.execute(&mut *transaction).await.unwrap();
        }
        transaction.commit().await.unwrap();
        let supporters = file.open(&COLUMNS).await;
        Box::new(SqliteStand { file, supporters })
    }
}

#[async_trait]
impl Stand for SqliteStand {
    fn supporters(&self) -> &dyn Supporters {
        &self.supporters
    }

    async fn edit(&self, row: u32, column: &str, to: Option<&str>) {
        assert!(column.chars().all(|c| c.is_ascii_alphabetic() || c == '_'));
        let sql = format!("UPDATE people SET {column} = ? WHERE id = ?");
        let query = sqlx::query(AssertSqlSafe(sql)).bind(to).bind(row.to_string());
        assert_eq!(query.execute(&self.file.pool).await.unwrap().rows_affected(), 1);
    }

    async fn edit_contact_id(&self, row: u32, to: Option<&str>) {
        self.edit(row, "contact_id", to).await;
    }

    async fn remove(&self, row: u32) {
        let query = sqlx::query("DELETE FROM people WHERE id = ?").bind(row.to_string());
        assert_eq!(query.execute(&self.file.pool).await.unwrap().rows_affected(), 1);
    }
}

fn iso(stamp: Stamp) -> StampValue {
    StampValue::Text(stamp.to_seconds_text())
}

fn naive(stamp: Stamp) -> StampValue {
    StampValue::Text(stamp.to_seconds_text().replace('T', " ").replace('Z', ""))
}

/// Every spelling there is, one after the other.
fn mixed(stamp: Stamp) -> StampValue {
    let seconds = stamp.micros() / 1_000_000;
    let text = stamp.to_seconds_text();
    match seconds % 4 {
        0 => StampValue::Number(seconds),
        1 => StampValue::Text(text.replace('T', " ").replace('Z', ".000+00:00")),
        2 => StampValue::Text(text.replace('Z', ".000+0000")),
        _ => StampValue::Text(text),
    }
}

mod whole_number_ids_and_indexed_text {
    use super::*;
    supporters::conformance!(SqliteBench {
        schema: "CREATE TABLE people (id INTEGER PRIMARY KEY, modified TEXT, contact_id TEXT, email TEXT, \
                 first_name TEXT, last_name TEXT, opt_in TEXT); CREATE INDEX m ON people (modified); \
                 CREATE INDEX e ON people (email); CREATE INDEX c ON people (contact_id)",
        stamp: iso,
    });
}

mod text_ids_without_rowid_and_case_blind_columns {
    use super::*;
    supporters::conformance!(SqliteBench {
        schema: "CREATE TABLE people (id TEXT PRIMARY KEY DEFAULT (hex(randomblob(8))), modified DATETIME, \
                 contact_id TEXT COLLATE NOCASE, email TEXT COLLATE NOCASE, first_name TEXT COLLATE NOCASE, \
                 last_name TEXT, opt_in TEXT) WITHOUT ROWID; CREATE INDEX e ON people (email)",
        stamp: naive,
    });
}

mod untyped_columns_and_seconds {
    use super::*;
    supporters::conformance!(SqliteBench {
        schema: "CREATE TABLE people (id INTEGER PRIMARY KEY, modified, contact_id, email, first_name, last_name, \
                 opt_in); CREATE INDEX m ON people (modified)",
        stamp: |stamp| StampValue::Number(stamp.micros() / 1_000_000),
    });
}

mod strict_columns_and_milliseconds {
    use super::*;
    supporters::conformance!(SqliteBench {
        schema: "CREATE TABLE people (id INTEGER PRIMARY KEY, modified INTEGER, contact_id TEXT, email TEXT, \
                 first_name TEXT, last_name TEXT, opt_in TEXT) STRICT",
        stamp: |stamp| StampValue::Number(stamp.micros() / 1_000),
    });
}

mod stamps_in_every_spelling {
    use super::*;
    supporters::conformance!(SqliteBench {
        schema: "CREATE TABLE people (id INTEGER PRIMARY KEY, modified, contact_id VARCHAR(18), \
                 email VARCHAR(100), first_name VARCHAR(40), last_name VARCHAR(80), opt_in CHAR(1))",
        stamp: mixed,
    });
}
