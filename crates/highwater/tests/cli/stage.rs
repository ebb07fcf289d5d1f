//! A folder with a supporter database, a configuration, and a simulated org.

use std::path::{Path, PathBuf};
use std::process::{Child, Output, Stdio};

use assert_cmd::Command;
use simorg::{Org, Settings};
use sqlx::ConnectOptions;
use sqlx::sqlite::SqliteConnectOptions;
use tempfile::TempDir;

/// The simulated org's consumer secret.
pub const SECRET: &str = "SIMULATED0SECRET";

/// The program, in an environment of its own.
pub fn highwater(folder: &Path) -> Command {
    let mut command = Command::cargo_bin("highwater").unwrap();
    command.current_dir(folder);
    for name in
        ["HIGHWATER_CONFIG", "HIGHWATER_PROFILE", "HIGHWATER_FORMAT", "HIGHWATER_STATE_DIR", "HIGHWATER_LOG"]
    {
        command.env_remove(name);
    }
    command.env("HIGHWATER_SF_SECRET", SECRET);
    command
}

/// Everything one test needs.
pub struct Stage {
    folder: TempDir,
    pub org: Org,
}

impl Stage {
    /// Two complete supporters, one without a last name, an empty org, and `highwater.toml`.
    pub async fn set() -> Self {
        Self::set_with(Settings::default()).await
    }

    /// The same with an org of one's own.
    pub async fn set_with(settings: Settings) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let org = Org::start(settings).await.unwrap();
        let stage = Self { folder, org };
        stage.sql(
            "CREATE TABLE supporters (supporter_id INTEGER PRIMARY KEY, last_name TEXT, first_name TEXT, email TEXT, \
             phone TEXT, contact_id TEXT, modified_at TEXT)",
        )
        .await;
        for (id, last, first) in [(1, "Smith", "Joe"), (2, "Bell", "Ann"), (3, "", "Nobody")] {
            let email = format!("{first}@example.org").to_lowercase();
            stage
                .sql(&format!(
                    "INSERT INTO supporters VALUES ({id}, '{last}', '{first}', '{email}', '555-010{id}', NULL, \
                     '2026-01-01T00:00:0{id}Z')"
                ))
                .await;
        }
        let example = include_str!("../../../../config/examples/simulated-org.toml");
        let quick =
            example.replace("poll_longest_seconds = 1", "poll_longest_seconds = 1\nretry_seconds = 2");
        stage.write("highwater.toml", &quick.replace("http://127.0.0.1:8790", stage.org.url()));
        stage
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn write(&self, name: &str, text: &str) {
        std::fs::write(self.path(name), text).unwrap();
    }

    /// A file that only its owner may read.
    pub fn secret(&self, name: &str, text: &str) {
        self.write(name, text);
        std::fs::set_permissions(self.path(name), std::os::unix::fs::PermissionsExt::from_mode(0o600))
            .unwrap();
    }

