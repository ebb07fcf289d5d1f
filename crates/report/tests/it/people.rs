//! What the tests report on. Names and ids are those of Salesforce's public samples.

use model::{Case, CaseKind, CaseRecord, ContactId, Stamp, Subject, SupporterId};
use report::{Error, Format, LinkPattern, Links, Options};
use state::{Changes, State};

pub(crate) const JOE: &str = "003RM0000068xVCYAY";
pub(crate) const OTHER: &str = "0031i000013x2TEAAY";

pub(crate) fn supporter(id: &str) -> SupporterId {
    SupporterId::parse(id).unwrap()
}

pub(crate) fn contact(id: &str) -> ContactId {
    ContactId::parse(id).unwrap()
}

pub(crate) fn stamp(text: &str) -> Stamp {
    Stamp::parse(text).unwrap()
}

pub(crate) fn record(subject: Subject, fields: &[(&str, &str)]) -> CaseRecord {
    let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
    CaseRecord { subject, fields: fields.iter().map(owned).collect() }
}

/// A case about one supporter, without records.
pub(crate) fn case(kind: CaseKind, id: &str) -> Case {
    Case {
        kind,
        subject: Subject::Supporter(supporter(id)),
        supporters: vec![supporter(id)],
        contacts: Vec::new(),
        reasons: Vec::new(),
        records: Vec::new(),
        opened_at: stamp("2026-10-05T12:34:56Z"),
        seen_at: stamp("2026-10-06T08:00:00Z"),
        standing: model::Standing::default(),
    }
}

/// Supporter 1042 shares an address with a Contact of another name.
pub(crate) fn names_disagree() -> Case {
    let fields = |first| [("FirstName", first), ("LastName", "Smith"), ("Email", "jsmith@example.com")];
    Case {
        contacts: vec![contact(JOE)],
        reasons: vec!["same_email".into(), "first_names_differ".into()],
        // The Contact first: the report must put the record it is about in front.
        records: vec![
            record(Subject::Contact(contact(JOE)), &fields("Joe")),
            record(Subject::Supporter(supporter("1042")), &fields("Jane")),
        ],
        ..case(CaseKind::NamesDisagree, "1042")
    }
}

pub(crate) async fn state_with(cases: impl IntoIterator<Item = Case>) -> State {
    let state = State::in_memory(7).unwrap();
    let mut changes = Changes::new();
    for case in cases {
        changes.open_case(case);
    }
    let receipt = state.commit(changes).await.unwrap();
    assert!(receipt.refused.is_empty());
    state
}

pub(crate) fn options(format: Format) -> Options {
    let links = Links {
        supporter: Some(LinkPattern::parse("https://db.example.org/people/{id}").unwrap()),
        contact: Some(LinkPattern::parse("https://org.example.com/{id}/view").unwrap()),
    };
    Options { format, links, ..Options::default() }
}

/// What a report writes, and how many entries it says there were.
pub(crate) fn written(make: impl FnOnce(&mut Vec<u8>) -> Result<u64, Error>) -> (u64, String) {
    let mut bytes = Vec::new();
    let count = make(&mut bytes).unwrap();
    (count, String::from_utf8(bytes).unwrap())
}

/// The rows of a CSV text as maps from column to cell.
pub(crate) fn rows(text: &str) -> Vec<std::collections::HashMap<String, String>> {
    csv::Reader::from_reader(text.as_bytes()).deserialize().collect::<Result<_, _>>().unwrap()
}
