//! Where in a file the records of a number lie: sorted pairs of number and place in a file of their own. In memory stands
//! the number that each block begins with, eight bytes for 256 records, and while it is made one run that is not yet sorted.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

/// A number, and a place where a record with that number lies. Several records may share a number.
type Pair = (u64, u64);

/// Bytes of a pair in the file.
const PAIR: usize = 16;
/// Pairs of one block: what one look reads.
const BLOCK: usize = 256;
/// Pairs sorted in memory at a time. Fewer than this never touch the disk.
const RUN: usize = 32 * 1024;
/// Pairs of each run that are at hand while runs are merged.
const AHEAD: usize = 512;

/// Pairs as they come, in any order.
pub(crate) struct PlacesBuilder {
    path: PathBuf,
    waiting: Vec<Pair>,
    runs: Option<Runs>,
}

/// Sorted runs, one after the other in a file.
struct Runs {
    file: File,
    path: PathBuf,
    pairs: Vec<usize>,
}

impl PlacesBuilder {
    /// Pairs that will lie in a file at `path` when they are too many for memory.
    pub(crate) fn new(path: PathBuf) -> Self {
        Self { path, waiting: Vec::new(), runs: None }
    }

    /// Takes a pair.
    ///
    /// # Errors
    /// When the disk fails.
    pub(crate) fn add(&mut self, number: u64, place: u64) -> io::Result<()> {
        self.waiting.push((number, place));
        if self.waiting.len() >= RUN { self.spill() } else { Ok(()) }
    }

    fn spill(&mut self) -> io::Result<()> {
        self.waiting.sort_unstable();
        let runs = match &mut self.runs {
            Some(runs) => runs,
            None => {
                let path = self.path.with_extension("runs");
                let file = private(&path)?;
                self.runs.insert(Runs { file, path, pairs: Vec::new() })
            }
        };
        let mut out = BufWriter::new(&mut runs.file);
        for pair in &self.waiting {
            write(&mut out, *pair)?;
        }
        out.flush()?;
        runs.pairs.push(self.waiting.len());
        self.waiting.clear();
        Ok(())
    }

    /// Sorts them.
    ///
    /// # Errors
    /// When the disk fails.
    pub(crate) fn finish(mut self) -> io::Result<Places> {
        if self.runs.is_some() && !self.waiting.is_empty() {
            self.spill()?;
        }
        match self.runs {
            None => {
                self.waiting.sort_unstable();
                self.waiting.shrink_to_fit();
                Ok(Places { few: self.waiting, many: None })
            }
            Some(runs) => Ok(Places { few: Vec::new(), many: Some(runs.merge(self.path)?) }),
        }
    }
}

impl Runs {
    fn merge(mut self, path: PathBuf) -> io::Result<Many> {
        let mut out = BufWriter::with_capacity(64 * 1024, private(&path)?);
        let mut begins = 0;
        let mut runs = Vec::with_capacity(self.pairs.len());
        for pairs in &self.pairs {
            runs.push(Run { at: begins, left: *pairs, ahead: Vec::new() });
            begins += (pairs * PAIR) as u64;
        }
        let mut heads = BinaryHeap::with_capacity(runs.len());
        for (which, run) in runs.iter_mut().enumerate() {
            heads.extend(run.next(&mut self.file)?.map(|pair| Reverse((pair, which))));
        }
        let (mut fences, mut pairs) = (Vec::new(), 0_usize);
        while let Some(Reverse((pair, which))) = heads.pop() {
            if pairs.is_multiple_of(BLOCK) {
                fences.push(pair.0);
            }
            pairs += 1;
            write(&mut out, pair)?;
            heads.extend(runs[which].next(&mut self.file)?.map(|pair| Reverse((pair, which))));
        }
        let file = out.into_inner().map_err(io::IntoInnerError::into_error)?;
        let _ = std::fs::remove_file(&self.path);
        Ok(Many { file, path, pairs, fences })
    }
}

/// One run while it is merged.
struct Run {
    at: u64,
    left: usize,
    /// The next pairs, the next of all last.
    ahead: Vec<Pair>,
}

impl Run {
    fn next(&mut self, file: &mut File) -> io::Result<Option<Pair>> {
        if self.ahead.is_empty() && self.left > 0 {
            let count = self.left.min(AHEAD);
            let mut bytes = vec![0; count * PAIR];
            file.read_exact_at(&mut bytes, self.at)?;
            self.ahead.extend(bytes.as_chunks::<PAIR>().0.iter().map(pair_of).rev());
            self.at += bytes.len() as u64;
            self.left -= count;
        }
        Ok(self.ahead.pop())
    }
}

/// Pairs in order.
#[derive(Debug, Default)]
pub(crate) struct Places {
    few: Vec<Pair>,
    many: Option<Many>,
}

