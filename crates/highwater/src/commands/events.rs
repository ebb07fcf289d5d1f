//! `highwater events`: what was taken in, and what became of it.

use clap::Subcommand;

use super::events_kept;
use crate::config::Config;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::Screen;

/// What to do with them.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  highwater events list --state needs_person
  highwater events list --limit 100000 --format csv > events.csv
  highwater events show 0197a0c4-5a1e-7c11-9b1e-2f6f3a1c0d11")]
pub struct Args {
    /// What to do
    #[command(subcommand)]
    pub what: What,
}

/// The verbs on events.
#[derive(Debug, Subcommand)]
pub enum What {
    /// List kept events, the newest last, with what became of each
    List(events_kept::ListArgs),
    /// Show one event whole
    Show(events_kept::ShowArgs),
}

/// Does it. Works beside a running service: what is kept is only looked at.
///
/// # Errors
/// When the events cannot be read, or there is none like that.
pub async fn run(args: &Args, config: &Config, screen: &Screen) -> Result<Exit, Failure> {
    match &args.what {
        What::List(args) => events_kept::list(args, config, screen).await,
        What::Show(args) => events_kept::show(args, config, screen).await,
    }
}
