//! A real PostgreSQL server for the tests of one process, started from the binaries of Debian's package `postgresql` (or of
//! the path), in a folder of its own, without any care for durability. It ends and its folder goes when the process ends,
//! in whatever way: the shell that runs it waits for the end of a pipe that only this process holds open.
//!
//! Where there are no binaries, tests fail and say so. None is left out silently.

use std::io::Read as _;
use std::net::{Ipv4Addr, TcpListener};
use std::os::unix::fs::chown;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgConnection, PgPool, PgPoolOptions};
use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection as _, Executor as _};

/// The superuser's password; asked for over TCP only.
pub const PASSWORD: &str = "correct horse";

/// Runs the server until its input ends: `$1` binary, `$2` data, `$3` folder, `$4` port.
const KEEPER: &str = r#"
"$1" -D "$2" -k "$3" -p "$4" -c listen_addresses=127.0.0.1 -c fsync=off -c synchronous_commit=off \
  -c full_page_writes=off -c max_connections=300 -c shared_buffers=64MB -c max_prepared_transactions=10 \
  -c timezone=UTC >"$3/log" 2>&1 </dev/null &
server=$!
cat >/dev/null
kill -QUIT "$server" 2>/dev/null
wait "$server"
rm -rf "$3"
"#;

/// A running server.
pub struct Server {
    folder: PathBuf,
    port: u16,
    /// Held open for as long as this process lives.
    _keeper: Child,
}

/// The server of this process; started by the first who asks.
///
/// # Panics
/// When there are no binaries, or the server does not start: with what to do, and the server's own words.
pub fn server() -> &'static Server {
    static SERVER: OnceLock<Server> = OnceLock::new();
    SERVER.get_or_init(Server::start)
}

impl Server {
    fn start() -> Self {
        let binaries = binaries().expect(
            "these tests need a PostgreSQL server, and there is neither /usr/lib/postgresql/*/bin nor an initdb in the \
             path: run `apt-get install postgresql`, as tests/run does",
        );
        let user = other_user();
        let folder = tempfile::Builder::new().prefix("highwater-pg").tempdir_in("/tmp").expect("a folder");
        let folder = folder.keep();
        give(&folder, user);
        let data = folder.join("data");
        initialise(&binaries, &folder, &data, user);
        for _ in 0..5 {
            let port = free_port();
            let mut keeper = command("/bin/sh", user)
                .args(["-c", KEEPER, "keeper"])
                .args([&binaries.join("postgres"), &data, &folder])
                .arg(port.to_string())
                .current_dir("/")
                .stdin(Stdio::piped())
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .spawn()
                .expect("a shell");
            if is_ready(&data, port) {
                return Self { folder, port, _keeper: keeper };
            }
            // Somebody may have taken the port in between. The keeper takes the folder along, so a new one is not tried.
            let log = std::fs::read_to_string(folder.join("log")).unwrap_or_default();
            drop(keeper.stdin.take());
            let _ = keeper.wait();
            assert!(log.contains("could not bind"), "the PostgreSQL server does not start:\n{log}");
            std::fs::create_dir(&folder).expect("a folder");
            give(&folder, user);
            initialise(&binaries, &folder, &data, user);
        }
        unreachable!("five free ports in a row were taken before the server could have them")
    }

    /// Where the server's files are.
    pub fn data(&self) -> PathBuf {
        self.folder.join("data")
    }

    /// Where it listens on 127.0.0.1, with a password.
    pub fn port(&self) -> u16 {
        self.port
    }

    fn options(&self, database: &str) -> PgConnectOptions {
        PgConnectOptions::new_without_pgpass()
            .socket(&self.folder)
            .port(self.port)
            .username("postgres")
            .database(database)
            .disable_statement_logging()
    }

    /// A new and empty database.
    pub async fn database(&'static self) -> Database {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let name = format!("test_{}", NEXT.fetch_add(1, Ordering::Relaxed));
        let mut admin = PgConnection::connect_with(&self.options("postgres")).await.expect("a connection");
        // CREATE DATABASE copies the template, which takes one at a time.
        let sql = format!("CREATE DATABASE {name} STRATEGY wal_log");
        admin.execute(AssertSqlSafe(sql)).await.expect("a database");
        admin.close().await.expect("closed");
        let options = self.options(&name);
        let pool = PgPoolOptions::new().max_connections(5).connect_lazy_with(options);
        Database { server: self, name, pool }
    }
}

/// A database of one test's own, and somebody else's hands in it.
pub struct Database {
    /// Where it is.
    pub server: &'static Server,
    /// Its name.
    pub name: String,
    /// Somebody else's connections.
    pub pool: PgPool,
}

impl Database {
    /// Its address on the server's socket, where no password is asked for.
    pub fn url(&self) -> String {
        self.url_as("postgres")
    }

