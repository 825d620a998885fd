//! What runs that were killed left in a cluster.

use std::time::Duration;

use http::HeaderMap;
use http::header::DATE;
use http_body_util::BodyExt as _;
use jiff::fmt::rfc2822;
use jiff::{SignedDuration, Timestamp};
use k8s_openapi::api::core::v1::Namespace;
use kube::api::{ListParams, ObjectList};
use kube::client::Body;
use kube::core::Status;
use kube::{Client, Resource as _};

use super::asking::asked_again;
use super::blocked::Blocked;
use super::namespace::{CLAIM_ANNOTATION, EXPIRES_LABEL, LIFETIME_LABEL, RUN_LABEL};

/// How long a namespace of an earlier version is left alone, whatever its label says: that is of a client's clock.
const LEAST_LIFETIME: SignedDuration = SignedDuration::from_hours(2);

/// A namespace of a run, which may still be going on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Leftover {
    /// The namespace.
    pub namespace: String,
    /// The run's id.
    pub run: String,
    /// The claim that was checked in it; empty where it does not say.
    pub claim: String,
    /// When it may be removed whatever its run does, by the cluster's clock; absent where it does not say.
    pub expires: Option<Timestamp>,
}

/// What runs have left, and what time it is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Leftovers {
    /// The namespaces, by name.
    pub namespaces: Vec<Leftover>,
    /// The time by the API server's clock, which the namespaces' creation is of too; absent where it does not say.
    pub now: Option<Timestamp>,
}

impl Leftovers {
    /// Those whose time is over. None where it is unknown what time it is.
    #[must_use]
    pub fn expired(self) -> Vec<Leftover> {
        let Some(now) = self.now else { return Vec::new() };
        let mut expired = self.namespaces;
        expired.retain(|leftover| leftover.expires.is_some_and(|expires| expires <= now));
        expired
    }
}

impl Leftover {
    fn of(namespace: &Namespace) -> Option<Self> {
        let metadata = &namespace.metadata;
        let label = |key: &str| metadata.labels.as_ref()?.get(key).cloned();
        let claim = metadata.annotations.as_ref().and_then(|all| all.get(CLAIM_ANNOTATION)).cloned();
        let seconds = |key: &str| label(key).and_then(|seconds| seconds.parse().ok());
        let created = metadata.creation_timestamp.as_ref().map(|time| time.0);
        Some(Self {
            namespace: metadata.name.clone()?,
            run: label(RUN_LABEL)?,
            claim: claim.unwrap_or_default(),
            expires: created
                .and_then(|created| expires(created, seconds(LIFETIME_LABEL), seconds(EXPIRES_LABEL))),
        })
    }
}

/// When what was made at `created` may be removed, by the clock that made `created`. Overflow is never.
fn expires(created: Timestamp, lifetime: Option<i64>, by_client: Option<i64>) -> Option<Timestamp> {
    match (lifetime, by_client) {
        (Some(seconds), _) if seconds > 0 => created.checked_add(SignedDuration::from_secs(seconds)).ok(),
        (None, Some(seconds)) => {
            let least = created.checked_add(LEAST_LIFETIME).ok()?;
            Some(Timestamp::from_second(seconds).ok()?.max(least))
        }
        _ => None,
    }
}

/// The namespaces of all runs that the cluster has, and the time by its clock.
pub async fn leftovers(client: &Client, patience: Duration) -> Result<Leftovers, Blocked> {
    let action = "list the namespaces of runs";
    asked_again(patience, action, || async {
        let ours = ListParams::default().labels(RUN_LABEL);
        let request = kube::core::Request::new(Namespace::url_path(&(), None)).list(&ours);
        let request = request.map_err(kube::Error::BuildRequest)?.map(Body::from);
        let response = client.send(request).await?;
        let (status, now) = (response.status(), time_of(response.headers()));
        let body = response.into_body().collect().await?.to_bytes();
        if !status.is_success() {
            return Err(kube::Error::Api(Box::new(refusal(&body, status.as_u16()))));
        }
        let list: ObjectList<Namespace> = serde_json::from_slice(&body).map_err(kube::Error::SerdeError)?;
        let mut namespaces: Vec<_> = list.iter().filter_map(Leftover::of).collect();
        namespaces.sort_by(|a, b| a.namespace.cmp(&b.namespace));
        Ok(Leftovers { namespaces, now })
    })
    .await
}

