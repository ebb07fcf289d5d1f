//! The matching methods of a matching rule and the score from which each counts as a match.

use serde::{Deserialize, Serialize};

use super::phone::{phone, phone_key};
use super::score::{
    Score, acronym, edit_distance, exact, initials, jaro_winkler, keyboard_distance, phonetic, sound,
};
use super::street::street;
use super::variants::are_variants;

/// How two values of one field are compared (Salesforce help, MatchingRuleItem; the API names).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum MatchMethod {
    /// Equal after lower-casing and trimming.
    Exact,
    /// Exact, initials, name variant, sound; Jaro-Winkler alone only behind a switch. From 85.
    FirstName,
    /// Exact, keyboard distance, sound. From 90.
    LastName,
    /// Acronym, edit distance, exact. From 70.
    CompanyName,
    /// Sections of the number. From 80.
    Phone,
    /// Edit distance, exact. From 85.
    City,
    /// Sections of the street. From 80.
    Street,
    /// First five 90, next four 10. From 80.
    Zip,
    /// Acronym, exact. From 50.
    Title,
}

impl MatchMethod {
    /// The score when it reaches the method's threshold. Both values are folded and not empty. `jaro_winkler_alone`
    /// lets a first name match on Jaro-Winkler without a known variant, which the real engine does not do.
    pub(crate) fn matches(self, a: &str, b: &str, jaro_winkler_alone: bool) -> Option<Score> {
        let same = exact(a, b);
        if same == 100 {
            return Some(100);
        }
        let (score, from) = match self {
            Self::Exact => (same, 100),
            Self::FirstName => (first_name(a, b, jaro_winkler_alone), 85),
            Self::LastName => (last_name(a, b), 90),
            Self::CompanyName => {
                let (a, b) = (company(a), company(b));
                (acronym(&a, &b).max(edit_distance(&a, &b)), 70)
            }
            Self::Phone => (phone(a, b), 80),
            Self::City => (edit_distance(a, b), 85),
            Self::Street => (street(a, b), 80),
            Self::Zip => (zip(a, b), 80),
            Self::Title => (acronym(a, b), 50),
        };
        (score >= from).then_some(score)
    }

    /// The part of a match key this value gives: `Some` when the method narrows candidates.
    pub(crate) fn key(self, folded: &str) -> Option<String> {
        match self {
            Self::Exact => Some(folded.to_owned()),
            Self::FirstName => folded.chars().next().map(String::from),
            Self::LastName => {
                let code = sound(folded);
                if code.is_empty() { folded.chars().next().map(String::from) } else { Some(code) }
            }
            Self::Phone => phone_key(folded),
            Self::CompanyName | Self::City | Self::Street | Self::Zip | Self::Title => None,
        }
    }
}

fn first_name(a: &str, b: &str, jaro_winkler_alone: bool) -> Score {
    let known = if are_variants(a, b) { 95 } else { 0 };
    let alone = if jaro_winkler_alone { jaro_winkler(a, b) } else { 0 };
    initials(a, b).max(known).max(phonetic(a, b)).max(alone)
}

fn last_name(a: &str, b: &str) -> Score {
    let sound = phonetic(a, b);
    let (short, long) = (a.len().min(b.len()), a.len().max(b.len()));
    // Each letter more costs a whole step: far apart in length is below the threshold whatever the letters are.
    if sound > 0 || (a.is_ascii() && b.is_ascii() && short * 10 < long * 9) {
        sound
    } else {
        keyboard_distance(a, b)
    }
}

/// A company without punctuation and the words that only say its legal form.
fn company(folded: &str) -> String {
    const FORM: [&str; 12] = [
        "inc",
        "incorporated",
        "corp",
        "corporation",
        "co",
        "company",
        "ltd",
        "limited",
        "llc",
        "plc",
        "gmbh",
        "the",
    ];
    let words = folded.split(|c: char| c.is_whitespace() || matches!(c, ',' | '.'));
    let kept: Vec<&str> = words.filter(|w| !w.is_empty() && !FORM.contains(w)).collect();
    kept.join(" ")
}

fn zip(a: &str, b: &str) -> Score {
    let split = |text: &str| -> (String, String) {
        let plain: Vec<char> = text.chars().filter(|c| c.is_alphanumeric()).collect();
        (plain.iter().take(5).collect(), plain.iter().skip(5).take(4).collect())
    };
    let ((a_first, a_next), (b_first, b_next)) = (split(a), split(b));
    let first = if a_first == b_first { 90 } else { 0 };
    first + if a_next == b_next { 10 } else { 0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matched(method: MatchMethod, a: &str, b: &str) -> bool {
        method.matches(a, b, false).is_some()
    }

    #[test]
    fn first_names_match_on_patterns_and_not_on_the_score_alone() {
        for (a, b) in
            [("jon", "jonathan"), ("sam", "samuel"), ("dan", "daniel"), ("bob", "robert"), ("j", "joe")]
        {
            assert!(matched(MatchMethod::FirstName, a, b), "{a} {b}");
        }
        for (a, b) in [("raj", "rajesh"), ("jay", "jayson"), ("sal", "salima"), ("tim", "tom")] {
            assert!(!matched(MatchMethod::FirstName, a, b), "{a} {b}");
        }
        assert_eq!(MatchMethod::FirstName.matches("raj", "rajesh", true), Some(88));
    }

    #[test]
    fn the_other_methods_keep_their_thresholds() {
        use MatchMethod as M;
        for (method, a, b, expected) in [
            (M::LastName, "smith", "smyth", true),
            (M::LastName, "smith", "smitp", false),
            (M::Exact, "smith", "smyth", false),
            (M::CompanyName, "acme inc.", "acme", true),
            (M::CompanyName, "advanced micro devices", "amd", true),
            (M::CompanyName, "acme", "zenith", false),
            (M::Phone, "415 555 1234", "415 555 9999", true),
            (M::City, "san francisco", "san fransisco", true),
            (M::City, "leeds", "luton", false),
            (M::Zip, "94105-1234", "94105", true),
            (M::Zip, "94105", "94106", false),
            (M::Title, "chief executive officer", "ceo", true),
            (M::Title, "ceo", "cfo", false),
            (M::Street, "1 main st", "1 main street", true),
        ] {
            assert_eq!(matched(method, a, b), expected, "{method:?} {a} {b}");
        }
    }
}
