//! Starts of a process, counted in a file that outlives it.

use std::fs::OpenOptions;
use std::io::{self, Read as _, Write as _};
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

use crate::args::{Options, Usage};
use crate::json::Fields;
use crate::report::{Log, Next};
use crate::verb::Verb;

/// What a start does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Turn {
    /// It exits with this code.
    Exit(u8),
    /// It goes on.
    GoOn,
}

impl Turn {
    fn read(text: &str) -> Option<Self> {
        if text == "-" { Some(Self::GoOn) } else { text.parse().ok().map(Self::Exit) }
    }
}

/// `count-start` or `exit-nth`
#[derive(Debug)]
pub(crate) struct Start {
    path: PathBuf,
    /// What the first starts do; the last one is for all later starts as well.
    codes: Option<Vec<Turn>>,
}

impl Start {
    /// Reads `count-start`.
    pub(crate) fn count(options: &mut Options) -> Result<Verb, Usage> {
        Ok(Verb::Start(Self { path: options.required("path")?.into(), codes: None }))
    }

    /// Reads `exit-nth`.
    pub(crate) fn exit(options: &mut Options) -> Result<Verb, Usage> {
        let given = options.required("codes")?;
        let codes: Option<Vec<Turn>> =
            given.to_str().and_then(|text| text.split(',').map(Turn::read).collect());
        let codes = codes.ok_or_else(|| {
            options.complaint(&format!(
                "cannot take --codes `{}`: they are numbers to 255, or dashes, with commas between them",
                given.display()
            ))
        })?;
        Ok(Verb::Start(Self { path: options.required("path")?.into(), codes: Some(codes) }))
    }

    /// Does it.
    pub(crate) fn run(self, log: &mut Log) -> io::Result<Next> {
        let asked = Fields::new().text("path", self.path.as_os_str().as_bytes());
        let counted = count(&self.path);
        let Some(codes) = &self.codes else {
            return log.act(
                "count-start",
                asked,
                counted.map(|number| Fields::new().number("number", number)),
            );
        };
        match counted {
            Ok(number) => match nth(codes, number) {
                Turn::Exit(code) => {
                    log.done("exit-nth", &asked.number("number", number).number("code", code))?;
                    Ok(Next::End(code))
                }
                Turn::GoOn => log.done("exit-nth", &asked.number("number", number)),
            },
            Err(error) => log.act("exit-nth", asked, Err(error)),
        }
    }
}

fn nth(codes: &[Turn], number: u64) -> Turn {
    let index = usize::try_from(number.saturating_sub(1)).unwrap_or(usize::MAX);
    codes.get(index).or(codes.last()).copied().unwrap_or(Turn::Exit(0))
}

/// Adds a line with the number of the line, on the disk before it counts.
fn count(path: &Path) -> io::Result<u64> {
    let mut file = OpenOptions::new().read(true).append(true).create(true).open(path)?;
    // Two processes that start at the same time are two starts. The lock goes with the file.
    file.lock()?;
    let mut text = Vec::new();
    file.read_to_end(&mut text)?;
    // What stands behind the last line end is the line to come.
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
    fn the_last_code_is_that_of_all_later_starts() {
        let codes = [Turn::Exit(3), Turn::Exit(4), Turn::GoOn];
        let turns = [1, 2, 3, 9].map(|number| nth(&codes, number));
        assert_eq!(turns, [Turn::Exit(3), Turn::Exit(4), Turn::GoOn, Turn::GoOn]);
        assert_eq!(nth(&[], 1), Turn::Exit(0));
    }
}
