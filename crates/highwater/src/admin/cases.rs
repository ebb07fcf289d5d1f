//! The list of cases.

use askama::Template;
use model::Stamp;
use service::admin::{Reply, Visit};
use state::CaseKey;

use super::frame::{Frame, filters, render};
use super::pager::{self, Pager};
use super::read;
use crate::commands::event_cases;
use crate::commands::report::options;
use crate::desk::Desk;
use crate::failure::Failure;
use crate::output::Format;

/// Cases read at once.
const PAGE: usize = 500;

#[derive(Template)]
#[template(path = "admin/cases.html")]
struct Cases {
    frame: Frame,
    total: u64,
    all: bool,
    rows: Vec<Row>,
    pager: Pager,
}

struct Row {
    name: String,
    kind: &'static str,
    about: String,
    since: String,
    standing: String,
}

pub(super) async fn page(desk: Desk, visit: Visit, now: Stamp) -> Result<Reply, Failure> {
    read(move || {
        let (asked, all) = (pager::asked(&visit.query), visit.query.get("all") == Some("yes"));
        let (page, mut rows, more) = match rows(&desk, all, pager::before(asked))? {
            Page::Holds(found, more) => (asked, found, more),
            // Cases were closed meanwhile: the last page that there is now.
            Page::Beyond(entries) => {
                let last = pager::last_of(entries);
                match rows(&desk, all, pager::before(last))? {
                    Page::Holds(found, more) => (last, found, more),
                    Page::Beyond(_) => (last, Vec::new(), false),
                }
            }
        };
        let events = if page == 1 { of_events(&desk)? } else { Vec::new() };
        let total = desk.state.case_counts()?.values().sum::<u64>() + events.len() as u64;
        rows.splice(0..0, events);
        let query = if all { "all=yes&" } else { "" };
        let frame = Frame::of(&desk, "Cases", "/cases", visit.token).made(now);
        let pager = Pager::new(page, more, ("/cases", query), "cases list --all");
        Ok(Reply::page(render(&Cases { frame, total, all, rows, pager })))
    })
    .await
}

/// Events that wait for a person, by reason: before the others on the first page, for there are few reasons.
fn of_events(desk: &Desk) -> Result<Vec<Row>, Failure> {
    let lines = event_cases::lines(&desk.config)?;
    let row = |line: report::cases::Further| Row {
        name: line.name,
        kind: line.kind,
        about: line.about,
        since: line.since.to_seconds_text(),
        standing: String::new(),
    };
    Ok(lines.into_iter().take(pager::ENTRIES).map(row).collect())
}

/// What there is of a list at one page.
enum Page {
    /// These, and whether there are more.
    Holds(Vec<Row>, bool),
    /// The list ends before it, after so many.
    Beyond(usize),
}

/// One page of them.
fn rows(desk: &Desk, all: bool, before: usize) -> Result<Page, Failure> {
    let mut wanted = options(&desk.config, Format::Table, None);
    wanted.with_settled = all;
    let (mut after, mut skip): (Option<CaseKey>, usize) = (None, before);
    let mut rows = Vec::new();
    loop {
        let page = desk.state.cases_page(after.as_ref(), PAGE)?;
        let Some(last) = page.last() else {
            let beyond = rows.is_empty() && before > 0;
            return Ok(if beyond { Page::Beyond(before - skip) } else { Page::Holds(rows, false) });
        };
        after = Some(CaseKey::of(last));
        for case in page.iter().filter(|case| wanted.wants(case)) {
            if skip > 0 {
                skip -= 1;
                continue;
            }
            if rows.len() == pager::ENTRIES {
                return Ok(Page::Holds(rows, true));
            }
            rows.push(Row {
                name: case.name(),
                kind: case.kind.code(),
                about: case.subject.to_string(),
                since: case.opened_at.to_seconds_text(),
                standing: report::evidence(case, &wanted).standing,
            });
        }
    }
}
