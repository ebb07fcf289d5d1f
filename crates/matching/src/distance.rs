//! `strsim`'s two measures over folded letters, without the allocations while a word is of ordinary length.

use std::str::from_utf8;

/// Longest word the stack buffers take; longer ones go to `strsim` itself.
const ORDINARY: usize = 64;

/// Optimal string alignment distance: `strsim::osa_distance`.
pub(crate) fn osa(a: &[u8], b: &[u8]) -> usize {
    let (a, b) = without_common_ends(a, b);
    if a.is_empty() || b.is_empty() {
        return a.len().max(b.len());
    }
    if a.len() > ORDINARY || b.len() > ORDINARY {
        return strsim::osa_distance(from_utf8(a).unwrap_or_default(), from_utf8(b).unwrap_or_default());
    }
    let mut before_last = [0_u8; ORDINARY + 1];
    let mut last = [0_u8; ORDINARY + 1];
    let mut row = [0_u8; ORDINARY + 1];
    (0_u8..).zip(&mut last[..=b.len()]).for_each(|(j, cell)| *cell = j);
    let mut start = 0;
    for i in 0..a.len() {
        start += 1;
        row[0] = start;
        for j in 0..b.len() {
            let differ = u8::from(a[i] != b[j]);
            let mut best = (last[j] + differ).min(last[j + 1] + 1).min(row[j] + 1);
            if i > 0 && j > 0 && differ == 1 && a[i] == b[j - 1] && a[i - 1] == b[j] {
                best = best.min(before_last[j - 1] + 1);
            }
            row[j + 1] = best;
        }
        std::mem::swap(&mut before_last, &mut last);
        std::mem::swap(&mut last, &mut row);
    }
    usize::from(last[b.len()])
}

fn without_common_ends<'a>(a: &'a [u8], b: &'a [u8]) -> (&'a [u8], &'a [u8]) {
    let front = a.iter().zip(b).take_while(|(x, y)| x == y).count();
    let (a, b) = (&a[front..], &b[front..]);
    let back = a.iter().rev().zip(b.iter().rev()).take_while(|(x, y)| x == y).count();
    (&a[..a.len() - back], &b[..b.len() - back])
}

/// Jaro-Winkler similarity: `strsim::jaro_winkler`, except that two empty words are not alike.
pub(crate) fn jaro_winkler(a: &[u8], b: &[u8]) -> f64 {
    if a.is_empty() || b.is_empty() {
        return 0.0;
    }
    if a.len() > ORDINARY || b.len() > ORDINARY {
        return strsim::jaro_winkler(from_utf8(a).unwrap_or_default(), from_utf8(b).unwrap_or_default());
    }
    let jaro = jaro(a, b);
    if jaro <= 0.7 {
        return jaro;
    }
    let prefix = a.iter().zip(b).take(4).take_while(|(x, y)| x == y).count();
    jaro + 0.1 * small(prefix) * (1.0 - jaro)
}

fn jaro(a: &[u8], b: &[u8]) -> f64 {
    let reach = (a.len().max(b.len()) / 2).saturating_sub(1);
    let (mut in_a, mut in_b) = (0_u64, 0_u64);
    for (i, x) in a.iter().enumerate() {
        let window = i.saturating_sub(reach)..b.len().min(i + reach + 1);
        if let Some(j) = window.into_iter().find(|j| b[*j] == *x && in_b >> j & 1 == 0) {
            in_a |= 1 << i;
            in_b |= 1 << j;
        }
    }
    let matches = in_a.count_ones() as usize;
    if matches == 0 {
        return 0.0;
    }
    let chosen = |word: &'_ [u8], set: u64| -> [u8; ORDINARY] {
        let mut kept = [0; ORDINARY];
        let letters = word.iter().enumerate().filter(|(i, _)| set >> i & 1 == 1);
        letters.zip(&mut kept).for_each(|((_, letter), cell)| *cell = *letter);
        kept
    };
    let (kept_a, kept_b) = (chosen(a, in_a), chosen(b, in_b));
    let moved = kept_a.iter().zip(&kept_b).take(matches).filter(|(x, y)| x != y).count() / 2;
    let m = small(matches);
    (m / small(a.len()) + m / small(b.len()) + small(matches - moved) / m) / 3.0
}

/// A count of letters as a number to divide; words are far shorter than the limit of exactness.
fn small(count: usize) -> f64 {
    u32::try_from(count).map_or(f64::from(u32::MAX), f64::from)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn both_measures_are_those_of_strsim(a in "[a-d]{0,12}|[a-z]{0,90}", b in "[a-d]{0,12}|[a-z]{0,90}") {
            prop_assert_eq!(osa(a.as_bytes(), b.as_bytes()), strsim::osa_distance(&a, &b));
            if !a.is_empty() && !b.is_empty() {
                prop_assert_eq!(jaro_winkler(a.as_bytes(), b.as_bytes()), strsim::jaro_winkler(&a, &b));
            }
        }
    }

    #[test]
    fn empty_words_are_not_alike() {
        assert_eq!(jaro_winkler(b"", b""), 0.0);
        assert_eq!(osa(b"", b"abc"), 3);
    }
}
