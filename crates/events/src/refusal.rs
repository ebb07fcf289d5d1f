//! Why an event is not taken.

/// One clear reason. No personal data: what the client sent is never repeated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
pub enum Refusal {
    /// Not JSON.
    #[error("not valid JSON")]
    NotJson,
    /// JSON, but no object.
    #[error("an event is a JSON object")]
    NotAnObject,
    /// A key stands twice in one object: which of the two is meant?
    #[error("a key stands twice in one object")]
    DuplicateKey,
    /// The write key names another source, or none.
    #[error("the write key does not belong to this source")]
    WriteKey,
    /// Longer than an event may be.
    #[error("the event is larger than {0} bytes")]
    TooLarge(usize),
    /// Objects and lists lie too deep in each other.
    #[error("objects and lists are nested deeper than {0}")]
    TooDeep(usize),
    /// Too many values.
    #[error("the event holds more than {0} values")]
    TooMany(usize),
    /// A text holds U+0000, which no database takes.
    #[error("a text holds a NUL character")]
    Nul,
    /// `type` is missing.
    #[error("type is missing")]
    NoType,
    /// `type` is none of the calls.
    #[error("type is none of identify, group, track, page, screen, alias")]
    UnknownType,
    /// `type` contradicts the path.
    #[error("type is not that of the path")]
    OtherType,
    /// Nobody knows whom it is about.
    #[error("userId or anonymousId is needed")]
    NoPerson,
    /// A key that the call needs is missing or empty.
    #[error("{0} is needed")]
    Missing(&'static str),
    /// A key does not hold what it must.
    #[error("{0} is not {1}")]
    WrongType(&'static str, &'static str),
    /// A text is too long.
    #[error("{0} is longer than {1} characters")]
    TooLong(&'static str, usize),
}

impl Refusal {
    /// Its code, for counts: one of a closed set, since keys are those of the API.
    #[must_use]
    pub fn code(self) -> String {
        let word = match self {
            Self::NotJson => "not_json",
            Self::NotAnObject => "not_an_object",
            Self::DuplicateKey => "duplicate_key",
            Self::WriteKey => "other_write_key",
            Self::TooLarge(_) => "too_large",
            Self::TooDeep(_) => "too_deep",
            Self::TooMany(_) => "too_many_values",
            Self::Nul => "nul",
            Self::NoType => "no_type",
            Self::UnknownType => "unknown_type",
            Self::OtherType => "other_type",
            Self::NoPerson => "no_person",
            Self::Missing(key) => return format!("missing:{key}"),
            Self::WrongType(key, _) => return format!("wrong_type:{key}"),
            Self::TooLong(key, _) => return format!("too_long:{key}"),
        };
        word.to_owned()
    }

    /// The HTTP status that says the same.
    #[must_use]
    pub const fn status(self) -> u16 {
        match self {
            Self::NotJson | Self::NotAnObject | Self::DuplicateKey => 400,
            Self::WriteKey => 401,
            Self::TooLarge(_) => 413,
            Self::TooDeep(_)
            | Self::TooMany(_)
            | Self::Nul
            | Self::NoType
            | Self::UnknownType
            | Self::OtherType
            | Self::NoPerson
            | Self::Missing(_)
            | Self::WrongType(..)
            | Self::TooLong(..) => 422,
        }
    }
}
