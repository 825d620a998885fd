//! Debian's packages, through a package root of our own: the host's apt is never changed.
//!
//! The set-up writes the root's configuration with the mirror that the host uses.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::error::ImageError;
use crate::cluster::program::Program;
use crate::cluster::{Host, talk};

const PATIENCE: Duration = Duration::from_secs(300);

/// The package root of a host.
pub(super) struct Packages<'h> {
    host: &'h Host,
}

impl<'h> Packages<'h> {
    /// The root that the set-up made.
    pub(super) fn of(host: &'h Host) -> Result<Self, ImageError> {
        let conf = host.folders.apt_conf();
        if conf.exists() { Ok(Self { host }) } else { Err(ImageError::NoPackages { conf }) }
    }

    /// The versions that a fetch would give, one line each: part of what an image is made from.
    pub(super) async fn versions(&self, names: &[&str]) -> Result<String, ImageError> {
        let show = self.tool("apt-cache").args(["--no-all-versions", "show"]).args(names);
        let shown =
            show.run(&self.host.cancel).await.map_err(ImageError::step("read the package lists"))?.stdout;
        let field = |line: &str, name: &str| line.strip_prefix(name).map(|value| value.trim().to_owned());
        let mut lines = Vec::new();
        let mut package = String::new();
        for line in shown.lines() {
            if let Some(name) = field(line, "Package:") {
                package = name;
            } else if let Some(version) = field(line, "Version:") {
                lines.push(format!("{package} {version}\n"));
            }
        }
        lines.sort();
        Ok(lines.concat())
    }

    /// Fetches a package of a suite; gives its file.
    pub(super) async fn binary(&self, name: &str, suite: &str) -> Result<PathBuf, ImageError> {
        let which = format!("{name}/{suite}");
        let fetch = self.tool("apt-get").args(["--quiet=2", "download", &which]);
        self.fetched(fetch, name, suite, ".deb").await
    }

    /// Fetches the upstream part of a source package of a suite; gives its file.
    pub(super) async fn source(&self, name: &str, suite: &str) -> Result<PathBuf, ImageError> {
        let which = format!("{name}/{suite}");
        // A mirror may have lost the packaging of an older revision; the upstream part is all that is used.
        let options = ["--quiet=2", "source", "--download-only", "--tar-only"];
        let fetch = self.tool("apt-get").args(options).arg(&which);
        self.fetched(fetch, name, suite, ".orig.tar.gz").await
    }

    /// Unpacks a package, without its documentation and tests.
    pub(super) async fn unpack(&self, package: &Path, folder: &Path) -> Result<(), ImageError> {
        fs::create_dir_all(folder).map_err(ImageError::file(folder))?;
        let unpack = Program::new("dpkg-deb").arg("--extract").arg(package).arg(folder).deadline(PATIENCE);
        let step = ImageError::step(format!("unpack {}", package.display()));
        unpack.run(&self.host.cancel).await.map_err(step).map(|_| ())
    }

    async fn fetched(
        &self,
        fetch: Program,
        name: &str,
        suite: &str,
        ending: &str,
    ) -> Result<PathBuf, ImageError> {
        let folder = self.host.folders.packages().join(suite);
        fs::create_dir_all(&folder).map_err(ImageError::file(&folder))?;
        let fetch = fetch.folder(&folder).deadline(PATIENCE);
        if let Err(error) = fetch.run(&self.host.cancel).await {
            // A mirror keeps only what its current lists name, so old lists are the first suspect.
            talk!("fetching {name} failed: refreshing the package lists");
            let refresh = self.tool("apt-get").args(["--quiet=2", "update"]).deadline(PATIENCE);
            refresh
                .run(&self.host.cancel)
                .await
                .map_err(|_| ImageError::Step { step: format!("fetch {name}"), source: error })?;
            fetch.run(&self.host.cancel).await.map_err(ImageError::step(format!("fetch {name}")))?;
        }
        newest(&folder, name, ending)
            .ok_or_else(|| ImageError::NoPackage { name: name.to_owned(), suite: suite.to_owned() })
    }

    fn tool(&self, program: &str) -> Program {
        Program::new(program).variable("APT_CONFIG", self.host.folders.apt_conf())
    }
}

/// The file of a package that was written last.
fn newest(folder: &Path, name: &str, ending: &str) -> Option<PathBuf> {
    let prefix = format!("{name}_");
    let entries = fs::read_dir(folder).ok()?.filter_map(Result::ok);
    let files = entries.filter(|entry| {
        let file = entry.file_name();
        let file = file.to_string_lossy();
        file.starts_with(&prefix) && file.ends_with(ending)
    });
    files.max_by_key(|entry| entry.metadata().and_then(|data| data.modified()).ok()).map(|entry| entry.path())
}
