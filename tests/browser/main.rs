//! The pages in a real browser: what a reader sees, and what a hostile log cannot do.
//!
//! Needs Debian's `chromium` and `chromium-driver`, which `ci/setup.sh --tests` installs if they are missing. The
//! library makes the pages from records and evidence that the tests write; nothing is fetched.
#![expect(clippy::unwrap_used, reason = "a test panics where something is wrong")]

mod browser;
mod driver;
mod hostile;
mod keyboard;
mod large;
mod looks;
mod pages;
#[expect(dead_code, reason = "shared with the offline suite, which needs all of it")]
#[path = "../offline/record.rs"]
mod record;
