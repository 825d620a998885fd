//! Reading the responses to a client's requests.

use std::fmt;

use super::client::READY;
use podproof_core::evidence::{Evidence, Exec, Fact, Missing, ProbeReport};
use podproof_core::judge::Inquiry;

/// The errors with which the network refuses a connection. A timeout is not one of them.
const REFUSALS: [&str; 4] = ["ECONNREFUSED", "ECONNRESET", "EHOSTUNREACH", "ENETUNREACH"];

/// The bodies of the servers in the manifests, besides the case's token.
const TEXTS: [&str; 8] = ["one", "two", "three", "outside", "beacon", "steady", "wavering", "Hello world!"];

/// The footer of nginx's own error pages.
const NGINX: &str = "<hr><center>nginx";

/// The result of a client's request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Response {
    /// A server responded, with this HTTP status and body.
    Http(u64, String),
    /// The network refused the connection, with this error.
    Refused(String),
}

impl Response {
    /// Reads a report of the probe's `fetch`. A timeout is [`Missing`].
    fn read(report: &ProbeReport) -> Result<Self, Missing> {
        if report.ok() {
            return Ok(Self::Http(report.number("status")?, report.text("body")?.to_owned()));
        }
        match report.text("errno") {
            Ok(errno) if REFUSALS.contains(&errno) => Ok(Self::Refused(errno.to_owned())),
            _ => Err(Missing::new(format!("a response of a server or a refused connection ({report})"))),
        }
    }

    /// Returns whether the status is 200 and the body is `body`.
    pub(super) fn is_ok_with(&self, body: &str) -> bool {
        matches!(self, Self::Http(200, text) if text == body)
    }

    /// Requires that a response comes from a server of this case. A proxy between the pods, such as that of a service
    /// mesh, may respond itself, which says nothing about the servers behind it.
    pub(super) fn premise_own_server(&self, seen: &Evidence, label: &str) -> Result<(), Missing> {
        self.premise_from(label, |body| is_own_body(seen, body))
    }

    fn premise_from(&self, label: &str, from: impl Fn(&str) -> bool) -> Result<(), Missing> {
        let known = match self {
            Self::Http(_, body) => from(body),
            Self::Refused(_) => true,
        };
        Inquiry::premise(
            &format!("a response to {label} from one of the case's servers (another server: {self})"),
            known,
        )
    }
}

impl fmt::Display for Response {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Http(status, body) => write!(f, "status {status} and {body:?}"),
            Self::Refused(errno) => write!(f, "no server ({errno})"),
        }
    }
}

/// Returns whether a server of this case responds with this body. One of them appends the client's address.
fn is_own_body(seen: &Evidence, body: &str) -> bool {
    let text = body.split_once(' ').map_or(body, |(text, _)| text);
    TEXTS.contains(&body) || text == seen.token
}

/// Requires that a response to the request `label` came from a server of this case. Before the proxies know the IP of a
/// service, requests to it may leave the cluster and reach another server.
pub(super) fn premise_own_response(seen: &Evidence, label: &str) -> Result<(), Missing> {
    response(seen, label)?.value.premise_own_server(seen, label)
}

/// Requires that `body`, one of the responses to the requests `label`, came from a server of this case.
pub(super) fn premise_own_body(seen: &Evidence, label: &str, body: &str) -> Result<(), Missing> {
    let what = format!("responses to {label} only from the case's servers (another server: {body:?})");
    Inquiry::premise(&what, is_own_body(seen, body))
}

/// Requires that some server responded to the request `label`.
pub(super) fn premise_any_response(seen: &Evidence, label: &str) -> Result<(), Missing> {
    let response = response(seen, label)?.value;
    let reached = matches!(response, Response::Http(..));
    Inquiry::premise(&format!("a response to {label} ({response})"), reached)
}

/// Returns the response to the request `label`.
pub(super) fn response(seen: &Evidence, label: &str) -> Result<Fact<Response>, Missing> {
    let report = seen.exec_report(label, "fetch")?;
    Ok(Fact { value: Response::read(&report.value)?, pointer: report.pointer })
}

/// Asserts that the response to the request `label` had status 200 and `body`.
pub(super) fn assert_response(
    seen: &Evidence,
    inquiry: &mut Inquiry,
    assertion: &str,
    (label, body): (&str, &str),
) -> Result<(), Missing> {
    let response = response(seen, label)?;
    response.value.premise_own_server(seen, label)?;
    assert_ok_with(seen, inquiry, assertion, response, (label, body))
}

/// Like [`assert_response`], for a request through nginx, which responds with its own error page if its backend fails.
pub(super) fn assert_response_through_nginx(
    seen: &Evidence,
    inquiry: &mut Inquiry,
    assertion: &str,
    (label, body): (&str, &str),
) -> Result<(), Missing> {
    let response = response(seen, label)?;
    response.value.premise_from(label, |body| is_own_body(seen, body) || body.contains(NGINX))?;
    assert_ok_with(seen, inquiry, assertion, response, (label, body))
}

fn assert_ok_with(
    seen: &Evidence,
    inquiry: &mut Inquiry,
    assertion: &str,
    response: Fact<Response>,
    (label, body): (&str, &str),
) -> Result<(), Missing> {
    let Fact { value, pointer } = response;
    if !matches!(value, Response::Http(200, _)) {
        // If the same request succeeded before, the server has gone since, and the path to it is not at fault.
        let what = format!("a server that kept running ({label} had status 200 before, then {value})");
        Inquiry::premise(&what, !succeeded_before(seen, label)?)?;
    }
    let expected = format!("status 200 and {body:?}");
    inquiry.assert(assertion, value.is_ok_with(body), expected, value.to_string(), pointer);
    Ok(())
}

/// Returns whether an earlier attempt of the request `label` got a response with status 200.
fn succeeded_before(seen: &Evidence, label: &str) -> Result<bool, Missing> {
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

/// Asserts that the network refused the request `label`.
pub(super) fn assert_refused(
    seen: &Evidence,
    inquiry: &mut Inquiry,
    assertion: &str,
    label: &str,
) -> Result<(), Missing> {
    let response = response(seen, label)?;
    response.value.premise_own_server(seen, label)?;
    let holds = matches!(response.value, Response::Refused(_));
    inquiry.assert(assertion, holds, "no server", response.value.to_string(), response.pointer);
    Ok(())
}

/// Requires that the response to the request `label` had status 200 and `body`, so that the path to the server works.
pub(super) fn premise_response(seen: &Evidence, label: &str, body: &str) -> Result<(), Missing> {
    let response = response(seen, label)?.value;
    Inquiry::premise(&format!("{body:?} in response to {label} ({response})"), response.is_ok_with(body))
}
