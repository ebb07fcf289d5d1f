//! Who keeps the column of stamps: a trigger that names it, or nobody that can be seen.

use super::connect::Database;
use super::fault::classify;
use super::schema::{Field, Named};
use super::sql::Sql;
use crate::{Error, Relation};

/// Whether something in the database stamps a row that is changed. `None`: that cannot be told of a view.
///
/// A trigger counts if it fires on updates and its function, or the arguments it is given, name the column.
pub(super) async fn stamps_updates(
    database: &Database,
    relation: &Named,
    modified: &Field,
) -> Result<Option<bool>, Error> {
    if relation.relation == Relation::View {
        return Ok(None);
    }
    if modified.column.generated {
        return Ok(Some(true));
    }
    let operation = "look at triggers";
    // 16: fires on UPDATE (`pg_trigger.tgtype`, TRIGGER_TYPE_UPDATE).
    let mut sql = Sql::new(
        "SELECT count(*) > 0 FROM pg_trigger AS t JOIN pg_proc AS p ON p.oid = t.tgfoid \
         WHERE NOT t.tgisinternal AND t.tgenabled <> 'D' AND (t.tgtype & 16) <> 0 \
         AND (position(lower(",
    );
    sql.value(&modified.column.name).raw(") IN lower(p.prosrc)) > 0 OR position(lower(");
    sql.value(&modified.column.name).raw(") IN lower(encode(t.tgargs, 'escape'))) > 0) AND t.tgrelid = ");
    sql.number(relation.oid).raw("::oid");
    let found = database.row(operation, &sql).await?.flag(0);
    found.map(Some).map_err(|error| classify(operation, &relation.name, &error.into()))
}
