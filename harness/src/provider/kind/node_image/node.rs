//! Builds the node image: Debian with systemd, containerd, Kubernetes and the images of its control plane.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::compile;
use super::compile::Sources;
use super::group::TaskGroup;
use super::inputs::{KUBERNETES, PACKAGES, ROOT, node_digest};
use super::packages::Packages;
use super::release::Release;
use crate::host::{Host, Program, step};
use crate::provider::image::{BuildPlan, Builder, ImageError, digest, store, workload};
use crate::provider::kind::network;
use crate::provider::versions::{VERSIONS, Version};

const PATIENCE: Duration = Duration::from_secs(600);
/// The required files of a folder with Kubernetes binaries.
const BINARIES: [&str; 7] = [
    "kubeadm",
    "kubelet",
    "kubectl",
    "kube-apiserver",
    "kube-controller-manager",
    "kube-scheduler",
    "kube-proxy",
];

/// Folders with programs to use instead of Debian's.
#[derive(Clone, Debug, Default)]
pub(super) struct NodeImageInputs {
    pub(super) binaries: Option<PathBuf>,
    pub(super) containerd: Option<PathBuf>,
    pub(super) etcd: Option<PathBuf>,
}

/// Returns whether podproof built this node image. Its nodes need podproof's pod network and have no cluster DNS.
#[must_use]
pub fn is_built_here(image: &str) -> bool {
    image.starts_with(&format!("{}:", VERSIONS.node_image))
}

/// Returns the reference of the node image; builds it, or loads it from the cache, if the engine does not have it.
pub(super) async fn node(host: &Host, given: &NodeImageInputs) -> Result<String, ImageError> {
    let unpacked = match &given.binaries {
        Some(place) => Some(Unpacked::of(host, place).await?),
        None => None,
    };
    let version = match &unpacked {
        Some(unpacked) => version_of(host, &unpacked.folder).await?,
        None => VERSIONS.kubernetes.to_owned(),
    };
    let release = Release(Version::find(&version)?);
    release.check_containerd(given.containerd.is_some())?;
    let packages = Packages::of(host)?;
    let names: Vec<_> =
        PACKAGES.split(' ').chain(["kubernetes-client", "etcd-server", "catatonit"]).collect();
    let versions = packages.versions(&names).await?;
    let folders =
        [unpacked.as_ref().map(|unpacked| &unpacked.folder), given.containerd.as_ref(), given.etcd.as_ref()];
    let made_of = folders.map(|folder| folder.map(|folder| describe_files(folder)).transpose());
    let mut found = vec![version.clone(), versions];
    for make in made_of {
        found.push(make?.unwrap_or_default());
    }
    let found: Vec<_> = found.iter().map(String::as_bytes).collect();
    let key = node_digest(&found);
    let image = format!("{}:{}-{key}", VERSIONS.node_image, version.replace('+', "-"));
    let archive = host.folders.images(&format!("node-{key}")).join("node.tar");
    if store::has(host, &image).await? {
        return Ok(image);
    }
    if archive.exists() {
        step("loading the node image from the cache", store::load(host, &archive)).await?;
        return Ok(image);
    }
    let kubernetes = async {
        match &unpacked {
            Some(unpacked) => Ok(Sources::Compiled(unpacked.folder.clone())),
            None => compile::fetch(host).await,
        }
    };
    let debian = step("making a plain Debian", workload::debian(host));
    let etcd = given.etcd.as_deref();
    let (debian, sources, parts) =
        tokio::try_join!(debian, kubernetes, parts(host, &packages, release, etcd))?;
    let place =
        NodeImageParts { debian: &debian, parts: parts.path(), containerd: given.containerd.as_deref() };
    step("building the node image", Box::pin(build(host, &place, sources, release, &version, &image)))
        .await?;
    step("keeping the node image in the cache", store::save(host, &[&image], &archive)).await?;
    Ok(image)
}

/// A folder with Kubernetes binaries. If they were unpacked from an archive, the folder is removed on drop.
struct Unpacked {
    folder: PathBuf,
    _temporary: Option<tempfile::TempDir>,
}

