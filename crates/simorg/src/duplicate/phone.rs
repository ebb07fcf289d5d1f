//! Telephone numbers, compared in sections of the North American shape.

use super::score::Score;

/// The digits, without the leading 1 of an eleven-digit North American number.
fn digits(text: &str) -> String {
    let digits: String = text.chars().filter(char::is_ascii_digit).collect();
    match digits.strip_prefix('1') {
        Some(rest) if rest.len() == 10 => rest.to_owned(),
        _ => digits,
    }
}

/// Weighted: country 10, area 50, next three 30, last four 10 (public answer on the weights). Numbers of another
/// shape count as a whole.
pub(crate) fn phone(a: &str, b: &str) -> Score {
    let (a, b) = (digits(a), digits(b));
    if a.is_empty() || b.is_empty() {
        return 0;
    }
    if a.len() != 10 || b.len() != 10 {
        return if a == b { 100 } else { 0 };
    }
    let same =
        |range: std::ops::Range<usize>, weight: Score| if a[range.clone()] == b[range] { weight } else { 0 };
    10 + same(0..3, 50) + same(3..6, 30) + same(6..10, 10)
}

/// The number without its leading 1 and its last four digits (Salesforce help: match keys).
pub(crate) fn phone_key(text: &str) -> Option<String> {
    let mut digits = digits(text);
    if digits.is_empty() {
        return None;
    }
    digits.truncate(digits.len().saturating_sub(4).max(1));
    Some(digits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sections_weigh_as_documented() {
        assert_eq!(phone("(415) 555-1234", "+1 415 555 1234"), 100);
        assert_eq!(phone("415 555 1234", "415 555 9999"), 90);
        assert_eq!(phone("415 555 1234", "415 777 1234"), 70);
        assert_eq!(phone("020 7946 0958", "020 7946 0959"), 0);
        assert_eq!(phone("ext", "ext"), 0);
    }

    #[test]
    fn the_key_drops_the_last_four_digits() {
        assert_eq!(phone_key("1 (415) 555-1234").as_deref(), Some("415555"));
        assert_eq!(phone_key("none"), None);
    }
}
