//! Surnames that change their ending with the sex of the bearer.

/// Shortest masculine form for the endings that are hard to mistake, and for those of one letter.
const SHORTEST: usize = 5;
const SHORTEST_FOR_ONE_LETTER: usize = 6;

/// Whether two folded surnames are the masculine and the feminine form of one.
pub(crate) fn are_inflections(a: &[u8], b: &[u8]) -> bool {
    feminine_of(a, b) || feminine_of(b, a)
}

fn feminine_of(man: &[u8], woman: &[u8]) -> bool {
    if man.len() < SHORTEST || woman.len() < SHORTEST {
        return false;
    }
    adds_a(man, woman)
        || ski(man, woman)
        || ova(man, woman)
        || (man.len() >= SHORTEST_FOR_ONE_LETTER && one_letter(man, woman))
}

/// Ivanov, Ivanova; Pushkin, Pushkina.
fn adds_a(man: &[u8], woman: &[u8]) -> bool {
    const ENDINGS: [&[u8]; 6] = [b"ov", b"ev", b"in", b"yn", b"ow", b"ew"];
    woman.strip_suffix(b"a") == Some(man) && ENDINGS.iter().any(|ending| man.ends_with(ending))
}

/// Kowalski, Kowalska; Dostoevsky, Dostoevskaya; Sawicki, Sawicka; Zawadzki, Zawadzka.
fn ski(man: &[u8], woman: &[u8]) -> bool {
    let stem = without_any(man, &[b"kiy", b"kij", b"kii", b"ki", b"ky"]);
    let other = without_any(woman, &[b"kaya", b"kaia", b"kaja", b"ka"]);
    matches!((stem, other), (Some(stem), Some(other))
        if stem == other && [b"s".as_slice(), b"c", b"dz"].iter().any(|ending| stem.ends_with(ending)))
}

/// Novák, Nováková; Svoboda, Svobodová; Marek, Marková.
fn ova(man: &[u8], woman: &[u8]) -> bool {
    let Some(stem) = woman.strip_suffix(b"ova") else { return false };
    let without_vowel = man.split_last().filter(|(last, _)| b"aeiouy".contains(last)).map(|(_, rest)| rest);
    stem == man || without_vowel == Some(stem) || drops_last_e(man, stem)
}

fn drops_last_e(man: &[u8], stem: &[u8]) -> bool {
    let Some(at) = man.iter().rposition(|letter| *letter == b'e') else { return false };
    let (before, after) = (&man[..at], &man[at + 1..]);
    stem.len() + 1 == man.len() && stem.starts_with(before) && stem.ends_with(after)
}

/// Novotný, Novotná; Papadopoulos, Papadopoulou; Pappas, Pappa; Bērziņš, Bērziņa.
fn one_letter(man: &[u8], woman: &[u8]) -> bool {
    let becomes = |old: &[u8], new: &[u8]| matches!((man.strip_suffix(old), woman.strip_suffix(new)), (Some(m), Some(w)) if m == w);
    becomes(b"y", b"a")
        || becomes(b"os", b"ou")
        || becomes(b"is", b"i")
        || becomes(b"as", b"a")
        || becomes(b"s", b"a")
}

fn without_any<'a>(word: &'a [u8], endings: &[&[u8]]) -> Option<&'a [u8]> {
    endings.iter().find_map(|ending| word.strip_suffix(*ending))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_forms_of_one_surname_are_known() {
        for (man, woman) in [
            ("ivanov", "ivanova"),
            ("kowalski", "kowalska"),
            ("dostoevsky", "dostoevskaya"),
            ("zawadzki", "zawadzka"),
            ("sawicki", "sawicka"),
            ("novak", "novakova"),
            ("svoboda", "svobodova"),
            ("marek", "markova"),
            ("novotny", "novotna"),
            ("papadopoulos", "papadopoulou"),
            ("vasilakis", "vasilaki"),
            ("berzins", "berzina"),
        ] {
            assert!(are_inflections(man.as_bytes(), woman.as_bytes()), "{man} {woman}");
            assert!(are_inflections(woman.as_bytes(), man.as_bytes()), "{woman} {man}");
        }
    }

    #[test]
    fn chance_endings_are_not_inflection() {
        for (a, b) in [
            ("rossi", "rossa"),
            ("smith", "smitha"),
            ("mary", "mara"),
            ("luka", "lukova"),
            ("banski", "danska"),
        ] {
            assert!(!are_inflections(a.as_bytes(), b.as_bytes()), "{a} {b}");
        }
    }
}