impl Unpacked {
    async fn of(host: &Host, place: &Path) -> Result<Self, ImageError> {
        let unpacked = if place.is_dir() {
            let folder = fs::canonicalize(place).map_err(ImageError::file(place))?;
            Self { folder, _temporary: None }
        } else {
            let build = host.folders.build();
            fs::create_dir_all(&build).map_err(ImageError::file(&build))?;
            let temporary = tempfile::tempdir_in(&build).map_err(ImageError::file(&build))?;
            let unpack = Program::new("tar").arg("-xf").arg(place).arg("-C").arg(temporary.path());
            let members = BINARIES.map(|name| format!("kubernetes/server/bin/{name}"));
            let step = ImageError::step(format!("unpack {}", place.display()));
            unpack.args(members).deadline(PATIENCE).run(&host.cancel).await.map_err(step)?;
            Self { folder: temporary.path().join("kubernetes/server/bin"), _temporary: Some(temporary) }
        };
        match BINARIES.iter().find(|name| !unpacked.folder.join(name).is_file()) {
            Some(name) => Err(ImageError::Absent { what: (*name).to_owned(), place: place.to_owned() }),
            None => Ok(unpacked),
        }
    }
}

async fn version_of(host: &Host, folder: &Path) -> Result<String, ImageError> {
    let ask = Program::new(folder.join("kubelet")).arg("--version");
    let output =
        ask.run(&host.cancel).await.map_err(ImageError::step("ask the kubelet for its version"))?.stdout;
    Ok(output.split_whitespace().last().unwrap_or_default().to_owned())
}

/// The names and digests of a folder's executable files.
fn describe_files(folder: &Path) -> Result<String, ImageError> {
    let entries = fs::read_dir(folder).map_err(ImageError::file(folder))?;
    let mut lines = Vec::new();
    for entry in entries.filter_map(Result::ok).filter(|entry| entry.path().is_file()) {
        let name = entry.file_name().to_string_lossy().into_owned();
        // An unpacked server archive also contains large images of the same programs.
        let executable = entry.metadata().is_ok_and(|data| data.permissions().mode() & 0o111 != 0);
        if executable {
            let bytes = fs::read(entry.path()).map_err(ImageError::file(entry.path()))?;
            lines.push(format!("{name} {}\n", digest(&[&bytes])));
        }
    }
    lines.sort();
    Ok(lines.concat())
}

/// Collects the files that are not part of Kubernetes: etcd, catatonit, and kind's files for nodes.
async fn parts(
    host: &Host,
    packages: &Packages<'_>,
    release: Release,
    etcd: Option<&Path>,
) -> Result<tempfile::TempDir, ImageError> {
    let build = host.folders.build();
    fs::create_dir_all(&build).map_err(ImageError::file(&build))?;
    let parts = tempfile::tempdir_in(&build).map_err(ImageError::file(&build))?;
    let place = |from: PathBuf, name: &str| {
        fs::copy(&from, parts.path().join(name)).map_err(ImageError::file(&from)).map(|_| ())
    };
    let unpacked = parts.path().join("unpacked");
    if let Some(folder) = etcd {
        place(folder.join("etcd"), "etcd")?;
    } else {
        let package = packages.binary("etcd-server", release.etcd_suite()?).await?;
        packages.unpack(&package, &unpacked).await?;
        place(unpacked.join("usr/bin/etcd"), "etcd")?;
    }
    // A static program that only reaps zombies, for the pod sandbox.
    packages.unpack(&packages.binary("catatonit", VERSIONS.debian_suite).await?, &unpacked).await?;
    place(unpacked.join("usr/bin/catatonit"), "catatonit")?;
    let source = packages.source("kind", "trixie").await?;
    let kind = parts.path().join("kind");
    fs::create_dir_all(&kind).map_err(ImageError::file(&kind))?;
    let unpack =
        Program::new("tar").arg("-xzf").arg(&source).args(["--strip-components=4", "--wildcards", "-C"]);
    let unpack = unpack.arg(&kind).arg("*/images/base/files");
    unpack.run(&host.cancel).await.map_err(ImageError::step("unpack kind's files for nodes"))?;
    Ok(parts)
}

