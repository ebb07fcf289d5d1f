//! Streets, compared in sections: name, number, suffix, suite.

use super::score::{Score, edit_distance};

#[derive(Debug, PartialEq, Eq)]
struct Street<'a> {
    number: &'a str,
    name: String,
    suffix: &'static str,
    suite: &'a str,
}

const SUFFIXES: [(&str, &str); 22] = [
    ("st", "street"),
    ("street", "street"),
    ("rd", "road"),
    ("road", "road"),
    ("ave", "avenue"),
    ("av", "avenue"),
    ("avenue", "avenue"),
    ("blvd", "boulevard"),
    ("boulevard", "boulevard"),
    ("dr", "drive"),
    ("drive", "drive"),
    ("ln", "lane"),
    ("lane", "lane"),
    ("ct", "court"),
    ("court", "court"),
    ("pl", "place"),
    ("place", "place"),
    ("sq", "square"),
    ("square", "square"),
    ("way", "way"),
    ("ter", "terrace"),
    ("terrace", "terrace"),
];

const SUITES: [&str; 6] = ["apt", "apartment", "suite", "ste", "unit", "#"];

fn parse(folded: &str) -> Street<'_> {
    let mut street = Street { number: "", name: String::new(), suffix: "", suite: "" };
    let mut words =
        folded.split(|c: char| c.is_whitespace() || matches!(c, ',' | '.')).filter(|w| !w.is_empty());
    while let Some(word) = words.next() {
        let suffix = SUFFIXES.iter().find(|(short, _)| *short == word);
        if SUITES.contains(&word) {
            street.suite = words.next().unwrap_or("");
        } else if let Some(suite) = word.strip_prefix('#') {
            street.suite = suite;
        } else if street.number.is_empty() && word.starts_with(|c: char| c.is_ascii_digit()) {
            street.number = word;
        } else if let Some((_, long)) = suffix.filter(|_| !street.name.is_empty()) {
            street.suffix = long;
        } else {
            if !street.name.is_empty() {
                street.name.push(' ');
            }
            street.name.push_str(word);
        }
    }
    street
}

/// Weighted: name 50 (edit distance), number 20, suffix 15, suite 15. Both sides folded.
pub(crate) fn street(a: &str, b: &str) -> Score {
    let (a, b) = (parse(a), parse(b));
    let same = |equal: bool, weight: Score| if equal { weight } else { 0 };
    edit_distance(&a.name, &b.name) / 2
        + same(a.number == b.number, 20)
        + same(a.suffix == b.suffix, 15)
        + same(a.suite == b.suite, 15)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sections_weigh_as_documented() {
        assert_eq!(street("1 main st", "1 main street"), 100);
        assert_eq!(street("1 main st apt 4", "1 main st"), 85);
        assert_eq!(street("1 main st", "2 main st"), 80);
        assert!(street("2 oak avenue", "1 main st #4") < 20);
    }
}
