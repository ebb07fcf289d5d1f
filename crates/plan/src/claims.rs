//! Several supporters of one batch that found the same Contact: whose is it?

use std::collections::HashMap;

use model::{CaseKind, ContactId, Evidence, Supporter};

use crate::Found;

/// Two supporters of one batch that found the same Contact: the better evidence keeps it, equal evidence is a case for both.
pub(crate) fn one_supporter_each(supporters: &[&Supporter], found: &mut [Found]) {
    let mut claims: HashMap<ContactId, Vec<usize>> = HashMap::with_capacity(found.len());
    for (at, one) in found.iter().enumerate() {
        if let Found::One(seen, _) = one {
            claims.entry(seen.id()).or_default().push(at);
        }
    }
    for claimants in claims.into_values().filter(|claimants| claimants.len() > 1) {
        let ranks: Vec<u8> = claimants.iter().map(|&at| rank(&found[at])).collect();
        let best = ranks.iter().copied().max().unwrap_or(0);
        let winners = ranks.iter().filter(|&&rank| rank == best).count();
        let mut all: Vec<String> =
            claimants.iter().map(|&at| format!("claimed_by:{}", supporters[at].id)).collect();
        all.sort();
        for (&at, rank) in claimants.iter().zip(ranks) {
            if winners == 1 && rank == best {
                continue;
            }
            let Found::One(seen, _) = &found[at] else { continue };
            let contacts = vec![(**seen).clone()];
            // Names and addresses alone say that the two are one person; an Id says that somebody took them for one.
            let alike = best <= rank_of_names("exact") && winners > 1;
            let kind = if alike { CaseKind::SupporterMergeNeeded } else { CaseKind::TwoSupportersOneContact };
            found[at] = Found::Case { kind, contacts, reasons: all.clone() };
        }
    }
}

fn rank(found: &Found) -> u8 {
    let Found::One(_, evidence) = found else { return 0 };
    match evidence {
        Evidence::Administrator => 9,
        Evidence::StoredContactId => 8,
        Evidence::MergedFrom { .. } | Evidence::SupporterMerged { .. } => 7,
        Evidence::ExternalId => 6,
        Evidence::CreatedContact | Evidence::CreatedSupporter => 5,
        Evidence::EmailAndName { strength, .. } | Evidence::DuplicateRule { strength, .. } => {
            rank_of_names(strength)
        }
    }
}

fn rank_of_names(strength: &str) -> u8 {
    match strength {
        "exact" => 4,
        "strong" => 3,
        "probable" => 2,
        _ => 1,
    }
}
