//! What the two suites share.
