//! Opening and closing cases.

use model::{Act, Case, CaseKind, Choice, ContactId, DirtyReason, Happened, Standing, Subject, SupporterId};

use crate::bounded_text::{cut, json_cost};
use crate::cases::{CaseKey, MAX_KINDS, case_prefix};
use crate::draft::{Draft, shift};
use crate::error::Fatal;
use crate::record;
use crate::store::Scan;
use crate::tree::Tree;
use crate::{keys, seal};

/// The most that the fields of a case take, in bytes of JSON.
const MAX_FIELDS: usize = 20 * 1024;
/// The most records that a case shows side by side; the others are only named.
pub const SHOWN_RECORDS: usize = 12;
/// The longest field value once a case is too large.
const MAX_FIELD: usize = 256;
/// The most ids listed on either side.
const MAX_IDS: usize = 50;
/// The most reasons listed.
const MAX_REASONS: usize = 20;

impl Draft<'_> {
    pub(super) fn open_case(&mut self, case: Case) -> Result<(), Fatal> {
        let mut case = bounded(case);
        let mut news = true;
        let slot = self.cases.slot(self.store, &CaseKey::of(&case))?;
        let before = slot.clone();
        if let Some(open) = slot {
            case.opened_at = open.opened_at;
            let same = open.records == case.records && open.reasons == case.reasons;
            let standing = open.standing.clone();
            let ruling = standing.ruling.filter(|ruling| is_still_meant(&ruling.choice, open, &case));
            case.standing = Standing { ignored: standing.ignored && same, ruling, ..standing };
            news = !same;
        }
        let told = news.then(|| opened(&case));
        let subject = case.subject.clone();
        *slot = Some(case.clone());
        if let Some(told) = told {
            self.tell(&subject, told);
        }
        match before {
            Some(before) => {
                let still = named(&case);
                self.ask_again(beside(&before).filter(|subject| !still.contains(subject)).collect())
            }
            None => Ok(()),
        }
    }

    /// Marks those of the people who have nobody on the other side. They waited in a case that is over, or that names them no
    /// longer: nothing else would ask about them again.
    pub(super) fn ask_again(&mut self, people: Vec<Subject>) -> Result<(), Fatal> {
        for subject in people {
            let linked = match &subject {
                Subject::Supporter(id) => self.person(id)?.is_some_and(|person| person.link.is_some()),
                Subject::Contact(id) => self.contacts.get(self.store, id)?.is_some(),
            };
            if !linked {
                self.mark_dirty(&subject, DirtyReason::Retry, None)?;
            }
        }
        Ok(())
    }

    pub(super) fn join_case(&mut self, case: Case) -> Result<(), Fatal> {
        let open = self.cases.slot(self.store, &CaseKey::of(&case))?.clone();
        match open {
            Some(open) => self.open_case(joined(open, case)),
            None => self.open_case(case),
        }
    }

    /// Whether anybody has a case at all: on a first load nobody has.
    pub(super) fn may_have_cases(&self) -> bool {
        !self.counts_before.cases.is_empty() || !self.cases.is_empty()
    }

    pub(super) fn close_cases(&mut self, kinds: &[CaseKind], subject: &Subject) -> Result<(), Fatal> {
        if !self.may_have_cases() {
            return Ok(());
        }
        let may_hold = self.case_filter.may_hold(self.store, &case_prefix(subject))?;
        for &kind in kinds {
            self.close_case(kind, subject, may_hold)?;
        }
        Ok(())
    }

    /// `may_hold`: whether the store may hold a case about this subject.
    fn close_case(&mut self, kind: CaseKind, subject: &Subject, may_hold: bool) -> Result<(), Fatal> {
        // Most people have no case, and most kinds of case are open for nobody: that is known without asking the store.
        let unknown = !may_hold || !self.counts_before.cases.contains_key(&kind);
        if unknown && self.cases.is_empty() {
            return Ok(());
        }
        let key = CaseKey { subject: subject.clone(), kind };
        if unknown && !self.cases.holds(&key) {
            return Ok(());
        }
        if !self.cases.is_there(self.store, &key)? {
            return Ok(());
        }
        if let Some(case) = self.cases.slot(self.store, &key)?.take() {
            self.receipt.closed += 1;
            self.tell(subject, Happened::CaseClosed { kind, name: case.name() });
            self.ask_again(beside(&case).collect())?;
        }
        Ok(())
    }

    pub(super) fn rule_case(
        &mut self,
        kind: CaseKind,
        subject: &Subject,
        standing: Standing,
    ) -> Result<(), Fatal> {
        let key = CaseKey { subject: subject.clone(), kind };
        if let Some(case) = self.cases.slot(self.store, &key)? {
            let act = act(&case.standing, &standing);
            let name = case.name();
            case.standing = standing;
            if let Some(act) = act {
                self.tell(subject, Happened::Ruled { kind, name, act });
            }
        }
        Ok(())
    }

    /// Notes or forgets that two are different people. The store is asked first, so that the count stays right.
    pub(super) fn set_apart(
        &mut self,
        supporter: &SupporterId,
        contact: ContactId,
        apart: bool,
    ) -> Result<(), Fatal> {
        let before = self.are_apart(supporter, contact)?;
        if before == apart {
            return Ok(());
        }
        self.apart.insert(keys::apart(supporter, contact), apart);
        shift(&mut self.counts.apart, u64::from(before), u64::from(apart));
        let told = if apart { Happened::Apart(contact) } else { Happened::ApartEnded(contact) };
        self.tell(&Subject::Supporter(supporter.clone()), told);
        Ok(())
    }

    /// Whether an administrator said that they are different people, as it is by now in this commit.
    pub(super) fn are_apart(&self, supporter: &SupporterId, contact: ContactId) -> Result<bool, Fatal> {
        // As a rule there is no such pair at all, and a first load makes a million links.
        if self.counts.apart == 0 {
            return Ok(false);
        }
        let key = keys::apart(supporter, contact);
        match self.apart.get(&key) {
            Some(apart) => Ok(*apart),
            None => Ok(self.store.get(Tree::Index, &key)?.is_some()),
        }
    }

    /// Writes what [`Self::set_apart`] noted.
    pub(super) fn write_apart(&mut self) {
        for (key, apart) in std::mem::take(&mut self.apart) {
            if apart {
                let value = seal::wrap(Tree::Index, &key, 1, &[]);
                self.batch.put(Tree::Index, key, value);
            } else {
                self.batch.delete(Tree::Index, key);
            }
        }
    }

    pub(super) fn close_cases_of(&mut self, subject: &Subject) -> Result<(), Fatal> {
        let prefix = case_prefix(subject);
        let stored = record::page::<Case>(self.store, Scan { prefix: &prefix, after: None }, MAX_KINDS)?;
        let opened = self.cases.iter().map(|(key, _)| key).filter(|key| key.subject == *subject);
        let mut kinds: Vec<CaseKind> = opened.map(|key| key.kind).collect();
        kinds.extend(stored.iter().map(|(_, case)| case.kind));
        for kind in kinds {
            self.close_case(kind, subject, true)?;
        }
        Ok(())
    }
}

