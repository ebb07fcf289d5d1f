//! For programs: one array, an object per case, values exactly as they are.

use std::borrow::Cow;
use std::io::Write;

use model::{Case, Stamp, Subject};
use serde::Serialize;

use super::Rendering;
use crate::comparison::{FieldRow, compare, ordered};
use crate::entry::Array;
use crate::group::Group;
use crate::proposal::Proposal;
use crate::{Error, Options, resolution};

#[derive(Serialize)]
struct CaseObject<'a> {
    case: String,
    kind: &'static str,
    about: Record,
    since: String,
    last_seen: String,
    supporters: Vec<Record>,
    contacts: Vec<Record>,
    reasons: &'a [String],
    done: &'static str,
    advice: Cow<'static, str>,
    choices: Vec<&'static str>,
    standing: &'a model::Standing,
    /// Whose values `fields` holds, in this order.
    records: Vec<Record>,
    fields: Vec<FieldRow<'a>>,
    /// What is proposed for everybody who is this person, the same for all cases of a group.
    #[serde(skip_serializing_if = "Option::is_none")]
    group: Option<Proposal<'a>>,
}

/// A record of either side, and where to find it.
#[derive(Serialize)]
struct Record {
    side: &'static str,
    id: String,
    link: Option<String>,
}

pub(super) struct Json<'a> {
    array: Array<'a>,
    options: &'a Options,
}

impl<'a> Json<'a> {
    pub(super) fn new(options: &'a Options, writer: &'a mut dyn Write) -> Self {
        Self { array: Array::new(writer), options }
    }

    fn record(&self, subject: &Subject) -> Record {
        let (side, id) = match subject {
            Subject::Supporter(id) => ("supporter", id.to_string()),
            Subject::Contact(id) => ("salesforce", id.to_string()),
        };
        Record { side, id, link: self.options.links.of(subject) }
    }
}

impl Rendering for Json<'_> {
    fn case(&mut self, case: &Case, group: Option<&Group>) -> Result<(), Error> {
        let records = ordered(case);
        let object = CaseObject {
            case: case.name(),
            kind: case.kind.code(),
            about: self.record(&case.subject),
            since: text(case.opened_at),
            last_seen: text(case.seen_at),
            supporters: case
                .supporters
                .iter()
                .map(|id| self.record(&Subject::Supporter(id.clone())))
                .collect(),
            contacts: case.contacts.iter().map(|id| self.record(&Subject::Contact(*id))).collect(),
            reasons: &case.reasons,
            done: resolution::done(case.kind),
            advice: case.advice(),
            choices: case.kind.ways().iter().map(|way| way.option()).collect(),
            standing: &case.standing,
            records: records.iter().map(|record| self.record(&record.subject)).collect(),
            fields: compare(&records, self.options.differences_only && records.len() > 1),
            group: group.map(Proposal::of),
        };
        self.array.item(&object)
    }

    fn end(&mut self) -> Result<(), Error> {
        self.array.end()
    }
}

fn text(stamp: Stamp) -> String {
    stamp.to_seconds_text()
}
