//! One case as a page of somebody else's shows it: the words and the records, without any format.

use model::Case;

use crate::Options;
use crate::comparison::{compare, ordered};
use crate::{merges, resolution};

/// What there is to see of a case.
#[derive(Clone, PartialEq, Eq)]
pub struct Evidence {
    /// What highwater did about it by itself.
    pub done: &'static str,
    /// What an administrator decided so far; empty where nothing was.
    pub standing: String,
    /// The records, the one it is about first.
    pub records: Vec<Record>,
    /// The fields over all records.
    pub fields: Vec<Field>,
}

/// A record of a case.
#[derive(Clone, PartialEq, Eq)]
pub struct Record {
    /// Supporter or Contact, with its id.
    pub name: String,
    /// Where it is shown in its own system, where that is known.
    pub link: Option<String>,
}

/// A field over all records of a case.
#[derive(Clone, PartialEq, Eq)]
pub struct Field {
    /// Its name.
    pub name: String,
    /// Whether the records do not all hold the same.
    pub differs: bool,
    /// One value per record; `None`: the record has no such field.
    pub values: Vec<Option<String>>,
}

impl std::fmt::Debug for Evidence {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Evidence({} records, {} fields, <redacted>)", self.records.len(), self.fields.len())
    }
}

/// What there is to see of a case. Holds personal data.
#[must_use]
pub fn evidence(case: &Case, options: &Options) -> Evidence {
    let records = ordered(case);
    let field = |row: crate::comparison::FieldRow<'_>| Field {
        name: row.field.to_owned(),
        differs: row.differs,
        values: row.values.into_iter().map(|value| value.map(str::to_owned)).collect(),
    };
    Evidence {
        done: resolution::done(case.kind),
        standing: merges::standing(&case.standing),
        fields: compare(&records, false).into_iter().map(field).collect(),
        records: records
            .into_iter()
            .map(|record| Record {
                name: record.subject.to_string(),
                link: options.links.of(&record.subject),
            })
            .collect(),
    }
}
