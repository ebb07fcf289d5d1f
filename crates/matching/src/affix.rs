//! What stands around a name and is no part of it: titles in front; generations and honours behind.

use crate::fold::fold;
use crate::knowledge::Sex;

const LONGEST_TITLE: usize = 16;

/// Takes suffixes off the end, as long as a name remains. Returns the generation, and whether anything was taken.
pub(crate) fn take_suffixes(text: &mut String) -> (Option<u8>, bool) {
    let (mut generation, mut any) = (None, false);
    loop {
        let kept = text.trim_end_matches([' ', ',']).len();
        text.truncate(kept);
        let Some(at) = text.rfind([' ', ',']) else { break };
        let (head, tail) = (&text[..at], &text[at + 1..]);
        if !head.chars().any(char::is_alphanumeric) {
            break;
        }
        let after_comma = text[..=at].trim_end().ends_with(',');
        let suffix: String = tail.chars().filter(|c| *c != '.').collect();
        let number = generation_number(&suffix);
        if number.is_none() && !is_honour(&suffix, after_comma) {
            break;
        }
        generation = generation.or(number);
        any = true;
        text.truncate(at);
    }
    (generation, any)
}

fn generation_number(suffix: &str) -> Option<u8> {
    match suffix {
        "sr" | "snr" | "senior" => Some(1),
        "jr" | "jnr" | "junior" | "ii" | "2nd" => Some(2),
        "iii" | "3rd" => Some(3),
        "iv" | "4th" => Some(4),
        _ => None,
    }
}

fn is_honour(suffix: &str, after_comma: bool) -> bool {
    // These four are surnames as well (Yo-Yo Ma), so only a comma makes them honours.
    let ambiguous = matches!(suffix, "ma" | "ba" | "pe" | "sj");
    (ambiguous && after_comma)
        || matches!(
            suffix,
            "phd"
                | "md"
                | "dds"
                | "dvm"
                | "esq"
                | "esquire"
                | "obe"
                | "mbe"
                | "cbe"
                | "kbe"
                | "cpa"
                | "rn"
                | "mba"
                | "jd"
                | "qc"
                | "kc"
                | "ret"
                | "mp"
                | "msc"
                | "bsc"
                | "cfa"
                | "frs"
                | "osb"
        )
}

/// The text without the titles in front of it. A title that is the only word stays.
pub(crate) fn without_titles(text: &str) -> &str {
    let mut rest = text.trim_start();
    while let Some(after) = after_title(rest) {
        rest = after;
    }
    rest
}

/// Whether a first name is titles and nothing else. Some are names as well (Don, Maj, Ing) or an initial, and stay.
pub(crate) fn is_only_titles(first: &str) -> bool {
    let name_as_well = |word: &str| {
        matches!(word, "m" | "don" | "dona" | "col" | "maj" | "ing" | "judge" | "lady" | "rabbi" | "imam")
    };
    words(first).next().is_some() && words(first).all(|word| is_title(word) && !name_as_well(word))
}

/// Whom the titles in a text are for, where they say so and agree.
pub(crate) fn sex_of_titles(titles: &str) -> Option<Sex> {
    let mut sexes = words(titles).filter_map(sex_of_title);
    let first = sexes.next()?;
    sexes.all(|other| other == first).then_some(first)
}

fn sex_of_title(word: &str) -> Option<Sex> {
    let plain = fold(word);
    let [word] = plain.as_slice() else { return None };
    match word.as_slice() {
        b"mr" | b"sir" | b"lord" | b"father" | b"br" | b"brother" | b"sr" | b"herr" | b"m" | b"don"
        | b"senor" => Some(Sex::Male),
        b"mrs" | b"ms" | b"miss" | b"dame" | b"lady" | b"sister" | b"sra" | b"srta" | b"frau" | b"mme"
        | b"mlle" | b"dona" | b"senora" => Some(Sex::Female),
        _ => None,
    }
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty())
}

