//! The boolean equation of a matching rule, e.g. `1 AND (2 OR 3)`, as groups of items of which one must match whole.

/// Why an equation was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EquationError {
    /// The text is no equation of item numbers, AND, OR and parentheses.
    #[error("not an equation of item numbers, AND, OR and parentheses")]
    Malformed,
    /// It names an item the rule does not have.
    #[error("item {0} is not in the rule")]
    NoSuchItem(usize),
    /// It spreads out to more than 64 groups.
    #[error("the equation has more than 64 groups")]
    TooManyGroups,
}

const MAX_GROUPS: usize = 64;
const MAX_TOKENS: usize = 400;
const MAX_DEPTH: usize = 20;

/// Spreads an equation over `items` items (numbered from 1) into groups of item indexes (from 0). An empty text means
/// all items.
///
/// # Errors
/// [`EquationError`].
pub(crate) fn groups(text: &str, items: usize) -> Result<Vec<Vec<usize>>, EquationError> {
    if text.trim().is_empty() {
        return Ok(vec![(0..items).collect()]);
    }
    let spaced = text.replace('(', " ( ").replace(')', " ) ");
    let tokens: Vec<&str> = spaced.split_whitespace().take(MAX_TOKENS).collect();
    let mut reader = Reader { tokens: &tokens, next: 0, items };
    let groups = reader.any(0)?;
    if reader.next == tokens.len() { Ok(groups) } else { Err(EquationError::Malformed) }
}

struct Reader<'t> {
    tokens: &'t [&'t str],
    next: usize,
    items: usize,
}

impl Reader<'_> {
    fn take(&mut self, word: &str) -> bool {
        let there = self.tokens.get(self.next).is_some_and(|t| t.eq_ignore_ascii_case(word));
        self.next += usize::from(there);
        there
    }

    fn any(&mut self, depth: usize) -> Result<Vec<Vec<usize>>, EquationError> {
        let mut groups = self.all(depth)?;
        while self.take("OR") {
            groups.extend(self.all(depth)?);
            if groups.len() > MAX_GROUPS {
                return Err(EquationError::TooManyGroups);
            }
        }
        Ok(groups)
    }

    fn all(&mut self, depth: usize) -> Result<Vec<Vec<usize>>, EquationError> {
        let mut groups = self.one(depth)?;
        while self.take("AND") {
            let right = self.one(depth)?;
            if groups.len() * right.len() > MAX_GROUPS {
                return Err(EquationError::TooManyGroups);
            }
            groups = groups.iter().flat_map(|l| right.iter().map(move |r| joined(l, r))).collect();
        }
        Ok(groups)
    }

    fn one(&mut self, depth: usize) -> Result<Vec<Vec<usize>>, EquationError> {
        if self.take("(") {
            if depth >= MAX_DEPTH {
                return Err(EquationError::Malformed);
            }
            let inner = self.any(depth + 1)?;
            return if self.take(")") { Ok(inner) } else { Err(EquationError::Malformed) };
        }
        let number = self.tokens.get(self.next).and_then(|t| t.parse::<usize>().ok());
        let number = number.ok_or(EquationError::Malformed)?;
        if number == 0 || number > self.items {
            return Err(EquationError::NoSuchItem(number));
        }
        self.next += 1;
        Ok(vec![vec![number - 1]])
    }
}

fn joined(left: &[usize], right: &[usize]) -> Vec<usize> {
    let mut group: Vec<usize> = left.iter().chain(right).copied().collect();
    group.sort_unstable();
    group.dedup();
    group
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn and_binds_tighter_and_parentheses_spread_out() {
        assert_eq!(groups("1 AND (2 OR 3)", 3).unwrap(), [vec![0, 1], vec![0, 2]]);
        assert_eq!(groups("1 AND 2 OR 3", 3).unwrap(), [vec![0, 1], vec![2]]);
        assert_eq!(groups("", 2).unwrap(), [vec![0, 1]]);
    }

    #[test]
    fn broken_equations_are_refused() {
        assert_eq!(groups("1 AND", 2), Err(EquationError::Malformed));
        assert_eq!(groups("(1", 2), Err(EquationError::Malformed));
        assert_eq!(groups("1 2", 2), Err(EquationError::Malformed));
        assert_eq!(groups("3", 2), Err(EquationError::NoSuchItem(3)));
        let wide = ["(1 OR 2)"; 7].join(" AND ");
        assert_eq!(groups(&wide, 2), Err(EquationError::TooManyGroups));
    }

    proptest! {
        #[test]
        fn any_text_is_spread_out_or_refused(text in "[0-9() ANDOR]{0,80}") {
            if let Ok(groups) = groups(&text, 5) {
                prop_assert!(groups.iter().flatten().all(|item| *item < 5));
            }
        }
    }
}
