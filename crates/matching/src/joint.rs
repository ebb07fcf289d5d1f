//! One record for two people ("John & Mary"), and a nickname written inside the first name.

use crate::clean::says_nothing;

/// Whether a first name is those of two people.
pub(crate) fn is_joint(first: &str) -> bool {
    splits_at(
        first,
        |c| matches!(c, '&' | '+' | '/'),
        |word| matches!(word, "and" | "und" | "et" | "y" | "e" | "og" | "och" | "en" | "ja" | "i" | "a"),
    )
}

/// Whether a last-name field that holds everything names two people. Between surnames `y`, `e`, `i`, `a` and `/` are
/// ordinary, so it is judged by fewer signs.
pub(crate) fn is_joint_whole(name: &str) -> bool {
    splits_at(name, |c| matches!(c, '&' | '+'), |word| matches!(word, "and" | "und" | "og" | "och"))
}

fn splits_at(text: &str, sign: impl Fn(char) -> bool, conjunction: impl Fn(&str) -> bool) -> bool {
    let two = |left: &str, right: &str| !says_nothing(left) && !says_nothing(right);
    if text.char_indices().any(|(at, c)| sign(c) && two(&text[..at], &text[at + c.len_utf8()..])) {
        return true;
    }
    let mut at = 0;
    text.split(' ').any(|word| {
        let (start, end) = (at, at + word.len());
        at = end + 1;
        conjunction(word) && two(&text[..start], text.get(end..).unwrap_or_default())
    })
}

/// Takes text in quotes, brackets or guillemets out of a first name and returns it, at most two pieces.
pub(crate) fn take_aliases(first: &mut String) -> Vec<String> {
    let mut found = Vec::new();
    while found.len() < 2 {
        let Some((start, open)) = first.char_indices().find(|(_, c)| closing(*c).is_some()) else { break };
        let inside = start + open.len_utf8();
        let Some(length) =
            first[inside..].find(|c: char| closing(open).is_some_and(|ends| ends.contains(&c)))
        else {
            break;
        };
        let (end, text) = (inside + length, first[inside..inside + length].trim().to_owned());
        let after = end + first[end..].chars().next().map_or(0, char::len_utf8);
        first.replace_range(start..after, " ");
        if !says_nothing(&text) {
            found.push(text);
        }
    }
    if !found.is_empty() {
        *first = first.split_whitespace().collect::<Vec<_>>().join(" ");
    }
    found
}

fn closing(open: char) -> Option<&'static [char]> {
    match open {
        '"' => Some(&['"']),
        '\u{201C}' | '\u{201E}' | '\u{201D}' => Some(&['\u{201C}', '\u{201D}']),
        '(' => Some(&[')']),
        '«' => Some(&['»']),
        '»' => Some(&['«']),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_people_are_seen() {
        for joint in ["john & mary", "john+mary", "john/mary", "john and mary", "jan en piet", "juan y ana"] {
            assert!(is_joint(joint), "{joint}");
        }
        for single in ["anderson", "& mary", "john and", "mary ann", "e j", "andy"] {
            assert!(!is_joint(single), "{single}");
        }
        assert!(is_joint_whole("john and mary smith") && !is_joint_whole("ortega y gasset"));
    }

    #[test]
    fn an_alias_is_taken_out() {
        let mut first = "robert \"bob\" james".to_owned();
        assert_eq!(take_aliases(&mut first), ["bob"]);
        assert_eq!(first, "robert james");
        let mut open = "robert (bob".to_owned();
        assert!(take_aliases(&mut open).is_empty());
        assert_eq!(open, "robert (bob");
    }
}
