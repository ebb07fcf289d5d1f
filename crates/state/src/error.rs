//! What can go wrong, in two layers: [`Fatal`] means stop, the rest of [`Error`] is decided by the caller.

use std::fmt;
use std::io;
use std::path::PathBuf;

use model::{ContactId, PlanId, Subject, SupporterId};

use crate::Tree;

/// A key, printable: text as it is, anything else as hexadecimal, at most 300 characters.
#[derive(Clone, PartialEq, Eq)]
pub struct KeyText(String);

impl KeyText {
    /// Makes any key printable.
    #[must_use]
    pub fn of(key: &[u8]) -> Self {
        match std::str::from_utf8(key) {
            Ok(text) if !text.chars().any(char::is_control) => Self(text.chars().take(300).collect()),
            Ok(_) | Err(_) => Self(format!("0x{}", hex::encode(&key[..key.len().min(149)]))),
        }
    }
}

impl fmt::Display for KeyText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for KeyText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What is wrong with a stored value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Damage {
    /// Shorter than the shortest value that can be written.
    Short,
    /// The checksum does not fit: bytes changed, or the value belongs to another key.
    Checksum,
    /// Written in a record format this version does not know.
    Format(u8),
    /// The checksum fits, the content does not decode.
    Content,
    /// The key is not one that is ever written to this tree.
    Key,
}

impl fmt::Display for Damage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Short => f.write_str("too short"),
            Self::Checksum => f.write_str("checksum does not fit"),
            Self::Format(format) => write!(f, "record format {format} is unknown"),
            Self::Content => f.write_str("content does not decode"),
            Self::Key => f.write_str("key does not belong there"),
        }
    }
}

/// The store cannot be trusted or cannot be written any more: no further outside effect may begin.
#[derive(Debug, Clone, thiserror::Error)]
pub enum Fatal {
    /// The file system refused.
    #[error("state: {operation} failed ({kind})")]
    Io {
        /// What was tried.
        operation: &'static str,
        /// The kind of error, as the standard library names it.
        kind: io::ErrorKind,
    },
    /// The embedded store refused.
    #[error("state: {operation} failed: {reason}")]
    Backend {
        /// What was tried.
        operation: &'static str,
        /// The store's own words.
        reason: String,
    },
    /// The embedded store found its own files damaged.
    #[error("state: the stored files are damaged, found in {operation}")]
    Corrupt {
        /// What was tried.
        operation: &'static str,
    },
    /// A stored value is damaged.
    #[error("state: value of {key} in tree {tree} is damaged: {damage}")]
    Damaged {
        /// Which tree.
        tree: Tree,
        /// Which key.
        key: KeyText,
        /// How it shows.
        damage: Damage,
    },
    /// The embedded store panicked. Seen on damaged files.
    #[error("state: the store gave up during {operation}")]
    Panicked {
        /// What was tried.
        operation: &'static str,
    },
    /// A value is larger than a store accepts.
    #[error("state: value of {key} in tree {tree} has {bytes} bytes, more than {max}", max = crate::MAX_VALUE_BYTES)]
    TooLarge {
        /// Which tree.
        tree: Tree,
        /// Which key.
        key: KeyText,
        /// Its size.
        bytes: usize,
    },
    /// Another process took this state over. This one must not write any more.
    #[error("state: another process has taken over the state directory")]
    Fenced,
    /// An earlier commit failed, or the store was closed.
    #[error("state: the store has stopped after an earlier failure")]
    Stopped,
}

impl Fatal {
    /// Wraps a file system error.
    #[must_use]
    pub fn io(operation: &'static str, source: &io::Error) -> Self {
        Self::Io { operation, kind: source.kind() }
    }

    /// Names a damaged value.
    #[must_use]
    pub fn damaged(tree: Tree, key: &[u8], damage: Damage) -> Self {
        Self::Damaged { tree, key: KeyText::of(key), damage }
    }
}

