//! Detects whether Pod Security admission is enforced.

use k8s_openapi::api::core::v1::Namespace;
use kube::Api;
use kube::api::PostParams;

use super::detector::Detector;
use podproof_core::plan::MinorVersion;

/// The label with which a namespace requests a level.
const LABEL: &str = "pod-security.kubernetes.io/enforce";

/// The HTTP status for an invalid object.
const INVALID: u16 = 422;

/// The first version in which dry-run is reliable.
const HAS_DRY_RUN: MinorVersion = MinorVersion::new(1, 18);

/// Returns whether the API server enforces Pod Security; `None` if unknown.
///
/// Creates a namespace with an invalid level, as a dry run. Pod Security admission rejects it; without that admission
/// the label has no special meaning.
pub(super) async fn enforces_pod_security(detector: &Detector<'_>) -> Option<bool> {
    if !detector.is_at_least(HAS_DRY_RUN) {
        return None;
    }
    let mut namespace = Namespace::default();
    namespace.metadata.generate_name = Some("podproof-".to_owned());
    namespace.metadata.labels = Some([(LABEL.to_owned(), "no-such-level".to_owned())].into());
    let namespaces: Api<Namespace> = Api::all(detector.client.clone());
    let dry = PostParams { dry_run: true, ..PostParams::default() };
    detector.before_deadline(async { is_enforced(&namespaces.create(&dry, &namespace).await) }).await
}

fn is_enforced<T>(answer: &Result<T, kube::Error>) -> Option<bool> {
    match answer {
        Ok(_) => Some(false),
        // Other admission plugins may reject namespaces for other reasons.
        Err(kube::Error::Api(status)) if status.code == INVALID && status.message.contains(LABEL) => {
            Some(true)
        }
        Err(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use kube::core::Status;

    use super::*;

    fn refused(code: u16, message: &str) -> Result<(), kube::Error> {
        Err(kube::Error::Api(Box::new(Status::failure(message, "").with_code(code))))
    }

    #[test]
    fn rejecting_the_invalid_level_means_enforced() {
        let invalid = "metadata.labels[pod-security.kubernetes.io/enforce]: Invalid value: \"no-such-level\": \
                       must be one of privileged, baseline, restricted";
        assert_eq!(is_enforced(&refused(422, invalid)), Some(true));
        assert_eq!(is_enforced(&Ok(())), Some(false));
    }

    #[test]
    fn any_other_rejection_means_unknown() {
        let forbidden = "namespaces is forbidden: User \"eve\" cannot create resource \"namespaces\"";
        assert_eq!(is_enforced(&refused(403, forbidden)), None);
        let policy = "the label pod-security.kubernetes.io/enforce must not be set by users";
        assert_eq!(is_enforced(&refused(403, policy)), None);
        assert_eq!(is_enforced(&refused(400, "admission webhook \"w\" does not support dry run")), None);
    }
}
