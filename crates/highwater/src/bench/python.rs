//! simple-salesforce beside us, where a Python that has it is found.

use std::path::{Path, PathBuf};
use std::process::Stdio;

use tokio::process::Command;

use super::figures::Figures;
use super::plain::{Plain, open, other, write_csv};
use crate::config::{Environment, load};
use crate::failure::Failure;

const SCRIPT: &str = include_str!("simple_salesforce.py");

/// A Python that can import simple-salesforce: the one that was named, else the first of the usual ones.
pub(super) async fn find(named: Option<&Path>) -> Option<PathBuf> {
    let usual = ["target/clients/simple-salesforce/bin/python", "python3"];
    let candidates = named.map_or_else(|| usual.map(PathBuf::from).to_vec(), |named| vec![named.to_owned()]);
    for python in candidates {
        let mut command = Command::new(&python);
        command.args(["-c", "import simple_salesforce"]).stdin(Stdio::null());
        command.stdout(Stdio::null()).stderr(Stdio::null());
        if command.status().await.is_ok_and(|status| status.success()) {
            return Some(python);
        }
    }
    None
}

/// What simple-salesforce does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Direction {
    /// Upserts everybody from a file.
    Push,
    /// Downloads all Contacts into files.
    Pull,
}

/// Runs it against the org of a configuration.
///
/// # Errors
/// When it fails.
pub(super) async fn run(python: &Path, config: &Path, direction: Direction) -> Result<Figures, Failure> {
    let config = load(config, None, &Environment::default())?;
    let plain = Plain::sign_in(&config)?;
    // Named as the module it imports, it would import itself.
    let script = config.folder.join("beside_us.py");
    std::fs::write(&script, SCRIPT).map_err(other)?;
    let (word, place) = match direction {
        Direction::Push => {
            let file = config.folder.join("beside.csv");
            write_csv(&open(&config)?, &file)?;
            ("push", file)
        }
        Direction::Pull => {
            let folder = config.folder.join("beside");
            std::fs::create_dir_all(&folder).map_err(other)?;
            ("pull", folder)
        }
    };
    let mut command = Command::new(python);
    command.arg(&script).args([word, &config.salesforce.login_url]).arg(&place);
    command.env("SESSION", plain.token()).stdin(Stdio::null()).stderr(Stdio::piped()).kill_on_drop(true);
    let output = command.output().await.map_err(other)?;
    if !output.status.success() {
        let words = String::from_utf8_lossy(&output.stderr);
        return Err(other(format!("simple-salesforce failed: {}", words.lines().last().unwrap_or_default())));
    }
    serde_json::from_slice(&output.stdout).map_err(other)
}
