//! Counts the starts of a container in a file that survives restarts.

use std::fs::OpenOptions;
use std::io::{self, Read as _, Write as _};
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

use crate::args::{Options, UsageError};
use crate::json::Fields;
use crate::report::{Log, Next};
use crate::verb::Verb;

/// The action of `exit-nth` at one start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum StartAction {
    /// Exit with this code.
    Exit(u8),
    /// Continue with the next verb.
    Continue,
}

impl StartAction {
    fn parse(text: &str) -> Option<Self> {
        if text == "-" { Some(Self::Continue) } else { text.parse().ok().map(Self::Exit) }
    }
}

/// `count-start` or `exit-nth`
#[derive(Debug)]
pub(crate) struct Start {
    path: PathBuf,
    /// One action per start; the last one also applies to all later starts. `None` for `count-start`.
    codes: Option<Vec<StartAction>>,
}

impl Start {
    /// Parses the options of `count-start`.
    pub(crate) fn count(options: &mut Options) -> Result<Verb, UsageError> {
        Ok(Verb::Start(Self { path: options.required("path")?.into(), codes: None }))
    }

    /// Parses the options of `exit-nth`.
    pub(crate) fn exit(options: &mut Options) -> Result<Verb, UsageError> {
        let given = options.required("codes")?;
        let codes: Option<Vec<StartAction>> =
            given.to_str().and_then(|text| text.split(',').map(StartAction::parse).collect());
        let codes = codes.ok_or_else(|| {
            options.usage_error(&format!(
                "cannot take --codes `{}`: a code is a number up to 255 or a dash, and commas separate the codes",
                given.display()
            ))
        })?;
        Ok(Verb::Start(Self { path: options.required("path")?.into(), codes: Some(codes) }))
    }

    pub(crate) fn run(self, log: &mut Log) -> io::Result<Next> {
        let params = Fields::new().text("path", self.path.as_os_str().as_bytes());
        let counted = count(&self.path);
        let Some(codes) = &self.codes else {
            return log.act(
                "count-start",
                params,
                counted.map(|number| Fields::new().number("number", number)),
            );
        };
        match counted {
            Ok(number) => match nth(codes, number) {
                StartAction::Exit(code) => {
                    log.done("exit-nth", &params.number("number", number).number("code", code))?;
                    Ok(Next::Exit(code))
                }
                StartAction::Continue => log.done("exit-nth", &params.number("number", number)),
            },
            Err(error) => log.act("exit-nth", params, Err(error)),
        }
    }
}

fn nth(codes: &[StartAction], number: u64) -> StartAction {
    let index = usize::try_from(number.saturating_sub(1)).unwrap_or(usize::MAX);
    codes.get(index).or(codes.last()).copied().unwrap_or(StartAction::Exit(0))
}

/// Appends a line with its own number, and syncs it before returning the number.
fn count(path: &Path) -> io::Result<u64> {
    let mut file = OpenOptions::new().read(true).append(true).create(true).open(path)?;
    // Concurrent starts count separately. Closing the file releases the lock.
    file.lock()?;
    let mut text = Vec::new();
    file.read_to_end(&mut text)?;
    // The empty part after the last newline counts as the new line.
    let lines = text.split(|byte| *byte == b'\n').count();
    let number = u64::try_from(lines).map_err(io::Error::other)?;
    file.write_all(format!("{number}\n").as_bytes())?;
    file.sync_all()?;
    Ok(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_code_applies_to_all_later_starts() {
        let codes = [StartAction::Exit(3), StartAction::Exit(4), StartAction::Continue];
        let actions = [1, 2, 3, 9].map(|number| nth(&codes, number));
        assert_eq!(
            actions,
            [StartAction::Exit(3), StartAction::Exit(4), StartAction::Continue, StartAction::Continue]
        );
        assert_eq!(nth(&[], 1), StartAction::Exit(0));
    }
}
