//! Whether Pod Security is enforced.

use k8s_openapi::api::core::v1::Namespace;
use kube::Api;
use kube::api::PostParams;

use super::asker::Asker;
use crate::plan::MinorVersion;

/// The label by which a namespace asks for it.
const LABEL: &str = "pod-security.kubernetes.io/enforce";

/// The HTTP status of a refusal because of what an object holds.
const INVALID: u16 = 422;

/// The first version that surely keeps nothing of a dry run.
const RUNS_DRY: MinorVersion = MinorVersion::new(1, 18);

/// Whether the API server enforces Pod Security in namespaces that ask for it.
///
/// A namespace can ask for it at three levels. The admission that enforces it refuses one that asks for another;
/// without that admission, the label is one as any other. The namespace is only made dry.
pub(super) async fn enforces_pod_security(asker: &Asker<'_>) -> Option<bool> {
    if !asker.is_since(RUNS_DRY) {
        return None;
    }
    let mut namespace = Namespace::default();
    namespace.metadata.generate_name = Some("podproof-".to_owned());
    namespace.metadata.labels = Some([(LABEL.to_owned(), "no-such-level".to_owned())].into());
    let namespaces: Api<Namespace> = Api::all(asker.client.clone());
    let dry = PostParams { dry_run: true, ..PostParams::default() };
    asker.in_time(async { told_by(&namespaces.create(&dry, &namespace).await) }).await
}

fn told_by<T>(answer: &Result<T, kube::Error>) -> Option<bool> {
    match answer {
        Ok(_) => Some(false),
        // Others refuse namespaces too, for reasons of their own.
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
    fn only_who_knows_the_label_refuses_its_value() {
        let invalid = "metadata.labels[pod-security.kubernetes.io/enforce]: Invalid value: \"no-such-level\": \
                       must be one of privileged, baseline, restricted";
        assert_eq!(told_by(&refused(422, invalid)), Some(true));
        assert_eq!(told_by(&Ok(())), Some(false));
    }

    #[test]
    fn who_may_not_ask_does_not_know() {
        let forbidden = "namespaces is forbidden: User \"eve\" cannot create resource \"namespaces\"";
        assert_eq!(told_by(&refused(403, forbidden)), None);
        let policy = "the label pod-security.kubernetes.io/enforce must not be set by users";
        assert_eq!(told_by(&refused(403, policy)), None);
        assert_eq!(told_by(&refused(400, "admission webhook \"w\" does not support dry run")), None);
    }
}
