//! Stamps as the database writes them: how they are told apart, ordered, bounded and written, in SQL.
//!
//! One expression computes a row's second in UTC, or NULL where the text is no stamp of the column's form. Everything
//! that decides is made from it. Beside it stand *bounds*: comparisons on the bare column that an index can serve, true
//! for at least all rows whose second lies within.

use model::Stamp;
use rusqlite::Row;
use rusqlite::types::ValueRef;

use super::cell;
use super::connect::Fault;
use super::describe::Care;
use super::sql::{Bind, Ident, Sql};
use crate::Zone;

/// `2026-10-05` as a pattern of GLOB.
macro_rules! day {
    () => {
        "'[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]"
    };
}

/// `12:34:56` and whatever follows as a pattern of GLOB.
macro_rules! time {
    () => {
        "[0-9][0-9]:[0-9][0-9]:[0-9][0-9]*'"
    };
}

/// What stands after the seconds and their fraction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Suffix {
    Nothing,
    Z,
    /// An offset: its text's length (3, 5 or 6) and seconds east.
    Offset(OffsetStyle, i32),
}

/// How an offset is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum OffsetStyle {
    /// `+01`
    Hours,
    /// `+0100`
    Compact,
    /// `+01:00`
    Colon,
}

/// The form of a column of stamps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// Text, all written alike: its order is the order of time.
    Uniform {
        separator: char,
        suffix: Suffix,
    },
    /// Text and numbers of any of the known forms.
    Mixed,
    UnixSeconds,
    UnixMillis,
}

/// A column of stamps.
#[derive(Debug, Clone)]
pub(super) struct Stamps {
    pub(super) column: Ident,
    pub(super) form: Form,
    pub(super) zone: Zone,
    pub(super) indexed: bool,
    /// The column is declared for numbers.
    pub(super) numeric: bool,
}

impl Stamps {
    /// The row's second in UTC, or NULL.
    pub(super) fn second(&self) -> Sql {
        let m = &self.column;
        let mut sql = Sql::default();
        match self.form {
            Form::Uniform { separator, suffix } => {
                sql.raw("CASE WHEN typeof(").ident(m).raw(") = 'text' AND ").ident(m).raw(" GLOB ");
                sql.raw(if separator == 'T' {
                    concat!(day!(), "T", time!())
                } else {
                    concat!(day!(), " ", time!())
                });
                self.tail_fits(&mut sql, suffix);
                self.real_day(&mut sql);
                sql.raw(" THEN CAST(strftime('%s', substr(").ident(m).raw(", 1, 19)) AS INTEGER) - ");
                sql.number(i64::from(self.offset(suffix))).raw(" END");
            }
            Form::Mixed => self.mixed_second(&mut sql),
            Form::UnixSeconds => {
                sql.raw("CASE WHEN typeof(").ident(m).raw(") IN ('integer', 'real') THEN CAST(");
                sql.ident(m).raw(" AS INTEGER) END");
            }
            Form::UnixMillis => {
                sql.raw("CASE WHEN typeof(").ident(m).raw(") IN ('integer', 'real') THEN CAST(");
                sql.ident(m).raw(" AS INTEGER) / 1000 END");
            }
        }
        sql
    }

    /// ` AND` the row's second is not one from 1 to `last`, or there is none.
    pub(super) fn is_not_within(&self, sql: &mut Sql, last: i64) {
        let m = &self.column;
        sql.raw(" AND CASE WHEN 0");
        // Cheaper than the second, and true of nearly every row of such a column: writing the text anew gives the text.
        if let Form::Uniform { separator, suffix } = self.form {
            sql.raw(" OR (strftime(");
            sql.bind(Bind::Text(format!("%Y-%m-%d{separator}%H:%M:%S{}", suffix_text(suffix)).into()));
            sql.raw(", ").ident(m).raw(") = ").ident(m);
            self.at_least(sql, 1);
            self.before(sql, last.saturating_add(1));
            sql.raw(")");
        }
        sql.raw(" THEN 0 ELSE COALESCE(").push(&self.second()).raw(", 0) NOT BETWEEN 1 AND ");
        sql.number(last).raw(" END");
    }

