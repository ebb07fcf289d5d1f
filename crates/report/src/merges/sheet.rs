//! Rows that go to one sheet after the other: a sheet has an end.

use rust_xlsxwriter::{Format, Workbook, Worksheet};

use crate::{Error, inert};

/// How many rows a sheet takes (Excel "specifications and limits").
const MAX_ROWS: u32 = 1_048_576;
/// How many characters a cell takes, there too; they are counted in units of UTF-16.
const MAX_UNITS: usize = 32_767;
/// What a cut text ends with.
const CUT: &str = "… (cut)";

/// Sheets of one kind. Rows are written to disk as they come.
pub(super) struct Sheet {
    name: &'static str,
    header: Vec<String>,
    /// The place of the sheet in the workbook.
    at: usize,
    sheets: usize,
    rows: u32,
    /// What the last column of each row says, where there is one.
    mark: Option<String>,
    bold: Format,
    inert: Format,
}

impl Sheet {
    pub(super) fn begin(
        workbook: &mut Workbook,
        name: &'static str,
        header: Vec<String>,
        mark: Option<&str>,
    ) -> Result<Self, Error> {
        // A cell with this mark stays text even when somebody edits it.
        let inert = Format::new().set_quote_prefix();
        let mut sheet = Self {
            name,
            header,
            at: 0,
            sheets: 0,
            rows: 0,
            mark: mark.map(str::to_owned),
            bold: Format::new().set_bold(),
            inert,
        };
        sheet.header.extend(mark.map(|_| "sandbox".to_owned()));
        sheet.next(workbook)?;
        Ok(sheet)
    }

    fn next(&mut self, workbook: &mut Workbook) -> Result<(), Error> {
        self.at = workbook.worksheets().len();
        self.sheets += 1;
        let name =
            if self.sheets == 1 { self.name.to_owned() } else { format!("{} {}", self.name, self.sheets) };
        let sheet = workbook.add_worksheet_with_constant_memory()?;
        sheet.set_name(name)?;
        sheet.set_freeze_panes(1, 0)?;
        for (column, name) in (0_u16..).zip(&self.header) {
            sheet.set_column_width(column, 22)?;
            sheet.write_string_with_format(0, column, fitting(name), &self.bold)?;
        }
        self.rows = 1;
        Ok(())
    }

    /// One more row.
    pub(super) fn row<'t>(
        &mut self,
        workbook: &mut Workbook,
        cells: impl Iterator<Item = &'t str>,
    ) -> Result<(), Error> {
        if self.rows >= MAX_ROWS {
            self.next(workbook)?;
        }
        let sheet = workbook.worksheet_from_index(self.at)?;
        for (column, cell) in (0_u16..).zip(cells) {
            self.cell(sheet, column, cell)?;
        }
        if let Some(mark) = &self.mark {
            let last = u16::try_from(self.header.len().saturating_sub(1)).unwrap_or(u16::MAX);
            self.cell(sheet, last, mark)?;
        }
        self.rows += 1;
        Ok(())
    }

    fn cell(&self, sheet: &mut Worksheet, column: u16, text: &str) -> Result<(), Error> {
        if text.is_empty() {
            return Ok(());
        }
        let live = matches!(inert::cell(text), std::borrow::Cow::Owned(_));
        let text = fitting(text);
        if live {
            sheet.write_string_with_format(self.rows, column, text, &self.inert)?;
        } else {
            sheet.write_string(self.rows, column, text)?;
        }
        Ok(())
    }
}

/// A text that fits into a cell; what is cut is said.
fn fitting(text: &str) -> String {
    if text.len() <= MAX_UNITS || text.encode_utf16().count() <= MAX_UNITS {
        return text.to_owned();
    }
    let room = MAX_UNITS - CUT.encode_utf16().count();
    let mut units = 0;
    let kept = text.chars().take_while(|c| {
        units += c.len_utf16();
        units <= room
    });
    kept.chain(CUT.chars()).collect()
}
