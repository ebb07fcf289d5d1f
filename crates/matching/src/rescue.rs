//! One person whose names stand in the wrong fields, or in a script that hides half of them.

use std::cmp::Reverse;

use crate::compare::Finding;
use crate::consonants::by_consonants;
use crate::family::{Family, family_names};
use crate::fold::Letters;
use crate::given::{Given, given_names};
use crate::knowledge::Knowledge;
use crate::name::Name;
use crate::person::Person;
use crate::reason::Reason;
use crate::strength::Strength;

/// The best of the finding and every way to read the fields differently. Called only below `Strong`.
pub(crate) fn rescue(a: &Person, b: &Person, direct: Finding, knowledge: &Knowledge) -> Finding {
    let mut best = direct;
    let mut offer = |found: Option<Finding>| {
        if let Some(found) = found
            && found.strength > best.strength
        {
            best = found;
        }
    };
    offer(better(swapped(a, b, knowledge), swapped(b, a, knowledge)));
    offer(better(one_field(a, b, knowledge), one_field(b, a, knowledge)));
    if same_words(a, b) {
        offer(Some(Finding { strength: Strength::Strong, way: Some(Reason::SameWords), ..direct }));
    }
    if let Some(strength) = by_consonants(a, b, knowledge) {
        offer(Some(Finding { strength, way: Some(Reason::Consonants), ..direct }));
    }
    best
}

/// The stronger, and of equally strong ones that with the better relations: so the evidence is symmetric as well.
fn better(one: Option<Finding>, other: Option<Finding>) -> Option<Finding> {
    one.into_iter().chain(other).max_by_key(worth)
}

fn worth(found: &Finding) -> (Strength, Reverse<(Given, Family)>) {
    (found.strength, Reverse((found.given, found.family)))
}

/// Both halves must fit: James Thomas and Mary James are not a swap.
fn swapped(a: &Person, b: &Person, knowledge: &Knowledge) -> Option<Finding> {
    if [&a.first, &a.last, &b.first, &b.last].into_iter().any(Name::is_blank) {
        return None;
    }
    let family = family_names(&a.last, &b.first);
    if !matches!(family, Family::Equal | Family::Variant | Family::Part | Family::Typo) {
        return None;
    }
    let given = given_names(&a.first, &b.last, knowledge);
    if !matches!(given, Given::Equal | Given::Subset | Given::Nickname | Given::Variant | Given::Typo) {
        return None;
    }
    let certain =
        matches!(given, Given::Equal | Given::Variant) || matches!(family, Family::Equal | Family::Variant);
    let strong = matches!(given, Given::Equal | Given::Subset | Given::Variant)
        && matches!(family, Family::Equal | Family::Variant | Family::Part);
    let strength = if strong { Strength::Strong } else { Strength::Probable };
    certain.then_some(Finding { strength, given, family, way: Some(Reason::Swapped) })
}

/// The whole name in the last-name field: every split, in both orders.
fn one_field(whole: &Person, other: &Person, knowledge: &Knowledge) -> Option<Finding> {
    if other.first.is_blank() {
        return None;
    }
    let orders = whole.splits.iter().flat_map(|(front, back)| [(front, back), (back, front)]);
    let found = orders.map(|(first, last)| {
        let given = given_names(first, &other.first, knowledge);
        Finding::by_names(given, family_names(last, &other.last))
    });
    let best = found.max_by_key(worth)?;
    Some(Finding { strength: best.strength.min(Strength::Strong), way: Some(Reason::OneField), ..best })
}

/// The same words, two or more, spread differently over the fields.
fn same_words(a: &Person, b: &Person) -> bool {
    let count = a.words().count();
    let often = |person: &Person, text: &Letters| person.words().filter(|word| word.text == *text).count();
    count >= 2
        && count == b.words().count()
        && a.words().all(|word| often(a, &word.text) == often(b, &word.text))
}
