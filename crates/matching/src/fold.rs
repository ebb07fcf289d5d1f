//! From cleaned text to words of plain letters. The only module that names `any_ascii`.

use any_ascii::any_ascii_char;
use smallvec::SmallVec;

/// A folded word: ASCII letters `a-z` and digits only.
pub(crate) type Letters = SmallVec<[u8; 24]>;
/// The words of one field, in order.
pub(crate) type Words = SmallVec<[Letters; 3]>;

/// Most words of one field that are kept; more is not a name.
const MOST_WORDS: usize = 24;
/// Most letters of one field that are kept, all words together. One character can transliterate to many.
const MOST_LETTERS: usize = 320;

/// Transliterates and splits at space, dash, slash, comma and dot; an apostrophe vanishes.
pub(crate) fn fold(text: &str) -> Words {
    let mut splitter = Splitter::default();
    text.chars().for_each(|c| splitter.take_char(c));
    splitter.finish()
}

/// The same with `ä ö ü ø å æ` written `ae oe ue oe aa ae` first. `None` when the text has none of them.
pub(crate) fn fold_spelled_out(text: &str) -> Option<Words> {
    if text.is_ascii() || !text.chars().any(|c| spelled_out(c).is_some()) {
        return None;
    }
    let mut splitter = Splitter::default();
    for c in text.chars() {
        match spelled_out(c) {
            Some(pair) => pair.chars().for_each(|c| splitter.take_char(c)),
            None => splitter.take_char(c),
        }
    }
    Some(splitter.finish())
}

fn spelled_out(c: char) -> Option<&'static str> {
    match c {
        'ä' | 'æ' => Some("ae"),
        'ö' | 'ø' => Some("oe"),
        'ü' => Some("ue"),
        'å' => Some("aa"),
        _ => None,
    }
}

#[derive(Default)]
struct Splitter {
    words: Words,
    open: Letters,
    letters: usize,
}

impl Splitter {
    fn take_char(&mut self, c: char) {
        if c.is_ascii() {
            self.take_ascii(c as u8);
        } else {
            any_ascii_char(c).bytes().for_each(|b| self.take_ascii(b));
        }
    }

    fn take_ascii(&mut self, b: u8) {
        match b {
            b'a'..=b'z' | b'0'..=b'9' | b'A'..=b'Z' if self.letters < MOST_LETTERS => {
                self.open.push(b.to_ascii_lowercase());
                self.letters += 1;
            }
            b' ' | b'-' | b'/' | b',' | b'.' => self.close(),
            _ => {}
        }
    }

    fn close(&mut self) {
        if !self.open.is_empty() && self.words.len() < MOST_WORDS {
            self.words.push(std::mem::take(&mut self.open));
        }
        self.open.clear();
    }

    fn finish(mut self) -> Words {
        self.close();
        self.words
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<String> {
        fold(text).iter().map(|w| String::from_utf8_lossy(w).into_owned()).collect()
    }

    #[test]
    fn letters_of_any_script_become_plain_words() {
        assert_eq!(words("garcía-lópez"), ["garcia", "lopez"]);
        assert_eq!(words("o'brien"), ["obrien"]);
        assert_eq!(words("j.r. müller"), ["j", "r", "muller"]);
        assert_eq!(words("сергей"), ["sergey"]);
    }

    #[test]
    fn the_second_folding_spells_umlauts_out() {
        let spelled =
            fold_spelled_out("jürgen håkon").map(|w| w.iter().map(|l| l.to_vec()).collect::<Vec<_>>());
        assert_eq!(spelled, Some(vec![b"juergen".to_vec(), b"haakon".to_vec()]));
        assert_eq!(fold_spelled_out("garcía"), None);
    }

    #[test]
    fn a_field_of_thousands_of_words_stays_small() {
        let kept = fold(&"ab ".repeat(5000));
        assert_eq!(kept.len(), MOST_WORDS);
    }
}
