//! Names in the wrong field, or in a script that hides their vowels.

use matching::{Config, Knowledge, Outcome, Person, Reason, Strength, compare};

fn verdict(a: (&str, &str), b: (&str, &str)) -> Outcome {
    let person = |(first, last): (&str, &str)| Person::new(first, last, "smith.home@example.org");
    let (a, b) = (person(a), person(b));
    let there = compare(&a, &b, Knowledge::built_in(), &Config::default());
    assert_eq!(there, compare(&b, &a, Knowledge::built_in(), &Config::default()), "symmetric");
    there
}

#[test]
fn a_swap_is_found_from_either_side() {
    let found = verdict(("Robert", "Smith"), ("Smith", "Bob"));
    assert_eq!(found.strength, Strength::Probable);
    assert!(found.reasons.contains(&Reason::Swapped));
    assert_eq!(verdict(("Anna", "García López"), ("García", "Anna")).strength, Strength::Strong);
}

#[test]
fn half_a_swap_or_two_doubtful_halves_are_none() {
    assert_eq!(verdict(("James", "Thomas"), ("Mary", "James")).strength, Strength::None);
    let doubtful = verdict(("Trelo", "Brand"), ("Brang", "Tredo"));
    assert!(!doubtful.reasons.contains(&Reason::Swapped), "both halves only a slip apart");
}

#[test]
fn a_whole_name_in_one_field_is_split_and_never_exact() {
    for whole in ["John Smith", "Smith John"] {
        let found = verdict(("", whole), ("John", "Smith"));
        assert_eq!(
            (found.strength, found.reasons.last()),
            (Strength::Strong, Some(&Reason::OneField)),
            "{whole}"
        );
    }
    assert_eq!(verdict(("", "Mary Smith"), ("John", "Smith")).strength, Strength::Review);
}

#[test]
fn the_same_words_in_other_fields_are_one_person() {
    let found = verdict(("Maria Anna", "Berg"), ("Anna", "Berg Maria"));
    assert_eq!((found.strength, found.reasons.last()), (Strength::Strong, Some(&Reason::SameWords)));
}

#[test]
fn consonants_speak_only_when_there_are_enough_of_them() {
    let found = verdict(("דניאל", "פרידמן"), ("Daniel", "Fridman"));
    assert!(found.reasons.contains(&Reason::Consonants) || found.strength >= Strength::Probable);
    let short = verdict(("נח", "לב"), ("Ina", "Ela"));
    assert!(!short.reasons.contains(&Reason::Consonants), "two consonants are chance");
    let latin = verdict(("Dina", "Lamet"), ("Eden", "Lomat"));
    assert!(!latin.reasons.contains(&Reason::Consonants), "vowels count where they are written");
}