fn after_title(text: &str) -> Option<&str> {
    let end = text.find(|c: char| !c.is_alphanumeric())?;
    let (title, tail) = text.split_at(end);
    let after = tail.trim_start_matches(['.', ' ']);
    let separated =
        tail.starts_with(' ') || tail.starts_with(". ") || (tail.starts_with('.') && title.len() > 1);
    let another_word = after.chars().any(char::is_alphanumeric);
    // "M. V." are initials; "M. Louis" is Monsieur Louis.
    let initials = title.len() == 1 && after.chars().nth(1).is_none_or(|c| !c.is_alphanumeric());
    (separated && another_word && !initials && is_title(title)).then_some(after)
}

fn is_title(word: &str) -> bool {
    if word.is_ascii() {
        return is_plain_title(word.as_bytes());
    }
    word.len() <= LONGEST_TITLE && matches!(fold(word).as_slice(), [plain] if is_plain_title(plain))
}

fn is_plain_title(word: &[u8]) -> bool {
    matches!(
        word,
        b"mr"
            | b"mrs"
            | b"ms"
            | b"miss"
            | b"mx"
            | b"dr"
            | b"prof"
            | b"professor"
            | b"rev"
            | b"reverend"
            | b"sir"
            | b"dame"
            | b"lord"
            | b"lady"
            | b"hon"
            | b"fr"
            | b"father"
            | b"sister"
            | b"br"
            | b"brother"
            | b"sr"
            | b"sra"
            | b"srta"
            | b"herr"
            | b"frau"
            | b"mme"
            | b"mlle"
            | b"m"
            | b"don"
            | b"dona"
            | b"senor"
            | b"senora"
            | b"capt"
            | b"captain"
            | b"col"
            | b"lt"
            | b"maj"
            | b"sgt"
            | b"judge"
            | b"rabbi"
            | b"imam"
            | b"dott"
            | b"ing"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stripped(text: &str) -> (String, Option<u8>) {
        let mut text = text.to_owned();
        let (generation, _) = take_suffixes(&mut text);
        (text, generation)
    }

    #[test]
    fn suffixes_go_and_the_generation_is_kept() {
        assert_eq!(stripped("smith jr."), ("smith".into(), Some(2)));
        assert_eq!(stripped("smith, iii, ph.d."), ("smith".into(), Some(3)));
        assert_eq!(stripped("smith senior"), ("smith".into(), Some(1)));
        assert_eq!(stripped("smith obe"), ("smith".into(), None));
    }

    #[test]
    fn the_only_word_and_a_surname_like_an_honour_stay() {
        assert_eq!(stripped("junior"), ("junior".into(), None));
        assert_eq!(stripped("yo-yo ma"), ("yo-yo ma".into(), None));
        assert_eq!(stripped("smith, ma"), ("smith".into(), None));
        assert_eq!(stripped(", jr"), (", jr".into(), None));
    }

    #[test]
    fn titles_go_while_another_word_follows() {
        assert_eq!(without_titles("rev. dr. john"), "john");
        assert_eq!(without_titles("señora ana"), "ana");
        assert_eq!(without_titles("mr.john"), "john");
        assert_eq!(without_titles("don"), "don");
        assert_eq!(without_titles("m.j. anna"), "m.j. anna");
        assert_eq!(without_titles("m j"), "m j");
        assert_eq!(without_titles("m. louis"), "louis");
        assert_eq!(without_titles("drew"), "drew");
    }

    #[test]
    fn titles_alone_are_no_first_name_unless_they_are_names_as_well() {
        for titles in ["mr", "mrs.", "rev. dr.", "mr & mrs", "señora", "mme"] {
            assert!(is_only_titles(titles), "{titles}");
        }
        for name in ["", ".", "m", "m.", "don", "maj", "mr john", "mrs. j.", "drew"] {
            assert!(!is_only_titles(name), "{name}");
        }
    }

    #[test]
    fn titles_say_whom_they_are_for() {
        assert_eq!(sex_of_titles("dr. mr."), Some(Sex::Male));
        assert_eq!(sex_of_titles("señora"), Some(Sex::Female));
        assert_eq!(sex_of_titles("rev. dr."), None);
        assert_eq!(sex_of_titles("mr & mrs"), None);
    }
}
