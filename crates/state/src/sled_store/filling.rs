//! A new database filled with rows in ascending order, in such a way that it is hardly larger than they are.
//!
//! sled cuts a node of its tree in two when it has more than sixteen rows, writes a node anew after ten changes, and takes a segment of its
//! file back only when half of what lies there is old. Rows that are put in one after the other are written four times that way: as a
//! change, with the node, and with each half of it. What is old lies beside what is not, and a file has 1.7 times the bytes of its rows.
//!
//! So a stretch of rows is put in thrice. First the keys of eight rows of ten, with nothing behind them: the nodes are cut while there is
//! nothing in them. Then the values of nine of ten, which are nine changes of each node. Then the tenth, for which each node is written
//! as a whole, one after the other, and what becomes old lies together. 1.4 times; whatever sled does, what is read is the same.

use crate::error::Fatal;
use crate::sled_store::db::{drain, guarded};

/// How many bytes of rows are held for that.
const STRETCH_BYTES: usize = 1024 * 1024;
/// Bytes that one batch puts in. For each value sled makes a node anew, and keeps what it replaced until the batch is over: so many bytes
/// that are no value's.
const BATCH_BYTES: usize = 32 * 1024;
const NODE_BYTES: usize = 512;
/// Rows of a node, those whose keys come first, and those whose values come before the node is written as a whole.
const NODE: usize = 10;
const KEYS_FIRST: usize = 8;
const CHANGES: usize = 9;

/// A database that is being filled.
pub(crate) struct Filling<'d> {
    db: &'d sled::Db,
    stretch: Vec<(sled::IVec, sled::IVec)>,
    held: usize,
    batch: sled::Batch,
    bytes: usize,
}

impl<'d> Filling<'d> {
    pub(crate) fn of(db: &'d sled::Db) -> Self {
        Self { db, stretch: Vec::new(), held: 0, batch: sled::Batch::default(), bytes: 0 }
    }

    /// Adds the next row; it need not be there before the end.
    pub(crate) fn add(&mut self, key: sled::IVec, value: sled::IVec) -> Result<(), Fatal> {
        self.held += key.len() + value.len();
        self.stretch.push((key, value));
        if self.held >= STRETCH_BYTES && self.stretch.len().is_multiple_of(NODE) {
            self.put_stretch()?;
        }
        Ok(())
    }

    /// Puts in what is left. Nothing is durable before the next [`apply`](super::db::apply).
    pub(crate) fn end(mut self) -> Result<(), Fatal> {
        self.put_stretch()?;
        self.put_batch()
    }

    fn put_stretch(&mut self) -> Result<(), Fatal> {
        let stretch = std::mem::take(&mut self.stretch);
        self.held = 0;
        let in_node = || stretch.iter().enumerate().map(|(at, row)| (at % NODE, row));
        for (_, (key, _)) in in_node().filter(|(at, _)| *at < KEYS_FIRST) {
            self.put(key, sled::IVec::default())?;
        }
        for (_, (key, value)) in in_node().filter(|(at, _)| *at < CHANGES) {
            self.put(key, value.clone())?;
        }
        for (_, (key, value)) in in_node().filter(|(at, _)| *at >= CHANGES) {
            self.put(key, value.clone())?;
        }
        Ok(())
    }

    fn put(&mut self, key: &sled::IVec, value: sled::IVec) -> Result<(), Fatal> {
        self.bytes += NODE_BYTES + key.len() + value.len();
        self.batch.insert(key, value);
        if self.bytes >= BATCH_BYTES { self.put_batch() } else { Ok(()) }
    }

    fn put_batch(&mut self) -> Result<(), Fatal> {
        let (batch, bytes) = (std::mem::take(&mut self.batch), std::mem::take(&mut self.bytes));
        guarded("commit", || self.db.apply_batch(batch))?;
        // What is not written yet waits in memory, as much as the disk is slow.
        guarded("commit", || self.db.flush())?;
        drain(bytes / 1024);
        Ok(())
    }
}