/// What the API server says that it refuses, or that it says nothing.
fn refusal(body: &[u8], code: u16) -> Status {
    serde_json::from_slice(body)
        .unwrap_or_else(|_| Status::failure("refused without a reason", "").with_code(code))
}

/// The time at which an answer was given, by the clock of who gave it.
fn time_of(headers: &HeaderMap) -> Option<Timestamp> {
    let date = headers.get(DATE)?.to_str().ok()?;
    rfc2822::DateTimeParser::new().parse_timestamp(date).ok()
}

#[cfg(test)]
mod tests {
    use assert_matches::assert_matches;
    use rstest::rstest;
    use serde_json::json;

    use super::*;

    const NOON: &str = "2026-11-29T12:00:00Z";

    fn leftover(labels: &serde_json::Value) -> Option<Leftover> {
        let metadata = json!({ "name": "n", "labels": labels, "creationTimestamp": NOON });
        Leftover::of(&serde_json::from_value(json!({ "metadata": metadata })).unwrap())
    }

    /// Whether it is removed so many seconds after its creation.
    fn is_expired(labels: &serde_json::Value, seconds: i64) -> bool {
        let noon: Timestamp = NOON.parse().unwrap();
        let now = Some(noon.checked_add(SignedDuration::from_secs(seconds)).unwrap());
        !Leftovers { namespaces: vec![leftover(labels).unwrap()], now }.expired().is_empty()
    }

    #[rstest]
    #[case::over(json!({ RUN_LABEL: "r", LIFETIME_LABEL: "7200" }), 7200, true)]
    #[case::going_on(json!({ RUN_LABEL: "r", LIFETIME_LABEL: "7200" }), 7199, false)]
    #[case::says_nothing(json!({ RUN_LABEL: "r" }), 1_000_000, false)]
    #[case::says_nonsense(json!({ RUN_LABEL: "r", LIFETIME_LABEL: "soon" }), 1_000_000, false)]
    #[case::says_less_than_none(json!({ RUN_LABEL: "r", LIFETIME_LABEL: "-7200" }), 1_000_000, false)]
    #[case::too_long(json!({ RUN_LABEL: "r", LIFETIME_LABEL: "9000000000000000000" }), 1_000_000, false)]
    // Labels of an earlier version, whose client was right, three hours behind, and three hours ahead.
    #[case::by_a_right_clock(json!({ RUN_LABEL: "r", EXPIRES_LABEL: at(7200) }), 7200, true)]
    #[case::by_a_clock_behind(json!({ RUN_LABEL: "r", EXPIRES_LABEL: at(7200 - 10_800) }), 7199, false)]
    #[case::by_a_clock_ahead(json!({ RUN_LABEL: "r", EXPIRES_LABEL: at(7200 + 10_800) }), 17_999, false)]
    #[case::by_a_clock_ahead_at_last(json!({ RUN_LABEL: "r", EXPIRES_LABEL: at(7200 + 10_800) }), 18_000, true)]
    fn a_namespace_expires_by_the_clock_that_made_it(
        #[case] labels: serde_json::Value,
        #[case] seconds: i64,
        #[case] expired: bool,
    ) {
        assert_eq!(is_expired(&labels, seconds), expired);
    }

    fn at(seconds: i64) -> String {
        (NOON.parse::<Timestamp>().unwrap().as_second() + seconds).to_string()
    }

    #[test]
    fn what_is_of_no_run_is_none_of_ours() {
        assert_matches!(leftover(&json!({ EXPIRES_LABEL: "1" })), None);
    }

    #[test]
    fn where_the_time_is_unknown_nothing_is_expired() {
        let namespaces = vec![leftover(&json!({ RUN_LABEL: "r", LIFETIME_LABEL: "1" })).unwrap()];
        assert_eq!(Leftovers { namespaces, now: None }.expired(), []);
    }

    #[test]
    fn the_time_is_that_of_the_answer() {
        let mut headers = HeaderMap::new();
        assert_eq!(time_of(&headers), None);
        headers.insert(DATE, "Sun, 29 Nov 2026 12:00:00 GMT".parse().unwrap());
        assert_eq!(time_of(&headers), Some(NOON.parse().unwrap()));
        headers.insert(DATE, "noon".parse().unwrap());
        assert_eq!(time_of(&headers), None);
    }
}
