//! Most rows of a job fail for one reason: it is not the rows' fault, and nothing more is sent until it is corrected.

use std::collections::HashMap;

use drill::{Branch, met};
use model::{CaseKind, JournalEntry};
use plan::{CycleReport, Fatal, Sides};
use salesforce::record_error::Class;
use salesforce::{RecordError, ResultSet};
use state::Changes;

use super::{CHUNK, Settled};
use crate::spool::Spool;

/// A share of failures only means something from so many rows on.
const CIRCUIT_FROM: u64 = 100;

/// A job went through: whatever stopped all of them before is over.
pub(super) async fn close_cases(sides: &Sides) -> Result<(), Fatal> {
    if sides.state.case_count(CaseKind::Systemic)? == 0 {
        return Ok(());
    }
    let mut changes = Changes::new();
    let mut after = None;
    loop {
        let page = sides.state.cases_page(after.as_ref(), CHUNK)?;
        let Some(last) = page.last() else { break };
        after = Some(state::CaseKey::of(last));
        for case in page.iter().filter(|case| case.kind == CaseKind::Systemic) {
            changes.close_case(case.kind, &case.subject);
        }
    }
    let _receipt = sides.state.commit(changes).await?;
    Ok(())
}

/// Most rows fail for one reason that is not theirs: nothing more is sent, and the operator is told.
pub(super) fn note(sides: &Sides, report: &mut CycleReport, settled: &mut Settled, code: Option<String>) {
    if let Some(code) = code {
        met(Branch::Circuit);
        settled.circuit_open = true;
        report.notes.push(format!(
            "more than {:.0} % of a job failed with {code}: nothing more is sent in this cycle; correct the cause",
            sides.settings.circuit_share * 100.0
        ));
    }
}

/// The systemic code of a job's file of refused rows.
pub(super) async fn code_of_file(
    sides: &Sides,
    entry: &JournalEntry,
    spool: &Spool,
) -> Result<Option<String>, Fatal> {
    let mut counts: HashMap<String, u64> = HashMap::new();
    let mut reader = sides.org.read_results(&spool.failed, ResultSet::Failed).await?;
    while let Some(row) = reader.next_row().await? {
        count_permanent(&mut counts, row.error.as_ref());
    }
    Ok(most_frequent(sides, entry.rows, counts))
}

/// The same of rows that were answered one by one.
pub(super) fn code_of<'a>(
    sides: &Sides,
    rows: u64,
    errors: impl Iterator<Item = &'a RecordError>,
) -> Option<String> {
    let mut counts: HashMap<String, u64> = HashMap::new();
    for error in errors {
        count_permanent(&mut counts, Some(error));
    }
    most_frequent(sides, rows, counts)
}

fn count_permanent(counts: &mut HashMap<String, u64>, error: Option<&RecordError>) {
    if let Some(error) = error.filter(|error| matches!(error.class(), Class::Permanent)) {
        *counts.entry(error.code().as_str().to_owned()).or_default() += 1;
    }
}

/// The permanent error that so many rows share that it cannot be the rows' fault.
fn most_frequent(sides: &Sides, rows: u64, counts: HashMap<String, u64>) -> Option<String> {
    #[allow(clippy::cast_precision_loss)] // a share of at most 100,000 rows
    let share = |count: u64| count as f64 / rows.max(1) as f64;
    counts
        .into_iter()
        .filter(|(_, count)| *count >= CIRCUIT_FROM && share(*count) > sides.settings.circuit_share)
        .max_by_key(|(_, count)| *count)
        .map(|(code, _)| code)
}
