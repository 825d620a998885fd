//! What the user may not do.

use futures::{StreamExt as _, stream};
use k8s_openapi::api::authorization::v1::{
    NonResourceAttributes, ResourceAttributes, ResourceRule, SelfSubjectAccessReview,
    SelfSubjectAccessReviewSpec, SelfSubjectRulesReview, SelfSubjectRulesReviewSpec,
    SubjectAccessReviewStatus,
};
use kube::Api;
use kube::api::PostParams;

use super::asker::Asker;
use crate::plan::Right;

/// Each question at the same time is a connection of its own, which costs more than the question.
const AT_ONCE: usize = 2;

/// A namespace in which nobody was given a right of its own.
const NOWHERE: &str = "podproof-no-such-namespace";

/// What the catalogue needs and the user may not do; unknown where the API server answers no such question.
///
/// The rights are asked for in every namespace. A right that comes only with the making of a namespace counts as
/// missing.
pub(super) async fn missing_rights(asker: &Asker<'_>) -> Option<Vec<String>> {
    // One answer tells most. What it leaves out may still be granted by others than rules, and is asked for.
    let rules = &rules(asker).await.unwrap_or_default();
    let answers = stream::iter(Right::all()).map(|right| async move {
        let granted = rules.iter().any(|rule| grants(rule, right));
        (right, if granted { Some(true) } else { may(asker, right).await })
    });
    let answers: Vec<_> = answers.buffered(AT_ONCE).collect().await;
    told_by(&answers)
}

/// The rules that grant the user something in every namespace.
async fn rules(asker: &Asker<'_>) -> Option<Vec<ResourceRule>> {
    let spec = SelfSubjectRulesReviewSpec { namespace: Some(NOWHERE.to_owned()) };
    let review = SelfSubjectRulesReview { spec, ..SelfSubjectRulesReview::default() };
    let reviews: Api<SelfSubjectRulesReview> = Api::all(asker.client.clone());
    let params = PostParams::default();
    asker.in_time(async { Some(reviews.create(&params, &review).await.ok()?.status?.resource_rules) }).await
}

fn grants(rule: &ResourceRule, right: Right) -> bool {
    let Right { verb, group, resource, subresource } = right;
    let has = |list: &[String], word: &str| list.iter().any(|item| item == "*" || item == word);
    let wanted = match subresource {
        "" => resource.to_owned(),
        part => format!("{resource}/{part}"),
    };
    let resources = rule.resources.as_deref().unwrap_or_default();
    // The rules on paths stand apart.
    let on_objects = !right.is_on_path();
    let named_only = rule.resource_names.as_ref().is_some_and(|names| !names.is_empty());
    on_objects
        && !named_only
        && has(&rule.verbs, verb)
        && has(rule.api_groups.as_deref().unwrap_or_default(), group)
        && has(resources, &wanted)
}

fn told_by(answers: &[(Right, Option<bool>)]) -> Option<Vec<String>> {
    if answers.iter().all(|(_, may)| may.is_none()) {
        return None;
    }
    let missing = answers.iter().filter(|(_, may)| *may == Some(false));
    Some(missing.map(|(right, _)| right.to_string()).collect())
}

async fn may(asker: &Asker<'_>, right: Right) -> Option<bool> {
    let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    // Without a namespace, objects are meant in all of them.
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
    let reviews: Api<SelfSubjectAccessReview> = Api::all(asker.client.clone());
    let params = PostParams::default();
    asker.in_time(async { allowed(&reviews.create(&params, &review).await.ok()?.status?) }).await
}

/// Who could not find out does not say no.
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
    fn a_no_is_one_only_where_it_could_be_found_out() {
        assert_eq!(allowed(&status(true, None)), Some(true));
        assert_eq!(allowed(&status(true, Some("a role is gone"))), Some(true));
        assert_eq!(allowed(&status(false, None)), Some(false));
        assert_eq!(allowed(&status(false, Some(""))), Some(false));
        assert_eq!(allowed(&status(false, Some("the webhook does not answer"))), None);
    }

    #[test]
    fn a_rule_grants_what_it_names() {
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
    fn only_what_was_refused_is_missing() {
        let rights: Vec<_> = Right::all().take(3).collect();
        let answers = [(rights[0], Some(true)), (rights[1], Some(false)), (rights[2], None)];
        assert_eq!(told_by(&answers), Some(vec![rights[1].to_string()]));
        assert_eq!(told_by(&[(rights[0], None)]), None);
        assert_eq!(told_by(&[(rights[0], Some(true))]), Some(Vec::new()));
    }
}
