//! A row of a job that is not written yet: in memory, or in the file of waiting rows.

use std::borrow::Cow;
use std::io;
use std::sync::Arc;

use model::{AccountId, ContactId, Digest, Intent, PlanId, SupporterId};
use plan::Fatal;

use crate::packed::Packed;
use crate::spill::{Place, Spill};

/// Says that a row in the file names a Contact, or an Account.
const CONTACT: u8 = 1;
const ACCOUNT: u8 = 2;

/// One row of a job, not yet written. A job may hold 100,000: one that lies in the file takes 24 bytes of memory.
#[derive(Debug, Clone)]
pub struct OutRow(Held);

#[derive(Debug, Clone)]
enum Held {
    Here(Box<Waiting>),
    Parked { spill: Arc<Spill>, at: u64, length: u32, bytes: u32 },
}

/// What is known of a row while it waits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waiting {
    /// Whose row it is: the key that results are joined by.
    pub supporter: SupporterId,
    /// The Contact it updates; `None` in the upsert lane.
    pub contact: Option<ContactId>,
    /// The Contact's Account: rows of one household stand together, so that they do not wait for each other's lock.
    pub account: Option<AccountId>,
    /// One cell for each of the lane's columns after the keys, and what is on its way, for the journal.
    pub packed: Packed,
    /// About how many bytes the row takes in the job's file.
    pub bytes: u32,
    /// What a block would remember.
    pub record: Digest,
}

impl From<Waiting> for OutRow {
    fn from(waiting: Waiting) -> Self {
        Self(Held::Here(Box::new(waiting)))
    }
}

impl OutRow {
    /// About how many bytes the row takes in the job's file.
    #[must_use]
    pub fn bytes(&self) -> u32 {
        match &self.0 {
            Held::Here(waiting) => waiting.bytes,
            Held::Parked { bytes, .. } => *bytes,
        }
    }

    /// The row.
    ///
    /// # Errors
    /// [`Fatal`] when it lies in the file and the disk fails.
    pub fn open(&self) -> Result<Cow<'_, Waiting>, Fatal> {
        match &self.0 {
            Held::Here(waiting) => Ok(Cow::Borrowed(waiting)),
            Held::Parked { spill, at, length, bytes } => {
                let read = spill.read(Place { at: *at, length: *length }).and_then(|row| {
                    Waiting::from_bytes(&row, *bytes).ok_or_else(|| io::ErrorKind::InvalidData.into())
                });
                read.map(Cow::Owned).map_err(Fatal::spool("reading a waiting row"))
            }
        }
    }

    /// Puts the row into the file. Where the disk has no room for it, it stays where it is.
    pub(crate) fn park(&mut self, spill: &Arc<Spill>) {
        if let Held::Here(waiting) = &self.0
            && let Ok(Place { at, length }) = spill.park(&waiting.to_bytes())
        {
            self.0 = Held::Parked { spill: Arc::clone(spill), at, length, bytes: waiting.bytes };
        }
    }

    #[cfg(test)]
    pub(crate) const fn is_parked(&self) -> bool {
        matches!(self.0, Held::Parked { .. })
    }
}

impl Waiting {
    /// The row's intent under a job's number.
    #[must_use]
    pub fn intent(&self, plan: PlanId) -> Intent {
        let fields = self.packed.fields().collect();
        Intent { plan: Some(plan), contact: self.contact, record: self.record, fields }
    }

    fn to_bytes(&self) -> Vec<u8> {
        let (id, packed) = (self.supporter.as_str().as_bytes(), self.packed.bytes());
        let mut to = Vec::with_capacity(48 + id.len() + packed.len());
        let part = |there: bool, part: u8| if there { part } else { 0 };
        to.push(part(self.contact.is_some(), CONTACT) | part(self.account.is_some(), ACCOUNT));
        self.contact.iter().for_each(|id| to.extend_from_slice(&id.packed()));
        self.account.iter().for_each(|id| to.extend_from_slice(&id.packed()));
        to.extend_from_slice(&self.record.0.to_le_bytes());
        to.extend_from_slice(&(id.len() as u64).to_le_bytes());
        to.extend_from_slice(id);
        to.extend_from_slice(&self.packed.fields_at().to_le_bytes());
        to.extend_from_slice(packed);
        to
    }

    /// Reads [`Self::to_bytes`] back. Total: any bytes give a row or nothing.
    fn from_bytes(bytes: &[u8], size: u32) -> Option<Self> {
        let (parts, rest) = bytes.split_first()?;
        let (contact, rest) = if parts & CONTACT == 0 {
            (None, rest)
        } else {
            let (id, rest) = rest.split_first_chunk::<12>()?;
            (Some(ContactId::from_packed(*id)?), rest)
        };
        let (account, rest) = if parts & ACCOUNT == 0 {
            (None, rest)
        } else {
            let (id, rest) = rest.split_first_chunk::<12>()?;
            (Some(AccountId::from_packed(*id)?), rest)
        };
        let (record, rest) = rest.split_first_chunk::<8>()?;
        let (length, rest) = rest.split_first_chunk::<8>()?;
        let (id, rest) = rest.split_at_checked(usize::try_from(u64::from_le_bytes(*length)).ok()?)?;
        let (fields_at, packed) = rest.split_first_chunk::<4>()?;
        Some(Self {
            supporter: SupporterId::parse(std::str::from_utf8(id).ok()?).ok()?,
            contact,
            account,
            packed: Packed::from_bytes(packed.into(), u32::from_le_bytes(*fields_at)),
            bytes: size,
            record: Digest(u64::from_le_bytes(*record)),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::Cell;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn what_is_parked_comes_back(
            supporter in "[a-z0-9é]{1,30}",
            contact in proptest::option::of("003[0-9A-Za-z]{12}"),
            account in proptest::option::of("001[0-9A-Za-z]{12}"),
            texts in proptest::collection::vec("\\PC{1,12}", 0..6),
            record: u64,
            bytes: u32,
        ) {
            let cells: Vec<Cell> = texts.into_iter().map(|text| Cell::Value(text.into())).collect();
            let waiting = Waiting {
                supporter: SupporterId::parse(&supporter).unwrap(),
                contact: contact.map(|id| ContactId::parse(&id).unwrap()),
                account: account.map(|id| AccountId::parse(&id).unwrap()),
                packed: Packed::of(cells.iter(), std::iter::empty()),
                bytes,
                record: Digest(record),
            };
            let dir = tempfile::tempdir().unwrap();
            let spill = Arc::new(Spill::create(dir.path()).unwrap());
            let mut row = OutRow::from(waiting.clone());
            row.park(&spill);
            prop_assert!(row.is_parked());
            prop_assert_eq!(row.open().unwrap().into_owned(), waiting);
        }

        #[test]
        fn any_bytes_give_a_row_or_nothing(bytes in proptest::collection::vec(any::<u8>(), 0..120)) {
            if let Some(waiting) = Waiting::from_bytes(&bytes, 0) {
                prop_assert!(waiting.packed.cells().count() <= bytes.len());
            }
        }
    }

    #[test]
    fn a_parked_row_takes_24_bytes() {
        assert_eq!(size_of::<OutRow>(), 24);
    }
}
