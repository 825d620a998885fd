//! The locations of podproof's files: a cache, which may be deleted at any time, and the state of clusters.

use std::env;
use std::fs;
use std::path::PathBuf;

use thiserror::Error;

/// The cache and state folders of the current user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Folders {
    cache: PathBuf,
    state: PathBuf,
}

/// The environment does not define the folders.
#[derive(Debug, Error)]
#[error("find the home folder: neither HOME nor XDG_CACHE_HOME and XDG_STATE_HOME are set")]
pub struct HomeUnknown;

impl Folders {
    /// Uses `XDG_CACHE_HOME` and `XDG_STATE_HOME`, or their defaults below `HOME`.
    pub fn from_environment() -> Result<Self, HomeUnknown> {
        Self::from_variables(|name| env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from))
    }

    fn from_variables(variable: impl Fn(&str) -> Option<PathBuf>) -> Result<Self, HomeUnknown> {
        // The XDG specification requires relative paths to be ignored.
        let folder = |name: &str, below_home: &str| {
            let named = variable(name).filter(|path| path.is_absolute());
            named.or_else(|| Some(variable("HOME")?.join(below_home))).map(|path| path.join("podproof"))
        };
        let cache = folder("XDG_CACHE_HOME", ".cache").ok_or(HomeUnknown)?;
        let state = folder("XDG_STATE_HOME", ".local/state").ok_or(HomeUnknown)?;
        Ok(Self { cache, state })
    }

    #[cfg(test)]
    pub(crate) fn below(home: &std::path::Path) -> Self {
        Self { cache: home.join("cache"), state: home.join("state") }
    }

    /// The executable of this name that `ci/setup.sh` fetched.
    #[must_use]
    pub fn fetched(&self, program: &str) -> PathBuf {
        self.cache.join("bin").join(program)
    }

    /// The private apt configuration.
    #[must_use]
    pub fn apt_conf(&self) -> PathBuf {
        self.cache.join("apt/apt.conf")
    }

    /// The package lists of the private apt configuration.
    #[must_use]
    pub fn apt_lists(&self) -> PathBuf {
        self.cache.join("apt/lists")
    }

    /// Downloaded packages and sources.
    #[must_use]
    pub fn packages(&self) -> PathBuf {
        self.cache.join("packages")
    }

    /// The cached images with this input digest.
    #[must_use]
    pub fn images(&self, digest: &str) -> PathBuf {
        self.cache.join("images").join(digest)
    }

    /// Temporary files of builds; may be deleted when no build is running.
    #[must_use]
    pub fn build(&self) -> PathBuf {
        self.cache.join("build")
    }

    /// The lock file for building images.
    #[must_use]
    pub fn image_lock(&self) -> PathBuf {
        self.cache.join("image.lock")
    }

    /// The lock file for loading images into nodes.
    #[must_use]
    pub fn load_lock(&self) -> PathBuf {
        self.cache.join("load.lock")
    }

    /// podproof's runtime, and the configuration and log of an engine that podproof started.
    #[must_use]
    pub fn engine(&self) -> PathBuf {
        self.state.join("engine")
    }

    /// The lock file for starting the container engine or changing its configuration.
    #[must_use]
    pub fn engine_lock(&self) -> PathBuf {
        self.state.join("engine.lock")
    }

    /// The lock file that is held while the engine's configuration must not be restored.
    #[must_use]
    pub fn engine_users_lock(&self) -> PathBuf {
        self.state.join("engine-users.lock")
    }

    /// The files of one cluster: mark, kind configuration, kubeconfig.
    #[must_use]
    pub fn cluster(&self, name: &str) -> PathBuf {
        self.state.join("clusters").join(name)
    }

    /// The lock file for using, creating or removing a cluster. It is next to the cluster's folder, because that is
    /// removed with the cluster.
    #[must_use]
    pub fn cluster_lock(&self, name: &str) -> PathBuf {
        self.state.join("clusters").join(format!("{name}.lock"))
    }

    /// The lock file for setting up the cluster's pod network. It is in the cluster's folder because its holder also
    /// holds the cluster's lock.
    #[must_use]
    pub fn network_lock(&self, name: &str) -> PathBuf {
        self.cluster(name).join("network.lock")
    }

    /// The saved node logs of clusters with this name.
    #[must_use]
    pub fn node_logs(&self, name: &str) -> PathBuf {
        self.state.join("logs").join(name)
    }

    /// The default history database.
    #[must_use]
    pub fn history(&self) -> PathBuf {
        self.state.join("history.db")
    }

    /// The sorted names of all clusters that have a folder.
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
    fn folders_follow_the_environment() {
        let named = folders(&[("XDG_CACHE_HOME", "/c"), ("XDG_STATE_HOME", "/s")]).unwrap();
        assert_eq!(named.fetched("kind"), Path::new("/c/podproof/bin/kind"));
        assert_eq!(named.cluster("a"), Path::new("/s/podproof/clusters/a"));
    }

    #[test]
    fn relative_folders_are_ignored() {
        let home = folders(&[("HOME", "/h"), ("XDG_CACHE_HOME", "c")]).unwrap();
        assert_eq!(home.fetched("kind"), Path::new("/h/.cache/podproof/bin/kind"));
    }

    #[test]
    fn a_missing_home_is_an_error() {
        assert_eq!(folders(&[("XDG_CACHE_HOME", "/c")]), None);
    }
}
