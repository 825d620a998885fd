//! Which container engine answers: the environment and the chosen context may lead to another one at any time.

use serde::{Deserialize, Serialize};

use super::Host;
use super::error::Error;
use super::ownership::{ClusterName, Mark};
use super::program::{CommandError, Program};
use crate::redact::redacted;

/// The engine on which a cluster was made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Origin {
    /// The identifier that it gave to itself.
    pub id: String,
    /// How it was reached, as a shell sets it: `DOCKER_HOST=…`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reached: Option<String>,
}

/// The way to the engine that answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Route {
    context: String,
    /// `unix:///var/run/docker.sock`, `tcp://…`, `ssh://…`.
    address: String,
}

impl Origin {
    /// The engine that answers and calls itself `id`.
    pub(super) async fn present(host: &Host, id: &str) -> Self {
        Self { id: id.to_owned(), reached: Route::find(host).await.map(|route| route.assignment()) }
    }

    fn in_words(&self) -> String {
        let way = self.reached.as_ref().map(|way| format!(" (`{way}`)")).unwrap_or_default();
        format!("engine {}{way}", self.id)
    }
}

impl Route {
    /// Where the engine's own program leads; nothing where it does not say.
    pub(super) async fn find(host: &Host) -> Option<Self> {
        let ask = Program::new("docker").args([
            "context",
            "inspect",
            "--format",
            "{{.Name}} {{.Endpoints.docker.Host}}",
        ]);
        Self::parse(&ask.run(&host.cancel).await.ok()?.stdout)
    }

    /// Whether it ends on this host.
    pub(super) fn stays_here(&self) -> bool {
        self.address.starts_with("unix://")
    }

    fn parse(said: &str) -> Option<Self> {
        let (context, address) = said.trim().split_once(' ')?;
        (!address.is_empty()).then(|| Self { context: context.to_owned(), address: address.to_owned() })
    }

    fn assignment(&self) -> String {
        if self.context == "default" {
            format!("DOCKER_HOST={}", redacted(&self.address))
        } else {
            // A host that is named counts more than a context.
            format!("DOCKER_HOST= DOCKER_CONTEXT={}", self.context)
        }
    }
}

/// What the engine that answers calls itself; nothing where it does not say.
pub(super) async fn engine_id(host: &Host) -> Result<Option<String>, CommandError> {
    match Program::new("docker").args(["info", "--format", "{{.ID}}"]).run(&host.cancel).await {
        Ok(said) => Ok(Some(said.stdout.trim().to_owned()).filter(|id| !id.is_empty())),
        Err(error @ CommandError::Cancelled { .. }) => Err(error),
        // What else answers to this name need not know of identifiers.
        Err(_) => Ok(None),
    }
}

/// Whether the cluster was made on another engine than the one that calls itself `present`. Older marks do not say.
pub(super) fn is_elsewhere(mark: Option<&Mark>, present: Option<&str>) -> bool {
    let made_on = mark.and_then(|mark| mark.engine.as_ref());
    made_on.is_some_and(|made_on| Some(made_on.id.as_str()) != present)
}

/// An error where the cluster is another engine's: what this one has under its name says nothing of it.
pub(super) async fn check_engine(
    host: &Host,
    name: &ClusterName,
    present: Option<&str>,
) -> Result<(), Error> {
    let mark = Mark::read(host, name);
    if !is_elsewhere(mark.as_ref(), present) {
        return Ok(());
    }
    let made_on = mark.and_then(|mark| mark.engine);
    let present = match present {
        Some(id) => Origin::present(host, id).await.in_words(),
        None => "an engine that does not say which it is".to_owned(),
    };
    Err(Error::AnotherEngine {
        name: name.as_str().to_owned(),
        made_on: made_on.as_ref().map(Origin::in_words).unwrap_or_default(),
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

    fn marked(engine: Option<&str>) -> Mark {
        let engine = engine.map(|id| Origin { id: id.to_owned(), reached: None });
        Mark {
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
    fn a_cluster_stays_where_it_was_made(
        #[case] mark: Option<Mark>,
        #[case] present: Option<&str>,
        #[case] elsewhere: bool,
    ) {
        assert_eq!(is_elsewhere(mark.as_ref(), present), elsewhere);
    }

    #[rstest]
    #[case("default unix:///var/run/docker.sock\n", Some("DOCKER_HOST=unix:///var/run/docker.sock"))]
    #[case("default tcp://me:pw@h:1\n", Some("DOCKER_HOST=tcp://me:***@h:1"))]
    #[case("far ssh://me@h\n", Some("DOCKER_HOST= DOCKER_CONTEXT=far"))]
    #[case("", None)]
    fn the_way_to_an_engine_can_be_typed(#[case] said: &str, #[case] expected: Option<&str>) {
        assert_eq!(Route::parse(said).map(|route| route.assignment()).as_deref(), expected);
    }

    #[test]
    fn an_older_mark_is_read_as_before() {
        let old = r#"{"format": 1, "image": "i", "topology": "one-node", "containers": []}"#;
        assert_eq!(serde_json::from_str::<Mark>(old).unwrap(), marked(None));
        assert!(!serde_json::to_string(&marked(None)).unwrap().contains("engine"));
    }
}
