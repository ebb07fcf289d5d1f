//! One name in a script that leaves most vowels out, and in one that does not.

use crate::knowledge::{Knowledge, Sex};
use crate::name::Name;
use crate::person::Person;
use crate::strength::Strength;

/// Fewest consonants, both names together, that make their agreement more than chance.
const FEWEST_CONSONANTS: usize = 4;

/// One side in Arabic or Hebrew, the other not: what is left without vowels must be equal in both names. `Review` where what is
/// written of the vowels speaks against it: Hassan and Hussein have the same consonants, and the second is written with a y.
pub(crate) fn by_consonants(a: &Person, b: &Person, knowledge: &Knowledge) -> Option<Strength> {
    let (short, long) = match (a.vowels_unwritten, b.vowels_unwritten) {
        (true, false) => (a, b),
        (false, true) => (b, a),
        (true, true) | (false, false) => return None,
    };
    let same = |one: &Name, other: &Name| consonants(one).eq(consonants(other));
    let agree = same(&short.first, &long.first)
        && same(&short.last, &long.last)
        && consonants(&short.first).next().is_some()
        && consonants(&short.last).next().is_some()
        && consonants(&short.first).chain(consonants(&short.last)).count() >= FEWEST_CONSONANTS;
    let fits = || {
        vowels_fit(&short.first, &long.first)
            && vowels_fit(&short.last, &long.last)
            && sexes_fit(&short.first, &long.first, knowledge)
    };
    agree.then(|| if fits() { Strength::Probable } else { Strength::Review })
}

fn letters(name: &Name) -> &[u8] {
    name.plain.joined().map_or(&[][..], |word| word.skeleton())
}

const fn is_consonant(letter: u8) -> bool {
    !matches!(letter, b'a' | b'e' | b'i' | b'o' | b'u' | b'h' | b'v')
}

fn consonants(name: &Name) -> impl Iterator<Item = u8> {
    letters(name).iter().copied().filter(|letter| is_consonant(*letter))
}

/// Whether each y and w that is written stands where the other has such a vowel, and each diphthong of the other is written. In a
/// skeleton y has become i, and w has become v.
fn vowels_fit(short: &Name, long: &Name) -> bool {
    let gaps = |name| letters(name).split(|letter: &u8| is_consonant(*letter));
    let last = gaps(short).count().saturating_sub(1);
    gaps(short).zip(gaps(long)).enumerate().all(|(at, (short, long))| {
        let has = |wanted: &[u8]| long.iter().any(|letter| wanted.contains(letter));
        // A y at the end is an a in Musa and Layla.
        let for_y: &[u8] = if at == last { b"ieah" } else { b"ie" };
        let y = !short.contains(&b'i') || has(for_y);
        let w = !short.contains(&b'v') || has(b"ouv");
        let diphthong = long.contains(&b'i') && has(b"ae");
        y && w && (!diphthong || short.contains(&b'i'))
    })
}

/// Whether nothing says that one is a woman's name and the other a man's: the tables, or an ending that only one of them has.
fn sexes_fit(short: &Name, long: &Name, knowledge: &Knowledge) -> bool {
    let sex = |name: &Name| knowledge.entry(&name.plain.joined()?.text)?.sex;
    let told = matches!(
        (sex(short), sex(long)),
        (Some(Sex::Male), Some(Sex::Female)) | (Some(Sex::Female), Some(Sex::Male))
    );
    let ends = |name: &Name, with: &[u8]| {
        let last = name.plain.joined().and_then(|word| word.text.last());
        last.is_some_and(|last| with.contains(last))
    };
    !told && (!ends(short, b"ah") || ends(long, b"aehiouy"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn strength(written: &str, spelled: &str) -> Option<Strength> {
        let address = "khalil.home@example.org";
        let (a, b) = (Person::new(written, "خليل", address), Person::new(spelled, "Khalil", address));
        let there = by_consonants(&a, &b, Knowledge::built_in());
        assert_eq!(there, by_consonants(&b, &a, Knowledge::built_in()), "symmetric");
        there
    }

    #[test]
    fn a_name_is_known_by_its_consonants() {
        for (written, spelled) in [
            ("حسن", "Hassan"),
            ("حسين", "Hussein"),
            ("حسين", "Husain"),
            ("محمود", "Mahmoud"),
            ("كريم", "Karim"),
            ("سليمة", "Salima"),
            ("يوسف", "Yusuf"),
            ("زينب", "Zainab"),
        ] {
            assert_eq!(strength(written, spelled), Some(Strength::Probable), "{spelled}");
        }
    }

    #[test]
    fn a_written_vowel_that_does_not_fit_leaves_the_question_to_a_person() {
        for (written, spelled) in [
            ("حسين", "Hassan"),
            ("حسن", "Hussein"),
            ("محمود", "Muhammad"),
            ("سليمة", "Salim"),
            ("كريمة", "Karim"),
            ("سعاد", "Said"),
        ] {
            assert_eq!(strength(written, spelled), Some(Strength::Review), "{spelled}");
        }
        assert_eq!(strength("عمر", "Karim"), None);
    }
}
