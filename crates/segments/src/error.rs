//! What can go wrong with a log.

use std::fmt;
use std::io;
use std::path::PathBuf;

/// How damage shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Damage {
    /// A segment's first bytes are not what was written.
    Header,
    /// An entry that was acknowledged does not read back.
    Entry,
    /// A segment has not the length it had when the next one was begun.
    Length,
    /// A segment between others is not there.
    Missing,
    /// Somebody has read further than the log reaches: its end was lost.
    End,
    /// A marker's file does not read back.
    Marker,
}

impl fmt::Display for Damage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Header => "its first bytes do not fit",
            Self::Entry => "an entry does not read back",
            Self::Length => "it has not the length it was closed with",
            Self::Missing => "it is not there",
            Self::End => "it ends before what was read of it",
            Self::Marker => "the place up to which it was read does not read back",
        })
    }
}

/// Everything a log can answer with.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The file system refused.
    #[error("log: {operation} failed ({kind})")]
    Io {
        /// What was tried.
        operation: &'static str,
        /// The kind of error, as the standard library names it.
        kind: io::ErrorKind,
    },
    /// There is no room. Nothing of the append was kept; a later one may succeed.
    #[error("log: the disk is full")]
    Full,
    /// One entry or one append is larger than the log takes.
    #[error("log: {bytes} bytes at once are more than {max}")]
    TooLarge {
        /// Its size.
        bytes: usize,
        /// The limit.
        max: usize,
    },
    /// What was durable is not readable. Nothing is cut or skipped.
    #[error("log: segment {segment} is damaged at byte {offset}: {damage}")]
    Damaged {
        /// Which segment.
        segment: u64,
        /// Where.
        offset: u64,
        /// How it shows.
        damage: Damage,
    },
    /// Another process writes to the directory.
    #[error("log: {} is in use by another process", .0.display())]
    InUse(PathBuf),
    /// A sync failed before, or the log was closed.
    #[error("log: nothing is written any more after an earlier failure")]
    Stopped,
}

impl Error {
    /// Wraps an error of the file system.
    #[must_use]
    pub fn io(operation: &'static str, source: &io::Error) -> Self {
        let kind = source.kind();
        let is_full = matches!(kind, io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded);
        if is_full { Self::Full } else { Self::Io { operation, kind } }
    }

    /// What an administrator can do about it.
    #[must_use]
    pub const fn advice(&self) -> Option<&'static str> {
        match self {
            Self::Io { .. } => Some("check the disk and the permissions of the directory, then start again"),
            Self::Full => Some("free space on that file system; nothing that was acknowledged is lost"),
            Self::Damaged { .. } => {
                Some("restore the directory from a copy, or move it aside to start an empty one")
            }
            Self::InUse(_) => Some("stop the other process, or ask it to do the work"),
            Self::Stopped => Some("see the first error; nothing is written after it"),
            Self::TooLarge { .. } => None,
        }
    }
}
