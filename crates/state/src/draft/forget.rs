//! Erasure of one person: everything that names them goes in one commit, and what stays behind names nobody.

use model::{Case, ContactId, Subject, SupporterId};

use crate::conflicts::Conflict;
use crate::draft::case::named;
use crate::draft::{Draft, shift};
use crate::error::Error;
use crate::forgotten::Tombstone;
use crate::store::Scan;
use crate::tree::Tree;
use crate::{CaseKey, NoteKind, keys, notes, record, seal};

/// Records looked at at a time.
const PAGE: usize = 500;

impl Draft<'_> {
    /// Refused while a row of theirs is in a job: what that job did must still be settled under their name.
    pub(super) fn forget(
        &mut self,
        id: &SupporterId,
        contact: Option<ContactId>,
        tombstones: &[Tombstone],
    ) -> Result<(), Error> {
        let plan = self.person(id)?.and_then(crate::person::Person::plan);
        if let Some(plan) = plan
            && self.journal.get(self.store, &plan)?.is_some()
        {
            return Err(Error::InFlight { supporter: id.clone(), plan });
        }
        *self.people.slot(self.store, id)? = None;
        *self.marks.slot(self.store, &Subject::Supporter(id.clone()))? = None;
        if let Some(contact) = contact {
            *self.contacts.slot(self.store, &contact)? = None;
            *self.marks.slot(self.store, &Subject::Contact(contact))? = None;
        }
        self.forget_cases(id, contact)?;
        self.forget_conflicts(id, contact)?;
        self.forget_stamps(id, contact)?;
        self.forget_pairs(id, contact)?;
        self.forget_notes(id, contact);
        self.forget_owned(id)?;
        for tombstone in tombstones {
            let key = tombstone.key();
            let before = self.store.get(Tree::Index, &key)?.is_some();
            let value = seal::wrap(Tree::Index, &key, 1, &[]);
            self.batch.put(Tree::Index, key, value);
            shift(&mut self.counts.forgotten, u64::from(before), 1);
        }
        self.milestone = true;
        Ok(())
    }

    /// What the delivery of events remembers of them: as which record they were replicated, and when their Contact was written;
    /// and which of their fields went back and forth.
    fn forget_notes(&mut self, id: &SupporterId, contact: Option<ContactId>) {
        for kind in [NoteKind::Replica, NoteKind::Turns] {
            self.batch.delete(Tree::Index, notes::key_of(kind, id.as_str().as_bytes()));
        }
        if let Some(contact) = contact {
            self.batch.delete(Tree::Index, notes::key_of(NoteKind::Stamps, contact.as_str().as_bytes()));
        }
    }

    /// Which records are theirs. Keys are records: every note is looked at.
    fn forget_owned(&mut self, id: &SupporterId) -> Result<(), Error> {
        let prefix = notes::key_of(NoteKind::Owner, &[]);
        let mut after: Option<Vec<u8>> = None;
        loop {
            let scan = Scan { prefix: &prefix, after: after.as_deref() };
            let page = self.store.scan(Tree::Index, scan, PAGE)?;
            let Some((last, _)) = page.last() else { return Ok(()) };
            after = Some(last.clone());
            for (key, value) in page {
                if notes::opened(&key, &value)? == id.as_str().as_bytes() {
                    self.batch.delete(Tree::Index, key);
                }
            }
        }
    }

    /// Their own cases, and those of others that show them beside somebody.
    fn forget_cases(&mut self, id: &SupporterId, contact: Option<ContactId>) -> Result<(), Error> {
        let theirs = |case: &Case| {
            case.supporters.contains(id)
                || contact.is_some_and(|contact| case.contacts.contains(&contact))
                || match &case.subject {
                    Subject::Supporter(subject) => subject == id,
                    Subject::Contact(subject) => Some(*subject) == contact,
                }
        };
        let mut after: Option<Vec<u8>> = None;
        loop {
            let scan = Scan { prefix: &[], after: after.as_deref() };
            let page = record::page::<Case>(self.store, scan, PAGE)?;
            let Some((last, _)) = page.last() else { return Ok(()) };
            after = Some(last.clone());
            for (_, case) in page.iter().filter(|(_, case)| theirs(case)) {
                self.receipt.closed += 1;
                *self.cases.slot(self.store, &CaseKey::of(case))? = None;
                let mut others = named(case);
                others.push(case.subject.clone());
                others.retain(|other| match other {
                    Subject::Supporter(other) => other != id,
                    Subject::Contact(other) => Some(*other) != contact,
                });
                self.ask_again(others)?;
            }
        }
    }

    fn forget_conflicts(&mut self, id: &SupporterId, contact: Option<ContactId>) -> Result<(), Error> {
        let mut after: Option<Vec<u8>> = None;
        loop {
            let scan = Scan { prefix: &[], after: after.as_deref() };
            let page = record::page::<Conflict>(self.store, scan, PAGE)?;
            let Some((last, _)) = page.last() else { return Ok(()) };
            after = Some(last.clone());
            for (key, conflict) in page {
                if conflict.supporter == *id || Some(conflict.contact) == contact {
                    self.receipt.pruned += 1;
                    self.batch.delete(Tree::Conflicts, key);
                }
            }
        }
    }

    /// That a record was seen at a stamp names it, too.
    fn forget_stamps(&mut self, id: &SupporterId, contact: Option<ContactId>) -> Result<(), Error> {
        let mut after: Option<Vec<u8>> = None;
        loop {
            let scan = Scan { prefix: &[], after: after.as_deref() };
            let page = self.store.scan(Tree::Seen, scan, PAGE)?;
            let Some((last, _)) = page.last() else { return Ok(()) };
            after = Some(last.clone());
            for (key, _) in page {
                let named = keys::seen_id(&key);
                if named == id.as_str().as_bytes()
                    || contact.is_some_and(|contact| named == contact.as_str().as_bytes())
                {
                    self.batch.delete(Tree::Seen, key);
                }
            }
        }
    }

    /// Whom they were said not to be, and who was said not to be them.
    fn forget_pairs(&mut self, id: &SupporterId, contact: Option<ContactId>) -> Result<(), Error> {
        let mine = keys::apart_prefix(id);
        let mut after: Option<Vec<u8>> = None;
        loop {
            let scan = Scan { prefix: keys::APART_PREFIX, after: after.as_deref() };
            let page = self.store.scan(Tree::Index, scan, PAGE)?;
            let Some((last, _)) = page.last() else { return Ok(()) };
            after = Some(last.clone());
            for (key, _) in page {
                if key.starts_with(&mine) || Some(keys::apart_contact(&key)?) == contact {
                    self.apart.insert(key, false);
                    shift(&mut self.counts.apart, 1, 0);
                }
            }
        }
    }
}
