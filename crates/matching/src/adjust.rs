//! What the rest of the record does to a verdict on names.

use crate::compare::{Finding, Outcome};
use crate::family::Family;
use crate::given::Given;
use crate::person::Person;
use crate::reason::{Reason, Reasons};
use crate::strength::Strength;

/// Raises, caps and explains.
pub(crate) fn adjust(a: &Person, b: &Person, found: Finding) -> Outcome {
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
    if a.role_address || b.role_address {
        if strength == Strength::Probable {
            strength = Strength::Review;
        }
        reasons.push(Reason::RoleAddress);
    }
    Outcome { strength, given: found.given, family: found.family, reasons }
}

/// One first name is missing, and the address says whose it is.
fn is_named_by_address(a: &Person, b: &Person, found: Finding) -> bool {
    let named = if a.first.is_blank() { b } else { a };
    found.given == Given::OneBlank
        && matches!(found.family, Family::Equal | Family::Variant)
        && named.is_named_by_address()
}
