//! The figures as a table, as a value, and as a page of the documentation.

use std::fmt::Write as _;

use serde_json::{Map, Value, json};

use super::figures::Figures;
use crate::output::{Answer, Sheet};

/// All measures with one number of people.
#[derive(Debug, Clone)]
pub struct Size {
    /// How many people.
    pub rows: usize,
    /// What was measured.
    pub measures: Vec<Measure>,
}

/// One measure, and those of others who did the same.
#[derive(Debug, Clone)]
pub struct Measure {
    /// What was measured.
    pub name: &'static str,
    /// What it used.
    pub figures: Figures,
    /// Others on the same rows.
    pub beside: Beside,
}

/// Others on the same rows, in the same run.
#[derive(Debug, Clone, Default)]
pub struct Beside {
    /// A plain program: one file, one job, nothing remembered.
    pub plain: Option<Figures>,
    /// The database's own part alone.
    pub sqlite: Option<Figures>,
    /// simple-salesforce, from a file.
    pub python: Option<Figures>,
}

impl Beside {
    fn named(&self) -> [(&'static str, Option<&Figures>); 3] {
        [
            ("plain", self.plain.as_ref()),
            ("sqlite", self.sqlite.as_ref()),
            ("simple_salesforce", self.python.as_ref()),
        ]
    }
}

impl Size {
    /// The measure of a name.
    #[must_use]
    pub fn measure(&self, name: &str) -> Option<&Measure> {
        self.measures.iter().find(|measure| measure.name == name)
    }

    fn shown(&self) -> Map<String, Value> {
        let mut all = Map::new();
        all.insert("rows".to_owned(), json!(self.rows));
        for measure in &self.measures {
            all.insert(measure.name.to_owned(), measure.figures.shown());
            let beside = measure.beside.named().into_iter();
            let beside: Map<String, Value> =
                beside.filter_map(|(name, figures)| Some((name.to_owned(), figures?.shown()))).collect();
            if !beside.is_empty() {
                all.insert(format!("{}_beside", measure.name), Value::Object(beside));
            }
        }
        all
    }
}

const HEAD: [&str; 14] = [
    "people",
    "measure",
    "selected",
    "writes",
    "calls",
    "sent MB",
    "received MB",
    "CPU s",
    "peak MB",
    "state MB",
    "wall s",
    "SQLite alone",
    "plain",
    "simple-salesforce",
];

/// The figures for whoever asked: those of the largest size on top, all of them below.
#[must_use]
pub fn answer(sizes: &[Size]) -> Answer {
    let mut sheet = Sheet::new("", &HEAD);
    for size in sizes {
        for measure in &size.measures {
            sheet.row(cells(size.rows, measure));
        }
    }
    let mut value = sizes.last().map(Size::shown).unwrap_or_default();
    value.insert("sizes".to_owned(), sizes.iter().map(|size| Value::Object(size.shown())).collect());
    Answer::of(sheet, Value::Object(value))
}

fn cells(rows: usize, measure: &Measure) -> Vec<String> {
    let figures = &measure.figures;
    let mut cells = vec![
        rows.to_string(),
        measure.name.to_owned(),
        figures.people.to_string(),
        figures.writes.to_string(),
        figures.calls.to_string(),
        thousandths(figures.bytes_out / 1_000),
        thousandths(figures.bytes_in / 1_000),
        thousandths(figures.cpu_ms),
        figures.peak_mb().to_string(),
        if figures.state_bytes == 0 { "-".to_owned() } else { figures.state_mb().to_string() },
        thousandths(figures.wall_ms),
    ];
    for (_, other) in [1, 0, 2].map(|at| measure.beside.named()[at]) {
        cells.push(other.map_or_else(
            || "-".to_owned(),
            |other| format!("{} s, {} MB", thousandths(other.cpu_ms), other.peak_mb()),
        ));
    }
    cells
}

/// `1234` as `1.23`.
fn thousandths(count: u64) -> String {
    format!("{}.{:02}", count / 1_000, count % 1_000 / 10)
}

/// The figures as a page; `picture` is the name of the file that [`super::growth::picture`] goes to.
#[must_use]
pub fn markdown(sizes: &[Size], picture: &str) -> String {
    let asked = match sizes {
        [one] => format!("--rows {}", one.rows),
        _ => "--scale".to_owned(),
    };
    let mut page = INTRODUCTION.replace("{asked}", &asked);
    let _ = writeln!(page, "![Processor time and memory as the table grows]({picture})\n");
    let _ = writeln!(page, "| {} |\n|{}", HEAD.join(" | "), " --- |".repeat(HEAD.len()));
    for size in sizes {
        for measure in &size.measures {
            let _ = writeln!(page, "| {} |", cells(size.rows, measure).join(" | "));
        }
    }
    page.push_str(BELOW);
    page
}

const INTRODUCTION: &str = "\
# What a cycle costs

Written by

```text
cargo build --release -p highwater
target/release/highwater bench {asked} --page docs/performance.md
```

on a machine with 2 cores, which also ran the simulated org, in a process of its own. Linux only: the figures come from
`/proc`. They are measurements, not promises; no test depends on them. Others are measured in the same run on the same rows,
so that ratios hold on any machine.

";

const BELOW: &str = "
Each measure is one process of its own, from its start to its end: it loads the configuration, opens the state on disk, logs
in, works, and tells what it used. `CPU s` is that process's own time, user and system. `peak MB` is its largest resident
memory, `state MB` what the state takes on disk afterwards. `calls` counts every request, logging in included; `sent` and `received` are bodies as they crossed the wire, answers
gzipped. `wall s` includes the org's work and the waits between two looks at a job, which follow the defaults of the
configuration. The people are made up by the demo's generator, ten fields each in twelve columns; one of a hundred has no last
name and is skipped. The org has no duplicate rule, and there is no TLS.

| measure | what happens |
| --- | --- |
| pull | all Contacts into a fresh state; every second supporter carries its Contact's Id, the others are found by address and names; where both sides differ, Salesforce wins |
| report | the merge report after it, as JSON |
| matching | the names and the address of every supporter compared with his own and his neighbour's |
| push | all supporters into an empty org; the new Contacts' Ids are written back |
| compare | the first cycle after the push: every Contact is new to the pull window and is compared |
| hourly, hourly_2000 | 1,000 and 2,000 edits, half of them on each side, some of the same people |
| echo | nobody edited; what the hour before wrote comes back and is recognised |
| idle | nobody edited, nothing comes back |
| resync | one supporter was edited and is asked for by id |

Beside a first push and a first pull stand, with processor time and memory:

- *SQLite alone*: the rows read by id and written in the same batches, without anything else.
- *plain*: a plain program with blocking sockets that reads the table, writes one CSV file, has it loaded as one job and writes
  the Ids back; or queries all Contacts and updates a row for each. It compares nothing, remembers nothing, looks nobody up,
  and a crash leaves it nowhere. It writes the Ids in the order of the results, which is none: at a million people, where the table
  is larger than SQLite's cache, nine tenths of its time are SQLite looking for the row.
- *simple-salesforce*: the usual Python client, from and to files. It touches no database; of a pull it does not even read the
  bytes it stores. It cuts its file after every 100,000 lines, also where a value has lines of its own: such a row is lost to it.
";
