//! The images that the article's pods use: a plain Debian and an nginx.

use std::path::{Path, PathBuf};
use std::time::Duration;

use super::builder::{Builder, Plan};
use super::error::ImageError;
use super::recipe::workload_digest;
use super::{base, store};
use crate::cluster::Host;
use crate::cluster::progress::step;
use crate::cluster::versions::VERSIONS;

/// Makes a plain Debian an nginx.
pub(super) const NGINX: &str = include_str!("nginx.sh");

/// What the nginx image runs.
pub(super) const NGINX_RUNS: &str = r#"CMD ["/usr/sbin/nginx","-g","daemon off;"]"#;

/// The workload images and the archive that holds both.
#[derive(Clone, Debug)]
pub(super) struct Workloads {
    pub(super) debian: String,
    pub(super) nginx: String,
    pub(super) archive: PathBuf,
}

/// Their names; nothing is made.
pub(super) fn named(host: &Host) -> Workloads {
    let digest = workload_digest();
    Workloads {
        debian: format!("{}:12-{digest}", VERSIONS.debian_image),
        nginx: format!("{}:12-{digest}", VERSIONS.nginx_image),
        archive: host.folders.images(&digest).join("workloads.tar"),
    }
}

/// The plain Debian in the engine, made or loaded if it is not there.
pub(super) async fn debian(host: &Host) -> Result<String, ImageError> {
    let workloads = named(host);
    if !store::has(host, &workloads.debian).await? {
        if workloads.archive.exists() {
            store::load(host, &workloads.archive).await?;
        } else {
            base::make(host, &workloads.debian).await?;
        }
    }
    Ok(workloads.debian)
}

/// The archive with both, made if it is not there.
pub(super) async fn archive(host: &Host) -> Result<Workloads, ImageError> {
    let workloads = named(host);
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
    crate::cluster::talk!("making the nginx image");
    let lists = host.folders.apt_lists();
    let mounts: [(&Path, &str); 1] = [(&lists, "/var/lib/apt/lists:ro")];
    let plan = Plan { purpose: "nginx", image: debian, mounts: &mounts, folder: "/", network: true };
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
