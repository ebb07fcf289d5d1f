//! Which table holds the supporters, and what its columns mean: the configuration of a database adapter.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// A table of supporters. Column names beside these come from the field map.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Table {
    /// Where the database is: a path, or `sqlite:` and a path.
    pub url: String,
    /// The table or view.
    pub table: String,
    /// The column that names a row. It must be unique; whole numbers or text.
    pub id: String,
    /// The column stamped at every change of a row.
    pub modified: String,
    /// How that column is written.
    #[serde(default)]
    pub modified_format: StampFormat,
    /// The offset of stamps, and of mapped dates and times, that carry none.
    #[serde(default)]
    pub zone: Zone,
    /// What to do with rows without a usable stamp.
    #[serde(default)]
    pub undated: UndatedRows,
    /// The column that keeps the Contact Id, where there is one. Without it a lost state is rebuilt from Salesforce alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contact_id: Option<String>,
    /// The column that keeps the e-mail address.
    pub email: String,
    /// Where the id of a new row comes from.
    #[serde(default)]
    pub new_id: NewId,
    /// Whether our own writes also stamp the row. Leave it off where a trigger does so.
    #[serde(default)]
    pub touch_modified: bool,
    /// Refuse every write.
    #[serde(default)]
    pub read_only: bool,
}

/// How a stamp is written in its column.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StampFormat {
    /// Look at the rows and decide.
    #[default]
    Auto,
    /// Text like `2026-10-05 12:34:56`, with `T` or a space, with or without fractions, `Z` or an offset. If all rows are
    /// written alike, an index on the column is used; [`StampFormat::Mixed`] is always right, and slower.
    Text,
    /// Text in several of these forms, or with changing offsets. Each page of changes reads the whole column.
    Mixed,
    /// Seconds since 1970-01-01 UTC, as a number.
    UnixSeconds,
    /// Milliseconds since 1970-01-01 UTC, as a number.
    UnixMillis,
}

/// What a window does with rows that have no usable stamp.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UndatedRows {
    /// Deliver them in every window: nothing is lost, and each costs a comparison in each cycle.
    #[default]
    Always,
    /// Leave them to `backfill` and `resync`. Their changes are not found otherwise.
    Never,
}

/// Where the id of a new row comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NewId {
    /// The database gives it.
    #[default]
    Database,
    /// We give a random UUID.
    Uuid,
}

/// A fixed offset from UTC: `UTC`, `Z`, `+10:00`, `-0330`.
///
/// For local times that follow daylight saving give the smaller (winter) offset: stamps of the summer then look an hour
/// late, which delays a change and never loses one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct Zone {
    seconds_east: i32,
}

/// The text is no offset from UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an offset from UTC: write UTC, +10:00 or -03:30")]
pub struct InvalidZone;

impl Zone {
    /// Seconds east of UTC, within fourteen hours.
    #[must_use]
    pub const fn seconds_east(self) -> i32 {
        self.seconds_east
    }
}

impl FromStr for Zone {
    type Err = InvalidZone;

    fn from_str(raw: &str) -> Result<Self, InvalidZone> {
        if raw.eq_ignore_ascii_case("utc") || raw.eq_ignore_ascii_case("z") {
            return Ok(Self::default());
        }
        let (sign, digits) = match raw.as_bytes().first() {
            Some(b'+') => (1, &raw[1..]),
            Some(b'-') => (-1, &raw[1..]),
            _ => return Err(InvalidZone),
        };
        let digits = match digits.as_bytes() {
            [a, b, b':', c, d] | [a, b, c, d] => [*a, *b, *c, *d],
            [a, b] => [*a, *b, b'0', b'0'],
            _ => return Err(InvalidZone),
        };
        if !digits.iter().all(u8::is_ascii_digit) {
            return Err(InvalidZone);
        }
        let two = |at: usize| i32::from(digits[at] - b'0') * 10 + i32::from(digits[at + 1] - b'0');
        let seconds = two(0) * 3_600 + two(2) * 60;
        if two(2) < 60 && seconds <= 14 * 3_600 {
            Ok(Self { seconds_east: sign * seconds })
        } else {
            Err(InvalidZone)
        }
    }
}

impl fmt::Display for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let minutes = self.seconds_east.abs() / 60;
        let sign = if self.seconds_east < 0 { '-' } else { '+' };
        write!(f, "{sign}{:02}:{:02}", minutes / 60, minutes % 60)
    }
}

impl Serialize for Zone {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Zone {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        String::deserialize(from)?.parse().map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn offsets_are_read_in_the_forms_people_write_and_nothing_else() {
        for (raw, seconds) in [("UTC", 0), ("+10:00", 36_000), ("-0330", -12_600), ("+01", 3_600), ("z", 0)] {
            assert_eq!(raw.parse::<Zone>().map(Zone::seconds_east), Ok(seconds), "{raw}");
        }
        for bad in ["", "10:00", "+15:00", "+10:60", "Europe/London", "+é:00", "+1:00"] {
            assert_eq!(bad.parse::<Zone>(), Err(InvalidZone), "{bad}");
        }
    }

    #[test]
    fn a_table_needs_few_words_and_refuses_unknown_ones() {
        let short = r#"{"url":"a.db","table":"t","id":"id","modified":"m","email":"e"}"#;
        let table: Table = serde_json::from_str(short).unwrap();
        assert_eq!((table.modified_format, table.undated), (StampFormat::Auto, UndatedRows::Always));
        assert_eq!((table.new_id, table.touch_modified, table.read_only), (NewId::Database, false, false));
        let typo = short.replace("\"email\"", "\"e_mail\"");
        assert!(serde_json::from_str::<Table>(&typo).is_err());
        let again = serde_json::to_string(&table).unwrap();
        assert_eq!(serde_json::from_str::<Table>(&again).unwrap(), table);
    }

    proptest::proptest! {
        #[test]
        fn reading_an_offset_is_total_and_round_trips(raw in "\\PC{0,8}|[+-][0-9:]{0,6}") {
            if let Ok(zone) = raw.parse::<Zone>() {
                proptest::prop_assert_eq!(zone.to_string().parse::<Zone>(), Ok(zone));
            }
        }
    }
}
