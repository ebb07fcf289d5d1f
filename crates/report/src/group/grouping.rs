//! Which cases belong together.

use std::collections::HashSet;

use model::{Case, Link, LinkLife, Subject, SupporterId};
use state::{CaseKey, State};

use super::certainty::connects;
use super::member::address_of;
use super::union::{Union, digest, digest_of};
use super::{Group, MAX_CASES};
use crate::{Error, Options};

/// How many cases are read at a time.
const PAGE: usize = 100;
/// How many columns of fields a workbook has.
const MAX_FIELDS: usize = 300;

/// All open cases that are asked for, those of one group together, groups in the order of their first case.
pub(crate) struct Grouping {
    cases: Vec<(u32, CaseKey)>,
    groups: u64,
    fields: Vec<String>,
}

impl Grouping {
    /// Goes over the open cases once.
    pub(crate) fn of(state: &State, options: &Options) -> Result<Self, Error> {
        let mut union = Union::default();
        let open: u64 = state.case_counts()?.values().sum();
        let mut cases: Vec<(u32, CaseKey)> = Vec::with_capacity(usize::try_from(open).unwrap_or(0));
        let mut fields = Vec::new();
        let mut after: Option<CaseKey> = None;
        loop {
            let page = state.cases_page(after.as_ref(), PAGE)?;
            let Some(last) = page.last() else { break };
            after = Some(CaseKey::of(last));
            let wanted: Vec<&Case> = page.iter().filter(|case| options.wants(case)).collect();
            join_links(&mut union, state, &wanted)?;
            let apart = apart(state, &wanted)?;
            for case in wanted {
                name_fields(&mut fields, case);
                cases.push((join_case(&mut union, case, &apart), CaseKey::of(case)));
            }
        }
        for (number, _) in &mut cases {
            *number = union.root(*number);
        }
        drop(union);
        // The sort is stable: within a group the order of the state stays.
        cases.sort_by_key(|(number, _)| *number);
        let groups = cases.chunk_by(|one, other| one.0 == other.0).count();
        Ok(Self { cases, groups: groups as u64, fields })
    }

    /// How many groups there are.
    pub(crate) const fn groups(&self) -> u64 {
        self.groups
    }

    /// The names of the fields that any record shows, at most [`MAX_FIELDS`].
    pub(crate) fn fields(&self) -> &[String] {
        &self.fields
    }

    /// Gives one group after the other to `take`: the group, and the cases beyond those it was made from, page by page.
    pub(crate) fn each(
        &self,
        state: &State,
        options: &Options,
        take: &mut dyn FnMut(Piece<'_>) -> Result<(), Error>,
    ) -> Result<(), Error> {
        for keys in self.cases.chunk_by(|one, other| one.0 == other.0) {
            let (first, rest) = keys.split_at(keys.len().min(MAX_CASES));
            let cases = read(state, options, first)?;
            let Some(id) = first.first().map(|(_, key)| name(&key.subject)) else { continue };
            if cases.is_empty() {
                continue;
            }
            let mut group = Group::of(state, options, id, cases)?;
            group.more = rest.len();
            take(Piece::Group(&group))?;
            for page in rest.chunks(PAGE) {
                take(Piece::More(&group, &read(state, options, page)?))?;
            }
        }
        Ok(())
    }
}

fn name_fields(fields: &mut Vec<String>, case: &Case) {
    for (name, _) in case.records.iter().flat_map(|record| &record.fields) {
        if fields.len() < MAX_FIELDS && !fields.iter().any(|known| known == name) {
            fields.push(name.clone());
        }
    }
}

/// A part of the report.
pub(crate) enum Piece<'a> {
    /// A group with its first cases.
    Group(&'a Group),
    /// More cases of the same group.
    More(&'a Group, &'a [Case]),
}

/// The cases as they are now; those that were closed meanwhile are left out.
fn read(state: &State, options: &Options, keys: &[(u32, CaseKey)]) -> Result<Vec<Case>, Error> {
    let mut cases = Vec::with_capacity(keys.len());
    for (_, key) in keys {
        cases.extend(state.case_of(key.kind, &key.subject)?.filter(|case| options.wants(case)));
    }
    Ok(cases)
}

/// A group's name: that of the subject of its first case, which stays the same while that case is open.
fn name(subject: &Subject) -> String {
    format!("g{:08x}", digest_of(subject)[0])
}

/// Connects what a case is about with what it names, where the case says that they are one person.
fn join_case(union: &mut Union, case: &Case, apart: &HashSet<SupporterId>) -> u32 {
    let subject = union.number(digest_of(&case.subject));
    if connects(case.kind) {
        let supporters = case.supporters.iter().cloned().map(Subject::Supporter);
        for named in supporters.chain(case.contacts.iter().copied().map(Subject::Contact)) {
            let named = union.number(digest_of(&named));
            union.join(subject, named);
        }
    }
    for record in &case.records {
        // Whoever was told apart from somebody is not brought together with anybody by an address.
        let told_apart = matches!(&record.subject, Subject::Supporter(id) if apart.contains(id));
        if told_apart {
            continue;
        }
        if let Some([first, last, address]) = address_of(record) {
            let person = union.number(digest(b'a', &[first.as_bytes(), last.as_bytes(), address.as_bytes()]));
            let record = union.number(digest_of(&record.subject));
            union.join(person, record);
        }
    }
    subject
}

/// Connects everybody who is named with whoever they are linked to.
fn join_links(union: &mut Union, state: &State, cases: &[&Case]) -> Result<(), Error> {
    for link in links(state, cases)? {
        let supporter = union.number(digest_of(&Subject::Supporter(link.supporter)));
        let contact = union.number(digest_of(&Subject::Contact(link.contact)));
        union.join(supporter, contact);
    }
    Ok(())
}

/// The live links of everybody whom these cases name.
pub(super) fn links(state: &State, cases: &[&Case]) -> Result<Vec<Link>, Error> {
    let contacts: Vec<_> = cases.iter().flat_map(|case| case.contacts.iter().copied()).collect();
    let owners = state.supporters_of(&contacts)?.into_iter().flatten();
    let mut supporters: Vec<SupporterId> =
        cases.iter().flat_map(|case| case.supporters.iter().cloned()).chain(owners).collect();
    supporters.sort_unstable();
    supporters.dedup();
    let links = state.links_of(&supporters)?.into_iter().flatten();
    Ok(links.filter(|link| link.life == LinkLife::Live).collect())
}

/// The supporters of whom an administrator said that some Contact is not theirs.
fn apart(state: &State, cases: &[&Case]) -> Result<HashSet<SupporterId>, Error> {
    let supporters = cases.iter().flat_map(|case| case.supporters.iter());
    Ok(state.apart_of(supporters)?.into_iter().map(|(supporter, _)| supporter).collect())
}
