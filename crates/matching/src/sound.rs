//! Double Metaphone codes. The only module that names `rphonetic`.

use rphonetic::DoubleMetaphone;
use smallvec::SmallVec;

/// One code.
pub(crate) type Code = SmallVec<[u8; 12]>;

/// Shorter codes ("N" for Anna and Noah) say too little to be compared.
const SHORTEST_CODE: usize = 2;
/// Shortest word whose sound counts, and longest that is worth encoding.
const WORTH_ENCODING: std::ops::RangeInclusive<usize> = 3..=48;

/// The codes of one word, at full length. An empty code stands for none.
#[derive(Clone, Default)]
pub(crate) struct Sound {
    primary: Code,
    alternate: Code,
}

impl Sound {
    /// Encodes a folded word. Words with digits, very short and very long ones have no sound.
    pub(crate) fn of(word: &[u8]) -> Self {
        if !WORTH_ENCODING.contains(&word.len()) || !word.iter().all(u8::is_ascii_lowercase) {
            return Self::default();
        }
        let Ok(text) = std::str::from_utf8(word) else { return Self::default() };
        // `None` lifts the crate's default of four letters: cut codes make strangers sound alike.
        let codes = DoubleMetaphone::new(None).double_metaphone(text);
        let code = |code: String| match code.len() {
            0..SHORTEST_CODE => Code::new(),
            _ => Code::from_slice(code.as_bytes()),
        };
        Self { primary: code(codes.primary()), alternate: code(codes.alternate()) }
    }

    /// Whether any code of one is a code of the other.
    pub(crate) fn shares_code_with(&self, other: &Self) -> bool {
        let same = |a: &Code, b: &Code| !a.is_empty() && a == b;
        same(&self.primary, &other.primary)
            || same(&self.primary, &other.alternate)
            || same(&self.alternate, &other.primary)
            || same(&self.alternate, &other.alternate)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn any_word_has_a_sound_or_none(word in "[a-z0-9]{0,60}") {
            let sound = Sound::of(word.as_bytes());
            prop_assert!(sound.primary.is_empty() || sound.shares_code_with(&sound.clone()));
        }
    }

    fn share(a: &str, b: &str) -> bool {
        Sound::of(a.as_bytes()).shares_code_with(&Sound::of(b.as_bytes()))
    }

    #[test]
    fn codes_are_not_cut() {
        assert!(share("stephen", "steven"));
        assert!(
            !share("christopher", "christophson"),
            "the first four code letters agree, the rest does not"
        );
    }

    #[test]
    fn words_without_a_telling_code_share_none() {
        assert!(!share("aaa", "eee") && !share("jo", "jo") && !share("l33t", "l33t"));
    }
}
