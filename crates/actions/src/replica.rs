//! What is remembered of a supporter who was replicated or set aside, and what lifts a block by hand.

use std::collections::BTreeMap;

use model::{Stamp, SupporterId};
use serde::{Deserialize, Serialize};
use state::{Changes, NoteKind, State};

use crate::changed::Written;
use crate::fatal::Fatal;

/// What is remembered of one supporter.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Replica {
    /// The record they were replicated to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub record: Option<String>,
    /// Digest of the columns when they were last tried; `None`: to be tried whatever the columns hold.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) values: Option<u64>,
    /// Digest of the action when they were last tried.
    pub(crate) mapping: u64,
    /// What was last written; `None`: nothing yet, or by a version that did not remember.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) written: Option<Written>,
    /// Why they are set aside. Codes and field names only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub blocked: Option<String>,
    /// The record they are set aside for: it is another supporter's, or several ask for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub met: Option<String>,
    /// What happened to single fields when they were last tried: trimmed, or left out and why. No values.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
    /// When they were last tried, microseconds.
    pub(crate) at: i64,
}

impl Replica {
    /// When the supporter was last tried.
    #[must_use]
    pub const fn at(&self) -> Stamp {
        Stamp::from_micros(self.at)
    }

    /// Why they are set aside, and what happened to single fields; empty where there is nothing to tell.
    #[must_use]
    pub fn why(&self) -> String {
        let told: Vec<&str> = self
            .blocked
            .iter()
            .chain(self.notes.iter().filter(|note| self.blocked.as_ref() != Some(*note)))
            .map(String::as_str)
            .collect();
        told.join("; ")
    }

    /// What a note holds; `None` for one that cannot be read, which is as good as none.
    pub(crate) fn read(bytes: &[u8]) -> Option<Self> {
        serde_json::from_slice(bytes).ok()
    }

    /// Puts it into the state.
    pub(crate) fn keep(&self, key: &[u8], changes: &mut Changes) {
        changes.put_note(NoteKind::Replica, key, serde_json::to_vec(self).unwrap_or_default());
    }
}

/// How a supporter stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Standing {
    /// There is a record of theirs.
    Replicated,
    /// Eligible, and not yet replicated.
    NotReplicated,
    /// Set aside after an error, until a column or the action changes, or somebody lifts it.
    Blocked,
    /// The action's conditions do not hold.
    NotEligible,
}

impl Standing {
    /// A stable word for lists.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Replicated => "replicated",
            Self::NotReplicated => "not_replicated",
            Self::Blocked => "blocked",
            Self::NotEligible => "not_eligible",
        }
    }

    /// How somebody stands of whom something is remembered, or nothing.
    pub(crate) const fn of(replica: Option<&Replica>, eligible: bool) -> Self {
        match replica {
            Some(replica) if replica.blocked.is_some() => Self::Blocked,
            Some(replica) if replica.record.is_some() => Self::Replicated,
            Some(_) | None if eligible => Self::NotReplicated,
            Some(_) | None => Self::NotEligible,
        }
    }
}

/// Notes read at once.
const PAGE: usize = 1_000;

/// How many supporters are replicated and set aside, from what is remembered.
///
/// # Errors
/// [`Fatal::State`].
pub fn counts(state: &State) -> Result<BTreeMap<Standing, u64>, Fatal> {
    let mut counts = BTreeMap::new();
    each(state, |_, replica| {
        // A block that was lifted from somebody without a record leaves them where they were.
        let standing = Standing::of(Some(&replica), true);
        if standing != Standing::NotReplicated {
            *counts.entry(standing).or_default() += 1;
        }
    })?;
    Ok(counts)
}

fn each(state: &State, mut see: impl FnMut(Vec<u8>, Replica)) -> Result<(), Fatal> {
    let mut after: Option<Vec<u8>> = None;
    loop {
        let page = state.notes(NoteKind::Replica, after.as_deref(), PAGE)?;
        let Some((last, _)) = page.last() else { return Ok(()) };
        after = Some(last.clone());
        for (key, bytes) in page {
            if let Some(replica) = Replica::read(&bytes) {
                see(key, replica);
            }
        }
    }
}

/// Lifts the block of one supporter, or of everybody: the next run tries them whatever their columns hold. Returns how many were
/// set aside. `by` goes into the audit trail with the number; with `None` they are only counted.
///
/// # Errors
/// [`Fatal::State`].
pub async fn lift(state: &State, whose: Option<&SupporterId>, by: Option<&str>) -> Result<u64, Fatal> {
    let mut blocked: Vec<(Vec<u8>, Replica)> = Vec::new();
    match whose {
        Some(id) => {
            let key = id.as_str().as_bytes();
            let replica = state.note(NoteKind::Replica, key)?.and_then(|bytes| Replica::read(&bytes));
            blocked.extend(replica.filter(|one| one.blocked.is_some()).map(|one| (key.to_vec(), one)));
        }
        None => each(state, |key, replica| {
            if replica.blocked.is_some() {
                blocked.push((key, replica));
            }
        })?,
    }
    let count = blocked.len() as u64;
    let Some(by) = by.filter(|_| count > 0) else { return Ok(count) };
    let mut changes = Changes::new();
    for (key, replica) in blocked {
        Replica { blocked: None, met: None, values: None, ..replica }.keep(&key, &mut changes);
    }
    changes.audit(by, &format!("replication blocks lifted: {count}"));
    let _receipt = state.commit(changes).await?;
    Ok(count)
}
