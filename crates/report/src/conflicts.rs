//! The log of fields that both sides had changed.

use std::io::Write;

use model::{Policy, Side};
use serde::Serialize;
use state::{Conflict, State};

use crate::entry::{self, Entry};
use crate::{Error, Options};

/// How many entries are read at a time. Each holds two values of up to 12 KiB.
const PAGE: usize = 100;

/// One field that both sides had changed.
#[derive(Serialize)]
struct Logged {
    number: u64,
    at: String,
    cycle: u64,
    supporter: String,
    contact: String,
    field: String,
    /// `supporter`, `salesforce`, `held`, or `supporter, unseen`.
    kept: &'static str,
    /// The policy that decided; `unseen`: a row of ours overwrote the Contact's value before it was seen.
    policy: &'static str,
    supporter_value: String,
    contact_value: String,
    supporter_link: Option<String>,
    contact_link: Option<String>,
}

impl Entry for Logged {
    const COLUMNS: &'static [&'static str] = &[
        "number",
        "at",
        "cycle",
        "supporter",
        "contact",
        "field",
        "kept",
        "policy",
        "supporter_value",
        "contact_value",
        "supporter_link",
        "contact_link",
    ];
    const ONLY_FOR_PROGRAMS: &'static [&'static str] = &["cycle"];
    const NAME: &'static str = "conflict";

    fn cells(&self) -> Vec<String> {
        vec![
            self.number.to_string(),
            self.at.clone(),
            self.cycle.to_string(),
            self.supporter.clone(),
            self.contact.clone(),
            self.field.clone(),
            self.kept.to_owned(),
            self.policy.to_owned(),
            self.supporter_value.clone(),
            self.contact_value.clone(),
            self.supporter_link.clone().unwrap_or_default(),
            self.contact_link.clone().unwrap_or_default(),
        ]
    }
}

/// Writes the conflict log from its oldest entry on, and tells how many entries there were.
///
/// # Errors
/// [`Error`]; what was written until then is not a whole report.
pub fn conflicts(state: &State, options: &Options, writer: &mut dyn Write) -> Result<u64, Error> {
    let mut after: Option<u64> = None;
    entry::write(options, writer, || {
        let page = state.conflicts_page(after, PAGE)?;
        after = page.last().map(|(number, _)| *number).or(after);
        Ok(page.into_iter().map(|(number, conflict)| entry_of(options, number, conflict)).collect())
    })
}

fn entry_of(options: &Options, number: u64, conflict: Conflict) -> Logged {
    Logged {
        number,
        at: conflict.at.to_seconds_text(),
        cycle: conflict.cycle.0,
        supporter: conflict.supporter.to_string(),
        contact: conflict.contact.to_string(),
        field: conflict.field,
        kept: match conflict.kept {
            Some(Side::Supporter) if conflict.blind => "supporter, unseen",
            Some(Side::Supporter) => "supporter",
            Some(Side::Salesforce) => "salesforce",
            None => "held",
        },
        policy: if conflict.blind { "unseen" } else { code(conflict.policy) },
        supporter_value: conflict.supporter_value,
        contact_value: conflict.contact_value,
        supporter_link: options.links.of_supporter(&conflict.supporter),
        contact_link: options.links.of_contact(&conflict.contact),
    }
}

/// As the configuration spells it.
const fn code(policy: Policy) -> &'static str {
    match policy {
        Policy::Salesforce => "salesforce",
        Policy::Supporter => "supporter",
        Policy::Newest => "newest",
        Policy::NonEmpty => "non_empty",
        Policy::Hold => "hold",
        Policy::MostRestrictive => "most_restrictive",
    }
}
