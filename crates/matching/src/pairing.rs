//! Compound surnames, paired word by word.

use smallvec::SmallVec;

use crate::family::Family;
use crate::family_word::{Kin, relate};
use crate::name::{Form, Word};

/// Gives every word of the shorter name its best partner in the longer one and judges the pairs together.
pub(crate) fn pair_words(a: &Form, b: &Form) -> Family {
    if a.content().len() < b.content().len() {
        return judge(a, b);
    }
    if b.content().len() < a.content().len() {
        return judge(b, a);
    }
    // Greedy pairing depends on which side chooses; taking the better keeps the whole symmetric.
    judge(a, b).min(judge(b, a))
}

fn judge(short: &Form, long: &Form) -> Family {
    let mut free: SmallVec<[&Word; 24]> = long.content().collect();
    let mut worst = Kin::Equal;
    let (mut any_equal, mut any_initial, mut slips) = (false, false, false);
    for word in short.content() {
        let best = free.iter().enumerate().map(|(at, other)| (relate(word, other), at)).min();
        let Some((kin, at)) = best else { return Family::Conflict };
        free.remove(at);
        any_equal |= kin == Kin::Equal;
        any_initial |= kin == Kin::Initial;
        slips |= matches!(kin, Kin::Typo | Kin::Weak);
        worst = worst.max(kin);
    }
    match worst {
        Kin::Equal | Kin::Variant => Family::Part,
        Kin::Initial if any_equal && any_initial && !slips => Family::Part,
        Kin::Typo => Family::Weak,
        Kin::Weak | Kin::Initial | Kin::Conflict if any_equal => Family::Overlap,
        Kin::Weak | Kin::Initial | Kin::Conflict => Family::Conflict,
    }
}
