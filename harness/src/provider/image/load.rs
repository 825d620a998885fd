//! Loads into the nodes of a cluster those images that they do not have yet.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use futures::future::try_join_all;

use super::error::ImageError;
use super::recipe::digest;
use super::{archive, workload};
use crate::cluster::{Images, PullPolicy};
use crate::host::{Host, Lock, LockMode, Program, step};
use crate::provider::containers::Node;
use crate::provider::error::ClusterError;
use crate::provider::versions::VERSIONS;

/// Part of the digest in the tag. Change it when anything in the image other than the program changes. The article's
/// pod calls the program as `./ipc`.
const PROBE_LAYOUT: &[u8] = b"probe ipc tmp";

const PATIENCE: Duration = Duration::from_secs(300);

/// Loads the workload images and the probe image into every node that does not have them.
///
/// Tags contain a digest of an image's inputs, so a node that has the tag has the right image.
pub async fn load_images(host: &Host, nodes: &[Node], probe: &Path) -> Result<Images, ClusterError> {
    let (program, probe) = named_probe(probe)?;
    let workloads = workload::references(host);
    let images = [workloads.debian.as_str(), &workloads.nginx, &probe];
    if !try_join_all(nodes.iter().map(|node| is_missing_images(host, node, &images))).await?.contains(&true) {
        return Ok(references(&workloads, &probe, PullPolicy::Never));
    }
    // A node's container runtime cannot import one image twice at the same time.
    let _held =
        Lock::new(host.folders.load_lock(), "the images of nodes").acquire(host, LockMode::Exclusive).await?;
    let without = nodes_without(host, nodes, &images[..2]).await?;
    if !without.is_empty() {
        prepare_workloads(host).await?;
        let load = try_join_all(without.iter().map(|node| import(host, node, &workloads.archive)));
        step("loading the workload images into the nodes", load).await?;
    }
    let without = nodes_without(host, nodes, &images[2..]).await?;
    if !without.is_empty() {
        let archive = probe_archive(host, &program, &probe)?;
        try_join_all(without.iter().map(|node| import(host, node, &archive))).await?;
    }
    Ok(references(&workloads, &probe, PullPolicy::Never))
}

/// Builds the workload images unless the cache has them.
async fn prepare_workloads(host: &Host) -> Result<(), ClusterError> {
    let _held = Lock::new(host.folders.image_lock(), "images").acquire(host, LockMode::Exclusive).await?;
    workload::archive(host).await?;
    Ok(())
}

async fn nodes_without<'n>(
    host: &Host,
    nodes: &'n [Node],
    images: &[&str],
) -> Result<Vec<&'n Node>, ClusterError> {
    let missing = try_join_all(nodes.iter().map(|node| is_missing_images(host, node, images))).await?;
    Ok(nodes.iter().zip(missing).filter(|(_, missing)| *missing).map(|(node, _)| node).collect())
}

async fn is_missing_images(host: &Host, node: &Node, images: &[&str]) -> Result<bool, ClusterError> {
    let tags = tags(host, node).await?;
    Ok(!images.iter().all(|image| tags.iter().any(|tag| tag == image)))
}

/// Returns the references that `load_images` would use, for a cluster whose nodes have the images or pull them.
pub fn name_images(host: &Host, probe: &Path) -> Result<Images, ClusterError> {
    let (_, probe) = named_probe(probe)?;
    Ok(references(&workload::references(host), &probe, PullPolicy::IfNotPresent))
}

/// Returns the probe's executable and its image reference.
fn named_probe(probe: &Path) -> Result<(Vec<u8>, String), ImageError> {
    let program = fs::read(probe).map_err(ImageError::file(probe))?;
    let name = format!("{}:{}", VERSIONS.probe_image, digest(&[PROBE_LAYOUT, &program]));
    Ok((program, name))
}

/// Maps the image names in manifests to these images.
fn references(workloads: &workload::Workloads, probe: &str, pull: PullPolicy) -> Images {
    let image_of = |name: &str| match name {
        "nginx" => workloads.nginx.clone(),
        "debian" => workloads.debian.clone(),
        _ => probe.to_owned(),
    };
    let references: BTreeMap<_, _> =
        Images::NAMES.iter().map(|name| ((*name).to_owned(), image_of(name))).collect();
    Images { references, pull }
}

fn probe_archive(host: &Host, program: &[u8], reference: &str) -> Result<PathBuf, ImageError> {
    let archive = host.folders.images("probe").join("probe.tar");
    archive::write(program, "probe", &["ipc"], reference, &archive).map_err(ImageError::file(&archive))?;
    Ok(archive)
}

async fn tags(host: &Host, node: &Node) -> Result<Vec<String>, ImageError> {
    let list = Program::new("docker").args([
        "exec",
        &node.name,
        "ctr",
        "--namespace",
        "k8s.io",
        "images",
        "ls",
        "-q",
    ]);
    let step = ImageError::step(format!("list the images of node {}", node.name));
    let output = list.run(&host.cancel).await.map_err(step)?.stdout;
    Ok(output.lines().map(ToOwned::to_owned).collect())
}

async fn import(host: &Host, node: &Node, archive: &Path) -> Result<(), ImageError> {
    let import = Program::new("docker")
        .args(["exec", "--interactive", &node.name, "ctr", "--namespace", "k8s.io", "images", "import", "-"])
        .input_file(archive)
        .deadline(PATIENCE);
    let step = ImageError::step(format!("load {} into node {}", archive.display(), node.name));
    import.run(&host.cancel).await.map_err(step).map(|_| ())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_of_a_manifest_has_an_image() {
        let workloads =
            workload::Workloads { debian: "d:1".into(), nginx: "n:1".into(), archive: PathBuf::from("/a") };
        let images = references(&workloads, "p:1", PullPolicy::Never);
        assert_eq!(images.resolve("nginx"), "n:1");
        assert_eq!(images.resolve("debian"), "d:1");
        assert_eq!(images.resolve("podproof/probe"), "p:1");
        assert_eq!(images.resolve("allingeek/ch6_ipc"), "p:1");
    }
}
