//! A disk that loses what was not synced: built up from a recording, and cut at any moment.
//!
//! The strict model. What a file held when it was last synced is safe, and so is a name when its directory was synced after.
//! Everything since is kept, lost, or, for a write, kept sector by sector, as chance has it; of a directory's changes the first
//! so many are kept.
//!
//! One thing is less strict than POSIX. sled never syncs a directory: it makes a summary of its log, syncs it, renames it, and
//! overwrites what only the summary before it needs. A new summary that was synced has its first name here, as it has on the file
//! systems of Linux: they make the name of a new file durable with its first sync (for ext4 without a journal, which has to go out
//! of its way for it, see `ext4_sync_parent` in Linux's `fs/ext4/fsync.c`). The product's own names have to be synced.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

/// What the name of a summary of sled's begins with.
const SUMMARY: &str = "snap.";
/// What a drive writes whole.
const SECTOR: usize = 512;

/// One thing that was done, in the order in which it was done.
#[derive(Debug, Clone)]
pub struct Deed {
    pub kind: u8,
    pub path: PathBuf,
    pub place: u64,
    pub bytes: Vec<u8>,
}

impl fmt::Display for Deed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { kind, path, place, bytes } = self;
        write!(f, "{} {} at {place}, {} bytes", char::from(*kind), path.display(), bytes.len())
    }
}

/// Reads a recording. A deed that was being written when the process was killed is none.
pub fn read(log: &Path) -> Vec<Deed> {
    let all = fs::read(log).expect("a recording");
    let mut rest = all.as_slice();
    let mut deeds = Vec::new();
    while let Some(deed) = next(&mut rest) {
        deeds.push(deed);
    }
    deeds
}

fn next(rest: &mut &[u8]) -> Option<Deed> {
    let (head, tail) = rest.split_at_checked(3)?;
    let (path, tail) = tail.split_at_checked(usize::from(u16::from_le_bytes([head[1], head[2]])))?;
    let (numbers, tail) = tail.split_at_checked(16)?;
    let (place, length) = numbers.split_at(8);
    let number = |bytes: &[u8]| u64::from_le_bytes(bytes.try_into().expect("eight bytes"));
    let (bytes, tail) = tail.split_at_checked(usize::try_from(number(length)).ok()?)?;
    *rest = tail;
    let path = PathBuf::from(String::from_utf8(path.to_vec()).expect("paths are text"));
    Some(Deed { kind: head[0], path, place: number(place), bytes: bytes.to_vec() })
}

/// A stream of chances; the same for the same seed.
#[derive(Clone)]
pub struct Chance(pub u64);

impl Chance {
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// Below `end`, which is not 0.
    pub fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.next() % end as u64).expect("it is below a usize")
    }
}

#[derive(Clone)]
enum Change {
    Write(usize, Vec<u8>),
    Resize(usize),
}

#[derive(Clone, Default)]
struct File {
    safe: Vec<u8>,
    since: Vec<Change>,
}

#[derive(Clone)]
enum Naming {
    Given(PathBuf, usize),
    Taken(PathBuf),
    Moved(PathBuf, PathBuf),
}

/// The disk.
#[derive(Clone, Default)]
pub struct Disk {
    files: Vec<File>,
    /// Names as the process sees them, and as they are safe.
    seen: BTreeMap<PathBuf, usize>,
    safe: BTreeMap<PathBuf, usize>,
    /// Per directory: what was done to its names since it was synced.
    namings: BTreeMap<PathBuf, Vec<Naming>>,
    directories: BTreeSet<PathBuf>,
}

fn write(content: &mut Vec<u8>, place: usize, bytes: &[u8]) {
    let end = place + bytes.len();
    if content.len() < end {
        content.resize(end, 0);
    }
    content[place..end].copy_from_slice(bytes);
}

impl Change {
    fn apply(&self, content: &mut Vec<u8>) {
        match self {
            Self::Write(place, bytes) => write(content, *place, bytes),
            Self::Resize(size) => content.resize(*size, 0),
        }
    }

    /// Kept, lost, or kept in part.
    fn survive(&self, content: &mut Vec<u8>, chance: &mut Chance) {
        match (chance.below(3), self) {
            (0, _) => self.apply(content),
            (1, Self::Write(place, bytes)) => {
                // Sectors of the file, wherever in them the write begins.
                let mut at = 0;
                while at < bytes.len() {
                    let end = bytes.len().min(((place + at) / SECTOR + 1) * SECTOR - place);
                    if chance.below(2) == 0 {
                        write(content, place + at, &bytes[at..end]);
                    }
                    at = end;
                }
            }
            _ => {}
        }
    }
}

impl Naming {
    fn apply(&self, names: &mut BTreeMap<PathBuf, usize>) {
        match self {
            Self::Given(path, file) => {
                names.insert(path.clone(), *file);
            }
            // With a directory goes what was left in it.
            Self::Taken(path) => names.retain(|name, _| !name.starts_with(path)),
            Self::Moved(from, to) => {
                // What lies in a directory goes with it.
                let moved: Vec<PathBuf> =
                    names.keys().filter(|name| name.starts_with(from)).cloned().collect();
                for name in moved {
                    let file = names.remove(&name).expect("it was there a moment ago");
                    names.insert(moved_to(&name, from, to), file);
                }
            }
        }
    }
}

