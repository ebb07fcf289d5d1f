//! The figures the matcher must hold on a large labelled set. It is not part of the repository: whoever has one names its folder in
//! `HIGHWATER_MATCHING_DATA` and runs these with `--ignored`; `golden.rs` and `properties.rs` hold the rules without it.

mod development;

use std::sync::LazyLock;

use development::{Figures, Tally};

/// Kinds whose pairs must hardly ever be linked, with the largest share that may be.
const LARGEST_SHARE: &[(&str, f64)] = &[
    ("couple_same_last", 0.002),
    ("febrl_household", 0.002),
    ("hist_household", 0.002),
    ("relative_same_last", 0.005),
    ("couple_similar_first", 0.1),
    ("shared_nickname_names", 0.02),
    ("email_plus_tag", 0.0),
    ("email_gmail_form", 0.0),
    ("email_typo", 0.0),
    ("splink_email_typo", 0.0),
    ("other_address", 0.0),
    ("similar_address", 0.0),
    ("generation_conflict", 0.0),
    ("joint_record", 0.0),
    ("initial_conflict", 0.0),
    ("middle_conflict", 0.0),
    ("swap_trap", 0.0),
    ("couple_other_last", 0.0),
    ("address_reused", 0.0),
    ("role_address", 0.0),
];

/// Measured once for all tests.
static FIGURES: LazyLock<Figures> =
    LazyLock::new(|| development::measure(&development::pairs(&development::folder().expect(NEEDED))));

const NEEDED: &str = "HIGHWATER_MATCHING_DATA names the folder that holds dev.csv and dev_ties.csv";

#[test]
#[ignore = "needs the set that HIGHWATER_MATCHING_DATA names"]
fn the_certain_pairs_are_linked_precisely_and_completely() {
    let figures = &*FIGURES;
    let Tally { same, different, .. } = figures.certain;
    assert!(same > 10_000 && different > 10_000, "the set is whole");
    let of = figures.certain;
    assert!(of.precision() >= 0.993, "precision {:.4}", of.precision());
    assert!(of.recall() >= 0.955, "recall {:.4}", of.recall());
    assert!(of.f1() >= 0.975, "F1 {:.4}", of.f1());
    assert!(of.recall_with_review() >= 0.983, "recall with review {:.4}", of.recall_with_review());
}

#[test]
#[ignore = "needs the set that HIGHWATER_MATCHING_DATA names"]
fn people_who_only_share_something_are_not_linked() {
    let figures = &*FIGURES;
    for (kind, largest) in LARGEST_SHARE {
        let tally =
            figures.kinds.get(&((*kind).to_owned(), false)).unwrap_or_else(|| panic!("no rows of {kind}"));
        assert!(tally.linked_share() <= *largest, "{kind}: {:.4} linked", tally.linked_share());
    }
}

#[test]
#[ignore = "needs the set that HIGHWATER_MATCHING_DATA names"]
fn among_several_contacts_the_wrong_one_is_never_chosen() {
    let kinds = development::measure_ties(&development::folder().expect(NEEDED));
    let (mut right, mut all) = (0, 0);
    for (kind, ties) in &kinds {
        assert_eq!(ties.wrong, 0, "{kind}");
        right += ties.right;
        all += ties.right + ties.missed;
    }
    assert_eq!(all, 2000);
    assert!(development::share(right, all) >= 0.985, "{right} of {all}");
}
