//! Which `messageId`s were seen: bounded in time and in number, in memory, rebuilt from the queue at opening.

use std::collections::{HashSet, VecDeque};
use std::time::Duration;

use model::Stamp;
use sha2::{Digest as _, Sha256};

use crate::source::SourceName;

/// A message of a source, as 16 bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Fingerprint(pub(crate) [u8; 16]);

impl Fingerprint {
    /// Two sources may use the same ids.
    pub(crate) fn of(source: &SourceName, id: &str) -> Self {
        let mut hasher = Sha256::new();
        hasher.update(source.as_str());
        hasher.update([0]);
        hasher.update(id);
        let digest = hasher.finalize();
        let mut bytes = [0; 16];
        bytes.copy_from_slice(&digest[..16]);
        Self(bytes)
    }
}

/// The window is kept in this many parts, the oldest of which is given up as a whole.
const PARTS: u32 = 8;

/// The ids of a window.
#[derive(Debug)]
pub(crate) struct Ids {
    window: Duration,
    most: usize,
    parts: VecDeque<Part>,
}

#[derive(Debug)]
struct Part {
    begun: Stamp,
    ids: HashSet<Fingerprint>,
}

impl Ids {
    pub(crate) const fn new(window: Duration, most: usize) -> Self {
        Self { window, most, parts: VecDeque::new() }
    }

    pub(crate) fn contains(&self, id: Fingerprint) -> bool {
        self.parts.iter().any(|part| part.ids.contains(&id))
    }

    pub(crate) fn len(&self) -> usize {
        self.parts.iter().map(|part| part.ids.len()).sum()
    }

    /// Remembers one. Gives up what is older than the window, and the oldest part when there are too many.
    pub(crate) fn insert(&mut self, id: Fingerprint, at: Stamp) {
        let part_bytes = self.most / PARTS as usize;
        let full = self.parts.back().is_none_or(|part| {
            part.ids.len() >= part_bytes.max(1) || at.since(part.begun) > self.window / PARTS
        });
        if full {
            self.parts.push_back(Part { begun: at, ids: HashSet::new() });
        }
        if let Some(part) = self.parts.back_mut() {
            part.ids.insert(id);
        }
        // A part is too old when the one after it was begun before the window.
        while self.parts.get(1).is_some_and(|next| at.since(next.begun) > self.window)
            || self.parts.len() > PARTS as usize + 1
        {
            self.parts.pop_front();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(number: u32) -> Fingerprint {
        Fingerprint::of(&SourceName::parse("web").expect("a name"), &number.to_string())
    }

    #[test]
    fn an_id_is_known_for_the_window_and_the_number_is_bounded() {
        let hour = |hours: i64| Stamp::from_seconds(hours * 3_600);
        let mut ids = Ids::new(Duration::from_secs(24 * 3_600), 800);
        for (number, hours) in (0_u32..).zip(0..100) {
            ids.insert(id(number), hour(hours));
            for back in 0..24.min(number + 1) {
                assert!(ids.contains(id(number - back)), "after {hours} hours, {back} hours back");
            }
            assert!(number < 31 || !ids.contains(id(number - 31)), "after {hours} hours");
        }
        for number in 1_000..11_000 {
            ids.insert(id(number), hour(100));
            assert!(ids.len() <= 900);
            for back in 0..700.min(number - 1_000) {
                assert!(back % 97 != 0 || ids.contains(id(number - back)));
            }
        }
    }

    #[test]
    fn two_sources_may_use_one_id() {
        let web = SourceName::parse("web").expect("a name");
        let app = SourceName::parse("app").expect("a name");
        assert_ne!(Fingerprint::of(&web, "1"), Fingerprint::of(&app, "1"));
        assert_eq!(Fingerprint::of(&web, "1"), Fingerprint::of(&web, "1"));
    }
}
