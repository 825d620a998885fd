//! Live suite.
