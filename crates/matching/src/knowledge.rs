//! What is known about given names: who is called what for short, and the sex a name is usually given to.

use std::collections::HashMap;
use std::fmt;
use std::sync::LazyLock;

use crate::fold::fold;

static BUILT_IN: LazyLock<Knowledge> = LazyLock::new(|| {
    Knowledge::parse(include_str!("../data/nicknames.csv"), include_str!("../data/given_names.csv"))
        .expect("the tables compiled in are well formed; a test parses them")
});

/// The sex a known given name is usually given to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sex {
    Male,
    Female,
    Either,
}

/// One given name that stands in a table.
#[derive(Default)]
pub(crate) struct Entry {
    /// Present when the name stands in the list of given names.
    pub(crate) sex: Option<Sex>,
    /// Sorted positions of the nicknames of this name.
    nicknames: Vec<u32>,
    /// Sorted positions of the names this is a nickname of.
    full_names: Vec<u32>,
    position: u32,
}

impl Entry {
    /// Whether one is a nickname of the other.
    pub(crate) fn is_linked_to(&self, other: &Self) -> bool {
        let calls = |full: &Self, short: &Self| full.nicknames.binary_search(&short.position).is_ok();
        calls(self, other) || calls(other, self)
    }

    /// Whether both are nicknames of one name and at least one of them is never a full name itself. Two full names
    /// that merely share a nickname (Robert and William share Bill in some families) are two names.
    pub(crate) fn shares_full_name_with(&self, other: &Self) -> bool {
        let both_full = !self.nicknames.is_empty() && !other.nicknames.is_empty();
        !both_full && self.full_names.iter().any(|full| other.full_names.binary_search(full).is_ok())
    }
}

/// Tables of given names and nicknames, parsed once and shared.
///
/// ```
/// let knowledge = matching::Knowledge::built_in();
/// assert!(knowledge.names() > 5_000);
/// ```
pub struct Knowledge {
    positions: HashMap<Box<[u8]>, u32>,
    entries: Vec<Entry>,
}

/// A table that cannot be read. Says where, never what stands there.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum KnowledgeError {
    /// A line has another number of columns than its header, or another relationship.
    #[error("{table} table: line {line} is not of the form its header announces")]
    Form {
        /// Which of the two tables.
        table: &'static str,
        /// Line number, from 1.
        line: usize,
    },
    /// More lines than a table of names can sensibly have.
    #[error("{table} table: more than {limit} lines")]
    TooLong {
        /// Which of the two tables.
        table: &'static str,
        /// The limit.
        limit: usize,
    },
}

impl Knowledge {
    /// Most lines of one table; the built-in ones have about 2,700 and 5,200.
    pub const MOST_LINES: usize = 1_000_000;