#[derive(Debug)]
struct Many {
    file: File,
    path: PathBuf,
    pairs: usize,
    /// The first number of each block.
    fences: Vec<u64>,
}

impl Places {
    /// The places of all records with one of these numbers, in the order of the numbers.
    ///
    /// # Errors
    /// When the disk fails.
    pub(crate) fn find(&mut self, mut numbers: Vec<u64>) -> io::Result<Vec<u64>> {
        numbers.sort_unstable();
        numbers.dedup();
        match &mut self.many {
            Some(many) => many.find(&numbers),
            None => {
                let few = &self.few;
                let from = |number: &u64| few.partition_point(|(known, _)| known < number);
                let of = |number: u64| few[from(&number)..].iter().take_while(move |pair| pair.0 == number);
                Ok(numbers.into_iter().flat_map(of).map(|(_, place)| *place).collect())
            }
        }
    }
}

impl Many {
    fn find(&mut self, numbers: &[u64]) -> io::Result<Vec<u64>> {
        let mut found = Vec::new();
        let mut held: (Option<usize>, Vec<u8>) = (None, Vec::new());
        for number in numbers {
            // Pairs of this number may begin in the block before the first that begins with it.
            let mut block = self.fences.partition_point(|fence| fence < number).saturating_sub(1);
            while self.fences.get(block).is_some_and(|fence| fence <= number) {
                if held.0 != Some(block) {
                    held.0 = None;
                    self.read(block, &mut held.1)?;
                    held.0 = Some(block);
                }
                // Where many are asked for that lie far apart, each has a block of its own: of it, a few pairs are looked at.
                let pairs = held.1.as_chunks::<PAIR>().0;
                let from = pairs.partition_point(|bytes| pair_of(bytes).0 < *number);
                let hits = pairs[from..].iter().map(pair_of).take_while(|(known, _)| known == number);
                found.extend(hits.map(|(_, place)| place));
                block += 1;
            }
        }
        Ok(found)
    }

    fn read(&mut self, block: usize, bytes: &mut Vec<u8>) -> io::Result<()> {
        let first = block * BLOCK;
        bytes.resize((self.pairs - first).min(BLOCK) * PAIR, 0);
        self.file.read_exact_at(bytes, (first * PAIR) as u64)
    }
}

impl Drop for Many {
    fn drop(&mut self) {
        // Gone with the run. What a crash leaves behind, the next start removes.
        let _ = std::fs::remove_file(&self.path);
    }
}

fn write(out: &mut impl Write, (number, place): Pair) -> io::Result<()> {
    out.write_all(&number.to_le_bytes())?;
    out.write_all(&place.to_le_bytes())
}

fn pair_of(bytes: &[u8; PAIR]) -> Pair {
    // The number is written first.
    let both = u128::from_le_bytes(*bytes);
    (both as u64, (both >> 64) as u64)
}

/// A new file that only its owner may read.
pub(crate) fn private(path: &Path) -> io::Result<File> {
    let mut options = std::fs::OpenOptions::new();
    options.read(true).write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Numbers that spread, and one that thousands of records share.
    fn number(n: u64) -> u64 {
        if n.is_multiple_of(7) { 1 << 40 } else { n.wrapping_mul(0x9e37_79b9_7f4a_7c15) }
    }

    fn made(dir: &Path, count: u64) -> Places {
        let mut builder = PlacesBuilder::new(dir.join("places.by"));
        for n in 0..count {
            builder.add(number(n), n).unwrap();
        }
        builder.finish().unwrap()
    }

    #[test]
    fn every_record_is_found_by_its_number_however_many_there_are() {
        for count in [0, 1, 1_000, RUN as u64, 3 * RUN as u64 + 5] {
            let dir = tempfile::tempdir().unwrap();
            let mut places = made(dir.path(), count);
            let asked: Vec<u64> = (0..count).filter(|n| !n.is_multiple_of(7)).step_by(3).collect();
            let mut found = places.find(asked.iter().map(|n| number(*n)).collect()).unwrap();
            found.sort_unstable();
            assert_eq!(found, asked, "{count}");
            // AND those that share one, all of them
            let mut shared = places.find(vec![1 << 40]).unwrap();
            shared.sort_unstable();
            assert_eq!(shared, (0..count).step_by(7).collect::<Vec<_>>(), "{count}");
            // AND a number that nobody has leads nowhere, before, between and behind
            assert!(places.find(vec![1, (1 << 40) + 1, u64::MAX]).unwrap().is_empty(), "{count}");
        }
    }

    #[test]
    fn nothing_lies_on_the_disk_afterwards() {
        let dir = tempfile::tempdir().unwrap();
        let places = made(dir.path(), 2 * RUN as u64);
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 1, "runs are gone once they are merged");
        drop(places);
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0);
    }
}
