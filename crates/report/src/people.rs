//! Every supporter with how things stand with them: in step, waiting, set aside, asked about, or without a Contact.

use std::io::Write;

use model::{ContactId, SupporterId};
use serde::Serialize;

use crate::entry::{self, Entry};
use crate::{Error, Options};

/// How things stand with one supporter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// The supporter.
    pub supporter: SupporterId,
    /// The Contact of the link, live or not.
    pub contact: Option<ContactId>,
    /// One stable word: `synced`, `waiting`, `blocked`, `case`, `ended`, `not_linked`.
    pub standing: &'static str,
    /// A code that says why; empty for who is in step.
    pub reason: String,
}

#[derive(Serialize)]
struct Shown {
    supporter: String,
    contact: Option<String>,
    standing: &'static str,
    reason: String,
    supporter_link: Option<String>,
    contact_link: Option<String>,
}

impl Entry for Shown {
    const COLUMNS: &'static [&'static str] =
        &["supporter", "contact", "standing", "reason", "supporter_link", "contact_link"];
    const NAME: &'static str = "supporter";

    fn cells(&self) -> Vec<String> {
        vec![
            self.supporter.clone(),
            self.contact.clone().unwrap_or_default(),
            self.standing.to_owned(),
            self.reason.clone(),
            self.supporter_link.clone().unwrap_or_default(),
            self.contact_link.clone().unwrap_or_default(),
        ]
    }
}

/// Writes the lines that `next` gives, page by page, until it gives none; tells how many there were.
///
/// # Errors
/// [`Error`]; what was written until then is not a whole list.
pub fn people(
    options: &Options,
    writer: &mut dyn Write,
    mut next: impl FnMut() -> Result<Vec<Line>, Error>,
) -> Result<u64, Error> {
    entry::write(options, writer, || Ok(next()?.into_iter().map(|line| shown(options, line)).collect()))
}

fn shown(options: &Options, line: Line) -> Shown {
    Shown {
        supporter_link: options.links.of_supporter(&line.supporter),
        contact_link: line.contact.and_then(|contact| options.links.of_contact(&contact)),
        supporter: line.supporter.to_string(),
        contact: line.contact.map(|contact| contact.to_string()),
        standing: line.standing,
        reason: line.reason,
    }
}
