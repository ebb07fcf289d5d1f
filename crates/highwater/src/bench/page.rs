//! The figures as a table, as a value, and as a page of the documentation.

use std::fmt::Write as _;

use serde_json::json;

use super::figures::Figures;
use crate::output::{Answer, Sheet};

/// One measure, and the baseline's, where there is one.
#[derive(Debug, Clone)]
pub struct Measure {
    /// What was measured.
    pub name: &'static str,
    /// What it used.
    pub figures: Figures,
    /// What a plain program used for it.
    pub plain: Option<Figures>,
}

const HEAD: [&str; 11] = [
    "measure",
    "people",
    "writes",
    "calls",
    "sent MB",
    "received MB",
    "CPU s",
    "plain CPU s",
    "ratio",
    "peak MiB",
    "wall s",
];

/// The figures for whoever asked.
#[must_use]
pub fn answer(rows: usize, measures: &[Measure]) -> Answer {
    let mut sheet = Sheet::new("", &HEAD);
    for measure in measures {
        sheet.row(cells(measure));
    }
    let of = |measure: &Measure| json!({"measure": measure.name, "figures": measure.figures, "plain": measure.plain});
    let measures: Vec<_> = measures.iter().map(of).collect();
    Answer::of(sheet, json!({"rows": rows, "measures": measures}))
}

fn cells(measure: &Measure) -> Vec<String> {
    let figures = &measure.figures;
    let plain = measure.plain.as_ref();
    vec![
        measure.name.to_owned(),
        figures.people.to_string(),
        figures.writes.to_string(),
        figures.calls.to_string(),
        thousandths(figures.bytes_out / 1_000),
        thousandths(figures.bytes_in / 1_000),
        thousandths(figures.cpu_ms),
        plain.map_or_else(|| "-".to_owned(), |plain| thousandths(plain.cpu_ms)),
        plain.map_or_else(
            || "-".to_owned(),
            |plain| thousandths(figures.cpu_ms * 1_000 / plain.cpu_ms.max(1)),
        ),
        (figures.peak_kib / 1_024).to_string(),
        thousandths(figures.wall_ms),
    ]
}

/// `1234` as `1.23`.
fn thousandths(count: u64) -> String {
    format!("{}.{:02}", count / 1_000, count % 1_000 / 10)
}

/// The figures as a page.
#[must_use]
pub fn markdown(rows: usize, measures: &[Measure]) -> String {
    let mut page = INTRODUCTION.replace("{rows}", &rows.to_string());
    let _ = writeln!(page, "| {} |\n|{}", HEAD.join(" | "), " --- |".repeat(HEAD.len()));
    for measure in measures {
        let _ = writeln!(page, "| {} |", cells(measure).join(" | "));
    }
    page.push_str(BELOW);
    page
}

const INTRODUCTION: &str = "\
# What a cycle costs

Written by

```text
cargo build --release -p highwater
target/release/highwater bench --rows {rows} --page docs/performance.md
```

on a machine with 2 cores, which also ran the simulated org, in a process of its own. Linux only: the figures come from
`/proc`. They are measurements, not promises; no test depends on them.

";

const BELOW: &str = "
Each measure is one process of its own, from its start to its end: it loads the configuration, opens the state on disk, logs
in, works, and tells what it used. `CPU s` is that process's own time, user and system. `peak MiB` is its largest resident
memory. `calls` counts every request, logging in included; `sent` and `received` are bodies as they crossed the wire, answers
gzipped. `wall s` includes the org's work and the waits between two looks at a job, which follow the defaults of the
configuration. The people are made up by the demo's generator, ten fields each; one of a hundred has no last name and is
skipped. The org has no duplicate rule, and there is no TLS.

| measure | what happens |
| --- | --- |
| first pull | all Contacts into a fresh state; every second supporter carries its Contact's Id, the others are found by address and names; where both sides differ, Salesforce wins |
| first push | all supporters into an empty org; the new Contacts' Ids are written back |
| comparing everybody | the first cycle after the push: every Contact is new to the pull window and is compared |
| hour with 2,000 edits | 1,000 supporters and 1,000 Contacts were edited, 50 people on both sides |
| the hour after | nobody edited; what the hour before wrote comes back and is recognised |
| idle hour | nobody edited, nothing comes back |
| push of 3,000 changes | 3,000 supporters were edited |
| resync of one | one supporter was edited and is asked for by id |

`plain CPU s` is a baseline on the same machine: a plain program that reads the table, writes one CSV file, has it loaded as
one job and writes the Ids back; or queries all Contacts and updates a row for each. It compares nothing, remembers nothing,
looks nobody up, and a crash leaves it nowhere. `ratio` is what all that costs: our time over the plain program's.
";
