//! The open cases, one line each.

use std::io::Write;

use model::{Case, Stamp};
use serde::Serialize;
use state::{CaseKey, State};

use crate::entry::{self, Entry};
use crate::merges::standing;
use crate::{Error, Options};

/// How many cases are read at a time.
const PAGE: usize = 100;

/// One case in a line.
#[derive(Serialize)]
struct Item {
    case: String,
    kind: &'static str,
    about: String,
    supporters: Vec<String>,
    contacts: Vec<String>,
    since: String,
    last_seen: String,
    standing: String,
}

impl Entry for Item {
    const COLUMNS: &'static [&'static str] =
        &["case", "kind", "about", "supporters", "contacts", "since", "last_seen", "standing"];
    const ONLY_FOR_PROGRAMS: &'static [&'static str] = &["supporters", "last_seen"];
    const NAME: &'static str = "case";

    fn cells(&self) -> Vec<String> {
        vec![
            self.case.clone(),
            self.kind.to_owned(),
            self.about.clone(),
            self.supporters.join(" "),
            self.contacts.join(" "),
            self.since.clone(),
            self.last_seen.clone(),
            self.standing.clone(),
        ]
    }
}

/// A case that somebody else keeps, for the same list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Further {
    /// Its name.
    pub name: String,
    /// The word for its kind.
    pub kind: &'static str,
    /// What it is about. No names of people and no values.
    pub about: String,
    /// First seen.
    pub since: Stamp,
    /// Last seen.
    pub last_seen: Stamp,
}

/// As [`cases`], with the cases of somebody else behind them; without a state, those alone.
///
/// # Errors
/// As [`cases`].
pub fn with_others(
    state: Option<&State>,
    others: &[Further],
    options: &Options,
    writer: &mut dyn Write,
) -> Result<u64, Error> {
    let mut after: Option<CaseKey> = None;
    let (mut state, mut others) = (state, others.chunks(PAGE));
    entry::write(options, writer, || {
        while let Some(of) = state {
            let items = page(of, options, &mut after)?;
            if !items.is_empty() {
                return Ok(items);
            }
            state = None;
        }
        Ok(others.next().unwrap_or_default().iter().map(other).collect())
    })
}

/// Writes a line for each case asked for, and tells how many there were. No names and no values.
///
/// # Errors
/// [`Error`]; what was written until then is not a whole list.
pub fn cases(state: &State, options: &Options, writer: &mut dyn Write) -> Result<u64, Error> {
    with_others(Some(state), &[], options, writer)
}

/// The next lines; none: there are no more.
fn page(state: &State, options: &Options, after: &mut Option<CaseKey>) -> Result<Vec<Item>, Error> {
    // A page without a single case that is asked for is not the end.
    loop {
        let page = state.cases_page(after.as_ref(), PAGE)?;
        let Some(last) = page.last() else { return Ok(Vec::new()) };
        *after = Some(CaseKey::of(last));
        let items: Vec<Item> = page.iter().filter(|case| options.wants(case)).map(item).collect();
        if !items.is_empty() {
            return Ok(items);
        }
    }
}

fn other(further: &Further) -> Item {
    Item {
        case: further.name.clone(),
        kind: further.kind,
        about: further.about.clone(),
        supporters: Vec::new(),
        contacts: Vec::new(),
        since: further.since.to_seconds_text(),
        last_seen: further.last_seen.to_seconds_text(),
        standing: String::new(),
    }
}

fn item(case: &Case) -> Item {
    Item {
        case: case.name(),
        kind: case.kind.code(),
        about: case.subject.to_string(),
        supporters: case.supporters.iter().map(ToString::to_string).collect(),
        contacts: case.contacts.iter().map(ToString::to_string).collect(),
        since: case.opened_at.to_seconds_text(),
        last_seen: case.seen_at.to_seconds_text(),
        standing: standing(&case.standing),
    }
}
