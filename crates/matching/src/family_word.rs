//! Two words of a last name.

use crate::inflection::are_inflections;
use crate::name::Word;
use crate::word_pair::{Slip, WordPair};

/// Shortest word in which a leading `mac` is the Gaelic prefix and not the name itself.
const SHORTEST_WITH_MAC: usize = 6;

/// The relation of two words of a last name, best first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kin {
    Equal,
    Variant,
    Typo,
    Weak,
    Initial,
    Conflict,
}

/// The relation of two words of a last name.
pub(crate) fn relate(a: &Word, b: &Word) -> Kin {
    if a.text == b.text {
        return Kin::Equal;
    }
    let pair = WordPair::new(a, b);
    if a.is_letter() || b.is_letter() {
        return if pair.same_first_letter() { Kin::Initial } else { Kin::Conflict };
    }
    if same_behind_mac(&a.text, &b.text) || are_inflections(&a.text, &b.text) || pair.is_variant() {
        return Kin::Variant;
    }
    match pair.slip() {
        Slip::Likely => Kin::Typo,
        Slip::Possible => Kin::Weak,
        Slip::Unlikely => Kin::Conflict,
    }
}

/// MacDonald and McDonald.
fn same_behind_mac(a: &[u8], b: &[u8]) -> bool {
    matches!((behind_mac(a), behind_mac(b)), (Some(a), Some(b)) if a == b)
}

fn behind_mac(word: &[u8]) -> Option<&[u8]> {
    word.strip_prefix(b"mac").filter(|_| word.len() >= SHORTEST_WITH_MAC).or_else(|| word.strip_prefix(b"mc"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(a: &str, b: &str) -> Kin {
        relate(&Word::new(a.as_bytes()), &Word::new(b.as_bytes()))
    }

    #[test]
    fn words_of_a_surname_relate_by_spelling_ending_and_slip() {
        assert_eq!(of("macdonald", "mcdonald"), Kin::Variant);
        assert_eq!(of("novak", "novakova"), Kin::Variant);
        assert_eq!(of("smith", "smyth"), Kin::Variant);
        assert_eq!(of("dmith", "smith"), Kin::Typo);
        assert_eq!(of("lee", "lea"), Kin::Weak);
        assert_eq!(of("s", "smith"), Kin::Initial);
        assert_eq!(of("t", "smith"), Kin::Conflict);
    }
}
