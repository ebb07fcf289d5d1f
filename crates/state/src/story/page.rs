//! One page of the book: what one commit told, or a part of it, as bytes.

use model::{CycleId, Happened, Stamp, Subject};
use serde::{Deserialize, Serialize};

/// Format of a page; another number is another format.
const FORMAT: u8 = 1;
/// The most that one page holds, in entries.
const MOST: usize = 4_096;
/// The most bytes a page unpacks to: more than any that is written.
const MOST_BYTES: usize = 64 * 1024 * 1024;

/// To which commit a page belongs, and when it was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Head {
    /// The writer.
    pub(crate) epoch: u64,
    /// The state's generation when that writer opened it: what anybody told of a later one before never came to be.
    pub(crate) opened: u64,
    /// The generation its commit was to have.
    pub(crate) generation: u64,
    /// Pages of one commit count up from 0.
    pub(crate) part: u32,
    /// By this machine's clock.
    pub(crate) at: Stamp,
    /// The last cycle that had begun.
    pub(crate) cycle: CycleId,
    /// It tells of jobs, too.
    pub(crate) jobs: bool,
    /// It belongs to no commit: nothing changed that is kept.
    pub(crate) bare: bool,
}

/// The same thing that happened to several people one after the other.
#[derive(Debug, Serialize, Deserialize)]
struct Group {
    what: Happened,
    who: Vec<Option<Subject>>,
}

/// A page that was read, its content still packed.
#[derive(Debug)]
pub(crate) struct Page {
    pub(crate) head: Head,
    packed: Vec<u8>,
}

impl Page {
    /// The pages of a commit, coded. `head.part` and `head.jobs` are filled in.
    pub(crate) fn write(head: Head, told: Vec<(Option<Subject>, Happened)>) -> Vec<Vec<u8>> {
        let mut pages = Vec::new();
        let mut told = told.into_iter().peekable();
        while told.peek().is_some() {
            let groups = grouped(told.by_ref().take(MOST));
            let jobs = groups.iter().any(|group| matches!(group.what, Happened::Job { .. }));
            let part = u32::try_from(pages.len()).unwrap_or(u32::MAX);
            let mut bytes = vec![FORMAT];
            // Texts and numbers in memory: writing them to memory cannot fail.
            bytes.extend(postcard::to_stdvec(&Head { part, jobs, ..head }).unwrap_or_default());
            let content = postcard::to_stdvec(&groups).unwrap_or_default();
            bytes.extend(lz4_flex::block::compress_prepend_size(&content));
            pages.push(bytes);
        }
        pages
    }

    /// Reads a page. Total: any bytes give a page or nothing.
    pub(crate) fn read(bytes: &[u8]) -> Option<Self> {
        let (format, rest) = bytes.split_first()?;
        if *format != FORMAT {
            return None;
        }
        let (head, packed) = postcard::take_from_bytes::<Head>(rest).ok()?;
        Some(Self { head, packed: packed.to_vec() })
    }

    /// Its content, still coded: holds the text of every id it names.
    pub(crate) fn content(&self) -> Option<Vec<u8>> {
        let size = self.packed.get(..4).and_then(|size| <[u8; 4]>::try_from(size).ok())?;
        if u32::from_le_bytes(size) as usize > MOST_BYTES {
            return None;
        }
        lz4_flex::block::decompress_size_prepended(&self.packed).ok()
    }

    /// What it tells, from its content.
    pub(crate) fn told(content: &[u8]) -> Option<Vec<(Option<Subject>, Happened)>> {
        let (groups, rest) = postcard::take_from_bytes::<Vec<Group>>(content).ok()?;
        if !rest.is_empty() {
            return None;
        }
        let each = groups
            .into_iter()
            .flat_map(|Group { what, who }| who.into_iter().map(move |who| (who, what.clone())));
        Some(each.collect())
    }
}

/// What happened alike to people who stand beside each other is written once.
fn grouped(told: impl Iterator<Item = (Option<Subject>, Happened)>) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    for (who, what) in told {
        match groups.last_mut() {
            Some(last) if last.what == what => last.who.push(who),
            Some(_) | None => groups.push(Group { what, who: vec![who] }),
        }
    }
    groups
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::{ContactId, DirtyReason, Evidence, SupporterId};
    use proptest::prelude::*;

    fn head() -> Head {
        let (at, cycle) = (Stamp::from_seconds(9), CycleId(3));
        Head { epoch: 1, opened: 4, generation: 5, part: 0, at, cycle, jobs: false, bare: false }
    }

    fn people(count: usize) -> Vec<(Option<Subject>, Happened)> {
        let subject = |n: usize| Some(Subject::Supporter(SupporterId::parse(&n.to_string()).unwrap()));
        (0..count).map(|n| (subject(n), Happened::Marked(DirtyReason::Backfill))).collect()
    }

    #[test]
    fn what_is_written_reads_back_in_its_order_over_several_pages() {
        let told = people(MOST + 7);
        let pages = Page::write(head(), told.clone());
        let pages: Vec<Page> = pages.iter().map(|bytes| Page::read(bytes).unwrap()).collect();
        assert_eq!(pages.iter().map(|page| page.head.part).collect::<Vec<_>>(), [0, 1]);
        let read: Vec<_> =
            pages.iter().flat_map(|page| Page::told(&page.content().unwrap()).unwrap()).collect();
        assert_eq!(read, told);
    }

    /// A first load tells four things of everybody: found, a row in a job, a Contact of their own.
    #[test]
    fn a_new_person_costs_few_bytes() {
        let mut bytes = 0;
        for batch in 0..10_u32 {
            let mut told = people(1_000);
            told.extend(people(1_000).into_iter().map(|(who, _)| (who, Happened::Sent(model::PlanId(7)))));
            told.extend(people(1_000).into_iter().enumerate().map(|(n, (who, _))| {
                let number = batch as usize * 1_000 + n;
                let contact = ContactId::parse(&format!("003RM00000{number:05}")).unwrap();
                (who, Happened::Linked { contact, evidence: Evidence::CreatedContact })
            }));
            bytes += Page::write(head(), told).iter().map(Vec::len).sum::<usize>();
        }
        assert!(bytes < 10_000 * 40, "{bytes} bytes for 10,000 people");
    }

    proptest! {
        #[test]
        fn any_bytes_give_a_page_or_nothing(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let mut formatted = vec![FORMAT];
            formatted.extend(&bytes);
            for bytes in [bytes, formatted] {
                if let Some(content) = Page::read(&bytes).and_then(|page| page.content()) {
                    let _ = Page::told(&content);
                }
            }
        }
    }
}
