//! Rows that wait until there are enough for a job, or nobody is left.

use std::path::PathBuf;
use std::sync::Arc;

use model::{AccountId, Lane, SupporterId};
use plan::{Fatal, Met, Settings};

use crate::spill::Spill;
use crate::waiting::{OutRow, Waiting};

/// From so many rows on, a row waits in a file.
const HELD_ROWS: usize = 500;
/// Room for so many places in the file is made at once: what is not used of it is not taken from the machine, and what grows by
/// doubling is there twice for a moment.
const ROOM: usize = 100_000;

/// The rows of the next two jobs, one per lane. Bounded by the size of a job.
#[derive(Debug)]
pub struct Outbox {
    update: Lot,
    upsert: Lot,
    supporters: Met,
    /// Ids with capitals, as the org compares external ids: without case.
    keys: Met,
    contacts: Met,
    /// Where the file of waiting rows is made, and it, once there is one.
    dir: PathBuf,
    spill: Option<Arc<Spill>>,
}

#[derive(Debug, Default)]
struct Lot {
    rows: Vec<OutRow>,
    bytes: u64,
    /// What the last row is sorted by, and whether one came before its time.
    last: Option<Place>,
    disordered: bool,
}

/// What rows are sorted by: Account and key.
type Place = (Option<AccountId>, SupporterId);

fn place(row: &Waiting) -> Place {
    (row.account, row.supporter.clone())
}

impl Outbox {
    /// Nothing waits yet. What must wait in a file waits in this directory.
    #[must_use]
    pub fn new(dir: PathBuf) -> Self {
        Self {
            update: Lot::default(),
            upsert: Lot::default(),
            supporters: Met::default(),
            keys: Met::default(),
            contacts: Met::default(),
            dir,
            spill: None,
        }
    }

    /// Whether a supporter's row waits here: nobody has two rows in flight.
    #[must_use]
    pub fn holds(&self, supporter: &SupporterId) -> bool {
        self.supporters.contains(supporter)
    }

    /// Adds a row. `false`: this supporter or this Contact has one already, and nothing was added. Two supporters whose ids
    /// differ in case alone are one external id to the org: the second would be written over the first.
    pub fn add(&mut self, lane: Lane, row: Waiting) -> bool {
        let key = without_case(&row.supporter);
        if self.supporters.contains(&row.supporter)
            || row.contact.is_some_and(|id| self.contacts.contains(&id))
            || (lane == Lane::Upsert && self.is_taken(&row.supporter, key.as_ref()))
        {
            return false;
        }
        self.supporters.insert(&row.supporter);
        key.iter().for_each(|key| self.keys.insert(key));
        row.contact.iter().for_each(|contact| self.contacts.insert(contact));
        let lot = self.lot(lane);
        let place = place(&row);
        lot.disordered |= lot.last.as_ref().is_some_and(|last| *last > place);
        lot.last = Some(place);
        let mut row = OutRow::from(row);
        if lot.rows.len() >= HELD_ROWS {
            self.park(&mut row);
        }
        let lot = self.lot(lane);
        if lot.rows.len() == HELD_ROWS {
            lot.rows.reserve_exact(ROOM - HELD_ROWS);
        }
        lot.bytes += u64::from(row.bytes());
        lot.rows.push(row);
        true
    }

    /// Whether the org would take the id of a waiting row, which is spelled otherwise, for this one.
    fn is_taken(&self, id: &SupporterId, key: Option<&SupporterId>) -> bool {
        self.keys.contains(key.unwrap_or(id)) || key.is_some_and(|key| self.supporters.contains(key))
    }

    /// Puts a row away. Where there is no room for it on the disk, it stays where it is.
    fn park(&mut self, row: &mut OutRow) {
        if self.spill.is_none() {
            self.spill = Spill::create(&self.dir).ok().map(Arc::new);
        }
        if let Some(spill) = &self.spill {
            row.park(spill);
        }
    }

    /// Whether a lane has as many rows or bytes as one job takes.
    #[must_use]
    pub fn is_full(&self, settings: &Settings) -> bool {
        [&self.update, &self.upsert]
            .into_iter()
            .any(|lot| lot.rows.len() >= settings.job_rows || lot.bytes >= settings.job_bytes)
    }