    pub fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name)).unwrap()
    }

    /// A session of the integration user, as a program of its own would get it.
    pub fn session(&self) -> String {
        let form = format!(
            "grant_type=client_credentials&client_id={}&client_secret={}",
            self.org.client_id(),
            self.org.client_secret()
        );
        let answer = crate::endpoint::post(self.org.url(), "/services/oauth2/token", &form);
        answer["access_token"].as_str().unwrap().to_owned()
    }

    /// Replaces a part of `highwater.toml`, which must be there.
    pub fn reconfigure(&self, part: &str, with: &str) {
        let text = self.read("highwater.toml");
        assert!(text.contains(part), "the configuration holds no {part:?}");
        self.write("highwater.toml", &text.replace(part, with));
    }

    /// Runs a command that must be refused: with this code and exit, advice, nothing on standard output, and nothing
    /// written on either side. Gives what it said.
    pub async fn refuses(&self, line: &str, exit: i32, code: &str) -> String {
        let before = self.both_sides().await;
        let refused = self.run(line).await;
        let said = err(&refused);
        assert_eq!(refused.status.code(), Some(exit), "{line}: {said}{}", out(&refused));
        assert!(said.contains(&format!("error[{code}]")), "{line}: {said}");
        assert!(said.contains("what to do: "), "{line}: {said}");
        assert_eq!(out(&refused), "", "{line}");
        assert_eq!(before, self.both_sides().await, "{line} wrote something");
        said
    }

    /// What `check` finds with this code, after making sure that it ends so and writes nothing.
    pub async fn check_finds(&self, exit: i32, code: &str) -> String {
        let before = self.both_sides().await;
        let checked = self.run("check --format json").await;
        assert_eq!(checked.status.code(), Some(exit), "{}{}", out(&checked), err(&checked));
        let found = json(&checked)["findings"].as_array().cloned().unwrap_or_default();
        let found: Vec<_> = found.into_iter().filter(|finding| finding["code"] == code).collect();
        assert!(!found.is_empty(), "{}", out(&checked));
        assert_eq!(before, self.both_sides().await, "check wrote something");
        serde_json::to_string(&found).unwrap()
    }

    /// Every Contact with its stamps, deleted ones too, and every byte of the supporters' table.
    pub async fn both_sides(&self) -> (Vec<serde_json::Value>, Vec<String>) {
        (self.org.all_records("Contact"), self.rows().await)
    }

    /// The table's rows; empty where there is none.
    pub async fn rows(&self) -> Vec<String> {
        if !self.path("supporters.db").exists() {
            return Vec::new();
        }
        let columns = "supporter_id, last_name, first_name, email, phone, contact_id, modified_at";
        let shown = columns.split(", ").map(|name| format!("ifnull(hex({name}), '-')"));
        let row = shown.collect::<Vec<_>>().join(" || ' ' || ");
        let mut options = SqliteConnectOptions::new().filename(self.path("supporters.db"));
        options = options.immutable(false).read_only(true);
        let mut connection = options.connect().await.unwrap();
        let query = format!("SELECT {row} FROM supporters ORDER BY supporter_id");
        sqlx::query_scalar(sqlx::AssertSqlSafe(query)).fetch_all(&mut connection).await.unwrap()
    }

    pub async fn sql(&self, statement: &str) {
        let options =
            SqliteConnectOptions::new().filename(self.path("supporters.db")).create_if_missing(true);
        let mut connection = options.connect().await.unwrap();
        sqlx::raw_sql(sqlx::AssertSqlSafe(statement.to_owned())).execute(&mut connection).await.unwrap();
    }

    /// A command line, ready to run.
    pub fn command(&self, line: &str) -> Command {
        let mut command = highwater(self.folder.path());
        command.args(line.split_whitespace());
        command
    }

    /// Runs a command line to its end.
    pub async fn run(&self, line: &str) -> Output {
        let mut command = self.command(line);
        tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap()
    }

    /// Starts the service and waits for nothing; what it says goes into `serve.log`.
    pub fn start_service(&self, options: &[&str]) -> Served {
        self.start(&[&["serve"], options].concat())
    }

    /// The same for any verb that runs until it is stopped.
    pub fn start(&self, line: &[&str]) -> Served {
        let log = std::fs::File::create(self.path("serve.log")).unwrap();
        let child = std::process::Command::new(assert_cmd::cargo::cargo_bin("highwater"))
            .args(line)
            .current_dir(self.folder.path())
            .env("HIGHWATER_SF_SECRET", SECRET)
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .unwrap();
        Served(child)
    }

    /// Waits until the service started by [`Stage::start_service`] has said something.
    pub async fn until_said(&self, words: &str) {
        self.until(words, || self.read("serve.log").contains(words)).await;
    }

    /// Waits until something is so.
    pub async fn until(&self, what: &str, so: impl Fn() -> bool) {
        for _ in 0..1_200 {
            if so() {
                return;
            }
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
        panic!("not within a minute: {what}");
    }

    /// Starts the service and waits until it answers.
    pub async fn serve(&self) -> Served {
        self.serve_with(&[]).await
    }

    /// The same with options.
    pub async fn serve_with(&self, options: &[&str]) -> Served {
        let child = std::process::Command::new(assert_cmd::cargo::cargo_bin("highwater"))
            .arg("serve")
            .args(options)
            .current_dir(self.folder.path())
            .env("HIGHWATER_SF_SECRET", SECRET)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let served = Served(child);
        let socket = self.path("simulated-state/control/socket");
        for _ in 0..300 {
            // A killed service leaves its socket behind: only one that answers counts.
            if std::os::unix::net::UnixStream::connect(&socket).is_ok() {
                return served;
            }
            tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        }
        panic!("the service did not open its socket within 30 seconds");
    }
}

/// A running service, ended when the test ends.
pub struct Served(Child);

impl Served {
    /// Waits until it ends by itself and gives its exit code.
    pub async fn ended(mut self) -> Option<i32> {
        for _ in 0..600 {
            if let Some(status) = self.0.try_wait().unwrap() {
                return status.code();
            }
            tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        }
        panic!("the service did not end within a minute");
    }

    /// Asks it to stop and gives its exit code.
    pub async fn stop(mut self) -> Option<i32> {
        let id = self.0.id().to_string();
        std::process::Command::new("kill").args(["-TERM", &id]).status().unwrap();
        for _ in 0..300 {
            if let Some(status) = self.0.try_wait().unwrap() {
                return status.code();
            }
            tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        }
        None
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Standard output as text.
pub fn out(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

/// Standard error as text.
pub fn err(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

/// Standard output as a value; fails with both streams when it is none.
pub fn json(output: &Output) -> serde_json::Value {
    serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{}\n{}", out(output), err(output)))
}
