//! Open cases: what only a person can decide.

use std::collections::BTreeMap;

use model::{Case, CaseKind, Stamp, Subject};

use crate::error::Error;
use crate::record::{self, Coding, Counted, Record};
use crate::store::Scan;
use crate::tree::Tree;
use crate::{State, keys};

/// What makes a case the same case: whom it is about, and its kind.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CaseKey {
    /// Whom it is about.
    pub subject: Subject,
    /// What kind.
    pub kind: CaseKind,
}

impl CaseKey {
    /// The key of a case.
    #[must_use]
    pub fn of(case: &Case) -> Self {
        Self { subject: case.subject.clone(), kind: case.kind }
    }
}

impl Record for Case {
    type Key = CaseKey;
    const TREE: Tree = Tree::Cases;
    const CODING: Coding = Coding::Json;
    fn key(key: &CaseKey) -> Vec<u8> {
        let mut bytes = case_prefix(&key.subject);
        bytes.extend_from_slice(key.kind.code().as_bytes());
        bytes
    }

    fn counted(&self) -> Counted {
        let (ruling, put_off) = (self.standing.ruling.is_some(), self.standing.is_put_off());
        Counted { ruling, put_off, ..Counted::default() }
    }
}

/// All cases of a subject. Ids hold no control characters, so the zero byte ends them.
pub(crate) fn case_prefix(subject: &Subject) -> Vec<u8> {
    let mut bytes = keys::subject(subject);
    bytes.push(0);
    bytes
}

impl State {
    /// One case.
    ///
    /// # Errors
    /// [`Error::Fatal`].
    pub fn case_of(&self, kind: CaseKind, subject: &Subject) -> Result<Option<Case>, Error> {
        Ok(record::get(self.store(), &CaseKey { subject: subject.clone(), kind })?)
    }

    /// All cases of one subject.
    ///
    /// # Errors
    /// [`Error::Fatal`].
    pub fn cases_of(&self, subject: &Subject) -> Result<Vec<Case>, Error> {
        let prefix = case_prefix(subject);
        let page = record::page(self.store(), Scan { prefix: &prefix, after: None }, MAX_KINDS)?;
        Ok(page.into_iter().map(|(_, case)| case).collect())
    }

    /// Cases in a stable order, those of one subject together: at most `limit` of those after `after`.
    ///
    /// # Errors
    /// [`Error::Fatal`].
    pub fn cases_page(&self, after: Option<&CaseKey>, limit: usize) -> Result<Vec<Case>, Error> {
        let after = after.map(Case::key);
        let page = record::page(self.store(), Scan { prefix: &[], after: after.as_deref() }, limit)?;
        Ok(page.into_iter().map(|(_, case)| case).collect())
    }

    /// How many cases of one kind are open.
    ///
    /// # Errors
    /// [`Error::Fatal`].
    pub fn case_count(&self, kind: CaseKind) -> Result<u64, Error> {
        Ok(self.counts()?.cases.get(&kind).copied().unwrap_or(0))
    }

    /// How many cases are open, per kind that has any.
    ///
    /// # Errors
    /// [`Error::Fatal`].
    pub fn case_counts(&self) -> Result<BTreeMap<CaseKind, u64>, Error> {
        Ok(self.counts()?.cases)
    }

    /// How many of the open cases wait for nobody at this moment, because somebody decided them or put them off, per kind that has
    /// any. No case is read where nobody did.
    ///
    /// # Errors
    /// [`Error::Fatal`].
    pub fn cases_aside(&self, now: Stamp) -> Result<BTreeMap<CaseKind, u64>, Error> {
        let (mut aside, mut after): (BTreeMap<CaseKind, u64>, Option<CaseKey>) = (BTreeMap::new(), None);
        let counts = self.counts()?;
        if counts.rulings + counts.put_off == 0 {
            return Ok(aside);
        }
        loop {
            let page = self.cases_page(after.as_ref(), PAGE)?;
            let Some(last) = page.last() else { return Ok(aside) };
            after = Some(CaseKey::of(last));
            for case in page.iter().filter(|case| !case.standing.waits(now)) {
                *aside.entry(case.kind).or_default() += 1;
            }
        }
    }
}

/// Cases read at once.
const PAGE: usize = 1_000;

/// More cases than one subject can have: there are fewer kinds.
pub(crate) const MAX_KINDS: usize = 64;
