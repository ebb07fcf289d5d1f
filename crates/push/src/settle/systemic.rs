//! Most rows of a job fail for one reason: it is not the rows' fault, and nothing more is sent until it is corrected.

use std::collections::{HashMap, HashSet};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use drill::{Branch, met};
use model::{Case, CaseKind, JournalEntry, Standing, Subject};
use plan::{CycleReport, Fatal, Moment, Sides};
use salesforce::record_error::Class;
use salesforce::{ErrorCode, RecordError, ResultSet};
use state::Changes;

use super::{Settled, Suspect};
use crate::spool::Spool;

/// Most rows fail for one reason that is not theirs: nothing more is sent, and the operator is told.
pub(super) fn note(sides: &Sides, report: &mut CycleReport, settled: &mut Settled, together: &Together) {
    if let Some(code) = &together.systemic {
        met(Branch::Circuit);
        settled.circuit_open = true;
        report.note(format!(
            "more than {:.0} % of a job failed with {code}: nothing more is sent in this cycle; correct the cause",
            sides.settings.circuit_share * 100.0
        ));
    }
}

/// Nobody gets past what the org runs on each save: nothing more is sent, nobody is blocked, and the operator is told once.
pub(crate) async fn open_circuit(
    sides: &Sides,
    report: &mut CycleReport,
    suspect: &Suspect,
    at: Moment,
) -> Result<(), Fatal> {
    met(Branch::Circuit);
    let mut changes = Changes::new();
    changes.open_case(Case {
        kind: CaseKind::Systemic,
        subject: Subject::Supporter(suspect.supporter.clone()),
        supporters: vec![suspect.supporter.clone()],
        contacts: Vec::new(),
        reasons: vec![suspect.code.clone()],
        records: Vec::new(),
        opened_at: at.now,
        seen_at: at.now,
        standing: Standing::default(),
    });
    let _receipt = sides.state.commit(changes).await?;
    report.note(format!(
        "a trigger or flow of the org refuses everybody with {}: nothing more is sent in this cycle; correct the cause",
        suspect.code
    ));
    Ok(())
}

/// What the refusals of one job say when they are looked at together.
#[derive(Debug, Default)]
pub(super) struct Together {
    /// The code of the permanent error that so many rows share that it cannot be the rows' fault.
    systemic: Option<String>,
    /// Digests of the words that several rows were refused with by what the org runs on each save.
    shared: HashSet<u64>,
}

/// Rows by code, and by the words of whatever fails a transaction.
#[derive(Default)]
struct Counts {
    codes: HashMap<String, u64>,
    words: HashMap<u64, u64>,
}

impl Counts {
    fn count(&mut self, error: &RecordError) {
        if !matches!(error.class(), Class::Permanent) {
            return;
        }
        let words = fails_a_transaction(error).then(|| words_of(error));
        match words {
            Some(words) => *self.words.entry(words).or_default() += 1,
            None => *self.codes.entry(error.code().as_str().to_owned()).or_default() += 1,
        }
    }

    fn together(self, sides: &Sides, rows: u64) -> Together {
        let shared = self.words.into_iter().filter(|(_, rows)| *rows > 1).map(|(words, _)| words).collect();
        Together { systemic: plan::systemic::most_frequent(&sides.settings, rows, self.codes), shared }
    }
}

impl Together {
    /// Of a job's file of refused rows.
    pub(super) async fn of_file(sides: &Sides, entry: &JournalEntry, spool: &Spool) -> Result<Self, Fatal> {
        let mut counts = Counts::default();
        let mut reader = sides.org.read_results(&spool.failed, ResultSet::Failed).await?;
        while let Some(row) = reader.next_row().await? {
            row.error.iter().for_each(|error| counts.count(error));
        }
        Ok(counts.together(sides, entry.rows))
    }

    /// Of rows that were answered one by one.
    pub(super) fn of<'a>(sides: &Sides, rows: u64, errors: impl Iterator<Item = &'a RecordError>) -> Self {
        let mut counts = Counts::default();
        errors.for_each(|error| counts.count(error));
        counts.together(sides, rows)
    }

    /// Whether most rows fail so.
    pub(super) fn is_systemic(&self, error: &RecordError) -> bool {
        self.systemic.as_deref() == Some(error.code().as_str())
    }

    /// Whether the row may have failed for another's sake.
    pub(super) fn fails_the_transaction(&self, error: &RecordError) -> bool {
        fails_a_transaction(error) && self.shared.contains(&words_of(error))
    }
}

/// What triggers and flows answer with when they end in an exception of their own. A validation rule answers for one row.
const fn fails_a_transaction(error: &RecordError) -> bool {
    matches!(error.code(), ErrorCode::CannotInsertUpdateActivateEntity | ErrorCode::CannotExecuteFlowTrigger)
}

fn words_of(error: &RecordError) -> u64 {
    let mut hasher = DefaultHasher::new();
    (error.code().as_str(), error.message()).hash(&mut hasher);
    hasher.finish()
}
