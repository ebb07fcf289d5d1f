//! How many cases are open, and how many of them wait for nobody, because somebody decided them or put them off.

use std::collections::BTreeMap;

use model::{CaseKind, Stamp};
use state::State;

use crate::failure::Failure;

/// Both numbers of each kind that has any.
#[derive(Debug, Default)]
pub struct CaseCounts(BTreeMap<CaseKind, (u64, u64)>);

impl CaseCounts {
    /// As of this moment.
    ///
    /// # Errors
    /// When the state cannot be read.
    pub fn of(state: &State, now: Stamp) -> Result<Self, Failure> {
        let aside = state.cases_aside(now)?;
        let of = |(kind, open): (CaseKind, u64)| (kind, (open, aside.get(&kind).copied().unwrap_or(0)));
        Ok(Self(state.case_counts()?.into_iter().filter(|(_, open)| *open > 0).map(of).collect()))
    }

    /// Each kind: how many are open, and how many of them wait for nobody.
    pub fn each(&self) -> impl Iterator<Item = (CaseKind, u64, u64)> {
        self.0.iter().map(|(kind, (open, aside))| (*kind, *open, *aside))
    }

    /// All of them, and those among them that wait for nobody.
    #[must_use]
    pub fn all(&self) -> (u64, u64) {
        self.each().fold((0, 0), |(open, aside), (_, more, of)| (open + more, aside + of))
    }
}

/// `12`, or `12, of them 3 put off or decided`.
#[must_use]
pub fn how_many(open: u64, aside: u64) -> String {
    if aside == 0 { open.to_string() } else { format!("{open}, of them {aside} put off or decided") }
}
