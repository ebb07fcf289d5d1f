//! A cycle's report, as it is shown.

use plan::CycleReport;
use serde_json::json;

use crate::output::{Answer, Sheet};

/// The report in all forms. Its numbers balance: selected is the sum of the outcomes.
#[must_use]
pub fn answer(report: &CycleReport, dry_run: bool) -> Answer {
    let mut sheets = vec![outcomes(report, dry_run)];
    if !report.links.is_empty() {
        let mut links = Sheet::new("links made", &["evidence", "how many"]);
        for (code, count) in &report.links {
            links.row([code.clone(), count.to_string()]);
        }
        sheets.push(links);
    }
    sheets.push(figures(report));
    if !report.left_out.is_empty() {
        let mut left_out = Sheet::new("left out: changed since the plan was made", &["who"]);
        for subject in &report.left_out {
            left_out.row([subject.to_string()]);
        }
        sheets.push(left_out);
    }
    let mut json = json!(report);
    json["started_at"] = report.started_at.to_string().into();
    Answer { sheets, notes: notes(report), json }
}

fn outcomes(report: &CycleReport, dry_run: bool) -> Sheet {
    let would = if dry_run { "would end" } else { "ended" };
    let title =
        format!("cycle {} ({}): {} selected, {would} as", report.cycle.0, report.mode, report.selected);
    let mut sheet = Sheet::new(&title, &["outcome", "how many"]);
    for (code, count) in &report.outcomes {
        sheet.row([code.clone(), count.to_string()]);
    }
    sheet
}

fn figures(report: &CycleReport) -> Sheet {
    let mut sheet = Sheet::new("figures", &["what", "how many"]);
    let rows = &report.rows;
    let figures = [
        ("found changed", report.discovered),
        ("jobs", report.jobs),
        ("rows sent", rows.sent),
        ("rows saved", rows.succeeded),
        ("rows refused", rows.failed),
        ("rows not processed", rows.unprocessed),
        ("rows of unknown outcome", rows.unknown),
        ("duplicates refused", report.duplicates_refused),
        ("of those linked", report.duplicates_linked),
        ("supporter rows written", report.supporter_writes),
        ("conflicts settled by policy", report.overwrites),
        ("edits overwritten unseen", report.blind_overwrites),
        ("API calls", report.api_calls),
        ("open cases", report.open_cases),
        ("of those put off or decided", report.cases_aside),
        ("still waiting", report.still_dirty),
        ("milliseconds", report.duration_ms),
    ];
    for (what, count) in figures.into_iter().filter(|(_, count)| *count > 0) {
        sheet.row([what.to_owned(), count.to_string()]);
    }
    sheet
}

fn notes(report: &CycleReport) -> Vec<String> {
    let mut notes = report.notes.clone();
    if report.stopped {
        notes.push("stopped early, as it was told; the next cycle goes on from there".to_owned());
    }
    if !report.rows.balance() {
        notes.push("the rows of the jobs do not balance: please report this".to_owned());
    }
    if !report.left_out.is_empty() {
        notes.push("whoever was left out is met by the next cycle, on the values of then".to_owned());
    }
    if report.open_cases > report.cases_aside {
        notes.push("some cases wait for a person: `highwater report merges` shows them".to_owned());
    }
    notes
}
