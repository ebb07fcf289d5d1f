//! Reading the story of some people: whole pages are passed over by their bytes before anything is decoded.

use std::collections::{HashSet, VecDeque};

use memchr::memmem::Finder;
use model::{Happened, PlanId, Stamp, Subject};

use super::page::{Head, Page};
use super::Told;
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
            let (Happened::Linked { contact, .. }, Some(supporter)) = (&told.what, &told.who) else { continue };
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
        let believed = Believed { epoch: inner.epoch, opened: inner.opened };
        let last = takeover::generation(self.store())?;
        // Pages of the commit that is read last: whether it came to be shows in what comes after.
        let mut pending: Vec<Page> = Vec::new();
        inner.book.each(&mut |bytes| {
            let page = Page::read(bytes).ok_or(Fatal::Corrupt { operation: "reading the story" })?;
            if let Some(before) = pending.first() {
                let head = before.head;
                if is_void(head, page.head) {
                    pending.clear();
                } else if (head.epoch, head.generation) != (page.head.epoch, page.head.generation) {
                    pending.drain(..).try_for_each(|page| search.look(&page))?;
                }
            }
            pending.push(page);
            Ok(())
        })?;
        let came_to_be = |head: Head| {
            if head.epoch == believed.epoch { head.generation <= last } else { head.generation <= believed.opened }
        };
        for page in pending.iter().filter(|page| came_to_be(page.head)) {
            search.look(page)?;
        }
        Ok(search.found.into())
    }
}

/// Who opened the state last, and at which generation.
struct Believed {
    epoch: u64,
    opened: u64,
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
