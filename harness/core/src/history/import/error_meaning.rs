//! What an `<error>` means in an imported report.

/// The meaning of an `<error>` in a report, which differs between tools.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ErrorMeaning {
    /// The result is inconclusive, as with Ginkgo, pytest, nextest and podproof.
    #[default]
    Inconclusive,
    /// The test failed with an exception, as with Surefire.
    Failures,
}
