//! The words of cases, verdicts and refusals that are no code of ours with a page of its own: what each means.

use model::{Block, CaseKind};
use salesforce::ErrorCode;
use supporters::RefusalCode;

use super::block_advice;

/// The page of the reasons, each under a heading of its own.
const REASONS: &str = include_str!("../../../../docs/reference/match-reasons.md");

/// A word, what it is, and what there is to say about it.
#[derive(Debug, PartialEq, Eq)]
pub struct Word {
    /// As it is written.
    pub word: String,
    /// What kind of word it is.
    pub what: &'static str,
    /// What it means, or what to do.
    pub text: String,
}

/// What a word means; outcomes may be given whole, as `case:names_disagree`.
#[must_use]
pub fn explained(given: &str) -> Option<Word> {
    let given = given.trim();
    let bare = given.split_once(':').filter(|(kind, _)| matches!(*kind, "case" | "blocked"));
    let word = bare.map_or(given, |(_, word)| word);
    let told = |what, text: &str| Word { word: word.to_owned(), what, text: text.to_owned() };
    if let Ok(kind) = serde_json::from_value::<CaseKind>(word.into()) {
        return Some(told("a kind of case", kind.advice()));
    }
    if let Some(text) = reason(word) {
        return Some(told("why two records match, or do not", &text));
    }
    is_refusal(word).then(|| told("why a record is set aside", block_advice::advice(word)))
}

/// Whether a record may be set aside with this code.
fn is_refusal(word: &str) -> bool {
    RefusalCode::parse(word).is_some()
        || [Block::STILL_LOCKED, Block::NOT_STORABLE].contains(&word)
        || ErrorCode::KNOWN.iter().any(|code| code.as_str() == word)
}

/// What the page says below the word's own heading, on one line.
fn reason(word: &str) -> Option<String> {
    let heading = format!("### `{word}`");
    let lines = REASONS.lines().skip_while(|line| *line != heading).skip(1);
    let text: Vec<&str> =
        lines.take_while(|line| !line.starts_with('#')).filter(|line| !line.is_empty()).collect();
    (!text.is_empty()).then(|| text.join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_an_administrator_meets_is_explained() {
        for (given, says) in [
            ("STRING_TOO_LONG", "shorten"),
            ("blocked:STRING_TOO_LONG", "shorten"),
            ("not_null", "supporter database"),
            ("names_disagree", ""),
            ("case:names_disagree", ""),
            ("given_conf", "Never linked"),
            (Block::STILL_LOCKED, "locked"),
        ] {
            let word = explained(given).unwrap_or_else(|| panic!("{given} is not explained"));
            assert!(word.text.contains(says) && !word.text.is_empty(), "{word:?}");
        }
        assert_eq!(explained("nonsense"), None);
        assert_eq!(explained(""), None);
    }
}
