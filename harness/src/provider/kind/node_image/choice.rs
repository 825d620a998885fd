//! Chooses the node image of a new cluster.

use std::time::Duration;

use super::node::{NodeImageInputs, node};
use crate::host::{CommandError, Host, Lock, LockMode, Program, report_progress, step};
use crate::provider::error::ClusterError;
use crate::provider::image::{ImageError, store};
use crate::provider::options::ImageRequest;
use crate::provider::versions::{VERSIONS, Version};

/// How long the registry may take to answer whether it has the image.
const REGISTRY_PATIENCE: Duration = Duration::from_secs(10);
const PULL_PATIENCE: Duration = Duration::from_secs(900);

/// Builds the node image unless the engine or the cache has it. Returns its reference.
pub async fn build_image(host: &Host, request: &ImageRequest) -> Result<String, ClusterError> {
    let given = NodeImageInputs {
        binaries: request.binaries.clone(),
        containerd: request.containerd.clone(),
        etcd: request.etcd.clone(),
    };
    let _held = Lock::new(host.folders.image_lock(), "images").acquire(host, LockMode::Exclusive).await?;
    Ok(Box::pin(node(host, &given)).await?)
}

/// Returns the node image for a new cluster: the requested one, or kind's own if available, or a built one.
pub async fn choose_image(host: &Host, asked: Option<&str>) -> Result<String, ClusterError> {
    if let Some(image) = asked {
        if !store::has(host, image).await? {
            let pull = Program::new("docker").args(["pull", "--quiet", image]).deadline(PULL_PATIENCE);
            let pulled = step(&format!("pulling {image}"), pull.run(&host.cancel)).await;
            pulled.map_err(ImageError::step(format!("find node image {image}")))?;
        }
        return Ok(image.to_owned());
    }
    if let Some(image) = kindest_in_engine(host).await? {
        return Ok(image);
    }
    if let Some(image) = kindest_from_registry(host).await? {
        return Ok(image);
    }
    build_image(host, &ImageRequest::default()).await
}

async fn kindest_in_engine(host: &Host) -> Result<Option<String>, ClusterError> {
    let list =
        Program::new("docker").args(["image", "ls", "--format", "{{.Repository}}:{{.Tag}}", "kindest/node"]);
    Ok(newest(&list.run(&host.cancel).await?.stdout))
}

async fn kindest_from_registry(host: &Host) -> Result<Option<String>, ClusterError> {
    let image = VERSIONS.kindest_node;
    let ask = Program::new("docker").args(["manifest", "inspect", image]).deadline(REGISTRY_PATIENCE);
    match ask.run(&host.cancel).await {
        Ok(_) => {}
        Err(error @ CommandError::Cancelled { .. }) => return Err(error.into()),
        Err(_) => {
            report_progress!("{image} cannot be pulled: building the node image from Debian's packages");
            return Ok(None);
        }
    }
    let pull = Program::new("docker").args(["pull", "--quiet", image]).deadline(PULL_PATIENCE);
    match step(&format!("pulling {image}"), pull.run(&host.cancel)).await {
        Ok(_) => Ok(Some(image.to_owned())),
        Err(error @ CommandError::Cancelled { .. }) => Err(error.into()),
        Err(error) => {
            report_progress!("{error}");
            Ok(None)
        }
    }
}

/// Returns the image reference with the highest version.
fn newest(list: &str) -> Option<String> {
    let images =
        list.lines().filter_map(|image| Some((Version::find(image.rsplit_once(':')?.1).ok()?, image)));
    images.max().map(|(_, image)| image.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_highest_version_is_chosen() {
        let list = "kindest/node:v1.9.0\nkindest/node:v1.32.2\nkindest/node:<none>\nkindest/node:v1.31.4\n";
        assert_eq!(newest(list).as_deref(), Some("kindest/node:v1.32.2"));
        assert_eq!(newest(""), None);
    }
}
