//! A record set aside after a permanent error, until something about it changes.

use serde::{Deserialize, Serialize};

use crate::{Digest, Stamp};

/// Why and since when a supporter is not sent. Lifted when a mapped field of either side changes, when the map changes, and
/// by a resync.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Block {
    /// The error's stable code, as Salesforce or highwater spells it.
    pub code: String,
    /// The fields the error names.
    pub fields: Vec<String>,
    /// The error's text, bounded to 2 KiB; may quote the record, so it is shown to administrators only and never logged.
    pub message: String,
    /// Over all mapped values of both sides, when it was blocked.
    pub record: Digest,
    /// Of the field map, when it was blocked.
    pub map: Digest,
    /// Since when, by the server's time.
    pub since: Stamp,
    /// How often sending was tried.
    pub attempts: u32,
}

impl Block {
    /// Our own code for a record that failed in passing for longer than patience lasts.
    pub const STILL_LOCKED: &'static str = "STILL_LOCKED";
    /// Our own code for a value that the other side cannot hold at all.
    pub const NOT_STORABLE: &'static str = "NOT_STORABLE";
}
