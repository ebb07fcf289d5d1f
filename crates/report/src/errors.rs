//! The records that are set aside after a permanent error.

use std::io::Write;

use model::{Block, SupporterId};
use serde::Serialize;
use state::State;

use crate::entry::{self, Entry};
use crate::{Error, Options};

/// How many blocks are read at a time.
const PAGE: usize = 200;

/// A record that is set aside.
#[derive(Serialize)]
struct Blocked {
    supporter: String,
    contact: Option<String>,
    since: String,
    code: String,
    fields: Vec<String>,
    message: String,
    attempts: u32,
    supporter_link: Option<String>,
    contact_link: Option<String>,
}

impl Entry for Blocked {
    const COLUMNS: &'static [&'static str] = &[
        "supporter",
        "contact",
        "since",
        "code",
        "fields",
        "message",
        "attempts",
        "supporter_link",
        "contact_link",
    ];
    const NAME: &'static str = "blocked record";

    fn cells(&self) -> Vec<String> {
        vec![
            self.supporter.clone(),
            self.contact.clone().unwrap_or_default(),
            self.since.clone(),
            self.code.clone(),
            self.fields.join(" "),
            self.message.clone(),
            self.attempts.to_string(),
            self.supporter_link.clone().unwrap_or_default(),
            self.contact_link.clone().unwrap_or_default(),
        ]
    }
}

/// Writes every block, in the order of the supporters' ids, and tells how many there were. Messages may quote the record:
/// for administrators only.
///
/// # Errors
/// [`Error`]; what was written until then is not a whole report.
pub fn errors(state: &State, options: &Options, writer: &mut dyn Write) -> Result<u64, Error> {
    let mut after: Option<SupporterId> = None;
    entry::write(options, writer, || {
        let page = state.blocks_page(after.as_ref(), PAGE)?;
        if let Some((last, _)) = page.last() {
            after = Some(last.clone());
        }
        let ids: Vec<SupporterId> = page.iter().map(|(id, _)| id.clone()).collect();
        let links = state.links_of(&ids)?;
        let contacts = links.iter().map(|link| link.as_ref().map(|link| link.contact));
        Ok(page
            .iter()
            .zip(contacts)
            .map(|((id, block), contact)| entry_of(options, id, block, contact))
            .collect())
    })
}

fn entry_of(
    options: &Options,
    id: &SupporterId,
    block: &Block,
    contact: Option<model::ContactId>,
) -> Blocked {
    Blocked {
        supporter: id.to_string(),
        contact: contact.map(|contact| contact.to_string()),
        since: block.since.to_seconds_text(),
        code: block.code.clone(),
        fields: block.fields.clone(),
        message: block.message.clone(),
        attempts: block.attempts,
        supporter_link: options.links.of_supporter(id),
        contact_link: contact.and_then(|contact| options.links.of_contact(&contact)),
    }
}
