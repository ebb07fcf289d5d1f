//! For a spreadsheet: flat, so that it can be filtered and sorted there.

use std::io::Write;

use model::{Case, CaseRecord, Subject};

use super::Rendering;
use crate::comparison::{compare, ordered};
use crate::group::{Group, Member};
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

/// More columns, after the values they speak of: whether the two differ, and what is proposed for the group of the case.
const LAST: [&str; 7] =
    ["differs", "group", "action", "certainty", "keep_supporter", "keep_contact", "keep_because"];

pub(super) struct Csv<'a> {
    csv: csv::Writer<&'a mut dyn Write>,
    options: &'a Options,
}

impl<'a> Csv<'a> {
    pub(super) fn begin(options: &'a Options, writer: &'a mut dyn Write) -> Result<Self, Error> {
        let mut csv = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(writer);
        csv.write_record(COLUMNS.iter().chain(&LAST))?;
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
            case.advice().into_owned(),
            self.link(&case.subject),
        ]
    }

    fn link(&self, subject: &Subject) -> String {
        self.options.links.of(subject).unwrap_or_default()
    }

    /// The rows of one pair of records; one row without fields when there is nothing to compare, so that no case is lost.
    fn pair(
        &mut self,
        (head, last): (&[String], &[String]),
        left: Option<&CaseRecord>,
        right: Option<&CaseRecord>,
    ) -> Result<(), Error> {
        let about = right.map(|record| record.subject.to_string()).unwrap_or_default();
        let link = right.map(|record| self.link(&record.subject)).unwrap_or_default();
        let records: Vec<&CaseRecord> = left.into_iter().chain(right).collect();
        let rows = compare(&records, self.options.differences_only && records.len() > 1);
        if rows.is_empty() {
            return self.row(head, [&about, &link, "", "", "", ""], last);
        }
        for row in rows {
            let mut values = row.values.iter().map(|value| value.unwrap_or_default());
            let left_value = if left.is_some() { values.next() } else { None }.unwrap_or_default();
            let right_value = values.next().unwrap_or_default();
            let differs = if row.differs { "yes" } else { "no" };
            self.row(head, [&about, &link, row.field, left_value, right_value, differs], last)?;
        }
        Ok(())
    }

    fn row(&mut self, head: &[String], tail: [&str; 6], last: &[String]) -> Result<(), Error> {
        for cell in head.iter().map(String::as_str).chain(tail).chain(last.iter().map(String::as_str)) {
            self.csv.write_field(inert::cell(cell).as_bytes())?;
        }
        self.csv.write_record(None::<&[u8]>)?;
        Ok(())
    }
}

/// What is proposed for a group.
fn last(group: Option<&Group>) -> Vec<String> {
    let Some(group) = group else { return vec![String::new(); LAST.len() - 1] };
    let id = |member: Option<&Member>| member.map(Member::id).unwrap_or_default();
    vec![
        group.id.clone(),
        group.action.word().to_owned(),
        group.certainty.word().to_owned(),
        id(group.kept_supporter()),
        id(group.kept_contact()),
        group.keep.because.join(" | "),
    ]
}

impl Rendering for Csv<'_> {
    fn case(&mut self, case: &Case, group: Option<&Group>) -> Result<(), Error> {
        let (head, last) = (self.head(case), last(group));
        let head = (head.as_slice(), last.as_slice());
        let records = ordered(case);
        // Without a record of whom the case is about, there is nobody to hold the others against.
        let (left, others) = match records.split_first() {
            Some((first, others)) if first.subject == case.subject => (Some(*first), others),
            Some(_) | None => (None, records.as_slice()),
        };
        if others.is_empty() {
            return self.pair(head, left, None);
        }
        others.iter().try_for_each(|right| self.pair(head, left, Some(right)))
    }

    fn end(&mut self) -> Result<(), Error> {
        Ok(self.csv.flush()?)
    }
}
