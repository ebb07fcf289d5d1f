//! How two last names relate.

use crate::family_word::{Kin, relate};
use crate::name::{Form, Name, Word};
use crate::pairing::pair_words;
use crate::particle::without_article;

/// The relation of two last names, best first: a smaller value is the better relation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Family {
    /// The same letters once run together.
    Equal,
    /// Two spellings or inflections of one name, or the same words in another order.
    Variant,
    /// Equal apart from particles, or one side lacks a further surname.
    Part,
    /// A slip of the keyboard apart.
    Typo,
    /// Perhaps a slip of the keyboard.
    Weak,
    /// One is the initial of the other.
    Initial,
    /// Compound surnames with one part in common and one that differs.
    Overlap,
    /// Neither side has a last name.
    BothBlank,
    /// One side has no last name.
    OneBlank,
    /// Two different names.
    Conflict,
}

impl Family {
    /// Every relation, best first.
    pub const ALL: [Self; 10] = [
        Self::Equal,
        Self::Variant,
        Self::Part,
        Self::Typo,
        Self::Weak,
        Self::Initial,
        Self::Overlap,
        Self::BothBlank,
        Self::OneBlank,
        Self::Conflict,
    ];
}

impl From<Kin> for Family {
    fn from(kin: Kin) -> Self {
        match kin {
            Kin::Equal => Self::Equal,
            Kin::Variant => Self::Variant,
            Kin::Typo => Self::Typo,
            Kin::Weak => Self::Weak,
            Kin::Initial => Self::Initial,
            Kin::Conflict => Self::Conflict,
        }
    }
}

/// Compares two last names under every folding.
pub(crate) fn family_names(a: &Name, b: &Name) -> Family {
    match (a.is_blank(), b.is_blank()) {
        (true, true) => return Family::BothBlank,
        (true, false) | (false, true) => return Family::OneBlank,
        (false, false) => {}
    }
    let plain = forms(&a.plain, &b.plain);
    if plain == Family::Equal {
        return plain;
    }
    a.other_readings(b).map(|(a, b)| forms(a, b)).fold(plain, Family::min)
}

fn forms(a: &Form, b: &Form) -> Family {
    if a.same_letters(b) {
        return Family::Equal;
    }
    let (Some(joined_a), Some(joined_b)) = (a.joined(), b.joined()) else { return Family::Conflict };
    let (Some(core_a), Some(core_b)) = (a.content_joined(), b.content_joined()) else {
        return Family::Conflict;
    };
    if same_words(a, b) {
        return Family::Variant;
    }
    if core_a.text == core_b.text || same_behind_article(core_a, core_b) {
        return Family::Part;
    }
    let together = || Family::from(relate(joined_a, joined_b));
    match (a.content().len(), b.content().len()) {
        (1, 1) => together().min(Family::from(relate(core_a, core_b))),
        (1, _) | (_, 1) => pair_words(a, b).min(together()).min(Family::from(relate(core_a, core_b))),
        _ => pair_words(a, b),
    }
}

/// The same words, each as often, in another order.
fn same_words(a: &Form, b: &Form) -> bool {
    let count = |form: &Form, word: &Word| form.words.iter().filter(|other| other.text == word.text).count();
    a.words.len() > 1
        && a.words.len() == b.words.len()
        && a.words.iter().all(|word| count(a, word) == count(b, word))
}

/// `Alsayed` beside `El Sayed`: a glued article counts as the particle it is.
fn same_behind_article(a: &Word, b: &Word) -> bool {
    let bare = |word: &'_ Word| without_article(&word.text).map(<[u8]>::len);
    let tail = |word: &Word, kept: Option<usize>| kept.map(|kept| word.len() - kept);
    let (cut_a, cut_b) = (tail(a, bare(a)), tail(b, bare(b)));
    let same = |from_a: usize, from_b: usize| a.text[from_a..] == b.text[from_b..];
    cut_a.is_some_and(|cut| same(cut, 0))
        || cut_b.is_some_and(|cut| same(0, cut))
        || matches!((cut_a, cut_b), (Some(cut_a), Some(cut_b)) if same(cut_a, cut_b))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fold::{fold, fold_spelled_out};

    fn name(text: &str) -> Name {
        Name::new(&fold(text), fold_spelled_out(text).as_deref())
    }

    fn of(a: &str, b: &str) -> Family {
        let there = family_names(&name(a), &name(b));
        assert_eq!(there, family_names(&name(b), &name(a)), "symmetric: {a} {b}");
        there
    }

    #[test]
    fn particles_and_their_spelling_do_not_matter() {
        assert_eq!(of("van den berg", "vandenberg"), Family::Equal);
        assert_eq!(of("de la cruz", "cruz"), Family::Part);
        assert_eq!(of("al-sayed", "el sayed"), Family::Part);
        assert_eq!(of("alsayed", "el-sayed"), Family::Part);
        assert_eq!(of("elsayed", "sayed"), Family::Part);
        assert_eq!(of("mac donald", "mcdonald"), Family::Variant);
    }

    #[test]
    fn compound_surnames_are_paired_word_by_word() {
        assert_eq!(of("garcía lópez", "garcía"), Family::Part);
        assert_eq!(of("garcía lópez", "lopez garcia"), Family::Variant);
        assert_eq!(of("garcía lópez", "garcía pérez"), Family::Overlap);
        assert_eq!(of("garcía lópez", "garcia l"), Family::Part);
        assert_eq!(of("garcia castillo", "garcia vastillo"), Family::Weak);
        assert_eq!(of("garcia fernandez", "smith jones"), Family::Conflict);
    }

    #[test]
    fn single_surnames_are_compared_as_words() {
        assert_eq!(of("müller", "mueller"), Family::Equal);
        assert_eq!(of("dmith", "smith"), Family::Typo);
        assert_eq!(of("s", "smith"), Family::Initial);
        assert_eq!(of("smith", "jones"), Family::Conflict);
        assert_eq!(of("", "jones"), Family::OneBlank);
        assert_eq!(of("", ""), Family::BothBlank);
    }
}
