//! Contacts of a batch that belong to nobody yet: whose they are, and what speaks against it.

use std::collections::{HashMap, HashSet};

use model::{CaseKind, ContactId, DirtyReason, Evidence, Subject, Supporter, SupporterId};
use plan::gather::{found_pair, fresh};
use plan::record::{close_identity_cases, identity_case};
use plan::{Depth, Directory, Fatal, Found, Outcome, Pair, SeenContact, SkipReason, Tie, look_up};
use pull::{Identified, identify};
use state::Known;

use super::Desk;

/// Why a Contact that fits a supporter is not linked to it.
struct Doubt {
    supporter: Supporter,
    kind: CaseKind,
    contacts: Vec<SeenContact>,
    reasons: Vec<String>,
}

impl Desk<'_> {
    /// Contacts that belong to nobody yet: identified among the supporters.
    pub(super) async fn strangers(
        &mut self,
        directory: Option<&Directory>,
        ids: &[ContactId],
        holds: &(dyn Fn(&SupporterId) -> bool + Sync),
    ) -> Result<(), Fatal> {
        if ids.is_empty() {
            return Ok(());
        }
        let seen = self.read_strangers(directory, ids).await?;
        let answers = identify(self.sides, &seen).await?;
        let mut doubts = self.ask_back(directory, &seen, &answers).await?;
        let places = self.pairs.iter().enumerate();
        let paired: HashMap<SupporterId, usize> =
            places.filter_map(|(at, pair)| Some((pair.supporter_id()?.clone(), at))).collect();
        let taken: HashSet<ContactId> = self.pairs.iter().filter_map(Pair::contact_id).collect();
        let known = self.known_of(&answers)?;
        let named: Vec<Subject> = answers.iter().filter_map(named).map(Subject::Supporter).collect();
        let forgotten = self.sides.state.forgotten_among(&named)?;
        for ((seen, answer), known) in seen.into_iter().zip(answers).zip(known) {
            let subject = Subject::Contact(seen.id());
            // A supporter of this batch was found to belong to it, or came to it through a merge.
            if taken.contains(&seen.id()) {
                self.changes.clear_dirty(&subject);
                continue;
            }
            if let Some(Doubt { supporter, kind, contacts, reasons }) = doubts.remove(&seen.id()) {
                let case = identity_case(self.sides, kind, &[&supporter], &contacts, reasons, self.at);
                self.case(case, kind, &subject)?;
                continue;
            }
            match answer {
                // The supporter's row is on its way: what this Contact is to it shows when that has arrived.
                Identified::One(supporter, _) if holds(&supporter.id) => {}
                Identified::One(supporter, _)
                    if forgotten.contains(&Subject::Supporter(supporter.id.clone())) =>
                {
                    self.close(&subject, Outcome::Skipped(SkipReason::Forgotten));
                }
                Identified::One(supporter, evidence) => match paired.get(&supporter.id) {
                    // Looked for from the other side, it had none and would have been created.
                    Some(&at) if self.pairs[at].contact.is_none() => {
                        self.changes.clear_dirty(&subject);
                        self.pairs[at] = *found_pair(*supporter, seen, evidence, known);
                    }
                    // It is becoming another Contact's: this one is asked about again when that is so.
                    Some(_) => {}
                    None => {
                        self.changes.clear_dirty(&subject);
                        self.changes.mark_dirty(
                            Subject::Supporter(supporter.id.clone()),
                            DirtyReason::ContactChanged,
                            None,
                        );
                        self.pairs.push(*found_pair(*supporter, seen, evidence, known));
                    }
                },
                Identified::Case { supporters, .. } if self.is_asked(seen.id(), &supporters)? => {
                    self.close(&subject, Outcome::Case(CaseKind::IdAndEmailDisagree));
                }
                Identified::Case { kind, supporters, reasons } => {
                    let supporters: Vec<&Supporter> = supporters.iter().collect();
                    let contacts = std::slice::from_ref(&seen);
                    let case = identity_case(self.sides, kind, &supporters, contacts, reasons, self.at);
                    self.case(case, kind, &subject)?;
                }
                // An administrator said that it is nobody of those who carry the address, and two supporters cannot.
                Identified::SetApart => self.nobody_s(&subject, SkipReason::NoSupporter),
                Identified::OtherAccount => self.nobody_s(&subject, SkipReason::OtherAccount),
                // What is asked about its merge stays asked.
                Identified::MergedAway => self.close(&subject, Outcome::Skipped(SkipReason::MergedAway)),
                Identified::New => self.pairs.push(nobody_knows(seen)),
            }
        }
        Ok(())
    }

    /// Whether it is asked already if one of these supporters, whose row names this Contact, is linked to the right one.
    fn is_asked(&self, contact: ContactId, supporters: &[Supporter]) -> Result<bool, Fatal> {
        if self.named.contains(&contact) {
            return Ok(true);
        }
        for supporter in supporters {
            let subject = Subject::Supporter(supporter.id.clone());
            let case = self.sides.state.case_of(CaseKind::IdAndEmailDisagree, &subject)?;
            if case.is_some_and(|case| case.contacts.contains(&contact)) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Nothing is asked about a Contact that stays nobody's.
    fn nobody_s(&mut self, subject: &Subject, why: SkipReason) {
        close_identity_cases(&mut self.changes, subject);
        self.close(subject, Outcome::Skipped(why));
    }

    /// What is remembered of the supporters found, answer by answer.
    fn known_of(&self, answers: &[Identified]) -> Result<Vec<Known>, Fatal> {
        let ids: Vec<Option<SupporterId>> = answers.iter().map(named).collect();
        let asked: Vec<SupporterId> = ids.iter().flatten().cloned().collect();
        let mut known = self.sides.state.known_of(&asked)?.into_iter();
        Ok(ids.into_iter().map(|id| id.and_then(|_| known.next()).unwrap_or_default()).collect())
    }

    /// Contacts that only address and names speak for, or an id in the supporter's row: is each its supporter's only one, too, and
    /// does nothing speak against it? It is the same case, whichever of the two was touched.
    async fn ask_back(
        &self,
        directory: Option<&Directory>,
        seen: &[SeenContact],
        answers: &[Identified],
    ) -> Result<HashMap<ContactId, Doubt>, Fatal> {
        let (mut contacts, mut supporters) = (Vec::new(), Vec::new());
        for (seen, answer) in seen.iter().zip(answers) {
            if let Some(supporter) = self.in_question(seen, answer) {
                contacts.push(seen);
                supporters.push(supporter);
            }
        }
        if supporters.is_empty() {
            return Ok(HashMap::new());
        }
        let found = look_up(self.sides, fresh(self.sides, directory), &supporters, Depth::ByNames).await?;
        let doubts =
            contacts.into_iter().zip(supporters).zip(found).filter_map(|((seen, supporter), found)| {
                let (kind, contacts, reasons) = match found {
                    Found::One(other, _) if other.id() != seen.id() => {
                        let (kind, reasons) = if seen.carries(&supporter.id) {
                            let reasons = vec!["stored_contact_id".to_owned(), "external_id".to_owned()];
                            (CaseKind::IdAndEmailDisagree, reasons)
                        } else {
                            (CaseKind::AmbiguousContacts, vec!["email_equal".to_owned()])
                        };
                        (kind, vec![seen.clone(), *other], reasons)
                    }
                    Found::Case { kind, mut contacts, reasons } => {
                        // Whoever asks stands in the case: nothing else says where this Contact waits.
                        if contacts.iter().all(|other| other.id() != seen.id()) {
                            contacts.push(seen.clone());
                        }
                        (kind, contacts, reasons)
                    }
                    Found::One(..) | Found::Nobody(_) => return None,
                };
                Some((seen.id(), Doubt { supporter: supporter.clone(), kind, contacts, reasons }))
            });
        Ok(doubts.collect())
    }

    /// The supporter of whom it is asked whether this Contact is the only one: not where the Contact carries our id, unless the row
    /// names another.
    fn in_question<'a>(&self, seen: &SeenContact, answer: &'a Identified) -> Option<&'a Supporter> {
        let Identified::One(supporter, evidence) = answer else { return None };
        let stored = || supporter.contact_id.text().and_then(|raw| self.sides.map.object().id(raw));
        let doubtful = match evidence {
            Evidence::EmailAndName { .. } | Evidence::StoredContactId => true,
            Evidence::ExternalId => stored().is_some_and(|stored| stored != seen.id()),
            Evidence::CreatedContact
            | Evidence::CreatedSupporter
            | Evidence::DuplicateRule { .. }
            | Evidence::MergedFrom { .. }
            | Evidence::SupporterMerged { .. }
            | Evidence::Administrator => false,
        };
        doubtful.then_some(supporter)
    }

    async fn read_strangers(
        &mut self,
        directory: Option<&Directory>,
        ids: &[ContactId],
    ) -> Result<Vec<SeenContact>, Fatal> {
        let mut known = match fresh(self.sides, directory) {
            Some(directory) => {
                directory.by_ids(ids).map_err(Fatal::spool("reading the Contact directory"))?
            }
            None => HashMap::new(),
        };
        let rest: Vec<ContactId> = ids.iter().copied().filter(|id| !known.contains_key(id)).collect();
        for seen in plan::read::contacts(self.sides, &rest).await?.into_iter().flatten() {
            known.insert(seen.id(), seen);
        }
        let mut there = Vec::new();
        for id in ids {
            match known.remove(id) {
                Some(seen) => there.push(seen),
                None => {
                    let subject = Subject::Contact(*id);
                    self.changes.close_cases_of(&subject);
                    self.close(&subject, Outcome::Skipped(SkipReason::Gone));
                }
            }
        }
        Ok(there)
    }
}

/// The supporter that an answer names.
fn named(answer: &Identified) -> Option<SupporterId> {
    match answer {
        Identified::One(supporter, _) => Some(supporter.id.clone()),
        Identified::Case { .. }
        | Identified::SetApart
        | Identified::OtherAccount
        | Identified::MergedAway
        | Identified::New => None,
    }
}

/// A Contact that no supporter is known to be.
fn nobody_knows(seen: SeenContact) -> Pair {
    Pair {
        subject: Subject::Contact(seen.id()),
        supporter: None,
        contact: Some(seen),
        tie: Tie::Alone,
        bases: state::Bases::default(),
        in_flight: None,
        block: None,
    }
}
