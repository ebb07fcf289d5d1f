//! `highwater check`: tests both sides and names what is wrong.

use model::Clock;

use crate::check;
use crate::config::Config;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::Screen;

/// How.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  highwater check
  highwater check --format json

Reads only. Each finding has a code; docs/reference/checks/ explains it. Ends with 0 when nothing stands in the way, else \
with 2 (configuration), 5 (unreachable) or 6 (not authorised).")]
pub struct Args {
    /// Warnings count as findings that stand in the way
    #[arg(long)]
    pub strict: bool,
}

/// Checks, and shows what was found.
///
/// # Errors
/// When standard output cannot be written; what is wrong with either side is data.
pub async fn run(args: &Args, config: &Config, screen: &Screen) -> Result<Exit, Failure> {
    let findings = check::check(config, &Clock::system()).await;
    let exit = check::exit(&findings, args.strict);
    screen.answer(&check::answer(findings)).await.map_err(Failure::stdout)?;
    Ok(exit)
}