    /// The tables that ship with this crate: English nicknames, and US given names with their sex.
    #[must_use]
    pub fn built_in() -> &'static Self {
        &BUILT_IN
    }

    /// Reads other tables in the same form: `name1,relationship,name2` with the relationship `has_nickname`, and
    /// `name,sex` with the sex `m`, `f` or `u` (both). The first line of each is a header.
    ///
    /// # Errors
    /// A line of another form, or more than [`Self::MOST_LINES`] lines.
    pub fn parse(nicknames: &str, given_names: &str) -> Result<Self, KnowledgeError> {
        let mut known = Self { positions: HashMap::new(), entries: Vec::new() };
        for (line, text) in lines("nickname", nicknames)? {
            let malformed = KnowledgeError::Form { table: "nickname", line };
            let Some((full, rest)) = text.split_once(',') else { return Err(malformed) };
            let Some(short) = rest.strip_prefix("has_nickname,").filter(|short| !short.contains(',')) else {
                return Err(malformed);
            };
            known.link(full, short);
        }
        for (line, text) in lines("given name", given_names)? {
            let sex = match text.split_once(',') {
                Some((_, "m")) => Sex::Male,
                Some((_, "f")) => Sex::Female,
                Some((_, "u")) => Sex::Either,
                _ => return Err(KnowledgeError::Form { table: "given name", line }),
            };
            let name = text.split(',').next().unwrap_or_default();
            if let Some(at) = known.position_of(name) {
                known.entries[at as usize].sex = Some(sex);
            }
        }
        for entry in &mut known.entries {
            entry.nicknames.sort_unstable();
            entry.full_names.sort_unstable();
        }
        Ok(known)
    }

    /// How many names stand in the tables.
    #[must_use]
    pub fn names(&self) -> usize {
        self.entries.len()
    }

    pub(crate) fn entry(&self, folded: &[u8]) -> Option<&Entry> {
        self.positions.get(folded).and_then(|at| self.entries.get(*at as usize))
    }

    fn link(&mut self, full: &str, short: &str) {
        if let (Some(full), Some(short)) = (self.position_of(full), self.position_of(short)) {
            self.entries[full as usize].nicknames.push(short);
            self.entries[short as usize].full_names.push(full);
        }
    }

    /// Where a name stands, making room for it when it is new. `None` when it folds to nothing.
    fn position_of(&mut self, name: &str) -> Option<u32> {
        let key: Box<[u8]> = fold(name).into_iter().flatten().collect();
        if key.is_empty() {
            return None;
        }
        let next = u32::try_from(self.entries.len()).ok()?;
        let position = *self.positions.entry(key).or_insert(next);
        if position == next {
            self.entries.push(Entry { position, ..Entry::default() });
        }
        Some(position)
    }
}

impl fmt::Debug for Knowledge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Knowledge").field("names", &self.entries.len()).finish_non_exhaustive()
    }
}

/// The numbered lines of a table after its header, blank ones left out.
fn lines<'a>(
    table: &'static str,
    text: &'a str,
) -> Result<impl Iterator<Item = (usize, &'a str)>, KnowledgeError> {
    let limit = Knowledge::MOST_LINES;
    if text.lines().nth(limit).is_some() {
        return Err(KnowledgeError::TooLong { table, limit });
    }
    Ok((1..).zip(text.lines()).skip(1).filter(|(_, line)| !line.is_empty()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(name: &str) -> &'static Entry {
        Knowledge::built_in().entry(name.as_bytes()).expect("a known name")
    }

    #[test]
    fn the_built_in_tables_are_complete() {
        let known =
            Knowledge::parse(include_str!("../data/nicknames.csv"), include_str!("../data/given_names.csv"))
                .expect("well formed");
        let links: usize = known.entries.iter().map(|entry| entry.nicknames.len()).sum();
        let with_sex = known.entries.iter().filter(|entry| entry.sex.is_some()).count();
        assert_eq!((links, with_sex), (2691, 5163));
    }

    #[test]
    fn links_run_both_ways() {
        assert!(entry("bob").is_linked_to(entry("robert")) && entry("robert").is_linked_to(entry("bob")));
        assert!(!entry("robert").is_linked_to(entry("william")));
    }

    #[test]
    fn two_full_names_do_not_meet_in_a_shared_nickname() {
        assert!(!entry("alexander").shares_full_name_with(entry("alexandra")));
        assert!(!entry("caroline").shares_full_name_with(entry("charlotte")));
        assert!(entry("peggy").shares_full_name_with(entry("maggie")));
    }

    #[test]
    fn a_malformed_table_is_refused_with_its_line() {
        let refused =
            Knowledge::parse("name1,relationship,name2\nann,has_nickname,nan\nann;nan\n", "name,sex\n");
        assert_eq!(refused.err(), Some(KnowledgeError::Form { table: "nickname", line: 3 }));
        let refused = Knowledge::parse("h\n", "name,sex\nann,q\n");
        assert_eq!(refused.err(), Some(KnowledgeError::Form { table: "given name", line: 2 }));
    }
}
