//! What a column's type makes of the values in it, and how a value is read from it, written to it and compared with it.
//!
//! Each column has one expression that is its text, and it is the same for reading and for comparing: whatever was read
//! from a row compares equal with that row, until somebody changes it.

use model::Cell;

use super::schema::Field;
use super::sql::{Ident, Sql};
use super::zone::ZoneText;
use crate::carried::{Carried, Made, yes_no};
use crate::{Applied, ColumnKind, MAX_CELL_BYTES, RefusalCode, plain_number};

/// A family of types that are read and written alike.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// `text`, `varchar`, `name`.
    Text,
    /// `char(n)`: the blanks that fill it up are no part of the value.
    Blanked,
    /// `citext`.
    Citext,
    Integer,
    Numeric,
    Float,
    Boolean,
    Date,
    /// `timestamp without time zone`: a time of the configured zone.
    Local,
    /// `timestamp with time zone`.
    Instant,
    Uuid,
    Enum,
    /// `bytea`: no text, and never read.
    Bytes,
    /// Anything else, in its own text form.
    Other,
}

/// A base type.
#[derive(Debug, Clone)]
pub(super) struct PgType {
    pub(super) kind: Kind,
    pub(super) cast: Ident,
}

impl PgType {
    /// From the names of its schema and itself, and `pg_type.typtype`.
    pub(super) fn of(schema: &str, name: &str, typtype: &str) -> Self {
        let kind = match (schema, name, typtype) {
            (_, _, "e") => Kind::Enum,
            ("pg_catalog", "text" | "varchar" | "name", _) => Kind::Text,
            ("pg_catalog", "bpchar", _) => Kind::Blanked,
            ("pg_catalog", "int2" | "int4" | "int8", _) => Kind::Integer,
            ("pg_catalog", "numeric", _) => Kind::Numeric,
            ("pg_catalog", "float4" | "float8", _) => Kind::Float,
            ("pg_catalog", "bool", _) => Kind::Boolean,
            ("pg_catalog", "date", _) => Kind::Date,
            ("pg_catalog", "timestamp", _) => Kind::Local,
            ("pg_catalog", "timestamptz", _) => Kind::Instant,
            ("pg_catalog", "uuid", _) => Kind::Uuid,
            ("pg_catalog", "bytea", _) => Kind::Bytes,
            (_, "citext", _) => Kind::Citext,
            _ => Kind::Other,
        };
        Self { kind, cast: Ident::qualified(schema, name) }
    }
}

impl Kind {
    pub(super) const fn to_column_kind(self) -> ColumnKind {
        match self {
            Self::Text | Self::Blanked | Self::Citext => ColumnKind::Text,
            Self::Integer => ColumnKind::Integer,
            Self::Numeric => ColumnKind::Numeric,
            Self::Float => ColumnKind::Real,
            Self::Boolean
            | Self::Date
            | Self::Local
            | Self::Instant
            | Self::Uuid
            | Self::Enum
            | Self::Bytes
            | Self::Other => ColumnKind::Other,
        }
    }

    /// Whether any text can be put into it.
    pub(super) const fn is_text(self) -> bool {
        matches!(self, Self::Text | Self::Blanked | Self::Citext)
    }
}

/// The column as text. Times come with their offset in the configured zone: `2026-10-05T12:34:56+11:00` is the right
/// instant for a field of date and time, and its first ten characters are the right day for a date.
pub(super) fn text(sql: &mut Sql, field: &Field, zone: &ZoneText) {
    let c = &field.ident;
    match field.kind {
        Kind::Instant => instant_text(sql, c, |sql| _ = sql.ident(c)),
        Kind::Local => instant_text(sql, c, |sql| _ = zone.instant(sql, c)),
        Kind::Text
        | Kind::Blanked
        | Kind::Citext
        | Kind::Integer
        | Kind::Numeric
        | Kind::Float
        | Kind::Boolean
        | Kind::Date
        | Kind::Uuid
        | Kind::Enum
        | Kind::Bytes
        | Kind::Other => _ = sql.ident(c).raw("::text"),
    }
}

/// `to_char` knows neither infinity nor years before Christ; their own text form is no date to anybody.
fn instant_text(sql: &mut Sql, c: &Ident, instant: impl Fn(&mut Sql)) {
    sql.raw("CASE WHEN ").ident(c).raw(" BETWEEN '0001-01-02' AND '9999-12-30' THEN replace(to_char(");
    instant(sql);
    sql.raw(", 'YYYY-MM-DD\"T\"HH24:MI:SS.USTZH:TZM'), '.000000', '') ELSE ").ident(c).raw("::text END");
}

