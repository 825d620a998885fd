//! Assertions about what the probe found where it looked.

use super::inquiry::Inquiry;
use crate::evidence::{Fact, Missing, ProbeReport};

const NOTHING: &str = "nothing (ENOENT)";

/// How the system says that somebody may not do something.
const REFUSALS: [&str; 3] = ["EACCES", "EPERM", "EROFS"];

impl Inquiry {
    /// Asserts that the probe found something there, and that the text called `field` of it is `expected`.
    pub fn assert_found(
        &mut self,
        assertion: &str,
        look: &Fact<ProbeReport>,
        field: &str,
        expected: &str,
    ) -> Result<(), Missing> {
        let seen = if look.value.present()? { Some(look.value.text(field)?) } else { None };
        let told = seen.map_or_else(|| NOTHING.to_owned(), |text| format!("{text:?}"));
        self.assert(assertion, seen == Some(expected), format!("{expected:?}"), told, &look.pointer);
        Ok(())
    }

    /// Asserts that the probe found nothing there, and that the system said so.
    pub fn assert_absent(&mut self, assertion: &str, look: &Fact<ProbeReport>) -> Result<(), Missing> {
        let absent = !look.value.present()?;
        self.assert(assertion, absent, NOTHING, look.value.to_string(), &look.pointer);
        Ok(())
    }

    /// Asserts that the folder the probe listed is empty.
    pub fn assert_empty(&mut self, assertion: &str, list: &Fact<ProbeReport>) -> Result<(), Missing> {
        Self::premise("a folder that can be listed", list.value.present()?)?;
        let empty = list.value.number("count")? == 0;
        let names = list.value.field("names")?.to_string();
        self.assert(assertion, empty, "an empty folder", names, &list.pointer);
        Ok(())
    }

    /// Asserts that the probe was allowed to do what it did.
    pub fn assert_allowed(&mut self, assertion: &str, deed: &Fact<ProbeReport>) -> Result<(), Missing> {
        let refused = refusal(&deed.value)?;
        let told = refused.map_or_else(String::new, |errno| format!("refused with {errno}"));
        self.assert(assertion, refused.is_none(), "no refusal", told, &deed.pointer);
        Ok(())
    }

    /// Asserts that the system refused what the probe was to do, with `errno`.
    pub fn assert_refused(
        &mut self,
        assertion: &str,
        deed: &Fact<ProbeReport>,
        errno: &str,
    ) -> Result<(), Missing> {
        let refused = refusal(&deed.value)?;
        let told = refused.map_or_else(|| deed.value.to_string(), str::to_owned);
        self.assert(assertion, refused == Some(errno), errno, told, &deed.pointer);
        Ok(())
    }

    /// The system's answer with which the probe's deed ended: one of `answers`, or none where it did not fail. Any other
    /// cause, such as too little memory or too many open files, is a matter of the node and no answer to the question.
    pub fn errno_among<'r>(deed: &'r ProbeReport, answers: &[&str]) -> Result<Option<&'r str>, Missing> {
        let errno = deed.text("errno").ok();
        let answered = errno.map_or_else(|| deed.ok(), |errno| answers.contains(&errno));
        if answered {
            return Ok(errno);
        }
        let errno = errno.unwrap_or("without a cause");
        Err(Missing::new(format!(
            "an answer of the system to the probe's `{}` ({errno}: {deed})",
            deed.verb()
        )))
    }

    /// Requires that the probe found nothing there, because otherwise what is found later proves nothing.
    pub fn premise_absent(what: &str, look: &Fact<ProbeReport>) -> Result<(), Missing> {
        Self::premise(what, !look.value.present()?)
    }
}

/// How the system refused what the probe was to do, where it did. Any other failure is no answer.
fn refusal(deed: &ProbeReport) -> Result<Option<&str>, Missing> {
    if deed.ok() {
        return Ok(None);
    }
    let errno = deed.text("errno").ok().filter(|errno| REFUSALS.contains(errno));
    errno.map(Some).ok_or_else(|| Missing::new(format!("whether `{}` is allowed ({deed})", deed.verb())))
}