    fn offset(&self, suffix: Suffix) -> i32 {
        match suffix {
            Suffix::Nothing => self.zone.seconds_east(),
            Suffix::Z => 0,
            Suffix::Offset(_, seconds) => seconds,
        }
    }

    /// What follows the seconds is the suffix, or a fraction and the suffix.
    fn tail_fits(&self, sql: &mut Sql, suffix: Suffix) {
        let m = &self.column;
        let text = suffix_text(suffix);
        sql.raw(" AND (substr(").ident(m).raw(", 20) = ").bind(Bind::text(&text));
        sql.raw(" OR (substr(").ident(m).raw(", 20) GLOB ").bind(Bind::Text(format!(".[0-9]*{text}").into()));
        sql.raw(" AND substr(").ident(m).raw(", 21, length(").ident(m).raw(") - 20 - ");
        sql.number(i64::try_from(text.len()).unwrap_or(0)).raw(") NOT GLOB '*[^0-9]*'))");
    }

    /// SQLite takes 31 February for a day in March, which would break the order of the text: such a text is no stamp.
    fn real_day(&self, sql: &mut Sql) {
        let m = &self.column;
        sql.raw(" AND date(substr(").ident(m).raw(", 1, 19)) = substr(").ident(m).raw(", 1, 10)");
        // SQLite's date functions take an hour 24, which some of them then count to the next day and some do not.
        sql.raw(" AND substr(").ident(m).raw(", 12, 2) < '24'");
    }

