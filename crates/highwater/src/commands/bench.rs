//! `highwater bench`: what the engine costs on this machine.

use std::path::PathBuf;

use crate::bench::{self, Choices, Step};
use crate::cli::Common;
use crate::demo::simulated::unwritten;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::Screen;

/// What is measured.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  highwater bench
  highwater bench --rows 10000 --format json
  highwater bench --scale --page performance.md

Makes people up on both sides of a simulated org, each in a folder that is removed afterwards, and runs a first pull, a first \
push and the hours after it. Each is a process of its own; its processor time, memory and calls are shown beside those of \
SQLite alone, of a plain program and, where a Python has it, of simple-salesforce. Nothing leaves this machine. Linux only.")]
pub struct Args {
    /// How many people
    #[arg(long, value_name = "N", default_value_t = 100_000, value_parser = clap::value_parser!(u32).range(100..=2_000_000))]
    pub rows: u32,
    /// 10,000, 100,000 and 1,000,000 people, one after the other
    #[arg(long, conflicts_with = "rows")]
    pub scale: bool,
    /// A Python that has simple-salesforce, to be measured beside us
    #[arg(long, value_name = "FILE")]
    pub python: Option<PathBuf>,
    /// Where the folders are made
    #[arg(long, value_name = "DIR")]
    pub dir: Option<PathBuf>,
    /// Also write the figures as a page, and beside it as a picture
    #[arg(long, value_name = "FILE")]
    pub page: Option<PathBuf>,
    /// Carry out one measured step with --config, in this process
    #[arg(long, hide = true)]
    pub step: Option<Step>,
    /// Whom a resync is for
    #[arg(long, hide = true)]
    pub supporter: Option<i64>,
}

/// Measures.
///
/// # Errors
/// [`Failure`] when a side cannot be set up or a step fails.
pub async fn run(args: &Args, common: &Common, screen: &Screen) -> Result<Exit, Failure> {
    if let Some(step) = args.step {
        let figures = bench::carry_out(step, &common.config, args.supporter).await?;
        let text =
            serde_json::to_string(&figures).map_err(|_| Failure::Unexpected("figures are always JSON"))?;
        screen.data(&text).await.map_err(Failure::stdout)?;
        return Ok(Exit::Done);
    }
    let one = [usize::try_from(args.rows).unwrap_or(usize::MAX)];
    let sizes: &[usize] = if args.scale { &[10_000, 100_000, 1_000_000] } else { &one };
    let choices = Choices { sizes, parent: args.dir.as_deref(), python: args.python.as_deref() };
    let measured = bench::run(choices, screen).await?;
    if let Some(page) = &args.page {
        let picture = page.with_extension("svg");
        let name = picture.file_name().unwrap_or_default().to_string_lossy().into_owned();
        for (file, text) in [(page, bench::markdown(&measured, &name)), (&picture, bench::picture(&measured))]
        {
            std::fs::write(file, text).map_err(|source| unwritten(file, source))?;
        }
    }
    screen.answer(&bench::answer(&measured)).await.map_err(Failure::stdout)?;
    Ok(Exit::Done)
}
