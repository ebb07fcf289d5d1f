//! Single rows: counters, watermarks, progress, bookmarks.

use std::collections::BTreeMap;
use std::time::Duration;

use model::{CaseKind, CycleId, Digest, Side, Stamp, Window};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::State;
use crate::error::{Damage, Error, Fatal};
use crate::record::{self, Coding, Record};
use crate::store::Store;
use crate::tree::Tree;

/// A row of [`Tree::Meta`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct MetaRow(pub(crate) serde_json::Value);

impl Record for MetaRow {
    type Key = String;
    const TREE: Tree = Tree::Meta;
    const CODING: Coding = Coding::Json;
    fn key(name: &String) -> Vec<u8> {
        name.as_bytes().to_vec()
    }
}

pub(crate) const COUNTS: &str = "counts";
pub(crate) const CYCLE: &str = "cycle";
pub(crate) const PLAN: &str = "plan";
pub(crate) const PROGRESS: &str = "progress";
pub(crate) const MAP: &str = "map";
pub(crate) const FORMAT: &str = "format";

pub(crate) const fn watermark_row(side: Side) -> &'static str {
    match side {
        Side::Supporter => "watermark/supporter",
        Side::Salesforce => "watermark/salesforce",
    }
}

/// The bookmark of a time that an administrator set as a side's watermark: nothing below it is asked for.
pub(crate) const fn floor(side: Side) -> &'static str {
    match side {
        Side::Supporter => "floor/supporter",
        Side::Salesforce => "floor/salesforce",
    }
}

pub(crate) fn bookmark_row(name: &str) -> String {
    format!("bookmark/{name}")
}

/// Turns a row into what it holds.
pub(crate) fn value_of<T: DeserializeOwned>(name: &str, row: MetaRow) -> Result<T, Fatal> {
    serde_json::from_value(row.0).map_err(|_| Fatal::damaged(Tree::Meta, name.as_bytes(), Damage::Content))
}

/// Reads a row.
pub(crate) fn get<T: DeserializeOwned>(store: &dyn Store, name: &str) -> Result<Option<T>, Fatal> {
    let row: Option<MetaRow> = record::get(store, &name.to_owned())?;
    row.map(|row| value_of(name, row)).transpose()
}

/// A count that no earlier version kept is written only where there is something to count.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for a reference")]
const fn is_none(count: &u64) -> bool {
    *count == 0
}

/// How many there are of each, kept up to date by every commit.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Counts {
    /// Live links.
    pub(crate) links: u64,
    /// Marks.
    pub(crate) dirty: u64,
    /// Blocks.
    pub(crate) blocks: u64,
    /// Open cases per kind.
    pub(crate) cases: BTreeMap<CaseKind, u64>,
    /// Running number of the last mark.
    pub(crate) marks: u64,
    /// Running number of the last conflict.
    pub(crate) conflicts: u64,
    /// Running number of the last audit line.
    pub(crate) audits: u64,
    /// Cases whose ruling waits for the next cycle.
    #[serde(skip_serializing_if = "is_none")]
    pub(crate) rulings: u64,
    /// Cases that were put off or ignored, those among them whose time has come included.
    #[serde(skip_serializing_if = "is_none")]
    pub(crate) put_off: u64,
    /// Pairs that are known to be different people.
    #[serde(skip_serializing_if = "is_none")]
    pub(crate) apart: u64,
    /// Supporters and Contacts that were forgotten.
    #[serde(skip_serializing_if = "is_none")]
    pub(crate) forgotten: u64,
}

/// A cycle or a part of one that came to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finished {
    /// Which cycle.
    pub cycle: CycleId,
    /// When, by the clock of whoever wrote it.
    pub at: Stamp,
}

/// When each kind of work last came to its end.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Progress {
    /// A whole cycle.
    pub cycle: Option<Finished>,
    /// Contacts to supporters.
    pub pull: Option<Finished>,
    /// Supporters to Contacts.
    pub push: Option<Finished>,
    /// A sweep over all ids.
    pub sweep: Option<Finished>,
    /// How many looks in a row found the supporter database's clock below its watermark.
    pub clock_warnings: u32,
    /// How many looks in a row found the org's clock below its watermark.
    pub org_clock_warnings: u32,
}

impl Progress {
    /// How many looks in a row found a side's clock below its watermark.
    pub const fn clock_warnings_of(&mut self, side: Side) -> &mut u32 {
        match side {
            Side::Supporter => &mut self.clock_warnings,
            Side::Salesforce => &mut self.org_clock_warnings,
        }
    }
}

impl State {
    pub(crate) fn counts(&self) -> Result<Counts, Error> {
        Ok(get(self.store(), COUNTS)?.unwrap_or_default())
    }

    /// The position below which every record of a side has an outcome or a mark; `None` before the first full window.
    ///
    /// # Errors
    /// [`Error::Fatal`].
    pub fn watermark(&self, side: Side) -> Result<Option<Stamp>, Error> {
        Ok(get(self.store(), watermark_row(side))?)
    }

    /// What is asked for next of a side, up to `until`: from the watermark less the overlap on, but from no earlier than a time that an
    /// administrator set by hand. Everything before the first full window.
    ///
    /// # Errors
    /// [`Error::Fatal`].
    pub fn next_window(&self, side: Side, overlap: Duration, until: Stamp) -> Result<Window, Error> {
        let window = Window::after(self.watermark(side)?, overlap, until);
        let floor: Option<Stamp> = get(self.store(), &bookmark_row(floor(side)))?;
        Ok(Window { from: floor.map_or(window.from, |floor| floor.max(window.from)), ..window })
    }

    /// When each kind of work last came to its end.
    ///
    /// # Errors
    /// [`Error::Fatal`].
    pub fn progress(&self) -> Result<Progress, Error> {
        Ok(get(self.store(), PROGRESS)?.unwrap_or_default())
    }

    /// The last cycle that was begun; 0 before the first.
    ///
    /// # Errors
    /// [`Error::Fatal`].
    pub fn last_cycle(&self) -> Result<CycleId, Error> {
        Ok(CycleId(get(self.store(), CYCLE)?.unwrap_or(0)))
    }

    /// The digest of the field map everybody was last compared under.
    ///
    /// # Errors
    /// [`Error::Fatal`].
    pub fn map_digest(&self) -> Result<Option<Digest>, Error> {
        Ok(get(self.store(), MAP)?)
    }

    /// A place to go on from that somebody left, such as a query job's locator.
    ///
    /// # Errors
    /// [`Error::Fatal`].
    pub fn bookmark(&self, name: &str) -> Result<Option<serde_json::Value>, Error> {
        Ok(get(self.store(), &bookmark_row(name))?)
    }

    /// How many links are live.
    ///
    /// # Errors
    /// [`Error::Fatal`].
    pub fn link_count(&self) -> Result<u64, Error> {
        Ok(self.counts()?.links)
    }

    /// How many supporters are blocked.
    ///
    /// # Errors
    /// [`Error::Fatal`].
    pub fn block_count(&self) -> Result<u64, Error> {
        Ok(self.counts()?.blocks)
    }
}
