//! The two databases that a store can be in. The tests start their own PostgreSQL server.

use std::ffi::OsString;
use std::fs;
use std::io::{BufRead as _, BufReader, Read as _};
use std::net::TcpListener;
use std::os::unix::process::CommandExt as _;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};

use podproof_core::history::StoreLocation;
use tempfile::TempDir;

/// The password of the server's TCP port.
pub const PASSWORD: &str = "p@ss/word?";

/// The password, percent-encoded for a URL.
const ENCODED: &str = "p%40ss%2Fword%3F";

/// The kind of database that a store is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Backend {
    Sqlite,
    Postgres,
}

/// The location of a store that does not exist yet.
pub struct TestStore {
    pub location: StoreLocation,
    /// The location, as a user types it.
    pub typed: OsString,
    folder: TempDir,
}

impl Backend {
    pub fn test_store(self) -> TestStore {
        let folder = tempfile::tempdir().unwrap();
        let typed = match self {
            Self::Sqlite => folder.path().join("state/history.db").into_os_string(),
            Self::Postgres => Server::shared().socket_url(&Server::shared().database()).into(),
        };
        TestStore { location: typed.clone().into(), typed, folder }
    }
}

impl TestStore {
    /// The names of the files beside the store's file.
    pub fn leftover_files(&self) -> Vec<String> {
        let Ok(entries) = fs::read_dir(self.folder.path().join("state")) else { return Vec::new() };
        let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        names.filter(|name| !name.starts_with("history.db")).collect()
    }

    /// The size of the store in bytes.
    pub fn size(&self) -> u64 {
        match &self.location {
            StoreLocation::File(file) => fs::metadata(file).unwrap().len(),
            StoreLocation::Database(_) => {
                let query = "SELECT sum(pg_total_relation_size(c.oid))::bigint FROM pg_class c
                             JOIN pg_namespace n ON n.oid = c.relnamespace
                             WHERE n.nspname = 'podproof' AND c.relkind = 'r'";
                let size: i64 = self.client().query_one(query, &[]).unwrap().get(0);
                size.cast_unsigned()
            }
        }
    }

    /// A connection to the store's database.
    pub fn client(&self) -> postgres::Client {
        postgres::Client::connect(self.typed.to_str().unwrap(), postgres::NoTls).unwrap()
    }

    /// Runs statements on the database directly, without the store.
    pub fn execute_directly(&self, statements: &str) {
        match &self.location {
            StoreLocation::File(file) => {
                rusqlite::Connection::open(file).unwrap().execute_batch(statements).unwrap();
            }
            StoreLocation::Database(_) => {
                let mut client = self.client();
                client.batch_execute("SET search_path = podproof").unwrap();
                client.batch_execute(statements).unwrap();
            }
        }
    }
}

/// A PostgreSQL server that stops and removes its files when this process ends, even if it is killed.
pub struct Server {
    folder: PathBuf,
    port: u16,
    _script: Child,
}

impl Server {
    /// The server that all tests of this process share.
    pub fn shared() -> &'static Self {
        static SERVER: OnceLock<Server> = OnceLock::new();
        SERVER.get_or_init(Self::start)
    }

    fn start() -> Self {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let mut script = Command::new("setpriv");
        // The server refuses to run as root.
        if rustix::process::geteuid().is_root() {
            script.args(["--reuid=postgres", "--regid=postgres", "--clear-groups"]);
        }
        script.args(["sh", "-c", include_str!("postgres.sh"), "postgres.sh"]);
        script.arg(programs()).args([&port.to_string(), PASSWORD]);
        // A terminal sends an interrupt to a whole process group. The script must outlive this process to clean up.
        script.process_group(0).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut script = script.spawn().expect("setpriv, of the package util-linux, is there");
        let mut line = String::new();
        BufReader::new(script.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
        let mut said = String::new();
        if line.is_empty() {
            script.stderr.as_mut().unwrap().read_to_string(&mut said).unwrap();
        }
        assert!(!line.is_empty(), "PostgreSQL does not start:\n{said}");
        Self { folder: line.trim_end().into(), port, _script: script }
    }

    /// Creates a database and returns its name.
    pub fn database(&self) -> String {
        static MADE: AtomicUsize = AtomicUsize::new(0);
        let name = format!("test{}", MADE.fetch_add(1, Ordering::Relaxed));
        let mut client = postgres::Client::connect(&self.socket_url("postgres"), postgres::NoTls).unwrap();
        client.batch_execute(&format!("CREATE DATABASE {name} TEMPLATE template0")).unwrap();
        name
    }

    /// The URL that needs no password.
    pub fn socket_url(&self, database: &str) -> String {
        format!("postgres://podproof@/{database}?host={}&port={}", self.folder.display(), self.port)
    }

    /// The URL over TCP, with these parameters.
    pub fn network_url(&self, database: &str, parameters: &str) -> String {
        format!("postgresql://podproof:{ENCODED}@localhost:{}/{database}?{parameters}", self.port)
    }

    /// The file with the server's certificate.
    pub fn certificate(&self) -> PathBuf {
        self.folder.join("server.crt")
    }
}

/// The folder with the programs of the newest server that Debian's packages installed.
fn programs() -> PathBuf {
    let versions = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let bin = |version: fs::DirEntry| {
        let number: u32 = version.file_name().to_str()?.parse().ok()?;
        let bin = version.path().join("bin");
        bin.join("initdb").exists().then_some((number, bin))
    };
    let newest = versions.filter_map(bin).max();
    newest.expect("the package postgresql is missing: `ci/setup.sh --tests` installs it").1
}