    fn mixed_second(&self, sql: &mut Sql) {
        let m = &self.column;
        sql.raw("CASE WHEN typeof(").ident(m).raw(") IN ('integer', 'real') THEN CASE WHEN ").ident(m);
        // In seconds this is the year 5138, in milliseconds 1973.
        sql.raw(" >= 100000000000 THEN CAST(").ident(m).raw(" AS INTEGER) / 1000 ELSE CAST(").ident(m);
        sql.raw(" AS INTEGER) END WHEN typeof(").ident(m).raw(") = 'text' AND ").ident(m).raw(" GLOB ");
        sql.raw(concat!(day!(), "[T ]", time!()));
        self.real_day(sql);
        sql.raw(" THEN CAST(CASE");
        let mut when = |glob: &'static str, parts: [&'static str; 3]| {
            sql.raw(" WHEN substr(")
                .ident(m)
                .raw(", 20) GLOB ")
                .raw(glob)
                .raw(" THEN strftime('%s', substr(");
            sql.ident(m).raw(", 1, 19)").raw(parts[0]);
            if !parts[1].is_empty() {
                sql.raw("substr(").ident(m).raw(parts[1]);
            }
            if !parts[2].is_empty() {
                sql.raw("substr(").ident(m).raw(parts[2]);
            }
            sql.raw(")");
        };
        when("'*[Zz]'", ["", "", ""]);
        when("'*[-+][0-9][0-9]:[0-9][0-9]'", [" || ", ", -6)", ""]);
        when("'*[-+][0-9][0-9][0-9][0-9]'", [" || ", ", -5, 3) || ':' || ", ", -2)"]);
        when("'*[-+][0-9][0-9]'", [" || ", ", -3) || ':00'", ""]);
        sql.raw(" WHEN substr(").ident(m).raw(", 20) = '' OR (substr(").ident(m);
        sql.raw(", 20, 1) = '.' AND substr(").ident(m).raw(", 21) NOT GLOB '*[^0-9]*')");
        sql.raw(" THEN strftime('%s', substr(").ident(m).raw(", 1, 19)) - ");
        sql.number(i64::from(self.zone.seconds_east())).raw(" END AS INTEGER) END");
    }

    /// What [`fraction`] makes the microseconds of.
    pub(super) fn rest(&self) -> Sql {
        let m = &self.column;
        let mut sql = Sql::default();
        match self.form {
            Form::Uniform { .. } => {
                sql.raw("substr(").ident(m).raw(", 20, 7)");
            }
            Form::Mixed => {
                sql.raw("CASE typeof(").ident(m).raw(") WHEN 'text' THEN substr(").ident(m);
                sql.raw(", 20, 7) WHEN 'integer' THEN CASE WHEN ").ident(m);
                sql.raw(" >= 100000000000 THEN ").ident(m).raw(" % 1000 * 1000 END END");
            }
            Form::UnixSeconds => {
                sql.raw("CASE typeof(").ident(m).raw(") WHEN 'real' THEN CAST((").ident(m).raw(" - CAST(");
                sql.ident(m).raw(" AS INTEGER)) * 1000000 AS INTEGER) END");
            }
            Form::UnixMillis => {
                sql.raw("CAST(").ident(m).raw(" AS INTEGER) % 1000 * 1000");
            }
        }
        sql
    }

    /// The two columns that [`Stamps::read`] reads: the value as it stands, or, where a form must be found for each row, the
    /// second and the rest as SQL computes them.
    pub(super) fn select(&self, sql: &mut Sql, care: Care) {
        match (self.form, care) {
            (Form::Mixed, _) => _ = sql.push(&self.second()).raw(", ").push(&self.rest()),
            (Form::Uniform { .. } | Form::UnixSeconds | Form::UnixMillis, Care::Bare) => {
                sql.ident(&self.column).raw(", NULL");
            }
            (Form::Uniform { .. } | Form::UnixSeconds | Form::UnixMillis, Care::Careful) => {
                cell::select(sql, &self.column);
                sql.raw(", NULL");
            }
        }
    }

    /// The second and the microseconds within it. What [`Stamps::second`] and [`Stamps::rest`] say in SQL, at a tenth of
    /// the cost; a property holds the two together.
    pub(super) fn read(&self, row: &Row<'_>, at: usize) -> Result<(Option<i64>, i64), Fault> {
        let value = row.get_ref(at)?;
        Ok(match (self.form, value) {
            (Form::Mixed, _) => (row.get(at)?, fraction(row, at + 1)?),
            (Form::Uniform { separator, suffix }, ValueRef::Text(text)) => {
                match uniform(text, separator, suffix) {
                    Some((local, micros)) => (Some(local - i64::from(self.offset(suffix))), micros),
                    None => (None, 0),
                }
            }
            (Form::UnixSeconds, ValueRef::Integer(second)) => (Some(second), 0),
            (Form::UnixSeconds, ValueRef::Real(seconds)) => {
                // SQLite's own CAST cuts, and stops at the ends, as this does.
                let second = seconds as i64;
                (Some(second), (((seconds - second as f64) * 1e6) as i64).clamp(0, 999_999))
            }
            (Form::UnixMillis, ValueRef::Integer(millis)) => of_millis(millis),
            (Form::UnixMillis, ValueRef::Real(millis)) => of_millis(millis as i64),
            (
                Form::Uniform { .. } | Form::UnixSeconds | Form::UnixMillis,
                ValueRef::Null
                | ValueRef::Integer(_)
                | ValueRef::Real(_)
                | ValueRef::Text(_)
                | ValueRef::Blob(_),
            ) => (None, 0),
        })
    }

    /// Whether the bare column's order is the order of time, so that an index on it can serve.
    pub(super) const fn ordered(&self) -> bool {
        match self.form {
            Form::Uniform { .. } | Form::UnixSeconds | Form::UnixMillis => true,
            Form::Mixed => false,
        }
    }

    /// Whether stamps are texts, among which others can stand.
    pub(super) const fn is_text(&self) -> bool {
        match self.form {
            Form::Uniform { .. } | Form::Mixed => true,
            Form::UnixSeconds | Form::UnixMillis => false,
        }
    }

    /// ` AND column >= …`: no row of `second` or later is left out.
    pub(super) fn at_least(&self, sql: &mut Sql, second: i64) {
        self.bound(sql, " >= ", second);
    }

    /// ` AND column < …`: no row before `second` is left out.
    pub(super) fn before(&self, sql: &mut Sql, second: i64) {
        self.bound(sql, " < ", second);
    }

    fn bound(&self, sql: &mut Sql, comparison: &'static str, second: i64) {
        let bind = match self.form {
            // The text up to the seconds sorts before every text that goes on after it.
            Form::Uniform { separator, suffix } => {
                let Some(text) = local_text(second, self.offset(suffix), separator) else { return };
                Bind::Text(text.into())
            }
            Form::Mixed => return,
            Form::UnixSeconds => Bind::Int(second),
            Form::UnixMillis => Bind::Int(second.saturating_mul(1_000)),
        };
        sql.raw(" AND ").ident(&self.column).raw(comparison).bind(bind);
    }

    /// The database's time now, in the column's own form.
    pub(super) fn now(&self, sql: &mut Sql) {
        match self.form {
            Form::Uniform { separator, suffix } => {
                sql.raw(if separator == 'T' {
                    "strftime('%Y-%m-%dT%H:%M:%f', 'now', "
                } else {
                    "strftime('%Y-%m-%d %H:%M:%f', 'now', "
                });
                sql.literal(&format!("{:+} seconds", self.offset(suffix)));
                sql.raw(") || ").literal(&suffix_text(suffix));
            }
            Form::Mixed if !self.numeric => _ = sql.raw("strftime('%Y-%m-%dT%H:%M:%fZ', 'now')"),
            Form::Mixed | Form::UnixSeconds => _ = sql.raw("CAST(strftime('%s', 'now') AS INTEGER)"),
            Form::UnixMillis => _ = sql.raw("CAST(unixepoch('now', 'subsec') * 1000 AS INTEGER)"),
        }
    }

    /// The form in words, for people.
    pub(super) fn describe(&self) -> String {
        match self.form {
            Form::Uniform { separator, suffix: Suffix::Nothing } => {
                format!("text like 2026-10-05{separator}12:34:56, taken as {}", self.zone)
            }
            Form::Uniform { separator, suffix } => {
                format!("text like 2026-10-05{separator}12:34:56{}", suffix_text(suffix))
            }
            Form::Mixed => "text and numbers in several forms: no index can be used".to_owned(),
            Form::UnixSeconds => "seconds since 1970".to_owned(),
            Form::UnixMillis => "milliseconds since 1970".to_owned(),
        }
    }
}