/// Selects a column so that nothing huge is read: a long text is cut to a length that is refused as too long, bytes are
/// not read at all.
pub(super) fn select(sql: &mut Sql, field: &Field, zone: &ZoneText) {
    let most = i64::try_from(MAX_CELL_BYTES).unwrap_or(i64::MAX);
    let c = &field.ident;
    match field.kind {
        Kind::Bytes => _ = sql.raw("NULL"),
        Kind::Text | Kind::Citext | Kind::Other => {
            sql.raw("CASE WHEN octet_length(").ident(c).raw("::text) > ").number(most);
            sql.raw(" THEN left(").ident(c).raw("::text, ").number(most + 1).raw("::int) ELSE ").ident(c);
            sql.raw("::text END");
        }
        Kind::Blanked
        | Kind::Integer
        | Kind::Numeric
        | Kind::Float
        | Kind::Boolean
        | Kind::Date
        | Kind::Local
        | Kind::Instant
        | Kind::Uuid
        | Kind::Enum => text(sql, field, zone),
    }
}

/// What was selected, as a cell.
pub(super) fn cell(field: &Field, read: Cell) -> Cell {
    if field.kind == Kind::Bytes { Cell::Absent } else { read }
}

/// A cell as it is written into a column of a row that holds `present`.
///
/// # Errors
/// A number that the column would change: what was changed would be read as somebody's edit, and go out again.
pub(super) fn written(field: &Field, cell: &Cell, present: Option<&str>) -> Result<Cell, Applied> {
    let Some(text) = cell.text() else { return Ok(cell.clone()) };
    let text = match (field.carried, field.kind) {
        (Carried::YesNo, Kind::Integer | Kind::Numeric | Kind::Float) => yes_no(text, Made::Numbers, present),
        (
            Carried::YesNo,
            Kind::Text
            | Kind::Blanked
            | Kind::Citext
            | Kind::Date
            | Kind::Local
            | Kind::Instant
            | Kind::Uuid
            | Kind::Enum
            | Kind::Bytes
            | Kind::Other,
        ) => yes_no(text, Made::Texts, present),
        (Carried::YesNo, Kind::Boolean) | (Carried::Text | Carried::DateTime, _) => text,
    };
    if keeps(field, text) {
        Ok(Cell::Value(text.into()))
    } else {
        let message = "no number that the column holds as it is: it would be changed, or does not fit";
        Err(Applied::refused(RefusalCode::Type, message))
    }
}

/// Whether what is put into a column is read back as the same number: `01234` would become 1234, and 12.345 in a
/// `numeric(10, 2)` 12.35.
fn keeps(field: &Field, text: &str) -> bool {
    match field.kind {
        Kind::Integer => text.parse::<i64>().is_ok_and(|whole| whole.to_string() == text),
        Kind::Numeric => {
            let fraction = text.split_once('.').map_or("", |(_, fraction)| fraction.trim_end_matches('0'));
            let room = field
                .scale
                .is_none_or(|scale| i64::try_from(fraction.len()).is_ok_and(|len| len <= scale.max(0)));
            // The most digits a `numeric` holds (PostgreSQL documentation, "Numeric Types").
            room && plain_number(text, 131_072)
        }
        Kind::Float => {
            plain_number(text, FLOAT_DIGITS) || text.parse::<f64>().is_ok_and(|real| real.to_string() == text)
        }
        Kind::Text
        | Kind::Blanked
        | Kind::Citext
        | Kind::Boolean
        | Kind::Date
        | Kind::Local
        | Kind::Instant
        | Kind::Uuid
        | Kind::Enum
        | Kind::Bytes
        | Kind::Other => true,
    }
}

/// Digits that every number keeps in a `double precision` (PostgreSQL documentation, "Floating-Point Types").
const FLOAT_DIGITS: usize = 15;

/// What a cell becomes in its column. Where NULL is not allowed, empty is the empty text, if the type has one.
pub(super) fn value(sql: &mut Sql, field: &Field, cell: &Cell, zone: &ZoneText) {
    match cell.text() {
        Some(text) if field.kind == Kind::Local => _ = zone.local(sql, |sql| _ = sql.value(text)),
        Some(text) => _ = sql.raw("CAST(").value(text).raw(" AS ").ident(&field.cast).raw(")"),
        None if !field.column.nullable && field.kind.is_text() => _ = sql.raw("''"),
        None => _ = sql.raw("NULL"),
    }
}

/// ` AND` the column still holds what was read: the same text, byte by byte, whatever the column's collation.
pub(super) fn holds(sql: &mut Sql, field: &Field, expected: &Cell, zone: &ZoneText) {
    sql.raw(" AND ");
    match expected.text() {
        // No text of PostgreSQL holds this character.
        Some(expected) if expected.contains('\0') => _ = sql.raw("FALSE"),
        Some(expected) => {
            sql.raw("(");
            text(sql, field, zone);
            sql.raw(") COLLATE \"C\" IS NOT DISTINCT FROM ").value(expected);
        }
        None if field.kind.is_text() || field.kind == Kind::Other => {
            sql.raw("COALESCE(").ident(&field.ident).raw("::text, '') COLLATE \"C\" = ''");
        }
        None => _ = sql.ident(&field.ident).raw(" IS NULL"),
    }
}
