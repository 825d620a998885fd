//! Offline suite.
