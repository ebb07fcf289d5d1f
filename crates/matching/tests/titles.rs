//! Titles where a first name should be: husband and wife share everything else.

use matching::{Config, Knowledge, Outcome, Person, Reason, Strength, compare};

fn verdict_at(address: &str, a: (&str, &str), b: (&str, &str)) -> Outcome {
    let person = |(first, last): (&str, &str)| Person::new(first, last, address);
    let (a, b) = (person(a), person(b));
    let there = compare(&a, &b, Knowledge::built_in(), &Config::default());
    assert_eq!(there, compare(&b, &a, Knowledge::built_in(), &Config::default()), "symmetric");
    there
}

fn strength(a: (&str, &str), b: (&str, &str)) -> Strength {
    verdict_at("smith.home@example.org", a, b).strength
}

#[test]
fn husband_and_wife_of_whom_only_titles_are_known_are_two_people() {
    for (a, b) in [
        (("Mr", "Smith"), ("Mrs", "Smith")),
        (("Mr.", "Smith"), ("Ms", "Smith")),
        (("Mr", "Smith"), ("Miss", "Smith")),
        (("Herr", "Müller"), ("Frau", "Müller")),
        (("M", "Dupont"), ("Mme", "Dupont")),
        (("M.", "Dupont"), ("Mme", "Dupont")),
        (("", "Mr Smith"), ("", "Mrs Smith")),
        (("", "M. Dupont"), ("", "Mme Dupont")),
        (("", "Mr Smith"), ("Mrs", "Smith")),
        (("Sr.", "López"), ("Sra.", "López")),
        (("Dr. Mr.", "Smith"), ("Mrs", "Smith")),
        (("Mr", "Smith"), ("Mary", "Smith")),
        (("Mr", "Smith"), ("Mrs Pat", "Smith")),
    ] {
        assert_eq!(strength(a, b), Strength::None, "{a:?} {b:?}");
    }
    // Whose address it is does not help who has no name.
    let found = verdict_at("mary.smith@example.org", ("Mr", "Smith"), ("Mary", "Smith"));
    assert_eq!(found.strength, Strength::None);
    assert!(found.reasons.contains(&Reason::TitlesDiffer));
}

#[test]
fn a_title_on_one_side_leaves_the_question_to_a_person() {
    for (a, b) in [
        (("Mr", "Smith"), ("", "Smith")),
        (("Dr", "Smith"), ("Mr", "Smith")),
        (("Mr J", "Smith"), ("Mrs J", "Smith")),
        (("Mr. J. A.", "Smith"), ("Mrs. J. A.", "Smith")),
        (("Mr", "Smith"), ("John", "Smith")),
    ] {
        assert_eq!(strength(a, b), Strength::Review, "{a:?} {b:?}");
    }
    assert_eq!(strength(("Mrs", "Smith"), ("Mrs.", "Smith")), Strength::Probable);
}

#[test]
fn beside_a_first_name_titles_say_nothing() {
    assert_eq!(strength(("Mr Pat", "Lee"), ("Ms Pat", "Lee")), Strength::Exact);
    assert_eq!(strength(("Mr", "Pat Lee"), ("Ms Pat", "Lee")), Strength::Strong);
    assert_eq!(strength(("M", "Dupont"), ("Marie", "Dupont")), Strength::Probable);
    assert_eq!(strength(("Don", "Smith"), ("Donald", "Smith")), Strength::Strong);
}
