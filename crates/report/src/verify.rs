//! After the merging: which groups of an earlier report are one person now, and which lost the Id that ties both sides.
//!
//! The earlier report is a file that the administrator names, as `report merges --format json` wrote it. What both sides hold now is
//! read by the caller; the judgement is here, and touches nothing.

use std::collections::HashSet;
use std::io::Read;

use model::{ContactId, SupporterId};
use serde::Deserialize;

/// A group of an earlier report that was to be merged.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Reported {
    /// The group's name.
    pub id: String,
    /// `merge`, or something that is not verified.
    action: String,
    /// The supporters that are one person.
    pub supporters: Vec<SupporterId>,
    /// The Contacts that are the same person.
    pub contacts: Vec<ContactId>,
    /// The supporter that should have remained.
    pub keep_supporter: Option<SupporterId>,
    /// The Contact that should have remained.
    pub keep_contact: Option<ContactId>,
}

/// The file is no earlier report.
#[derive(Debug, thiserror::Error)]
pub enum InvalidReport {
    /// It cannot be read, or is not what `report merges --format json` writes.
    #[error("it is not what `report merges --format json` writes (line {line}, column {column})")]
    Text {
        /// Where it stops being so.
        line: usize,
        /// Where in that line.
        column: usize,
    },
}

/// One case of the report; all else in it is passed over.
#[derive(Deserialize)]
struct Item {
    group: Reported,
}

/// Reads the groups of an earlier report that were to be merged, each once, in its order.
///
/// # Errors
/// [`InvalidReport`], which repeats nothing of the file.
pub fn reported(from: impl Read) -> Result<Vec<Reported>, InvalidReport> {
    let items: Vec<Item> = serde_json::from_reader(from)
        .map_err(|why| InvalidReport::Text { line: why.line(), column: why.column() })?;
    let mut seen = HashSet::new();
    let groups = items.into_iter().map(|item| item.group);
    Ok(groups.filter(|group| group.action == "merge" && seen.insert(group.id.clone())).collect())
}

/// What is left of a group on both sides.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Left {
    /// The supporters that are there, each with what its Contact Id column holds.
    pub supporters: Vec<(SupporterId, Option<String>)>,
    /// The Contacts that are there.
    pub contacts: Vec<ContactId>,
    /// The Contact that the state links each of those supporters with.
    pub links: Vec<(SupporterId, ContactId)>,
    /// The supporters have no column for the Contact's Id: what ties the two is the state's link.
    pub no_column: bool,
}

impl Left {
    /// The Contact that a supporter is tied to.
    fn carried(&self, supporter: &SupporterId, column: Option<&str>) -> Option<ContactId> {
        if self.no_column {
            return self.links.iter().find(|(linked, _)| linked == supporter).map(|(_, contact)| *contact);
        }
        column.and_then(|text| ContactId::parse(text.trim()).ok())
    }
}

/// What became of a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// One record is left on each side, and the supporter carries the Contact's Id, or is linked with it where it has no room for one.
    Merged,
    /// Several records of one side are still there.
    Open,
    /// One record is left on each side, and the supporter does not carry the Contact's Id.
    IdLost,
    /// Nobody is left on one side.
    Gone,
}

impl Verdict {
    /// A stable word.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Merged => "merged",
            Self::Open => "open",
            Self::IdLost => "id_lost",
            Self::Gone => "gone",
        }
    }

    /// What to do about it; empty where nothing is.
    #[must_use]
    pub const fn advice(self) -> &'static str {
        match self {
            Self::Merged => "",
            Self::Open => "merge what is still there, supporters first",
            Self::IdLost => {
                "put the surviving Contact's Id on the surviving supporter, then run highwater sync"
            }
            Self::Gone => {
                "too much was merged or deleted: restore the record in its own system, and look who it belongs to"
            }
        }
    }
}

/// Judges a group by what is left of it.
#[must_use]
pub fn judge(group: &Reported, left: &Left) -> Verdict {
    if left.supporters.len() > 1 || left.contacts.len() > 1 {
        return Verdict::Open;
    }
    let nobody_left = (!group.supporters.is_empty() && left.supporters.is_empty())
        || (!group.contacts.is_empty() && left.contacts.is_empty());
    if nobody_left {
        return Verdict::Gone;
    }
    match (left.supporters.first(), left.contacts.first()) {
        (Some((supporter, column)), Some(contact)) => {
            if left.carried(supporter, column.as_deref()) == Some(*contact) {
                Verdict::Merged
            } else {
                Verdict::IdLost
            }
        }
        // Only one side was to be merged, and nobody of the other side is known.
        (Some(_), None) | (None, Some(_)) | (None, None) => Verdict::Merged,
    }
}

