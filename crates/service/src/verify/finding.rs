//! What an audit may find about a person: a closed list, each with its word, what it means and what to do.

use model::{ContactId, SupporterId};

/// How much it matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Weight {
    /// Both sides and the state agree, or the configuration leaves the person out.
    Agrees,
    /// They do not agree, and highwater knows: it is waiting for the next cycle, or for a person.
    Known,
    /// They do not agree, and nothing would ever have said so.
    Found,
}

/// What was found about one person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum What {
    /// Linked, and every mapped field as the map wants it.
    InStep,
    /// A rule of the configuration leaves the person out.
    LeftOut,
    /// Forgotten on purpose.
    Forgotten,
    /// An administrator said that the two are different people.
    KeptApart,
    /// The link ended with a deletion that is known.
    Ended,
    /// Asked about in an open case.
    Asked,
    /// Set aside after an error.
    SetAside,
    /// A row of theirs is in a job that is not settled.
    InFlight,
    /// Marked: the next cycle compares them.
    Waiting,
    /// Changed since the last cycle: the next one finds it.
    ChangedSince,
    /// Differs, and nobody knows: a change was missed.
    Drift,
    /// The supporter's row carries another Contact's Id than the link's.
    OtherContact,
    /// The linked Contact carries another supporter's id.
    OtherSupporter,
    /// The linked Contact was deleted.
    ContactDeleted,
    /// The linked Contact was merged into another.
    ContactMerged,
    /// The org knows nothing of the linked Contact, or does not show it.
    ContactGone,
    /// The linked supporter is no longer in the table.
    SupporterGone,
    /// The linked supporter was merged into another.
    SupporterMerged,
    /// A supporter without a link whose row carries a Contact Id.
    UnlinkedContactId,
    /// A supporter without a link about whom nothing is known.
    NeverMet,
    /// Several Contacts carry one supporter's id.
    SharedId,
    /// A Contact carries the id of a supporter who is linked to another one.
    StrayId,
    /// A Contact carries the id of a supporter who has no link.
    UnlinkedSupporterId,
    /// A Contact carries an id that no supporter has.
    UnknownSupporterId,
}

impl What {
    /// All, in the order they are shown.
    pub const ALL: [Self; 24] = [
        Self::InStep,
        Self::LeftOut,
        Self::Forgotten,
        Self::KeptApart,
        Self::Ended,
        Self::Asked,
        Self::SetAside,
        Self::InFlight,
        Self::Waiting,
        Self::ChangedSince,
        Self::Drift,
        Self::OtherContact,
        Self::OtherSupporter,
        Self::ContactDeleted,
        Self::ContactMerged,
        Self::ContactGone,
        Self::SupporterGone,
        Self::SupporterMerged,
        Self::UnlinkedContactId,
        Self::NeverMet,
        Self::SharedId,
        Self::StrayId,
        Self::UnlinkedSupporterId,
        Self::UnknownSupporterId,
    ];

