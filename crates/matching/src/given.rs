//! How two first names relate.

use crate::given_word::relate;
use crate::knowledge::Knowledge;
use crate::name::{Form, Name, Word};
use crate::word_pair::{Slip, WordPair};

/// The relation of two first names, best first: a smaller value is the better relation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Given {
    /// The same words, or the same letters once run together.
    Equal,
    /// Equal as far as both go; one side has further given names.
    Subset,
    /// One is a listed nickname of the other.
    Nickname,
    /// Two spellings of one spoken name.
    Variant,
    /// A slip of the keyboard apart.
    Typo,
    /// Two nicknames of one name, one cut short, or one known by the middle name.
    SharedName,
    /// Perhaps a slip of the keyboard; the word is too short to be sure.
    Weak,
    /// One is the initial or the initials of the other.
    Initial,
    /// Neither side has a first name.
    BothBlank,
    /// One side has no first name.
    OneBlank,
    /// The first given names are equal, the further ones contradict each other.
    MiddleConflict,
    /// Alike to the eye, yet more likely two names.
    Faint,
    /// Two different names.
    Conflict,
}

impl Given {
    /// Every relation, best first.
    pub const ALL: [Self; 13] = [
        Self::Equal,
        Self::Subset,
        Self::Nickname,
        Self::Variant,
        Self::Typo,
        Self::SharedName,
        Self::Weak,
        Self::Initial,
        Self::BothBlank,
        Self::OneBlank,
        Self::MiddleConflict,
        Self::Faint,
        Self::Conflict,
    ];
}

/// Compares two first names under every folding.
pub(crate) fn given_names(a: &Name, b: &Name, knowledge: &Knowledge) -> Given {
    match (a.is_blank(), b.is_blank()) {
        (true, true) => return Given::BothBlank,
        (true, false) | (false, true) => return Given::OneBlank,
        (false, false) => {}
    }
    let plain = forms(&a.plain, &b.plain, knowledge);
    if plain == Given::Equal || a.other_readings(b).any(|(a, b)| a.same_letters(b)) {
        return Given::Equal;
    }
    if !matches!(plain, Given::Conflict | Given::Faint | Given::Weak) {
        return plain;
    }
    a.other_readings(b).map(|(a, b)| forms(a, b, knowledge)).fold(plain, Given::min)
}

fn forms(a: &Form, b: &Form, knowledge: &Knowledge) -> Given {
    if a.same_letters(b) {
        return Given::Equal;
    }
    let (Some(first_a), Some(first_b), Some(joined_a), Some(joined_b)) =
        (a.words.first(), b.words.first(), a.joined(), b.joined())
    else {
        return Given::Conflict;
    };
    let first = relate(first_a, first_b, knowledge);
    let unequal_count = a.words.len() != b.words.len();
    if unequal_count
        && matches!(first, Given::Conflict | Given::Initial | Given::Weak)
        && joined_a.len().min(joined_b.len()) >= 5
        && WordPair::new(joined_a, joined_b).slip() == Slip::Likely
    {
        return Given::Typo;
    }
    if are_initials(a, b) || are_initials(b, a) {
        return Given::Initial;
    }
    if matches!(first, Given::Conflict | Given::Faint) {
        let by_middle = goes_by_middle_name(a, b) || goes_by_middle_name(b, a);
        return match by_middle {
            false => first,
            // Anna and Roseanna: two names in their own right, one ending like the other.
            true if a.words.len() == 1 && b.words.len() == 1 && both_known(first_a, first_b, knowledge) => {
                Given::Faint
            }
            true => Given::SharedName,
        };
    }
    further_words(a, b, first, knowledge)
}

/// What the words after the first make of the relation of the first.
fn further_words(a: &Form, b: &Form, first: Given, knowledge: &Knowledge) -> Given {
    for (a, b) in a.words.iter().zip(&b.words).skip(1) {
        let further = relate(a, b, knowledge);
        let contradicts = matches!(further, Given::Conflict | Given::Faint)
            || (further == Given::Weak && first != Given::Equal);
        if contradicts {
            return if first == Given::Equal { Given::MiddleConflict } else { Given::Conflict };
        }
    }
    // Equal to the last word would have been equal run together, so here the sides do differ somewhere.
    if first == Given::Equal { Given::Subset } else { first }
}

fn both_known(a: &Word, b: &Word, knowledge: &Knowledge) -> bool {
    let known = |word: &Word| knowledge.entry(&word.text).is_some_and(|entry| entry.sex.is_some());
    known(a) && known(b)
}

/// `J R` or `JR` beside `John Robert`.
fn are_initials(short: &Form, long: &Form) -> bool {
    let count = long.words.len();
    if count < 2 || long.words.iter().all(|word| word.is_letter()) {
        return false;
    }
    let firsts = || long.words.iter().filter_map(|word| word.first_letter());
    match short.words.as_slice() {
        [together] => (2..4).contains(&together.len()) && together.text.iter().copied().eq(firsts()),
        apart => {
            apart.iter().all(|word| word.is_letter())
                && apart.iter().filter_map(|word| word.first_letter()).eq(firsts())
        }
    }
}

/// `Ronald` beside `John Ronald`, `Marie` beside `Annemarie`.
fn goes_by_middle_name(short: &Form, long: &Form) -> bool {
    if let [only] = short.words.as_slice()
        && only.len() >= 3
        && long.words.iter().skip(1).any(|word| word.text == only.text)
    {
        return true;
    }
    let (Some(short), Some(long)) = (short.joined(), long.joined()) else { return false };
    short.len() >= 4 && long.len() > short.len() && long.text.ends_with(&short.text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fold::{fold, fold_spelled_out};

    fn name(text: &str) -> Name {
        Name::new(&fold(text), fold_spelled_out(text).as_deref())
    }

    fn of(a: &str, b: &str) -> Given {
        let there = given_names(&name(a), &name(b), Knowledge::built_in());
        assert_eq!(there, given_names(&name(b), &name(a), Knowledge::built_in()), "symmetric: {a} {b}");
        there
    }

    #[test]
    fn further_given_names_confirm_or_contradict() {
        assert_eq!(of("mary ann", "mary-ann"), Given::Equal);
        assert_eq!(of("mary ann", "maryann"), Given::Equal);
        assert_eq!(of("mary ann", "marxann"), Given::Typo);
        assert_eq!(of("mary ann", "mary"), Given::Subset);
        assert_eq!(of("john q", "john quincy"), Given::Subset);
        assert_eq!(of("john a", "john b"), Given::MiddleConflict);
        assert_eq!(of("bob a", "robert b"), Given::Conflict);
    }

    #[test]
    fn initials_and_middle_names_are_understood() {
        assert_eq!(of("j r", "john ronald"), Given::Initial);
        assert_eq!(of("jr", "john ronald"), Given::Initial);
        assert_eq!(of("john ronald", "ronald"), Given::SharedName);
        assert_eq!(of("luisamarie", "marie"), Given::SharedName);
        assert_eq!(of("roseanna", "anna"), Given::Faint, "two names in their own right");
    }

    #[test]
    fn umlauts_may_be_spelled_out() {
        assert_eq!(of("jürgen", "juergen"), Given::Equal);
        assert_eq!(of("jürgen", "jurgen"), Given::Equal);
        assert_eq!(of("", "jurgen"), Given::OneBlank);
        assert_eq!(of("", ""), Given::BothBlank);
    }
}
