//! `highwater demo`: everything on this machine.

use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::Screen;

/// What the demo shows.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  highwater demo")]
pub struct Args {}

/// Runs the demo.
///
/// # Errors
/// [`Failure`] says that this build has none.
pub async fn run(_: &Args, _: &Screen) -> Result<Exit, Failure> {
    Err(Failure::Arguments {
        problem: "this build has no demo".to_owned(),
        advice: "run `highwater simorg`, and `highwater sync` with config/examples/simulated-org.toml",
    })
}
