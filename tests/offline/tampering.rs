//! Changes of evidence, in one place each.

use k8s_openapi::api::core::v1::{ContainerStateTerminated, ContainerStatus};
use podproof_core::evidence::{Evidence, LogText, Mark, NodeCommand};

/// Fields of a report on an object that is absent, and on one that is present.
pub(crate) const ABSENT: &str = r#""present":false,"errno":"ENOENT""#;
pub(crate) const PRESENT: &str = r#""present":true,"content":"x","text":"x","curmsgs":1"#;

/// Fields of a report on an operation that succeeded, and on one that the system refused.
pub(crate) const OK: &str = r#""ok":true"#;
pub(crate) const REFUSED: &str = r#""ok":false,"errno":"EACCES""#;

/// A claim, one of its assertions, and a change of good evidence that contradicts it.
pub(crate) type Tampering = (&'static str, &'static str, fn(&mut Evidence));

pub(crate) fn token(evidence: &Evidence) -> String {
    evidence.token.clone()
}

/// The token with another last character.
pub(crate) fn spoilt(evidence: &Evidence) -> String {
    let mut token = token(evidence);
    let last = if token.pop() == Some('0') { '1' } else { '0' };
    token.push(last);
    token
}

pub(crate) fn replace_in_exec(evidence: &mut Evidence, label: &str, from: &str, to: &str) {
    let exec = evidence.execs.iter_mut().find(|exec| exec.label == label).unwrap();
    exec.stdout = exec.stdout.replacen(from, to, 1);
}

pub(crate) fn in_page(evidence: &mut Evidence, change: impl Fn(&str) -> String) {
    let page = &mut evidence.fetches.last_mut().unwrap().answer.as_mut().unwrap().1;
    *page = change(page);
}

pub(crate) fn in_requested_log(evidence: &mut Evidence, label: &str) {
    let requested = evidence.recalls.iter_mut().find(|log| log.label == label).unwrap();
    let text = requested.answer.as_mut().unwrap();
    *text = text.replacen(r#""nonce":""#, r#""nonce":"0"#, 1);
}

/// The last log of this instance of the container: after a replacement, that of the new pod.
pub(crate) fn log<'e>(evidence: &'e mut Evidence, (container, restart): (&str, i32)) -> &'e mut LogText {
    let is_it = |log: &&mut LogText| log.container == container && log.restart == restart;
    evidence.logs.iter_mut().rev().find(is_it).unwrap()
}

pub(crate) fn replace_in_log(evidence: &mut Evidence, place: (&str, i32), from: &str, to: &str) {
    let line = log(evidence, place).lines.iter_mut().find(|line| line.text.contains(from)).unwrap();
    line.text = line.text.replacen(from, to, 1);
}

pub(crate) fn in_all_logs(evidence: &mut Evidence, from: &str, to: &str) {
    for line in evidence.logs.iter_mut().flat_map(|log| &mut log.lines) {
        line.text = line.text.replace(from, to);
    }
}

/// The line of a log that has `words` in it.
pub(crate) fn line_with(evidence: &mut Evidence, place: (&str, i32), words: &str) -> String {
    log(evidence, place).texts().find(|line| line.contains(words)).unwrap().to_owned()
}

/// Exchanges two messages of the consumer that differ.
pub(crate) fn swap_messages(evidence: &mut Evidence) {
    let lines = &mut log(evidence, ("consumer", 0)).lines;
    let first = lines.iter().position(|line| line.text.starts_with("Consumed: ")).unwrap();
    let other = (first..lines.len()).find(|at| lines[*at].text != lines[first].text).unwrap();
    lines.swap(first, other);
}

pub(crate) fn each_status(evidence: &mut Evidence, container: &str, change: impl Fn(&mut ContainerStatus)) {
    for seen in &mut evidence.timeline {
        let statuses = seen.pod.status.as_mut().and_then(|status| status.container_statuses.as_mut());
        statuses.into_iter().flatten().filter(|status| status.name == container).for_each(&change);
    }
}

/// Removes the start events of a container, except the first.
pub(crate) fn started_once(evidence: &mut Evidence, container: &str) {
    let path = format!("{{{container}}}");
    let mut first = true;
    evidence.events.retain(|seen| {
        let about = seen.event.involved_object.field_path.as_deref().unwrap_or_default();
        let is_start = seen.event.reason.as_deref() == Some("Started") && about.ends_with(&path);
        !is_start || std::mem::take(&mut first)
    });
}

pub(crate) fn last_status<'e>(evidence: &'e mut Evidence, container: &str) -> &'e mut ContainerStatus {
    let status = evidence.timeline.last_mut().unwrap().pod.status.as_mut().unwrap();
    let mut statuses = status.container_statuses.as_mut().unwrap().iter_mut();
    statuses.find(|status| status.name == container).unwrap()
}

pub(crate) fn before(status: &mut ContainerStatus) -> Option<&mut ContainerStateTerminated> {
    status.last_state.as_mut()?.terminated.as_mut()
}

/// Changes the exit code of the consumer in every status.
pub(crate) fn end_consumer_with(evidence: &mut Evidence, code: i32) {
    each_end(evidence, "consumer", |end| end.exit_code = code);
}

/// Changes every terminated state of a container.
pub(crate) fn each_end(
    evidence: &mut Evidence,
    container: &str,
    change: impl Fn(&mut ContainerStateTerminated),
) {
    each_status(evidence, container, |status| {
        let states = [status.state.as_mut(), status.last_state.as_mut()].into_iter().flatten();
        states.filter_map(|state| state.terminated.as_mut()).for_each(&change);
    });
}

/// Changes every status of the init containers.
pub(crate) fn each_init(evidence: &mut Evidence, change: impl Fn(&mut ContainerStatus)) {
    for seen in &mut evidence.timeline {
        let statuses = seen.pod.status.as_mut().and_then(|status| status.init_container_statuses.as_mut());
        statuses.into_iter().flatten().for_each(&change);
    }
}

/// The last status of the only init container.
pub(crate) fn last_init(evidence: &mut Evidence) -> &mut ContainerStatus {
    let status = evidence.timeline.last_mut().unwrap().pod.status.as_mut().unwrap();
    &mut status.init_container_statuses.as_mut().unwrap()[0]
}

/// Adds the mark that the drive watched for its whole window.
pub(crate) fn watch_to_the_end(evidence: &mut Evidence) {
    evidence.marks.push(Mark { at: evidence.ended, name: "watched".to_owned() });
}

pub(crate) fn repeat_last_state(evidence: &mut Evidence) {
    evidence.timeline.push(evidence.timeline.last().unwrap().clone());
}

pub(crate) fn end_in_phase(evidence: &mut Evidence, phase: &str) {
    let status = evidence.timeline.last_mut().unwrap().pod.status.as_mut().unwrap();
    status.phase = Some(phase.to_owned());
}

pub(crate) fn on_node<'e>(evidence: &'e mut Evidence, label: &str) -> &'e mut NodeCommand {
    evidence.node_commands.iter_mut().find(|command| command.label == label).unwrap()
}

pub(crate) fn volume_stays(evidence: &mut Evidence) {
    "present directory 4711\n".clone_into(&mut on_node(evidence, "volume-after").stdout);
}
