//! A record whose values fit into their fields, and not into one row together.

/// The most characters of one record (Bulk guide v66, "Bulk API Limits": 400,000), less what the keys beside the fields take.
const MAX_ROW_CHARS: usize = 399_000;

/// Where texts are longer together than a row may be: the place of the longest of them.
pub(super) fn longest_of_too_many<'a>(
    texts: impl Iterator<Item = (usize, &'a str)> + Clone,
) -> Option<usize> {
    // No text has more characters than bytes, and bytes need not be counted.
    let bytes: usize = texts.clone().map(|(_, text)| text.len()).sum();
    if bytes <= MAX_ROW_CHARS {
        return None;
    }
    let (mut all, mut longest) = (0, None);
    for (place, text) in texts {
        let chars = text.chars().count();
        all += chars;
        longest = longest.max(Some((chars, place)));
    }
    longest.filter(|_| all > MAX_ROW_CHARS).map(|(_, place)| place)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn four_long_fields_fit_into_no_row_and_the_longest_is_named() {
        let (long, longer) = ("x".repeat(100_000), "x".repeat(120_000));
        let texts = |last| [(0, &*long), (3, &*long), (5, &*longer), (7, last)].into_iter();
        assert_eq!(longest_of_too_many(texts(&long)), Some(5));
        assert_eq!(longest_of_too_many(texts(&long[..79_000])), None);
        assert_eq!(longest_of_too_many(texts(&long[..79_001])), Some(5));
    }

    #[test]
    fn characters_count_and_not_bytes() {
        let text = "ä".repeat(120_000);
        assert_eq!(longest_of_too_many([(0, &*text), (1, &*text), (2, &*text)].into_iter()), None);
        assert_eq!(longest_of_too_many([(0, &*text); 4].into_iter()), Some(0));
        assert_eq!(longest_of_too_many(std::iter::empty()), None);
    }
}
