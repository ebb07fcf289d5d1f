//! One case: its evidence, and the choices.

use askama::Template;
use http::StatusCode;
use model::{Case, Way};
use report::evidence::Evidence;
use service::admin::{Refused, Reply};

use super::frame::{Frame, filters, render};
use super::{read, refused_page};
use crate::commands::cases::find;
use crate::commands::event_cases::{self, EventCase, Reason};
use crate::commands::report::options;
use crate::desk::Desk;
use crate::failure::Failure;
use crate::output::{Format, Sheet};

#[derive(Template)]
#[template(path = "admin/case.html")]
struct CasePage {
    frame: Frame,
    problem: Option<String>,
    name: String,
    advice: String,
    reasons: String,
    since: String,
    last_seen: String,
    evidence: Evidence,
    choices: Vec<Choice>,
    case: Case,
}

#[derive(Template)]
#[template(path = "admin/event_case.html")]
struct EventCasePage {
    frame: Frame,
    problem: Option<String>,
    name: String,
    sheet: Sheet,
}

/// A choice as the page offers it.
struct Choice {
    way: Way,
    word: &'static str,
    title: &'static str,
    button: &'static str,
    effect: &'static str,
}

impl Choice {
    const fn of(way: Way) -> Self {
        let (word, title, button) = match way {
            Way::Link => ("link", "They are one person", "Link them"),
            Way::Separate => ("separate", "They are different people", "Keep them apart"),
            Way::Take => ("take", "One side's value counts", "Take it"),
            Way::CreateAnew => ("create", "Make the Contact anew", "Make it anew"),
            Way::Leave => ("leave", "Leave it so", "Leave it"),
            Way::Retry => ("retry", "Try again", "Try again"),
            Way::Unlink => ("unlink", "They are different people", "End the link"),
        };
        Self { way, word, title, button, effect: way.effect() }
    }

    fn asks_whom(&self) -> bool {
        self.way == Way::Link
    }

    fn asks_fields(&self) -> bool {
        self.way == Way::Take
    }
}

/// The page of a case, with what was wrong about the last decision, if anything was.
pub(super) async fn page(
    desk: Desk,
    name: String,
    token: String,
    problem: Option<String>,
) -> Result<Reply, Failure> {
    read(move || {
        let status = if problem.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
        let frame = Frame::of(&desk, format!("Case {name}"), "/cases", token);
        let html = match event_cases::find(&desk.config, &name)? {
            Some((reason, case)) => render(&event_page(frame, problem, name, (&reason, &case))),
            None => match find(&desk, &name) {
                Ok(case) => render(&case_page(&desk, frame, problem, case)),
                Err(Failure::Arguments { .. }) => return Ok(refused_page(Refused::NoSuchPage)),
                Err(failure) => return Err(failure),
            },
        };
        Ok(Reply::Page { status, html })
    })
    .await
}

fn event_page(
    frame: Frame,
    problem: Option<String>,
    name: String,
    case: (&Reason, &EventCase),
) -> EventCasePage {
    EventCasePage { frame, problem, name, sheet: event_cases::facts(case.0, case.1) }
}

fn case_page(desk: &Desk, frame: Frame, problem: Option<String>, case: Case) -> CasePage {
    CasePage {
        frame,
        problem,
        name: case.name(),
        advice: case.advice().into_owned(),
        reasons: case.reasons.join("; "),
        since: case.opened_at.to_seconds_text(),
        last_seen: case.seen_at.to_seconds_text(),
        evidence: report::evidence(&case, &options(&desk.config, Format::Table, None)),
        choices: case.kind.ways().iter().map(|way| Choice::of(*way)).collect(),
        case,
    }
}
