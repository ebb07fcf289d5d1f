//! Reading the story of some people: whole pages are passed over by their bytes before anything is decoded.

use std::collections::{HashSet, VecDeque};
use std::path::Path;

use memchr::memmem::Finder;
use model::{Clock, Happened, PlanId, Stamp, Subject};

use super::page::{Head, Page};
use super::{Book, Told};
use crate::error::{Error, Fatal};
use crate::{State, takeover};

/// The most that is told of anybody: the latest.
const MOST: usize = 20_000;

impl State {
    /// Everything that is remembered of these people, in its order, the latest 20,000 at most. Jobs their rows were in come
    /// with them, and so does what is told of the other record of a link of theirs.
    ///
    /// # Errors
    /// [`Error::Fatal`] when the book cannot be read.
    pub fn story(&self, of: &[Subject]) -> Result<Vec<Told>, Error> {
        let mut wanted: Vec<Subject> = of.to_vec();
        let first = self.told_of(&wanted)?;
        for told in &first {
            let (Happened::Linked { contact, .. }, Some(supporter)) = (&told.what, &told.who) else {
                continue;
            };
            wanted.extend([Subject::Contact(*contact), supporter.clone()]);
        }
        wanted.sort();
        wanted.dedup();
        if wanted.len() == of.len() { Ok(first) } else { self.told_of(&wanted) }
    }

    /// Gives up what is older than the story is kept, by whole segments of it. Blocks for a few file operations.
    ///
    /// # Errors
    /// [`Error::Fatal`] when a file cannot be removed.
    pub fn forget_story(&self, now: Stamp) -> Result<(), Error> {
        let inner = self.inner();
        Ok(inner.book.forget(now.minus(inner.history))?)
    }

    fn told_of(&self, wanted: &[Subject]) -> Result<Vec<Told>, Error> {
        let mut search = Search::over(wanted);
        let inner = self.inner();
        let mut pages = Pages { pending: Vec::new() };
        inner.book.each(&mut |bytes| {
            let page = Page::read(bytes).ok_or(Fatal::Corrupt { operation: "reading the story" })?;
            pages.next(page, &mut |page| search.look(page))
        })?;
        let last = takeover::generation(self.store())?;
        let came_to_be = |head: Head| {
            let until = if head.epoch == inner.epoch { last } else { inner.opened };
            head.bare || head.generation <= until
        };
        for page in pages.pending.iter().filter(|page| came_to_be(page.head)) {
            search.look(page)?;
        }
        Ok(search.found.into())
    }
}

/// Copies what a book tells into a new one, but for whatever names somebody who is to be left out. What came to be by this
/// generation of the state is told as it was, and belongs to no commit any more.
pub(crate) fn copy_without(
    from: &Path,
    to: &Path,
    generation: u64,
    clock: &Clock,
    left_out: &dyn Fn(&Subject) -> Result<bool, Fatal>,
) -> Result<(), Fatal> {
    let (old, new) = (Book::in_folder(from.into(), clock.clone()), Book::in_folder(to.into(), clock.clone()));
    let damaged = || Fatal::Corrupt { operation: "reading the story" };
    let mut keep = |page: &Page| {
        let mut kept = Vec::new();
        'told: for (who, what) in Page::told(&page.content().ok_or_else(damaged)?).ok_or_else(damaged)? {
            for subject in who.iter().cloned().chain(named_in(&what)) {
                if left_out(&subject)? {
                    continue 'told;
                }
            }
            kept.push((who, what));
        }
        if kept.is_empty() {
            return Ok(());
        }
        new.append(page.head.at, Page::write(Head { bare: true, ..page.head }, kept))
    };
    let mut pages = Pages { pending: Vec::new() };
    old.each(&mut |bytes| pages.next(Page::read(bytes).ok_or_else(damaged)?, &mut keep))?;
    pages
        .pending
        .iter()
        .filter(|page| page.head.bare || page.head.generation <= generation)
        .try_for_each(keep)
}

/// Whom something that happened to somebody names beside them.
fn named_in(what: &Happened) -> Vec<Subject> {
    match what {
        Happened::Linked { contact, .. }
        | Happened::Unlinked(contact)
        | Happened::LinkLife { contact, .. }
        | Happened::Apart(contact)
        | Happened::ApartEnded(contact)
        | Happened::LinkOfApartRefused(contact) => vec![Subject::Contact(*contact)],
        Happened::LinkRefused { contact, by } => vec![Subject::Contact(*contact), by.clone()],
        Happened::CaseOpened { with, .. } => with.clone(),
        Happened::Marked(_)
        | Happened::Decided { .. }
        | Happened::Ended(_)
        | Happened::Sent(_)
        | Happened::Saved { .. }
        | Happened::Refused { .. }
        | Happened::Blocked { .. }
        | Happened::BlockLifted
        | Happened::CaseClosed { .. }
        | Happened::Ruled { .. }
        | Happened::CarriedOut { .. }
        | Happened::Overwritten { .. }
        | Happened::OverwrittenUnseen { .. }
        | Happened::LiftedBy { .. }
        | Happened::Job { .. } => Vec::new(),
    }
}

/// Pages in the order they were written, of which those whose commit never came to be are left out.
struct Pages {
    /// The commit that is read last, with what was told beside it: whether it came to be shows in what comes after.
    pending: Vec<Page>,
}

