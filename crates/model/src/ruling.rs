//! What an administrator decided about a case.

use serde::{Deserialize, Serialize};

use crate::{CaseKind, ContactId, Side, Stamp, SupporterId};

/// A decision, as it will be carried out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Choice {
    /// These two are one person, whatever is linked now.
    Link {
        /// The supporter.
        supporter: SupporterId,
        /// The Contact.
        contact: ContactId,
    },
    /// The supporters and the Contacts of the case are different people, and are never matched with each other again.
    Separate,
    /// One side's value of each field named counts; the other side gets it.
    Take(Vec<(String, Side)>),
    /// The Contact that was deleted is to be made anew.
    CreateAnew,
    /// It stays so: the record that is left is not touched, and nobody is made anew.
    Leave,
    /// Try again as if nothing had been refused.
    Retry,
    /// These two are linked, and are different people: the link ends.
    Unlink {
        /// The supporter.
        supporter: SupporterId,
        /// The Contact.
        contact: ContactId,
    },
}

impl Choice {
    /// Which choice it is.
    #[must_use]
    pub const fn way(&self) -> Way {
        match self {
            Self::Link { .. } => Way::Link,
            Self::Separate => Way::Separate,
            Self::Take(_) => Way::Take,
            Self::CreateAnew => Way::CreateAnew,
            Self::Leave => Way::Leave,
            Self::Retry => Way::Retry,
            Self::Unlink { .. } => Way::Unlink,
        }
    }

    /// The choice with whom it names, as the audit trail tells it.
    #[must_use]
    pub fn told(&self) -> String {
        match self {
            Self::Link { supporter, contact } => format!("--link {contact} of supporter {supporter}"),
            Self::Unlink { supporter, contact } => format!("link end {supporter} (Contact {contact})"),
            Self::Separate | Self::Take(_) | Self::CreateAnew | Self::Leave | Self::Retry => {
                self.way().option().to_owned()
            }
        }
    }
}

/// The choices there are, without what they name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Way {
    /// [`Choice::Link`].
    Link,
    /// [`Choice::Separate`].
    Separate,
    /// [`Choice::Take`].
    Take,
    /// [`Choice::CreateAnew`].
    CreateAnew,
    /// [`Choice::Leave`].
    Leave,
    /// [`Choice::Retry`].
    Retry,
    /// [`Choice::Unlink`]: asked for by `link end`, offered by no case.
    Unlink,
}

impl Way {
    /// The option that makes this choice.
    #[must_use]
    pub const fn option(self) -> &'static str {
        match self {
            Self::Link => "--link CONTACT",
            Self::Separate => "--separate",
            Self::Take => "--take salesforce|supporter",
            Self::CreateAnew => "--create",
            Self::Leave => "--leave",
            Self::Retry => "--retry",
            Self::Unlink => "link end",
        }
    }

    /// What it does, in one sentence for the administrator.
    #[must_use]
    pub const fn effect(self) -> &'static str {
        match self {
            Self::Link => {
                "links the supporter to that Contact, ends any other link of the two, and syncs them; where they differ, the \
                 rules of a first meeting decide"
            }
            Self::Separate => {
                "remembers that they are different people: they are never matched again, whoever is linked stays linked, and \
                 whoever is not gets a Contact of their own where Contacts are created"
            }
            Self::Take => {
                "writes that side's value to the other side, for the fields named or for all that are held"
            }
            Self::CreateAnew => "creates a new Contact for the supporter, or links one that fits by now",
            Self::Leave => "leaves it so: the record that remains is not touched, and nobody is made anew",
            Self::Retry => "sends the record again as it is now",
            Self::Unlink => {
                "ends the link and remembers that they are different people; the supporter is matched anew, or gets a Contact of their \
                 own where Contacts are created"
            }
        }
    }
}

impl CaseKind {
    /// What an administrator may choose. Every case may also be snoozed, or ignored until something about it changes.
    #[must_use]
    pub const fn ways(self) -> &'static [Way] {
        match self {
            Self::AmbiguousContacts
            | Self::ReviewMatch
            | Self::NamesDisagree
            | Self::TwoSupportersOneContact
            | Self::SupporterMergeNeeded
            | Self::IdAndEmailDisagree => &[Way::Link, Way::Separate],
            Self::SeveralContactsOneKey | Self::MergedIntoLinked => &[Way::Link],
            Self::ContactDeleted => &[Way::CreateAnew, Way::Link, Way::Leave],
            Self::SupporterDeleted => &[Way::Leave],
            Self::ContactMergeNeeded => &[Way::Link, Way::Leave],
            Self::ConflictHeld | Self::ConsentConflict => &[Way::Take],
            Self::DuplicateUnresolved | Self::DuplicateOfOtherObject => &[Way::Link, Way::Retry],
            Self::Blocked | Self::Systemic => &[Way::Retry],
        }
    }
}

/// A decision that waits for the next cycle.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ruling {
    /// What was decided.
    pub choice: Choice,
    /// Who decided.
    pub by: String,
    /// Why, if they said so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
    /// When, by this machine's clock.
    pub at: Stamp,
}

/// What an administrator did about a case so far. Kept while the case stays open.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Standing {
    /// The decision that waits for the next cycle.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ruling: Option<Ruling>,
    /// Not shown before this instant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub snoozed_until: Option<Stamp>,
    /// Not shown until the case is seen with other records or other reasons.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub ignored: bool,
}

impl Standing {
    /// Nothing was done yet.
    #[must_use]
    pub fn is_untouched(&self) -> bool {
        *self == Self::default()
    }

    /// Whether somebody put the case off or ignored it, however long ago.
    #[must_use]
    pub const fn is_put_off(&self) -> bool {
        self.ignored || self.snoozed_until.is_some()
    }

    /// Whether the case waits for a person now.
    #[must_use]
    pub fn waits(&self, now: Stamp) -> bool {
        self.ruling.is_none() && !self.ignored && self.snoozed_until.is_none_or(|until| until <= now)
    }
}
