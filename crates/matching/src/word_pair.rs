//! How close two unequal words are, whatever part of a name they stand in.

use crate::distance::{jaro_winkler, osa};
use crate::name::Word;

/// How likely a slip of the keyboard made one word out of the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Slip {
    Likely,
    Possible,
    Unlikely,
}

/// Two words beside each other.
#[derive(Clone, Copy)]
pub(crate) struct WordPair<'a> {
    pub(crate) a: &'a Word,
    pub(crate) b: &'a Word,
}

impl<'a> WordPair<'a> {
    pub(crate) fn new(a: &'a Word, b: &'a Word) -> Self {
        Self { a, b }
    }

    fn lengths(self) -> (usize, usize) {
        (self.a.len().min(self.b.len()), self.a.len().max(self.b.len()))
    }

    /// Edit distance with swapped neighbours counted once.
    pub(crate) fn distance(self) -> usize {
        osa(&self.a.text, &self.b.text)
    }

    pub(crate) fn likeness(self) -> f64 {
        jaro_winkler(&self.a.text, &self.b.text)
    }

    /// The longer the shorter word, the more slips it bears.
    pub(crate) fn slip(self) -> Slip {
        let (short, long) = self.lengths();
        if short < 2 || long - short > 3 {
            return Slip::Unlikely;
        }
        match (self.distance(), short) {
            (0 | 1, 4..) | (2, 7..) => Slip::Likely,
            (0 | 1, 3) | (2, 5..) | (3, 8..) => Slip::Possible,
            (0 | 1, 2) if long == 3 => Slip::Possible,
            _ => Slip::Unlikely,
        }
    }

    /// Whether both sound alike, vowels included.
    pub(crate) fn same_skeleton(self) -> bool {
        self.a.skeleton() == self.b.skeleton()
    }

    /// Whether both are spellings of one spoken word.
    pub(crate) fn is_variant(self) -> bool {
        let Self { a, b } = self;
        if self.lengths().0 < 3 {
            return false;
        }
        let (ours, theirs) = (a.skeleton(), b.skeleton());
        if ours == theirs {
            return true;
        }
        if !self.first_letters_compatible() {
            return false;
        }
        let short = ours.len().min(theirs.len());
        let long = ours.len().max(theirs.len());
        let allowed = (short / 3).max(1);
        if long - short > allowed {
            return false;
        }
        let apart = osa(ours, theirs);
        (short >= 6 && apart <= 1)
            || (apart <= allowed && self.likeness() >= 0.78 && a.sound().shares_code_with(b.sound()))
    }

    pub(crate) fn same_first_letter(self) -> bool {
        self.a.first_letter() == self.b.first_letter()
    }

    /// Equal first letters, equal first sounds, or letters that stand for each other between spellings.
    pub(crate) fn first_letters_compatible(self) -> bool {
        if self.same_first_letter() || self.a.skeleton().first() == self.b.skeleton().first() {
            return true;
        }
        let (Some(a), Some(b)) = (self.a.first_letter(), self.b.first_letter()) else { return false };
        matches!(
            (a.min(b), a.max(b)),
            (b'c', b'k') | (b'g', b'j') | (b'i', b'y') | (b'f', b'v') | (b's', b'z')
        )
    }

    /// Whether exactly one of the two has the ending of a woman's name in many languages (Ivan and Ivana).
    pub(crate) fn differs_in_sex_ending(self) -> bool {
        let ends_in_a = |word: &[u8]| word.strip_suffix(b"h").unwrap_or(word).ends_with(b"a");
        ends_in_a(&self.a.text) != ends_in_a(&self.b.text)
    }

    /// Whether one is the beginning of the other, at least two letters short (Raj and Rajesh).
    pub(crate) fn is_cut_short(self) -> bool {
        let (short, long) = self.lengths();
        let begins = self.a.text.starts_with(&self.b.text) || self.b.text.starts_with(&self.a.text);
        short >= 3 && long >= short + 2 && begins && !self.differs_in_sex_ending()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with<T>(a: &str, b: &str, ask: impl Fn(WordPair) -> T) -> T {
        ask(WordPair::new(&Word::new(a.as_bytes()), &Word::new(b.as_bytes())))
    }

    #[test]
    fn a_slip_is_judged_by_the_length_of_the_word() {
        for (a, b, expected) in [
            ("jonh", "john", Slip::Likely),
            ("ann", "anm", Slip::Possible),
            ("jo", "joe", Slip::Possible),
            ("jo", "ja", Slip::Unlikely),
            ("willaim", "wiliam", Slip::Possible),
            ("margarte", "margaret", Slip::Likely),
            ("john", "jane", Slip::Unlikely),
            ("j", "jo", Slip::Unlikely),
            ("catherine", "catariny", Slip::Possible),
        ] {
            assert_eq!(with(a, b, |pair| pair.slip()), expected, "{a} {b}");
        }
    }

    #[test]
    fn spellings_of_one_name_are_variants() {
        for (a, b) in
            [("catherine", "katherine"), ("steven", "stephen"), ("mohammed", "muhammad"), ("smyth", "smith")]
        {
            assert!(with(a, b, |pair| pair.is_variant()), "{a} {b}");
        }
        for (a, b) in [("mary", "jane"), ("jo", "jo"), ("christopher", "christine")] {
            assert!(!with(a, b, |pair| pair.is_variant()), "{a} {b}");
        }
    }

    #[test]
    fn endings_and_beginnings_are_seen() {
        assert!(with("ivan", "ivana", |pair| pair.differs_in_sex_ending()));
        assert!(with("martin", "martinah", |pair| pair.differs_in_sex_ending()));
        assert!(!with("sara", "sarah", |pair| pair.differs_in_sex_ending()));
        assert!(with("raj", "rajesh", |pair| pair.is_cut_short()));
        assert!(
            !with("sal", "salima", |pair| pair.is_cut_short())
                && !with("jo", "john", |pair| pair.is_cut_short())
        );
    }
}
