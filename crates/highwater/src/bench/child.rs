//! The processes of a benchmark: this program again, as the simulated org or as one measured step.

use std::ffi::OsStr;
use std::path::Path;
use std::process::Stdio;

use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};

use super::figures::Figures;
use super::http::Host;
use super::step::Step;
use crate::failure::Failure;

/// What would make a child work on somebody's own folder.
const OWN: [&str; 4] = ["HIGHWATER_CONFIG", "HIGHWATER_FORMAT", "HIGHWATER_STATE_DIR", "HIGHWATER_LOG"];

/// The simulated org in a process of its own, which ends with this value.
pub struct OrgProcess {
    _child: Child,
    /// Address of the Salesforce side.
    pub url: String,
    /// The control side.
    pub control: Host,
}

fn program() -> Result<Command, Failure> {
    let path = std::env::current_exe().map_err(|source| failed("this program", source))?;
    let mut command = Command::new(path);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).kill_on_drop(true);
    for name in OWN {
        command.env_remove(name);
    }
    Ok(command)
}

fn failed(what: &str, source: std::io::Error) -> Failure {
    Failure::Output { what: what.to_owned(), source }
}

impl OrgProcess {
    /// Starts an org with the settings in a file.
    ///
    /// # Errors
    /// When it does not start.
    pub async fn start(settings: &Path) -> Result<Self, Failure> {
        let mut command = program()?;
        command.args([
            "simorg",
            "--port",
            "0",
            "--control-port",
            "0",
            "--format",
            "json",
            "-q",
            "--settings",
        ]);
        let mut child = command
            .arg(settings)
            .stderr(Stdio::null())
            .spawn()
            .map_err(|source| failed("the simulated org", source))?;
        let silent = Failure::Unexpected("the simulated org did not tell its address");
        let Some(stdout) = child.stdout.take() else { return Err(silent) };
        let mut lines = BufReader::new(stdout).lines();
        let mut text = String::new();
        while let Ok(Some(line)) = lines.next_line().await {
            text.push_str(&line);
            if let Ok(told) = serde_json::from_str::<serde_json::Value>(&text) {
                let address = |name: &str| told[name].as_str().unwrap_or_default().to_owned();
                let control = Host::of(&address("control"));
                return Ok(Self { _child: child, url: address("org"), control });
            }
        }
        Err(silent)
    }
}

/// Runs one step in a process of its own.
///
/// # Errors
/// When the process fails.
pub async fn measure(config: &Path, step: Step, supporter: Option<i64>) -> Result<Figures, Failure> {
    let mut command = program()?;
    command.arg("--config").arg(config).args(["-q", "bench", "--step", step.word()]);
    if let Some(id) = supporter {
        command.args([OsStr::new("--supporter"), OsStr::new(&id.to_string())]);
    }
    let failed = |source| failed("a measured step", source);
    // `output` would take standard error for itself.
    let child = command.stderr(Stdio::inherit()).spawn().map_err(failed)?;
    let output = child.wait_with_output().await.map_err(failed)?;
    if !output.status.success() {
        return Err(Failure::Unexpected("a measured step failed"));
    }
    serde_json::from_slice(&output.stdout)
        .map_err(|_| Failure::Unexpected("a measured step did not tell its figures"))
}
