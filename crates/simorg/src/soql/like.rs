//! LIKE patterns: `%` any run, `_` one character, `\` takes the next literally; letter case does not count.

/// A compiled pattern.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct LikePattern {
    parts: Vec<Part>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    Run,
    One,
    Exactly(char),
}

impl LikePattern {
    /// Compiles a pattern (with the escapes still in it).
    pub(crate) fn new(pattern: &str) -> Self {
        let mut parts = Vec::new();
        let mut chars = pattern.chars();
        while let Some(character) = chars.next() {
            let part = match character {
                '%' => Part::Run,
                '_' => Part::One,
                '\\' => Part::Exactly(chars.next().unwrap_or('\\')),
                other => Part::Exactly(other),
            };
            match part {
                Part::Run if parts.last() == Some(&Part::Run) => {}
                Part::Exactly(c) => parts.extend(c.to_lowercase().map(Part::Exactly)),
                Part::Run | Part::One => parts.push(part),
            }
        }
        Self { parts }
    }

    /// Whether `text` as a whole fits. Work is at most pattern length times text length.
    pub(crate) fn matches(&self, text: &str) -> bool {
        let text: Vec<char> = text.chars().flat_map(char::to_lowercase).collect();
        let (mut p, mut t) = (0, 0);
        let mut back: Option<(usize, usize)> = None;
        loop {
            let fits = match self.parts.get(p) {
                Some(Part::Run) => {
                    back = Some((p + 1, t));
                    p += 1;
                    continue;
                }
                Some(Part::One) => t < text.len(),
                Some(Part::Exactly(c)) => text.get(t) == Some(c),
                None if t == text.len() => return true,
                None => false,
            };
            if fits {
                (p, t) = (p + 1, t + 1);
            } else if let Some((after_run, from)) = back.filter(|(_, from)| *from < text.len()) {
                back = Some((after_run, from + 1));
                (p, t) = (after_run, from + 1);
            } else {
                return false;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wildcards_and_escapes_do_what_the_reference_says() {
        for (pattern, text, expected) in [
            ("jo%", "Joe", true),
            ("jo%", "ajoe", false),
            ("%oe", "JOE", true),
            ("j_e", "joe", true),
            ("j_e", "jooe", false),
            ("%", "", true),
            ("_", "", false),
            (r"50\%", "50%", true),
            (r"50\%", "500", false),
            ("%a%b%", "xxaxxbxx", true),
            ("%a%b", "xxaxxbxx", false),
            ("", "", true),
            ("", "a", false),
        ] {
            assert_eq!(LikePattern::new(pattern).matches(text), expected, "{pattern} {text}");
        }
    }

    #[test]
    fn a_hostile_pattern_is_answered_without_explosion() {
        let pattern = LikePattern::new(&"%a".repeat(50));
        assert!(!pattern.matches(&"a".repeat(49)));
        assert!(pattern.matches(&"a".repeat(50)));
    }
}
