//! Where things are kept: caches that may be deleted at any time, and the state of clusters.

use std::env;
use std::fs;
use std::path::PathBuf;

use thiserror::Error;

/// The two folders of this user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Folders {
    cache: PathBuf,
    state: PathBuf,
}

/// There is no folder to keep things in.
#[derive(Debug, Error)]
#[error("find the home folder: neither HOME nor XDG_CACHE_HOME and XDG_STATE_HOME are set")]
pub struct HomeUnknown;

impl Folders {
    /// The folders that the environment names: `XDG_CACHE_HOME` and `XDG_STATE_HOME`, else below `HOME`.
    pub fn from_environment() -> Result<Self, HomeUnknown> {
        Self::from_variables(|name| env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from))
    }

    fn from_variables(variable: impl Fn(&str) -> Option<PathBuf>) -> Result<Self, HomeUnknown> {
        // The specification of these variables says that relative paths are to be ignored.
        let folder = |name: &str, below_home: &str| {
            let named = variable(name).filter(|path| path.is_absolute());
            named.or_else(|| Some(variable("HOME")?.join(below_home))).map(|path| path.join("podproof"))
        };
        let cache = folder("XDG_CACHE_HOME", ".cache").ok_or(HomeUnknown)?;
        let state = folder("XDG_STATE_HOME", ".local/state").ok_or(HomeUnknown)?;
        Ok(Self { cache, state })
    }

    /// The folders of a test.
    #[cfg(test)]
    pub(super) fn below(home: &std::path::Path) -> Self {
        Self { cache: home.join("cache"), state: home.join("state") }
    }

    /// The `kind` that the set-up fetched.
    #[must_use]
    pub fn fetched_kind(&self) -> PathBuf {
        self.cache.join("bin/kind")
    }

    /// The configuration of the private package root.
    #[must_use]
    pub fn apt_conf(&self) -> PathBuf {
        self.cache.join("apt/apt.conf")
    }

    /// The package lists of the private package root.
    #[must_use]
    pub fn apt_lists(&self) -> PathBuf {
        self.cache.join("apt/lists")
    }

    /// Packages and sources as they were fetched.
    #[must_use]
    pub fn packages(&self) -> PathBuf {
        self.cache.join("packages")
    }

    /// What is kept of images built from the inputs with this digest.
    #[must_use]
    pub fn images(&self, digest: &str) -> PathBuf {
        self.cache.join("images").join(digest)
    }

    /// Where a build works; may be deleted when no build runs.
    #[must_use]
    pub fn build(&self) -> PathBuf {
        self.cache.join("build")
    }

    /// The file that is locked while images are made.
    #[must_use]
    pub fn image_lock(&self) -> PathBuf {
        self.cache.join("image.lock")
    }

    /// The file that is locked while images are put into nodes.
    #[must_use]
    pub fn load_lock(&self) -> PathBuf {
        self.cache.join("load.lock")
    }

    /// The container engine's configuration and log, where we started it.
    #[must_use]
    pub fn engine(&self) -> PathBuf {
        self.state.join("engine")
    }

    /// The file that is locked while the container engine is started or its configuration is changed.
    #[must_use]
    pub fn engine_lock(&self) -> PathBuf {
        self.state.join("engine.lock")
    }

    /// The file that is locked as long as somebody needs the engine's configuration as it is.
    #[must_use]
    pub fn engine_users_lock(&self) -> PathBuf {
        self.state.join("engine-users.lock")
    }

    /// All that is known of a cluster: mark, configuration, kubeconfig.
    #[must_use]
    pub fn cluster(&self, name: &str) -> PathBuf {
        self.state.join("clusters").join(name)
    }

    /// The file that is locked while a cluster is used, made or removed. It stands beside the cluster's folder, which
    /// is removed with the cluster.
    #[must_use]
    pub fn cluster_lock(&self, name: &str) -> PathBuf {
        self.state.join("clusters").join(format!("{name}.lock"))
    }

    /// The file that is locked while the cluster's nodes are connected. It goes with the cluster's folder: whoever holds it
    /// holds the cluster too.
    #[must_use]
    pub fn network_lock(&self, name: &str) -> PathBuf {
        self.cluster(name).join("network.lock")
    }

    /// The logs of nodes that failed.
    #[must_use]
    pub fn node_logs(&self, name: &str) -> PathBuf {
        self.state.join("logs").join(name)
    }

    /// What is kept of runs.
    #[must_use]
    pub fn history(&self) -> PathBuf {
        self.state.join("history.db")
    }

    /// The names of clusters of which something is known.
    #[must_use]
    pub fn cluster_names(&self) -> Vec<String> {
        let Ok(entries) = fs::read_dir(self.state.join("clusters")) else { return Vec::new() };
        let folders = entries.filter_map(Result::ok).filter(|entry| entry.path().is_dir());
        let mut names: Vec<_> = folders.filter_map(|entry| entry.file_name().into_string().ok()).collect();
        names.sort();
        names
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    fn folders(variables: &[(&str, &str)]) -> Option<Folders> {
        let find = |name: &str| variables.iter().find(|(key, _)| *key == name).map(|(_, value)| value.into());
        Folders::from_variables(find).ok()
    }

    #[test]
    fn follow_the_environment() {
        let named = folders(&[("XDG_CACHE_HOME", "/c"), ("XDG_STATE_HOME", "/s")]).unwrap();
        assert_eq!(named.fetched_kind(), Path::new("/c/podproof/bin/kind"));
        assert_eq!(named.cluster("a"), Path::new("/s/podproof/clusters/a"));
    }

    #[test]
    fn relative_folders_are_ignored() {
        let home = folders(&[("HOME", "/h"), ("XDG_CACHE_HOME", "c")]).unwrap();
        assert_eq!(home.fetched_kind(), Path::new("/h/.cache/podproof/bin/kind"));
    }

    #[test]
    fn no_home_is_an_error() {
        assert_eq!(folders(&[("XDG_CACHE_HOME", "/c")]), None);
    }
}
