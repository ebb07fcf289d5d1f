//! The merge-assist report: every open case, with both records side by side and what to do.

mod as_csv;
mod as_json;
mod as_table;

use std::io::Write;

pub(crate) use as_table::standing;
use model::Case;
use state::{CaseKey, State};

use crate::{Error, Format, Options};

/// How many cases are read at a time.
const PAGE: usize = 100;

/// Receives one case after the other, and then the end.
trait Rendering {
    fn case(&mut self, case: &Case) -> Result<(), Error>;
    fn end(&mut self) -> Result<(), Error>;
}

/// Writes all open cases of the kinds asked for that wait for somebody, and tells how many there were.
///
/// CSV has one row per case, other record and field; JSON one object per case. Cases that are opened or closed meanwhile
/// may be missing or present; each case appears once.
///
/// # Errors
/// [`Error`]; what was written until then is not a whole report.
pub fn merges(state: &State, options: &Options, writer: &mut dyn Write) -> Result<u64, Error> {
    match options.format {
        Format::Table => all(state, options, &mut as_table::Table::new(options, writer)),
        Format::Csv => all(state, options, &mut as_csv::Csv::begin(options, writer)?),
        Format::Json => all(state, options, &mut as_json::Json::new(options, writer)),
    }
}

/// Writes one case as [`merges()`] does, and, for reading, what may be chosen and what each choice does.
///
/// # Errors
/// [`Error`]; what was written until then is not whole.
pub fn case(case: &Case, options: &Options, writer: &mut dyn Write) -> Result<(), Error> {
    match options.format {
        Format::Table => as_table::Table::new(options, writer).whole(case),
        Format::Csv => finish(&mut as_csv::Csv::begin(options, writer)?, case),
        Format::Json => finish(&mut as_json::Json::new(options, writer), case),
    }
}

fn finish(to: &mut dyn Rendering, case: &Case) -> Result<(), Error> {
    to.case(case)?;
    to.end()
}

fn all(state: &State, options: &Options, to: &mut dyn Rendering) -> Result<u64, Error> {
    let mut count = 0;
    let mut after: Option<CaseKey> = None;
    loop {
        let page = state.cases_page(after.as_ref(), PAGE)?;
        for case in page.iter().filter(|case| options.wants(case)) {
            to.case(case)?;
            count += 1;
        }
        match page.last() {
            Some(last) => after = Some(CaseKey::of(last)),
            None => break,
        }
    }
    to.end()?;
    Ok(count)
}
