//! The addresses this process has.

use std::io;

use crate::args::{Options, Usage};
use crate::json::Fields;
use crate::report::{Log, Next};
use crate::sys::interfaces;
use crate::verb::Verb;

/// `addresses`
#[derive(Debug)]
pub(crate) struct Addresses;

impl Addresses {
    /// Reads `addresses`.
    #[expect(clippy::unnecessary_wraps, reason = "all verbs are read alike")]
    pub(crate) fn read(_: &mut Options) -> Result<Verb, Usage> {
        Ok(Verb::Addresses(Self))
    }

    /// Does it.
    #[expect(clippy::unused_self, reason = "all verbs are run alike")]
    pub(crate) fn run(self, log: &mut Log) -> io::Result<Next> {
        let result = interfaces::addresses().map(|found| {
            let listed: Vec<_> = found
                .iter()
                .map(|(interface, address)| {
                    Fields::new().text("interface", interface).text("address", address.to_string())
                })
                .collect();
            Fields::new().count("count", listed.len()).objects("addresses", &listed)
        });
        log.attempt("addresses", Fields::new(), result)
    }
}
