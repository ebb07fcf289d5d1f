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
  highwater check --rebuild      after the state was lost or is damaged

Reads only. Each finding has a code; docs/reference/checks/ explains it. Of the state only the folder and its manifest are \
looked at: whether its database is whole, and no old copy, shows as soon as a command opens it. Ends with 0 when nothing \
stands in the way, else with 2 (configuration), 5 (unreachable), 6 (not authorised) or 7 (state).

--rebuild makes the state anew from both sides and writes to neither: everybody is linked again by the ids that both sides \
carry of each other, then by e-mail and names, and each field that is equal counts as agreed. Whoever differs, or is on one side \
only, waits for the next sync, which decides as on a first meeting; `highwater plan` shows it before. A state that is damaged \
or was rolled back is set aside, never deleted. It may be broken off and repeated. The service must not be running. What neither system holds is lost with the \
state: decisions about cases, \"separate\" among them, who was forgotten, people's stories; a backup brings it back.")]
pub struct Args {
    /// Warnings count as findings that stand in the way
    #[arg(long)]
    pub strict: bool,
    /// Make the state anew from both sides, after it was lost or damaged
    #[arg(long, conflicts_with = "strict")]
    pub rebuild: bool,
}

/// Checks, and shows what was found.
///
/// # Errors
/// When standard output cannot be written; what is wrong with either side is data.
pub async fn run(args: &Args, config: &Config, screen: &Screen) -> Result<Exit, Failure> {
    let findings = check::check(config, &Clock::system()).await;
    let exit = check::exit(&findings, args.strict);
    let next = if config.supporters.kind.is_a_database() { "plan" } else { "serve" };
    screen.answer(&check::answer(findings, next)).await.map_err(Failure::stdout)?;
    Ok(exit)
}
