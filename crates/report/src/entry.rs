//! Flat entries, one row each, in all formats; and the parts that the cases share with them.

use std::io::Write;

use comfy_table::{ColumnConstraint, ContentArrangement, Table, presets};
use serde::Serialize;

use crate::{Error, Format, Options, inert};

/// How many rows share one table: a table must know its rows before it can be drawn.
const ROWS: usize = 100;

/// One row of a flat report.
pub(crate) trait Entry: Serialize {
    /// The header, in all formats the same words.
    const COLUMNS: &'static [&'static str];
    /// Those that a table leaves out, because nobody reads them beside the others.
    const ONLY_FOR_PROGRAMS: &'static [&'static str] = &[];
    /// What the entries are called.
    const NAME: &'static str;
    /// One cell per column.
    fn cells(&self) -> Vec<String>;
}

/// Writes the entries that `next` gives until it gives none, page by page; tells how many there were.
pub(crate) fn write<E: Entry>(
    options: &Options,
    writer: &mut dyn Write,
    mut next: impl FnMut() -> Result<Vec<E>, Error>,
) -> Result<u64, Error> {
    let mut to = match options.format {
        Format::Table => {
            let left_out = E::ONLY_FOR_PROGRAMS;
            let header = E::COLUMNS;
            Rows::Table { writer, rows: Vec::with_capacity(ROWS), header, left_out, width: options.width }
        }
        Format::Csv => {
            let mut csv = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(writer);
            csv.write_record(E::COLUMNS)?;
            Rows::Csv(Box::new(csv))
        }
        Format::Json => Rows::Json(Array::new(writer)),
        Format::Html | Format::Xlsx => return Err(Error::Format(options.format)),
    };
    let mut count = 0;
    loop {
        let page = next()?;
        if page.is_empty() {
            break;
        }
        for entry in &page {
            to.row(entry)?;
            count += 1;
        }
    }
    to.end(count, E::NAME)?;
    Ok(count)
}

/// Where rows go.
enum Rows<'a> {
    Table {
        writer: &'a mut dyn Write,
        rows: Vec<Vec<String>>,
        header: &'static [&'static str],
        left_out: &'static [&'static str],
        width: u16,
    },
    Csv(Box<csv::Writer<&'a mut dyn Write>>),
    Json(Array<'a>),
}

impl Rows<'_> {
    fn row<E: Entry>(&mut self, entry: &E) -> Result<(), Error> {
        match self {
            Self::Table { writer, rows, header, left_out, width } => {
                rows.push(entry.cells().iter().map(|cell| inert::line(cell).into_owned()).collect());
                if rows.len() >= ROWS { draw(*writer, rows, header, left_out, *width) } else { Ok(()) }
            }
            Self::Csv(csv) => {
                Ok(csv.write_record(entry.cells().iter().map(|cell| inert::cell(cell).into_owned()))?)
            }
            Self::Json(array) => array.item(entry),
        }
    }

    fn end(&mut self, count: u64, name: &str) -> Result<(), Error> {
        match self {
            Self::Table { writer, rows, header, left_out, width } => {
                draw(*writer, rows, header, left_out, *width)?;
                writeln!(writer, "{}", plural(count, name))?;
                Ok(writer.flush()?)
            }
            Self::Csv(csv) => Ok(csv.flush()?),
            Self::Json(array) => array.end(),
        }
    }
}

/// Draws the rows that are collected, and forgets them. A column that is empty in all of them takes no room.
fn draw(
    writer: &mut dyn Write,
    rows: &mut Vec<Vec<String>>,
    header: &[&str],
    left_out: &[&str],
    width: u16,
) -> Result<(), Error> {
    if rows.is_empty() {
        return Ok(());
    }
    let filled = |at: usize| rows.iter().any(|row| row.get(at).is_some_and(|cell| !cell.is_empty()));
    let kept: Vec<bool> =
        header.iter().enumerate().map(|(at, name)| !left_out.contains(name) && filled(at)).collect();
    let names = header.iter().zip(&kept).filter(|(_, kept)| **kept);
    let mut grid = grid(width, names.map(|(name, _)| name.replace('_', " ")).collect());
    for row in rows.drain(..) {
        grid.add_row(row.into_iter().zip(&kept).filter(|(_, kept)| **kept).map(|(cell, _)| cell));
    }
    keep_short_whole(&mut grid, width);
    for line in grid.lines() {
        writeln!(writer, "{}", line.trim_end())?;
    }
    Ok(())
}

/// What is no longer than this is not broken: a time, or a Contact Id.
const SHORT: u16 = 24;

/// Short columns, such as times and ids, are not broken, as long as they leave half of the width to the others: whoever copies an id
/// copies it whole.
fn keep_short_whole(grid: &mut Table, width: u16) {
    let mut taken = 0;
    for (longest, column) in grid.column_max_content_widths().into_iter().zip(grid.column_iter_mut()) {
        // A blank on each side.
        let room = longest.saturating_add(2);
        if longest <= SHORT && room <= (width / 2).saturating_sub(taken) {
            column.set_constraint(ColumnConstraint::ContentWidth);
            taken += room;
        }
    }
}

/// A table without frames, no wider than asked for.
pub(crate) fn grid(width: u16, header: Vec<String>) -> Table {
    let mut grid = Table::new();
    grid.load_style(presets::NOTHING)
        .force_no_tty()
        .set_content_arrangement(ContentArrangement::Dynamic)
        .set_width(width)
        .set_header(header);
    grid
}

/// `no open cases`, `1 open case`, `2 open cases`.
pub(crate) fn plural(count: u64, name: &str) -> String {
    match count {
        0 => format!("no {name}s"),
        1 => format!("1 {name}"),
        _ => format!("{count} {name}s"),
    }
}

/// A JSON array, written item by item.
pub(crate) struct Array<'a> {
    writer: &'a mut dyn Write,
    begun: bool,
}

impl<'a> Array<'a> {
    pub(crate) fn new(writer: &'a mut dyn Write) -> Self {
        Self { writer, begun: false }
    }

    pub(crate) fn item(&mut self, item: &impl Serialize) -> Result<(), Error> {
        self.writer.write_all(if self.begun { b",\n" } else { b"[\n" })?;
        self.begun = true;
        Ok(serde_json::to_writer(&mut *self.writer, item)?)
    }

    pub(crate) fn end(&mut self) -> Result<(), Error> {
        self.writer.write_all(if self.begun { b"\n]\n" } else { b"[]\n" })?;
        Ok(self.writer.flush()?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drawn(width: u16) -> String {
        let head = ["at", "supporter", "contact", "field", "kept", "supporter_value", "contact_value"];
        let street = "1 Knox Street, formerly the Saleyards\\nLakewood Estate\\nNew Lambton Heights";
        let field = "MailingPostalCode";
        let cells =
            ["2026-11-23T12:27:46Z", "1000", "0035f0000000001AAA", field, "supporter", street, street];
        let mut rows = vec![cells.map(str::to_owned).to_vec()];
        let mut text = Vec::new();
        draw(&mut text, &mut rows, &head, &[], width).unwrap();
        String::from_utf8(text).unwrap()
    }

    #[test]
    fn a_time_and_an_id_stay_whole_and_a_narrow_page_is_not_left() {
        let wide = drawn(120);
        assert!(
            wide.contains(" 2026-11-23T12:27:46Z  1000       0035f0000000001AAA  MailingPostalCode"),
            "{wide}"
        );
        for width in [120, 100, 80] {
            let text = drawn(width);
            assert!(text.lines().all(|line| line.chars().count() <= usize::from(width)), "{text}");
        }
    }
}
