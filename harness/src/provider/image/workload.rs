//! Builds the images of the article's pods: plain Debian and nginx.

use std::path::{Path, PathBuf};
use std::time::Duration;

use super::builder::{BuildPlan, Builder};
use super::error::ImageError;
use super::inputs::{NGINX, NGINX_RUNS};
use super::recipe::workload_digest;
use super::{base, store};
use crate::host::{Host, step};
use crate::provider::versions::VERSIONS;

/// The references of the workload images, and the archive that contains both.
#[derive(Clone, Debug)]
pub(in crate::provider) struct Workloads {
    pub(in crate::provider) debian: String,
    pub(in crate::provider) nginx: String,
    pub(in crate::provider) archive: PathBuf,
}

/// Returns the references without building anything.
pub(in crate::provider) fn references(host: &Host) -> Workloads {
    let digest = workload_digest();
    Workloads {
        debian: format!("{}:12-{digest}", VERSIONS.debian_image),
        nginx: format!("{}:12-{digest}", VERSIONS.nginx_image),
        archive: host.folders.images(&digest).join("workloads.tar"),
    }
}

/// Makes sure that the engine has the plain Debian image. Returns its reference.
pub(in crate::provider) async fn debian(host: &Host) -> Result<String, ImageError> {
    let workloads = references(host);
    if !store::has(host, &workloads.debian).await? {
        if workloads.archive.exists() {
            store::load(host, &workloads.archive).await?;
        } else {
            base::make(host, &workloads.debian).await?;
        }
    }
    Ok(workloads.debian)
}

/// Makes sure that the archive with both images exists.
pub(in crate::provider) async fn archive(host: &Host) -> Result<Workloads, ImageError> {
    let workloads = references(host);
    if workloads.archive.exists() {
        return Ok(workloads);
    }
    let debian = step("making a plain Debian", debian(host)).await?;
    if !store::has(host, &workloads.nginx).await? {
        nginx(host, &debian, &workloads.nginx).await?;
    }
    store::save(host, &[&workloads.debian, &workloads.nginx], &workloads.archive).await?;
    Ok(workloads)
}

async fn nginx(host: &Host, debian: &str, reference: &str) -> Result<(), ImageError> {
    crate::host::report_progress!("building the nginx image");
    let lists = host.folders.apt_lists();
    let mounts: [(&Path, &str); 1] = [(&lists, "/var/lib/apt/lists:ro")];
    let plan = BuildPlan { purpose: "nginx", image: debian, mounts: &mounts, folder: "/", network: true };
    let builder = Builder::start(host, &plan).await?;
    let made = async {
        let step = "install nginx";
        builder.run(step, &["sh", "-s"], &[], Some(NGINX), Duration::from_secs(300)).await?;
        builder.commit(reference, &[NGINX_RUNS]).await
    };
    let made = made.await;
    builder.end().await;
    made
}
