//! Tables for people.

use comfy_table::{ContentArrangement, LineStyle, Table, TableStyle};

use super::Sheet;
use super::printable;

/// A line under the head, and nothing else to read around.
const STYLE: TableStyle = TableStyle::new().header_separator(LineStyle::none().fill('─').junction('─'));

/// All sheets below each other, then the notes. Without a terminal no line is broken.
pub(super) fn render(sheets: &[Sheet], notes: &[String], width: Option<u16>) -> String {
    let mut text = String::new();
    for sheet in sheets {
        if !text.is_empty() {
            text.push('\n');
        }
        if !sheet.title.is_empty() {
            text.push_str(&printable(&sheet.title));
            text.push('\n');
        }
        text.push_str(&grid(sheet, width));
    }
    for note in notes {
        text.push_str(&printable(note));
        text.push('\n');
    }
    text
}

fn grid(sheet: &Sheet, width: Option<u16>) -> String {
    if sheet.rows.is_empty() {
        return "  none\n".to_owned();
    }
    let mut table = Table::new();
    table.load_style(STYLE);
    if let Some(width) = width {
        table.set_content_arrangement(ContentArrangement::Dynamic).set_width(width);
    }
    table.set_header(sheet.head.iter().copied());
    for row in &sheet.rows {
        table.add_row(row.iter().map(|cell| printable(cell).into_owned()));
    }
    let mut text = String::new();
    for line in table.to_string().lines() {
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_stays_one_line_and_hides_nothing() {
        let mut sheet = Sheet::new("people", &["id", "name"]);
        sheet.row(["7", "Ann\nBob"]);
        let text = render(&[sheet], &["1 person".to_owned()], None);
        assert!(text.starts_with("people\n"), "{text}");
        assert!(text.contains("Ann\\nBob"), "{text}");
        assert!(text.ends_with("1 person\n"), "{text}");
        assert!(render(&[Sheet::new("", &["id"])], &[], None).contains("none"));
    }
}
