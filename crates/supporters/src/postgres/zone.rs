//! The zone that times without an offset are in.

use std::str::FromStr;

use super::sql::{Ident, Sql};
use crate::Zone;

/// A zone of the IANA database, such as `Europe/London`. Whether the server knows it, the server says.
///
/// A fixed offset is a [`Zone`]. Abbreviations (`EST`) and offsets written as names (`UTC+10`) are refused: PostgreSQL
/// takes the latter by POSIX's rule, in which a plus sign points west.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ZoneName(String);

/// The text is no name of a zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a time zone: write it as Europe/London")]
pub struct InvalidZoneName;

impl ZoneName {
    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for ZoneName {
    type Err = InvalidZoneName;

    fn from_str(raw: &str) -> Result<Self, InvalidZoneName> {
        let part = |part: &str| {
            part.starts_with(|c: char| c.is_ascii_alphabetic())
                && part.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'+'))
        };
        let parts: Vec<&str> = raw.split('/').collect();
        let region = (2..=3).contains(&parts.len()) && raw.len() <= 64 && parts.iter().copied().all(part);
        if region || raw == "UTC" { Ok(Self(raw.to_owned())) } else { Err(InvalidZoneName) }
    }
}

/// A zone as PostgreSQL's functions take it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ZoneText(String);

impl ZoneText {
    pub(super) fn named(name: &ZoneName) -> Self {
        Self(name.0.clone())
    }

    /// A POSIX specification, which counts seconds west.
    pub(super) fn fixed(zone: Zone) -> Self {
        if zone == Zone::default() {
            return Self("UTC".to_owned());
        }
        let east = zone.to_string();
        let west = match east.split_at_checked(1) {
            Some(("-", rest)) => format!("+{rest}"),
            Some((_, rest)) => format!("-{rest}"),
            None => String::new(),
        };
        Self(format!("<{}>{west}", east.replace(':', "")))
    }

    pub(super) fn as_str(&self) -> &str {
        &self.0
    }

    /// The instant of a column of local times. In the hour that an autumn's night has twice, PostgreSQL takes the later
    /// one: such a stamp looks up to an hour late, which delays a change and loses none.
    pub(super) fn instant<'a>(&self, sql: &'a mut Sql, column: &Ident) -> &'a mut Sql {
        sql.raw("timezone(").value(&self.0).raw(", ").ident(column).raw(")")
    }

    /// The local time of an instant that `instant` writes. A text without an offset is taken in this zone: it is the
    /// session's.
    pub(super) fn local<'a>(&self, sql: &'a mut Sql, instant: impl Fn(&mut Sql)) -> &'a mut Sql {
        sql.raw("timezone(").value(&self.0).raw(", (");
        instant(sql);
        sql.raw(")::timestamptz)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_regions_are_taken_and_what_posix_would_turn_around_is_not() {
        for good in ["Europe/London", "America/Argentina/Buenos_Aires", "Etc/GMT+10", "UTC"] {
            assert!(good.parse::<ZoneName>().is_ok(), "{good}");
        }
        for bad in ["", "UTC+10", "EST", "+10:00", "Europe/", "/x", "a/b/c/d", "Europe/London'; --"] {
            assert_eq!(bad.parse::<ZoneName>(), Err(InvalidZoneName), "{bad}");
        }
    }

    #[test]
    fn a_fixed_offset_is_turned_around() {
        let text = |raw: &str| ZoneText::fixed(raw.parse().unwrap()).0;
        assert_eq!(text("+10:00"), "<+1000>-10:00");
        assert_eq!(text("-03:30"), "<-0330>+03:30");
        assert_eq!(text("UTC"), "UTC");
    }
}
