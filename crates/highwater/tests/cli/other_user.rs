//! A command that runs as another user than the service.

use std::fs::{Permissions, metadata, set_permissions};
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use crate::stage::{SECRET, Stage, err};

/// Somebody else: `nobody` on most systems.
const OTHER: u32 = 65_534;

fn command(stage: &Stage, line: &str) -> Command {
    let mut command = Command::new(assert_cmd::cargo::cargo_bin("highwater"));
    command.args(line.split(' ')).current_dir(stage.path("")).env("HIGHWATER_SF_SECRET", SECRET);
    command
}

/// Only root may become somebody else; `None`: this test does not run as root, or the program lies where others may not go.
fn as_another(stage: &Stage, line: &str) -> Option<Output> {
    let root = metadata(stage.path("highwater.toml")).unwrap().uid() == 0;
    root.then(|| command(stage, line).uid(OTHER).gid(OTHER).output().ok()).flatten()
}

fn mode(path: &Path, mode: u32) {
    set_permissions(path, Permissions::from_mode(mode)).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_state_that_may_not_be_looked_at_is_not_taken_for_none() {
    let stage = Stage::set().await;
    assert_eq!(stage.run("sync").await.status.code(), Some(0));
    mode(&stage.path(""), 0o755);
    // Root may look everywhere; whoever else runs this may not look into their own folder now.
    let state = stage.path("simulated-state");
    mode(&state, 0o000);
    let own = metadata(&state).unwrap().uid() != 0;
    for line in ["status", "why 1", "plan"] {
        let ended = if own { Some(stage.run(line).await) } else { as_another(&stage, line) };
        let Some(ended) = ended else { break };
        let said = format!("{}{}", err(&ended), crate::stage::out(&ended));
        assert!(said.contains("HW0508") && said.contains("sudo -u"), "{line}: {said}");
        assert_eq!(ended.status.code(), Some(7), "{line}: {said}");
        assert!(!said.contains("there is no state"), "{line}: {said}");
    }
    mode(&state, 0o700);
}

#[tokio::test(flavor = "multi_thread")]
async fn beside_a_service_of_another_user_it_is_said_whose_it_is() {
    let stage = Stage::set().await;
    if as_another(&stage, "--version").is_none() {
        return;
    }
    // GIVEN a service of somebody else
    for name in ["", "highwater.toml", "supporters.db"] {
        chown(stage.path(name), Some(OTHER), Some(OTHER)).unwrap();
    }
    let mut service = command(&stage, "serve");
    let mut service =
        service.uid(OTHER).gid(OTHER).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let socket = stage.path("simulated-state/control/socket");
    stage.until("it answers", || std::os::unix::net::UnixStream::connect(&socket).is_ok()).await;
    // WHEN root asks THEN nobody is told to restart it
    let said = stage.run("status").await;
    let _ = (service.kill(), service.wait());
    assert_eq!(said.status.code(), Some(1), "{}", err(&said));
    let said = err(&said);
    assert!(said.contains("HW0603") && said.contains("another user") && said.contains("sudo -u"), "{said}");
    assert!(!said.to_lowercase().contains("what to do: restart"), "{said}");
}
