//! Inputs that are almost right: pieces of a corpus, bent, cut, doubled and spliced. The same for the same seed.

use std::panic::{AssertUnwindSafe, catch_unwind};

/// What parsers stumble over.
const TOKENS: &[&[u8]] = &[
    b"",
    b"\0",
    b"\"",
    b"\"\"",
    b"'",
    b"\\",
    b"\r\n",
    b"\n",
    b",",
    b"{",
    b"}",
    b"[",
    b"]",
    b":",
    b"null",
    b"-1",
    b"1e999",
    b"18446744073709551616",
    b"\xff\xfe",
    b"\xed\xa0\x80",
    b"\xef\xbb\xbf",
    b"#N/A",
    b"<html>",
    b"\x1b[31m",
    b"../",
    b"%2e%2e",
    b"@",
    b"//",
    b"https://",
    b"9999-12-31T23:59:59Z",
    b"-9999",
    b"\xe2\x80\xae",
    b"\xf0\x9f\x98\x80",
];

/// A stream of chances.
pub struct Chance(u64);

impl Chance {
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// Below `end`; 0 where `end` is 0.
    pub fn below(&mut self, end: usize) -> usize {
        if end == 0 { 0 } else { usize::try_from(self.next() % end as u64).expect("it is below a usize") }
    }
}

fn mutate(bytes: &mut Vec<u8>, other: &[u8], chance: &mut Chance) {
    for _ in 0..=chance.below(6) {
        let at = chance.below(bytes.len() + 1);
        let end = (at + chance.below(24)).min(bytes.len());
        match chance.below(8) {
            0 if at < bytes.len() => bytes[at] ^= 1 << chance.below(8),
            1 => bytes.insert(at, u8::try_from(chance.below(256)).expect("a byte")),
            2 => drop(bytes.drain(at..end)),
            3 => {
                let piece = bytes[at..end].to_vec();
                bytes.splice(at..at, piece);
            }
            4 => drop(bytes.splice(at..end, TOKENS[chance.below(TOKENS.len())].iter().copied())),
            5 => {
                let from = chance.below(other.len() + 1);
                let to = (from + chance.below(64)).min(other.len());
                bytes.splice(at..end, other[from..to].iter().copied());
            }
            6 => bytes.truncate(at),
            _ => bytes
                .extend(std::iter::repeat_n(TOKENS[chance.below(TOKENS.len())], chance.below(40)).flatten()),
        }
    }
    bytes.truncate(64 * 1024);
}

fn number(name: &str, otherwise: u64) -> u64 {
    std::env::var(name).ok().map_or(otherwise, |text| text.parse().expect("a number"))
}

/// Shows a target the corpus as it is, then `HIGHWATER_FUZZ_CASES` (2,000) bent pieces of it, from `HIGHWATER_FUZZ_SEED`.
///
/// # Panics
/// When the target does, with what it was shown.
pub fn fuzz(name: &str, corpus: &[&[u8]], mut target: impl FnMut(&[u8])) {
    let (cases, seed) = (number("HIGHWATER_FUZZ_CASES", 2_000), number("HIGHWATER_FUZZ_SEED", 1));
    let mut chance = Chance::new(
        seed ^ name.bytes().fold(7, |sum: u64, byte| sum.wrapping_mul(31).wrapping_add(u64::from(byte))),
    );
    for case in 0..cases {
        let entry = usize::try_from(case).unwrap_or(usize::MAX);
        let mut input =
            corpus.get(entry).copied().unwrap_or_else(|| corpus[chance.below(corpus.len())]).to_vec();
        if entry >= corpus.len() {
            let other = corpus[chance.below(corpus.len())];
            mutate(&mut input, other, &mut chance);
        }
        if catch_unwind(AssertUnwindSafe(|| target(&input))).is_err() {
            panic!("{name}, case {case} of seed {seed}: {:?}", String::from_utf8_lossy(&input));
        }
    }
}
