//! The comparison algorithms behind the matching methods, each scored 0 to 100 (Salesforce help, matching
//! algorithms). They approximate the real engine; its Metaphone 3 and name patterns are not public.

use std::sync::OnceLock;

use rphonetic::{DoubleMetaphone, Encoder};

/// Longest text compared, in characters: the distance algorithms are quadratic.
const MAX_COMPARED: usize = 128;

/// How the comparison of two texts came out, 0 (nothing in common) to 100 (equal).
pub(crate) type Score = u8;

/// Lower-cased and trimmed, as exact fields are before they are compared (Salesforce help, normalisation).
pub(crate) fn folded(text: &str) -> String {
    text.trim().chars().flat_map(char::to_lowercase).take(MAX_COMPARED).collect()
}

fn percent(ratio: f64) -> Score {
    // Truncated, which reproduces the figures of Salesforce's article on fuzzy first names.
    (ratio.clamp(0.0, 1.0) * 100.0 + 1e-9) as Score
}

/// 100 when both are the same after folding.
pub(crate) fn exact(a: &str, b: &str) -> Score {
    if a == b { 100 } else { 0 }
}

/// 100 when one is a single letter (a dot may follow) and the other starts with it.
pub(crate) fn initials(a: &str, b: &str) -> Score {
    let initial = |text: &str| {
        let mut letters = text.trim_end_matches('.').chars();
        letters.next().filter(|_| letters.next().is_none())
    };
    let fits = |short: &str, long: &str| initial(short).is_some_and(|i| long.starts_with(i));
    if fits(a, b) || fits(b, a) { 100 } else { 0 }
}

/// Jaro-Winkler, prefix scale 0.1.
pub(crate) fn jaro_winkler(a: &str, b: &str) -> Score {
    percent(strsim::jaro_winkler(a, b))
}

/// Levenshtein distance over the longer length.
pub(crate) fn edit_distance(a: &str, b: &str) -> Score {
    percent(strsim::normalized_levenshtein(a, b))
}

/// 100 when one is made of the first letters of the other's words ("Advanced Micro Devices", "AMD").
pub(crate) fn acronym(a: &str, b: &str) -> Score {
    let first_letters = |text: &str| -> Option<String> {
        let letters: String = text.split_whitespace().filter_map(|w| w.chars().next()).collect();
        (letters.chars().count() > 1).then_some(letters)
    };
    let undotted = |text: &str| text.replace('.', "");
    let fits = |long: &str, short: &str| first_letters(long).is_some_and(|l| l == undotted(short));
    if fits(a, b) || fits(b, a) { 100 } else { 0 }
}

/// The phonetic code, empty when the text has no letters the code knows.
pub(crate) fn sound(text: &str) -> String {
    static ENCODER: OnceLock<DoubleMetaphone> = OnceLock::new();
    let ascii: String = text.chars().filter(char::is_ascii_alphabetic).take(MAX_COMPARED).collect();
    if ascii.is_empty() {
        return String::new();
    }
    ENCODER.get_or_init(|| DoubleMetaphone::new(Some(12))).encode(&ascii)
}

/// Texts that sound alike and look alike: the same code alone would put Tim and Tom together, since the code drops
/// vowels. The score is 95 then, 0 otherwise.
pub(crate) fn phonetic(a: &str, b: &str) -> Score {
    const ALIKE: Score = 82;
    if jaro_winkler(a, b) < ALIKE {
        return 0;
    }
    let code = sound(a);
    if !code.is_empty() && code == sound(b) { 95 } else { 0 }
}

/// Edit distance in which the neighbour key counts half.
pub(crate) fn keyboard_distance(a: &str, b: &str) -> Score {
    let a: Vec<char> = a.chars().collect();
    let b: Vec<char> = b.chars().collect();
    let longest = a.len().max(b.len());
    if longest == 0 {
        return 100;
    }
    let mut row: Vec<f64> = (0..=b.len()).map(|n| n as f64).collect();
    for (i, x) in a.iter().enumerate() {
        let mut diagonal = row[0];
        row[0] = (i + 1) as f64;
        for (j, y) in b.iter().enumerate() {
            let above = row[j + 1];
            let substitution = diagonal + substitution_cost(*x, *y);
            row[j + 1] = substitution.min(above + 1.0).min(row[j] + 1.0);
            diagonal = above;
        }
    }
    percent(1.0 - row[b.len()] / longest as f64)
}

/// Row and column of each letter on the keyboard, `a` to `z`.
const KEYS: [(u8, u8); 26] = keys();

const fn keys() -> [(u8, u8); 26] {
    const ROWS: [&[u8]; 3] = [b"qwertyuiop", b"asdfghjkl", b"zxcvbnm"];
    let mut keys = [(0, 0); 26];
    let mut row = 0;
    while row < ROWS.len() {
        let mut column = 0;
        while column < ROWS[row].len() {
            keys[(ROWS[row][column] - b'a') as usize] = (row as u8, column as u8);
            column += 1;
        }
        row += 1;
    }
    keys
}

fn substitution_cost(x: char, y: char) -> f64 {
    if x == y {
        return 0.0;
    }
    let place = |c: char| if c.is_ascii_lowercase() { KEYS.get(c as usize - 'a' as usize) } else { None };
    match (place(x), place(y)) {
        (Some((r1, c1)), Some((r2, c2))) if r1.abs_diff(*r2) <= 1 && c1.abs_diff(*c2) <= 1 => 0.5,
        _ => 1.0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn jaro_winkler_gives_the_figures_of_the_help_article() {
        for (a, b, score) in [
            ("jon", "jonathan", 85),
            ("sam", "samuel", 88),
            ("dan", "daniel", 88),
            ("raj", "rajesh", 88),
            ("jay", "jayson", 88),
            ("sal", "salima", 88),
        ] {
            assert_eq!(jaro_winkler(a, b), score, "{a} {b}");
        }
    }

    #[test]
    fn initials_and_acronyms_are_seen_from_either_side() {
        assert_eq!(initials("j.", "jonathan"), 100);
        assert_eq!(initials("jonathan", "j"), 100);
        assert_eq!(initials("jo", "jonathan"), 0);
        assert_eq!(acronym("advanced micro devices", "amd"), 100);
        assert_eq!(acronym("a.m.d.", "advanced micro devices"), 100);
        assert_eq!(acronym("intel", "i"), 0);
    }

    #[test]
    fn sounding_alike_needs_looking_alike() {
        assert_eq!(phonetic("smith", "smyth"), 95);
        assert_eq!(phonetic("jon", "john"), 95);
        assert_eq!(phonetic("tim", "tom"), 0);
        assert_eq!(phonetic("李", "李明"), 0);
    }

    #[test]
    fn a_neighbour_key_counts_half() {
        assert_eq!(keyboard_distance("smith", "smitj"), 90);
        assert_eq!(keyboard_distance("smith", "smitp"), 80);
        assert_eq!(keyboard_distance("", ""), 100);
    }
}