/// The parts of a node image other than Kubernetes.
struct NodeImageParts<'p> {
    debian: &'p str,
    parts: &'p Path,
    containerd: Option<&'p Path>,
}

/// Builds the image. Packages are fetched and installed while Kubernetes is compiled, which is CPU-bound.
async fn build(
    host: &Host,
    place: &NodeImageParts<'_>,
    sources: Sources,
    release: Release,
    version: &str,
    image: &str,
) -> Result<(), ImageError> {
    let folder =
        tempfile::tempdir_in(host.folders.build()).map_err(ImageError::file(host.folders.build()))?;
    let group = TaskGroup::new(host);
    let builder = start(&group.host, place, folder.path()).await?;
    let made = async {
        let compiled = group.run(sources.compiled(&group.host, place.debian));
        let installed = group.run(install(&builder));
        let workloads = group.run(workload::archive(&group.host));
        let (kubernetes, ..) = tokio::join!(compiled, installed, workloads);
        let kubernetes = group.outcome(kubernetes)?;
        for name in BINARIES {
            let (from, to) = (kubernetes.join(name), folder.path().join(name));
            fs::hard_link(&from, &to)
                .or_else(|_| fs::copy(&from, &to).map(|_| ()))
                .map_err(ImageError::file(&from))?;
        }
        finish(&builder, release, version).await?;
        let entrypoint = r#"ENTRYPOINT ["/usr/local/bin/entrypoint", "/sbin/init"]"#;
        builder.commit(image, &[entrypoint, "ENV container=docker"]).await
    };
    let made = Box::pin(made).await;
    builder.end().await;
    made
}

async fn start<'h>(
    host: &'h Host,
    place: &NodeImageParts<'_>,
    binaries: &Path,
) -> Result<Builder<'h>, ImageError> {
    let (lists, kind) = (host.folders.apt_lists(), place.parts.join("kind"));
    let mut mounts: Vec<(&Path, &str)> = vec![
        (&lists, "/var/lib/apt/lists:ro"),
        (&kind, "/in/kind:ro"),
        (binaries, "/in/bin:ro"),
        (place.parts, "/in/parts:ro"),
    ];
    let containerd =
        place.containerd.map(|folder| fs::canonicalize(folder).map_err(ImageError::file(folder)));
    let containerd = containerd.transpose()?;
    if let Some(folder) = &containerd {
        mounts.push((folder, "/in/containerd:ro"));
    }
    let plan =
        BuildPlan { purpose: "node", image: place.debian, mounts: &mounts, folder: "/", network: true };
    Builder::start(host, &plan).await
}

async fn install(builder: &Builder<'_>) -> Result<(), ImageError> {
    // The node of a one-node cluster then needs no further network setup and is ready as soon as its kubelet is.
    let conflist = network::conflist(network::FIRST_NODE);
    let argv: Vec<_> = ["sh", "-s", "--"].into_iter().chain(PACKAGES.split(' ')).collect();
    let step = "install what a node needs";
    builder.run(step, &argv, &[("CONFLIST", &conflist)], Some(ROOT), PATIENCE).await.map(|_| ())
}

async fn finish(builder: &Builder<'_>, release: Release, version: &str) -> Result<(), ImageError> {
    let variables = [
        ("VERSION", version),
        ("SYSTEMD_CGROUPS", if release.systemd_cgroups() { "true" } else { "false" }),
        ("KEEP_CGROUP_BINDS", if release.miscounts_cgroup_mounts() { "false" } else { "true" }),
    ];
    let step = "place Kubernetes in the node";
    builder.run(step, &["sh", "-s"], &variables, Some(KUBERNETES), PATIENCE).await.map(|_| ())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn package_names_are_single_words() {
        assert!(PACKAGES.split(' ').all(|name| !name.is_empty() && !name.contains(char::is_whitespace)));
    }

    #[test]
    fn only_images_of_podproofs_repository_are_built_here() {
        assert!(is_built_here("podproof.local/node:v1.20.2-0123456789ab"));
        assert!(!is_built_here("kindest/node:v1.32.2"));
    }
}
