//! A matching rule made ready: compares two rows of values and gives the keys that narrow candidates.

use std::hash::{DefaultHasher, Hash, Hasher};

use super::equation::{EquationError, groups};
use super::method::MatchMethod;
use super::rule::{BlankRule, MatchingRule};
use super::score::{Score, folded};

/// The values of one record in the order of the rule's items, folded; `None` is blank.
pub(crate) type Row = Vec<Option<String>>;

/// A matching rule made ready.
#[derive(Debug, Clone)]
pub(crate) struct Matcher {
    items: Vec<(MatchMethod, BlankRule)>,
    groups: Vec<Vec<usize>>,
    /// Which items are fields of a related record.
    related: Vec<bool>,
    /// Positions of the first and the last name, when there is exactly one of each: they also match transposed.
    names: Option<(usize, usize)>,
    jaro_winkler_alone: bool,
}

/// Folds a value for a [`Row`].
pub(crate) fn fold(value: Option<&str>) -> Option<String> {
    value.map(folded).filter(|v| !v.is_empty())
}

impl Matcher {
    /// Makes a rule ready.
    ///
    /// # Errors
    /// [`EquationError`] for its equation.
    pub(crate) fn new(rule: &MatchingRule, jaro_winkler_alone: bool) -> Result<Self, EquationError> {
        let items: Vec<_> = rule.items.iter().map(|i| (i.method, i.blank)).collect();
        let only = |method: MatchMethod| {
            let mut at = items.iter().enumerate().filter(|(_, item)| item.0 == method).map(|(i, _)| i);
            at.next().filter(|_| at.next().is_none())
        };
        let names = only(MatchMethod::FirstName).zip(only(MatchMethod::LastName));
        let related = rule.items.iter().map(|i| i.field.contains('.')).collect();
        Ok(Self { groups: groups(&rule.equation, items.len())?, items, related, names, jaro_winkler_alone })
    }

    /// Whether every item is compared exactly, which decides the name of the engine in the answer.
    pub(crate) fn is_exact(&self) -> bool {
        self.items.iter().all(|(method, _)| *method == MatchMethod::Exact)
    }

    /// The best score of a group that matches whole, 0 to 100. `theirs` gives the folded value of an item of the other
    /// record; it is asked once for each item that matters, so most records that only share a key cost two names.
    pub(crate) fn compare(&self, ours: &Row, theirs: &dyn Fn(usize) -> Option<String>) -> Option<Score> {
        let mut pair =
            Pair { matcher: self, ours, theirs, values: vec![None; self.items.len()], found: Vec::new() };
        pair.found.resize(self.items.len(), None);
        let plain = self.groups.iter().filter_map(|group| pair.group(group)).max();
        let Some((first, last)) = self.names else { return plain };
        if plain == Some(100) {
            return plain;
        }
        pair.transpose(first, last);
        let named = self.groups.iter().filter(|g| g.contains(&first) && g.contains(&last));
        named.filter_map(|group| pair.group(group)).max().max(plain)
    }

    fn has_exact(&self, group: &[usize]) -> bool {
        group.iter().any(|i| self.items[*i].0 == MatchMethod::Exact)
    }

    /// The match keys of a row: two rows are compared only when they share one. A group with exact fields is keyed on
    /// those alone; any other on the initial of the first name, the sound of the last and the phone number. Fields of
    /// related records give no key.
    pub(crate) fn keys(&self, row: &Row) -> Vec<u64> {
        let mut keys = Vec::with_capacity(self.groups.len() * 2);
        let mut parts: Vec<Part> =
            (0..self.items.len()).map(|item| self.part(item, row[item].as_deref())).collect();
        for group in &self.groups {
            keys.extend(self.group_key(group, &parts));
        }
        if let Some((first, last)) = self.names {
            parts[first] = self.part(first, row[last].as_deref());
            parts[last] = self.part(last, row[first].as_deref());
            let named = self
                .groups
                .iter()
                .filter(|g| !self.has_exact(g) && (g.contains(&first) || g.contains(&last)));
            keys.extend(named.filter_map(|group| self.group_key(group, &parts)));
        }
        keys.sort_unstable();
        keys.dedup();
        keys
    }

    fn part(&self, item: usize, value: Option<&str>) -> Part {
        let (method, blank) = self.items[item];
        match value {
            _ if self.related[item] => Part::Nothing,
            Some(value) => method.key(value).map_or(Part::Nothing, Part::Is),
            None if blank == BlankRule::MatchBlanks => Part::Is(String::new()),
            None => Part::Blank,
        }
    }

    fn group_key(&self, group: &[usize], parts: &[Part]) -> Option<u64> {
        let exact_only = self.has_exact(group);
        let mut hasher = DefaultHasher::new();
        let mut used = 0;
        for &item in group {
            if exact_only && self.items[item].0 != MatchMethod::Exact {
                continue;
            }
            match &parts[item] {
                Part::Is(part) => {
                    (item, part).hash(&mut hasher);
                    used += 1;
                }
                Part::Blank => return None,
                Part::Nothing => {}
            }
        }
        (used > 0).then(|| hasher.finish())
    }
}

/// How one item of two records compares.
#[derive(Clone, Copy)]
enum Found {
    Score(Score),
    BothBlank,
    OneBlank,
    Different,
}

