//! The sound of a romanised word, so that transliterations of one name meet.

use crate::fold::Letters;

/// Applied in this order, each over the whole word. Capitals mark a finished sound.
const STEPS: &[(&str, &str)] = &[
    ("schtsch", "S"),
    ("shch", "S"),
    ("dsch", "J"),
    ("tsch", "C"),
    ("tch", "C"),
    ("cz", "C"),
    ("sch", "S"),
    ("sh", "S"),
    ("sz", "S"),
    ("ch", "C"),
    ("dzh", "J"),
    ("zh", "J"),
    ("dj", "J"),
    ("ph", "f"),
    ("kh", "h"),
    ("gh", "g"),
    ("th", "t"),
    ("ck", "k"),
    ("qu", "k"),
    ("q", "k"),
    ("x", "ks"),
    ("w", "v"),
    ("tz", "z"),
    ("ts", "z"),
    ("ou", "u"),
    ("oo", "u"),
    ("ee", "i"),
    ("ae", "e"),
    ("oe", "e"),
    ("ue", "u"),
    ("ij", "i"),
    ("iy", "i"),
    ("yi", "i"),
    ("ie", "i"),
    ("j", "i"),
    ("y", "i"),
    ("c", "k"),
    ("z", "s"),
];

/// The skeleton of a folded word; may be empty (`h`).
pub(crate) fn skeleton(word: &[u8]) -> Letters {
    let mut sound = Letters::from_slice(word);
    let mut present = letters_in(word);
    for ((from, to), needed) in STEPS.iter().zip(NEEDED) {
        if present & needed == needed && replace_all(&mut sound, from.as_bytes(), to.as_bytes()) {
            present = letters_in(&sound);
        }
    }
    sound.dedup();
    if sound.last() == Some(&b'h') {
        sound.pop();
    }
    sound
}

/// The letters each step needs; a word that lacks one of them skips the step.
const NEEDED: [u32; STEPS.len()] = {
    let mut needed = [0; STEPS.len()];
    let mut step = 0;
    while step < STEPS.len() {
        needed[step] = letters_in(STEPS[step].0.as_bytes());
        step += 1;
    }
    needed
};

/// A set of the lower-case letters in a word, one bit each.
const fn letters_in(word: &[u8]) -> u32 {
    let (mut set, mut at) = (0, 0);
    while at < word.len() {
        if word[at].is_ascii_lowercase() {
            set |= 1 << (word[at] - b'a');
        }
        at += 1;
    }
    set
}

fn replace_all(text: &mut Letters, from: &[u8], to: &[u8]) -> bool {
    let mut changed = false;
    let mut at = 0;
    while at + from.len() <= text.len() {
        if &text[at..at + from.len()] != from {
            at += 1;
            continue;
        }
        changed = true;
        if to.len() > from.len() {
            text.insert(at, to[0]);
            text[at + 1..at + to.len()].copy_from_slice(&to[1..]);
        } else {
            text[at..at + to.len()].copy_from_slice(to);
            text.drain(at + to.len()..at + from.len());
        }
        at += to.len();
    }
    changed
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(word: &str) -> String {
        String::from_utf8_lossy(&skeleton(word.as_bytes())).into_owned()
    }

    #[test]
    fn romanisations_of_one_name_share_a_skeleton() {
        for (one, other) in [
            ("shostakovich", "schostakowitsch"),
            ("sergey", "sergei"),
            ("khrushchev", "hruschtschew"),
            ("yusuf", "jousouf"),
            ("sara", "sarah"),
            ("catherine", "katherine"),
        ] {
            assert_eq!(of(one), of(other), "{one} {other}");
        }
        assert_ne!(of("peter"), of("paul"));
    }

    #[test]
    fn growing_and_vanishing_words_are_handled() {
        assert_eq!(of("xx"), "ksks");
        assert_eq!(of("h"), "");
        assert_eq!(of("aaa"), "a");
    }
}
