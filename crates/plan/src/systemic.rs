//! One reason for which most records are refused: it is not theirs, nobody is set aside for it, and nothing more goes to the side that
//! refuses until it is corrected.

use std::collections::HashMap;
use std::hash::Hash;

use model::{Case, CaseKind, ContactId, Side, Stamp, Subject, SupporterId};
use state::{CaseKey, Changes};

use crate::{Fatal, Settings, Sides};

/// A share of failures only means something from so many records on.
const FROM: u64 = 100;

/// How many cases are looked at together.
const PAGE: usize = 1_000;

/// Among the reasons of a case: it is the supporter database that refuses. Without it, it is the org.
const SUPPORTER_DATABASE: &str = "supporter_database";

/// The permanent error that so many of `records` share that it cannot be theirs.
#[must_use]
pub fn most_frequent<C: Hash + Eq>(settings: &Settings, records: u64, counts: HashMap<C, u64>) -> Option<C> {
    #[allow(clippy::cast_precision_loss)] // a share of at most 100,000 records
    let share = |count: u64| count as f64 / records.max(1) as f64;
    counts
        .into_iter()
        .filter(|(_, count)| *count >= FROM && share(*count) > settings.circuit_share)
        .max_by_key(|(_, count)| *count)
        .map(|(code, _)| code)
}

/// The case of the supporter database, under the first of those it refuses.
#[must_use]
pub fn of_the_supporter_database(
    supporter: Option<&SupporterId>,
    contact: Option<ContactId>,
    code: &str,
    now: Stamp,
) -> Option<Case> {
    let subject = supporter.cloned().map(Subject::Supporter).or(contact.map(Subject::Contact))?;
    Some(Case {
        kind: CaseKind::Systemic,
        subject,
        supporters: supporter.cloned().into_iter().collect(),
        contacts: contact.into_iter().collect(),
        reasons: vec![code.to_owned(), SUPPORTER_DATABASE.to_owned()],
        records: Vec::new(),
        opened_at: now,
        seen_at: now,
        standing: model::Standing::default(),
    })
}

/// A side takes what it is given: whatever stopped all of it before is over.
///
/// # Errors
/// [`Fatal`] when the state fails.
pub async fn close_cases(sides: &Sides, side: Side) -> Result<(), Fatal> {
    if sides.state.case_count(CaseKind::Systemic)? == 0 {
        return Ok(());
    }
    let mut changes = Changes::new();
    let mut after = None;
    loop {
        let page = sides.state.cases_page(after.as_ref(), PAGE)?;
        let Some(last) = page.last() else { break };
        after = Some(CaseKey::of(last));
        for case in page.iter().filter(|case| case.kind == CaseKind::Systemic && refused_by(case) == side) {
            changes.close_case(case.kind, &case.subject);
        }
    }
    if !changes.is_empty() {
        let _receipt = sides.state.commit(changes).await?;
    }
    Ok(())
}

fn refused_by(case: &Case) -> Side {
    if case.reasons.iter().any(|reason| reason == SUPPORTER_DATABASE) {
        Side::Supporter
    } else {
        Side::Salesforce
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_few_refusals_are_their_own_and_many_of_one_kind_are_nobodys() {
        let settings = Settings { circuit_share: 0.2, ..Settings::default() };
        let common = |records, counts: &[(&'static str, u64)]| {
            most_frequent(&settings, records, counts.iter().copied().collect())
        };
        assert_eq!(common(99, &[("trigger", 99)]), None);
        assert_eq!(common(500, &[("trigger", 100)]), None);
        assert_eq!(common(499, &[("trigger", 100), ("unique", 99)]), Some("trigger"));
        assert_eq!(common(1_000, &[("trigger", 300), ("unique", 400)]), Some("unique"));
    }
}
