//! The two databases that a store can be in. The one of PostgreSQL is in a server of the tests' own.

use std::ffi::OsString;
use std::fs;
use std::io::{BufRead as _, BufReader, Read as _};
use std::net::TcpListener;
use std::os::unix::process::CommandExt as _;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};

use podproof::history::Place;
use tempfile::TempDir;

/// What the server asks for on its port.
pub const PASSWORD: &str = "p@ss/word?";

/// The same, as a URL says it.
const ENCODED: &str = "p%40ss%2Fword%3F";

/// A database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Backend {
    Sqlite,
    Postgres,
}

/// A place for a store that is not there yet.
pub struct Spot {
    pub place: Place,
    /// The place, as it is typed.
    pub typed: OsString,
    folder: TempDir,
}

impl Backend {
    pub fn spot(self) -> Spot {
        let folder = tempfile::tempdir().unwrap();
        let typed = match self {
            Self::Sqlite => folder.path().join("state/history.db").into_os_string(),
            Self::Postgres => Server::ours().by_socket(&Server::ours().database()).into(),
        };
        Spot { place: typed.clone().into(), typed, folder }
    }
}

impl Spot {
    /// What lies beside a store's file, by its name.
    pub fn left_over(&self) -> Vec<String> {
        let Ok(entries) = fs::read_dir(self.folder.path().join("state")) else { return Vec::new() };
        let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        names.filter(|name| !name.starts_with("history.db")).collect()
    }

    /// How much room a store takes, in bytes.
    pub fn size(&self) -> u64 {
        match &self.place {
            Place::File(file) => fs::metadata(file).unwrap().len(),
            Place::Database(_) => {
                let query = "SELECT sum(pg_total_relation_size(c.oid))::bigint FROM pg_class c
                             JOIN pg_namespace n ON n.oid = c.relnamespace
                             WHERE n.nspname = 'podproof' AND c.relkind = 'r'";
                let size: i64 = self.client().query_one(query, &[]).unwrap().get(0);
                size.cast_unsigned()
            }
        }
    }

    /// A connection to the database around the store.
    pub fn client(&self) -> postgres::Client {
        postgres::Client::connect(self.typed.to_str().unwrap(), postgres::NoTls).unwrap()
    }

    /// Runs statements behind the store's back.
    pub fn meddle(&self, statements: &str) {
        match &self.place {
            Place::File(file) => {
                rusqlite::Connection::open(file).unwrap().execute_batch(statements).unwrap();
            }
            Place::Database(_) => {
                let mut client = self.client();
                client.batch_execute("SET search_path = podproof").unwrap();
                client.batch_execute(statements).unwrap();
            }
        }
    }
}

/// A server that ends, and leaves nothing, when this process does, however it does.
pub struct Server {
    folder: PathBuf,
    port: u16,
    _keeper: Child,
}

impl Server {
    /// The one of this process.
    pub fn ours() -> &'static Self {
        static SERVER: OnceLock<Server> = OnceLock::new();
        SERVER.get_or_init(Self::start)
    }

    fn start() -> Self {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let mut keeper = Command::new("setpriv");
        // The server refuses to run as root.
        if rustix::process::geteuid().is_root() {
            keeper.args(["--reuid=postgres", "--regid=postgres", "--clear-groups"]);
        }
        keeper.args(["sh", "-c", include_str!("postgres.sh"), "postgres.sh"]);
        keeper.arg(programs()).args([&port.to_string(), PASSWORD]);
        // A terminal's interrupt goes to a whole group: the keeper ends after us, and not with us.
        keeper.process_group(0).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut keeper = keeper.spawn().expect("setpriv, of the package util-linux, is there");
        let mut line = String::new();
        BufReader::new(keeper.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
        let mut said = String::new();
        if line.is_empty() {
            keeper.stderr.as_mut().unwrap().read_to_string(&mut said).unwrap();
        }
        assert!(!line.is_empty(), "PostgreSQL does not start:\n{said}");
        Self { folder: line.trim_end().into(), port, _keeper: keeper }
    }

    /// Makes a database and gives its name.
    pub fn database(&self) -> String {
        static MADE: AtomicUsize = AtomicUsize::new(0);
        let name = format!("test{}", MADE.fetch_add(1, Ordering::Relaxed));
        let mut client = postgres::Client::connect(&self.by_socket("postgres"), postgres::NoTls).unwrap();
        client.batch_execute(&format!("CREATE DATABASE {name} TEMPLATE template0")).unwrap();
        name
    }

    /// The URL that needs no password.
    pub fn by_socket(&self, database: &str) -> String {
        format!("postgres://podproof@/{database}?host={}&port={}", self.folder.display(), self.port)
    }

    /// The URL over the network, with these parameters.
    pub fn by_network(&self, database: &str, parameters: &str) -> String {
        format!("postgresql://podproof:{ENCODED}@localhost:{}/{database}?{parameters}", self.port)
    }

    /// The certificate that the server shows.
    pub fn certificate(&self) -> PathBuf {
        self.folder.join("server.crt")
    }
}

/// The folder of the newest server that Debian's packages put on this host.
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
