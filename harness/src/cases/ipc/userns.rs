//! The article's exchange in a pod with a user namespace of its own.

use crate::cases::case::Case;
use crate::cases::exchange::{
    CONSUMER, EXIT_MESSAGE, Exchange, PRODUCER, assert_succeeded, premise_not_ended_by_node,
    until_exchange_settled,
};
use crate::stage::{PodProfile, Stage, StageError};
use podproof_core::evidence::{Evidence, Missing};
use podproof_core::judge::Inquiry;

const POD: &str = "mc2";

const COUNT: usize = 50;

/// The mapping from users in the container to users of the node.
const USERS: &str = "/proc/self/uid_map";

pub(super) const USERNS_POD: Case = Case {
    id: "ipc/userns-pod",
    pod_profile: PodProfile::Restricted,
    allows: &[],
    drive: |stage| Box::pin(run_to_the_end(stage)),
    judge: judge_exchange,
};

async fn run_to_the_end(stage: &Stage) -> Result<(), StageError> {
    let pod = stage.create(POD).await?;
    until_exchange_settled(stage, &pod).await
}

fn judge_exchange(seen: &Evidence, inquiry: &mut Inquiry) -> Result<(), Missing> {
    let uid = &seen.applied(POD, 0)?.uid;
    premise_not_ended_by_node(seen, uid)?;
    let mut namespaces = Vec::new();
    for container in [PRODUCER, CONSUMER] {
        let map = seen.log_report_on((uid, container, 0), "read", USERS)?;
        let users = map.value.text("content")?;
        inquiry.assert(
            "own-users",
            has_own_users(users)?,
            "users mapped to other users of the node",
            users.trim(),
            map.pointer,
        );
        let identity = seen.log_report(uid, container, 0, "identity")?;
        let link = |name| identity.value.namespace(name).map(str::to_owned);
        namespaces.push((link("user")?, link("ipc")?));
    }
    inquiry.assert_equal("one-namespace-each", &namespaces[0], &namespaces[1], format!("logs/{POD}"));

    // Assert this before reading the logs: if the consumer failed, the producer may block and never end.
    assert_succeeded(seen, inquiry, "pod-succeeds", uid)?;
    let Exchange { sent, received, received_at, .. } = Exchange::read(seen, uid)?;
    Inquiry::premise("all messages produced", sent.len() == COUNT)?;
    let expected: Vec<_> = sent.into_iter().chain([EXIT_MESSAGE]).collect();
    inquiry.assert_equal("all-is-delivered", &expected, &received, received_at);
    Ok(())
}

/// Returns whether the pod's first user is mapped to another user of the node. Each line of the map has the first user
/// inside, the first user outside, and the number of users.
fn has_own_users(map: &str) -> Result<bool, Missing> {
    let first = |line: &str| {
        let mut words = line.split_whitespace();
        Some((words.next()?.parse::<u32>().ok()?, words.next()?.parse::<u32>().ok()?))
    };
    let (inside, outside) =
        map.lines().next().and_then(first).ok_or_else(|| Missing::new("the pod's users"))?;
    Ok(inside != outside)
}