impl Pages {
    fn next(
        &mut self,
        page: Page,
        believed: &mut dyn FnMut(&Page) -> Result<(), Fatal>,
    ) -> Result<(), Fatal> {
        let before = self.pending.iter().map(|page| page.head).find(|head| !head.bare);
        if let Some(before) = before.filter(|_| !page.head.bare) {
            if is_void(before, page.head) {
                self.pending.retain(|page| page.head.bare);
            } else if (before.epoch, before.generation) != (page.head.epoch, page.head.generation) {
                self.pending.drain(..).try_for_each(|page| believed(&page))?;
            }
        }
        self.pending.push(page);
        Ok(())
    }
}

/// Whether a page's commit never came to be, by the page that follows: the same commit is begun again, or the next writer found
/// the state before it.
const fn is_void(before: Head, next: Head) -> bool {
    if before.epoch == next.epoch {
        before.generation == next.generation && next.part == 0
    } else {
        before.generation > next.opened
    }
}

/// What is looked for, and what was found.
struct Search<'a> {
    wanted: &'a [Subject],
    finders: Vec<Finder<'a>>,
    plans: HashSet<PlanId>,
    found: VecDeque<Told>,
}

impl<'a> Search<'a> {
    fn over(wanted: &'a [Subject]) -> Self {
        let text = |subject: &'a Subject| match subject {
            Subject::Supporter(id) => id.as_str(),
            Subject::Contact(id) => id.as_str(),
        };
        let finders = wanted.iter().map(|subject| Finder::new(text(subject))).collect();
        Self { wanted, finders, plans: HashSet::new(), found: VecDeque::new() }
    }

    fn look(&mut self, page: &Page) -> Result<(), Fatal> {
        let damaged = || Fatal::Corrupt { operation: "reading the story" };
        let content = page.content().ok_or_else(damaged)?;
        let jobs = page.head.jobs && !self.plans.is_empty();
        if !jobs && !self.finders.iter().any(|finder| finder.find(&content).is_some()) {
            return Ok(());
        }
        for (who, what) in Page::told(&content).ok_or_else(damaged)? {
            if self.is_wanted(who.as_ref(), &what) {
                self.keep(Told { at: page.head.at, cycle: page.head.cycle, who, what });
            }
        }
        Ok(())
    }

    fn is_wanted(&mut self, who: Option<&Subject>, what: &Happened) -> bool {
        let Some(who) = who else {
            return matches!(what, Happened::Job { plan, .. } if self.plans.contains(plan));
        };
        let mine = self.wanted.contains(who);
        if let (true, Happened::Sent(plan)) = (mine, what) {
            self.plans.insert(*plan);
        }
        mine || self.wanted.iter().any(|subject| what.concerns(subject))
    }

    fn keep(&mut self, told: Told) {
        if self.found.len() >= MOST {
            self.found.pop_front();
        }
        self.found.push_back(told);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::CycleId;

    fn page(epoch: u64, opened: u64, generation: u64, part: u32, bare: bool) -> Page {
        let (at, cycle) = (Stamp::from_seconds(1), CycleId(1));
        let head = Head { epoch, opened, generation, part, at, cycle, jobs: false, bare };
        let told = vec![(None, Happened::BlockLifted)];
        let bytes = Page::write(head, told).remove(0);
        let mut page = Page::read(&bytes).unwrap();
        page.head.part = part;
        page
    }

    /// What is believed of pages that are followed by one of a commit that surely came to be.
    fn believed(pages: Vec<Page>) -> Vec<(u64, u64, u32)> {
        let mut seen = Vec::new();
        let mut all = Pages { pending: Vec::new() };
        for page in pages {
            all.next(page, &mut |page| {
                seen.push((page.head.epoch, page.head.generation, page.head.part));
                Ok(())
            })
            .unwrap();
        }
        seen.extend(all.pending.iter().map(|page| (page.head.epoch, page.head.generation, page.head.part)));
        seen
    }

    #[test]
    fn every_part_of_a_commit_that_came_to_be_is_told_once() {
        let pages = vec![page(1, 0, 2, 0, false), page(1, 0, 2, 1, false), page(1, 0, 3, 0, false)];
        assert_eq!(believed(pages), [(1, 2, 0), (1, 2, 1), (1, 3, 0)]);
    }

    #[test]
    fn a_commit_that_is_begun_again_is_told_as_it_was_made() {
        let pages = vec![page(1, 0, 2, 0, false), page(1, 0, 2, 1, false), page(1, 0, 2, 0, false)];
        assert_eq!(believed(pages), [(1, 2, 0)]);
    }

    #[test]
    fn a_commit_that_the_next_writer_did_not_find_is_not_told() {
        let pages = vec![page(1, 0, 2, 0, false), page(1, 0, 3, 0, false), page(9, 2, 4, 0, false)];
        assert_eq!(believed(pages), [(1, 2, 0), (9, 4, 0)]);
        let pages = vec![page(1, 0, 3, 0, false), page(9, 3, 5, 0, false)];
        assert_eq!(believed(pages), [(1, 3, 0), (9, 5, 0)]);
    }

    #[test]
    fn what_was_told_beside_commits_is_told_whatever_became_of_them() {
        let pages = vec![page(1, 0, 2, 0, false), page(1, 0, 1, 0, true), page(1, 0, 2, 0, false)];
        assert_eq!(believed(pages), [(1, 1, 0), (1, 2, 0)]);
    }
}