    /// The same for another user.
    pub fn url_as(&self, user: &str) -> String {
        let folder = self.server.folder.display();
        format!("postgres://{user}@localhost:{}/{}?host={folder}", self.server.port, self.name)
    }

    /// Its address over TCP, where a password is asked for.
    pub fn tcp_url(&self) -> String {
        format!("postgres://postgres@127.0.0.1:{}/{}", self.server.port, self.name)
    }

    /// A user of this database alone: users are the whole server's, and tests run beside each other.
    pub fn user(&self) -> String {
        format!("highwater_{}", self.name)
    }

    /// Runs statements as somebody else.
    pub async fn run(&self, sql: &str) {
        let done = sqlx::raw_sql(AssertSqlSafe(sql.to_owned())).execute(&self.pool).await;
        assert!(done.is_ok(), "{sql}: {done:?}");
    }

    /// One text; `None`: NULL.
    pub async fn text(&self, sql: &str) -> Option<String> {
        sqlx::query_scalar(AssertSqlSafe(sql.to_owned())).fetch_one(&self.pool).await.expect("one text")
    }

    /// One number.
    pub async fn number(&self, sql: &str) -> i64 {
        sqlx::query_scalar(AssertSqlSafe(sql.to_owned())).fetch_one(&self.pool).await.expect("one number")
    }

    /// A connection of somebody's own, for a transaction that stays open.
    pub async fn connect(&self) -> PgConnection {
        PgConnection::connect_with(&self.server.options(&self.name)).await.expect("a connection")
    }
}

/// The folder of the newest binaries.
fn binaries() -> Option<PathBuf> {
    let complete = |folder: &PathBuf| folder.join("initdb").exists() && folder.join("postgres").exists();
    let versions = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let newest = versions
        .filter_map(|entry| {
            Some((entry.file_name().to_str()?.parse::<u32>().ok()?, entry.path().join("bin")))
        })
        .filter(|(_, folder)| complete(folder))
        .max_by_key(|(version, _)| *version);
    let path = std::env::var_os("PATH").unwrap_or_default();
    newest.map(|(_, folder)| folder).or_else(|| std::env::split_paths(&path).find(complete))
}

/// Whom the server runs as where we are root, which PostgreSQL refuses: (user, group).
fn other_user() -> Option<(u32, u32)> {
    use std::os::unix::fs::MetadataExt as _;
    let root = std::fs::metadata("/proc/self").is_ok_and(|own| own.uid() == 0);
    let accounts = std::fs::read_to_string("/etc/passwd").unwrap_or_default();
    let account = |name: &str| {
        let line = accounts.lines().find(|line| line.split(':').next() == Some(name))?;
        let mut fields = line.split(':').skip(2);
        Some((fields.next()?.parse().ok()?, fields.next()?.parse().ok()?))
    };
    root.then(|| account("postgres").or_else(|| account("nobody")).expect("a user beside root"))
}

fn give(path: &Path, user: Option<(u32, u32)>) {
    if let Some((user, group)) = user {
        chown(path, Some(user), Some(group)).expect("root may give a file away");
    }
}

fn command(program: impl AsRef<std::ffi::OsStr>, user: Option<(u32, u32)>) -> Command {
    let mut command = Command::new(program);
    if let Some((user, group)) = user {
        command.gid(group).uid(user);
    }
    command
}

fn initialise(binaries: &Path, folder: &Path, data: &Path, user: Option<(u32, u32)>) {
    let password = folder.join("password");
    std::fs::write(&password, PASSWORD).expect("a file");
    give(&password, user);
    let done = command(binaries.join("initdb"), user)
        .args(["-U", "postgres", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync", "--auth-local=trust"])
        .args(["--auth-host=scram-sha-256", "--pwfile"])
        .arg(&password)
        .arg("-D")
        .arg(data)
        .current_dir("/")
        .stdin(Stdio::null())
        .output()
        .expect("initdb starts");
    let said = String::from_utf8_lossy(&done.stderr);
    assert!(done.status.success(), "initdb failed:\n{said}");
}

fn free_port() -> u16 {
    let socket = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
    socket.local_addr().expect("an address").port()
}

/// Whether the server says that it takes connections on this port; it has a minute.
fn is_ready(data: &Path, port: u16) -> bool {
    for _ in 0..1_200 {
        let mut said = String::new();
        if let Ok(mut file) = std::fs::File::open(data.join("postmaster.pid")) {
            let _ = file.read_to_string(&mut said);
        }
        let mut lines = said.lines();
        if lines.nth(3) == Some(&port.to_string()) && said.lines().last().map(str::trim) == Some("ready") {
            return true;
        }
        let log = data.with_file_name("log");
        if std::fs::read_to_string(log).is_ok_and(|log| log.contains("FATAL")) {
            return false;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    false
}