/// Why a state directory is not opened.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The directory is a symbolic link.
    #[error("the state directory {} is a symbolic link", .0.display())]
    Symlink(PathBuf),
    /// Something else lies there.
    #[error("{} exists and is no state directory", .0.display())]
    NotAStateDirectory(PathBuf),
    /// Another process has it open.
    #[error("the state directory {} is in use by another process", .0.display())]
    InUse(PathBuf),
    /// Too little room to start.
    #[error("{free} bytes are free beside the state, at least {needed} are needed")]
    LittleSpace {
        /// Free bytes.
        free: u64,
        /// Needed bytes.
        needed: u64,
    },
    /// Written by a later version.
    #[error("the state has format {found}, this version knows formats up to {known}")]
    Newer {
        /// The format found.
        found: u32,
        /// The latest known.
        known: u32,
    },
    /// Written by a version so old that no step leads from it.
    #[error("no upgrade leads from state format {found} to {known}")]
    TooOld {
        /// The format found.
        found: u32,
        /// The latest known.
        known: u32,
    },
    /// The database is older than its manifest.
    #[error("state was rolled back: the database has generation {database}, its manifest {manifest}")]
    RolledBack {
        /// Generation of the database.
        database: u64,
        /// Generation of the manifest.
        manifest: u64,
    },
    /// The manifest is missing or does not parse, although there is a database.
    #[error("the state's manifest is missing or damaged")]
    Manifest,
    /// The digest key is missing, damaged or another one.
    #[error("the state's digest key is missing or does not fit")]
    DigestKey,
    /// The state belongs to another org.
    #[error("the state belongs to org {expected}, the configuration names org {found}")]
    OtherOrg {
        /// The org in the manifest.
        expected: String,
        /// The org asked for.
        found: String,
    },
    /// The state belongs to another supporter database.
    #[error("the state belongs to another supporter account")]
    OtherSupporterAccount,
    /// The text to import is incomplete or damaged.
    #[error("the export is incomplete or damaged: {0}")]
    Export(&'static str),
}

/// Everything the state can answer with.
#[derive(Debug, Clone, thiserror::Error)]
pub enum Error {
    /// Stop: no further outside effect may begin.
    #[error(transparent)]
    Fatal(#[from] Fatal),
    /// The state was not opened.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// One end of a link already has a live link to somebody else.
    #[error("supporter {supporter} and Contact {contact} cannot be linked: {by} is linked already")]
    LinkTaken {
        /// The supporter of the refused link.
        supporter: SupporterId,
        /// The Contact of the refused link.
        contact: ContactId,
        /// Who stands in the way.
        by: Subject,
    },
    /// An administrator said that the two ends of a link are different people.
    #[error("supporter {supporter} and Contact {contact} cannot be linked: they are different people")]
    LinkOfApart {
        /// The supporter of the refused link.
        supporter: SupporterId,
        /// The Contact of the refused link.
        contact: ContactId,
    },
    /// The supporter is in another job that is not settled yet.
    #[error("supporter {supporter} is in unsettled plan {}", .plan.0)]
    InFlight {
        /// Who.
        supporter: SupporterId,
        /// The unsettled plan.
        plan: PlanId,
    },
}

impl Error {
    /// Whether everything must stop.
    #[must_use]
    pub const fn is_fatal(&self) -> bool {
        matches!(self, Self::Fatal(_))
    }

    /// What an administrator can do about it.
    #[must_use]
    pub const fn advice(&self) -> Option<&'static str> {
        match self {
            Self::Fatal(fatal) => fatal.advice(),
            Self::Refused(refusal) => Some(refusal.advice()),
            Self::LinkTaken { .. } | Self::LinkOfApart { .. } | Self::InFlight { .. } => None,
        }
    }
}

impl Fatal {
    /// What an administrator can do about it.
    #[must_use]
    pub const fn advice(&self) -> Option<&'static str> {
        match self {
            Self::Io { .. } | Self::Backend { .. } => {
                Some("check free space and permissions of the state directory, then start again")
            }
            Self::Corrupt { .. } | Self::Damaged { .. } | Self::Panicked { .. } => Some(REBUILD),
            Self::TooLarge { .. } => None,
            Self::Fenced => Some("make sure that only one highwater uses this state directory"),
            Self::Stopped => Some("see the first error; nothing is written after it"),
        }
    }
}

const REBUILD: &str = "run `highwater check --rebuild`: it sets this state aside and makes the links anew from the ids that both sides carry";

impl Refusal {
    /// What an administrator can do about it.
    #[must_use]
    pub const fn advice(&self) -> &'static str {
        match self {
            Self::Symlink(_) => "name the real directory in the configuration",
            Self::NotAStateDirectory(_) => "name an empty or new directory in the configuration",
            Self::InUse(_) => "stop the other process, or ask it to do the work",
            Self::LittleSpace { .. } => "free space on that file system",
            Self::Newer { .. } => "use the version that wrote the state, or a later one",
            Self::TooOld { .. } => "upgrade through an intermediate version",
            Self::RolledBack { .. } | Self::Manifest | Self::DigestKey => REBUILD,
            Self::OtherOrg { .. } | Self::OtherSupporterAccount => {
                "use a state directory of its own for each org and supporter database"
            }
            Self::Export(_) => "import another export",
        }
    }
}
