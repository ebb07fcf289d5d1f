//! One side of a comparison, parsed once.

use std::fmt;
use std::ops::Range;

use smallvec::SmallVec;

use crate::address::Address;
use crate::fold::{Words, fold, fold_spelled_out};
use crate::knowledge::Sex;
use crate::name::{Name, Word, cut_repeats};
use crate::read::Reading;

/// Shortest first name that proves something when an address contains it.
const TELLING_FIRST_NAME: usize = 3;
/// A last-name field of more words than this is not taken for a whole name.
const MOST_WORDS_IN_ONE_FIELD: usize = 8;

/// A supporter or a Contact, ready to be compared. Building one does the work that depends on one side only
/// and is nearly always asked for; the rest is done once, when it is.
///
/// Printing one shows nothing of the person:
/// ```
/// let person = matching::Person::new("Maria", "Lopez", "maria@example.org");
/// assert_eq!(format!("{person:?}"), "Person(<redacted>)");
/// ```
#[derive(Clone)]
pub struct Person {
    pub(crate) first_text: String,
    pub(crate) last_text: String,
    pub(crate) first: Name,
    pub(crate) last: Name,
    pub(crate) aliases: SmallVec<[Name; 1]>,
    /// Ways to split a last-name field that holds a whole name. Empty when the first name is there.
    pub(crate) splits: Vec<(Name, Name)>,
    pub(crate) generation: Option<u8>,
    pub(crate) joint: bool,
    /// Whom the titles are for, where they say so.
    pub(crate) sex: Option<Sex>,
    /// The titles that stood where the first name should.
    pub(crate) bare_titles: String,
    /// Both names are there as text, even if no letter of them could be transliterated.
    pub(crate) has_both_texts: bool,
    /// Written in a script that leaves vowels out (Arabic, Hebrew).
    pub(crate) vowels_unwritten: bool,
    pub(crate) address: Address,
    pub(crate) role_address: bool,
}

impl Person {
    /// Reads the three fields as they are stored. Total: any text gives a person; an absent field is an empty one.
    #[must_use]
    pub fn new(first: &str, last: &str, email: &str) -> Self {
        let read = Reading::of(first, last);
        let address = Address::new(email);
        let (first, last) = fold_both(&read);
        Self {
            aliases: read.aliases.iter().map(|alias| Folded::of(alias).name()).collect(),
            splits: if first.plain.is_empty() { last.splits() } else { Vec::new() },
            generation: read.generation,
            joint: read.joint,
            sex: read.sex,
            bare_titles: read.bare_titles,
            has_both_texts: !read.first.is_empty() && !read.last.is_empty(),
            vowels_unwritten: leaves_vowels_out(&read.first) || leaves_vowels_out(&read.last),
            first: first.name(),
            last: last.name(),
            first_text: read.first_text,
            last_text: read.last_text,
            role_address: address.is_role(),
            address,
        }
    }

    /// Whether neither name is there.
    pub(crate) fn is_nameless(&self) -> bool {
        self.first.is_blank() && self.last.is_blank()
    }

    /// First and last names as written, but for case, spacing and normal form.
    pub(crate) fn fields_equal(&self, other: &Self) -> u8 {
        u8::from(self.first_text == other.first_text) + u8::from(self.last_text == other.last_text)
    }

    /// All words of both names, particles included.
    pub(crate) fn words(&self) -> impl Iterator<Item = &Word> {
        self.first.plain.words.iter().chain(&self.last.plain.words)
    }

    /// Whether the address contains the first name, or starts with initial and last name in either order.
    pub(crate) fn is_named_by_address(&self) -> bool {
        let (Some(first), Some(last)) = (self.first.plain.joined(), self.last.plain.joined()) else {
            return false;
        };
        let Some(initial) = first.first_letter() else { return false };
        let local = self.address.local().bytes().filter(u8::is_ascii_lowercase);
        let contains = |part: &[u8]| {
            let mut rest = local.clone();
            loop {
                if rest.clone().take(part.len()).eq(part.iter().copied()) {
                    return true;
                }
                if rest.next().is_none() {
                    return false;
                }
            }
        };
        let starts = |head: &[u8], tail: &[u8]| {
            local.clone().take(head.len() + tail.len()).eq(head.iter().chain(tail).copied())
        };
        (first.len() >= TELLING_FIRST_NAME && contains(&first.text))
            || starts(&[initial], &last.text)
            || starts(&last.text, &[initial])
    }
}

