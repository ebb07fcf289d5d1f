//! Cuts the text of a query into tokens. Total: any text gives tokens or an error.

use super::ast::Quoted;
use super::error::{SoqlError, SoqlErrorCode};

/// A token and where it starts (byte offset).
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Token {
    pub(crate) kind: TokenKind,
    pub(crate) at: usize,
    pub(crate) end: usize,
}

/// What a token is.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum TokenKind {
    /// A name or keyword; dots belong to it.
    Word,
    /// Starts with a digit, sign or dot: a number, a date or a date-time.
    Figure,
    /// A quoted string.
    Text(Quoted),
    /// `( ) , : = != <> < <= > >=`
    Symbol,
}

/// Longest quoted string accepted, in characters (salesforce limits sheet: a string in WHERE).
const MAX_STRING: usize = 4_000;

/// Cuts `query` into tokens.
///
/// # Errors
/// `MALFORMED_QUERY` for a character that starts no token, an open string, a bad escape, a string too long.
pub(crate) fn lex(query: &str) -> Result<Vec<Token>, SoqlError> {
    let bytes = query.as_bytes();
    let mut tokens = Vec::new();
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        if byte.is_ascii_whitespace() {
            at += 1;
            continue;
        }
        let (kind, end) = match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'_' => (TokenKind::Word, run(bytes, at, is_word)),
            b'0'..=b'9' | b'+' | b'-' | b'.' => (TokenKind::Figure, run(bytes, at, is_figure)),
            b'\'' => {
                let (quoted, end) = quoted(query, at)?;
                (TokenKind::Text(quoted), end)
            }
            b'!' | b'<' | b'>' | b'=' | b'(' | b')' | b',' | b':' => (TokenKind::Symbol, symbol(query, at)?),
            _ => return Err(no_viable(query, at)),
        };
        tokens.push(Token { kind, at, end });
        at = end;
    }
    Ok(tokens)
}

fn run(bytes: &[u8], at: usize, belongs: fn(u8) -> bool) -> usize {
    bytes[at..].iter().position(|b| !belongs(*b)).map_or(bytes.len(), |n| at + n)
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'.'
}

fn is_figure(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'+' | b'-' | b':')
}

fn symbol(query: &str, at: usize) -> Result<usize, SoqlError> {
    let bytes = query.as_bytes();
    match (bytes[at], bytes.get(at + 1)) {
        (b'!' | b'<' | b'>', Some(b'=')) | (b'<', Some(b'>')) => Ok(at + 2),
        (b'!', _) => Err(no_viable(query, at)),
        _ => Ok(at + 1),
    }
}

fn no_viable(query: &str, at: usize) -> SoqlError {
    let character = query[at..].chars().next().unwrap_or(' ');
    let row = query[..at].matches('\n').count() + 1;
    let column = query[..at].rfind('\n').map_or(at, |i| at - i - 1);
    let text = format!("line {row}:{column} no viable alternative at character '{character}'");
    SoqlError::plain(SoqlErrorCode::MalformedQuery, text)
}

fn malformed(query: &str, at: usize, text: &str) -> SoqlError {
    SoqlError::at(query, at, SoqlErrorCode::MalformedQuery, text)
}

/// Reads a quoted string from its opening quote. Escapes of the SOQL reference: `\' \" \\ \n \r \t \b \f \_ \%`,
/// plus `\uXXXX`.
fn quoted(query: &str, open: usize) -> Result<(Quoted, usize), SoqlError> {
    let mut text = String::new();
    let mut pattern: Option<String> = None;
    let mut length = 0;
    let mut chars = query[open + 1..].char_indices();
    while let Some((offset, character)) = chars.next() {
        length += 1;
        if length > MAX_STRING {
            return Err(malformed(query, open, "string literal is longer than 4000 characters"));
        }
        match character {
            '\'' => return Ok((Quoted { text, pattern }, open + 1 + offset + 1)),
            '\\' => {
                let escaped = chars.next().map(|(_, c)| c);
                let Some(meant) = escaped.and_then(|c| escape(c, &mut chars)) else {
                    return Err(malformed(
                        query,
                        open + 1 + offset,
                        "Illegal character sequence in string literal",
                    ));
                };
                let kept = pattern.get_or_insert_with(|| text.clone());
                if matches!(meant, '%' | '_' | '\\') {
                    kept.push('\\');
                }
                kept.push(meant);
                text.push(meant);
            }
            other => {
                text.push(other);
                if let Some(kept) = &mut pattern {
                    kept.push(other);
                }
            }
        }
    }
    Err(malformed(query, open, "unexpected end of string literal: <EOF>"))
}

fn escape(character: char, rest: &mut std::str::CharIndices<'_>) -> Option<char> {
    match character {
        '\'' | '"' | '\\' | '_' | '%' => Some(character),
        'n' | 'N' => Some('\n'),
        'r' | 'R' => Some('\r'),
        't' | 'T' => Some('\t'),
        'b' | 'B' => Some('\u{8}'),
        'f' | 'F' => Some('\u{c}'),
        'u' => {
            let hex: String = rest.by_ref().take(4).map(|(_, c)| c).collect();
            let all_hex = hex.len() == 4 && hex.bytes().all(|b| b.is_ascii_hexdigit());
            if all_hex { u32::from_str_radix(&hex, 16).ok().and_then(char::from_u32) } else { None }
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(query: &str) -> Vec<&str> {
        lex(query).unwrap().iter().map(|t| &query[t.at..t.end]).collect()
    }

    fn string(query: &str) -> Quoted {
        match lex(query).unwrap().remove(0).kind {
            TokenKind::Text(quoted) => quoted,
            TokenKind::Word | TokenKind::Figure | TokenKind::Symbol => panic!("no string"),
        }
    }

    #[test]
    fn operators_need_no_spaces() {
        assert_eq!(texts("a!=1 b<>2 c<=3"), ["a", "!=", "1", "b", "<>", "2", "c", "<=", "3"]);
    }

    #[test]
    fn a_date_time_with_an_offset_is_one_token() {
        assert_eq!(texts("x>=2026-10-05T12:34:56+01:00)"), ["x", ">=", "2026-10-05T12:34:56+01:00", ")"]);
    }

    #[test]
    fn escapes_are_undone_and_kept_for_like() {
        assert_eq!(string(r"'o\'brien'").text, "o'brien");
        let quoted = string(r"'50\% off\\'");
        assert_eq!(quoted.text, r"50% off\");
        assert_eq!(quoted.as_pattern(), r"50\% off\\");
        assert_eq!(string(r"'\u0041b'").text, "Ab");
    }

    #[test]
    fn open_strings_bad_escapes_and_foreign_characters_are_refused() {
        for query in ["'abc", r"'a\x'", "a = \"b\"", "a ! b", r"'\u00'", "ä"] {
            assert_eq!(lex(query).unwrap_err().code, SoqlErrorCode::MalformedQuery, "{query}");
        }
        assert!(lex(&format!("'{}'", "x".repeat(4_001))).is_err());
        assert!(lex(&format!("'{}'", "x".repeat(3_999))).is_ok());
    }
}
