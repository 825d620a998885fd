//! A container in which an image is built.

use std::path::Path;
use std::time::Duration;

use super::error::ImageError;
use crate::host::{Host, Output, Program};

/// The prefix of the containers' names.
const NAME: &str = "podproof-build";

/// The settings of a build container.
pub(in crate::provider) struct BuildPlan<'p> {
    /// Part of the container's name.
    pub(in crate::provider) purpose: &'p str,
    /// The base image.
    pub(in crate::provider) image: &'p str,
    /// Folders of the host and their mount points.
    pub(in crate::provider) mounts: &'p [(&'p Path, &'p str)],
    /// The working directory.
    pub(in crate::provider) folder: &'p str,
    /// True to use the host's network; false for no network.
    pub(in crate::provider) network: bool,
}

/// A running build container.
pub(in crate::provider) struct Builder<'h> {
    host: &'h Host,
    name: String,
}

impl<'h> Builder<'h> {
    pub(in crate::provider) async fn start(host: &'h Host, plan: &BuildPlan<'_>) -> Result<Self, ImageError> {
        let name = format!("{NAME}-{}-{}", plan.purpose, std::process::id());
        let network = if plan.network { "host" } else { "none" };
        let mut run = Program::new("docker")
            .args([
                "run",
                "--detach",
                "--rm",
                "--name",
                &name,
                "--network",
                network,
                "--workdir",
                plan.folder,
            ])
            .args(["--security-opt", "seccomp=unconfined"]);
        for (outside, inside) in plan.mounts {
            run = run.arg("--volume").arg(format!("{}:{inside}", outside.display()));
        }
        let step = ImageError::step(format!("start a build container of {}", plan.image));
        // As a command: an entrypoint would be committed to the image and could not be removed.
        run.args([plan.image, "sleep", "infinity"]).run(&host.cancel).await.map_err(step)?;
        Ok(Self { host, name })
    }

    /// Runs a program in the container with `variables` added to its environment.
    pub(in crate::provider) async fn run(
        &self,
        step: &str,
        argv: &[&str],
        variables: &[(&str, &str)],
        input: Option<&str>,
        deadline: Duration,
    ) -> Result<Output, ImageError> {
        let mut exec = Program::new("docker").args(["exec", "--interactive"]).deadline(deadline);
        for (name, value) in variables {
            exec = exec.arg("--env").arg(format!("{name}={value}"));
        }
        exec = exec.arg(&self.name).args(argv);
        if let Some(input) = input {
            exec = exec.input(input);
        }
        exec.run(&self.host.cancel).await.map_err(ImageError::step(step))
    }

    /// Commits the container as an image.
    pub(in crate::provider) async fn commit(
        &self,
        reference: &str,
        changes: &[&str],
    ) -> Result<(), ImageError> {
        let mut commit = Program::new("docker").arg("commit").deadline(Duration::from_secs(300));
        for change in changes {
            commit = commit.args(["--change", change]);
        }
        let step = ImageError::step(format!("commit image {reference}"));
        commit.args([&self.name, reference]).run(&self.host.cancel).await.map_err(step).map(|_| ())
    }

    /// Removes the container. A failure is only logged, because each build uses a new container.
    pub(in crate::provider) async fn end(self) {
        // Also after a cancellation; the container never ends by itself.
        let never = tokio_util::sync::CancellationToken::new();
        let removed =
            Program::new("docker").args(["rm", "--force", "--volumes", &self.name]).run(&never).await;
        if let Err(error) = removed {
            tracing::warn!(%error, "the build container was not removed");
        }
    }
}
