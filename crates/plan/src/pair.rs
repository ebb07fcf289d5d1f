//! One person as both sides hold them now.

use model::{Block, ContactId, Evidence, Intent, Link, Subject, Supporter, SupporterId};
use state::Bases;

use crate::columns::SeenContact;

/// How the two records of a pair belong together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Tie {
    /// They were linked before this cycle.
    Linked(Link),
    /// They were linked before, and the Contact was merged into the one in this pair.
    Moved {
        /// The link as it stands.
        link: Link,
        /// The Contact that is gone.
        from: ContactId,
    },
    /// They are one person by this evidence, found just now.
    Found(Evidence),
    /// There is only one record: the other is to be created.
    Alone,
}

/// One person, both sides read fresh.
#[derive(Debug, Clone)]
pub struct Pair {
    /// What was marked.
    pub subject: Subject,
    /// The supporter, if there is one.
    pub supporter: Option<Supporter>,
    /// The Contact, if there is one.
    pub contact: Option<SeenContact>,
    /// How they belong together.
    pub tie: Tie,
    /// What both last agreed on.
    pub bases: Bases,
    /// What highwater tried to write and does not know the outcome of.
    pub in_flight: Option<Intent>,
    /// Why the supporter was set aside, if it was.
    pub block: Option<Block>,
}

impl Pair {
    /// The supporter's id, if there is a supporter.
    #[must_use]
    pub fn supporter_id(&self) -> Option<&SupporterId> {
        self.supporter.as_ref().map(|supporter| &supporter.id)
    }

    /// The Contact's id, if there is a Contact.
    #[must_use]
    pub fn contact_id(&self) -> Option<ContactId> {
        self.contact.as_ref().map(SeenContact::id)
    }
}
