//! Lists the IP addresses of this network namespace.

use std::io;

use crate::args::{Options, UsageError};
use crate::json::Fields;
use crate::report::{Log, Next};
use crate::sys::interfaces;
use crate::verb::Verb;

/// `addresses`
#[derive(Debug)]
pub(crate) struct Addresses;

impl Addresses {
    /// Parses the options of `addresses`.
    #[expect(clippy::unnecessary_wraps, reason = "every parser has this signature")]
    pub(crate) fn parse(_: &mut Options) -> Result<Verb, UsageError> {
        Ok(Verb::Addresses(Self))
    }

    #[expect(clippy::unused_self, reason = "every verb has this signature")]
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
