//! Prints how well the matcher does on labelled pairs, whole and per kind.
//!
//! ```sh
//! cargo run --release -p matching --example score -- PAIRS.csv --ties TIES.csv [--format json] [--list KIND]
//! ```
//!
//! The files have the columns of the development set; without any, that set is measured where it is at hand. The figures that
//! stand first are those of the rows of which a careful person can be certain. `--list` names the rows of a kind that came out against
//! their label, with the reasons.
#![allow(clippy::print_stderr, reason = "a report for whoever works on the rules")]

#[path = "../tests/development/mod.rs"]
mod development;

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use development::{Figures, Pair, Tally, Ties, share};
use matching::{Config, Knowledge, Strength, compare};
use serde_json::{Map, Value, json};

const USAGE: &str = "score [PAIRS.csv] [--ties TIES.csv] [--format text|json] [--list KIND]";

/// What was asked for.
#[derive(Default)]
struct Words {
    pairs: Option<PathBuf>,
    ties: Option<PathBuf>,
    json: bool,
    list: Option<String>,
}

impl Words {
    fn read(words: impl Iterator<Item = String>) -> Result<Self, String> {
        let mut read = Self::default();
        let mut words = words;
        while let Some(word) = words.next() {
            let mut value = || words.next().ok_or_else(|| format!("{word} needs a value: {USAGE}"));
            match word.as_str() {
                "--ties" => read.ties = Some(value()?.into()),
                "--list" => read.list = Some(value()?),
                "--format" => match value()?.as_str() {
                    "json" => read.json = true,
                    "text" => read.json = false,
                    _ => return Err(format!("a format is text or json: {USAGE}")),
                },
                _ if word.starts_with('-') || read.pairs.is_some() => {
                    return Err(format!("{word} is not understood: {USAGE}"));
                }
                _ => read.pairs = Some(word.into()),
            }
        }
        if read.pairs.is_none() && read.ties.is_none() {
            let folder = development::folder().ok_or_else(|| {
                format!(
                    "no development set: name a file, or set HIGHWATER_MATCHING_DATA to the folder that holds dev.csv\n{USAGE}"
                )
            })?;
            read.pairs = Some(folder.join("dev.csv"));
            read.ties = Some(folder.join("dev_ties.csv"));
        }
        Ok(read)
    }
}

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(trouble) => {
            eprintln!("{trouble}");
            ExitCode::from(2)
        }
    }
}

fn run() -> Result<(), String> {
    let words = Words::read(std::env::args().skip(1))?;
    let pairs = words.pairs.as_deref().map(development::read_pairs).transpose()?;
    let figures = pairs.as_deref().map(development::measure);
    let ties = words.ties.as_deref().map(development::read_ties).transpose()?;
    let mut out = io::BufWriter::new(io::stdout().lock());
    let written = if words.json {
        writeln!(out, "{:#}", as_json(figures.as_ref(), ties.as_ref()))
    } else {
        as_text(&mut out, figures.as_ref(), ties.as_ref())
            .and_then(|()| list(&mut out, pairs.as_deref().unwrap_or_default(), words.list.as_deref()))
    };
    match written.and_then(|()| out.flush()) {
        // Whoever reads has seen enough.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        written => written.map_err(|error| error.to_string()),
    }
}

fn of(tally: Tally) -> Map<String, Value> {
    let figures = json!({
        "precision": tally.precision(),
        "recall": tally.recall(),
        "f1": tally.f1(),
        "recall_with_review": tally.recall_with_review(),
        "rows": tally.same + tally.different,
        "wrong_links": tally.linked_different,
    });
    let Value::Object(figures) = figures else { return Map::new() };
    figures
}

fn as_json(figures: Option<&Figures>, ties: Option<&BTreeMap<String, Ties>>) -> Value {
    let mut told = Map::new();
    if let Some(figures) = figures {
        told = of(figures.certain);
        told.insert("all".to_owned(), of(figures.all).into());
        let mut kinds: BTreeMap<&str, Map<String, Value>> = BTreeMap::new();
        for ((kind, same), tally) in &figures.kinds {
            let rows = tally.same + tally.different;
            let label = if *same { "same" } else { "different" };
            let review = share(tally.review_same + tally.review_different, rows);
            let figures = json!({"rows": rows, "linked": tally.linked_share(), "review": review});
            kinds.entry(kind).or_default().insert(label.to_owned(), figures);
        }
        told.insert("kinds".to_owned(), json!(kinds));
    }
    if let Some(ties) = ties {
        let total = sum(ties);
        let kinds: BTreeMap<&str, Value> = ties
            .iter()
            .map(|(kind, t)| {
                (kind.as_str(), json!({"right": t.right, "missed": t.missed, "wrong_links": t.wrong}))
            })
            .collect();
        let right = share(total.right, total.right + total.missed + total.wrong);
        told.insert("ties".to_owned(), json!({"right": right, "wrong_links": total.wrong, "kinds": kinds}));
    }
    told.into()
}

fn sum(ties: &BTreeMap<String, Ties>) -> Ties {
    ties.values().fold(Ties::default(), |sum, t| Ties {
        right: sum.right + t.right,
        missed: sum.missed + t.missed,
        wrong: sum.wrong + t.wrong,
    })
}

fn as_text(
    out: &mut impl Write,
    figures: Option<&Figures>,
    ties: Option<&BTreeMap<String, Ties>>,
) -> io::Result<()> {
    if let Some(figures) = figures {
        writeln!(out, "{:28} {:>9} {:>6} {:>7} {:>7}", "kind", "label", "rows", "linked", "review")?;
        for ((kind, same), tally) in &figures.kinds {
            let rows = tally.same + tally.different;
            let review = share(tally.review_same + tally.review_different, rows);
            let label = if *same { "same" } else { "different" };
            writeln!(out, "{kind:28} {label:>9} {rows:6} {:7.4} {review:7.4}", tally.linked_share())?;
        }
        for (name, tally) in [("certain", figures.certain), ("all", figures.all)] {
            writeln!(
                out,
                "{name}: precision {:.4} recall {:.4} F1 {:.4} recall with review {:.4} wrong links {}",
                tally.precision(),
                tally.recall(),
                tally.f1(),
                tally.recall_with_review(),
                tally.linked_different
            )?;
        }
    }
    if let Some(ties) = ties {
        for (kind, ties) in ties {
            let Ties { right, missed, wrong } = ties;
            writeln!(out, "{kind:28} right {right:4} missed {missed:3} wrong links {wrong:3}")?;
        }
        let total = sum(ties);
        let right = share(total.right, total.right + total.missed + total.wrong);
        writeln!(out, "ties: right {right:.4} wrong links {}", total.wrong)?;
    }
    Ok(())
}

fn list(out: &mut impl Write, pairs: &[Pair], kind: Option<&str>) -> io::Result<()> {
    for pair in pairs.iter().filter(|pair| Some(pair.kind.as_str()) == kind) {
        let (supporter, contact) = pair.persons();
        let outcome = compare(&supporter, &contact, Knowledge::built_in(), &Config::default());
        if (outcome.strength >= Strength::Probable) != pair.same {
            let reasons: Vec<_> = outcome.reasons.iter().map(|reason| reason.as_str()).collect();
            writeln!(out, "{} {} {}", pair.id, outcome.strength.as_str(), reasons.join(" "))?;
        }
    }
    Ok(())
}