/// Both cases in one: those named first stay first, and a record that both show is shown as it is now.
fn joined(open: Case, case: Case) -> Case {
    let Case { mut supporters, mut contacts, mut reasons, mut records, .. } = open;
    for mut record in case.records {
        match records.iter_mut().find(|known| known.subject == record.subject) {
            Some(known) => std::mem::swap(known, &mut record),
            None => records.push(record),
        }
    }
    add_new(&mut supporters, case.supporters);
    add_new(&mut contacts, case.contacts);
    add_new(&mut reasons, case.reasons);
    Case { supporters, contacts, reasons, records, ..case }
}

fn add_new<T: PartialEq>(known: &mut Vec<T>, more: Vec<T>) {
    for one in more {
        if !known.contains(&one) {
            known.push(one);
        }
    }
}

/// Everybody a case names.
pub(super) fn named(case: &Case) -> Vec<Subject> {
    let supporters = case.supporters.iter().cloned().map(Subject::Supporter);
    supporters.chain(case.contacts.iter().copied().map(Subject::Contact)).collect()
}

/// Everybody a case names but the one it is about.
fn beside(case: &Case) -> impl Iterator<Item = Subject> {
    named(case).into_iter().filter(|other| *other != case.subject)
}

/// Whether a decision that waits is still what was decided, once the case names others or shows other values.
fn is_still_meant(choice: &Choice, before: &Case, now: &Case) -> bool {
    match choice {
        // They name their two records themselves.
        Choice::Link { .. } | Choice::Unlink { .. } | Choice::Leave => true,
        Choice::CreateAnew | Choice::Retry => before.supporters == now.supporters,
        Choice::Separate => before.supporters == now.supporters && before.contacts == now.contacts,
        Choice::Take(_) => before.contacts == now.contacts && before.records == now.records,
    }
}

/// What the story tells of a case.
fn opened(case: &Case) -> Happened {
    let with = beside(case).collect();
    Happened::CaseOpened { kind: case.kind, name: case.name(), reasons: case.reasons.clone(), with }
}

/// What an administrator did who turned one standing into another.
fn act(before: &Standing, now: &Standing) -> Option<Act> {
    if let Some(ruling) = now.ruling.as_ref().filter(|ruling| before.ruling.as_ref() != Some(ruling)) {
        return Some(Act::Decided { way: ruling.choice.way(), by: ruling.by.clone() });
    }
    if let Some(until) = now.snoozed_until.filter(|until| before.snoozed_until != Some(*until)) {
        return Some(Act::Snoozed(until));
    }
    if now.ignored && !before.ignored {
        return Some(Act::Ignored);
    }
    (before != now).then_some(Act::Undone)
}

/// Makes a case fit into one record: first fewer of everything, then shorter values, always visibly.
fn bounded(mut case: Case) -> Case {
    let mut shown = Vec::new();
    few(&mut case.records, "records", SHOWN_RECORDS, &mut shown);
    few(&mut case.supporters, "supporters", MAX_IDS, &mut shown);
    few(&mut case.contacts, "contacts", MAX_IDS, &mut shown);
    few(&mut case.reasons, "reasons", MAX_REASONS, &mut shown);
    case.reasons.extend(shown);
    case.reasons.iter_mut().for_each(|reason| cut(reason, MAX_FIELD));
    if size(&case) > MAX_FIELDS {
        for (name, value) in case.records.iter_mut().flat_map(|record| &mut record.fields) {
            cut(name, MAX_FIELD);
            cut(value, MAX_FIELD);
        }
    }
    while size(&case) > MAX_FIELDS && case.records.pop().is_some() {}
    case
}

fn few<T>(all: &mut Vec<T>, what: &str, max: usize, shown: &mut Vec<String>) {
    if all.len() > max {
        shown.push(format!("{what}_shown={max}_of_{}", all.len()));
        all.truncate(max);
    }
}

/// What the fields of a case take in JSON, in bytes.
fn size(case: &Case) -> usize {
    let fields = case.records.iter().flat_map(|record| &record.fields);
    fields.map(|(name, value)| json_cost(name) + json_cost(value) + 8).sum()
}
