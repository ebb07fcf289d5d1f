//! Reading the whole state once and comparing its parts with each other.

use std::collections::BTreeMap;
use std::sync::PoisonError;

use model::{Case, ContactId, JournalEntry};

use crate::cases::CaseKey;
use crate::dirty::Mark;
use crate::error::{Error, Fatal};
use crate::log::{Audit, SUMMARY, Summary};
use crate::meta::Counts;
use crate::person::{LinkedSupporter, Person, supporter_key};
use crate::record::{self, Record};
use crate::store::{Scan, Store};
use crate::tree::Tree;
use crate::{Conflict, State, keys, seal};

/// Rows read at once.
const PAGE: usize = 1_000;
/// How many findings are named; the rest is only counted.
const MAX_FINDINGS: usize = 100;

/// What [`State::verify`] found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Verified {
    /// Rows read.
    pub rows: u64,
    /// Parts that do not fit each other, the first hundred of them in words without personal data.
    pub findings: Vec<String>,
    /// How many there are in all.
    pub found: u64,
}

impl Verified {
    fn find(&mut self, finding: impl FnOnce() -> String) {
        self.found += 1;
        if self.findings.len() < MAX_FINDINGS {
            self.findings.push(finding());
        }
    }
}

impl State {
    /// Reads every row, checks its checksum and content, that links and the ways back from Contacts fit each other, that the
    /// index is complete, and that the counters are right. Blocks; commits wait meanwhile. About a second per 100,000 people.
    ///
    /// # Errors
    /// [`Error::Fatal`] at the first damaged row.
    pub fn verify(&self) -> Result<Verified, Error> {
        let _turn = self.inner().turn.lock().unwrap_or_else(PoisonError::into_inner);
        let mut check =
            Check { store: self.store(), verified: Verified::default(), counts: Counts::default() };
        check.people()?;
        check.contacts()?;
        check.index()?;
        check.marks_and_cases()?;
        check.the_rest()?;
        let Check { mut verified, counts, .. } = check;
        let stored = self.counts()?;
        let pairs = [
            ("links", stored.links, counts.links),
            ("marks", stored.dirty, counts.dirty),
            ("blocks", stored.blocks, counts.blocks),
            ("rulings", stored.rulings, counts.rulings),
            ("cases put off", stored.put_off, counts.put_off),
            ("pairs of different people", stored.apart, counts.apart),
        ];
        for (what, stored, counted) in pairs {
            if stored != counted {
                verified.find(|| format!("{stored} {what} noted, {counted} found"));
            }
        }
        if stored.cases != counts.cases {
            verified.find(|| "the number of cases noted is not the number found".to_owned());
        }
        Ok(verified)
    }
}

struct Check<'s> {
    store: &'s dyn Store,
    verified: Verified,
    counts: Counts,
}

impl Check<'_> {
    /// Hands every row of a tree to `look`.
    fn each(
        &mut self,
        tree: Tree,
        mut look: impl FnMut(&mut Self, &[u8], &[u8]) -> Result<(), Fatal>,
    ) -> Result<(), Fatal> {
        let mut after: Option<Vec<u8>> = None;
        loop {
            let page = self.store.scan(tree, Scan { prefix: &[], after: after.as_deref() }, PAGE)?;
            for (key, value) in &page {
                self.verified.rows += 1;
                look(self, key, value)?;
            }
            match page.into_iter().last() {
                Some((last, _)) => after = Some(last),
                None => return Ok(()),
            }
        }
    }

    fn people(&mut self) -> Result<(), Fatal> {
        self.each(Tree::People, |check, key, value| {
            let id = supporter_key(Tree::People, key, 0)?;
            let person: Person = record::read(key, value)?;
            if let Some(contact) = person.live_contact() {
                check.counts.links += 1;
                let owner: Option<LinkedSupporter> = record::get(check.store, &contact)?;
                if owner.is_none_or(|owner| owner.0 != id) {
                    check.verified.find(|| format!("Contact {contact} does not lead back to supporter {id}"));
                }
            }
            check.counts.blocks += u64::from(person.block.is_some());
            if person.block.is_some() {
                let entry = keys::blocked(&id);
                if check.store.get(Tree::Index, &entry)?.is_none() {
                    check.verified.find(|| format!("supporter {id} is missing in the index"));
                }
            }
            Ok(())
        })
    }

    fn contacts(&mut self) -> Result<(), Fatal> {
        self.each(Tree::ByContact, |check, key, value| {
            let owner: LinkedSupporter = record::read(key, value)?;
            let contact = std::str::from_utf8(key).ok().and_then(|key| ContactId::parse(key).ok());
            let person: Option<Person> = record::get(check.store, &owner.0)?;
            if person.and_then(|person| person.link).map(|link| link.contact) != contact {
                check
                    .verified
                    .find(|| format!("supporter {} is not linked to a Contact that leads to it", owner.0));
            }
            Ok(())
        })
    }

    fn index(&mut self) -> Result<(), Fatal> {
        let mut entries: BTreeMap<u8, u64> = BTreeMap::new();
        self.each(Tree::Index, |_, key, value| {
            seal::unwrap(Tree::Index, key, value)?;
            *entries.entry(key.first().copied().unwrap_or(0)).or_default() += 1;
            Ok(())
        })?;
        let blocked = entries.get(&keys::BLOCK_PREFIX[0]).copied().unwrap_or(0);
        self.counts.apart = entries.get(&keys::APART_PREFIX[0]).copied().unwrap_or(0);
        self.counts.forgotten = entries.get(&keys::FORGOTTEN).copied().unwrap_or(0);
        if blocked != self.counts.blocks {
            let blocks = self.counts.blocks;
            self.verified.find(|| format!("{blocked} blocks in the index, {blocks} found"));
        }
        Ok(())
    }

    fn marks_and_cases(&mut self) -> Result<(), Fatal> {
        self.each(Tree::Dirty, |check, key, value| {
            keys::parse_subject(Tree::Dirty, key)?;
            check.counts.dirty += 1;
            record::read::<Mark>(key, value).map(drop)
        })?;
        self.each(Tree::Cases, |check, key, value| {
            let case: Case = record::read(key, value)?;
            *check.counts.cases.entry(case.kind).or_default() += 1;
            check.counts.rulings += u64::from(case.standing.ruling.is_some());
            check.counts.put_off += u64::from(case.standing.is_put_off());
            if Case::key(&CaseKey::of(&case)) != key {
                check.verified.find(|| format!("a case of {} lies under another key", case.subject));
            }
            Ok(())
        })
    }

    fn the_rest(&mut self) -> Result<(), Fatal> {
        self.each(Tree::Journal, |_, key, value| record::read::<JournalEntry>(key, value).map(drop))?;
        self.each(Tree::Conflicts, |_, key, value| record::read::<Conflict>(key, value).map(drop))?;
        self.each(Tree::Log, |_, key, value| match key.first() {
            Some(&SUMMARY) => record::read::<Summary>(key, value).map(drop),
            Some(_) | None => record::read::<Audit>(key, value).map(drop),
        })?;
        for tree in [Tree::Seen, Tree::Meta] {
            self.each(tree, |_, key, value| seal::unwrap(tree, key, value).map(drop))?;
        }
        Ok(())
    }
}
