//! `highwater audit`: who did what.

use clap::Subcommand;
use serde_json::json;

use crate::desk::Desk;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::{Answer, Sheet};

/// What to do.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  highwater audit list
  highwater audit list --last 500 --format csv --output audit.csv

What people decided and had done, on the command line and on the admin page: cases decided, links corrected, blocks lifted, watermarks \
set, values taken back, people forgotten, events dropped; and who signed in. Each line has the moment by this machine's clock, the user \
of the machine or the name of the admin page, and what was done, with the reason where one was given. The last 5,000 lines are kept in \
the state. What was written to a person's records stands in their story: `highwater why`. Ends with 0, whether something is listed or \
not.")]
pub struct Args {
    /// List.
    #[command(subcommand)]
    pub action: Action,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Action {
    /// The last lines, newest first
    List {
        /// How many
        #[arg(long, value_name = "LINES", default_value_t = 100, value_parser = clap::value_parser!(u64).range(1..=state::MAX_AUDITS))]
        last: u64,
    },
}

/// Lists them.
///
/// # Errors
/// [`Failure`] when the state cannot be read.
pub async fn run(args: &Args, desk: &Desk) -> Result<Exit, Failure> {
    let Action::List { last } = args.action;
    let lines = desk.state.audits(usize::try_from(last).unwrap_or(usize::MAX))?;
    let mut sheet = Sheet::new("audit trail", &["at", "who", "what"]);
    let mut json = Vec::with_capacity(lines.len());
    for line in &lines {
        sheet.row([line.at.to_seconds_text(), line.who.clone(), line.what.clone()]);
        json.push(json!({ "at": line.at.to_string(), "who": line.who, "what": line.what }));
    }
    let mut answer = Answer::of(sheet, json.into());
    if lines.is_empty() {
        answer.notes.push("nobody has decided or changed anything yet".to_owned());
    } else if lines.len() as u64 == last && last < state::MAX_AUDITS {
        answer.notes.push(format!("the last {last} lines; older ones with --last"));
    }
    desk.screen.answer(&answer).await.map_err(Failure::stdout)?;
    Ok(Exit::Done)
}
