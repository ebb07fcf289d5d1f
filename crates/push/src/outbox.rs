//! Rows that wait until there are enough for a job, or nobody is left.

use std::collections::HashSet;

use model::{ContactId, Lane, SupporterId};
use plan::Settings;

use crate::encode::OutRow;

/// The rows of the next two jobs, one per lane. Bounded by the size of a job.
#[derive(Debug, Default)]
pub struct Outbox {
    update: Lot,
    upsert: Lot,
    supporters: HashSet<SupporterId>,
    /// External ids as the org compares them: without case.
    keys: HashSet<String>,
    contacts: HashSet<ContactId>,
}

#[derive(Debug, Default)]
struct Lot {
    rows: Vec<OutRow>,
    bytes: u64,
}

impl Outbox {
    /// Whether a supporter's row waits here: nobody has two rows in flight.
    #[must_use]
    pub fn holds(&self, supporter: &SupporterId) -> bool {
        self.supporters.contains(supporter)
    }

    /// Adds a row. `false`: this supporter or this Contact has one already, and nothing was added. Two supporters whose ids
    /// differ in case alone are one external id to the org: the second would be written over the first.
    pub fn add(&mut self, lane: Lane, row: OutRow) -> bool {
        if self.supporters.contains(&row.supporter)
            || row.contact.is_some_and(|id| self.contacts.contains(&id))
        {
            return false;
        }
        let key = row.supporter.as_str().to_lowercase();
        if lane == Lane::Upsert && !self.keys.insert(key) {
            return false;
        }
        self.supporters.insert(row.supporter.clone());
        self.contacts.extend(row.contact);
        let lot = self.lot(lane);
        lot.bytes += row.bytes();
        lot.rows.push(row);
        true
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
    pub fn take(&mut self, lane: Lane) -> Vec<OutRow> {
        let mut rows = std::mem::take(self.lot(lane)).rows;
        rows.sort_by(|a, b| (a.account, &a.supporter).cmp(&(b.account, &b.supporter)));
        for row in &rows {
            self.supporters.remove(&row.supporter);
            self.keys.remove(&row.supporter.as_str().to_lowercase());
            if let Some(contact) = row.contact {
                self.contacts.remove(&contact);
            }
        }
        rows
    }

    fn lot(&mut self, lane: Lane) -> &mut Lot {
        match lane {
            Lane::Update => &mut self.update,
            Lane::Upsert => &mut self.upsert,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::{AccountId, Digest};

    fn row(supporter: &str, contact: Option<&str>, account: Option<&str>) -> OutRow {
        OutRow {
            supporter: SupporterId::parse(supporter).unwrap(),
            contact: contact.map(|id| ContactId::parse(id).unwrap()),
            account: account.map(|id| AccountId::parse(id).unwrap()),
            packed: crate::packed::Packed::of(std::iter::empty(), std::iter::empty()),
            record: Digest(0),
        }
    }

    #[test]
    fn nobody_has_two_rows_in_one_job_from_either_side() {
        let mut outbox = Outbox::default();
        assert!(outbox.add(Lane::Update, row("1", Some("003000000000001"), None)));
        assert!(!outbox.add(Lane::Upsert, row("1", None, None)));
        assert!(!outbox.add(Lane::Update, row("2", Some("003000000000001"), None)));
        outbox.take(Lane::Update);
        assert!(outbox.add(Lane::Upsert, row("1", None, None)));
    }

    #[test]
    fn ids_that_differ_in_case_alone_never_share_a_job() {
        let mut outbox = Outbox::default();
        assert!(outbox.add(Lane::Upsert, row("abc", None, None)));
        assert!(!outbox.add(Lane::Upsert, row("ABC", None, None)));
        outbox.take(Lane::Upsert);
        assert!(outbox.add(Lane::Upsert, row("ABC", None, None)));
    }

    #[test]
    fn rows_of_one_household_stand_together() {
        let mut outbox = Outbox::default();
        for (supporter, contact, account) in [
            ("3", "003000000000003", "001000000000001"),
            ("1", "003000000000001", "001000000000002"),
            ("2", "003000000000002", "001000000000001"),
        ] {
            outbox.add(Lane::Update, row(supporter, Some(contact), Some(account)));
        }
        let order: Vec<String> =
            outbox.take(Lane::Update).iter().map(|row| row.supporter.to_string()).collect();
        assert_eq!(order, ["2", "3", "1"]);
        assert!(outbox.is_empty());
    }
}
