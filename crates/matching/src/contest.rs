//! Two supporters of one run that chose the same Contact.

use std::collections::HashMap;
use std::hash::Hash;

use crate::choose::Rank;

/// One supporter's claim on a Contact.
#[derive(Clone, Debug)]
pub struct Claim<C> {
    /// The Contact, by whatever names it (its Id).
    pub contact: C,
    /// How well it fits that supporter.
    pub rank: Rank,
}

/// What becomes of a claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Award {
    /// Nobody claims the Contact with an equal or higher rank: link it.
    Kept,
    /// Another supporter fits better and keeps it.
    Lost,
    /// Another supporter fits as well: nobody is linked, all of them go to the report.
    Contested,
}

/// Settles the claims of one run. The answer has one award per claim, in the same order.
pub fn settle_claims<C: Eq + Hash>(claims: &[Claim<C>]) -> Vec<Award> {
    let mut best: HashMap<&C, (Rank, usize)> = HashMap::with_capacity(claims.len());
    for claim in claims {
        let top = best.entry(&claim.contact).or_insert((claim.rank, 0));
        if claim.rank > top.0 {
            *top = (claim.rank, 1);
        } else if claim.rank == top.0 {
            top.1 += 1;
        }
    }
    let award = |claim: &Claim<C>| match best.get(&claim.contact) {
        Some((rank, 1)) if *rank == claim.rank => Award::Kept,
        Some((rank, _)) if *rank == claim.rank => Award::Contested,
        Some(_) | None => Award::Lost,
    };
    claims.iter().map(award).collect()
}
