//! `highwater init`: proposes a configuration.

use crate::cli::Common;
use crate::config::COMMENTED_DEFAULTS;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::Screen;

/// What is known already.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  highwater init --supporters sqlite:people.db
  highwater init --supporters sqlite:people.db --table people --login-url https://example.my.salesforce.com \\
                 --client-id 3MVG9... --client-secret-env HIGHWATER_SF_SECRET --yes
  highwater init --print-defaults

Looks at the table and asks the org which fields it has, then proposes a commented file with a field map. Without an org it
proposes from the table alone. Nothing but the file is written.")]
pub struct Args {
    /// The supporter database: sqlite:PATH
    #[arg(long, value_name = "KIND:PATH")]
    pub supporters: Option<String>,
    /// The table of the supporters
    #[arg(long, value_name = "NAME")]
    pub table: Option<String>,
    /// Scheme and host of the org's My Domain
    #[arg(long, value_name = "URL")]
    pub login_url: Option<String>,
    /// The consumer key of the External Client App
    #[arg(long, value_name = "ID")]
    pub client_id: Option<String>,
    /// The environment variable that holds the consumer secret
    #[arg(long, value_name = "NAME", default_value = "HIGHWATER_SF_SECRET")]
    pub client_secret_env: String,
    /// Ask nothing: take what is proposed
    #[arg(long, short = 'y')]
    pub yes: bool,
    /// Replace the configuration if it is there
    #[arg(long)]
    pub force: bool,
    /// Print every key with its default and stop
    #[arg(long)]
    pub print_defaults: bool,
}

/// Proposes.
///
/// # Errors
/// Whatever stands in the way of looking at the table or writing the file.
pub async fn run(args: &Args, _: &Common, screen: &Screen) -> Result<Exit, Failure> {
    if args.print_defaults {
        screen.data(COMMENTED_DEFAULTS).await.map_err(Failure::stdout)?;
        return Ok(Exit::Done);
    }
    Err(Failure::Unexpected("not reached"))
}
