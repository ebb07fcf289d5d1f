//! The relation as it stands, with what an administrator should look at.

use super::sql::Sql;
use super::stamp::{AHEAD, Form};
use super::{Postgres, trigger};
use crate::{Error, Note, Relation, Shape};

const OPERATION: &str = "read the shape";
/// How many undated rows are named.
const NAMED: i64 = 20;
/// Seconds that two clocks may differ without anybody looking into it.
const TOLERANCE: i64 = 300;

impl Postgres {
    pub(super) async fn read_shape(&self) -> Result<Shape, Error> {
        let table = &self.table;
        let now = self.read_clock().await?;
        let email_indexed = table.email.indexed || table.email.indexed_lower;
        Ok(Shape {
            table: table.name().to_owned(),
            quoted: table.table.as_str().to_owned(),
            relation: table.relation.relation,
            columns: table.all.clone(),
            rows: self.read_count().await?,
            undated: self.count_undated(now).await?,
            undated_ids: self.name_undated(now).await?,
            ahead: self.count_ahead(now).await?,
            unaddressable: self.count_unaddressable().await?,
            stamps: table.stamps.describe(),
            modified_indexed: table.stamps.field.indexed,
            email_indexed,
            contact_id_indexed: table.contact_id.as_ref().map(|field| field.indexed),
            read_only: table.read_only,
            notes: self.notes().await?,
        })
    }

    async fn notes(&self) -> Result<Vec<Note>, Error> {
        let table = &self.table;
        let modified = &table.stamps.field;
        let mut notes = Vec::new();
        if trigger::stamps_updates(&self.database, &table.relation, modified).await? == Some(false) {
            notes.push(Note::NoTrigger { column: modified.column.name.clone() });
        }
        if table.stamps.form == Form::Local {
            notes.push(Note::NoOffset {
                column: modified.column.name.clone(),
                zone: table.zone.as_str().to_owned(),
            });
        }
        if !table.id.unique && table.relation.relation == Relation::Table {
            notes.push(Note::IdNotUnique { column: table.id.column.name.clone() });
        }
        let sql =
            Sql::new("SELECT pg_has_role('pg_read_all_stats', 'USAGE'), quote_ident(current_user::text)");
        let row = self.database.row(OPERATION, &sql).await?;
        let seen = row.flag(0).map_err(|error| self.malformed(OPERATION, error))?;
        if !seen {
            let user = row.known(1).map_err(|error| self.malformed(OPERATION, error))?.to_owned();
            notes.push(Note::WritersUnseen { user });
        }
        if table.read_only.is_none() {
            let named = table.columns.iter().chain(&table.contact_id);
            let kept = named.filter(|field| !field.writable && !field.column.generated);
            notes.extend(kept.map(|field| Note::NoRight { column: field.column.name.clone() }));
        }
        Ok(notes)
    }

    async fn count_undated(&self, now: i64) -> Result<u64, Error> {
        let mut sql = Sql::new("SELECT count(*)");
        self.table.where_named(&mut sql);
        self.table.stamps.is_not_within(&mut sql, now.saturating_add(AHEAD));
        self.read_number(OPERATION, &sql).await
    }

    async fn name_undated(&self, now: i64) -> Result<Vec<String>, Error> {
        let mut sql = Sql::new("SELECT ");
        self.table.select_id(&mut sql);
        self.table.where_named(&mut sql);
        self.table.stamps.is_not_within(&mut sql, now.saturating_add(AHEAD));
        sql.raw(" ORDER BY ").ident(&self.table.id.ident).raw(" LIMIT ").number(NAMED);
        let rows = self.database.rows(OPERATION, &sql).await?;
        let ids: Result<Vec<_>, _> = rows.iter().map(|row| row.id(0)).collect();
        let ids = ids.map_err(|error| self.malformed(OPERATION, error))?;
        Ok(ids.into_iter().flatten().map(|id| id.to_string()).collect())
    }

    async fn count_ahead(&self, now: i64) -> Result<u64, Error> {
        let stamps = &self.table.stamps;
        let mut sql = Sql::new("SELECT count(*)");
        self.table.where_named(&mut sql);
        sql.raw(" AND (");
        stamps.second(&mut sql);
        sql.raw(" > ").number(now.saturating_add(TOLERANCE)).raw(")");
        self.read_number(OPERATION, &sql).await
    }

    /// What [`model::SupporterId`] refuses, as far as SQL can tell.
    async fn count_unaddressable(&self) -> Result<u64, Error> {
        let mut sql = Sql::new("SELECT count(*) FROM ");
        sql.ident(&self.table.table)
            .raw(" WHERE ")
            .ident(&self.table.id.ident)
            .raw(" IS NULL OR octet_length(");
        self.table.id_text(&mut sql);
        sql.raw(") NOT BETWEEN 1 AND 255 OR btrim(");
        self.table.id_text(&mut sql);
        sql.raw(") <> ");
        self.table.id_text(&mut sql);
        sql.raw(" OR ");
        self.table.id_text(&mut sql);
        sql.raw(" ~ '[[:cntrl:]]'");
        self.read_number(OPERATION, &sql).await
    }
}
