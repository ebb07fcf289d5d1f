//! Where long work tells how far it is. The binary draws bars or prints lines; everything else passes numbers.

/// A stretch of a cycle, as the person watching it would name it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Stretch {
    /// Settling jobs that an earlier run left behind.
    Recover,
    /// Finding out which Contacts changed.
    DiscoverContacts,
    /// Finding out which supporters changed.
    DiscoverSupporters,
    /// Fetching all Contacts once, to match many people against them.
    Directory,
    /// Comparing people and deciding.
    Decide,
    /// Sending a job and waiting for Salesforce.
    Job,
    /// Reading a job's results.
    Settle,
    /// Resolving refused duplicates.
    Resolve,
    /// An audit compares everybody.
    Verify,
    /// An audit reads which Contacts carry a supporter's id.
    Carriers,
}

impl Stretch {
    /// What a person reads.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::Recover => "settling earlier jobs",
            Self::DiscoverContacts => "looking for changed Contacts",
            Self::DiscoverSupporters => "looking for changed supporters",
            Self::Directory => "fetching the Contacts to match against",
            Self::Decide => "comparing both sides",
            Self::Job => "sending to Salesforce",
            Self::Settle => "reading the results",
            Self::Resolve => "resolving duplicates",
            Self::Verify => "comparing everybody",
            Self::Carriers => "reading which Contacts carry a supporter's id",
        }
    }
}

/// Receives progress. Never carries personal data.
pub trait Progress: Send + Sync {
    /// A stretch begins; `total` in people or rows, where it is known.
    fn begin(&self, stretch: Stretch, total: Option<u64>);
    /// So many more are done.
    fn advance(&self, by: u64);
    /// The stretch is over.
    fn end(&self);
}

/// Nobody is watching.
#[derive(Debug, Clone, Copy, Default)]
pub struct Quiet;

impl Progress for Quiet {
    fn begin(&self, _: Stretch, _: Option<u64>) {}
    fn advance(&self, _: u64) {}
    fn end(&self) {}
}
