//! Opening and closing cases.

use model::{Case, CaseKind, Subject};

use crate::cases::{CaseKey, MAX_KINDS, case_prefix};
use crate::conflicts::cut;
use crate::draft::Draft;
use crate::error::Fatal;
use crate::record;
use crate::store::Scan;

/// The largest a case may grow, in bytes of its text.
const MAX_CASE: usize = 48 * 1024;
/// The most records shown side by side.
const MAX_RECORDS: usize = 12;
/// The longest field value once a case is too large.
const MAX_FIELD: usize = 256;

impl Draft<'_> {
    pub(super) fn open_case(&mut self, case: Case) -> Result<(), Fatal> {
        let mut case = bounded(case);
        let slot = self.cases.slot(self.store, &CaseKey::of(&case))?;
        if let Some(open) = slot {
            case.opened_at = open.opened_at;
        }
        *slot = Some(case);
        Ok(())
    }

    pub(super) fn close_case(&mut self, kind: CaseKind, subject: &Subject) -> Result<(), Fatal> {
        let key = CaseKey { subject: subject.clone(), kind };
        if self.cases.slot(self.store, &key)?.take().is_some() {
            self.receipt.closed += 1;
        }
        Ok(())
    }

    pub(super) fn close_cases_of(&mut self, subject: &Subject) -> Result<(), Fatal> {
        let prefix = case_prefix(subject);
        let stored = record::page::<Case>(self.store, Scan { prefix: &prefix, after: None }, MAX_KINDS)?;
        let opened = self.cases.iter().map(|(key, _)| key).filter(|key| key.subject == *subject);
        let mut kinds: Vec<CaseKind> = opened.map(|key| key.kind).collect();
        kinds.extend(stored.iter().map(|(_, case)| case.kind));
        for kind in kinds {
            self.close_case(kind, subject)?;
        }
        Ok(())
    }
}

/// Makes a case fit into one record: first fewer records, then shorter values, always visibly.
fn bounded(mut case: Case) -> Case {
    if case.records.len() > MAX_RECORDS {
        case.reasons.push(format!("records_shown={MAX_RECORDS}_of_{}", case.records.len()));
        case.records.truncate(MAX_RECORDS);
    }
    let size = |case: &Case| {
        let fields = case.records.iter().flat_map(|record| &record.fields);
        fields.map(|(name, value)| name.len() + 2 * value.len() + 8).sum::<usize>()
    };
    if size(&case) > MAX_CASE {
        for (_, value) in case.records.iter_mut().flat_map(|record| &mut record.fields) {
            cut(value, MAX_FIELD);
        }
    }
    while size(&case) > MAX_CASE && case.records.pop().is_some() {}
    case
}
