//! Why a verdict is what it is, in codes that never change.

use smallvec::SmallVec;

use crate::family::Family;
use crate::given::Given;

/// The reasons of one outcome; never more than fit without allocating.
pub type Reasons = SmallVec<[Reason; 8]>;

/// One reason. Its code is part of the public interface; `docs/reference/match-reasons.md` explains each.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Reason {
    /// Both names are letter for letter the same.
    Equal,
    /// How the first names relate.
    Given(Given),
    /// How the last names relate.
    Family(Family),
    /// First and last name stand in each other's field on one side.
    Swapped,
    /// One side has the whole name in its last-name field.
    OneField,
    /// Both sides have the same words, spread differently over the fields.
    SameWords,
    /// The consonants agree; one side is written in a script without vowels.
    Consonants,
    /// The address contains the name of the one person whose first name is known.
    AddressNamesPerson,
    /// Both sides carry a generation suffix and they differ.
    GenerationConflict,
    /// Only one side carries a generation suffix.
    GenerationOneSide,
    /// A record stands for two people.
    JointRecord,
    /// The titles are those of two people, and no first name tells otherwise.
    TitlesDiffer,
    /// Several people read this mailbox.
    RoleAddress,
    /// The addresses differ.
    EmailDiffers,
    /// The addresses would be equal under a rule that is switched off.
    EmailNear,
    /// At least one side has no usable address.
    EmailMissing,
    /// At least one side has neither first nor last name.
    NameMissing,
}

impl Reason {
    /// Every reason there is, in the order of the reference page.
    pub fn all() -> impl Iterator<Item = Self> {
        [Self::Equal]
            .into_iter()
            .chain(Given::ALL.map(Self::Given))
            .chain(Family::ALL.map(Self::Family))
            .chain([
                Self::Swapped,
                Self::OneField,
                Self::SameWords,
                Self::Consonants,
                Self::AddressNamesPerson,
                Self::GenerationConflict,
                Self::GenerationOneSide,
                Self::JointRecord,
                Self::TitlesDiffer,
                Self::RoleAddress,
                Self::EmailDiffers,
                Self::EmailNear,
                Self::EmailMissing,
                Self::NameMissing,
            ])
    }

    /// Stable code, as reports write it.
    ///
    /// ```
    /// use matching::{Given, Reason};
    /// assert_eq!(Reason::Given(Given::Nickname).as_str(), "given_nick");
    /// ```
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Equal => "equal",
            Self::Given(given) => given_code(given),
            Self::Family(family) => family_code(family),
            Self::Swapped => "swapped",
            Self::OneField => "one_field",
            Self::SameWords => "same_words",
            Self::Consonants => "consonants",
            Self::AddressNamesPerson => "address_names_person",
            Self::GenerationConflict => "generation_conflict",
            Self::GenerationOneSide => "generation_one_side",
            Self::JointRecord => "joint_record",
            Self::TitlesDiffer => "titles_differ",
            Self::RoleAddress => "role_address",
            Self::EmailDiffers => "email_differs",
            Self::EmailNear => "email_near",
            Self::EmailMissing => "email_missing",
            Self::NameMissing => "name_missing",
        }
    }

    /// The reason with this code, if there is one.
    #[must_use]
    pub fn from_code(code: &str) -> Option<Self> {
        Self::all().find(|reason| reason.as_str() == code)
    }
}

const fn given_code(given: Given) -> &'static str {
    match given {
        Given::Equal => "given_eq",
        Given::Subset => "given_sub",
        Given::Nickname => "given_nick",
        Given::Variant => "given_var",
        Given::Typo => "given_typo",
        Given::SharedName => "given_nick2",
        Given::Weak => "given_weak",
        Given::Initial => "given_init",
        Given::BothBlank => "given_blank2",
        Given::OneBlank => "given_blank",
        Given::MiddleConflict => "given_mid",
        Given::Faint => "given_faint",
        Given::Conflict => "given_conf",
    }
}

const fn family_code(family: Family) -> &'static str {
    match family {
        Family::Equal => "family_eq",
        Family::Variant => "family_var",
        Family::Part => "family_part",
        Family::Typo => "family_typo",
        Family::Weak => "family_weak",
        Family::Initial => "family_init",
        Family::Overlap => "family_overlap",
        Family::BothBlank => "family_blank2",
        Family::OneBlank => "family_blank",
        Family::Conflict => "family_conf",
    }
}
