//! Finding people by Contact Id and by e-mail address, in columns people type into.
//!
//! Most values are spelled plainly and are found by equality, through an index where there is one. The others (white
//! space around, characters outside of ASCII, and capitals where no index knows `lower`) are few: one pass over the column
//! brings them all, and they are read here by the same rules as everywhere else.

use std::collections::{HashMap, HashSet};

use model::{ContactId, Email, Supporter, SupporterId};
use sqlx::postgres::PgConnection;

use super::Postgres;
use super::column::{self, Kind};
use super::copy::{self, Malformed, Row};
use super::describe::Described;
use super::read::count;
use super::schema::Field;
use super::sql::Sql;
use crate::found::{Found, Key};
use crate::{Error, MAX_MATCHES_PER_KEY};

const OPERATION: &str = "find supporters";
/// Keys looked up by one statement: a column without an index is read once for all of them.
const CHUNK: usize = 1_000;
/// The most keys that narrow a pass over the column down inside PostgreSQL.
const MOST_IN_SQL: usize = 20_000;

/// How a kind of key is told in SQL.
pub(super) trait Spelled: Key {
    /// The column as the plain spellings are compared with it.
    fn compared(sql: &mut Sql, field: &Field) -> Compared;
    /// A condition that holds for every text that is one of `wanted` spelled otherwise than plainly, and for not many more.
    fn spelled_otherwise(sql: &mut Sql, field: &Field, wanted: &HashSet<Self>);
}

/// What a column is compared as.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Compared {
    /// As text.
    Text,
    /// As its own type, which an index on the bare column needs.
    Own,
}

/// The bare column, as an index knows it.
fn bare(sql: &mut Sql, field: &Field) -> Compared {
    sql.ident(&field.ident);
    match field.kind {
        Kind::Blanked | Kind::Citext => Compared::Own,
        Kind::Text => Compared::Text,
        Kind::Integer
        | Kind::Numeric
        | Kind::Float
        | Kind::Boolean
        | Kind::Date
        | Kind::Local
        | Kind::Instant
        | Kind::Uuid
        | Kind::Enum
        | Kind::Bytes
        | Kind::Other => {
            sql.raw("::text");
            Compared::Text
        }
    }
}

/// The column's characters one by one, whatever its collation.
fn characters(sql: &mut Sql, field: &Field) {
    sql.raw("(").ident(&field.ident).raw("::text COLLATE \"C\")");
}

impl Spelled for ContactId {
    fn compared(sql: &mut Sql, field: &Field) -> Compared {
        bare(sql, field)
    }

    fn spelled_otherwise(sql: &mut Sql, field: &Field, _: &HashSet<Self>) {
        characters(sql, field);
        sql.raw(" <> '' AND (length(").ident(&field.ident).raw("::text) NOT IN (15, 18) OR ");
        characters(sql, field);
        sql.raw(" ~ '[^0-9A-Za-z]' OR substr(");
        characters(sql, field);
        sql.raw(", 16) ~ '[a-z]')");
    }
}

impl Spelled for Email {
    fn compared(sql: &mut Sql, field: &Field) -> Compared {
        if field.indexed || !field.indexed_lower {
            return bare(sql, field);
        }
        // As an index on `lower(column)` knows it.
        sql.raw("lower(").ident(&field.ident).raw("::text)");
        Compared::Text
    }

    fn spelled_otherwise(sql: &mut Sql, field: &Field, wanted: &HashSet<Self>) {
        let c = &field.ident;
        characters(sql, field);
        // Anything but printable ASCII without space and capitals.
        sql.raw(" ~ '[^!-@[-~]'");
        if wanted.len() <= MOST_IN_SQL {
            // The server can undo capitals and spaces of ASCII; the rest is for us.
            sql.raw(" AND (lower(btrim(").ident(c).raw("::text)) = ANY(");
            sql.array(wanted.iter().map(Email::expose)).raw(") OR ");
            characters(sql, field);
            sql.raw(" ~ '[^ -~]')");
        }
    }
}

/// ` = ANY(…)` with the plain spellings.
fn is_any<K: Spelled>(sql: &mut Sql, field: &Field, keys: &[&K]) {
    let compared = K::compared(sql, field);
    let spellings: Vec<Box<str>> = keys.iter().flat_map(|key| key.plain()).collect();
    sql.raw(" = ANY(").array(spellings.iter().map(|text| &**text));
    if compared == Compared::Own {
        sql.raw("::").ident(&field.cast).raw("[]");
    }
    sql.raw(")");
}

impl Postgres {
    pub(super) async fn find_contact_ids(&self, contacts: &[ContactId]) -> Result<Vec<Supporter>, Error> {
        match &self.table.contact_id {
            Some(field) => self.find(field, contacts).await,
            None => Ok(Vec::new()),
        }
    }

    pub(super) async fn find_emails(&self, emails: &[Email]) -> Result<Vec<Supporter>, Error> {
        self.find(&self.table.email, emails).await
    }