/// `2026-10-05T12:34:56` at an offset; `None` outside of the years 0 to 9999.
pub(super) fn local_text(second: i64, offset: i32, separator: char) -> Option<String> {
    let at = Stamp::from_seconds(second.saturating_add(i64::from(offset))).to_utc()?;
    let text =
        at.format(if separator == 'T' { "%Y-%m-%dT%H:%M:%S" } else { "%Y-%m-%d %H:%M:%S" }).to_string();
    (text.len() == 19).then_some(text)
}

/// The suffix as it is written.
fn suffix_text(suffix: Suffix) -> String {
    let Suffix::Offset(style, seconds) = suffix else {
        return if suffix == Suffix::Z { "Z".to_owned() } else { String::new() };
    };
    let sign = if seconds < 0 { '-' } else { '+' };
    let (hours, minutes) = (seconds.abs() / 3_600, seconds.abs() / 60 % 60);
    match style {
        OffsetStyle::Hours => format!("{sign}{hours:02}"),
        OffsetStyle::Compact => format!("{sign}{hours:02}{minutes:02}"),
        OffsetStyle::Colon => format!("{sign}{hours:02}:{minutes:02}"),
    }
}

/// The microseconds within the second, from what [`Stamps::rest`] selected: a number, or text like `.25Z`.
pub(super) fn fraction(row: &Row<'_>, at: usize) -> Result<i64, Fault> {
    Ok(match row.get_ref(at)? {
        ValueRef::Integer(micros) => micros.clamp(0, 999_999),
        ValueRef::Text(text) => std::str::from_utf8(text).map_or(0, micros_of),
        ValueRef::Null | ValueRef::Real(_) | ValueRef::Blob(_) => 0,
    })
}

const fn of_millis(millis: i64) -> (Option<i64>, i64) {
    let micros = millis % 1_000 * 1_000;
    (Some(millis / 1_000), if micros < 0 { 0 } else { micros })
}

