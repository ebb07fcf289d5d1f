//! `highwater plan`: what a cycle would write, and why.

use service::request::{Mode, Request};

use super::cycle;
use crate::desk::Desk;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::selection::Selection;

/// How.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  highwater plan\n  highwater plan --only push\n  highwater plan --supporter 10042 --format json"
)]
pub struct Args {
    /// One direction only
    #[arg(long, value_name = "DIRECTION")]
    pub only: Option<Way>,
    /// Whom.
    #[command(flatten)]
    pub selection: Selection,
}

/// A direction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Way {
    /// Supporters to Salesforce.
    Push,
    /// Contacts to the supporter database.
    Pull,
}

/// Shows it.
///
/// # Errors
/// [`Failure`] when either side cannot be read.
pub async fn run(args: &Args, desk: &Desk) -> Result<Exit, Failure> {
    let mode = match args.only {
        None => Mode::Sync,
        Some(Way::Push) => Mode::Push,
        Some(Way::Pull) => Mode::Pull,
    };
    let only = args.selection.known(desk).await?;
    let request = Request { only, dry_run: true, ..Request::whole(mode) };
    cycle::run(request, desk).await
}
