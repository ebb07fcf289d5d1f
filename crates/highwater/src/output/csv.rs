//! CSV for spreadsheets: RFC 4180 quoting, and no cell that runs as a formula.

use super::Sheet;
use super::inert;

/// One sheet as it is; several as rows of (table, row, column, value), because one file has one head.
pub(super) fn render(sheets: &[Sheet]) -> String {
    match sheets {
        [sheet] => write(&sheet.head, sheet.rows.iter().map(|row| row.iter().map(String::as_str).collect())),
        sheets => {
            write(&["table", "row", "column", "value"], sheets.iter().flat_map(cells).collect::<Vec<_>>())
        }
    }
}

fn cells(sheet: &Sheet) -> impl Iterator<Item = Vec<&str>> {
    sheet.rows.iter().flat_map(move |row| {
        let name = row.first().map_or("", String::as_str);
        let rest = sheet.head.iter().zip(row).skip(1);
        rest.map(move |(column, value)| vec![sheet.title.as_str(), name, *column, value.as_str()])
    })
}

fn write<'a>(head: &[&str], rows: impl IntoIterator<Item = Vec<&'a str>>) -> String {
    let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(Vec::new());
    // Writing to memory cannot fail, and every row is as long as the head.
    let _ = writer.write_record(head);
    for row in rows {
        let _ = writer.write_record(row.iter().map(|cell| inert(cell).into_owned()));
    }
    String::from_utf8(writer.into_inner().unwrap_or_default()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_reads_back_inert() {
        let mut sheet = Sheet::new("", &["id", "name"]);
        sheet.row(["=1+1", "O\"Hara, \"Ann\"\r\nx"]);
        let text = render(&[sheet]);
        let mut reader = csv::Reader::from_reader(text.as_bytes());
        let row = reader.records().next().unwrap().unwrap();
        assert_eq!((&row[0], &row[1]), ("'=1+1", "O\"Hara, \"Ann\"\r\nx"));
    }

    #[test]
    fn several_sheets_share_one_head() {
        let mut first = Sheet::new("watermarks", &["side", "at"]);
        first.row(["push", "2026-01-01"]);
        let mut second = Sheet::new("blocks", &["code", "count"]);
        second.row(["A", "1"]);
        let text = render(&[first, second]);
        assert_eq!(text, "table,row,column,value\r\nwatermarks,push,at,2026-01-01\r\nblocks,A,count,1\r\n");
    }
}
