//! How long a pair takes, beside plain `strsim` on the same fields.
//!
//! `cargo bench -p matching`. The ratio is what to watch: it hardly depends on the machine. Uses the development set
//! where it is at hand and the golden cases where it is not.
#![allow(clippy::print_stdout, reason = "a benchmark reports to whoever runs it")]
#![allow(clippy::disallowed_methods, reason = "a benchmark measures real time")]

#[path = "../tests/development/mod.rs"]
mod development;

use std::hint::black_box;
use std::time::Instant;

use matching::{Config, Knowledge, Person, compare};

type Fields = [String; 3];

/// Pairs compared in one measurement, whatever the set.
const AT_LEAST: usize = 40_000;
const ROUNDS: usize = 5;

fn main() {
    let pairs = pairs();
    let (knowledge, config) = (Knowledge::built_in(), Config::default());
    let person = |[first, last, email]: &Fields| Person::new(first, last, email);
    let whole = rate(&pairs, |(a, b)| compare(&person(a), &person(b), knowledge, &config).strength as usize);
    let read: Vec<_> = pairs.iter().map(|(a, b)| (person(a), person(b))).collect();
    let judged = rate(&read, |(a, b)| compare(a, b, knowledge, &config).strength as usize);
    let plain = rate(&pairs, |(a, b)| {
        usize::from(strsim::jaro_winkler(&a[0], &b[0]) >= 0.85 && strsim::jaro_winkler(&a[1], &b[1]) >= 0.85)
    });
    println!("pairs in the set            {:>12}", pairs.len());
    println!("read both and judge         {whole:>12.0} pairs/s");
    println!("judge, both read already    {judged:>12.0} pairs/s");
    println!("strsim Jaro-Winkler, fields {plain:>12.0} pairs/s");
    println!("read and judge / strsim     {:>12.2} times the cost", plain / whole);
    println!("judge / strsim              {:>12.2} times the cost", plain / judged);
}

/// Pairs a second on one thread: the best of a few rounds, the one least disturbed.
fn rate<T>(pairs: &[T], judge: impl Fn(&T) -> usize) -> f64 {
    let mut best = f64::MAX;
    for _ in 0..ROUNDS {
        let start = Instant::now();
        let sum: usize = pairs.iter().map(|pair| judge(black_box(pair))).sum();
        black_box(sum);
        best = best.min(start.elapsed().as_secs_f64());
    }
    f64::from(u32::try_from(pairs.len()).unwrap_or(u32::MAX)) / best
}

fn pairs() -> Vec<(Fields, Fields)> {
    if let Some(folder) = development::folder() {
        return development::pairs(&folder).into_iter().map(|pair| (pair.supporter, pair.contact)).collect();
    }
    let mut rows = csv::Reader::from_reader(include_str!("../tests/golden.csv").as_bytes());
    let golden: Vec<(Fields, Fields)> = rows
        .records()
        .flatten()
        .map(|row| ([1, 2, 3].map(|at| row[at].to_owned()), [4, 5, 6].map(|at| row[at].to_owned())))
        .collect();
    golden.iter().cycle().take(AT_LEAST).cloned().collect()
}
