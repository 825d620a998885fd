//! Detects which needed permissions the user does not have.

use futures::{StreamExt as _, stream};
use k8s_openapi::api::authorization::v1::{
    NonResourceAttributes, ResourceAttributes, ResourceRule, SelfSubjectAccessReview,
    SelfSubjectAccessReviewSpec, SelfSubjectRulesReview, SelfSubjectRulesReviewSpec,
    SubjectAccessReviewStatus,
};
use kube::Api;
use kube::api::PostParams;

use super::detector::Detector;
use podproof_core::plan::Right;

/// The number of concurrent reviews. Each uses its own connection, which costs more than the review.
const AT_ONCE: usize = 2;

/// A namespace without any role bindings, so that only cluster-wide permissions apply.
const NOWHERE: &str = "podproof-no-such-namespace";

/// The permissions that cases need and the user does not have; `None` if the API server answers no review.
///
/// Each permission is checked for all namespaces. One that is granted only when a namespace is created counts as
/// missing.
pub(super) async fn missing_rights(detector: &Detector<'_>) -> Option<Vec<String>> {
    // The rules answer most permissions with one request. Other authorizers than RBAC may grant the rest, which is
    // checked one by one.
    let rules = &rules(detector).await.unwrap_or_default();
    let answers = stream::iter(Right::all()).map(|right| async move {
        let granted = rules.iter().any(|rule| grants(rule, right));
        (right, if granted { Some(true) } else { may(detector, right).await })
    });
    let answers: Vec<_> = answers.buffered(AT_ONCE).collect().await;
    denied_in(&answers)
}

/// The user's rules that apply in all namespaces.
async fn rules(detector: &Detector<'_>) -> Option<Vec<ResourceRule>> {
    let spec = SelfSubjectRulesReviewSpec { namespace: Some(NOWHERE.to_owned()) };
    let review = SelfSubjectRulesReview { spec, ..SelfSubjectRulesReview::default() };
    let reviews: Api<SelfSubjectRulesReview> = Api::all(detector.client.clone());
    let params = PostParams::default();
    detector
        .before_deadline(async { Some(reviews.create(&params, &review).await.ok()?.status?.resource_rules) })
        .await
}

fn grants(rule: &ResourceRule, right: Right) -> bool {
    let Right { verb, group, resource, subresource } = right;
    let has = |list: &[String], word: &str| list.iter().any(|item| item == "*" || item == word);
    let wanted = match subresource {
        "" => resource.to_owned(),
        part => format!("{resource}/{part}"),
    };
    let resources = rule.resources.as_deref().unwrap_or_default();
    // Rules for non-resource paths are not part of this list.
    let on_objects = !right.is_on_path();
    let named_only = rule.resource_names.as_ref().is_some_and(|names| !names.is_empty());
    on_objects
        && !named_only
        && has(&rule.verbs, verb)
        && has(rule.api_groups.as_deref().unwrap_or_default(), group)
        && has(resources, &wanted)
}

fn denied_in(answers: &[(Right, Option<bool>)]) -> Option<Vec<String>> {
    if answers.iter().all(|(_, may)| may.is_none()) {
        return None;
    }
    let missing = answers.iter().filter(|(_, may)| *may == Some(false));
    Some(missing.map(|(right, _)| right.to_string()).collect())
}

async fn may(detector: &Detector<'_>, right: Right) -> Option<bool> {
    let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    // An empty namespace means all namespaces.
    let resource = ResourceAttributes {
        verb: some(right.verb),
        group: some(right.group),
        resource: some(right.resource),
        subresource: some(right.subresource),
        ..ResourceAttributes::default()
    };
    let path = NonResourceAttributes { verb: some(right.verb), path: some(right.resource) };
    let is_on_path = right.is_on_path();
    let spec = SelfSubjectAccessReviewSpec {
        resource_attributes: (!is_on_path).then_some(resource),
        non_resource_attributes: is_on_path.then_some(path),
    };
    let review = SelfSubjectAccessReview { spec, ..SelfSubjectAccessReview::default() };
    let reviews: Api<SelfSubjectAccessReview> = Api::all(detector.client.clone());
    let params = PostParams::default();
    detector.before_deadline(async { allowed(&reviews.create(&params, &review).await.ok()?.status?) }).await
}

/// A denial after an evaluation error is unknown.
fn allowed(status: &SubjectAccessReviewStatus) -> Option<bool> {
    let failed = status.evaluation_error.as_ref().is_some_and(|error| !error.is_empty());
    (status.allowed || !failed).then_some(status.allowed)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(allowed: bool, error: Option<&str>) -> SubjectAccessReviewStatus {
        let evaluation_error = error.map(str::to_owned);
        SubjectAccessReviewStatus { allowed, evaluation_error, ..SubjectAccessReviewStatus::default() }
    }

    #[test]
    fn a_denial_counts_only_without_an_evaluation_error() {
        assert_eq!(allowed(&status(true, None)), Some(true));
        assert_eq!(allowed(&status(true, Some("a role is gone"))), Some(true));
        assert_eq!(allowed(&status(false, None)), Some(false));
        assert_eq!(allowed(&status(false, Some(""))), Some(false));
        assert_eq!(allowed(&status(false, Some("the webhook does not answer"))), None);
    }

    #[test]
    fn a_rule_grants_the_permissions_that_it_lists() {
        let words = |list: &[&str]| list.iter().map(|&word| word.to_owned()).collect::<Vec<_>>();
        let rule = |verbs: &[&str], groups: &[&str], resources: &[&str], names: &[&str]| ResourceRule {
            verbs: words(verbs),
            api_groups: Some(words(groups)),
            resources: Some(words(resources)),
            resource_names: Some(words(names)),
        };
        let granted = |rule: &ResourceRule, right: &str| {
            let right = Right::all().find(|known| known.to_string() == right).expect("a right");
            grants(rule, right)
        };
        let all = rule(&["*"], &["*"], &["*"], &[]);
        assert!(Right::all().all(|right| grants(&all, right) != right.is_on_path()));
        let some = rule(&["create", "get"], &[""], &["pods", "pods/exec"], &[]);
        assert!(granted(&some, "create pods") && granted(&some, "create pods/exec"));
        assert!(!granted(&some, "watch pods") && !granted(&some, "create pods/portforward"));
        assert!(!granted(&some, "create jobs"));
        assert!(!granted(&rule(&["create"], &[""], &["pods"], &["one"]), "create pods"));
        assert!(!granted(&ResourceRule::default(), "create pods"));
    }

    #[test]
    fn only_denied_permissions_are_missing() {
        let rights: Vec<_> = Right::all().take(3).collect();
        let answers = [(rights[0], Some(true)), (rights[1], Some(false)), (rights[2], None)];
        assert_eq!(denied_in(&answers), Some(vec![rights[1].to_string()]));
        assert_eq!(denied_in(&[(rights[0], None)]), None);
        assert_eq!(denied_in(&[(rights[0], Some(true))]), Some(Vec::new()));
    }
}
