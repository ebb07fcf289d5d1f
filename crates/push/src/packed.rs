//! What a waiting row carries, in one piece of memory: a job may hold 100,000 of them.

use std::fmt;

use model::{Cell, Digest, IntentField, RuleKey};
use salesforce::csv;

/// Stands for [`Cell::Absent`] where a length would stand.
const ABSENT: u32 = u32::MAX;
/// Stands for [`Cell::Empty`].
const EMPTY: u32 = u32::MAX - 1;
/// Bytes of a number.
const NUMBER: usize = 4;
/// Bytes of a field: its rule and two digests.
const FIELD: usize = 20;

/// The cells of a row and what its intent remembers of each field sent. `Debug` shows no text.
#[derive(Clone, PartialEq, Eq)]
pub struct Packed {
    bytes: Box<[u8]>,
    /// Where the fields begin.
    fields_at: u32,
}

impl Packed {
    /// Packs cells and fields. A text is at most 131,072 characters long: it was normalized.
    #[must_use]
    pub fn of<'a>(cells: impl Iterator<Item = &'a Cell>, fields: impl Iterator<Item = IntentField>) -> Self {
        let mut bytes = Vec::with_capacity(256);
        for cell in cells {
            let (length, text) = match cell {
                Cell::Absent => (ABSENT, ""),
                Cell::Empty => (EMPTY, ""),
                Cell::Value(text) => (u32::try_from(text.len()).unwrap_or(ABSENT), &**text),
            };
            bytes.extend_from_slice(&length.to_le_bytes());
            bytes.extend_from_slice(text.as_bytes());
        }
        let fields_at = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
        for IntentField { rule, sent, seen } in fields {
            bytes.extend_from_slice(&rule.0.to_le_bytes());
            bytes.extend_from_slice(&sent.0.to_le_bytes());
            bytes.extend_from_slice(&seen.0.to_le_bytes());
        }
        Self { bytes: bytes.into(), fields_at }
    }

    /// Cells and fields in one piece, and where the fields begin in it.
    pub(crate) const fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    pub(crate) const fn fields_at(&self) -> u32 {
        self.fields_at
    }

    /// From what [`Self::bytes`] and [`Self::fields_at`] said. Any bytes give cells and fields, or fewer of them.
    pub(crate) const fn from_bytes(bytes: Box<[u8]>, fields_at: u32) -> Self {
        Self { bytes, fields_at }
    }

    fn halves(&self) -> (&[u8], &[u8]) {
        self.bytes.split_at((self.fields_at as usize).min(self.bytes.len()))
    }

    /// The cells as the file takes them, in their order.
    pub fn cells(&self) -> impl Iterator<Item = csv::Cell<'_>> {
        let mut rest = self.halves().0;
        std::iter::from_fn(move || {
            let (length, behind) = rest.split_first_chunk::<NUMBER>()?;
            let length = u32::from_le_bytes(*length);
            let taken = if length < EMPTY { length as usize } else { 0 };
            let (text, behind) = behind.split_at_checked(taken)?;
            rest = behind;
            Some(match length {
                ABSENT => csv::Cell::Keep,
                EMPTY => csv::Cell::Clear,
                // Packed from a text.
                _ => csv::Cell::Text(std::str::from_utf8(text).unwrap_or_default()),
            })
        })
    }

    /// What the intent remembers.
    pub fn fields(&self) -> impl Iterator<Item = IntentField> {
        let (fields, _) = self.halves().1.as_chunks::<FIELD>();
        fields.iter().filter_map(|field| {
            let (rule, digests) = field.split_first_chunk::<NUMBER>()?;
            let (sent, seen) = digests.split_first_chunk::<8>()?;
            let seen = seen.first_chunk::<8>()?;
            Some(IntentField {
                rule: RuleKey(u32::from_le_bytes(*rule)),
                sent: Digest(u64::from_le_bytes(*sent)),
                seen: Digest(u64::from_le_bytes(*seen)),
            })
        })
    }
}

impl fmt::Debug for Packed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Packed({} bytes)", self.bytes.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn cell() -> impl Strategy<Value = Cell> {
        prop_oneof![
            Just(Cell::Absent),
            Just(Cell::Empty),
            "\\PC{1,12}".prop_map(|text| Cell::Value(text.into()))
        ]
    }

    proptest! {
        #[test]
        fn what_is_packed_comes_out(
            cells in proptest::collection::vec(cell(), 0..12),
            fields in proptest::collection::vec(any::<(u32, u64, u64)>(), 0..12),
        ) {
            let field = |&(rule, sent, seen): &(u32, u64, u64)| IntentField {
                rule: RuleKey(rule),
                sent: Digest(sent),
                seen: Digest(seen),
            };
            let fields: Vec<IntentField> = fields.iter().map(field).collect();
            let packed = Packed::of(cells.iter(), fields.iter().copied());
            prop_assert!(packed.cells().eq(cells.iter().map(csv::Cell::from)));
            prop_assert!(packed.fields().eq(fields));
        }
    }
}
