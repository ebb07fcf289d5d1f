//! `highwater backfill`: the first load.

use service::request::{Mode, Request};

use super::cycle;
use crate::desk::Desk;
use crate::exit::Exit;
use crate::failure::Failure;

/// How.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  highwater backfill --dry-run    see who would be linked and who created
  highwater backfill

Compares everybody on both sides: first by the ids that each carries of the other, then by e-mail and names. Only whoever \
is left is created, where sync.create_contacts allows it. Run it once at the start, and after the state was lost.")]
pub struct Args {
    /// Show what would be written and stop before the first write
    #[arg(long)]
    pub dry_run: bool,
}

/// Runs it.
///
/// # Errors
/// [`Failure`] when the cycle cannot begin or go on.
pub async fn run(args: &Args, desk: &Desk) -> Result<Exit, Failure> {
    cycle::run(Request { mode: Mode::Backfill, only: None, dry_run: args.dry_run }, desk).await
}
