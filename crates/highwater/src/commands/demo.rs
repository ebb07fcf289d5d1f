//! `highwater demo`: everything on this machine.

use std::path::PathBuf;

use serde_json::json;
use service::StopSignals;

use crate::cli::Common;
use crate::demo::{self, Choices};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::{Answer, Format, Screen, Sheet};
use crate::progress;

/// What the demo shows.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  highwater demo
  highwater demo /tmp/demo --rows 20000 --seed 7
  cd demo-highwater && highwater status

Makes a folder with a simulated org, a SQLite file with supporters and a configuration. Matches both \
sides, lets an hour of edits happen on both, runs two cycles and examines the result: \"demo passed\", \
or what did not. Nobody in it is real, and nothing leaves this machine. Every other command can be \
used in the folder afterwards.")]
pub struct Args {
    /// The folder to make
    #[arg(value_name = "DIR", default_value = "demo-highwater")]
    pub dir: PathBuf,
    /// How many supporters; beyond the 5,000 that come with the program, people are made up
    #[arg(long, value_name = "N", default_value_t = 5_000, value_parser = clap::value_parser!(u32).range(150..=2_000_000))]
    pub rows: u32,
    /// The same seed makes the same demo
    #[arg(long, value_name = "SEED", default_value_t = 1)]
    pub seed: u64,
    /// Replace an earlier demo in the folder
    #[arg(long)]
    pub force: bool,
    /// Serve the simulated org afterwards, until SIGTERM or SIGINT
    #[arg(long)]
    pub keep_running: bool,
}

/// Runs the demo.
///
/// # Errors
/// [`Failure`] when something stands in the way of the demo.
pub async fn run(args: &Args, common: &Common, screen: &Screen) -> Result<Exit, Failure> {
    let choices = Choices {
        dir: args.dir.clone(),
        rows: usize::try_from(args.rows).unwrap_or(usize::MAX),
        seed: args.seed,
        force: args.force,
    };
    let watcher = progress::watcher(common.no_progress, common.quiet);
    let ended = demo::run(&choices, watcher, screen).await?;
    let passed = ended.failed.is_empty();
    screen
        .data(&last_words(args, screen.format, &ended.failed, ended.json))
        .await
        .map_err(Failure::stdout)?;
    // The state and the database are given up, so that other commands can have them.
    let demo::World { simulated, database, sides, .. } = ended.world;
    drop(database);
    drop(sides);
    if args.keep_running {
        let mut signals =
            StopSignals::listen().map_err(|_| Failure::Unexpected("signals cannot be listened to"))?;
        screen.say(&format!("the simulated org listens on {}", simulated.org.url())).await;
        signals.next().await;
        simulated.save()?;
    }
    simulated.org.shutdown().await;
    Ok(if passed { Exit::Done } else { Exit::Unexpected })
}

fn last_words(args: &Args, format: Format, failed: &[String], json: serde_json::Value) -> String {
    match format {
        Format::Table if failed.is_empty() => format!(
            "demo passed. Go on in {}: highwater status, sync, plan, report merges, resync 1042\n",
            args.dir.display()
        ),
        Format::Table => format!("demo failed:\n  {}\n", failed.join("\n  ")),
        Format::Json | Format::Csv | Format::Html | Format::Xlsx => {
            let mut sheet = Sheet::new("", &["result", "detail"]);
            sheet.row([if failed.is_empty() { "passed" } else { "failed" }.to_owned(), failed.join("; ")]);
            let mut json = json;
            json["passed"] = json!(failed.is_empty());
            Answer::of(sheet, json).render(format, None)
        }
    }
}
