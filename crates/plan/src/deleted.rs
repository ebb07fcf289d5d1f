//! What the end of a record leads to, by the administrator's choice. The record that is left is never deleted for it.

use model::{Cell, ContactId, LinkLife, SupporterId};

use crate::{Ended, PersonPlan, Settings, SkipReason, Tie};

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

    /// The flag that is taken away again: the record that was gone is there.
    #[must_use]
    pub fn flag_of_return(&self, plan: &PersonPlan) -> Option<Flag> {
        let Tie::Linked(link) = &plan.tie else { return None };
        let (handled, on) = match link.life {
            LinkLife::Live => return None,
            LinkLife::ContactDeleted => (self.contact_deleted, Flagged::Supporter(link.supporter.clone())),
            LinkLife::SupporterDeleted => (self.supporter_deleted, Flagged::Contact(link.contact)),
        };
        (handled == OnDelete::Flag).then_some(Flag { on, gone: false })
    }
}
