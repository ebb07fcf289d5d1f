//! Records side by side, field by field.

use std::collections::HashSet;

use model::{Case, CaseRecord};
use serde::Serialize;

/// One field over all records of a case.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(crate) struct FieldRow<'a> {
    /// The field's name.
    pub(crate) field: &'a str,
    /// Whether the records do not all hold the same. A record without the field differs from one that has it.
    pub(crate) differs: bool,
    /// One value per record, in the records' order; `None`: the record has no such field.
    pub(crate) values: Vec<Option<&'a str>>,
}

/// The records of a case: the one it is about first, then the others in their order.
pub(crate) fn ordered(case: &Case) -> Vec<&CaseRecord> {
    let about = |record: &&CaseRecord| record.subject == case.subject;
    case.records.iter().filter(about).chain(case.records.iter().filter(|record| !about(record))).collect()
}

/// Every field that any record has, in the order in which they first appear.
pub(crate) fn compare<'a>(records: &[&'a CaseRecord], differences_only: bool) -> Vec<FieldRow<'a>> {
    let mut seen = HashSet::new();
    let names = records.iter().flat_map(|record| record.fields.iter().map(|(name, _)| name.as_str()));
    let row = |field: &'a str| {
        let values: Vec<Option<&str>> = records.iter().map(|record| value_of(record, field)).collect();
        let differs = values.windows(2).any(|pair| pair[0] != pair[1]);
        FieldRow { field, differs, values }
    };
    names.filter(|name| seen.insert(*name)).map(row).filter(|row| row.differs || !differences_only).collect()
}

fn value_of<'a>(record: &'a CaseRecord, field: &str) -> Option<&'a str> {
    record.fields.iter().find(|(name, _)| name == field).map(|(_, value)| value.as_str())
}

#[cfg(test)]
mod tests {
    use model::{Subject, SupporterId};
    use proptest::prelude::*;

    use super::*;

    fn record(fields: &[(&str, &str)]) -> CaseRecord {
        let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        CaseRecord {
            subject: Subject::Supporter(SupporterId::parse("1").unwrap()),
            fields: fields.iter().map(owned).collect(),
        }
    }

    #[test]
    fn a_field_that_one_record_lacks_differs_and_is_not_lost() {
        let (one, two) = (
            record(&[("FirstName", "Jo"), ("Phone", "")]),
            record(&[("LastName", "Smith"), ("FirstName", "Jo")]),
        );
        let rows = compare(&[&one, &two], false);
        let expected = [
            FieldRow { field: "FirstName", differs: false, values: vec![Some("Jo"), Some("Jo")] },
            FieldRow { field: "Phone", differs: true, values: vec![Some(""), None] },
            FieldRow { field: "LastName", differs: true, values: vec![None, Some("Smith")] },
        ];
        assert_eq!(rows, expected);
    }

    #[test]
    fn of_three_records_one_that_differs_marks_the_field() {
        let records = ["a", "a", "b"].map(|value| record(&[("City", value)]));
        assert!(compare(&records.each_ref(), true)[0].differs);
    }

    proptest! {
        #[test]
        fn every_value_of_every_record_is_shown(
            fields in prop::collection::vec(prop::collection::hash_map("[a-e]", ".{0,4}", 0..5), 0..4),
        ) {
            let records: Vec<CaseRecord> = fields
                .iter()
                .map(|map| record(&map.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect::<Vec<_>>()))
                .collect();
            let rows = compare(&records.iter().collect::<Vec<_>>(), false);
            for (at, map) in fields.iter().enumerate() {
                for (name, value) in map {
                    let shown: Vec<_> = rows.iter().filter(|row| row.field == name).collect();
                    prop_assert_eq!(shown.len(), 1);
                    prop_assert_eq!(shown[0].values[at], Some(value.as_str()));
                }
            }
            let only = compare(&records.iter().collect::<Vec<_>>(), true);
            prop_assert!(only.iter().all(|row| row.differs));
        }
    }
}