/// What else is worth knowing about a group that is one person now.
#[must_use]
pub fn notes(group: &Reported, left: &Left) -> Vec<&'static str> {
    let mut notes = Vec::new();
    let supporter = left.supporters.first().map(|(id, _)| id);
    let contact = left.contacts.first();
    let other_supporter = group.keep_supporter.is_some() && supporter != group.keep_supporter.as_ref();
    let other_contact = group.keep_contact.is_some() && contact != group.keep_contact.as_ref();
    if other_supporter || other_contact {
        notes.push("another record remains than was proposed");
    }
    if let (Some(supporter), Some(contact)) = (supporter, contact)
        && !left.links.iter().any(|(linked, to)| linked == supporter && to == contact)
    {
        notes.push("the next cycle links the two");
    }
    notes
}

#[cfg(test)]
mod tests {
    use super::*;

    const JOE: &str = "003RM0000068xVCYAY";
    const OTHER: &str = "0031i000013x2TEAAY";

    fn supporter(id: &str) -> SupporterId {
        SupporterId::parse(id).unwrap()
    }

    fn contact(id: &str) -> ContactId {
        ContactId::parse(id).unwrap()
    }

    fn group() -> Reported {
        Reported {
            id: "g1".into(),
            action: "merge".into(),
            supporters: vec![supporter("7"), supporter("1042")],
            contacts: vec![contact(JOE), contact(OTHER)],
            keep_supporter: Some(supporter("1042")),
            keep_contact: Some(contact(JOE)),
        }
    }

    fn left(supporters: &[(&str, Option<&str>)], contacts: &[&str]) -> Left {
        Left {
            supporters: supporters
                .iter()
                .map(|(id, carried)| (supporter(id), carried.map(str::to_owned)))
                .collect(),
            contacts: contacts.iter().map(|id| contact(id)).collect(),
            links: Vec::new(),
            no_column: false,
        }
    }

    #[test]
    fn without_a_column_the_link_ties_the_two() {
        let mut merged = Left { no_column: true, ..left(&[("1042", None)], &[JOE]) };
        assert_eq!(judge(&group(), &merged), Verdict::IdLost);
        merged.links.push((supporter("1042"), contact(JOE)));
        assert_eq!(judge(&group(), &merged), Verdict::Merged);
        merged.links[0].1 = contact(OTHER);
        assert_eq!(judge(&group(), &merged), Verdict::IdLost);
    }

    #[test]
    fn one_on_each_side_with_the_id_is_merged_and_nothing_else_is() {
        for (left, verdict) in [
            (left(&[("1042", Some(JOE))], &[JOE]), Verdict::Merged),
            (left(&[("1042", Some(&JOE[..15]))], &[JOE]), Verdict::Merged),
            (left(&[("7", Some(OTHER))], &[OTHER]), Verdict::Merged),
            (left(&[("1042", None)], &[JOE]), Verdict::IdLost),
            (left(&[("1042", Some(OTHER))], &[JOE]), Verdict::IdLost),
            (left(&[("1042", Some("no id"))], &[JOE]), Verdict::IdLost),
            (left(&[("1042", Some(JOE)), ("7", None)], &[JOE]), Verdict::Open),
            (left(&[("1042", Some(JOE))], &[JOE, OTHER]), Verdict::Open),
            (left(&[], &[JOE]), Verdict::Gone),
            (left(&[("1042", Some(JOE))], &[]), Verdict::Gone),
        ] {
            assert_eq!(judge(&group(), &left), verdict, "{left:?}");
        }
    }

    #[test]
    fn contacts_without_a_supporter_are_merged_when_one_is_left() {
        let group = Reported { supporters: Vec::new(), keep_supporter: None, ..group() };
        assert_eq!(judge(&group, &left(&[], &[OTHER])), Verdict::Merged);
        assert_eq!(notes(&group, &left(&[], &[OTHER])), ["another record remains than was proposed"]);
    }

    #[test]
    fn a_link_that_is_not_there_yet_is_said() {
        let mut merged = left(&[("1042", Some(JOE))], &[JOE]);
        assert_eq!(notes(&group(), &merged), ["the next cycle links the two"]);
        merged.links.push((supporter("1042"), contact(JOE)));
        assert!(notes(&group(), &merged).is_empty());
    }

    #[test]
    fn what_is_no_report_is_refused_and_repeated_nowhere() {
        for text in ["", "{}", "[{}]", "[{\"group\":{\"id\":\"Jane Smith\"}}]", "case,kind\r\n"] {
            let refused = reported(text.as_bytes()).unwrap_err();
            assert!(!refused.to_string().contains("Jane"), "{refused}");
        }
        assert!(reported("[]\n".as_bytes()).unwrap().is_empty());
    }
}
