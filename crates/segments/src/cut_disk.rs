//! A disk in memory that keeps its promises to the letter and not one more: what was not synced may be gone after a power
//! cut, page by page, and so may names. For tests of whoever builds on a [`Disk`].

use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rand_xoshiro::SplitMix64;
use rand_xoshiro::rand_core::{Rng as _, SeedableRng as _};

use crate::disk::{Disk, DiskFile};

/// What survives a cut survives in pieces of this size.
const PAGE: usize = 512;

/// The disk. Clones are the same disk.
#[derive(Debug, Clone, Default)]
pub struct CutDisk(Arc<Mutex<Platter>>);

#[derive(Debug, Clone, Default)]
struct Content {
    /// As the running system sees it.
    seen: Vec<u8>,
    /// As the last sync left it.
    synced: Vec<u8>,
}

#[derive(Debug, Default)]
struct Platter {
    contents: Vec<Content>,
    seen_names: BTreeMap<String, usize>,
    synced_names: BTreeMap<String, usize>,
    /// Changes until the power goes; `None`: it stays.
    power: Option<u64>,
    /// Bytes that may still be added; `None`: plenty.
    room: Option<usize>,
    failing_syncs: bool,
    syncs: u64,
}

impl CutDisk {
    /// An empty disk.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    fn platter(&self) -> MutexGuard<'_, Platter> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Lets that many changes and syncs happen, and then none any more.
    pub fn cut_after(&self, changes: u64) {
        self.platter().power = Some(changes);
    }

    /// How much room is left, in bytes; `None`: plenty.
    pub fn set_room(&self, bytes: Option<usize>) {
        self.platter().room = bytes;
    }

    /// Makes syncs fail, or work again.
    pub fn fail_syncs(&self, fail: bool) {
        self.platter().failing_syncs = fail;
    }

    /// How many syncs of files there were.
    #[must_use]
    pub fn syncs(&self) -> u64 {
        self.platter().syncs
    }

    /// Changes one byte of a file behind everybody's back. False: there is none.
    #[must_use]
    pub fn spoil(&self, name: &str, at: usize) -> bool {
        let mut platter = self.platter();
        let Some(content) = platter.seen_names.get(name).copied() else { return false };
        let content = &mut platter.contents[content];
        for bytes in [&mut content.seen, &mut content.synced] {
            if let Some(byte) = bytes.get_mut(at) {
                *byte ^= 0x40;
            }
        }
        at < content.seen.len()
    }

    /// The disk as it is found when the power is back: what was synced, and by the draw of `seed` more or less of the rest.
    #[must_use]
    pub fn after_cut(&self, seed: u64) -> Self {
        let platter = self.platter();
        let mut draw = Draw(SplitMix64::seed_from_u64(seed));
        let mut after = Platter::default();
        for content in &platter.contents {
            let survived = survivor(content, &mut draw);
            after.contents.push(Content { seen: survived.clone(), synced: survived });
        }
        for (name, content) in &platter.synced_names {
            if platter.seen_names.get(name) == Some(content) || draw.coin() {
                after.seen_names.insert(name.clone(), *content);
            }
        }
        for (name, content) in &platter.seen_names {
            if platter.synced_names.get(name) != Some(content) && draw.coin() {
                after.seen_names.insert(name.clone(), *content);
            } else if let Some(old) = platter.synced_names.get(name) {
                // A name that was given to another file leads to one of the two.
                after.seen_names.entry(name.clone()).or_insert(*old);
            }
        }
        after.synced_names = after.seen_names.clone();
        Self(Arc::new(Mutex::new(after)))
    }
}

/// Which of the unsynced pages, and how much of an unsynced length, came through.
fn survivor(content: &Content, draw: &mut Draw) -> Vec<u8> {
    let (short, long) =
        (content.synced.len().min(content.seen.len()), content.synced.len().max(content.seen.len()));
    let length = match draw.below(3) {
        0 => content.synced.len(),
        1 => content.seen.len(),
        _ => short + draw.below(long - short + 1),
    };
    let mut survived = content.synced.clone();
    survived.resize(length, 0);
    for (nth, page) in survived.chunks_mut(PAGE).enumerate() {
        let from = nth * PAGE;
        let Some(seen) = content.seen.get(from..) else { break };
        let seen = &seen[..seen.len().min(page.len())];
        let same = content.synced.get(from..from + seen.len()) == Some(seen);
        if !same && draw.coin() {
            page[..seen.len()].copy_from_slice(seen);
        }
    }
    survived
}

/// A generator whose numbers are fixed by its definition, so that a seed means the same for ever.
struct Draw(SplitMix64);

