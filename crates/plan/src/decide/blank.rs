//! The digests of a field that holds nothing. They are the same for everybody, and a record that is still to be created has no
//! others: computed once for many people instead of twice a field for each.

use model::{Cell, Digest, DigestKey, FieldMap, RuleKey};

/// What a field of one rule has for a digest while there is no value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BlankDigests {
    /// Of a value that was not read.
    pub absent: Digest,
    /// Of an empty field.
    pub empty: Digest,
}

impl BlankDigests {
    /// Those of every rule of a map, in the order of the rules.
    #[must_use]
    pub fn of_rules(map: &FieldMap, key: &DigestKey) -> Vec<Self> {
        let of = |rule: &RuleKey| Self {
            absent: key.digest(*rule, &Cell::Absent),
            empty: key.digest(*rule, &Cell::Empty),
        };
        map.keys().iter().map(of).collect()
    }

    /// The digest of a cell of this rule.
    pub(super) fn digest(self, key: &DigestKey, rule: RuleKey, cell: &Cell) -> Digest {
        match cell {
            Cell::Absent => self.absent,
            Cell::Empty => self.empty,
            Cell::Value(_) => key.digest(rule, cell),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_has_the_same_digest_as_if_it_were_computed_for_it_alone() {
        let key = DigestKey::new([3; 16]);
        let rule = RuleKey::of("Email");
        let blank =
            BlankDigests { absent: key.digest(rule, &Cell::Absent), empty: key.digest(rule, &Cell::Empty) };
        for cell in [Cell::Absent, Cell::Empty, Cell::Value("a@example.org".into())] {
            assert_eq!(blank.digest(&key, rule, &cell), key.digest(rule, &cell));
        }
    }
}
