//! A large set of labelled pairs that matching is measured on, with the columns that [`read_pairs`] names. Sets of that size are made
//! from public records of people, and are not kept in the repository.
#![allow(dead_code, unreachable_pub, reason = "each user of this module needs a part of it")]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use matching::{Choice, Config, Knowledge, Person, Strength, choose, compare};

/// The folder with `dev.csv` and `dev_ties.csv`, if it is there.
pub fn folder() -> Option<PathBuf> {
    let folder = PathBuf::from(std::env::var_os("HIGHWATER_MATCHING_DATA")?);
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

pub fn pairs(folder: &Path) -> Vec<Pair> {
    read_pairs(&folder.join("dev.csv")).expect("dev.csv is well formed")
}

/// The labelled pairs of a file with the development set's columns, which are found by their names. `kind` and `certain` may be
/// missing: then everything is of one kind, and certain.
///
/// # Errors
/// What does not fit, and in which line.
pub fn read_pairs(file: &Path) -> Result<Vec<Pair>, String> {
    let mut table = Table::open(file)?;
    let places = |names: [&str; 3]| -> Result<[usize; 3], String> {
        Ok([table.needs(names[0])?, table.needs(names[1])?, table.needs(names[2])?])
    };
    let supporter = places(["supporter_first", "supporter_last", "supporter_email"])?;
    let contact = places(["contact_first", "contact_last", "contact_email"])?;
    let label = table.needs("label")?;
    let (id, kind, certain) = (table.place("pair_id"), table.place("kind"), table.place("certain"));
    let mut pairs = Vec::new();
    while let Some((line, row)) = table.next()? {
        let cell = |at: usize| row.get(at).unwrap_or_default().to_owned();
        let same = match row.get(label) {
            Some("same") => true,
            Some("different") => false,
            _ => return Err(format!("line {line}: label is neither same nor different")),
        };
        pairs.push(Pair {
            id: id.map_or_else(|| line.to_string(), cell),
            supporter: supporter.map(cell),
            contact: contact.map(cell),
            same,
            kind: kind.map_or_else(|| "any".to_owned(), cell),
            certain: certain.is_none_or(|at| row.get(at) == Some("yes")),
        });
    }
    Ok(pairs)
}

/// A CSV file with a header.
struct Table {
    name: String,
    names: csv::StringRecord,
    rows: csv::StringRecordsIntoIter<std::fs::File>,
}

impl Table {
    fn open(file: &Path) -> Result<Self, String> {
        let name = file.display().to_string();
        let mut reader = csv::Reader::from_path(file).map_err(|error| format!("{name}: {error}"))?;
        let names = reader.headers().map_err(|error| format!("{name}: {error}"))?.clone();
        Ok(Self { name, names, rows: reader.into_records() })
    }

    fn place(&self, column: &str) -> Option<usize> {
        self.names.iter().position(|name| name == column)
    }

    fn needs(&self, column: &str) -> Result<usize, String> {
        self.place(column).ok_or_else(|| format!("{}: there is no column {column}", self.name))
    }

    fn next(&mut self) -> Result<Option<(u64, csv::StringRecord)>, String> {
        let Some(row) = self.rows.next() else { return Ok(None) };
        let row = row.map_err(|error| format!("{}: {error}", self.name))?;
        Ok(Some((row.position().map_or(0, csv::Position::line), row)))
    }
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

pub fn measure_ties(folder: &Path) -> BTreeMap<String, Ties> {
    read_ties(&folder.join("dev_ties.csv")).expect("dev_ties.csv is well formed")
}

/// The most Contacts of one case.
const CANDIDATES: usize = 5;

/// How the cases of a file with the columns of `dev_ties.csv` come out, by kind.
///
/// # Errors
/// What does not fit.
pub fn read_ties(file: &Path) -> Result<BTreeMap<String, Ties>, String> {
    let mut table = Table::open(file)?;
    let supporter =
        [table.needs("supporter_first")?, table.needs("supporter_last")?, table.needs("supporter_email")?];
    let (expected, kind) = (table.needs("expected")?, table.place("kind"));
    let candidates: Vec<[Option<usize>; 3]> = (0..CANDIDATES)
        .map(|n| ["first", "last", "email"].map(|part| table.place(&format!("c{n}_{part}"))))
        .collect();
    let mut kinds = BTreeMap::<String, Ties>::new();
    while let Some((_, row)) = table.next()? {
        let cell = |at: usize| row.get(at).unwrap_or_default();
        let person = |[first, last, email]: [&str; 3]| Person::new(first, last, email);
        let filled = candidates.iter().map(|places| places.map(|at| at.map(cell).unwrap_or_default()));
        let contacts: Vec<_> = filled.filter(|[_, _, email]| !email.is_empty()).map(person).collect();
        let choice =
            choose(&person(supporter.map(cell)), &contacts, Knowledge::built_in(), &Config::default());
        let kind = kind.map_or("any", cell).to_owned();
        let ties = kinds.entry(kind).or_default();
        let answer = match &choice {
            Choice::Link(at) => at.to_string(),
            Choice::Ambiguous(_) => "ambiguous".to_owned(),
            Choice::NoMatch => "none".to_owned(),
        };
        if answer == cell(expected) {
            ties.right += 1;
        } else if matches!(choice, Choice::Link(_)) {
            ties.wrong += 1;
        } else {
            ties.missed += 1;
        }
    }
    Ok(kinds)
}
