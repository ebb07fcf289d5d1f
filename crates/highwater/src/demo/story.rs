//! The demo's story, step by step, and what must be true in it.

use std::path::PathBuf;
use std::sync::Arc;

use plan::{CycleReport, Progress};
use report::Options;
use serde_json::{Value as Json, json};

use super::folder::Folder;
use super::score::Score;
use super::simulated::{private, unwritten};
use super::telling::{self, number};
use super::world::World;
use super::{hour, verify};
use crate::failure::Failure;
use crate::output::{Format, Screen};

/// The least share of right links.
const PRECISION: f64 = 0.998;

/// Links judged at a time.
const PAGE: usize = 5_000;

/// What was chosen on the command line.
#[derive(Debug, Clone)]
pub struct Choices {
    /// The folder.
    pub dir: PathBuf,
    /// People on the supporters' side.
    pub rows: usize,
    /// What chance begins with.
    pub seed: u64,
    /// Replace an earlier demo.
    pub force: bool,
}

/// A demo that came to its end.
pub struct Ended {
    /// Both sides, still there.
    pub world: World,
    /// What was not as it must be; empty: the demo passed.
    pub failed: Vec<String>,
    /// Everything in numbers.
    pub json: Json,
}

/// Plays the demo.
///
/// # Errors
/// When something stands in the way; what merely turned out wrong is in [`Ended::failed`].
pub async fn run(choices: &Choices, progress: Arc<dyn Progress>, screen: &Screen) -> Result<Ended, Failure> {
    let folder = Folder::make(&choices.dir, choices.force)?;
    let world = World::make(folder, choices.rows, choices.seed, progress).await?;
    let mut story = Story { world: &world, screen, failed: Vec::new(), json: serde_json::Map::new() };
    story.people(choices).await?;
    story.first_load().await?;
    let done = story.hour(choices.seed).await?;
    story.delivered(&done).await?;
    story.quiet().await?;
    story.cases().await?;
    let (failed, mut json) = (story.failed, story.json);
    json.insert("failed".to_owned(), json!(failed));
    world.simulated.save()?;
    Ok(Ended { world, failed, json: json.into() })
}

struct Story<'a> {
    world: &'a World,
    screen: &'a Screen,
    failed: Vec<String>,
    json: serde_json::Map<String, Json>,
}

