//! One person: the story, and a resync with before and after.
//!
//! Whom it is about travels in a form and not in an address, which browsers and proxies write down.

use askama::Template;
use http::StatusCode;
use model::SupporterId;
use service::admin::{Act, Reply};

use super::frame::{Frame, filters, render};
use super::{PATIENCE, audit, busy};
use crate::commands::{resync as resync_verb, why};
use crate::desk::Desk;
use crate::failure::Failure;
use crate::output::Sheet;
use crate::selection::{contact_id, supporter_id};

/// What a person may be named by.
const KINDS: [(&str, &str); 3] =
    [("supporter", "supporter id"), ("email", "e-mail address"), ("contact", "Contact Id")];

#[derive(Template)]
#[template(path = "admin/person.html")]
struct PersonPage {
    frame: Frame,
    problem: Option<String>,
    kinds: [(&'static str, &'static str); 3],
    by: String,
    who: String,
    sheets: Vec<Sheet>,
    notes: Vec<String>,
}

impl PersonPage {
    fn is_by(&self, word: &str) -> bool {
        self.by == word
    }
}

/// Whom a form names.
struct Named {
    supporter: Option<SupporterId>,
    contact: Option<model::ContactId>,
    email: Option<String>,
}

pub(super) fn empty(desk: &Desk, token: String) -> String {
    render(&blank(desk, token, "supporter", ""))
}

fn blank(desk: &Desk, token: String, by: &str, who: &str) -> PersonPage {
    PersonPage {
        frame: Frame::of(desk, "One person", "/person", token),
        problem: None,
        kinds: KINDS,
        by: by.to_owned(),
        who: who.to_owned(),
        sheets: Vec::new(),
        notes: Vec::new(),
    }
}

/// Whom a form names, or why it names nobody.
fn named(by: &str, who: &str) -> Result<Named, String> {
    let nobody = Named { supporter: None, contact: None, email: None };
    match by {
        "supporter" => Ok(Named { supporter: Some(supporter_id(who)?), ..nobody }),
        "contact" => Ok(Named { contact: Some(contact_id(who)?), ..nobody }),
        "email" => Ok(Named { email: Some(who.to_owned()), ..nobody }),
        _ => Err("say what the person is known by".to_owned()),
    }
}

/// Tells the story. Asks the org only where an address is nobody's in the supporter database.
pub(super) async fn story(desk: Desk, act: Act) -> Result<Reply, Failure> {
    let (by, who) = asked(&act);
    let mut page = blank(&desk, act.token.clone(), by, who);
    let told = match named(by, who) {
        Err(problem) => Err(problem),
        Ok(Named { supporter, contact, email }) => {
            let args = why::Args { supporter, contact, email, message_id: None, days: None };
            why::told(&args, &desk).await.map_err(|failure| words(&failure))
        }
    };
    match told {
        Ok(answer) => {
            page.sheets = answer.sheets;
            page.notes = answer.notes;
        }
        Err(problem) => page.problem = Some(problem),
    }
    Ok(reply(&page))
}

/// Brings one person in step, now, unless a cycle runs: a page cannot wait for its end.
pub(super) async fn resync(desk: Desk, act: Act) -> Result<Reply, Failure> {
    let (by, who) = asked(&act);
    let mut page = blank(&desk, act.token.clone(), by, who);
    let args = match named(by, who) {
        Ok(Named { supporter, contact, email }) => resync_verb::Args { supporter, contact, email },
        Err(problem) => {
            page.problem = Some(problem);
            return Ok(reply(&page));
        }
    };
    if let Some(why) = busy(&desk) {
        page.problem = Some(why);
        return Ok(Reply::Page { status: StatusCode::CONFLICT, html: render(&page) });
    }
    tracing::info!("a resync of one person was asked for on the admin page");
    audit(&desk, "asked for a resync of one person").await;
    let work = tokio::spawn(async move { resync_verb::resynced(&args, &desk).await });
    match tokio::time::timeout(PATIENCE, work).await {
        Ok(Ok(Ok((answer, _)))) => {
            page.sheets = answer.sheets;
            page.notes = answer.notes;
        }
        Ok(Ok(Err(failure))) => page.problem = Some(words(&failure)),
        Ok(Err(_)) => return Err(Failure::Unexpected("a resync ended in a defect")),
        Err(_) => {
            page.problem = Some(
                "This takes longer than a page can wait. It goes on; the story tells what came of it."
                    .to_owned(),
            )
        }
    }
    Ok(reply(&page))
}

fn asked(act: &Act) -> (&str, &str) {
    (act.fields.get("by").unwrap_or_default(), act.fields.get("who").unwrap_or_default().trim())
}

fn words(failure: &Failure) -> String {
    format!("{failure}: {}", failure.advice())
}

fn reply(page: &PersonPage) -> Reply {
    let status = if page.problem.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    Reply::Page { status, html: render(page) }
}