    /// Nothing waits.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.update.rows.is_empty() && self.upsert.rows.is_empty()
    }

    /// Takes the rows of one lane, sorted by Account and then by key.
    ///
    /// # Errors
    /// [`Fatal`] when rows lie in the file and the disk fails.
    pub fn take(&mut self, lane: Lane) -> Result<Vec<OutRow>, Fatal> {
        let Lot { mut rows, disordered, .. } = std::mem::take(self.lot(lane));
        // On a first load they come in order: none has to be read for that.
        if disordered {
            let mut failed = None;
            rows.sort_by_cached_key(|row| {
                let opened = row.open().map_err(|error| failed = Some(error));
                opened.ok().map(|row| place(&row))
            });
            if let Some(failed) = failed {
                return Err(failed);
            }
        }
        if self.is_empty() {
            // Their room, too: nobody waits while a job is under way.
            (self.supporters, self.keys, self.contacts) = <_>::default();
            // The rows hold on to the file as long as they need it.
            self.spill = None;
        } else {
            for row in &rows {
                self.forget(&*row.open()?);
            }
        }
        Ok(rows)
    }

    fn forget(&mut self, row: &Waiting) {
        self.supporters.remove(&row.supporter);
        if let Some(key) = without_case(&row.supporter) {
            self.keys.remove(&key);
        }
        if let Some(contact) = row.contact {
            self.contacts.remove(&contact);
        }
    }

    fn lot(&mut self, lane: Lane) -> &mut Lot {
        match lane {
            Lane::Update => &mut self.update,
            Lane::Upsert => &mut self.upsert,
        }
    }
}

/// The id as the org compares it; `None` for one that is so already.
fn without_case(id: &SupporterId) -> Option<SupporterId> {
    if id.as_str().bytes().all(|byte| byte.is_ascii() && !byte.is_ascii_uppercase()) {
        return None;
    }
    let lower = id.as_str().to_lowercase();
    if lower == id.as_str() { None } else { SupporterId::parse(&lower).ok() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::packed::Packed;
    use model::{ContactId, Digest};

    fn row(supporter: &str, contact: Option<&str>, account: Option<&str>) -> Waiting {
        Waiting {
            supporter: SupporterId::parse(supporter).unwrap(),
            contact: contact.map(|id| ContactId::parse(id).unwrap()),
            account: account.map(|id| AccountId::parse(id).unwrap()),
            packed: Packed::of(std::iter::empty(), std::iter::empty()),
            bytes: 0,
            record: Digest(0),
        }
    }

    #[test]
    fn nobody_has_two_rows_in_one_job_from_either_side() {
        let mut outbox = Outbox::new(PathBuf::new());
        assert!(outbox.add(Lane::Update, row("1", Some("003000000000001"), None)));
        assert!(!outbox.add(Lane::Upsert, row("1", None, None)));
        assert!(!outbox.add(Lane::Update, row("2", Some("003000000000001"), None)));
        outbox.take(Lane::Update).unwrap();
        assert!(outbox.add(Lane::Upsert, row("1", None, None)));
    }

    #[test]
    fn ids_that_differ_in_case_alone_never_share_a_job() {
        let mut outbox = Outbox::new(PathBuf::new());
        assert!(outbox.add(Lane::Upsert, row("abc", None, None)));
        assert!(!outbox.add(Lane::Upsert, row("ABC", None, None)));
        outbox.take(Lane::Upsert).unwrap();
        assert!(outbox.add(Lane::Upsert, row("ABC", None, None)));
    }

    #[test]
    fn rows_of_one_household_stand_together() {
        let mut outbox = Outbox::new(PathBuf::new());
        for (supporter, contact, account) in [
            ("3", "003000000000003", "001000000000001"),
            ("1", "003000000000001", "001000000000002"),
            ("2", "003000000000002", "001000000000001"),
        ] {
            outbox.add(Lane::Update, row(supporter, Some(contact), Some(account)));
        }
        let taken = outbox.take(Lane::Update).unwrap();
        let order: Vec<String> = taken.iter().map(|row| row.open().unwrap().supporter.to_string()).collect();
        assert_eq!(order, ["2", "3", "1"]);
        assert!(outbox.is_empty());
    }

    /// A job so large that most of its rows wait in the file.
    fn large(dir: &std::path::Path, order: impl Iterator<Item = usize>) -> Vec<OutRow> {
        let mut outbox = Outbox::new(dir.to_path_buf());
        for n in order {
            let cell = model::Cell::Value(format!("value {n}").into());
            let packed = Packed::of(std::iter::once(&cell), std::iter::empty());
            assert!(outbox.add(Lane::Upsert, Waiting { packed, ..row(&format!("{n:05}"), None, None) }));
        }
        outbox.take(Lane::Upsert).unwrap()
    }

    #[test]
    fn the_rows_of_a_large_job_come_back_from_the_file_in_order_whatever_order_they_came_in() {
        let dir = tempfile::tempdir().unwrap();
        let count = HELD_ROWS + 500;
        for rows in [large(dir.path(), 0..count), large(dir.path(), (0..count).rev())] {
            assert_eq!(rows.iter().filter(|row| row.is_parked()).count(), 500);
            for (n, row) in rows.iter().enumerate().rev() {
                let (row, text) = (row.open().unwrap(), format!("value {n}"));
                assert_eq!(row.supporter.as_str(), format!("{n:05}"));
                assert!(row.packed.cells().eq([salesforce::csv::Cell::Text(&text)]));
            }
        }
    }
}
