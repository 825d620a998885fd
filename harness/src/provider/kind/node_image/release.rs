//! Differences between Kubernetes releases that matter for building a node image.

use crate::provider::image::ImageError;
use crate::provider::versions::Version;

/// A Kubernetes release.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Release(pub(super) Version);

impl Release {
    /// Returns whether kind configures the kubelet's systemd cgroup driver (since 1.24); the container runtime must
    /// match.
    pub(super) fn systemd_cgroups(self) -> bool {
        self.0.minor >= 24
    }

    /// Returns whether the kubelet (up to 1.23) miscounts cgroup mounts when one is bind-mounted on itself, which
    /// kind's entrypoint does on hosts with cgroup v1.
    pub(super) fn miscounts_cgroup_mounts(self) -> bool {
        self.0.minor < 24
    }

    /// Returns the Debian suite with a compatible etcd.
    pub(super) fn etcd_suite(self) -> Result<&'static str, ImageError> {
        match self.0.minor {
            0..22 => Ok("bookworm"),
            22..34 => Ok("trixie"),
            _ => Err(ImageError::TooOld { version: self.0, what: "etcd 3.6", option: "--etcd" }),
        }
    }

    /// Fails if Debian's containerd is too old and no other one is `given`.
    pub(super) fn check_containerd(self, given: bool) -> Result<(), ImageError> {
        if self.0.minor < 36 || given {
            Ok(())
        } else {
            Err(ImageError::TooOld { version: self.0, what: "containerd 2", option: "--containerd" })
        }
    }
}

#[cfg(test)]
mod tests {
    use assert_matches::assert_matches;
    use rstest::rstest;

    use super::*;

    fn release(text: &str) -> Release {
        Release(Version::find(text).unwrap())
    }

    #[rstest]
    #[case("v1.20.2", false, true, Some("bookworm"), true)]
    #[case("v1.23.17", false, true, Some("trixie"), true)]
    #[case("v1.24.0", true, false, Some("trixie"), true)]
    #[case("v1.33.1", true, false, Some("trixie"), true)]
    #[case("v1.34.0", true, false, None, true)]
    #[case("v1.36.2", true, false, None, false)]
    fn requirements_depend_on_the_version(
        #[case] text: &str,
        #[case] systemd: bool,
        #[case] miscounts: bool,
        #[case] etcd: Option<&str>,
        #[case] containerd: bool,
    ) {
        let release = release(text);
        assert_eq!(release.systemd_cgroups(), systemd);
        assert_eq!(release.miscounts_cgroup_mounts(), miscounts);
        assert_eq!(release.etcd_suite().ok(), etcd);
        assert_eq!(release.check_containerd(false).is_ok(), containerd);
        assert_matches!(release.check_containerd(true), Ok(()));
    }
}
