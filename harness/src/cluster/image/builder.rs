//! A container in which an image is made.

use std::path::Path;
use std::time::Duration;

use super::error::ImageError;
use crate::cluster::Host;
use crate::cluster::program::{Output, Program};

/// How the containers are called, before the number of the process that made them.
const NAME: &str = "podproof-build";

/// What a builder is for and what it needs.
pub(super) struct Plan<'p> {
    /// A word for its name.
    pub(super) purpose: &'p str,
    /// The image it starts from.
    pub(super) image: &'p str,
    /// Folders of the host and where they are seen inside.
    pub(super) mounts: &'p [(&'p Path, &'p str)],
    /// Where programs run inside.
    pub(super) folder: &'p str,
    /// Whether it may use the host's network.
    pub(super) network: bool,
}

/// A running builder.
pub(super) struct Builder<'h> {
    host: &'h Host,
    name: String,
}

impl<'h> Builder<'h> {
    /// Starts one.
    pub(super) async fn start(host: &'h Host, plan: &Plan<'_>) -> Result<Self, ImageError> {
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
        // As a command: an entry point would become that of the image, and could not be taken out again.
        run.args([plan.image, "sleep", "infinity"]).run(&host.cancel).await.map_err(step)?;
        Ok(Self { host, name })
    }

    /// Runs a program inside; `variables` are added to its environment.
    pub(super) async fn run(
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

    /// Makes what is inside an image.
    pub(super) async fn commit(&self, reference: &str, changes: &[&str]) -> Result<(), ImageError> {
        let mut commit = Program::new("docker").arg("commit").deadline(Duration::from_secs(300));
        for change in changes {
            commit = commit.args(["--change", change]);
        }
        let step = ImageError::step(format!("commit image {reference}"));
        commit.args([&self.name, reference]).run(&self.host.cancel).await.map_err(step).map(|_| ())
    }

    /// Removes it. Nothing depends on that, and the next build makes its own.
    pub(super) async fn end(self) {
        // Also after a cancel: the container would stay for ever.
        let never = tokio_util::sync::CancellationToken::new();
        let removed =
            Program::new("docker").args(["rm", "--force", "--volumes", &self.name]).run(&never).await;
        if let Err(error) = removed {
            tracing::warn!(%error, "the build container stays");
        }
    }
}
