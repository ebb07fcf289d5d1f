//! For a spreadsheet: flat, so that it can be filtered and sorted there.

use std::io::Write;

use model::{Case, CaseRecord, Subject};

use super::Rendering;
use crate::comparison::{compare, ordered};
use crate::{Error, Options, inert, resolution};

/// The header. `left` is the record the case is about, `right` one of the others.
pub(super) const COLUMNS: [&str; 16] = [
    "case",
    "kind",
    "about",
    "since",
    "last_seen",
    "supporters",
    "contacts",
    "reasons",
    "done",
    "advice",
    "left_link",
    "right",
    "right_link",
    "field",
    "left_value",
    "right_value",
];

/// One more column, after the values it speaks of.
const DIFFERS: &str = "differs";

pub(super) struct Csv<'a> {
    csv: csv::Writer<&'a mut dyn Write>,
    options: &'a Options,
}

impl<'a> Csv<'a> {
    pub(super) fn begin(options: &'a Options, writer: &'a mut dyn Write) -> Result<Self, Error> {
        let mut csv = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(writer);
        csv.write_record(COLUMNS.iter().chain([&DIFFERS]))?;
        Ok(Self { csv, options })
    }

    /// Everything that is the same on all rows of a case.
    fn head(&self, case: &Case) -> Vec<String> {
        let supporters: Vec<&str> = case.supporters.iter().map(|id| id.as_str()).collect();
        let contacts: Vec<&str> = case.contacts.iter().map(|id| id.as_str()).collect();
        vec![
            case.name(),
            case.kind.code().to_owned(),
            case.subject.to_string(),
            case.opened_at.to_seconds_text(),
            case.seen_at.to_seconds_text(),
            supporters.join(" "),
            contacts.join(" "),
            case.reasons.join("; "),
            resolution::done(case.kind).to_owned(),
            case.kind.advice().to_owned(),
            self.link(&case.subject),
        ]
    }

    fn link(&self, subject: &Subject) -> String {
        self.options.links.of(subject).unwrap_or_default()
    }

    /// The rows of one pair of records; one row without fields when there is nothing to compare, so that no case is lost.
    fn pair(
        &mut self,
        head: &[String],
        left: Option<&CaseRecord>,
        right: Option<&CaseRecord>,
    ) -> Result<(), Error> {
        let about = right.map(|record| record.subject.to_string()).unwrap_or_default();
        let link = right.map(|record| self.link(&record.subject)).unwrap_or_default();
        let records: Vec<&CaseRecord> = left.into_iter().chain(right).collect();
        let rows = compare(&records, self.options.differences_only && records.len() > 1);
        if rows.is_empty() {
            return self.row(head, [&about, &link, "", "", "", ""]);
        }
        for row in rows {
            let mut values = row.values.iter().map(|value| value.unwrap_or_default());
            let left_value = if left.is_some() { values.next() } else { None }.unwrap_or_default();
            let right_value = values.next().unwrap_or_default();
            let differs = if row.differs { "yes" } else { "no" };
            self.row(head, [&about, &link, row.field, left_value, right_value, differs])?;
        }
        Ok(())
    }

    fn row(&mut self, head: &[String], tail: [&str; 6]) -> Result<(), Error> {
        for cell in head.iter().map(String::as_str).chain(tail) {
            self.csv.write_field(inert::cell(cell).as_bytes())?;
        }
        self.csv.write_record(None::<&[u8]>)?;
        Ok(())
    }
}

impl Rendering for Csv<'_> {
    fn case(&mut self, case: &Case) -> Result<(), Error> {
        let head = self.head(case);
        let records = ordered(case);
        // Without a record of whom the case is about, there is nobody to hold the others against.
        let (left, others) = match records.split_first() {
            Some((first, others)) if first.subject == case.subject => (Some(*first), others),
            Some(_) | None => (None, records.as_slice()),
        };
        if others.is_empty() {
            return self.pair(&head, left, None);
        }
        others.iter().try_for_each(|right| self.pair(&head, left, Some(right)))
    }

    fn end(&mut self) -> Result<(), Error> {
        Ok(self.csv.flush()?)
    }
}
