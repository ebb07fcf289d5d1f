//! What the end of a record leads to, by the administrator's choice. The record that is left is never deleted for it.

use model::{Cell, ContactId, FieldType, Supporter, SupporterId};

use crate::{Ended, PersonPlan, Settings, SkipReason};

/// What happens when one record of a linked pair was deleted. The link ends in any case, and nobody is created again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnDelete {
    /// A case: a person decides about the record that is left.
    Case,
    /// The record that is left is flagged, and there is no case.
    Flag,
    /// Nothing but the entry in the person's story and the number in the report.
    Nothing,
}

/// Where it is noted that the other side's record is gone.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DeletedFlags {
    /// The place of the supporter's column in [`model::FieldMap::columns`], and how it spells yes and no.
    pub column: Option<(usize, Cell, Cell)>,
    /// API name of the Contact's checkbox.
    pub field: Option<String>,
}

/// A flag to be set or taken away.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Flag {
    /// Which record is flagged.
    pub on: Flagged,
    /// Whether the other record is gone; no longer, after it came back.
    pub gone: bool,
}

/// The record that is left.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Flagged {
    /// A supporter whose Contact was deleted.
    Supporter(SupporterId),
    /// A Contact whose supporter was deleted.
    Contact(ContactId),
}

impl Settings {
    /// What the end of a link leads to; `None`: it is no deletion, or an old one.
    #[must_use]
    pub const fn on_end(&self, ended: &Ended) -> Option<(OnDelete, SkipReason)> {
        match ended {
            Ended::ContactDeleted(_) => Some((self.contact_deleted, SkipReason::ContactDeleted)),
            Ended::SupporterDeleted(_) => Some((self.supporter_deleted, SkipReason::SupporterDeleted)),
            Ended::MergedIntoLinked { .. } | Ended::Tombstone(_) | Ended::SupporterMerged { .. } => None,
        }
    }

    /// The flag that goes with the end of a link.
    #[must_use]
    pub fn flag_of_end(&self, ended: &Ended) -> Option<Flag> {
        let (OnDelete::Flag, _) = self.on_end(ended)? else { return None };
        let on = match ended {
            Ended::ContactDeleted(link) => Flagged::Supporter(link.supporter.clone()),
            Ended::SupporterDeleted(link) => Flagged::Contact(link.contact),
            Ended::MergedIntoLinked { .. } | Ended::Tombstone(_) | Ended::SupporterMerged { .. } => {
                return None;
            }
        };
        Some(Flag { on, gone: true })
    }

    /// The flags that are taken away again: both records are there, whatever led them together. What a record says counts, and not what
    /// is known of the link that ended: another may have taken the place of whoever was deleted.
    pub fn flags_of_return(&self, plan: &PersonPlan) -> impl Iterator<Item = Flag> {
        let both = plan.supporter.as_ref().zip(plan.contact);
        let column = both.filter(|(supporter, _)| self.column_to_clear(supporter).is_some());
        let tick = both.filter(|_| plan.ticked && self.push && self.supporter_deleted == OnDelete::Flag);
        let column = column.map(|(supporter, _)| Flagged::Supporter(supporter.id.clone()));
        let tick = tick.map(|(_, contact)| Flagged::Contact(contact));
        column.into_iter().chain(tick).map(|on| Flag { on, gone: false })
    }

    /// Where the row says that the supporter's Contact was deleted, and may be written: the column's place, and how it says otherwise.
    #[must_use]
    pub fn column_to_clear(&self, supporter: &Supporter) -> Option<(usize, &Cell)> {
        let (place, yes, no) = self.deleted_flags.column.as_ref()?;
        let held = supporter.cells.get(*place)?;
        let says = self.contact_deleted == OnDelete::Flag && self.pull && says_the_same(held, yes);
        (says && !says_the_same(held, no)).then_some((*place, no))
    }
}

/// Whether two texts are spelled alike, or are two spellings of one yes or no: a column for numbers holds `true` as 1.
fn says_the_same(held: &Cell, said: &Cell) -> bool {
    let answer = |cell: &Cell| FieldType::Boolean.normalize(cell, None).ok();
    match (held, said) {
        (Cell::Value(held_text), Cell::Value(said_text)) => {
            held_text == said_text || answer(held).is_some_and(|held| Some(held) == answer(said))
        }
        (Cell::Value(_) | Cell::Empty | Cell::Absent, Cell::Value(_) | Cell::Empty | Cell::Absent) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::Stamp;

    #[test]
    fn a_row_says_so_in_whatever_spelling_its_column_keeps() {
        let text = |text: &str| Cell::from_nullable(Some(text));
        let says = |held: &str, yes: &str, no: &str| {
            let mut settings = Settings { contact_deleted: OnDelete::Flag, ..Settings::default() };
            settings.deleted_flags.column = Some((1, text(yes), text(no)));
            let supporter = Supporter {
                id: SupporterId::parse("1").unwrap(),
                modified: Stamp::EPOCH,
                contact_id: Cell::Empty,
                cells: vec![text("true"), text(held)],
            };
            settings.column_to_clear(&supporter).is_some()
        };
        for (held, yes, no) in
            [("1", "true", "false"), ("Y", "true", "false"), ("gone", "gone", "here"), ("yes", "yes", "")]
        {
            assert!(says(held, yes, no), "{held}");
        }
        for (held, yes, no) in [
            ("0", "true", "false"),
            ("", "true", "false"),
            ("here", "gone", "here"),
            ("perhaps", "yes", ""),
            ("1", "true", "yes"),
        ] {
            assert!(!says(held, yes, no), "{held}");
        }
        assert!(says("0", "0", "1"), "a column that says whether there is a Contact");
    }
}
