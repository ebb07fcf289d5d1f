//! The people of a benchmark: the demo's generator, with as many as asked for on each side. The same every time.

use crate::demo::bundled;
use crate::demo::people::{Contact, People, Supporter, Twins};

/// Where made-up people's ids begin.
const FIRST: i64 = 10_000;
const SEED: u64 = 1;

/// Supporters with or without a Contact of their own.
pub fn supporters(sources: &[Twins], count: usize) -> impl Iterator<Item = Supporter> + '_ {
    People::new(sources, SEED, FIRST).filter_map(|twins| twins.supporter).take(count)
}

/// People who are in both.
pub fn pairs(sources: &[Twins], count: usize) -> impl Iterator<Item = (Supporter, Contact)> + '_ {
    People::new(sources, SEED, FIRST).filter_map(|twins| Some((twins.supporter?, twins.contact?))).take(count)
}

/// What the made-up people are mixed from.
#[must_use]
pub fn sources() -> Vec<Twins> {
    bundled::people()
}
