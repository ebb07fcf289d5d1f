//! What is measured, in which order, and what happens on both sides between two measures.

use std::path::{Path, PathBuf};

use super::child::measure;
use super::page::{Beside, Measure, Size};
use super::python::Direction;
use super::stage::{Folder, Stage};
use super::step::Step;
use super::{hour, people, python};
use crate::demo::people::Twins;
use crate::failure::Failure;
use crate::output::Screen;

/// What is to be measured.
#[derive(Debug, Clone, Copy)]
pub struct Choices<'a> {
    /// How many people, one size after the other.
    pub sizes: &'a [usize],
    /// Where the folders are made.
    pub parent: Option<&'a Path>,
    /// A Python that has simple-salesforce.
    pub python: Option<&'a Path>,
}

/// Runs all measures for each size.
///
/// # Errors
/// When a side cannot be set up or a step fails.
pub async fn run(choices: Choices<'_>, screen: &Screen) -> Result<Vec<Size>, Failure> {
    let python = python::find(choices.python).await;
    if python.is_none() {
        screen.say("no Python with simple-salesforce was found: it is not measured beside us (--python names one)").await;
    }
    let sources = people::sources();
    let mut sizes = Vec::with_capacity(choices.sizes.len());
    for &rows in choices.sizes {
        let folder = Folder::make(choices.parent)?;
        let bench = Bench { folder, sources: &sources, rows, python: python.as_deref(), screen };
        let mut measures = bench.pull().await?;
        measures.extend(bench.push_and_after().await?);
        sizes.push(Size { rows, measures });
    }
    Ok(sizes)
}

struct Bench<'a> {
    folder: Folder,
    sources: &'a [Twins],
    rows: usize,
    python: Option<&'a Path>,
    screen: &'a Screen,
}

impl Bench<'_> {
    async fn say(&self, what: &str) {
        self.screen.say(&format!("{} people: {what}", self.rows)).await;
    }

    /// A plain program, SQLite alone and simple-salesforce, each on a copy of the stage.
    async fn beside(&self, stage: &Stage, direction: Direction) -> Result<Beside, Failure> {
        let (plain, sqlite, word) = match direction {
            Direction::Push => (Step::PlainPush, Step::SqlitePush, "push"),
            Direction::Pull => (Step::PlainPull, Step::SqlitePull, "pull"),
        };
        let copy = |name: &str| stage.beside(self.folder.join(&format!("{word}-{name}")));
        let sqlite = measure(&copy("sqlite")?, sqlite, None).await?;
        let plain = measure(&self.fresh(stage, direction, copy("plain")?).await?.0, plain, None).await?;
        let python = match self.python {
            None => None,
            Some(python) => {
                let (config, _org) = self.fresh(stage, direction, copy("python")?).await?;
                // What it cannot do at this size is no reason to measure nothing.
                match python::run(python, &config, direction).await {
                    Ok(figures) => Some(figures),
                    Err(why) => {
                        let cause = std::error::Error::source(&why);
                        let why = cause.map_or_else(|| why.to_string(), ToString::to_string);
                        self.say(&format!("simple-salesforce was not measured: {why}")).await;
                        None
                    }
                }
            }
        };
        Ok(Beside { plain: Some(plain), sqlite: Some(sqlite), python })
    }

    /// A configuration for a program beside us. A push needs an org of its own, which ends with the value that comes with it.
    async fn fresh(
        &self,
        stage: &Stage,
        direction: Direction,
        config: PathBuf,
    ) -> Result<(PathBuf, Option<Stage>), Failure> {
        if direction == Direction::Pull {
            return Ok((config, None));
        }
        let dir = config.with_file_name("own");
        let own = Stage::make(dir).await?;
        std::fs::copy(stage.database(), own.database()).map_err(super::stage::failed)?;
        Ok((own.config(), Some(own)))
    }

    /// A first pull into a fresh state, and the report after it.
    async fn pull(&self) -> Result<Vec<Measure>, Failure> {
        self.say("making them on both sides").await;
        let stage = Stage::make(self.folder.join("pull")).await?;
        stage.fill_both(self.sources, self.rows)?;
        self.say("others' first pull").await;
        let beside = self.beside(&stage, Direction::Pull).await?;
        self.say("measuring the first pull").await;
        let of = async |name, step, beside| {
            let figures = measure(&stage.config(), step, None).await?;
            Ok::<Measure, Failure>(Measure { name, figures, beside })
        };
        Ok(vec![
            of("pull", Step::Pull, beside).await?,
            of("report", Step::Report, Beside::default()).await?,
            of("matching", Step::Matching, Beside::default()).await?,
        ])
    }

    /// A first push into an empty org, and the hours after it.
    async fn push_and_after(&self) -> Result<Vec<Measure>, Failure> {
        self.say("making supporters").await;
        let stage = Stage::make(self.folder.join("push")).await?;
        stage.fill_supporters(self.sources, self.rows)?;
        self.say("others' first push").await;
        let beside = self.beside(&stage, Direction::Push).await?;
        self.say("measuring the first push").await;
        let figures = measure(&stage.config(), Step::Push, None).await?;
        let mut measures = vec![Measure { name: "push", figures, beside }];
        self.say("measuring the hours after it").await;
        self.hours(&stage, &mut measures).await?;
        Ok(measures)
    }

    async fn hours(&self, stage: &Stage, measures: &mut Vec<Measure>) -> Result<(), Failure> {
        let mut add = async |name, step, supporter| {
            let figures = measure(&stage.config(), step, supporter).await?;
            measures.push(Measure { name, figures, beside: Beside::default() });
            Ok::<(), Failure>(())
        };
        // In a small table an hour has fewer edits, so that there are people whom nobody edits.
        let some = (self.rows / 4).clamp(4, 1_000);
        let linked = hour::linked(stage, 2 * some)?;
        let of = |from: usize, to: usize| &linked[from.min(linked.len())..to.min(linked.len())];
        hour::passes(stage)?;
        add("compare", Step::Sync, None).await?;
        for (name, edits) in [("hourly", some), ("hourly_2000", 2 * some)] {
            hour::passes(stage)?;
            // Half of the edits on each side, one in forty people on both.
            let (half, both) = (edits / 2, edits / 40);
            hour::edit_contacts(stage, of(half - both, edits - both))?;
            hour::edit_supporters(stage, of(0, half))?;
            add(name, Step::Sync, None).await?;
        }
        hour::passes(stage)?;
        add("echo", Step::Sync, None).await?;
        hour::passes(stage)?;
        add("idle", Step::Sync, None).await?;
        hour::passes(stage)?;
        hour::edit_supporters(stage, of(0, 1))?;
        add("resync", Step::Resync, linked.first().map(|(id, _)| *id)).await
    }
}
