//! Small words in a surname that carry no identity of their own.

/// Shortest name that can stand behind a glued-on article.
const SHORTEST_BEHIND_ARTICLE: usize = 4;

/// Whether a folded word is a particle.
pub(crate) fn is_particle(word: &[u8]) -> bool {
    matches!(
        word,
        b"de"
            | b"da"
            | b"do"
            | b"das"
            | b"dos"
            | b"del"
            | b"della"
            | b"dello"
            | b"der"
            | b"den"
            | b"dem"
            | b"di"
            | b"du"
            | b"la"
            | b"le"
            | b"les"
            | b"lo"
            | b"los"
            | b"las"
            | b"van"
            | b"von"
            | b"vom"
            | b"zu"
            | b"zur"
            | b"zum"
            | b"ten"
            | b"ter"
            | b"te"
            | b"af"
            | b"av"
            | b"al"
            | b"el"
            | b"ad"
            | b"bin"
            | b"ben"
            | b"ibn"
            | b"bint"
            | b"abu"
            | b"st"
            | b"saint"
            | b"san"
            | b"santa"
            | b"y"
            | b"e"
            | b"i"
            | b"of"
            | b"op"
            | b"t"
    )
}

/// `elsayed` without its article; `None` when there is none.
pub(crate) fn without_article(word: &[u8]) -> Option<&[u8]> {
    let rest = word.strip_prefix(b"al").or_else(|| word.strip_prefix(b"el"))?;
    (rest.len() >= SHORTEST_BEHIND_ARTICLE).then_some(rest)
}
