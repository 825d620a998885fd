//! Fetches Debian packages with podproof's private apt configuration. The host's apt state is never changed.
//!
//! `ci/setup.sh` creates that configuration with the host's mirror.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::host::{Host, Program, report_progress};
use crate::provider::image::ImageError;

const PATIENCE: Duration = Duration::from_secs(300);

/// The private apt configuration of a host.
pub(super) struct Packages<'h> {
    host: &'h Host,
}

impl<'h> Packages<'h> {
    /// Fails if `ci/setup.sh` has not created the configuration.
    pub(super) fn of(host: &'h Host) -> Result<Self, ImageError> {
        let conf = host.folders.apt_conf();
        if conf.exists() { Ok(Self { host }) } else { Err(ImageError::NoPackages { conf }) }
    }

    /// The candidate versions of these packages, one per line.
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

    /// Downloads a binary package of a suite and returns the file.
    pub(super) async fn binary(&self, name: &str, suite: &str) -> Result<PathBuf, ImageError> {
        let which = format!("{name}/{suite}");
        let fetch = self.tool("apt-get").args(["--quiet=2", "download", &which]);
        self.fetched(fetch, name, suite, ".deb").await
    }

    /// Downloads the upstream archive of a source package of a suite and returns the file.
    pub(super) async fn source(&self, name: &str, suite: &str) -> Result<PathBuf, ImageError> {
        let which = format!("{name}/{suite}");
        // Only the upstream archive is used, and a mirror may no longer have the packaging of an older revision.
        let options = ["--quiet=2", "source", "--download-only", "--tar-only"];
        let fetch = self.tool("apt-get").args(options).arg(&which);
        self.fetched(fetch, name, suite, ".orig.tar.gz").await
    }

    /// Unpacks a binary package into `folder`.
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
            // A mirror keeps only what its current lists contain, so outdated lists are the most likely cause.
            report_progress!("fetching {name} failed: refreshing the package lists");
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

/// The most recently written file of a package.
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
