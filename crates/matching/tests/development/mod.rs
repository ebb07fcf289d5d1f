//! The labelled pairs matching is measured on. They name real people beside invented addresses, so they stay out of
//! the repository; whoever has the folder is measured, whoever has not is told so.
#![allow(dead_code, unreachable_pub, reason = "each user of this module needs a part of it")]

use std::collections::BTreeMap;
use std::path::PathBuf;

use matching::{Choice, Config, Knowledge, Person, Strength, choose, compare};

/// The folder with `dev.csv` and `dev_ties.csv`, if it is there.
pub fn folder() -> Option<PathBuf> {
    let beside = || PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data/matching"));
    let folder = std::env::var_os("HIGHWATER_MATCHING_DATA").map_or_else(beside, PathBuf::from);
    folder.join("dev.csv").is_file().then_some(folder)
}

/// One labelled pair.
pub struct Pair {
    pub id: String,
    pub supporter: [String; 3],
    pub contact: [String; 3],
    pub same: bool,
    pub kind: String,
    pub certain: bool,
}

impl Pair {
    pub fn persons(&self) -> (Person, Person) {
        let person = |[first, last, email]: &[String; 3]| Person::new(first, last, email);
        (person(&self.supporter), person(&self.contact))
    }
}

pub fn pairs(folder: &std::path::Path) -> Vec<Pair> {
    let mut rows = csv::Reader::from_path(folder.join("dev.csv")).expect("dev.csv opens");
    let cell = |row: &csv::StringRecord, at: usize| row[at].to_owned();
    rows.records()
        .map(|row| {
            let row = row.expect("dev.csv is well formed");
            Pair {
                id: cell(&row, 0),
                supporter: [1, 2, 3].map(|at| cell(&row, at)),
                contact: [4, 5, 6].map(|at| cell(&row, at)),
                same: &row[7] == "same",
                kind: cell(&row, 8),
                certain: &row[9] == "yes",
            }
        })
        .collect()
}

/// Right and wrong links over some pairs.
#[derive(Default, Clone, Copy)]
pub struct Tally {
    pub linked_same: u32,
    pub linked_different: u32,
    pub review_same: u32,
    pub review_different: u32,
    pub same: u32,
    pub different: u32,
}

impl Tally {
    pub fn add(&mut self, same: bool, strength: Strength) {
        let linked = u32::from(strength >= Strength::Probable);
        let review = u32::from(strength == Strength::Review);
        if same {
            self.same += 1;
            self.linked_same += linked;
            self.review_same += review;
        } else {
            self.different += 1;
            self.linked_different += linked;
            self.review_different += review;
        }
    }

    pub fn precision(&self) -> f64 {
        share(self.linked_same, self.linked_same + self.linked_different)
    }

    pub fn recall(&self) -> f64 {
        share(self.linked_same, self.same)
    }

    pub fn recall_with_review(&self) -> f64 {
        share(self.linked_same + self.review_same, self.same)
    }

    pub fn f1(&self) -> f64 {
        2.0 * self.precision() * self.recall() / (self.precision() + self.recall())
    }

    pub fn linked_share(&self) -> f64 {
        share(self.linked_same + self.linked_different, self.same + self.different)
    }
}

pub fn share(part: u32, whole: u32) -> f64 {
    if whole == 0 { 0.0 } else { f64::from(part) / f64::from(whole) }
}

/// Figures over the certain pairs, over all, and per kind and label.
pub struct Figures {
    pub certain: Tally,
    pub all: Tally,
    pub kinds: BTreeMap<(String, bool), Tally>,
}

pub fn measure(pairs: &[Pair]) -> Figures {
    let mut figures = Figures { certain: Tally::default(), all: Tally::default(), kinds: BTreeMap::new() };
    for pair in pairs {
        let (supporter, contact) = pair.persons();
        let strength = compare(&supporter, &contact, Knowledge::built_in(), &Config::default()).strength;
        figures.all.add(pair.same, strength);
        if pair.certain {
            figures.certain.add(pair.same, strength);
        }
        figures.kinds.entry((pair.kind.clone(), pair.same)).or_default().add(pair.same, strength);
    }
    figures
}

/// How the ties came out: right, missed and wrong.
#[derive(Default, Clone, Copy, Debug)]
pub struct Ties {
    pub right: u32,
    pub missed: u32,
    pub wrong: u32,
}

pub fn measure_ties(folder: &std::path::Path) -> BTreeMap<String, Ties> {
    let mut rows = csv::Reader::from_path(folder.join("dev_ties.csv")).expect("dev_ties.csv opens");
    let mut kinds = BTreeMap::<String, Ties>::new();
    for row in rows.records() {
        let row = row.expect("dev_ties.csv is well formed");
        let supporter = Person::new(&row[2], &row[3], &row[4]);
        let field = |contact: usize, at: usize| row.get(6 + 3 * contact + at).unwrap_or_default();
        let contacts: Vec<_> = (0..5)
            .filter(|n| !field(*n, 2).is_empty())
            .map(|n| Person::new(field(n, 0), field(n, 1), field(n, 2)))
            .collect();
        let choice = choose(&supporter, &contacts, Knowledge::built_in(), &Config::default());
        let ties = kinds.entry(row[1].to_owned()).or_default();
        let answer = match &choice {
            Choice::Link(at) => at.to_string(),
            Choice::Ambiguous(_) => "ambiguous".to_owned(),
            Choice::NoMatch => "none".to_owned(),
        };
        if answer == row[5] {
            ties.right += 1;
        } else if matches!(choice, Choice::Link(_)) {
            ties.wrong += 1;
        } else {
            ties.missed += 1;
        }
    }
    kinds
}
