//! Assertions about reports of the probe.

use super::inquiry::Inquiry;
use crate::evidence::{Fact, Missing, ProbeReport};

const NOTHING: &str = "nothing (ENOENT)";

/// The error codes that mean that an operation is not permitted.
const REFUSALS: [&str; 3] = ["EACCES", "EPERM", "EROFS"];

impl Inquiry {
    /// Asserts that the probe found something, and that its text `field` is `expected`.
    pub fn assert_found(
        &mut self,
        assertion: &str,
        look: &Fact<ProbeReport>,
        field: &str,
        expected: &str,
    ) -> Result<(), Missing> {
        let seen = if look.value.present()? { Some(look.value.text(field)?) } else { None };
        let text = seen.map_or_else(|| NOTHING.to_owned(), |text| format!("{text:?}"));
        self.assert(assertion, seen == Some(expected), format!("{expected:?}"), text, &look.pointer);
        Ok(())
    }

    /// Asserts that the probe found nothing, as reported by the system.
    pub fn assert_absent(&mut self, assertion: &str, look: &Fact<ProbeReport>) -> Result<(), Missing> {
        let absent = !look.value.present()?;
        self.assert(assertion, absent, NOTHING, look.value.to_string(), &look.pointer);
        Ok(())
    }

    /// Asserts that the folder listed by the probe is empty.
    pub fn assert_empty(&mut self, assertion: &str, list: &Fact<ProbeReport>) -> Result<(), Missing> {
        Self::premise("a folder that can be listed", list.value.present()?)?;
        let empty = list.value.number("count")? == 0;
        let names = list.value.field("names")?.to_string();
        self.assert(assertion, empty, "an empty folder", names, &list.pointer);
        Ok(())
    }

    /// Asserts that the operation of the probe was permitted.
    pub fn assert_allowed(&mut self, assertion: &str, report: &Fact<ProbeReport>) -> Result<(), Missing> {
        let refused = refusal(&report.value)?;
        let seen = refused.map_or_else(String::new, |errno| format!("refused with {errno}"));
        self.assert(assertion, refused.is_none(), "no refusal", seen, &report.pointer);
        Ok(())
    }

    /// Asserts that the system refused the operation of the probe with `errno`.
    pub fn assert_refused(
        &mut self,
        assertion: &str,
        report: &Fact<ProbeReport>,
        errno: &str,
    ) -> Result<(), Missing> {
        let refused = refusal(&report.value)?;
        let seen = refused.map_or_else(|| report.value.to_string(), str::to_owned);
        self.assert(assertion, refused == Some(errno), errno, seen, &report.pointer);
        Ok(())
    }

    /// The error code of the probe's operation if it is one of `answers`; `None` if the operation succeeded. Any other
    /// error, such as too little memory or too many open files, is a problem of the node and does not answer the
    /// question.
    pub fn errno_among<'r>(report: &'r ProbeReport, answers: &[&str]) -> Result<Option<&'r str>, Missing> {
        let errno = report.text("errno").ok();
        let answered = errno.map_or_else(|| report.ok(), |errno| answers.contains(&errno));
        if answered {
            return Ok(errno);
        }
        let errno = errno.unwrap_or("without a cause");
        Err(Missing::new(format!(
            "an answer of the system to the probe's `{}` ({errno}: {report})",
            report.verb()
        )))
    }

    /// Requires that the probe found nothing, because otherwise a later finding would prove nothing.
    pub fn premise_absent(what: &str, look: &Fact<ProbeReport>) -> Result<(), Missing> {
        Self::premise(what, !look.value.present()?)
    }
}

/// The error code of a refused operation; `None` if it succeeded. Any other failure does not answer the question.
fn refusal(report: &ProbeReport) -> Result<Option<&str>, Missing> {
    if report.ok() {
        return Ok(None);
    }
    let errno = report.text("errno").ok().filter(|errno| REFUSALS.contains(errno));
    errno.map(Some).ok_or_else(|| Missing::new(format!("whether `{}` is allowed ({report})", report.verb())))
}
