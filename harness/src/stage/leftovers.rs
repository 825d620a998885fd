//! Namespaces that killed runs left in a cluster.

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

use super::error::StageError;
use super::namespace::{CLAIM_ANNOTATION, EXPIRES_LABEL, LIFETIME_LABEL, RUN_LABEL};
use super::request::retry;

/// Namespaces of an earlier version are kept at least this long, because their label comes from a client's clock.
const LEAST_LIFETIME: SignedDuration = SignedDuration::from_hours(2);

/// A namespace of a run, which may still be active.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Leftover {
    /// Its name.
    pub namespace: String,
    /// The run's ID.
    pub run: String,
    /// The claim under test; empty if the annotation is missing.
    pub claim: String,
    /// The time from which it may be removed, by the cluster's clock; `None` if no label gives one.
    pub expires: Option<Timestamp>,
}

/// All namespaces of runs, and the cluster's time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Leftovers {
    /// The namespaces, sorted by name.
    pub namespaces: Vec<Leftover>,
    /// The API server's time, from the same clock as creation timestamps; `None` if the answer had no date.
    pub now: Option<Timestamp>,
}

impl Leftovers {
    /// The namespaces that have expired; empty if the cluster's time is unknown.
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

/// The expiry of a namespace, by the clock that set `created`. `None` if no label gives one or it overflows.
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

/// Lists the namespaces of all runs in the cluster, together with the cluster's time.
pub async fn leftovers(client: &Client, patience: Duration) -> Result<Leftovers, StageError> {
    let action = "list the namespaces of runs";
    retry(patience, action, || async {
        let of_runs = ListParams::default().labels(RUN_LABEL);
        let request = kube::core::Request::new(Namespace::url_path(&(), None)).list(&of_runs);
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

/// Parses the API server's refusal, or makes one if the body holds none.
fn refusal(body: &[u8], code: u16) -> Status {
    serde_json::from_slice(body)
        .unwrap_or_else(|_| Status::failure("refused without a reason", "").with_code(code))
}

/// The time of an answer, by the server's clock.
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

    /// Returns whether a namespace counts as expired `seconds` after its creation.
    fn is_expired(labels: &serde_json::Value, seconds: i64) -> bool {
        let noon: Timestamp = NOON.parse().unwrap();
        let now = Some(noon.checked_add(SignedDuration::from_secs(seconds)).unwrap());
        !Leftovers { namespaces: vec![leftover(labels).unwrap()], now }.expired().is_empty()
    }

    #[rstest]
    #[case::over(json!({ RUN_LABEL: "r", LIFETIME_LABEL: "7200" }), 7200, true)]
    #[case::going_on(json!({ RUN_LABEL: "r", LIFETIME_LABEL: "7200" }), 7199, false)]
    #[case::no_label(json!({ RUN_LABEL: "r" }), 1_000_000, false)]
    #[case::not_a_number(json!({ RUN_LABEL: "r", LIFETIME_LABEL: "soon" }), 1_000_000, false)]
    #[case::negative(json!({ RUN_LABEL: "r", LIFETIME_LABEL: "-7200" }), 1_000_000, false)]
    #[case::too_long(json!({ RUN_LABEL: "r", LIFETIME_LABEL: "9000000000000000000" }), 1_000_000, false)]
    // Labels of an earlier version whose client's clock was right, three hours behind, and three hours ahead.
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
    fn a_namespace_without_a_run_label_is_ignored() {
        assert_matches!(leftover(&json!({ EXPIRES_LABEL: "1" })), None);
    }

    #[test]
    fn nothing_is_expired_while_the_time_is_unknown() {
        let namespaces = vec![leftover(&json!({ RUN_LABEL: "r", LIFETIME_LABEL: "1" })).unwrap()];
        assert_eq!(Leftovers { namespaces, now: None }.expired(), []);
    }

    #[test]
    fn the_cluster_time_is_the_date_of_the_answer() {
        let mut headers = HeaderMap::new();
        assert_eq!(time_of(&headers), None);
        headers.insert(DATE, "Sun, 29 Nov 2026 12:00:00 GMT".parse().unwrap());
        assert_eq!(time_of(&headers), Some(NOON.parse().unwrap()));
        headers.insert(DATE, "noon".parse().unwrap());
        assert_eq!(time_of(&headers), None);
    }
}
