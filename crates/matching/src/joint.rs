//! One record for two people ("John & Mary"), and a nickname written inside the first name.

use crate::clean::says_nothing;

/// Whether a first name is those of two people.
pub(crate) fn is_joint(first: &str) -> bool {
    splits_at(first, |c| matches!(c, '&' | '+' | '/'), |word| is_and(word) || is_short_and(word))
        || splits_at_letter(first)
}

/// Whether what stands in brackets beside a first name is a second person: `John (& Mary)`.
pub(crate) fn adds_another(alias: &str) -> bool {
    let says = |rest: &str| !says_nothing(rest);
    if let Some(rest) = alias.strip_prefix(['&', '+']) {
        return says(rest);
    }
    let first = alias.split_once(' ');
    first.is_some_and(|(word, rest)| {
        says(rest) && (is_and(word) || is_short_and(word) || matches!(word, "u" | "n"))
    }) || splits_at(alias, |c| matches!(c, '&' | '+'), is_and)
}

/// "And", where it cannot be taken for part of a name, in the languages of the scripts that are read.
fn is_and(word: &str) -> bool {
    matches!(word, "and" | "und" | "u." | "og" | "och" | "és" | "și" | "ve" | "dhe" | "'n'" | "'n" | "n'")
        || matches!(word, "и" | "та" | "και" | "և" | "و")
}

/// "And" that between surnames is ordinary, or is a letter: Ortega y Gasset.
fn is_short_and(word: &str) -> bool {
    matches!(word, "et" | "y" | "e" | "en" | "ja" | "i" | "a" | "й" | "і")
}

/// `John n Mary`, `Hans u Anna`. Both letters are initials as well: nothing but three words, of which the others are none, will do.
fn splits_at_letter(first: &str) -> bool {
    let mut words = first.split(' ');
    let name = |word: &str| word.chars().filter(|c| c.is_alphabetic()).count() >= 3;
    match (words.next(), words.next(), words.next(), words.next()) {
        (Some(one), Some("n" | "u"), Some(other), None) => name(one) && name(other),
        _ => false,
    }
}

/// Whether a last-name field that holds everything names two people. Between surnames `y`, `e`, `i`, `a` and `/` are
/// ordinary, so it is judged by fewer signs.
pub(crate) fn is_joint_whole(name: &str) -> bool {
    splits_at(name, |c| matches!(c, '&' | '+'), is_and)
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
        for joint in [
            "иван и мария",
            "олег та ольга",
            "олег й ольга",
            "олег і ольга",
            "γιώργος και μαρία",
            "أحمد و فاطمة",
        ] {
            assert!(is_joint(joint), "{joint}");
        }
        for joint in ["jános és mária", "hans u. anna", "hans u anna", "john n mary", "john 'n' mary"] {
            assert!(is_joint(joint), "{joint}");
        }
        for single in ["anderson", "& mary", "john and", "mary ann", "e j", "andy", "иван", "أحمد وليد"]
        {
            assert!(!is_joint(single), "{single}");
        }
        for single in ["u thant", "aung u", "j n paul", "mary n", "john n. paul", "mary ann n clare"] {
            assert!(!is_joint(single), "{single}");
        }
        assert!(is_joint_whole("john and mary smith") && !is_joint_whole("ortega y gasset"));
    }

    #[test]
    fn a_second_person_in_brackets_is_no_nickname() {
        for other in ["& mary", "+mary", "and mary", "y maría", "и мария", "u. anna", "n mary", "john & mary"]
        {
            assert!(adds_another(other), "{other}");
        }
        for nickname in ["bob", "&", "and", "andy", "n/a", "mary ann", "née lee", "a.k.a. bob"] {
            assert!(!adds_another(nickname), "{nickname}");
        }
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
