//! `highwater pull`: one cycle, Contacts to the supporter database only.

use service::request::{Mode, Request};

use super::cycle;
use crate::desk::Desk;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::selection::Selection;

/// How.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  highwater pull\n  highwater pull --dry-run\n  highwater pull --supporter 10042"
)]
pub struct Args {
    /// Show what would be written and stop before the first write
    #[arg(long)]
    pub dry_run: bool,
    /// Whom.
    #[command(flatten)]
    pub selection: Selection,
}

/// Runs it.
///
/// # Errors
/// [`Failure`] when the cycle cannot begin or go on.
pub async fn run(args: &Args, desk: &Desk) -> Result<Exit, Failure> {
    let only = args.selection.known(desk).await?;
    let request = Request { only, dry_run: args.dry_run, ..Request::whole(Mode::Pull) };
    cycle::run(request, desk).await
}
