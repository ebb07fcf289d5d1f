//! The three result sets of an ingest job.

use super::columns::Columns;
use super::csv::CsvTable;
use super::format::JobState;
use super::ingest::{Course, IngestJob, Outcome};
use super::spec::IngestSpec;
use crate::random::Random;
use crate::save::SaveError;
use crate::settings::BulkSettings;
use crate::soql::push_quoted;

/// Which result set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ResultSet {
    Successful,
    Failed,
    Unprocessed,
}

/// The errors of a row in `sf__Error`: `CODE:message:FIELDS --`, one after the other; without fields the tail is
/// `:--` (official sample and public transcripts).
pub(crate) fn error_text(errors: &[SaveError]) -> String {
    let mut text = String::new();
    for error in errors {
        text.push_str(error.status_code);
        text.push(':');
        text.push_str(&error.message);
        text.push(':');
        text.push_str(&error.fields.join(","));
        text.push_str(if error.fields.is_empty() { "--" } else { " --" });
    }
    text
}

/// Writes one result set. The order of rows and columns follows the switches, not the upload.
pub(crate) fn write(job: &IngestJob, set: ResultSet, settings: &BulkSettings) -> String {
    let course = job.course();
    let Some(table) = course.table.clone() else { return unread(&course, set) };
    let key = course.columns.as_ref().and_then(|c| c.key_column());
    let sorted = settings.sort_columns && set != ResultSet::Unprocessed;
    let writer = Writer {
        spec: &job.spec,
        table: &table,
        columns: order_of_columns(&table, sorted),
        key,
        bound: course.columns.as_deref().filter(|_| settings.blank_miscased_columns),
        settings,
    };
    let mut out = writer.header(set);
    match set {
        ResultSet::Unprocessed => {
            // "Results are not recorded for batches that exceed the daily batch allocation" (Bulk guide v66, "Get Job Unprocessed Record
            // Results").
            let unrecorded = course.error.as_deref().is_some_and(|text| text.starts_with("ExceededQuota"));
            if course.state != JobState::JobComplete && !unrecorded {
                (course.outcomes.len()..table.rows()).for_each(|row| writer.row(row, &mut out));
            }
        }
        ResultSet::Successful | ResultSet::Failed => {
            let mut rows: Vec<usize> = (0..course.outcomes.len()).collect();
            if settings.reorder {
                // Seeded by the job, so that a result set read twice is the same.
                Random::new(job.number.wrapping_mul(0x5851_f42d_4c95_7f2d)).shuffle(&mut rows);
            }
            for row in rows {
                writer.outcome(set, row, &course.outcomes[row], &mut out);
            }
        }
    }
    out
}

/// Data that could not be read at all: everything is unprocessed, as uploaded.
fn unread(course: &Course, set: ResultSet) -> String {
    match set {
        ResultSet::Unprocessed => String::from_utf8_lossy(&course.data).into_owned(),
        ResultSet::Successful => "\"sf__Id\",\"sf__Created\"\n".to_owned(),
        ResultSet::Failed => "\"sf__Id\",\"sf__Error\"\n".to_owned(),
    }
}

fn order_of_columns(table: &CsvTable, sorted: bool) -> Vec<usize> {
    let names: Vec<&str> = table.header().collect();
    let mut columns: Vec<usize> = (0..names.len()).collect();
    if sorted {
        columns.sort_by_key(|column| names[*column]);
    }
    columns
}

struct Writer<'w> {
    spec: &'w IngestSpec,
    table: &'w CsvTable,
    columns: Vec<usize>,
    key: Option<usize>,
    /// Where columns that do not match come back empty: which match.
    bound: Option<&'w Columns>,
    settings: &'w BulkSettings,
}

impl Writer<'_> {
    /// The two `sf__` names are quoted, the names of the data columns are not (Bulk guide v66: sample).
    fn header(&self, set: ResultSet) -> String {
        let delimiter = self.spec.delimiter.character();
        let mut line = match set {
            ResultSet::Successful => format!("\"sf__Id\"{delimiter}\"sf__Created\""),
            ResultSet::Failed => format!("\"sf__Id\"{delimiter}\"sf__Error\""),
            ResultSet::Unprocessed => String::new(),
        };
        let names: Vec<&str> = self.table.header().collect();
        for column in &self.columns {
            if !line.is_empty() {
                line.push(delimiter);
            }
            line.push_str(names[*column]);
        }
        line.push_str(self.spec.line_ending.text());
        line
    }

    fn outcome(&self, set: ResultSet, row: usize, outcome: &Outcome, out: &mut String) {
        let (id, told) = match (set, outcome) {
            (ResultSet::Successful, Outcome::Saved { id, created }) => {
                (Some(id), if *created { "true" } else { "false" })
            }
            (ResultSet::Failed, Outcome::Failed { id, error }) => (id.as_ref(), &**error),
            (ResultSet::Successful | ResultSet::Failed | ResultSet::Unprocessed, _) => return,
        };
        push_quoted(id.map_or("", |id| id.as_str()), out);
        out.push(self.spec.delimiter.character());
        push_quoted(told, out);
        out.push(self.spec.delimiter.character());
        self.row(row, out);
    }

    fn row(&self, row: usize, out: &mut String) {
        for (number, column) in self.columns.iter().enumerate() {
            if number > 0 {
                out.push(self.spec.delimiter.character());
            }
            let matches = self.bound.is_none_or(|bound| bound.is_exact(*column));
            let value = if matches { self.table.get(row, *column) } else { "" };
            match reformatted(value).filter(|_| self.settings.reformat_numbers && Some(*column) != self.key) {
                Some(other) => push_quoted(&other, out),
                None => push_quoted(value, out),
            }
        }
        out.push_str(self.spec.line_ending.text());
    }
}

/// `912260031` came back as `9.12260031E8` (Bulk guide v66: sample of successful results).
fn reformatted(value: &str) -> Option<String> {
    let digits = value.trim_end_matches('0');
    let plain = (8..=17).contains(&value.len()) && value.bytes().all(|b| b.is_ascii_digit());
    if !plain || value.starts_with('0') || digits.is_empty() {
        return None;
    }
    let (first, rest) = digits.split_at(1);
    let rest = if rest.is_empty() { "0" } else { rest };
    Some(format!("{first}.{rest}E{}", value.len() - 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_end_in_the_documented_tails() {
        let required = SaveError::new("REQUIRED_FIELD_MISSING", "Required fields are missing: [LastName]")
            .on("LastName");
        let duplicate = SaveError::new("DUPLICATES_DETECTED", "Use one of these records?");
        let expected = "REQUIRED_FIELD_MISSING:Required fields are missing: [LastName]:LastName --";
        assert_eq!(error_text(std::slice::from_ref(&required)), expected);
        let both = format!("{expected}DUPLICATES_DETECTED:Use one of these records?:--");
        assert_eq!(error_text(&[required, duplicate]), both);
    }

    #[test]
    fn long_digit_strings_turn_scientific() {
        assert_eq!(reformatted("912260031").as_deref(), Some("9.12260031E8"));
        assert_eq!(reformatted("10000000").as_deref(), Some("1.0E7"));
        for kept in ["1234567", "012345678", "12345678a", ""] {
            assert_eq!(reformatted(kept), None, "{kept}");
        }
    }
}