/// Two records being compared; each item is compared at most once.
struct Pair<'p> {
    matcher: &'p Matcher,
    ours: &'p Row,
    theirs: &'p dyn Fn(usize) -> Option<String>,
    values: Vec<Option<Option<String>>>,
    found: Vec<Option<Found>>,
}

impl Pair<'_> {
    fn group(&mut self, group: &[usize]) -> Option<Score> {
        let has_exact = self.matcher.has_exact(group);
        let mut total = 0_u32;
        let mut compared = 0_u32;
        for &item in group {
            let blank = self.matcher.items[item].1;
            let left_out = blank == BlankRule::LeftOutNextToExact && has_exact;
            let score = match self.item(item) {
                Found::Score(score) => score,
                Found::BothBlank if blank == BlankRule::MatchBlanks => 100,
                Found::BothBlank | Found::OneBlank if left_out => continue,
                Found::BothBlank | Found::OneBlank | Found::Different => return None,
            };
            total += u32::from(score);
            compared += 1;
        }
        Score::try_from(total.checked_div(compared)?).ok()
    }

    fn item(&mut self, item: usize) -> Found {
        if let Some(found) = self.found[item] {
            return found;
        }
        let found = self.compare(item, item);
        self.found[item] = Some(found);
        found
    }

    /// Our item `ours` by its method against their item `theirs`.
    fn compare(&mut self, ours: usize, theirs: usize) -> Found {
        let other = self.values[theirs].get_or_insert_with(|| (self.theirs)(theirs));
        let method = self.matcher.items[theirs].0;
        match (self.ours[ours].as_deref(), other.as_deref()) {
            (Some(a), Some(b)) => {
                method.matches(a, b, self.matcher.jaro_winkler_alone).map_or(Found::Different, Found::Score)
            }
            (None, None) => Found::BothBlank,
            (Some(_), None) | (None, Some(_)) => Found::OneBlank,
        }
    }

    /// From now on the names are compared crosswise.
    fn transpose(&mut self, first: usize, last: usize) {
        self.found[first] = Some(self.compare(last, first));
        self.found[last] = Some(self.compare(first, last));
    }
}

/// What one field gives to a match key.
enum Part {
    /// This text.
    Is(String),
    /// Nothing: its method does not narrow candidates.
    Nothing,
    /// No value, and blanks do not match.
    Blank,
}

#[cfg(test)]
mod tests {
    use super::super::rule::{DuplicateAction, DuplicateSettings};
    use super::*;

    fn row(values: &[&str]) -> Row {
        values.iter().map(|v| fold(Some(v))).collect()
    }

    fn compare(matcher: &Matcher, a: &Row, b: &Row) -> Option<Score> {
        matcher.compare(a, &|item| b[item].clone())
    }

    fn shares_key(matcher: &Matcher, a: &Row, b: &Row) -> bool {
        let (of_a, of_b) = (matcher.keys(a), matcher.keys(b));
        of_a.iter().any(|k| of_b.contains(k))
    }

    fn name_and_email() -> Matcher {
        let settings = DuplicateSettings::name_and_email(DuplicateAction::Alert, "");
        Matcher::new(&settings.matching_rules[0], false).unwrap()
    }

    #[test]
    fn fuzzy_names_with_the_same_address_match_and_share_a_key() {
        let matcher = name_and_email();
        let stored = row(&["Jonathan", "Smith", "Joe@Example.org "]);
        for (candidate, expected) in [
            (row(&["Jon", "Smyth", "joe@example.org"]), true),
            (row(&["Smith", "Jonathan", "joe@example.org"]), true),
            (row(&["Jon", "Smith", "other@example.org"]), false),
            (row(&["Raj", "Smith", "joe@example.org"]), false),
            (row(&["", "Smith", "joe@example.org"]), false),
        ] {
            assert_eq!(compare(&matcher, &candidate, &stored).is_some(), expected, "{candidate:?}");
            if expected {
                assert!(shares_key(&matcher, &candidate, &stored), "{candidate:?}");
            }
        }
        assert!(!matcher.is_exact());
    }

    #[test]
    fn the_standard_rule_matches_on_name_and_phone_or_name_and_address() {
        let matcher = Matcher::new(&DuplicateSettings::default().matching_rules[0], false).unwrap();
        let stored = row(&["Joe", "Smith", "", "", "", "415 555 1234", "1 Main St", "Leeds", ""]);
        let by_phone = row(&["Joseph", "Smith", "", "", "x@y.org", "(415) 555-9999", "", "", ""]);
        let by_street = row(&["Joe", "Smith", "", "", "", "", "1 Main Street", "Leeds", ""]);
        let by_name_only = row(&["Joe", "Smith", "", "", "", "", "", "Leeds", ""]);
        for candidate in [&by_phone, &by_street] {
            assert!(
                compare(&matcher, candidate, &stored).is_some() && shares_key(&matcher, candidate, &stored)
            );
        }
        assert_eq!(compare(&matcher, &by_name_only, &stored), None);
    }

    #[test]
    fn a_blank_first_name_is_left_out_next_to_an_address_in_the_standard_rule() {
        let matcher = Matcher::new(&DuplicateSettings::default().matching_rules[0], false).unwrap();
        let stored = row(&["", "Smith", "", "", "joe@example.org", "", "", "", ""]);
        let candidate = row(&["Joe", "Smith", "", "", "joe@example.org", "", "", "", ""]);
        assert_eq!(compare(&matcher, &candidate, &stored), Some(100));
        assert!(shares_key(&matcher, &candidate, &stored));
    }
}
