//! How sure the matcher is, and the table that says so.

use crate::family::Family;
use crate::given::Given;

/// How sure it is that two records are one person. Ordered: a greater value is surer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Strength {
    /// Not the same person, as far as anyone can tell.
    None,
    /// Possibly the same; a person has to look. Nothing is written.
    Review,
    /// Very likely the same. Linked by default.
    Probable,
    /// The same but for spelling.
    Strong,
    /// The same name and address.
    Exact,
}

impl Strength {
    /// Every strength, weakest first.
    pub const ALL: [Self; 5] = [Self::None, Self::Review, Self::Probable, Self::Strong, Self::Exact];

    /// Stable code, as configuration and reports write it.
    ///
    /// ```
    /// assert_eq!(matching::Strength::Probable.as_str(), "probable");
    /// ```
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Review => "review",
            Self::Probable => "probable",
            Self::Strong => "strong",
            Self::Exact => "exact",
        }
    }

    /// The strength with this code, if there is one.
    #[must_use]
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|strength| strength.as_str() == code)
    }
}

/// What the relations of both names come to, before the adjustments.
pub(crate) fn by_names(given: Given, family: Family) -> Strength {
    const N: Strength = Strength::None;
    const R: Strength = Strength::Review;
    const P: Strength = Strength::Probable;
    const S: Strength = Strength::Strong;
    const X: Strength = Strength::Exact;
    let column = match family {
        Family::Equal => 0,
        Family::Variant => 1,
        Family::Part => 2,
        Family::Typo => 3,
        Family::Weak => 4,
        Family::Initial => 5,
        Family::Overlap => 6,
        Family::BothBlank | Family::OneBlank => 7,
        Family::Conflict => 8,
    };
    let row = match given {
        //                          eq var part typo weak init overlap blank conflict
        Given::Equal => [X, S, S, S, P, P, R, R, R],
        Given::Subset => [S, S, S, P, P, R, R, R, R],
        Given::Nickname => [S, S, S, P, P, R, R, R, N],
        Given::Variant => [S, S, P, P, P, R, R, R, N],
        Given::Typo => [S, P, P, P, P, R, R, R, N],
        Given::SharedName => [P, P, P, P, R, N, N, N, N],
        Given::Weak => [P, P, R, P, R, N, N, N, N],
        Given::Initial => [P, P, P, P, R, N, N, N, N],
        Given::BothBlank => [P, R, R, R, R, N, N, N, N],
        Given::OneBlank => [R, R, R, R, R, N, N, N, N],
        Given::MiddleConflict => [R, R, R, R, N, N, N, N, N],
        Given::Faint => [R, R, R, R, N, N, N, N, N],
        Given::Conflict => [N, N, N, N, N, N, N, N, N],
    };
    row[column]
}
