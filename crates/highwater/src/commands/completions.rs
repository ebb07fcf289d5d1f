//! `highwater completions`: a completion script for a shell.

use clap::CommandFactory;
use clap_complete::{Shell, generate};

use crate::cli::Cli;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::Screen;

/// What to complete for.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  highwater completions bash > /etc/bash_completion.d/highwater")]
pub struct Args {
    /// The shell
    pub shell: Shell,
}

/// Prints the script.
///
/// # Errors
/// When standard output cannot be written.
pub async fn run(args: &Args, screen: &Screen) -> Result<Exit, Failure> {
    let mut script = Vec::new();
    generate(args.shell, &mut Cli::command(), "highwater", &mut script);
    screen.data(&String::from_utf8_lossy(&script)).await.map_err(Failure::stdout)?;
    Ok(Exit::Done)
}
