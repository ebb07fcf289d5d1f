//! The codes are a public interface: unique, stable and each explained.

use std::collections::BTreeSet;

use matching::{OnTie, Reason, Strength};

#[test]
fn every_reason_has_one_code_and_one_paragraph() {
    let page = include_str!("../../../docs/reference/match-reasons.md");
    let explained: Vec<_> =
        page.lines().filter_map(|line| line.strip_prefix("### `")?.strip_suffix('`')).collect();
    let codes: Vec<_> = Reason::all().map(Reason::as_str).collect();
    let distinct: BTreeSet<_> = codes.iter().collect();
    assert_eq!(distinct.len(), codes.len());
    assert_eq!(explained, codes, "the page explains every code, in this order, and no other");
}

#[test]
fn codes_lead_back_to_what_they_stand_for() {
    for reason in Reason::all() {
        assert_eq!(Reason::from_code(reason.as_str()), Some(reason));
    }
    for strength in Strength::ALL {
        assert_eq!(Strength::from_code(strength.as_str()), Some(strength));
    }
    for on_tie in OnTie::ALL {
        assert_eq!(OnTie::from_code(on_tie.as_str()), Some(on_tie));
    }
    assert_eq!(Reason::from_code("given_"), None);
}

#[test]
fn strengths_are_ordered_from_none_to_exact() {
    assert!(Strength::ALL.is_sorted());
    assert!(Strength::None < Strength::Review && Strength::Probable < Strength::Strong);
}
