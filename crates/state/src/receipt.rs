//! What a commit came to.

use model::{ContactId, Side, Stamp, Subject, SupporterId};

use crate::Error;

/// Why a link was not stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum InTheWay {
    /// One end has a live link elsewhere: the other supporter of the Contact, or the other Contact of the supporter.
    Linked(Subject),
    /// An administrator said that the two are different people.
    SetApart,
}

/// A link that was not stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefusedLink {
    /// The supporter of the refused link.
    pub supporter: SupporterId,
    /// The Contact of the refused link.
    pub contact: ContactId,
    /// What stands in the way.
    pub by: InTheWay,
}

/// What a durable commit came to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[must_use = "links may have been refused"]
pub struct Receipt {
    /// Counts commits over the whole life of the state.
    pub generation: u64,
    /// The supporter database's watermark afterwards.
    pub supporter_watermark: Option<Stamp>,
    /// The org's watermark afterwards.
    pub salesforce_watermark: Option<Stamp>,
    /// Links that were refused; everything else of the commit is durable. Their supporters' bases were not set either.
    pub refused: Vec<RefusedLink>,
    /// Blocks lifted.
    pub lifted: u64,
    /// Cases closed.
    pub closed: u64,
    /// Conflicts removed from the log.
    pub pruned: u64,
    /// Stamps of records seen that are needed no longer and were forgotten.
    pub forgotten_seen: u64,
}

impl Receipt {
    /// A watermark afterwards.
    #[must_use]
    pub const fn watermark(&self, side: Side) -> Option<Stamp> {
        match side {
            Side::Supporter => self.supporter_watermark,
            Side::Salesforce => self.salesforce_watermark,
        }
    }

    /// For callers that know that no link can be in the way.
    ///
    /// # Errors
    /// [`Error::LinkTaken`] or [`Error::LinkOfApart`] for the first link that was refused. The rest of the commit is durable all the same.
    pub fn all_linked(self) -> Result<Self, Error> {
        match self.refused.first() {
            None => Ok(self),
            Some(RefusedLink { supporter, contact, by }) => {
                let (supporter, contact) = (supporter.clone(), *contact);
                Err(match by {
                    InTheWay::Linked(by) => Error::LinkTaken { supporter, contact, by: by.clone() },
                    InTheWay::SetApart => Error::LinkOfApart { supporter, contact },
                })
            }
        }
    }
}
