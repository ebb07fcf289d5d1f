//! The table as it stands, with what an administrator should look at.

use super::connect::classify;
use super::sql::{Bind, Sql};
use super::{Sqlite, cell};
use crate::{Error, Shape};

const OPERATION: &str = "read the shape";
/// How many undated rows are named.
const NAMED: i64 = 20;
/// Seconds that two clocks may differ without anybody looking into it.
const TOLERANCE: i64 = 300;

impl Sqlite {
    pub(super) async fn read_shape(&self) -> Result<Shape, Error> {
        let table = &self.table;
        let now = self.read_now().await?.micros().div_euclid(1_000_000);
        Ok(Shape {
            table: table.name().to_owned(),
            quoted: format!("\"{}\"", table.name().replace('"', "\"\"")),
            relation: table.relation.relation,
            columns: table.all.clone(),
            rows: self.read_count().await?,
            undated: self.count_undated(now).await?,
            undated_ids: self.name_undated(now).await?,
            ahead: self.count_ahead(now).await?,
            unaddressable: self.count_unaddressable().await?,
            stamps: table.stamps.describe(),
            modified_indexed: table.stamps.indexed,
            email_indexed: table.email.indexed,
            contact_id_indexed: table.contact_id.as_ref().map(|field| field.indexed),
            read_only: table.read_only,
            notes: Vec::new(),
        })
    }

    async fn count_undated(&self, now: i64) -> Result<u64, Error> {
        let mut sql = Sql::new("SELECT count(*)");
        self.table.where_named(&mut sql);
        self.is_undated(&mut sql, now);
        self.read_number(OPERATION, &sql).await
    }

    async fn name_undated(&self, now: i64) -> Result<Vec<String>, Error> {
        let mut sql = Sql::new("SELECT ");
        self.table.id_text(&mut sql);
        self.table.where_named(&mut sql);
        self.is_undated(&mut sql, now);
        sql.raw(" ORDER BY ").ident(&self.table.id).raw(" LIMIT ").number(NAMED);
        let rows = self.database.rows(OPERATION, &sql).await?;
        let ids = rows.iter().map(|row| cell::id(row, 0));
        let ids: Result<Vec<_>, _> = ids.collect();
        let ids = ids.map_err(|error| classify(OPERATION, self.table.name(), &error))?;
        Ok(ids.into_iter().flatten().map(|id| id.to_string()).collect())
    }

    async fn count_ahead(&self, now: i64) -> Result<u64, Error> {
        let mut sql = Sql::new("SELECT count(*)");
        self.table.where_named(&mut sql);
        sql.raw(" AND ").push(&self.table.stamps.second()).raw(" > ").number(now.saturating_add(TOLERANCE));
        self.read_number(OPERATION, &sql).await
    }

    /// Close to what [`model::SupporterId`] refuses: SQL knows no classes of characters beyond ranges.
    async fn count_unaddressable(&self) -> Result<u64, Error> {
        let id = &self.table.id;
        let mut named = Sql::new("SELECT (SELECT count(*) FROM ");
        named.ident(&self.table.table).raw(") - (SELECT count(*)");
        self.table.where_named(&mut named);
        named.raw(" AND octet_length(").ident(id).raw(") BETWEEN 1 AND 255 AND trim(").ident(id).raw(") = ");
        named.ident(id).raw(" AND instr(").ident(id).raw(", char(0)) = 0 AND ").ident(id).raw(" NOT GLOB ");
        named.bind(Bind::text("*[\u{1}-\u{1f}]*")).raw(")");
        self.read_number(OPERATION, &named).await
    }
}