    async fn find<K: Spelled>(&self, field: &Field, keys: &[K]) -> Result<Vec<Supporter>, Error> {
        let wanted: HashSet<K> = keys.iter().cloned().collect();
        let mut found = Found::new(&wanted);
        let mut supporters = Vec::new();
        if wanted.is_empty() || field.kind == Kind::Bytes {
            return Ok(supporters);
        }
        let unique: Vec<&K> = wanted.iter().collect();
        let mut chunks: Vec<&[&K]> = unique.chunks(CHUNK).collect();
        while let Some(chunk) = chunks.pop() {
            if !self.find_plain(field, chunk, &mut found, &mut supporters).await? && chunk.len() > 1 {
                let (one, other) = chunk.split_at(chunk.len() / 2);
                chunks.extend([one, other]);
            }
        }
        let others = self.find_otherwise(field, &mut found).await?;
        supporters.extend(self.read_these(&others).await?.into_iter().flatten());
        Ok(supporters)
    }

    /// Rows with these keys spelled plainly. `false`: so many that some key may have crowded out another; ask for fewer.
    async fn find_plain<K: Spelled>(
        &self,
        field: &Field,
        keys: &[&K],
        found: &mut Found<'_, K>,
        supporters: &mut Vec<Supporter>,
    ) -> Result<bool, Error> {
        // Room for a few rows of each key, and for one key with as many rows as it may bring in each of two spellings.
        let most = 2 * (keys.len() + MAX_MATCHES_PER_KEY);
        let mut sql = self.table.select_supporter();
        sql.raw(", ");
        column::select(&mut sql, field, &self.table.zone);
        self.table.where_named(&mut sql);
        sql.raw(" AND ");
        is_any(&mut sql, field, keys);
        sql.raw(" LIMIT ").number(count(most));
        let rows = self.database.rows(OPERATION, &sql).await?;
        for row in &rows {
            let read =
                self.table.supporter(row).and_then(|s| Ok((s, row.cell(self.table.after_supporter())?)));
            let (supporter, held) = read.map_err(|error| self.malformed(OPERATION, error))?;
            supporters.extend(supporter.filter(|supporter| found.keep(&supporter.id, &held)));
        }
        Ok(rows.len() < most)
    }

    /// Ids of rows with the wanted keys in another spelling, from one pass over the column.
    async fn find_otherwise<K: Spelled>(
        &self,
        field: &Field,
        found: &mut Found<'_, K>,
    ) -> Result<Vec<SupporterId>, Error> {
        let sql = select_otherwise(&self.table, field, found.wanted);
        let (mut ids, mut broken) = (Vec::new(), None);
        let mut each = |row: Row| match id_and_held(&row) {
            Ok((id, held)) => ids.extend(id.filter(|id| found.keep(id, &held))),
            Err(error) => broken = Some(error),
        };
        self.database.each_row(OPERATION, &sql, &mut each).await?;
        match broken {
            None => Ok(ids),
            Some(error) => Err(self.malformed(OPERATION, error)),
        }
    }
}

fn id_and_held(row: &Row) -> Result<(Option<SupporterId>, model::Cell), Malformed> {
    Ok((row.id(0)?, row.cell(1)?))
}

fn select_otherwise<K: Spelled>(table: &Described, field: &Field, wanted: &HashSet<K>) -> Sql {
    let mut sql = Sql::new("SELECT ");
    table.select_id(&mut sql);
    sql.raw(", ");
    column::select(&mut sql, field, &table.zone);
    table.where_named(&mut sql);
    sql.raw(" AND ");
    K::spelled_otherwise(&mut sql, field, wanted);
    sql
}

/// Who holds each of these keys, in any spelling; the first row found for each, those spelled plainly first.
pub(super) async fn holders<K: Spelled>(
    connection: &mut PgConnection,
    table: &Described,
    field: &Field,
    wanted: &HashSet<K>,
) -> Result<HashMap<K, SupporterId>, sqlx::Error> {
    let mut holders = HashMap::new();
    if wanted.is_empty() || field.kind == Kind::Bytes {
        return Ok(holders);
    }
    let keys: Vec<&K> = wanted.iter().collect();
    // One row for each spelling: an address that half of the table shares must not crowd out others.
    let mut plain = Sql::new("SELECT DISTINCT ON (2) ");
    table.select_id(&mut plain);
    plain.raw(", ");
    column::select(&mut plain, field, &table.zone);
    table.where_named(&mut plain);
    plain.raw(" AND ");
    is_any(&mut plain, field, &keys);
    plain.raw(" ORDER BY 2, ").ident(&table.id.ident);
    for sql in [plain, select_otherwise(table, field, wanted)] {
        let mut each = |row: Row| {
            let Ok((Some(id), held)) = id_and_held(&row) else { return };
            if let Some(key) = held.text().and_then(K::read).filter(|key| wanted.contains(key)) {
                holders.entry(key).or_insert(id);
            }
        };
        copy::each_row(connection, &sql, &mut each).await?;
    }
    Ok(holders)
}