impl Draw {
    fn next(&mut self) -> u64 {
        self.0.next_u64()
    }

    fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.next() % bound.max(1) as u64).unwrap_or(0)
    }

    fn coin(&mut self) -> bool {
        self.next() & 1 == 1
    }
}

impl Platter {
    fn change(&mut self) -> io::Result<()> {
        match &mut self.power {
            Some(0) => Err(io::Error::other("no power")),
            Some(left) => {
                *left -= 1;
                Ok(())
            }
            None => Ok(()),
        }
    }
}

fn missing() -> io::Error {
    io::Error::from(io::ErrorKind::NotFound)
}

impl Disk for CutDisk {
    fn names(&self) -> io::Result<Vec<String>> {
        Ok(self.platter().seen_names.keys().cloned().collect())
    }

    fn create(&self, name: &str) -> io::Result<Box<dyn DiskFile>> {
        let mut platter = self.platter();
        platter.change()?;
        let content = platter.contents.len();
        platter.contents.push(Content::default());
        platter.seen_names.insert(name.to_owned(), content);
        Ok(Box::new(CutFile { disk: self.clone(), content }))
    }

    fn open(&self, name: &str) -> io::Result<Box<dyn DiskFile>> {
        let content = self.platter().seen_names.get(name).copied().ok_or_else(missing)?;
        Ok(Box::new(CutFile { disk: self.clone(), content }))
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        let mut platter = self.platter();
        platter.change()?;
        let content = platter.seen_names.remove(from).ok_or_else(missing)?;
        platter.seen_names.insert(to.to_owned(), content);
        Ok(())
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        let mut platter = self.platter();
        platter.change()?;
        platter.seen_names.remove(name).map(drop).ok_or_else(missing)
    }

    fn sync_names(&self) -> io::Result<()> {
        let mut platter = self.platter();
        platter.change()?;
        platter.synced_names = platter.seen_names.clone();
        Ok(())
    }
}

struct CutFile {
    disk: CutDisk,
    content: usize,
}

impl DiskFile for CutFile {
    fn size(&self) -> io::Result<u64> {
        Ok(self.disk.platter().contents[self.content].seen.len() as u64)
    }

    fn read_at(&self, into: &mut [u8], offset: u64) -> io::Result<usize> {
        let platter = self.disk.platter();
        let seen = &platter.contents[self.content].seen;
        let from = usize::try_from(offset).unwrap_or(usize::MAX).min(seen.len());
        let read = into.len().min(seen.len() - from);
        into[..read].copy_from_slice(&seen[from..from + read]);
        Ok(read)
    }

    fn write_all_at(&self, bytes: &[u8], offset: u64) -> io::Result<()> {
        let mut platter = self.disk.platter();
        // A write that the power ends half-way leaves a part.
        let powerless = platter.change();
        let offset = usize::try_from(offset).unwrap_or(usize::MAX);
        let room = platter.room;
        let seen = &mut platter.contents[self.content].seen;
        let mut written = if powerless.is_ok() { bytes.len() } else { bytes.len() / 2 };
        let grows = (offset + written).saturating_sub(seen.len());
        if let Some(room) = room
            && grows > room
        {
            written = (seen.len() + room).saturating_sub(offset).min(written);
        }
        let before = seen.len();
        if offset + written > before {
            seen.resize(offset + written, 0);
        }
        seen[offset..offset + written].copy_from_slice(&bytes[..written]);
        let grown = seen.len() - before;
        platter.room = room.map(|room| room - grown);
        powerless?;
        if written < bytes.len() { Err(io::ErrorKind::StorageFull.into()) } else { Ok(()) }
    }

    fn cut(&self, bytes: u64) -> io::Result<()> {
        let mut platter = self.disk.platter();
        platter.change()?;
        let bytes = usize::try_from(bytes).unwrap_or(usize::MAX);
        let seen = &mut platter.contents[self.content].seen;
        let freed = seen.len().saturating_sub(bytes);
        seen.truncate(bytes);
        platter.room = platter.room.map(|room| room + freed);
        Ok(())
    }

    fn sync(&self) -> io::Result<()> {
        let mut platter = self.disk.platter();
        platter.change()?;
        if platter.failing_syncs {
            return Err(io::Error::other("the disk is failing"));
        }
        platter.syncs += 1;
        let Content { seen, synced } = &mut platter.contents[self.content];
        // Appending is what is done most: only what differs in length is copied then.
        if seen.len() >= synced.len() && seen[..synced.len()] == synced[..] {
            let from = synced.len();
            synced.extend_from_slice(&seen[from..]);
        } else {
            synced.clone_from(seen);
        }
        Ok(())
    }
}
