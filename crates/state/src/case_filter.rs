//! Who has no case, known without asking the store. Each commit of a first load closes the cases of thousands of people, hardly any
//! of whom has one; of a million people twenty thousand may have, and then each question reads the disk.

use std::collections::HashSet;
use std::hash::{BuildHasher, RandomState};
use std::sync::{Mutex, PoisonError};

use crate::error::Fatal;
use crate::store::{Scan, Store};
use crate::tree::Tree;

/// So many questions go to the store before all cases are read: an hourly run asks fewer.
const ASKED_FIRST: usize = 10_000;
/// Rows read at once.
const PAGE: usize = 1_000;
/// Of more cases than this nothing is kept, and the store is asked each time: 64 bits of each are held in memory.
const MOST: usize = 100_000;

/// Everybody whom a case is about, each by a hash under a key of its own.
#[derive(Default)]
pub(crate) struct CaseFilter(Mutex<Known>, RandomState);

#[derive(Default)]
enum Known {
    #[default]
    Nothing,
    /// The store was asked so many times.
    Asked(usize),
    /// These may have one, and nobody else.
    Subjects(HashSet<u64>),
    TooMany,
}

impl CaseFilter {
    /// Whether there may be a case in the store under this prefix ([`case_prefix`]); `false`: there is none. To be asked by the one
    /// who commits, while he does.
    ///
    /// # Errors
    /// [`Fatal`] when the store cannot be read.
    pub(crate) fn may_hold(&self, store: &dyn Store, subject: &[u8]) -> Result<bool, Fatal> {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match &mut *known {
            Known::Nothing => *known = Known::Asked(1),
            Known::Asked(times) if *times < ASKED_FIRST => *times += 1,
            Known::Asked(_) => *known = self.read(store)?,
            Known::Subjects(_) | Known::TooMany => {}
        }
        Ok(match &*known {
            Known::Subjects(met) => met.contains(&self.1.hash_one(subject)),
            Known::Nothing | Known::Asked(_) | Known::TooMany => true,
        })
    }

    /// A case under this prefix is being written; nothing is lost where that fails.
    pub(crate) fn add(&self, subject: &[u8]) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Known::Subjects(met) = &mut *known {
            met.insert(self.1.hash_one(subject));
            if met.len() > MOST {
                *known = Known::TooMany;
            }
        }
    }

    fn read(&self, store: &dyn Store) -> Result<Known, Fatal> {
        let mut met = HashSet::new();
        let mut after: Option<Vec<u8>> = None;
        loop {
            let before = after.clone();
            let scan = Scan { prefix: &[], after: before.as_deref() };
            let mut rows = 0;
            store.scan_each(Tree::Cases, scan, PAGE, &mut |key, _| {
                rows += 1;
                met.insert(self.1.hash_one(subject_of(key)));
                after = Some(key.to_vec());
                Ok(())
            })?;
            if met.len() > MOST {
                return Ok(Known::TooMany);
            }
            if rows < PAGE {
                return Ok(Known::Subjects(met));
            }
        }
    }
}

/// The part of a case's key that says whom it is about.
fn subject_of(key: &[u8]) -> &[u8] {
    let end = key.iter().position(|byte| *byte == 0);
    end.map_or(key, |end| &key[..=end])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cases::CaseKey;
    use crate::record::Record;
    use crate::{Batch, MemoryStore};
    use model::{Case, CaseKind, ContactId, Subject, SupporterId};

    fn name(n: usize) -> Vec<u8> {
        format!("{n:07}").into_bytes()
    }

    fn holding(cases: usize) -> MemoryStore {
        let store = MemoryStore::new(1);
        let mut batch = Batch::new();
        for n in 0..cases {
            batch.put(Tree::Cases, [&*name(n), b"\0kind"].concat(), vec![1]);
        }
        store.commit_blocking(batch).unwrap();
        store
    }

    fn asked(store: &MemoryStore) -> CaseFilter {
        let filter = CaseFilter::default();
        for _ in 0..=ASKED_FIRST {
            assert!(filter.may_hold(store, b"0000000\0").unwrap());
        }
        filter
    }

    #[test]
    fn whoever_has_a_case_is_never_said_to_have_none() {
        let store = holding(2 * PAGE);
        let filter = asked(&store);
        let may_hold = |n: usize| filter.may_hold(&store, &[&*name(n), b"\0"].concat()).unwrap();
        assert!((0..2 * PAGE).all(may_hold));
        assert!((2 * PAGE..4 * PAGE).filter(|n| may_hold(*n)).count() < 5, "hardly ever by chance");
        filter.add(b"0009999\0");
        assert!(may_hold(9_999));
    }

    #[test]
    fn whom_a_case_is_about_is_told_from_its_key() {
        let supporter = Subject::Supporter(SupporterId::parse("7\u{e9} b").unwrap());
        let contact = Subject::Contact(ContactId::parse("003000000000001AAA").unwrap());
        for subject in [supporter, contact] {
            let key = CaseKey { subject: subject.clone(), kind: CaseKind::Blocked };
            assert_eq!(subject_of(&Case::key(&key)), crate::cases::case_prefix(&subject));
        }
    }

    #[test]
    fn before_the_cases_are_read_and_where_there_are_too_many_anybody_may_have_one() {
        let few = holding(1);
        assert!(CaseFilter::default().may_hold(&few, b"x").unwrap());
        let store = holding(MOST + 1);
        assert!(asked(&store).may_hold(&store, b"x").unwrap());
        let filter = asked(&few);
        assert!(!filter.may_hold(&few, b"x").unwrap());
        (0..=MOST).for_each(|n| filter.add(format!("new {n}").as_bytes()));
        assert!(filter.may_hold(&few, b"x").unwrap());
    }
}
