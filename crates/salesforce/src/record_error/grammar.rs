//! The grammar of `sf__Error`: `CODE:message:FIELDS --`, in all the spellings seen. Message texts are translated and
//! edited by administrators, and may hold colons, commas and line breaks; only the code and the tail are structure.

/// One error of a row, as spelled.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Raw<'a> {
    pub(super) code: &'a str,
    pub(super) message: &'a str,
    pub(super) fields: &'a str,
}

/// The errors of one text, in order. A text without a code is one error with the code `UNKNOWN`.
pub(super) fn split(raw: &str) -> impl Iterator<Item = Raw<'_>> {
    let mut rest = raw.trim();
    let mut first = true;
    std::iter::from_fn(move || {
        if rest.is_empty() && !first {
            return None;
        }
        first = false;
        let end = next_start(rest).unwrap_or(rest.len());
        let (one, more) = rest.split_at(end);
        rest = more.trim_start();
        Some(parse(one.trim_end_matches([' ', ';', ',', '\n', '\r'])))
    })
}

/// Where a second error begins: a code right after the tail of the one before.
fn next_start(text: &str) -> Option<usize> {
    let mut from = 0;
    while let Some(found) = text[from..].find("--") {
        let after = from + found + 2;
        let next = text[after..].trim_start_matches([' ', ';', ',', '\n', '\r']);
        let at = text.len() - next.len();
        if code_len(next).is_some() {
            return Some(at);
        }
        from = after;
    }
    None
}

/// The length of a leading code that is followed by a colon.
fn code_len(text: &str) -> Option<usize> {
    let len = text.bytes().take_while(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || *b == b'_').count();
    let starts_with_letter = text.bytes().next().is_some_and(|b| b.is_ascii_uppercase());
    (starts_with_letter && len >= 2 && text[len..].starts_with(':')).then_some(len)
}

fn parse(text: &str) -> Raw<'_> {
    let Some(len) = code_len(text) else {
        return Raw { code: "UNKNOWN", message: text, fields: "" };
    };
    let (code, rest) = (&text[..len], &text[len + 1..]);
    let Some(body) = without_tail(rest) else {
        return Raw { code, message: rest.trim(), fields: "" };
    };
    match body.rsplit_once(':') {
        Some((message, fields)) if is_field_list(fields) => {
            Raw { code, message: message.trim(), fields: fields.trim() }
        }
        Some(_) | None => Raw { code, message: body.trim(), fields: "" },
    }
}

/// Without the closing `--`, `-`, or the dashes a word processor makes of them; `None` when there is no tail. A single
/// dash counts only right after the colon, since a message may end in one.
fn without_tail(text: &str) -> Option<&str> {
    let text = text.trim_end();
    for dashes in ["--", "–", "—"] {
        if let Some(body) = text.strip_suffix(dashes) {
            return Some(body.trim_end());
        }
    }
    text.strip_suffix('-').filter(|body| body.ends_with(':'))
}

/// API names separated by commas. Anything else is the end of the message, and may be somebody's name.
fn is_field_list(text: &str) -> bool {
    let text = text.trim();
    let is_name = |name: &str| {
        name.len() <= 120
            && name.starts_with(|c: char| c.is_ascii_alphabetic())
            && name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '.'))
    };
    text.is_empty() || text.split([',', ';']).all(|name| is_name(name.trim()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn only(text: &str) -> Raw<'_> {
        let mut all = split(text);
        let one = all.next().unwrap();
        assert_eq!(all.next(), None);
        one
    }

    #[test]
    fn every_tail_is_understood() {
        for tail in [":--", ": --", ":-", ":–", ":–\u{201c}", ":—", "", ":", ":-- "] {
            let text = format!("INVALID_CROSS_REFERENCE_KEY:invalid cross reference id{tail}");
            let one = split(&text).next().unwrap();
            assert_eq!(one.code, "INVALID_CROSS_REFERENCE_KEY", "{tail}");
            assert!(one.message.starts_with("invalid cross reference id"), "{tail}");
            assert_eq!(one.fields, "", "{tail}");
        }
    }

    #[test]
    fn the_message_may_hold_colons_and_the_field_list_is_the_last_part() {
        let one = only("REQUIRED_FIELD_MISSING:Required fields are missing: [LastName]:LastName --");
        assert_eq!(one.message, "Required fields are missing: [LastName]");
        assert_eq!(one.fields, "LastName");
        let one = only(
            "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY:T: System.LimitException: x:Too many SOQL queries: 101:--",
        );
        assert_eq!(one.message, "T: System.LimitException: x:Too many SOQL queries: 101");
    }

    #[test]
    fn several_errors_in_one_text_are_taken_apart() {
        let all: Vec<_> = split("A_CODE:one:X --B_CODE:two -- not a tail:-- ; C_CODE:three").collect();
        assert_eq!(all.iter().map(|raw| raw.code).collect::<Vec<_>>(), ["A_CODE", "B_CODE", "C_CODE"]);
        assert_eq!(all[1].message, "two -- not a tail");
    }

    #[test]
    fn a_text_without_a_code_is_kept_whole() {
        assert_eq!(
            only("something broke: badly"),
            Raw { code: "UNKNOWN", message: "something broke: badly", fields: "" }
        );
        assert_eq!(only(""), Raw { code: "UNKNOWN", message: "", fields: "" });
    }
}