/// The second as if the text were UTC, and the microseconds within it, of a text in the one form of its column. SQLite takes
/// a text to end where its first NUL stands.
fn uniform(text: &[u8], separator: char, suffix: Suffix) -> Option<(i64, i64)> {
    let (head, tail) = text.split_first_chunk::<19>()?;
    let two = |at: usize| -> Option<i64> {
        let (a, b) = (head[at].wrapping_sub(b'0'), head[at + 1].wrapping_sub(b'0'));
        (a < 10 && b < 10).then(|| i64::from(a) * 10 + i64::from(b))
    };
    if [head[4], head[7], head[10], head[13], head[16]] != [b'-', b'-', separator as u8, b':', b':'] {
        return None;
    }
    let (year, month, day) = (two(0)? * 100 + two(2)?, two(5)?, two(8)?);
    let (hour, minute, second) = (two(11)?, two(14)?, two(17)?);
    if hour > 23 || minute > 59 || second > 59 || !(1..=12).contains(&month) || day < 1 {
        return None;
    }
    if day > days_of(year, month) {
        return None;
    }
    // No NUL stands among the digits before.
    let tail = tail.split(|b| *b == 0).next()?;
    let fraction = match suffix {
        Suffix::Nothing => tail,
        Suffix::Z => tail.strip_suffix(b"Z")?,
        Suffix::Offset(..) => tail.strip_suffix(suffix_text(suffix).as_bytes())?,
    };
    let micros = match fraction {
        [] => 0,
        [b'.', digits @ ..] if !digits.is_empty() && digits.iter().all(u8::is_ascii_digit) => {
            // As far as `Stamps::rest` looks.
            std::str::from_utf8(&fraction[..fraction.len().min(7)]).map_or(0, micros_of)
        }
        _ => return None,
    };
    Some((days_since_1970(year, month, day) * 86_400 + hour * 3_600 + minute * 60 + second, micros))
}

/// How many days a month has.
const fn days_of(year: i64, month: i64) -> i64 {
    match month {
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Days from 1970-01-01 to a day of the Gregorian calendar, also before its time: years of 365 days from March on, and the
/// leap days between.
const fn days_since_1970(year: i64, month: i64, day: i64) -> i64 {
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let leap_days = year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400);
    year * 365 + leap_days + (153 * month + 2) / 5 + day - 719_469
}

fn micros_of(text: &str) -> i64 {
    let Some(digits) = text.strip_prefix('.') else { return 0 };
    let digits = digits.bytes().take_while(u8::is_ascii_digit).chain(std::iter::repeat(b'0')).take(6);
    digits.fold(0, |micros, digit| micros * 10 + i64::from(digit - b'0'))
}

/// The form one text is written in, if it is one that can be uniform.
pub(super) fn form_of(text: &str) -> Option<Form> {
    let (head, tail) = (text.get(..19)?, text.get(19..)?);
    let digit_or = |at: usize, b: u8| match at {
        4 | 7 => b == b'-',
        10 => b == b'T' || b == b' ',
        13 | 16 => b == b':',
        _ => b.is_ascii_digit(),
    };
    if !head.bytes().enumerate().all(|(at, b)| digit_or(at, b)) {
        return None;
    }
    let tail =
        tail.strip_prefix('.').map_or(tail, |rest| rest.trim_start_matches(|c: char| c.is_ascii_digit()));
    let style = match tail {
        "" => {
            return Some(Form::Uniform {
                separator: char::from(head.as_bytes()[10]),
                suffix: Suffix::Nothing,
            });
        }
        "Z" => return Some(Form::Uniform { separator: char::from(head.as_bytes()[10]), suffix: Suffix::Z }),
        offset => match offset.len() {
            3 => OffsetStyle::Hours,
            5 => OffsetStyle::Compact,
            6 => OffsetStyle::Colon,
            _ => return None,
        },
    };
    let seconds = tail.parse::<Zone>().ok()?.seconds_east();
    let suffix = Suffix::Offset(style, seconds);
    // `-00:00` would be written back as `+00:00`, and `z` is no suffix here.
    (suffix_text(suffix) == tail)
        .then_some(Form::Uniform { separator: char::from(head.as_bytes()[10]), suffix })
}

#[cfg(test)]
mod tests;
