//! What the rest of the record does to a verdict on names.

use crate::compare::{Finding, Outcome};
use crate::family::Family;
use crate::given::Given;
use crate::knowledge::{Knowledge, Sex};
use crate::name::Word;
use crate::person::Person;
use crate::reason::{Reason, Reasons};
use crate::strength::Strength;

/// Raises, caps and explains.
pub(crate) fn adjust(a: &Person, b: &Person, found: Finding, knowledge: &Knowledge) -> Outcome {
    let mut reasons = Reasons::from_slice(&[Reason::Given(found.given), Reason::Family(found.family)]);
    reasons.extend(found.way);
    let mut strength = found.strength;
    if strength == Strength::Review && is_named_by_address(a, b, found) {
        strength = Strength::Probable;
        reasons.push(Reason::AddressNamesPerson);
    }
    match (a.generation, b.generation) {
        (Some(one), Some(other)) if one != other => {
            strength = Strength::None;
            reasons.push(Reason::GenerationConflict);
        }
        (Some(_), None) | (None, Some(_)) => {
            strength = strength.min(Strength::Probable);
            reasons.push(Reason::GenerationOneSide);
        }
        (Some(_), Some(_)) | (None, None) => {}
    }
    if a.joint || b.joint {
        strength = strength.min(Strength::Review);
        reasons.push(Reason::JointRecord);
    }
    if let Some(most) = most_by_titles(a, b, found, knowledge) {
        strength = strength.min(most);
        reasons.push(Reason::TitlesDiffer);
    }
    if a.role_address || b.role_address {
        if strength == Strength::Probable {
            strength = Strength::Review;
        }
        reasons.push(Reason::RoleAddress);
    }
    Outcome { strength, given: found.given, family: found.family, reasons }
}

/// The most that different titles leave of a verdict. Beside first names that agree they say little: they are mistyped, and people
/// change theirs. Where no first name is left to compare, they tell the husband from the wife.
fn most_by_titles(a: &Person, b: &Person, found: Finding, knowledge: &Knowledge) -> Option<Strength> {
    let differ = |one: Option<Sex>, other: Option<Sex>| {
        matches!((one, other), (Some(Sex::Male), Some(Sex::Female)) | (Some(Sex::Female), Some(Sex::Male)))
    };
    let blank = matches!(found.given, Given::BothBlank | Given::OneBlank);
    if blank && differ(sex_of(a, knowledge), sex_of(b, knowledge)) {
        return Some(Strength::None);
    }
    let of_letters = |person: &Person| person.first.plain.words.iter().all(Word::is_letter);
    let initials = of_letters(a) && of_letters(b) && differ(a.sex, b.sex);
    let unlike = blank && a.bare_titles != b.bare_titles;
    (initials || unlike).then_some(Strength::Review)
}

/// By the title, or else by the first name.
fn sex_of(person: &Person, knowledge: &Knowledge) -> Option<Sex> {
    let named = || knowledge.entry(&person.first.plain.words.first()?.text)?.sex;
    person.sex.or_else(named)
}

/// One first name is missing, and the address says whose it is.
fn is_named_by_address(a: &Person, b: &Person, found: Finding) -> bool {
    let named = if a.first.is_blank() { b } else { a };
    found.given == Given::OneBlank
        && matches!(found.family, Family::Equal | Family::Variant)
        && named.is_named_by_address()
}
