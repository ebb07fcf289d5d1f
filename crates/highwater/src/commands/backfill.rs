//! `highwater backfill`: the first load.

use std::path::{Path, PathBuf};

use service::agreed::Agreed;
use service::request::{Mode, Request};

use super::cycle;
use crate::desk::Desk;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::private_file;

/// Where a plan is put when no file is named.
const PLAN_FILE: &str = "backfill-plan.jsonl";

/// How.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  highwater backfill --dry-run        see who would be linked and who created
  highwater backfill --plan           the same, and put the plan on file
  highwater backfill --apply          carry out exactly the plan on file
  highwater backfill                  decide and write in one go

Compares everybody on both sides: first by the ids that each carries of the other, then by e-mail and names. Only whoever \
is left is created, where sync.create_contacts allows it. Run it once at the start, and after the state was lost.

A plan on file holds ids, fields and reasons, no names and no values. Delete a person's line, and that person is left alone. \
--apply writes only what the plan says; somebody about whom anything changed since is left out, named, and met by the next \
cycle.")]
pub struct Args {
    /// Show what would be written and stop before the first write
    #[arg(long, conflicts_with = "apply")]
    pub dry_run: bool,
    /// Show what would be written, and put the plan into this file
    #[arg(long, value_name = "FILE", num_args = 0..=1, default_missing_value = PLAN_FILE, conflicts_with = "apply")]
    pub plan: Option<PathBuf>,
    /// Carry out the plan in this file, and nothing else
    #[arg(long, value_name = "FILE", num_args = 0..=1, default_missing_value = PLAN_FILE)]
    pub apply: Option<PathBuf>,
    /// Replace the plan's file if it is there already
    #[arg(long, requires = "plan")]
    pub force: bool,
}

impl Args {
    /// The same for another process, whose current folder may be another.
    ///
    /// # Errors
    /// [`Failure`] when the current folder is gone.
    pub fn words(&self) -> Result<Vec<String>, Failure> {
        let mut words = vec!["backfill".to_owned()];
        let flags = [("--dry-run", self.dry_run), ("--force", self.force)];
        words.extend(flags.into_iter().filter(|(_, set)| *set).map(|(flag, _)| flag.to_owned()));
        for (flag, path) in [("--plan", &self.plan), ("--apply", &self.apply)] {
            if let Some(path) = path {
                words.extend([flag.to_owned(), whole_path(path)?]);
            }
        }
        Ok(words)
    }
}

fn whole_path(path: &Path) -> Result<String, Failure> {
    let whole = std::path::absolute(path)
        .map_err(|source| Failure::Output { what: path.display().to_string(), source })?;
    whole.into_os_string().into_string().map_err(|_| Failure::Arguments {
        problem: "the name of the plan's file is no text".to_owned(),
        advice: "name a file in letters",
    })
}

/// Runs it.
///
/// # Errors
/// [`Failure`] when the cycle cannot begin or go on.
pub async fn run(args: &Args, desk: &Desk) -> Result<Exit, Failure> {
    let whole = Request::whole(Mode::Backfill);
    match (&args.plan, &args.apply) {
        (Some(file), _) => put_on_file(file, args.force, desk).await,
        (None, Some(file)) => {
            let agreed = open(file, desk).await?;
            cycle::run(Request { agreed: Some(agreed), ..whole }, desk).await
        }
        (None, None) => cycle::run(Request { dry_run: args.dry_run, ..whole }, desk).await,
    }
}

async fn put_on_file(path: &Path, replace: bool, desk: &Desk) -> Result<Exit, Failure> {
    let file = private_file::create(path, replace)?;
    let request = Request { dry_run: true, ..Request::whole(Mode::Backfill) };
    let exit = cycle::show(request, Some(file), desk).await?;
    let shown = path.display();
    desk.screen
        .say(&format!(
            "the plan is in {shown}; carry it out with `highwater backfill --apply {shown}`, after deleting the lines of \
             people who are to be left alone"
        ))
        .await;
    Ok(exit)
}

async fn open(path: &Path, desk: &Desk) -> Result<Agreed, Failure> {
    let refused = |bad: service::agreed::BadPlan| Failure::Arguments {
        problem: format!("{}: {bad}", path.display()),
        advice: "make a new plan with `highwater backfill --plan`",
    };
    let agreed = Agreed::open(path).map_err(refused)?;
    agreed.fits(&desk.sides().await?).map_err(refused)?;
    Ok(agreed)
}
