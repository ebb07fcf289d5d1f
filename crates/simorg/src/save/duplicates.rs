//! Where the duplicate rules are asked.

use super::{SaveContext, SaveEnv, SaveError, Work};
use crate::id::RecordId;
use crate::record::Draft;
use crate::schema::ObjectSchema;
use crate::settings::Settings;
use crate::store::Store;

/// What the duplicate rules get to see of a save.
#[derive(Clone, Copy)]
pub struct DuplicateQuery<'a> {
    /// Committed data; rows of the same save are not among it.
    pub store: &'a Store,
    /// The org's settings.
    pub settings: &'a Settings,
    /// Who saves, and the duplicate header.
    pub context: &'a SaveContext,
    /// Object being saved.
    pub object: &'a ObjectSchema,
}

/// One row that passed every other check.
#[derive(Clone, Copy)]
pub struct Candidate<'a> {
    /// The record, unless it is new.
    pub id: Option<RecordId>,
    /// Values as they would be stored.
    pub draft: &'a Draft,
    /// Indexes of the fields this save changes; all given ones for a new record.
    pub changed: &'a [u16],
}

/// A match that was let through and is to be reported to administrators.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MatchReport {
    /// Developer name of the duplicate rule.
    pub rule: String,
    /// Records that match.
    pub matches: Vec<RecordId>,
}

/// What the rules say of one row.
#[derive(Clone, Debug, PartialEq)]
pub enum Finding {
    /// Save it; leave these reports.
    Pass(Vec<MatchReport>),
    /// Refuse it.
    Refuse(SaveError),
}

/// The duplicate rules: one finding per candidate, in order.
pub type DuplicateCheck = fn(&DuplicateQuery<'_>, &[Candidate<'_>]) -> Vec<Finding>;

/// Asks the rules once for all rows of a save.
pub(super) fn check(
    store: &Store,
    env: &SaveEnv<'_>,
    context: &SaveContext,
    object: &str,
    works: &mut [Work],
) {
    let (Some(check), Some(schema)) = (env.check, store.schema(object)) else { return };
    let query = DuplicateQuery { store, settings: env.settings, context, object: schema };
    let passing = || works.iter().enumerate().filter(|(_, work)| work.passes());
    let rows: Vec<usize> = passing().map(|(row, _)| row).collect();
    let candidates: Vec<Candidate<'_>> =
        passing().map(|(_, w)| Candidate { id: w.id, draft: &w.draft, changed: &w.changed }).collect();
    if candidates.is_empty() {
        return;
    }
    let findings = check(&query, &candidates);
    for (row, finding) in rows.into_iter().zip(findings) {
        let Some(work) = works.get_mut(row) else { continue };
        match finding {
            Finding::Pass(reports) => work.reports = reports,
            Finding::Refuse(error) => work.errors.push(error),
        }
    }
}
