//! Where the duplicate rules are asked.

use super::{Api, SaveContext, SaveEnv, SaveError, Work};
use crate::duplicate::{Candidate, DuplicateRefusal, Verdict};
use crate::id::RecordId;
use crate::store::Store;

/// A match that was let through and is to be reported to administrators.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct MatchReport {
    /// Developer name of the duplicate rule.
    pub(super) rule: String,
    /// Records that match.
    pub(super) matches: Vec<RecordId>,
}

/// Asks the rules once for all rows of a save.
pub(super) fn check(
    store: &Store,
    env: &SaveEnv<'_>,
    context: &SaveContext,
    object: &str,
    works: &mut [Work],
) {
    let (Some(engine), Some(table)) = (env.duplicates, store.table(object)) else { return };
    let passing = || works.iter().enumerate().filter(|(_, work)| work.passes());
    let rows: Vec<usize> = passing().map(|(row, _)| row).collect();
    let before = |work: &Work| work.slot.and_then(|slot| table.at(slot));
    let candidates: Vec<Candidate<'_>> =
        passing().map(|(_, work)| Candidate { draft: &work.draft, before: before(work) }).collect();
    if candidates.is_empty() {
        return;
    }
    let username = username(store, context.user);
    // No header reaches Bulk: an alert refuses there. A person in the user interface sees the alert and saves.
    let allow_save = match context.api {
        Api::Rest => context.duplicates.allow_save,
        Api::Bulk => false,
        Api::Ui | Api::Seed => true,
    };
    let verdicts = engine.check(store, &username, object, allow_save, &candidates);
    for (row, verdict) in rows.into_iter().zip(verdicts) {
        if let Some(work) = works.get_mut(row) {
            take_over(store, env, context, work, verdict);
        }
    }
}

fn take_over(store: &Store, env: &SaveEnv<'_>, context: &SaveContext, work: &mut Work, verdict: Verdict) {
    match verdict.refusal {
        Some(refusal) => work.errors.push(error(store, env, context, &refusal)),
        None => {
            let report = |(rule, matches)| MatchReport { rule, matches };
            work.reports = verdict.reports.into_iter().map(report).collect();
        }
    }
}

fn error(store: &Store, env: &SaveEnv<'_>, context: &SaveContext, refusal: &DuplicateRefusal) -> SaveError {
    let mut error = SaveError::new("DUPLICATES_DETECTED", refusal.message.as_str());
    if context.api == Api::Rest {
        let details = context.duplicates.include_record_details.then_some(store);
        let body = refusal.to_json(&format!("{}.0", context.version), details);
        error.duplicate = Some(Box::new((env.settings.duplicates.result_key.clone(), body)));
    }
    error
}

fn username(store: &Store, user: RecordId) -> String {
    let find = || {
        let table = store.table("User")?;
        let field = table.schema().any_field("Username")?;
        table.get(&user)?.value(field).text()
    };
    find().unwrap_or_default().to_owned()
}
