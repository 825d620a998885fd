//! Assertions about what the probe found where it looked.

use super::inquiry::Inquiry;
use crate::evidence::{Fact, Missing, ProbeReport};

const NOTHING: &str = "nothing (ENOENT)";

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

    /// Requires that the probe found nothing there, because otherwise what is found later proves nothing.
    pub fn premise_absent(what: &str, look: &Fact<ProbeReport>) -> Result<(), Missing> {
        Self::premise(what, !look.value.present()?)
    }
}
