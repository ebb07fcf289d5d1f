//! Prints how well the matcher does on the development set, whole and per kind.
//!
//! `cargo run --release -p matching --example score [kind]` — with a kind, also lists the ids of its rows that came
//! out against their label, with the reasons.
#![allow(clippy::print_stdout, reason = "a report for whoever works on the rules")]
#![allow(clippy::expect_used, reason = "a tool for development")]

#[path = "../tests/development/mod.rs"]
mod development;

use matching::{Config, Knowledge, Strength, compare};

fn main() {
    let Some(folder) = development::folder() else {
        println!("no development set: set HIGHWATER_MATCHING_DATA to the folder that holds dev.csv");
        return;
    };
    let pairs = development::pairs(&folder);
    let figures = development::measure(&pairs);
    println!("{:28} {:>9} {:>6} {:>7} {:>7}", "kind", "label", "rows", "linked", "review");
    for ((kind, same), tally) in &figures.kinds {
        let rows = tally.same + tally.different;
        let review = development::share(tally.review_same + tally.review_different, rows);
        let label = if *same { "same" } else { "different" };
        println!("{kind:28} {label:>9} {rows:6} {:7.4} {review:7.4}", tally.linked_share());
    }
    for (name, tally) in [("certain", figures.certain), ("all", figures.all)] {
        println!(
            "{name}: precision {:.4} recall {:.4} F1 {:.4} recall with review {:.4} wrong links {}",
            tally.precision(),
            tally.recall(),
            tally.f1(),
            tally.recall_with_review(),
            tally.linked_different
        );
    }
    let ties = development::measure_ties(&folder);
    for (kind, ties) in &ties {
        println!("{kind:28} right {:4} missed {:3} wrong {:3}", ties.right, ties.missed, ties.wrong);
    }
    let (right, wrong) = ties.values().fold((0, 0), |sum, t| (sum.0 + t.right, sum.1 + t.wrong));
    let all: u32 = ties.values().map(|t| t.right + t.missed + t.wrong).sum();
    println!("ties: right {:.4} wrong {wrong}", development::share(right, all));
    if let Some(kind) = std::env::args().nth(1) {
        list(&pairs, &kind);
    }
}

fn list(pairs: &[development::Pair], kind: &str) {
    for pair in pairs.iter().filter(|pair| pair.kind == kind) {
        let (supporter, contact) = pair.persons();
        let outcome = compare(&supporter, &contact, Knowledge::built_in(), &Config::default());
        if (outcome.strength >= Strength::Probable) != pair.same {
            let reasons: Vec<_> = outcome.reasons.iter().map(|reason| reason.as_str()).collect();
            println!("{} {} {}", pair.id, outcome.strength.as_str(), reasons.join(" "));
        }
    }
}
