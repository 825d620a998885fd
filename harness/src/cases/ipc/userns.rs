//! The article's exchange in a pod whose users are not those of the node.

use crate::cases::case::Case;
use crate::cases::exchange::{
    CONSUMER, EXIT_MESSAGE, Exchange, PRODUCER, assert_succeeded, undisturbed, until_over,
};
use crate::evidence::{Evidence, Missing};
use crate::judge::Inquiry;
use crate::stage::{Attire, Blocked, Stage};

const POD: &str = "mc2";

const COUNT: usize = 50;

/// Which users of the node stand behind those that a process sees.
const USERS: &str = "/proc/self/uid_map";

pub(super) const USERNS_POD: Case = Case {
    id: "ipc/userns-pod",
    attire: Attire::Restricted,
    expects: &[],
    drive: |stage| Box::pin(run_to_the_end(stage)),
    judge: judge_exchange,
};

async fn run_to_the_end(stage: &Stage) -> Result<(), Blocked> {
    let pod = stage.create(POD).await?;
    until_over(stage, &pod).await
}

fn judge_exchange(seen: &Evidence, say: &mut Inquiry) -> Result<(), Missing> {
    let uid = &seen.applied(POD, 0)?.uid;
    undisturbed(seen, uid)?;
    let mut namespaces = Vec::new();
    for container in [PRODUCER, CONSUMER] {
        let map = seen.log_report_on((uid, container, 0), "read", USERS)?;
        let users = map.value.text("content")?;
        say.assert(
            "own-users",
            has_own_users(users)?,
            "other users behind its own",
            users.trim(),
            map.pointer,
        );
        let identity = seen.log_report(uid, container, 0, "identity")?;
        let link = |name| identity.value.namespace(name).map(str::to_owned);
        namespaces.push((link("user")?, link("ipc")?));
    }
    say.assert_equal("one-namespace-each", &namespaces[0], &namespaces[1], format!("logs/{POD}"));

    // Also where the consumer failed, behind which the producer may wait for ever.
    assert_succeeded(seen, say, "pod-succeeds", uid)?;
    let Exchange { sent, received, received_at, .. } = Exchange::read(seen, uid)?;
    Inquiry::premise("all messages produced", sent.len() == COUNT)?;
    let expected: Vec<_> = sent.into_iter().chain([EXIT_MESSAGE]).collect();
    say.assert_equal("all-is-delivered", &expected, &received, received_at);
    Ok(())
}

/// Whether user 0 of the pod is another one on the node. A line is: the first user inside, that outside, how many.
fn has_own_users(map: &str) -> Result<bool, Missing> {
    let first = |line: &str| {
        let mut words = line.split_whitespace();
        Some((words.next()?.parse::<u32>().ok()?, words.next()?.parse::<u32>().ok()?))
    };
    let (inside, outside) =
        map.lines().next().and_then(first).ok_or_else(|| Missing::new("the pod's users"))?;
    Ok(inside != outside)
}
