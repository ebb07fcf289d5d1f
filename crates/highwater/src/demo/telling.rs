//! What happened, in words and numbers.

use std::fmt::Write;

use plan::{CycleReport, RowCounts};

/// A number as people read it: `12,345`.
#[must_use]
pub fn number(count: u64) -> String {
    let digits = count.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// `rows sent 12 = 10 saved + 2 refused + 0 not processed + 0 unknown`.
#[must_use]
pub fn rows(rows: &RowCounts) -> String {
    format!(
        "rows sent {} = {} saved + {} refused + {} not processed + {} unknown",
        number(rows.sent),
        number(rows.succeeded),
        number(rows.failed),
        number(rows.unprocessed),
        number(rows.unknown)
    )
}

/// The cycle in a few lines, each indented.
#[must_use]
pub fn cycle(report: &CycleReport) -> String {
    let mut text = format!("   {} people looked at:\n", number(report.selected));
    for (code, count) in &report.outcomes {
        let _ = writeln!(text, "     {:>7}  {code}", number(*count));
    }
    let _ = writeln!(text, "   {} (jobs: {})", rows(&report.rows), number(report.jobs));
    let _ = write!(text, "   supporter rows written: {}", number(report.supporter_writes));
    if report.overwrites > 0 {
        let _ = write!(text, "; fields both sides had changed: {}", number(report.overwrites));
    }
    if report.duplicates_refused > 0 {
        let (refused, linked) = (number(report.duplicates_refused), number(report.duplicates_linked));
        let _ = write!(text, "; refused as duplicates: {refused}, linked then: {linked}");
    }
    let tenths = report.duration_ms.div_ceil(100);
    let _ = writeln!(
        text,
        "\n   API calls: {}; time: {}.{} s",
        number(report.api_calls),
        tenths / 10,
        tenths % 10
    );
    for note in &report.notes {
        let _ = writeln!(text, "   note: {note}");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_grouped_by_thousands() {
        let texts = [0, 999, 1_000, 12_345, 1_234_567].map(number);
        assert_eq!(texts, ["0", "999", "1,000", "12,345", "1,234,567"]);
    }

    #[test]
    fn the_rows_are_told_as_a_sum() {
        let counts = RowCounts { sent: 1_200, succeeded: 1_190, failed: 7, unprocessed: 2, unknown: 1 };
        assert_eq!(rows(&counts), "rows sent 1,200 = 1,190 saved + 7 refused + 2 not processed + 1 unknown");
    }
}
