//! A group as programs read it.

use serde::Serialize;

use crate::group::{Group, Member};

/// What is proposed for a group.
#[derive(Serialize)]
pub(crate) struct Proposal<'a> {
    id: &'a str,
    action: &'static str,
    certainty: &'static str,
    because: &'a [String],
    doubts: &'a [String],
    supporters: Vec<String>,
    contacts: Vec<String>,
    perhaps: Vec<String>,
    keep_supporter: Option<String>,
    keep_contact: Option<String>,
    keep_because: &'a [String],
    gains: Vec<Lost<'a>>,
    consent: Vec<No<'a>>,
    household: &'a [String],
    steps: &'a [String],
}

#[derive(Serialize)]
struct Lost<'a> {
    side: &'static str,
    field: &'a str,
    from: &'a str,
    value: &'a str,
    kept: &'a str,
}

#[derive(Serialize)]
struct No<'a> {
    field: &'a str,
    must_be: &'a str,
    said_by: &'a [String],
    not_by: &'a [String],
}

impl<'a> Proposal<'a> {
    pub(crate) fn of(group: &'a Group) -> Self {
        let gains = group.gains.iter().map(|gain| Lost {
            side: gain.side,
            field: &gain.field,
            from: &gain.from,
            value: &gain.value,
            kept: &gain.kept,
        });
        let consent = group.consent.iter().map(|line| No {
            field: &line.field,
            must_be: &line.must_be,
            said_by: &line.said_by,
            not_by: &line.not_by,
        });
        Self {
            id: &group.id,
            action: group.action.word(),
            certainty: group.certainty.word(),
            because: &group.because,
            doubts: &group.doubts,
            supporters: group.supporters().map(Member::id).collect(),
            contacts: group.contacts().map(Member::id).collect(),
            perhaps: group.perhaps.iter().map(|other| other.subject.to_string()).collect(),
            keep_supporter: group.kept_supporter().map(Member::id),
            keep_contact: group.kept_contact().map(Member::id),
            keep_because: &group.keep.because,
            gains: gains.collect(),
            consent: consent.collect(),
            household: &group.household,
            steps: &group.steps,
        }
    }
}
