//! The verdict on one supporter and one Contact.

use crate::address::Addresses;
use crate::adjust::adjust;
use crate::config::Config;
use crate::family::{Family, family_names};
use crate::given::{Given, given_names};
use crate::knowledge::Knowledge;
use crate::person::Person;
use crate::reason::{Reason, Reasons};
use crate::rescue::rescue;
use crate::strength::{Strength, by_names};

/// A verdict with its evidence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// How sure it is.
    pub strength: Strength,
    /// How the first names relate; `Conflict` when the addresses already decided and names were not compared.
    pub given: Given,
    /// How the last names relate; `Conflict` when names were not compared.
    pub family: Family,
    /// Why, in stable codes.
    pub reasons: Reasons,
}

impl Outcome {
    fn refused(reasons: &[Reason]) -> Self {
        Self {
            strength: Strength::None,
            given: Given::Conflict,
            family: Family::Conflict,
            reasons: Reasons::from_slice(reasons),
        }
    }
}

/// Verdict and relations while they are being worked out.
#[derive(Clone, Copy)]
pub(crate) struct Finding {
    pub(crate) strength: Strength,
    pub(crate) given: Given,
    pub(crate) family: Family,
    /// The way it was found, when not by comparing field with field.
    pub(crate) way: Option<Reason>,
}

impl Finding {
    pub(crate) fn by_names(given: Given, family: Family) -> Self {
        Self { strength: by_names(given, family), given, family, way: None }
    }
}

/// How sure it is that both are one person, and why.
///
/// Pure, total and symmetric. Allocates nothing where both are spelled alike; else what is worked out about their words stays with
/// them, and the next comparison allocates nothing unless a word is longer than 64 letters.
///
/// ```
/// use matching::{Config, Knowledge, Person, Strength, compare};
/// let bob = Person::new("Bob", "Smith", "smith.home@example.org");
/// let robert = Person::new("Robert", "Smith", "Smith.Home@example.org");
/// let mary = Person::new("Mary", "Smith", "smith.home@example.org");
/// let verdict = |a, b| compare(a, b, Knowledge::built_in(), &Config::default()).strength;
/// assert_eq!(verdict(&bob, &robert), Strength::Strong);
/// assert_eq!(verdict(&bob, &mary), Strength::None);
/// ```
#[must_use]
pub fn compare(supporter: &Person, contact: &Person, knowledge: &Knowledge, config: &Config) -> Outcome {
    let (a, b) = (supporter, contact);
    match a.address.relate(&b.address, config.email_equivalence) {
        Addresses::Equal => {}
        Addresses::Near => return Outcome::refused(&[Reason::EmailDiffers, Reason::EmailNear]),
        Addresses::Differ => return Outcome::refused(&[Reason::EmailDiffers]),
        Addresses::Missing => return Outcome::refused(&[Reason::EmailMissing]),
    }
    if a.has_both_texts && b.has_both_texts && a.fields_equal(b) == 2 && !a.joint && !b.joint {
        return Outcome {
            strength: Strength::Exact,
            given: Given::Equal,
            family: Family::Equal,
            reasons: Reasons::from_slice(&[Reason::Equal]),
        };
    }
    if a.is_nameless() || b.is_nameless() {
        return Outcome::refused(&[Reason::NameMissing]);
    }
    let mut finding = Finding::by_names(best_given(a, b, knowledge), family_names(&a.last, &b.last));
    if finding.strength < Strength::Strong {
        finding = rescue(a, b, finding, knowledge);
    }
    adjust(a, b, finding, knowledge)
}

/// The best relation of any first name of one side with any of the other.
fn best_given(a: &Person, b: &Person, knowledge: &Knowledge) -> Given {
    let mut best = Given::Conflict;
    for one in std::iter::once(&a.first).chain(&a.aliases) {
        for other in std::iter::once(&b.first).chain(&b.aliases) {
            best = best.min(given_names(one, other, knowledge));
        }
    }
    best
}
