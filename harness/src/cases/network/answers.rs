//! What the answers to a client's questions mean.

use std::fmt;

use super::asking::READY;
use crate::evidence::{Evidence, Exec, Fact, Missing, ProbeReport};
use crate::judge::Inquiry;

/// What the network itself says where nobody answers. Silence is not among it.
const REFUSALS: [&str; 4] = ["ECONNREFUSED", "ECONNRESET", "EHOSTUNREACH", "ENETUNREACH"];

/// The texts of the servers in the manifests, beside the case's token.
const TEXTS: [&str; 8] = ["one", "two", "three", "outside", "beacon", "steady", "wavering", "Hello world!"];

/// What nginx writes below its own pages of errors.
const NGINX: &str = "<hr><center>nginx";

/// What the client learnt when it asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Answer {
    /// Somebody answered, with this HTTP status and body.
    Page(u64, String),
    /// The network said that nobody does.
    Refused(String),
}

impl Answer {
    /// Reads the answer in a report of the probe's `fetch`; silence is none.
    fn read(report: &ProbeReport) -> Result<Self, Missing> {
        if report.ok() {
            return Ok(Self::Page(report.number("status")?, report.text("body")?.to_owned()));
        }
        match report.text("errno") {
            Ok(errno) if REFUSALS.contains(&errno) => Ok(Self::Refused(errno.to_owned())),
            _ => Err(Missing::new(format!("an answer of the network ({report})"))),
        }
    }

    /// Whether it is a good answer with this body.
    pub(super) fn is_page(&self, body: &str) -> bool {
        matches!(self, Self::Page(200, text) if text == body)
    }

    /// Requires that it is the answer of a server of this case, if it is anybody's. What stands between pods, such as
    /// the proxy of a mesh, answers with a page of its own, which says nothing about who else would have answered.
    pub(super) fn premise_ours(&self, seen: &Evidence, label: &str) -> Result<(), Missing> {
        self.premise_from(label, |body| is_ours(seen, body))
    }

    fn premise_from(&self, label: &str, from: impl Fn(&str) -> bool) -> Result<(), Missing> {
        let known = match self {
            Self::Page(_, body) => from(body),
            Self::Refused(_) => true,
        };
        Inquiry::premise(
            &format!("an answer to {label} by one of its servers (somebody else: {self})"),
            known,
        )
    }
}

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Page(status, body) => write!(f, "status {status} and {body:?}"),
            Self::Refused(errno) => write!(f, "nobody ({errno})"),
        }
    }
}

/// Whether a server of this case answers so. One of them adds the address of who asks.
fn is_ours(seen: &Evidence, body: &str) -> bool {
    let text = body.split_once(' ').map_or(body, |(text, _)| text);
    TEXTS.contains(&body) || text == seen.token
}

/// Requires that it was a server of this case that answered what was asked under `label`, if anybody did: before a
/// cluster knows of an address of a service, requests to it leave the cluster, and who knows what answers there.
pub(super) fn premise_own_answer(seen: &Evidence, label: &str) -> Result<(), Missing> {
    answer(seen, label)?.value.premise_ours(seen, label)
}

/// Requires that a body among the answers to what was asked under `label` is one of a server of this case.
pub(super) fn premise_own(seen: &Evidence, label: &str, body: &str) -> Result<(), Missing> {
    let what = format!("answers to {label} by its servers only (somebody else: {body:?})");
    Inquiry::premise(&what, is_ours(seen, body))
}

/// Requires that somebody answered what was asked under `label`.
pub(super) fn premise_reached(seen: &Evidence, label: &str) -> Result<(), Missing> {
    let answer = answer(seen, label)?.value;
    let reached = matches!(answer, Answer::Page(..));
    Inquiry::premise(&format!("an answer to {label} ({answer})"), reached)
}

/// The answer to what was asked under `label`.
pub(super) fn answer(seen: &Evidence, label: &str) -> Result<Fact<Answer>, Missing> {
    let report = seen.exec_report(label, "fetch")?;
    Ok(Fact { value: Answer::read(&report.value)?, pointer: report.pointer })
}

/// Asserts that what was asked under `label` was answered, with `body`.
pub(super) fn assert_answered(
    seen: &Evidence,
    say: &mut Inquiry,
    assertion: &str,
    (label, body): (&str, &str),
) -> Result<(), Missing> {
    let answer = answer(seen, label)?;
    answer.value.premise_ours(seen, label)?;
    state(seen, say, assertion, answer, (label, body))
}

/// The same, where the way leads through nginx, which answers itself where it reaches nobody.
pub(super) fn assert_answered_through_nginx(
    seen: &Evidence,
    say: &mut Inquiry,
    assertion: &str,
    (label, body): (&str, &str),
) -> Result<(), Missing> {
    let answer = answer(seen, label)?;
    answer.value.premise_from(label, |body| is_ours(seen, body) || body.contains(NGINX))?;
    state(seen, say, assertion, answer, (label, body))
}

fn state(
    seen: &Evidence,
    say: &mut Inquiry,
    assertion: &str,
    answer: Fact<Answer>,
    (label, body): (&str, &str),
) -> Result<(), Missing> {
    let Fact { value, pointer } = answer;
    if !matches!(value, Answer::Page(200, _)) {
        // Where the way led to a server once, it is the server that has gone.
        let what =
            format!("a server that was there all the time ({label} had a good answer before: then {value})");
        Inquiry::premise(&what, !had_a_good_answer(seen, label)?)?;
    }
    let expected = format!("status 200 and {body:?}");
    say.assert(assertion, value.is_page(body), expected, value.to_string(), pointer);
    Ok(())
}

/// Whether the client that asked under `label` got a good answer from the same place while it waited for one.
fn had_a_good_answer(seen: &Evidence, label: &str) -> Result<bool, Missing> {
    let last = seen.exec(label)?;
    let is_before = |exec: &&Exec| {
        exec.label == READY
            && exec.pod == last.pod
            && exec.argv.starts_with(&last.argv)
            && exec.ended <= last.started
    };
    let mut reports = seen
        .execs
        .iter()
        .filter(is_before)
        .flat_map(|exec| exec.stdout.lines())
        .filter_map(ProbeReport::parse);
    Ok(reports.any(|report| report.verb() == "fetch" && report.number("status") == Ok(200)))
}

/// Asserts that what was asked under `label` reached nobody, and that the network said so.
pub(super) fn assert_refused(
    seen: &Evidence,
    say: &mut Inquiry,
    assertion: &str,
    label: &str,
) -> Result<(), Missing> {
    let answer = answer(seen, label)?;
    answer.value.premise_ours(seen, label)?;
    let holds = matches!(answer.value, Answer::Refused(_));
    say.assert(assertion, holds, "nobody", answer.value.to_string(), answer.pointer);
    Ok(())
}

/// Requires that what was asked under `label` was answered with `body`: the way there is no matter of doubt.
pub(super) fn premise_answered(seen: &Evidence, label: &str, body: &str) -> Result<(), Missing> {
    let answer = answer(seen, label)?.value;
    Inquiry::premise(&format!("{body:?} in answer to {label} ({answer})"), answer.is_page(body))
}
