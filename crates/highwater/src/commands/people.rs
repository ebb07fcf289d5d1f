//! `highwater status --synced`, `--not-synced` and `--blocked`: every supporter with how things stand, and why.

use std::collections::BTreeMap;

use model::SupporterId;
use plan::{Fatal, Sides};
use report::people::Line;
use serde_json::json;
use service::standing::{Standing, page};

use super::report::{options, written};
use crate::desk::Desk;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::{Answer, Sheet};

/// How many supporters are looked at together.
const PAGE: usize = 1_000;

/// Which supporters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::Args)]
#[group(multiple = false)]
pub struct Which {
    /// List the supporters that are in step with their Contact
    #[arg(long)]
    pub synced: bool,
    /// List all others with the reason: waiting, set aside, asked about, without a Contact
    #[arg(long)]
    pub not_synced: bool,
    /// List those that are set aside after an error
    #[arg(long)]
    pub blocked: bool,
}

impl Which {
    /// Whether a list is asked for.
    #[must_use]
    pub const fn any(self) -> bool {
        self.synced || self.not_synced || self.blocked
    }

    const fn wants(self, standing: &Standing) -> bool {
        match standing {
            Standing::Synced => self.synced,
            Standing::Blocked(_) => self.blocked || self.not_synced,
            Standing::Case(_)
            | Standing::Waiting
            | Standing::ContactDeleted
            | Standing::NoLastName
            | Standing::MergedAway
            | Standing::NotLinked => self.not_synced,
        }
    }
}

/// Walks through the table, and leaves out whoever was not asked for.
struct Walk {
    sides: Sides,
    which: Which,
    after: Option<SupporterId>,
    over: bool,
}

impl Walk {
    async fn next(&mut self) -> Result<Vec<Line>, Fatal> {
        while !self.over {
            let people = page(&self.sides, self.after.as_ref(), PAGE).await?;
            self.over = people.len() < PAGE;
            self.after = people.last().map(|(id, ..)| id.clone()).or(self.after.take());
            let wanted = people.into_iter().filter(|(.., standing)| self.which.wants(standing));
            let lines: Vec<Line> = wanted
                .map(|(supporter, contact, standing)| {
                    let reason = standing.reason();
                    Line { supporter, contact, standing: standing.word(), reason }
                })
                .collect();
            if !lines.is_empty() {
                return Ok(lines);
            }
        }
        Ok(Vec::new())
    }
}

/// Lists them, or counts them by reason.
///
/// # Errors
/// [`Failure`] when the supporter database or the state cannot be read.
pub async fn run(which: Which, by_reason: bool, desk: &Desk) -> Result<Exit, Failure> {
    let mut walk = Walk { sides: desk.sides().await?, which, after: None, over: false };
    if by_reason {
        return counted(&mut walk, desk).await;
    }
    let options = options(&desk.config, desk.screen.format, desk.screen.width());
    let runtime = tokio::runtime::Handle::current();
    let failed = std::sync::Arc::new(std::sync::Mutex::new(None));
    let broke = std::sync::Arc::clone(&failed);
    let write = move |to: &mut dyn std::io::Write| {
        report::people::people(&options, to, || {
            runtime.block_on(walk.next()).or_else(|fatal| {
                *broke.lock().unwrap_or_else(std::sync::PoisonError::into_inner) = Some(fatal);
                Ok(Vec::new())
            })
        })
    };
    written(desk.screen.writer(), write).await?;
    let broken = failed.lock().unwrap_or_else(std::sync::PoisonError::into_inner).take();
    broken.map_or(Ok(Exit::Done), |fatal| Err(failure(fatal)))
}

async fn counted(walk: &mut Walk, desk: &Desk) -> Result<Exit, Failure> {
    let mut counts: BTreeMap<(&'static str, String), u64> = BTreeMap::new();
    loop {
        let lines = walk.next().await.map_err(failure)?;
        if lines.is_empty() {
            break;
        }
        for line in lines {
            *counts.entry((line.standing, line.reason)).or_default() += 1;
        }
    }
    let mut sheet = Sheet::new("supporters", &["standing", "reason", "how many"]);
    let mut json = Vec::new();
    for ((standing, reason), count) in counts {
        json.push(json!({ "standing": standing, "reason": reason, "count": count }));
        sheet.row([standing.to_owned(), reason, count.to_string()]);
    }
    desk.screen.answer(&Answer::of(sheet, json.into())).await.map_err(Failure::stdout)?;
    Ok(Exit::Done)
}

fn failure(fatal: Fatal) -> Failure {
    Failure::Cycle(std::sync::Arc::new(Err(fatal)))
}