impl Story<'_> {
    /// Tells a person; a program gets its numbers at the end.
    async fn tell(&self, text: &str) -> Result<(), Failure> {
        match self.screen.format {
            Format::Table => self.screen.data(&format!("{text}\n")).await.map_err(Failure::stdout),
            Format::Json | Format::Csv | Format::Html | Format::Xlsx => Ok(()),
        }
    }

    fn must(&mut self, held: bool, what: impl Into<String>) {
        if !held {
            self.failed.push(what.into());
        }
    }

    fn keep(&mut self, name: &str, value: Json) {
        self.json.insert(name.to_owned(), value);
    }

    async fn people(&mut self, choices: &Choices) -> Result<(), Failure> {
        let (supporters, contacts) = self.world.began_with;
        self.keep("people", json!({ "supporters": supporters, "contacts": contacts, "on_both_sides": self.world.truth.twins() }));
        self.tell(&format!(
            "1. In {}: a SQLite file with {} supporters and a simulated org with {} Contacts.\n   {} of them are the same \
             people, often spelled differently. Nobody is real.\n",
            choices.dir.display(),
            number(supporters),
            number(contacts),
            number(self.world.truth.twins() as u64),
        ))
        .await
    }

    async fn first_load(&mut self) -> Result<(), Failure> {
        self.tell("2. The first load, an hour ago: match everybody, then create only the unmatched.").await?;
        let report = self.world.first_load().await?;
        self.balances("first load", &report);
        let contacts = self.live_contacts();
        let created = report.outcome("contact_created");
        self.must(
            contacts == self.world.began_with.1 + created,
            format!(
                "first load: {contacts} Contacts are there, which are not those before and {created} created"
            ),
        );
        let supporters = self.world.database.count()?;
        self.must(supporters == self.world.began_with.0, "first load: a supporter was created");
        let score = self.score()?;
        let precision = score.precision();
        self.must(
            precision >= PRECISION,
            format!("first load: precision {precision:.4} of the links is below {PRECISION}"),
        );
        self.must(score.right > 0, "first load: nobody was linked");
        self.keep("links", score_json(&score));
        self.keep("first_load", json!(report));
        self.tell(&telling::cycle(&report)).await?;
        self.tell(&format!(
            "   links between people of both sides: {} right, {} wrong: precision {precision:.4}\n   of {} people on both \
             sides {} are linked: recall {:.4}; the others are cases, or share no address\n   beside them {} Contacts were \
             created for supporters who are not in the org, and {} for people whose Contact has another address, or none\n",
            number(score.right),
            number(score.wrong),
            number(self.world.truth.twins() as u64),
            number(score.right),
            score.recall(),
            number(score.apart - score.again),
            number(score.again),
        ))
        .await
    }

    async fn hour(&mut self, seed: u64) -> Result<hour::Done, Failure> {
        self.tell("3. An hour passes. People on both sides do what people do:").await?;
        let done = hour::happen(self.world, seed).await?;
        for (what, times) in &done.deeds {
            self.tell(&format!("     {:>7}  {what}", number(*times as u64))).await?;
        }
        self.tell("").await?;
        self.keep(
            "hour",
            done.deeds.iter().map(|(what, times)| json!({ "what": what, "times": times })).collect(),
        );
        Ok(done)
    }

    async fn delivered(&mut self, done: &hour::Done) -> Result<(), Failure> {
        self.tell("4. The hourly cycle.").await?;
        let report = self.world.sync().await?;
        self.balances("cycle", &report);
        let unmet = verify::unmet(self.world, &done.expectations).await?;
        let (all, held) = (done.expectations.len(), done.expectations.len() - unmet.len());
        self.keep("cycle", json!(report));
        self.keep("expected", json!({ "checked": all, "held": held }));
        self.tell(&telling::cycle(&report)).await?;
        self.tell(&format!("   checked on both sides: {} of {} expectations hold\n", held, all)).await?;
        self.failed.extend(unmet);
        Ok(())
    }

    async fn quiet(&mut self) -> Result<(), Failure> {
        self.tell("5. The next cycle: nobody did anything.").await?;
        let report = self.world.sync().await?;
        self.balances("quiet cycle", &report);
        self.must(
            report.wrote_nothing(),
            format!(
                "quiet cycle: {} rows sent and {} supporter rows written, although nobody did anything",
                report.rows.sent, report.supporter_writes
            ),
        );
        let left = self.world.left_to_write().await?;
        self.must(left == 0, format!("a first load would still write something for {left} people"));
        self.keep("quiet", json!(report));
        self.keep("left_to_write", json!(left));
        self.tell(&telling::cycle(&report)).await?;
        self.tell(&format!(
            "   compared once more, everybody: something to write for {} people\n",
            number(left)
        ))
        .await
    }

    async fn cases(&mut self) -> Result<(), Failure> {
        let state = &self.world.sides.state;
        let counts = state.case_counts()?;
        let path = self.world.folder.file("merges.csv");
        let options = Options { format: report::Format::Csv, ..Options::default() };
        let mut file = private(&path).map_err(|source| unwritten(&path, source))?;
        let written = report::merges(state, &options, &mut file);
        let listed = written.map_err(|problem| unwritten(&path, std::io::Error::other(problem)))?;
        self.must(listed == counts.values().sum::<u64>(), "the merge report does not list every open case");
        let by_kind: serde_json::Map<String, Json> =
            counts.iter().map(|(kind, count)| (kind.code().to_owned(), json!(count))).collect();
        self.keep("cases", by_kind.into());
        self.tell(&format!(
            "6. What only a person can decide: {} cases, in {}",
            number(listed),
            path.display()
        ))
        .await?;
        for (kind, count) in counts.iter().filter(|(_, count)| **count > 0) {
            self.tell(&format!("     {:>7}  {}: {}", number(*count), kind.code(), kind.advice())).await?;
        }
        self.tell("").await
    }

    /// The numbers of a cycle must add up.
    fn balances(&mut self, name: &str, report: &CycleReport) {
        self.must(report.rows.balance(), format!("{name}: {} do not add up", telling::rows(&report.rows)));
        let outcomes: u64 = report.outcomes.values().sum();
        self.must(
            outcomes == report.selected,
            format!("{name}: {} people selected, {outcomes} outcomes", report.selected),
        );
        let left = report.rows.unknown + report.rows.unprocessed;
        self.must(left == 0, format!("{name}: {left} rows have no outcome"));
        self.must(report.still_dirty == 0, format!("{name}: {} people still wait", report.still_dirty));
    }

    fn live_contacts(&self) -> u64 {
        self.world.simulated.org.records("Contact").len() as u64
    }

    fn score(&self) -> Result<Score, Failure> {
        let mut links = Vec::new();
        let mut after = None;
        loop {
            let page = self.world.sides.state.links_page(after.as_ref(), PAGE)?;
            let Some(last) = page.last() else { break };
            after = Some(last.supporter.clone());
            links.extend(page.into_iter().map(|link| (link.supporter, link.contact)));
        }
        Ok(self.world.truth.score(links))
    }
}

fn score_json(score: &Score) -> Json {
    json!({
        "right": score.right, "wrong": score.wrong, "missed": score.missed, "created": score.apart, "created_again": score.again,
        "precision": score.precision(), "recall": score.recall(),
    })
}