    /// A stable word.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::InStep => "in_step",
            Self::LeftOut => "left_out",
            Self::Forgotten => "forgotten",
            Self::KeptApart => "kept_apart",
            Self::Ended => "ended",
            Self::Asked => "asked",
            Self::SetAside => "set_aside",
            Self::InFlight => "in_flight",
            Self::Waiting => "waiting",
            Self::ChangedSince => "changed_since",
            Self::Drift => "drift",
            Self::OtherContact => "other_contact",
            Self::OtherSupporter => "other_supporter",
            Self::ContactDeleted => "contact_deleted",
            Self::ContactMerged => "contact_merged",
            Self::ContactGone => "contact_gone",
            Self::SupporterGone => "supporter_gone",
            Self::SupporterMerged => "supporter_merged",
            Self::UnlinkedContactId => "unlinked_contact_id",
            Self::NeverMet => "never_met",
            Self::SharedId => "shared_id",
            Self::StrayId => "stray_id",
            Self::UnlinkedSupporterId => "unlinked_supporter_id",
            Self::UnknownSupporterId => "unknown_supporter_id",
        }
    }

    /// How much it matters.
    #[must_use]
    pub const fn weight(self) -> Weight {
        match self {
            Self::InStep | Self::LeftOut | Self::Forgotten | Self::KeptApart => Weight::Agrees,
            Self::Ended
            | Self::Asked
            | Self::SetAside
            | Self::InFlight
            | Self::Waiting
            | Self::ChangedSince => Weight::Known,
            Self::Drift
            | Self::OtherContact
            | Self::OtherSupporter
            | Self::ContactDeleted
            | Self::ContactMerged
            | Self::ContactGone
            | Self::SupporterGone
            | Self::SupporterMerged
            | Self::UnlinkedContactId
            | Self::NeverMet
            | Self::SharedId
            | Self::StrayId
            | Self::UnlinkedSupporterId
            | Self::UnknownSupporterId => Weight::Found,
        }
    }

    /// What it means, in a few words.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::InStep => "linked, and every mapped field agrees",
            Self::LeftOut => "left out by a rule of the configuration",
            Self::Forgotten => "forgotten on purpose, and left alone",
            Self::KeptApart => "said to be different people",
            Self::Ended => "the link ended with a deletion that is known",
            Self::Asked => "an open case asks about them",
            Self::SetAside => "set aside after an error",
            Self::InFlight => "a row of theirs is in a job that is not settled",
            Self::Waiting => "differs, and waits for the next cycle",
            Self::ChangedSince => "changed since the last cycle; the next one finds it",
            Self::Drift => "differs, and nobody knows: a change was missed",
            Self::OtherContact => "the supporter's row carries another Contact's Id",
            Self::OtherSupporter => "the linked Contact carries another supporter's id",
            Self::ContactDeleted => "the linked Contact was deleted",
            Self::ContactMerged => "the linked Contact was merged into another",
            Self::ContactGone => "the org does not show the linked Contact",
            Self::SupporterGone => "the linked supporter is no longer there",
            Self::SupporterMerged => "the linked supporter was merged into another",
            Self::UnlinkedContactId => "has no link, and the row carries a Contact Id",
            Self::NeverMet => "has no link, and no cycle has dealt with them",
            Self::SharedId => "several Contacts carry this supporter's id",
            Self::StrayId => "this Contact carries the id of a supporter linked to another",
            Self::UnlinkedSupporterId => "this Contact carries the id of a supporter without a link",
            Self::UnknownSupporterId => "this Contact carries an id that no supporter has",
        }
    }

    /// What to do; `ID` stands for the supporter.
    #[must_use]
    pub const fn next(self) -> &'static str {
        match self {
            Self::InStep | Self::LeftOut | Self::Forgotten | Self::KeptApart => "nothing",
            Self::Ended => "nothing; `highwater why ID` tells when",
            Self::Asked => "`highwater cases list`",
            Self::SetAside => "`highwater block list`",
            Self::InFlight => "`highwater journal list`; the next cycle settles it",
            Self::Waiting | Self::ChangedSince => "nothing; `highwater sync` does it now",
            Self::Drift => "`highwater resync ID`; for many, `highwater watermark rewind`",
            Self::OtherContact => {
                "`highwater why ID` tells why they are linked; `highwater sync --supporter ID` asks which one is meant"
            }
            Self::OtherSupporter => {
                "find out in Salesforce who changed it; `highwater resync ID` puts the link's id back"
            }
            // A resync would make the deleted Contact anew.
            Self::ContactDeleted | Self::ContactGone => {
                "`highwater sync --supporter ID` asks what to do about it"
            }
            Self::ContactMerged => "`highwater sync --supporter ID` follows the merge, or asks",
            Self::SupporterGone => "`highwater sync --supporter ID`; else the weekly look finds it",
            Self::SupporterMerged => "`highwater sync --supporter ID` follows the merge",
            Self::UnlinkedContactId => "`highwater sync --supporter ID` links them, or asks",
            Self::NeverMet => "`highwater sync --supporter ID`; for many, `highwater backfill`",
            Self::SharedId => "merge the Contacts, or clear the supporter id on all but one",
            Self::StrayId => "merge it into the linked Contact, or clear the supporter id on it",
            Self::UnlinkedSupporterId => "`highwater sync --supporter ID` links them, or asks",
            Self::UnknownSupporterId => "clear the supporter id on the Contact, or find out who was removed",
        }
    }
}

/// What was found about one person or Contact. Ids and names of fields only.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// What.
    pub what: What,
    /// The supporter, where one is named.
    pub supporter: Option<SupporterId>,
    /// The Contact, where one is named.
    pub contact: Option<ContactId>,
    /// Fields that differ, other ids, codes.
    pub details: Vec<String>,
}

impl Finding {
    /// What to do about this one.
    #[must_use]
    pub fn next(&self) -> String {
        match &self.supporter {
            Some(id) => self.what.next().replace(" ID", &format!(" {id}")),
            None => self.what.next().to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_word_is_its_own_and_says_what_to_do() {
        let codes: BTreeSet<&str> = What::ALL.iter().map(|what| what.code()).collect();
        assert_eq!(codes.len(), What::ALL.len());
        for what in What::ALL {
            assert!(!what.words().is_empty() && !what.next().is_empty(), "{what:?}");
            if what.weight() == Weight::Found {
                assert_ne!(what.next(), "nothing", "{what:?}");
            }
        }
    }

    #[test]
    fn the_next_step_names_the_person() {
        let id = SupporterId::parse("10042").ok();
        let finding = Finding { what: What::Drift, supporter: id, contact: None, details: Vec::new() };
        assert!(finding.next().starts_with("`highwater resync 10042`"), "{}", finding.next());
    }
}
