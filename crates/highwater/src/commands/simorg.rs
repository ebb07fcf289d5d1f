//! `highwater simorg`: the simulated org alone.

use std::path::PathBuf;

use serde_json::json;
use service::StopSignals;
use simorg::{Org, Settings};

use crate::config::{ConfigError, Place};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::{Answer, Screen, Sheet};

/// How.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:
  highwater simorg --port 8790

Listens on this machine only, prints its address, and serves until SIGTERM or SIGINT. Use it with \
config/examples/simulated-org.toml or with any other client of the Salesforce API.")]
pub struct Args {
    /// The port on 127.0.0.1; 0 lets the system choose
    #[arg(long, value_name = "PORT")]
    pub port: Option<u16>,
    /// The port of the control side on 127.0.0.1; 0 lets the system choose
    #[arg(long, value_name = "PORT")]
    pub control_port: Option<u16>,
    /// Seed of all randomness
    #[arg(long, value_name = "NUMBER")]
    pub seed: Option<u64>,
    /// The org's settings, TOML
    #[arg(long, value_name = "FILE")]
    pub settings: Option<PathBuf>,
}

/// Serves until it is told to stop.
///
/// # Errors
/// When the settings cannot be used or a port is taken.
pub async fn run(args: &Args, screen: &Screen) -> Result<Exit, Failure> {
    let settings = settings(args)?;
    let mut signals =
        StopSignals::listen().map_err(|_| Failure::Unexpected("signals cannot be listened to"))?;
    let org = Org::start(settings).await.map_err(|problem| Failure::Arguments {
        problem: problem.to_string(),
        advice: "choose another port, or 0 for a free one",
    })?;
    let mut sheet = Sheet::new("", &["what", "address"]);
    sheet.row(["org", org.url()]).row(["control", org.control_url()]);
    let addresses = json!({ "org": org.url(), "control": org.control_url() });
    screen.answer(&Answer::of(sheet, addresses)).await.map_err(Failure::stdout)?;
    screen.say("the simulated org is running; Ctrl-C ends it, and nothing of it is kept").await;
    signals.next().await;
    org.shutdown().await;
    Ok(Exit::Done)
}

fn settings(args: &Args) -> Result<Settings, Failure> {
    let mut settings = match &args.settings {
        None => Settings::default(),
        Some(path) => {
            let text = std::fs::read_to_string(path)
                .map_err(|source| ConfigError::Unreadable { path: path.clone(), source })?;
            toml::from_str(&text).map_err(|problem| ConfigError::Syntax {
                place: Place::file_only(&path.display().to_string()),
                problem: problem.message().to_owned(),
            })?
        }
    };
    settings.port = args.port.unwrap_or(settings.port);
    settings.control_port = args.control_port.unwrap_or(settings.control_port);
    settings.seed = args.seed.unwrap_or(settings.seed);
    Ok(settings)
}
