//! What is asked of a cycle.

use model::{Digest, Subject};
use plan::{Outcome, PersonPlan};

use crate::agreed::{Agreed, Heading};

/// Which way, and how much.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Mode {
    /// Both directions, from the watermarks.
    Sync,
    /// Supporters to Contacts only; what belongs to the other direction stays marked.
    Push,
    /// Contacts to supporters only; what belongs to the other direction stays marked.
    Pull,
    /// The first load: everybody on both sides, whatever their stamps.
    Backfill,
    /// Everybody on both sides, to make links and agreements anew after the state was lost. Neither side is written; who differs, or is
    /// on one side only, stays marked for the next cycle.
    Rebuild,
    /// Named people only. No watermark moves, and blocked records are tried again.
    Resync,
}

impl Mode {
    /// A stable word.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Sync => "sync",
            Self::Push => "push",
            Self::Pull => "pull",
            Self::Backfill => "backfill",
            Self::Rebuild => "rebuild",
            Self::Resync => "resync",
        }
    }

    /// Whether Contacts may be written.
    #[must_use]
    pub const fn pushes(self) -> bool {
        !matches!(self, Self::Pull | Self::Rebuild)
    }

    /// Whether supporters may be written.
    #[must_use]
    pub const fn pulls(self) -> bool {
        !matches!(self, Self::Push | Self::Rebuild)
    }

    /// Whether everybody is met, whatever their stamps.
    #[must_use]
    pub const fn meets_everybody(self) -> bool {
        matches!(self, Self::Backfill | Self::Rebuild)
    }
}

/// One cycle.
#[derive(Debug, Clone)]
pub struct Request {
    /// Which way.
    pub mode: Mode,
    /// These people only. No window is read then.
    pub only: Option<Vec<Subject>>,
    /// Nothing is written, nothing is marked; the plans are handed to the sink.
    pub dry_run: bool,
    /// Only what was agreed to, for the people it names: a plan on file is carried out. No window is read then.
    pub agreed: Option<Agreed>,
}

/// What a dry run shows while it goes on, in this order: one heading, then people.
#[derive(Debug, Clone, Copy)]
pub enum Seen<'a> {
    /// What the plan is about.
    Heading(&'a Heading),
    /// What is to be written for a person, and the fingerprint of it. A run of named people shows these, too.
    Plan(&'a PersonPlan, Digest),
    /// Somebody for whom nothing is written, and why.
    Ended(&'a Subject, &'a Outcome),
}

impl Request {
    /// A whole cycle of this mode.
    #[must_use]
    pub const fn whole(mode: Mode) -> Self {
        Self { mode, only: None, dry_run: false, agreed: None }
    }
}
