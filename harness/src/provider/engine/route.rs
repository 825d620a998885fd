//! Which container engine the `docker` command uses: `DOCKER_HOST` or the Docker context may select another one at any
//! time.

use super::origin::Origin;
use crate::host::{CommandError, Host, Program};
use crate::provider::cluster_name::ClusterName;
use crate::provider::error::ClusterError;
use crate::provider::ownership::OwnershipMark;
use podproof_core::redact::redacted;

/// The Docker context and endpoint in use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Route {
    context: String,
    /// For example `unix:///var/run/docker.sock`, `tcp://…` or `ssh://…`.
    address: String,
}

impl Origin {
    /// The engine in use, whose identifier is `id`.
    pub(in crate::provider) async fn current(host: &Host, id: &str) -> Self {
        Self { id: id.to_owned(), reached: Route::find(host).await.map(|route| route.assignment()) }
    }

    fn describe(&self) -> String {
        let way = self.reached.as_ref().map(|way| format!(" (`{way}`)")).unwrap_or_default();
        format!("engine {}{way}", self.id)
    }
}

impl Route {
    /// Asks the `docker` command for its context; `None` if it does not report one.
    pub(super) async fn find(host: &Host) -> Option<Self> {
        let ask = Program::new("docker").args([
            "context",
            "inspect",
            "--format",
            "{{.Name}} {{.Endpoints.docker.Host}}",
        ]);
        Self::parse(&ask.run(&host.cancel).await.ok()?.stdout)
    }

    /// Returns whether the engine is on this host.
    pub(super) fn is_local(&self) -> bool {
        self.address.starts_with("unix://")
    }

    fn parse(output: &str) -> Option<Self> {
        let (context, address) = output.trim().split_once(' ')?;
        (!address.is_empty()).then(|| Self { context: context.to_owned(), address: address.to_owned() })
    }

    fn assignment(&self) -> String {
        if self.context == "default" {
            format!("DOCKER_HOST={}", redacted(&self.address))
        } else {
            // `DOCKER_HOST` takes precedence over the context, so it must be empty.
            format!("DOCKER_HOST= DOCKER_CONTEXT={}", self.context)
        }
    }
}

/// The identifier of the engine in use; `None` if it does not report one.
pub(in crate::provider) async fn engine_id(host: &Host) -> Result<Option<String>, CommandError> {
    match Program::new("docker").args(["info", "--format", "{{.ID}}"]).run(&host.cancel).await {
        Ok(output) => Ok(Some(output.stdout.trim().to_owned()).filter(|id| !id.is_empty())),
        Err(error @ CommandError::Cancelled { .. }) => Err(error),
        // Other programs named `docker` (Podman, for example) may not report an identifier.
        Err(_) => Ok(None),
    }
}

/// Returns whether the cluster was created on another engine than `present`. Marks of older versions do not record the
/// engine.
pub(super) fn is_on_another_engine(mark: Option<&OwnershipMark>, present: Option<&str>) -> bool {
    let made_on = mark.and_then(|mark| mark.engine.as_ref());
    made_on.is_some_and(|made_on| Some(made_on.id.as_str()) != present)
}

/// Fails if the cluster belongs to another engine: containers with its name on this engine are unrelated to it.
pub(in crate::provider) async fn check_engine(
    host: &Host,
    name: &ClusterName,
    present: Option<&str>,
) -> Result<(), ClusterError> {
    let mark = OwnershipMark::read(host, name);
    if !is_on_another_engine(mark.as_ref(), present) {
        return Ok(());
    }
    let made_on = mark.and_then(|mark| mark.engine);
    let present = match present {
        Some(id) => Origin::current(host, id).await.describe(),
        None => "an engine without an identifier".to_owned(),
    };
    Err(ClusterError::AnotherEngine {
        name: name.as_str().to_owned(),
        made_on: made_on.as_ref().map(Origin::describe).unwrap_or_default(),
        present,
        reached: made_on.and_then(|made_on| made_on.reached),
        folder: host.folders.cluster(name.as_str()),
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use rstest::rstest;

    use super::*;

    fn marked(engine: Option<&str>) -> OwnershipMark {
        let engine = engine.map(|id| Origin { id: id.to_owned(), reached: None });
        OwnershipMark {
            format: 1,
            image: "i".into(),
            topology: "one-node".into(),
            engine,
            containers: BTreeSet::new(),
        }
    }

    #[rstest]
    #[case(None, Some("a"), false)]
    #[case(Some(marked(None)), Some("a"), false)]
    #[case(Some(marked(Some("a"))), Some("a"), false)]
    #[case(Some(marked(Some("a"))), Some("b"), true)]
    #[case(Some(marked(Some("a"))), None, true)]
    fn a_cluster_belongs_to_the_engine_that_created_it(
        #[case] mark: Option<OwnershipMark>,
        #[case] present: Option<&str>,
        #[case] expected: bool,
    ) {
        assert_eq!(is_on_another_engine(mark.as_ref(), present), expected);
    }

    #[rstest]
    #[case("default unix:///var/run/docker.sock\n", Some("DOCKER_HOST=unix:///var/run/docker.sock"))]
    #[case("default tcp://me:pw@h:1\n", Some("DOCKER_HOST=tcp://me:***@h:1"))]
    #[case("far ssh://me@h\n", Some("DOCKER_HOST= DOCKER_CONTEXT=far"))]
    #[case("", None)]
    fn a_route_is_shown_as_a_shell_assignment(#[case] output: &str, #[case] expected: Option<&str>) {
        assert_eq!(Route::parse(output).map(|route| route.assignment()).as_deref(), expected);
    }

    #[test]
    fn a_mark_without_an_engine_can_be_read() {
        let old = r#"{"format": 1, "image": "i", "topology": "one-node", "containers": []}"#;
        assert_eq!(serde_json::from_str::<OwnershipMark>(old).unwrap(), marked(None));
        assert!(!serde_json::to_string(&marked(None)).unwrap().contains("engine"));
    }
}
