//! Reading what changed in a window, in the order `(stamp, id)`, by position and not by cursor: many records share one
//! second, and a position can be stored and gone on from.

use std::sync::Arc;

use model::{Position, SalesforceId, Stamp, Window};

use crate::call::Call;
use crate::client::Ask;
use crate::error::{Error, ErrorKind};
use crate::org::Org;
use crate::query::{PageAnswer, row_of};
use crate::row::{Columns, Row};
use crate::soql::{Condition, Direction, Field, FieldPath, InvalidName, Soql};

/// Rows of one page (REST guide: a query page holds at most 2,000).
pub const PAGE_ROWS: u32 = 2_000;

/// A window to read.
#[derive(Debug, Clone)]
pub struct Keyset {
    base: Soql,
    stamp: Field,
    id: Field,
    window: Window,
    deleted_too: bool,
}

impl Keyset {
    /// Records of `object` whose `stamp` field lies in `window`. `Id` and the stamp are read whether asked for or not.
    ///
    /// # Errors
    /// [`InvalidName`] when a name is no identifier.
    pub fn new<F: AsRef<str>>(
        object: &str,
        stamp: &str,
        fields: &[F],
        window: Window,
    ) -> Result<Self, InvalidName> {
        let mut all: Vec<String> = fields.iter().map(|field| field.as_ref().to_owned()).collect();
        for needed in [stamp, "Id"] {
            if !all.iter().any(|field| field.eq_ignore_ascii_case(needed)) {
                all.push(needed.to_owned());
            }
        }
        Ok(Self {
            base: Soql::select(object, all)?,
            stamp: Field::parse(stamp)?,
            id: Field::parse("Id")?,
            window,
            deleted_too: false,
        })
    }

    /// Adds a condition.
    #[must_use]
    pub fn filter(mut self, condition: Condition) -> Self {
        self.base = self.base.filter(condition);
        self
    }

    /// Reads deleted and merged records too.
    #[must_use]
    pub const fn deleted_too(mut self) -> Self {
        self.deleted_too = true;
        self
    }

    /// The query of the page after `position`, or of the first.
    fn page(&self, position: Option<&Position>, rows: u32) -> Soql {
        let from = match position {
            None => self.stamp.ge(self.window.from.floor_second()),
            Some(at) if at.id.is_empty() => self.stamp.ge(at.stamp.floor_second()),
            Some(at) => {
                let stamp = at.stamp.floor_second();
                if drill::planted(drill::Mistake::PagedByStampAlone) {
                    return self.after(self.stamp.gt(at.stamp.floor_second()), rows);
                }
                let same_second = self.stamp.eq(stamp).and(self.id.gt(at.id.as_str()));
                same_second.or(self.stamp.gt(stamp))
            }
        };
        self.after(from, rows)
    }

    fn after(&self, from: Condition, rows: u32) -> Soql {
        self.base
            .clone()
            .filter(from)
            .filter(self.stamp.lt(self.window.until.floor_second()))
            .order_by(self.stamp.0.clone(), Direction::Ascending)
            .order_by(self.id.0.clone(), Direction::Ascending)
            .limit(rows)
    }
}

/// The rows of a window, page by page.
pub struct KeysetPages {
    org: Org,
    keyset: Keyset,
    columns: Arc<Columns>,
    paths: Vec<FieldPath>,
    position: Option<Position>,
    rows: u32,
    done: bool,
}

impl KeysetPages {
    /// The next page; `None` after the last. A failed page can be asked for again.
    ///
    /// # Errors
    /// [`ErrorKind::Contract`] when the org does not keep the order, and any kind of a call that reads.
    pub async fn next_page(&mut self) -> Result<Option<Vec<Row>>, Error> {
        if self.done || self.keyset.window.is_empty() {
            return Ok(None);
        }
        let page = self.ask().await?;
        let mut rows = Vec::with_capacity(page.records.len());
        for record in &page.records {
            let row = row_of(&self.columns, &self.paths, record);
            let next = self.position_of(&row)?;
            // Without progress the same page would come for ever.
            if self.position.as_ref().is_some_and(|before| *before >= next) {
                return Err(Error::new(ErrorKind::Contract, "rows out of order").during(Call::Query));
            }
            self.position = Some(next);
            rows.push(row);
        }
        // A page cut short by the server ends where the next one begins.
        self.done = rows.is_empty() || (page.done && rows.len() < self.rows as usize);
        Ok(if rows.is_empty() { None } else { Some(rows) })
    }

    /// The page, in smaller pieces when wide rows make it larger than an answer may be.
    async fn ask(&mut self) -> Result<PageAnswer, Error> {
        loop {
            let soql = self.keyset.page(self.position.as_ref(), self.rows);
            let path = self.org.client().query_path(&soql, self.keyset.deleted_too)?;
            match self.org.client().json(&Ask::get(Call::Query, path)).await {
                Err(error) if error.kind() == ErrorKind::TooLarge && self.rows > 1 => self.rows /= 2,
                answer => return answer,
            }
        }
    }

    fn position_of(&self, row: &Row) -> Result<Position, Error> {
        let stamp = row.required(self.keyset.stamp.0.as_str(), |text| Stamp::parse(text).ok())?;
        let id = row.required("Id", |text| SalesforceId::parse(text).ok())?;
        Ok(Position { stamp, id: id.as_str().to_owned() })
    }

    /// The last row given out: where another reading may go on.
    #[must_use]
    pub const fn position(&self) -> Option<&Position> {
        self.position.as_ref()
    }
}

impl Org {
    /// Reads a window in order, from its lower bound (inclusive) to its upper (exclusive), or on from a position.
    #[must_use]
    pub fn keyset(&self, keyset: Keyset, after: Option<Position>) -> KeysetPages {
        let paths = keyset.base.fields().to_vec();
        let columns = Arc::new(Columns::new(&paths));
        KeysetPages {
            org: self.clone(),
            keyset,
            columns,
            paths,
            position: after,
            rows: PAGE_ROWS,
            done: false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_go_on_inside_a_second_and_after_it() {
        let window = Window {
            from: Stamp::parse("2026-10-05T12:00:00.7Z").unwrap(),
            until: Stamp::parse("2026-10-05T13:00:00Z").unwrap(),
        };
        let keyset = Keyset::new("Contact", "SystemModstamp", &["Id", "Email"], window).unwrap();
        assert_eq!(
            keyset.page(None, 2_000).to_string(),
            "SELECT Id,Email,SystemModstamp FROM Contact WHERE SystemModstamp >= 2026-10-05T12:00:00Z AND \
             SystemModstamp < 2026-10-05T13:00:00Z ORDER BY SystemModstamp,Id LIMIT 2000"
        );
        let at = Position {
            stamp: Stamp::parse("2026-10-05T12:30:00Z").unwrap(),
            id: "003RM0000068xVCYAY".into(),
        };
        assert_eq!(
            keyset.page(Some(&at), 5).to_string(),
            "SELECT Id,Email,SystemModstamp FROM Contact WHERE ((SystemModstamp = 2026-10-05T12:30:00Z AND \
             Id > '003RM0000068xVCYAY') OR SystemModstamp > 2026-10-05T12:30:00Z) AND \
             SystemModstamp < 2026-10-05T13:00:00Z ORDER BY SystemModstamp,Id LIMIT 5"
        );
    }
}
