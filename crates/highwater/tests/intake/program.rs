//! The program as it ships, in a folder of its own.

use std::io::{BufRead as _, BufReader, Read as _};
use std::path::Path;
use std::process::{Child, Command, Stdio};

const CONFIGURATION: &str = r#"
[salesforce]
login_url = "https://example.my.salesforce.com"
client_id = "none"
client_secret_env = "HIGHWATER_SF_SECRET"
[supporters]
kind = "sqlite"
path = "people.db"
table = "people"
[[intake.source]]
name = "website"
write_key_env = "KILL_KEY"
[[field]]
contact = "LastName"
column = "last_name"
[[field]]
contact = "Email"
column = "email"
"#;

/// A running `highwater intake`. Killed when it is dropped.
pub(crate) struct Program {
    child: std::cell::RefCell<Child>,
    /// Host and port.
    pub(crate) address: String,
}

fn command(folder: &Path) -> Command {
    std::fs::write(folder.join("highwater.toml"), CONFIGURATION).expect("a configuration");
    let mut command = Command::new(env!("CARGO_BIN_EXE_highwater"));
    command.current_dir(folder).env("KILL_KEY", "kill-write-key-0001");
    command.args(["--quiet", "--format", "csv", "intake", "--port", "0"]).stdin(Stdio::null());
    command
}

impl Program {
    pub(crate) fn start(folder: &Path) -> Self {
        let mut child = command(folder).stdout(Stdio::piped()).spawn().expect("the program starts");
        let mut lines = BufReader::new(child.stdout.take().expect("its output is ours")).lines();
        let address = lines.find_map(|line| {
            let line = line.expect("it says where it listens");
            line.split_once("http://").map(|(_, address)| address.trim_matches('"').to_owned())
        });
        Self { child: child.into(), address: address.expect("it says where it listens") }
    }

    /// As a power switch would, for the process.
    pub(crate) fn kill(&self) {
        let mut child = self.child.borrow_mut();
        // It may be gone already.
        let _ = child.kill();
        let _ = child.wait();
    }

    /// In order; the exit code.
    pub(crate) fn stop(&self) -> Option<i32> {
        let mut child = self.child.borrow_mut();
        let sent = Command::new("kill").arg(child.id().to_string()).status().expect("a signal is sent");
        assert!(sent.success());
        child.wait().expect("it ends").code()
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Starts a second one where one runs: exit code, and what it said.
pub(crate) fn refused(folder: &Path) -> (Option<i32>, String) {
    let mut child =
        command(folder).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().expect("the program starts");
    let mut said = String::new();
    child.stderr.take().expect("its output is ours").read_to_string(&mut said).expect("it says something");
    (child.wait().expect("it ends").code(), said)
}
