//! The column of stamps in SQL: the second of a row, and bounds on the bare column that an index can serve.
//!
//! The second decides. A bound holds for at least all rows whose second lies within; what it lets through besides is
//! sorted out by the second.

use super::schema::Field;
use super::sql::{Ident, Sql};
use super::zone::ZoneText;

/// A stamp more than this many seconds ahead of the database's clock is none.
pub(super) const AHEAD: i64 = 86_400;
/// Further than any zone ever moved its clocks, in seconds.
const SHIFT: i64 = 26 * 3_600;

/// The form of a column of stamps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// `timestamp with time zone`.
    Instant,
    /// `timestamp without time zone`.
    Local,
    UnixSeconds,
    UnixMillis,
}

/// A column of stamps.
#[derive(Debug, Clone)]
pub(super) struct Stamps {
    pub(super) field: Field,
    pub(super) form: Form,
    pub(super) zone: ZoneText,
}

impl Stamps {
    fn column(&self) -> &Ident {
        &self.field.ident
    }

    /// The column as an instant; only for times.
    fn instant(&self, sql: &mut Sql) {
        match self.form {
            Form::Local => _ = self.zone.instant(sql, self.column()),
            Form::Instant | Form::UnixSeconds | Form::UnixMillis => _ = sql.ident(self.column()),
        }
    }

    /// The row's second in UTC, or NULL.
    pub(super) fn second(&self, sql: &mut Sql) {
        let c = self.column();
        match self.form {
            Form::Instant | Form::Local => {
                sql.raw("CASE WHEN isfinite(").ident(c).raw(") THEN floor(extract(epoch FROM ");
                self.instant(sql);
                sql.raw("))::bigint END");
            }
            Form::UnixSeconds => self.number(sql, "floor(", ")::bigint END"),
            Form::UnixMillis => self.number(sql, "floor(", " / 1000.0)::bigint END"),
        }
    }

    /// The microseconds within the second.
    fn micros(&self, sql: &mut Sql) {
        match self.form {
            Form::Instant | Form::Local => {
                sql.raw("extract(microseconds FROM ").ident(self.column()).raw(")::bigint % 1000000");
            }
            Form::UnixSeconds => self.number(sql, "floor(", "::numeric % 1 * 1000000)::bigint END"),
            Form::UnixMillis => self.number(sql, "floor(", "::numeric % 1000 * 1000)::bigint END"),
        }
    }

    /// Something made of a number that is a time at all: others would not fit into the answer.
    fn number(&self, sql: &mut Sql, before: &'static str, after: &'static str) {
        let c = self.column();
        sql.raw("CASE WHEN ").ident(c).raw(" BETWEEN -1e15 AND 1e15 THEN ").raw(before).ident(c).raw(after);
    }

    /// The two columns of a stamp, as [`super::copy::Row::stamp`] reads them: undated rows have none.
    pub(super) fn select(&self, sql: &mut Sql) {
        sql.raw("CASE WHEN ");
        self.second(sql);
        sql.raw(" BETWEEN 1 AND extract(epoch FROM clock_timestamp())::bigint + ")
            .number(AHEAD)
            .raw(" THEN ");
        self.second(sql);
        sql.raw(" END, ");
        self.micros(sql);
    }

    /// ` AND column >= …`: no row of `second` or later is left out.
    pub(super) fn at_least(&self, sql: &mut Sql, second: i64) {
        sql.raw(" AND ").ident(self.column()).raw(" >= ");
        self.bound(sql, second, " - interval '26 hours'");
    }

    /// ` AND column < …`: no row before `second` is left out.
    pub(super) fn before(&self, sql: &mut Sql, second: i64) {
        sql.raw(" AND ").ident(self.column()).raw(" < ");
        self.bound(sql, second, " + interval '26 hours'");
    }

    /// ` AND` the row's second is not one from 1 to `last`, or there is none.
    pub(super) fn is_not_within(&self, sql: &mut Sql, last: i64) {
        let c = self.column();
        sql.raw(" AND (").ident(c).raw(" IS NULL OR ").ident(c).raw(" < ");
        self.bound(sql, 1, " + interval '26 hours'");
        sql.raw(" OR ").ident(c).raw(" >= ");
        self.bound(sql, last.saturating_add(1), " - interval '26 hours'");
        sql.raw(") AND COALESCE(");
        self.second(sql);
        sql.raw(", 0) NOT BETWEEN 1 AND ").number(last);
    }

    /// A second as the column would hold it. Local times do not follow the order of time where clocks are moved: near such
    /// a place the bound is put off by `slack`.
    fn bound(&self, sql: &mut Sql, second: i64, slack: &'static str) {
        match self.form {
            Form::Instant => _ = sql.raw("to_timestamp(").number(second).raw(")"),
            Form::Local => {
                let local = |sql: &mut Sql, second: i64| {
                    sql.raw("timezone(")
                        .value(self.zone.as_str())
                        .raw(", to_timestamp(")
                        .number(second)
                        .raw("))");
                };
                sql.raw("CASE WHEN ");
                local(sql, second - SHIFT);
                sql.raw(" + interval '52 hours' = ");
                local(sql, second + SHIFT);
                sql.raw(" THEN ");
                local(sql, second);
                sql.raw(" ELSE ");
                local(sql, second);
                sql.raw(slack).raw(" END");
            }
            Form::UnixSeconds => _ = sql.number(second),
            Form::UnixMillis => _ = sql.number(second.saturating_mul(1_000)),
        }
    }

    /// The database's time now, in the column's own form.
    pub(super) fn now(&self, sql: &mut Sql) {
        match self.form {
            Form::Instant => _ = sql.raw("clock_timestamp()"),
            Form::Local => _ = self.zone.local(sql, |sql| _ = sql.raw("clock_timestamp()")),
            Form::UnixSeconds => _ = sql.raw("floor(extract(epoch FROM clock_timestamp()))::bigint"),
            Form::UnixMillis => _ = sql.raw("floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint"),
        }
    }

    /// The form in words, for people.
    pub(super) fn describe(&self) -> String {
        match self.form {
            Form::Instant => "timestamps with time zone".to_owned(),
            Form::Local => format!("timestamps without time zone, taken as {}", self.zone.as_str()),
            Form::UnixSeconds => "seconds since 1970".to_owned(),
            Form::UnixMillis => "milliseconds since 1970".to_owned(),
        }
    }
}