/// The words of one field under both foldings.
struct Folded {
    plain: Words,
    spelled_out: Option<Words>,
}

impl Folded {
    fn of(text: &str) -> Self {
        Self { plain: fold(text), spelled_out: fold_spelled_out(text) }
    }

    fn name(&self) -> Name {
        Name::new(&self.plain, self.spelled_out.as_deref())
    }

    /// Every way to cut the words in two.
    fn splits(&self) -> Vec<(Name, Name)> {
        let count = self.plain.len();
        if !(2..=MOST_WORDS_IN_ONE_FIELD).contains(&count) {
            return Vec::new();
        }
        let spelled_out = self.spelled_out.as_deref().filter(|words| words.len() == count);
        let part = |range: Range<usize>| {
            Name::new(&self.plain[range.clone()], spelled_out.map(|words| &words[range]))
        };
        (1..count).map(|at| (part(0..at), part(at..count))).collect()
    }
}

/// Both fields folded, repeats cut off under each folding by itself.
fn fold_both(read: &Reading) -> (Folded, Folded) {
    let (mut first, mut last) = (Folded::of(&read.first), Folded::of(&read.last));
    if first.spelled_out.is_some() || last.spelled_out.is_some() {
        let mut one = first.spelled_out.clone().unwrap_or_else(|| first.plain.clone());
        let mut other = last.spelled_out.clone().unwrap_or_else(|| last.plain.clone());
        cut_repeats(&mut one, &mut other);
        first.spelled_out = first.spelled_out.map(|_| one);
        last.spelled_out = last.spelled_out.map(|_| other);
    }
    cut_repeats(&mut first.plain, &mut last.plain);
    (first, last)
}

impl fmt::Debug for Person {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Person(<redacted>)")
    }
}

fn leaves_vowels_out(text: &str) -> bool {
    text.chars().any(|c| {
        matches!(c,
            '\u{590}'..='\u{6FF}' | '\u{750}'..='\u{77F}' | '\u{8A0}'..='\u{8FF}'
            | '\u{FB1D}'..='\u{FDFF}' | '\u{FE70}'..='\u{FEFC}')
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn joined(name: &Name) -> String {
        name.plain.joined().map(|word| String::from_utf8_lossy(&word.text).into_owned()).unwrap_or_default()
    }

    #[test]
    fn a_repeated_name_is_cut_off() {
        let person = Person::new("John Smith", "Smith", "a@example.org");
        assert_eq!((joined(&person.first), joined(&person.last)), ("john".into(), "smith".into()));
        let person = Person::new("Ana", "Ana García", "a@example.org");
        assert_eq!((joined(&person.first), joined(&person.last)), ("ana".into(), "garcia".into()));
        let person = Person::new("James", "James", "a@example.org");
        assert_eq!((joined(&person.first), joined(&person.last)), ("james".into(), "james".into()));
    }

    #[test]
    fn an_address_names_its_owner() {
        for local in ["john.smith", "jsmith7", "smith-j", "bigjohn"] {
            assert!(
                Person::new("John", "Smith", &format!("{local}@example.org")).is_named_by_address(),
                "{local}"
            );
        }
        assert!(!Person::new("Mary", "Smith", "john.smith@example.org").is_named_by_address());
        assert!(
            !Person::new("Al", "Smith", "walter@example.org").is_named_by_address(),
            "two letters prove nothing"
        );
    }

    #[test]
    fn nothing_of_the_person_is_printed() {
        let shown = format!("{:?}", Person::new("Joe", "Smith", "joe@example.org")).to_lowercase();
        assert!(!shown.contains("joe") && !shown.contains("smith") && !shown.contains("example"));
    }
}
