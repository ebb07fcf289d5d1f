//! Small words in a surname that carry no identity of their own.

const PARTICLES: &[&str] = &[
    "de", "da", "do", "das", "dos", "del", "della", "dello", "der", "den", "dem", "di", "du", "la", "le",
    "les", "lo", "los", "las", "van", "von", "vom", "zu", "zur", "zum", "ten", "ter", "te", "af", "av", "al",
    "el", "ad", "bin", "ben", "ibn", "bint", "abu", "st", "saint", "san", "santa", "y", "e", "i", "of", "op",
    "t",
];

/// Shortest name that can stand behind a glued-on article.
const SHORTEST_BEHIND_ARTICLE: usize = 4;

/// Whether a folded word is a particle.
pub(crate) fn is_particle(word: &[u8]) -> bool {
    word.len() <= 5 && PARTICLES.iter().any(|particle| particle.as_bytes() == word)
}

/// `elsayed` without its article; `None` when there is none.
pub(crate) fn without_article(word: &[u8]) -> Option<&[u8]> {
    let rest = word.strip_prefix(b"al").or_else(|| word.strip_prefix(b"el"))?;
    (rest.len() >= SHORTEST_BEHIND_ARTICLE).then_some(rest)
}