/// What a name below `from` is called below `to`.
fn moved_to(name: &Path, from: &Path, to: &Path) -> PathBuf {
    match name.strip_prefix(from).expect("only names below it are asked for") {
        rest if rest.as_os_str().is_empty() => to.to_owned(),
        rest => to.join(rest),
    }
}

impl Naming {
    /// The same in a directory that has another name now.
    fn moved(self, from: &Path, to: &Path) -> Self {
        match self {
            Self::Given(path, file) => Self::Given(moved_to(&path, from, to), file),
            Self::Taken(path) => Self::Taken(moved_to(&path, from, to)),
            Self::Moved(old, new) => Self::Moved(moved_to(&old, from, to), moved_to(&new, from, to)),
        }
    }
}

impl Disk {
    /// Does what was done.
    pub fn does(&mut self, deed: &Deed) {
        let place = usize::try_from(deed.place).expect("files are small");
        match deed.kind {
            b'c' | b'm' => {
                self.files.push(File::default());
                if deed.kind == b'm' {
                    self.namings.remove(&deed.path);
                    self.directories.insert(deed.path.clone());
                }
                self.names(&deed.path, Naming::Given(deed.path.clone(), self.files.len() - 1));
            }
            b'u' => self.names(&deed.path, Naming::Taken(deed.path.clone())),
            b'r' => {
                let to = PathBuf::from(String::from_utf8(deed.bytes.clone()).expect("paths are text"));
                self.move_directories(&deed.path, &to);
                self.names(&to.clone(), Naming::Moved(deed.path.clone(), to));
            }
            b'w' => self.change(&deed.path, Change::Write(place, deed.bytes.clone())),
            b't' => self.change(&deed.path, Change::Resize(place)),
            b's' => self.sync(&deed.path),
            other => panic!("no deed is called {other}"),
        }
    }

    /// What was not synced of a directory is the directory's, whatever it is called.
    fn move_directories(&mut self, from: &Path, to: &Path) {
        let below = |path: &&PathBuf| path.starts_with(from);
        let moved: Vec<PathBuf> = self.directories.iter().filter(below).cloned().collect();
        for old in moved {
            let new = moved_to(&old, from, to);
            // What was done in a directory that had this name before, and is gone, is not done in this one.
            self.namings.remove(&new);
            if let Some(namings) = self.namings.remove(&old) {
                let namings = namings.into_iter().map(|naming| naming.moved(from, to));
                self.namings.insert(new.clone(), namings.collect());
            }
            self.directories.insert(new);
        }
    }

    fn names(&mut self, path: &Path, naming: Naming) {
        naming.apply(&mut self.seen);
        let directory = path.parent().expect("everything lies in a directory").to_owned();
        self.namings.entry(directory).or_default().push(naming);
    }

    fn change(&mut self, path: &Path, change: Change) {
        let file = *self.seen.get(path).unwrap_or_else(|| panic!("{} was never made", path.display()));
        self.files[file].since.push(change);
    }

    fn sync(&mut self, path: &Path) {
        // A directory, the topmost one too, which was there before.
        for naming in self.namings.remove(path).unwrap_or_default() {
            naming.apply(&mut self.safe);
        }
        self.name_summary(path);
        if let Some(file) = self.seen.get(path).copied() {
            let file = &mut self.files[file];
            for change in std::mem::take(&mut file.since) {
                change.apply(&mut file.safe);
            }
        }
    }

    /// A summary of sled's that is synced keeps the name it was made with.
    fn name_summary(&mut self, path: &Path) {
        let is_summary =
            path.file_name().and_then(OsStr::to_str).is_some_and(|name| name.starts_with(SUMMARY));
        let Some(namings) = path.parent().and_then(|dir| self.namings.get_mut(dir)).filter(|_| is_summary)
        else {
            return;
        };
        let made =
            namings.iter().position(|naming| matches!(naming, Naming::Given(given, _) if given == path));
        // Names of one directory become durable in their order.
        for naming in namings.drain(..made.map_or(0, |at| at + 1)) {
            naming.apply(&mut self.safe);
        }
    }

    /// What is found after the power went now, written below `to` in place of `root`.
    pub fn cut(&self, chance: &mut Chance, root: &Path, to: &Path) {
        let mut names = self.safe.clone();
        for namings in self.namings.values() {
            for naming in &namings[..chance.below(namings.len() + 1)] {
                naming.apply(&mut names);
            }
        }
        for (path, file) in &names {
            let below = path.strip_prefix(root).expect("only files below the root are recorded");
            let parents = path.ancestors().skip(1).take_while(|parent| *parent != root);
            if !parents.into_iter().all(|parent| names.contains_key(parent)) {
                continue;
            }
            let target = to.join(below);
            if self.directories.contains(path) {
                fs::create_dir_all(&target).expect("made");
                continue;
            }
            let file = &self.files[*file];
            let mut content = file.safe.clone();
            for change in &file.since {
                change.survive(&mut content, chance);
            }
            fs::write(&target, content).expect("written");
        }
    }
}
