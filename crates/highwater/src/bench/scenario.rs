//! What is measured, in which order, and what happens on both sides between two measures.

use std::path::Path;

use super::child::measure;
use super::hour;
use super::page::Measure;
use super::people;
use super::stage::{Folder, Stage};
use super::step::Step;
use crate::demo::people::Twins;
use crate::failure::Failure;
use crate::output::Screen;

/// Edits of the hour that is measured, half of them on each side.
const HOUR: usize = 2_000;
/// Of those, people edited on both sides.
const BOTH: usize = 50;
/// Changed supporters of the push that is measured.
const PUSH: usize = 3_000;

/// Runs all measures with `rows` people.
///
/// # Errors
/// When a side cannot be set up or a step fails.
pub async fn run(rows: usize, parent: Option<&Path>, screen: &Screen) -> Result<Vec<Measure>, Failure> {
    let bench = Bench { folder: Folder::make(parent)?, sources: people::sources(), rows, screen };
    let mut measures = vec![bench.first_pull().await?];
    measures.extend(bench.push_and_after().await?);
    Ok(measures)
}

struct Bench<'a> {
    folder: Folder,
    sources: Vec<Twins>,
    rows: usize,
    screen: &'a Screen,
}

impl Bench<'_> {
    /// A first pull into a fresh state.
    async fn first_pull(&self) -> Result<Measure, Failure> {
        self.screen.say(&format!("making {} people on both sides", self.rows)).await;
        let stage = Stage::make(self.folder.join("plain-pull")).await?;
        stage.fill_both(&self.sources, self.rows).await?;
        let plain = measure(&stage.config(), Step::PlainPull, None).await?;
        let stage = Stage::make(self.folder.join("pull")).await?;
        stage.fill_both(&self.sources, self.rows).await?;
        self.screen.say("measuring the first pull").await;
        let figures = measure(&stage.config(), Step::Pull, None).await?;
        Ok(Measure { name: "first pull", figures, plain: Some(plain) })
    }

    /// A first push into an empty org, and the hours after it.
    async fn push_and_after(&self) -> Result<Vec<Measure>, Failure> {
        self.screen.say(&format!("making {} supporters", self.rows)).await;
        let stage = Stage::make(self.folder.join("plain-push")).await?;
        stage.fill_supporters(&self.sources, self.rows).await?;
        let plain = measure(&stage.config(), Step::PlainPush, None).await?;
        let stage = Stage::make(self.folder.join("push")).await?;
        stage.fill_supporters(&self.sources, self.rows).await?;
        self.screen.say("measuring the first push").await;
        let figures = measure(&stage.config(), Step::Push, None).await?;
        let mut measures = vec![Measure { name: "first push", figures, plain: Some(plain) }];
        self.screen.say("measuring the hours after it").await;
        self.hours(&stage, &mut measures).await?;
        Ok(measures)
    }

    async fn hours(&self, stage: &Stage, measures: &mut Vec<Measure>) -> Result<(), Failure> {
        let mut add = async |name, step, supporter| {
            let figures = measure(&stage.config(), step, supporter).await?;
            measures.push(Measure { name, figures, plain: None });
            Ok::<(), Failure>(())
        };
        let linked = hour::linked(stage, PUSH.max(HOUR)).await?;
        let some = |from: usize, to: usize| &linked[from.min(linked.len())..to.min(linked.len())];
        hour::passes(stage).await?;
        add("comparing everybody", Step::Sync, None).await?;
        hour::passes(stage).await?;
        hour::edit_contacts(stage, some(HOUR / 2 - BOTH, HOUR - BOTH))?;
        hour::edit_supporters(stage, some(0, HOUR / 2)).await?;
        add("hour with 2,000 edits", Step::Sync, None).await?;
        hour::passes(stage).await?;
        add("the hour after", Step::Sync, None).await?;
        hour::passes(stage).await?;
        add("idle hour", Step::Sync, None).await?;
        hour::edit_supporters(stage, some(0, PUSH)).await?;
        add("push of 3,000 changes", Step::Push, None).await?;
        hour::passes(stage).await?;
        hour::edit_supporters(stage, some(0, 1)).await?;
        add("resync of one", Step::Resync, linked.first().map(|(id, _)| *id)).await
    }
}
