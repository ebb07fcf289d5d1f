//! A workbook: groups, records, steps and cases, each on sheets of its own. Every cell is text; none is a formula or a link.

use std::io::{self, Seek, Write};

use model::Case;
use rust_xlsxwriter::Workbook;

use super::Rendering;
use super::sheet::Sheet;
use crate::group::{Group, Member};
use crate::{Error, Options, resolution};

const GROUPS: &[&str] = &[
    "done",
    "group",
    "action",
    "certainty",
    "name",
    "supporters",
    "contacts",
    "keep_supporter",
    "keep_contact",
    "keep_because",
    "because",
    "doubts",
    "only_on_records_that_go",
    "consent",
    "household",
    "open_since",
];
const RECORDS: &[&str] = &["group", "record", "fate", "link", "linked_since"];
const STEPS: &[&str] = &["done", "group", "step", "what"];
const CASES: &[&str] = &[
    "case",
    "kind",
    "about",
    "group",
    "since",
    "last_seen",
    "supporters",
    "contacts",
    "reasons",
    "done",
    "advice",
];

pub(super) struct Xlsx<'a> {
    writer: &'a mut dyn Write,
    fields: &'a [String],
    workbook: Workbook,
    groups: Sheet,
    records: Sheet,
    steps: Sheet,
    cases: Sheet,
}

impl<'a> Xlsx<'a> {
    pub(super) fn begin(
        options: &Options,
        fields: &'a [String],
        writer: &'a mut dyn Write,
    ) -> Result<Self, Error> {
        let mut workbook = Workbook::new();
        let head = |names: &[&str]| names.iter().map(ToString::to_string).collect::<Vec<_>>();
        let mut records = head(RECORDS);
        records.extend(fields.iter().cloned());
        let mark = options.banner.as_deref();
        let groups = Sheet::begin(&mut workbook, "Groups", head(GROUPS), mark)?;
        let records = Sheet::begin(&mut workbook, "Records", records, mark)?;
        let steps = Sheet::begin(&mut workbook, "Steps", head(STEPS), mark)?;
        let cases = Sheet::begin(&mut workbook, "Cases", head(CASES), mark)?;
        Ok(Self { writer, fields, workbook, groups, records, steps, cases })
    }
}

fn ids<'a>(members: impl Iterator<Item = &'a Member>) -> String {
    members.map(Member::id).collect::<Vec<_>>().join(" ")
}

impl Rendering for Xlsx<'_> {
    fn group(&mut self, group: &Group) -> Result<(), Error> {
        let gains: Vec<String> = group
            .gains
            .iter()
            .map(|gain| format!("{}: {} ({})", gain.field, gain.value, gain.from))
            .collect();
        let consent: Vec<String> = group
            .consent
            .iter()
            .map(|line| {
                format!("{} must be {}, as {} says", line.field, line.must_be, line.said_by.join(", "))
            })
            .collect();
        let row = [
            String::new(),
            group.id.clone(),
            group.action.word().to_owned(),
            group.certainty.word().to_owned(),
            group.title(),
            ids(group.supporters()),
            ids(group.contacts()),
            ids(group.kept_supporter().into_iter()),
            ids(group.kept_contact().into_iter()),
            group.keep.because.join("\n"),
            group.because.join("\n"),
            group.doubts.join("\n"),
            gains.join("\n"),
            consent.join("\n"),
            group.household.join("\n"),
            group.since.to_seconds_text(),
        ];
        self.groups.row(&mut self.workbook, row.iter().map(String::as_str))?;
        for member in group.members.iter().chain(&group.perhaps) {
            let linked = member.link.as_ref().map(|link| link.made_at.to_seconds_text());
            let (subject, linked) = (member.subject.to_string(), linked.unwrap_or_default());
            let url = member.url.as_deref().unwrap_or_default();
            let first = [group.id.as_str(), &subject, group.fate(member), url, &linked];
            let values = self.fields.iter().map(|field| member.value(field).unwrap_or_default());
            self.records.row(&mut self.workbook, first.into_iter().chain(values))?;
        }
        for (at, step) in group.steps.iter().enumerate() {
            let number = (at + 1).to_string();
            self.steps.row(&mut self.workbook, ["", &group.id, &number, step].into_iter())?;
        }
        Ok(())
    }

    fn case(&mut self, case: &Case, group: Option<&Group>) -> Result<(), Error> {
        let supporters: Vec<&str> = case.supporters.iter().map(|id| id.as_str()).collect();
        let contacts: Vec<&str> = case.contacts.iter().map(|id| id.as_str()).collect();
        let row = [
            case.name(),
            case.kind.code().to_owned(),
            case.subject.to_string(),
            group.map(|group| group.id.clone()).unwrap_or_default(),
            case.opened_at.to_seconds_text(),
            case.seen_at.to_seconds_text(),
            supporters.join(" "),
            contacts.join(" "),
            case.reasons.join("; "),
            resolution::done(case.kind).to_owned(),
            case.advice().into_owned(),
        ];
        self.cases.row(&mut self.workbook, row.iter().map(String::as_str))
    }

    fn end(&mut self) -> Result<(), Error> {
        // The workbook wants a writer that it may hand to another thread.
        let mut whole = tempfile::tempfile()?;
        self.workbook.save_to_writer(io::BufWriter::new(&mut whole))?;
        whole.rewind()?;
        io::copy(&mut whole, self.writer)?;
        Ok(self.writer.flush()?)
    }
}
