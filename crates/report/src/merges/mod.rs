//! The merge-assist report: every open case, with both records side by side, who is one person, whom to keep and what to do.

mod as_csv;
mod as_html;
mod as_json;
mod as_table;
mod as_xlsx;
mod sheet;

use std::io::Write;

pub(crate) use as_table::standing;
use model::Case;
use state::State;

use crate::group::{Group, Grouping, Piece};
use crate::{Error, Format, Options};

/// Receives one group after the other with its cases, and then the end.
trait Rendering {
    fn group(&mut self, _group: &Group) -> Result<(), Error> {
        Ok(())
    }
    fn case(&mut self, case: &Case, group: Option<&Group>) -> Result<(), Error>;
    fn end(&mut self) -> Result<(), Error>;
}

/// Writes all open cases of the kinds asked for that wait for somebody, those about one person together, and tells how many there
/// were.
///
/// CSV has one row per case, other record and field; JSON one object per case; HTML one article per group; a workbook one row per
/// group, per field and per case. Cases that are opened or closed meanwhile may be missing or present; each case appears once.
///
/// # Errors
/// [`Error`]; what was written until then is not a whole report.
pub fn merges(state: &State, options: &Options, writer: &mut dyn Write) -> Result<u64, Error> {
    let grouping = Grouping::of(state, options)?;
    match options.format {
        Format::Table => all(state, options, &grouping, &mut as_table::Table::new(options, writer)),
        Format::Csv => all(state, options, &grouping, &mut as_csv::Csv::begin(options, writer)?),
        Format::Json => all(state, options, &grouping, &mut as_json::Json::new(options, writer)),
        Format::Html => {
            all(state, options, &grouping, &mut as_html::Html::begin(options, grouping.groups(), writer)?)
        }
        Format::Xlsx => {
            all(state, options, &grouping, &mut as_xlsx::Xlsx::begin(options, grouping.fields(), writer)?)
        }
    }
}

/// Writes one case as [`merges()`] does, and, for reading, what may be chosen and what each choice does.
///
/// # Errors
/// [`Error`]; what was written until then is not whole. [`Error::Format`]: a single case is not written as a page or a workbook.
pub fn case(case: &Case, options: &Options, writer: &mut dyn Write) -> Result<(), Error> {
    match options.format {
        Format::Table => as_table::Table::new(options, writer).whole(case),
        Format::Csv => finish(&mut as_csv::Csv::begin(options, writer)?, case),
        Format::Json => finish(&mut as_json::Json::new(options, writer), case),
        Format::Html | Format::Xlsx => Err(Error::Format(options.format)),
    }
}

fn finish(to: &mut dyn Rendering, case: &Case) -> Result<(), Error> {
    to.case(case, None)?;
    to.end()
}

fn all(state: &State, options: &Options, grouping: &Grouping, to: &mut dyn Rendering) -> Result<u64, Error> {
    let mut count = 0;
    grouping.each(state, options, &mut |piece| {
        let (group, cases) = match piece {
            Piece::Group(group) => {
                to.group(group)?;
                (group, group.cases.as_slice())
            }
            Piece::More(group, cases) => (group, cases),
        };
        count += cases.len() as u64;
        cases.iter().try_for_each(|case| to.case(case, Some(group)))
    })?;
    to.end()?;
    Ok(count)
}
