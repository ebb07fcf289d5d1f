//! Two words of a first name. The first rule that applies decides.

use crate::given::Given;
use crate::knowledge::{Entry, Knowledge, Sex};
use crate::name::Word;
use crate::word_pair::{Slip, WordPair};

/// How alike two different nicknames of one name must look when they begin with different letters.
const LIKE_ENOUGH_FOR_NICKNAMES: f64 = 0.6;
/// Names up to this length are a vowel apart from other names: Tim and Tom, Joan and Jean.
const SHORT_NAME: usize = 4;
/// How alike two words must look to be worth a person's glance although nothing explains the difference.
const LIKE_ENOUGH_FOR_A_GLANCE: f64 = 0.82;

/// The relation of two words of a first name.
pub(crate) fn relate(a: &Word, b: &Word, knowledge: &Knowledge) -> Given {
    if a.text == b.text {
        return Given::Equal;
    }
    let pair = WordPair::new(a, b);
    if a.is_letter() || b.is_letter() {
        return if pair.same_first_letter() { Given::Initial } else { Given::Conflict };
    }
    let (in_a, in_b) = (knowledge.entry(&a.text), knowledge.entry(&b.text));
    if let (Some(in_a), Some(in_b)) = (in_a, in_b)
        && let Some(told) = by_table(pair, in_a, in_b)
    {
        return told;
    }
    let is_known = |entry: Option<&Entry>| entry.is_some_and(|entry| entry.sex.is_some());
    by_letters(pair, is_known(in_a), is_known(in_b))
}

fn by_table(pair: WordPair<'_>, a: &Entry, b: &Entry) -> Option<Given> {
    if a.is_linked_to(b) {
        return Some(Given::Nickname);
    }
    if matches!((a.sex, b.sex), (Some(Sex::Male), Some(Sex::Female)) | (Some(Sex::Female), Some(Sex::Male))) {
        return Some(Given::Conflict);
    }
    let alike = || pair.same_first_letter() || pair.likeness() >= LIKE_ENOUGH_FOR_NICKNAMES;
    (a.shares_full_name_with(b) && alike()).then_some(Given::SharedName)
}

fn by_letters(pair: WordPair<'_>, a_known: bool, b_known: bool) -> Given {
    let looks = if pair.is_variant() {
        Given::Variant
    } else {
        match pair.slip() {
            Slip::Likely => Given::Typo,
            Slip::Possible => Given::Weak,
            Slip::Unlikely => Given::Conflict,
        }
    };
    let conflict = looks == Given::Conflict;
    // A known name one letter away from an unknown one is more likely mistyped than the name of the other sex.
    let mistyped = || a_known != b_known && pair.distance() == 1;
    if !conflict && pair.differs_in_sex_ending() && !mistyped() {
        return Given::Faint;
    }
    let both_known = a_known && b_known;
    let short = pair.a.len().max(pair.b.len()) <= SHORT_NAME;
    if both_known && short && looks == Given::Variant && !pair.same_skeleton() {
        return Given::Faint;
    }
    if both_known && looks != Given::Variant {
        // Two different names, not a slip.
        let close = pair.is_cut_short() || (!conflict && pair.same_first_letter());
        return if close { Given::Faint } else { Given::Conflict };
    }
    if looks == Given::Weak && !pair.first_letters_compatible() {
        return Given::Faint;
    }
    if (conflict || looks == Given::Weak) && pair.is_cut_short() {
        return Given::SharedName;
    }
    if conflict && pair.same_first_letter() && pair.likeness() >= LIKE_ENOUGH_FOR_A_GLANCE {
        return Given::Faint;
    }
    looks
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(a: &str, b: &str) -> Given {
        let (a, b) = (Word::new(a.as_bytes()), Word::new(b.as_bytes()));
        let there = relate(&a, &b, Knowledge::built_in());
        assert_eq!(there, relate(&b, &a, Knowledge::built_in()), "symmetric");
        there
    }

    #[test]
    fn the_tables_speak_first() {
        assert_eq!(of("bob", "robert"), Given::Nickname);
        assert_eq!(of("robert", "william"), Given::Conflict);
        assert_eq!(of("paul", "paula"), Given::Conflict);
        assert_eq!(of("michael", "michelle"), Given::Conflict);
    }

    #[test]
    fn an_initial_fits_or_contradicts() {
        assert_eq!(of("j", "john"), Given::Initial);
        assert_eq!(of("j", "mary"), Given::Conflict);
    }

    #[test]
    fn spellings_of_one_short_name_are_still_one() {
        for (a, b) in [("ann", "anne"), ("jon", "john"), ("eric", "erik"), ("cara", "kara"), ("amy", "ami")] {
            assert!(of(a, b) < Given::Typo, "{a} {b}: {:?}", of(a, b));
        }
    }

    #[test]
    fn letters_speak_for_names_no_table_has() {
        assert_eq!(of("mohammed", "muhammad"), Given::Variant);
        assert_eq!(of("kohn", "john"), Given::Typo);
        assert_eq!(of("raj", "rajesh"), Given::SharedName);
        assert_eq!(of("jay", "jayson"), Given::Faint);
        assert_eq!(of("sal", "salima"), Given::Faint);
        assert_eq!(of("zvonko", "zvonka"), Given::Faint);
    }

    #[test]
    fn two_known_names_are_not_a_slip_of_each_other() {
        assert_eq!(of("mark", "mary"), Given::Conflict);
        assert_eq!(of("dale", "gale"), Given::Conflict);
        for (a, b) in [("tim", "tom"), ("dan", "don"), ("joan", "jean")] {
            assert_eq!(of(a, b), Given::Faint, "{a} {b}");
        }
    }
}
