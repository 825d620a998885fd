//! A chain of verbs: parsed completely before any verb runs, then run in order in one process.

use std::ffi::OsString;
use std::io;

use crate::args::{Options, UsageError};
use crate::report::{Log, Next};
use crate::verb::{self, Verb};

/// Parses `VERB [options] [then VERB [options]]…`.
pub(crate) fn parse(mut words: impl ExactSizeIterator<Item = OsString>) -> Result<Vec<Verb>, UsageError> {
    let mut verbs = Vec::new();
    while let Some(word) = words.next() {
        let Some(entry) = verb::find(&word) else {
            return Err(UsageError::new(format!("unknown verb `{}`", word.display())));
        };
        let mut options = Options::take(entry.name, entry.declared, &mut words)?;
        verbs.push((entry.parse)(&mut options)?);
    }
    if verbs.is_empty() {
        return Err(UsageError::new("no verb given"));
    }
    Ok(verbs)
}

/// Runs the verbs until one ends the chain. Returns the exit code.
pub(crate) fn run(verbs: Vec<Verb>, log: &mut Log) -> io::Result<u8> {
    for verb in verbs {
        match verb.run(log)? {
            Next::Continue => {}
            Next::Exit(code) => return Ok(code),
        }
    }
    Ok(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn count_verbs(line: &str) -> Result<usize, String> {
        let words: Vec<OsString> = line.split_whitespace().map(OsString::from).collect();
        parse(words.into_iter()).map(|verbs| verbs.len()).map_err(|usage| usage.to_string())
    }

    #[test]
    fn a_chain_has_one_verb_between_each_then() {
        assert_eq!(count_verbs("clocks"), Ok(1));
        assert_eq!(count_verbs("write --path /a --text b then read --path /a then hold --on-term 0"), Ok(3));
    }

    #[test]
    fn one_invalid_verb_rejects_the_whole_chain() {
        assert_eq!(count_verbs(""), Err("no verb given".into()));
        assert_eq!(count_verbs("clocks then dance"), Err("unknown verb `dance`".into()));
        assert_eq!(count_verbs("clocks then"), Err("`clocks` is followed by `then` without a verb".into()));
        assert_eq!(count_verbs("clocks then exit"), Err("`exit` needs --code".into()));
        assert_eq!(count_verbs("then clocks"), Err("unknown verb `then`".into()));
        assert_eq!(count_verbs("exit --code 256"), Err("`exit` cannot take --code `256`".into()));
    }
}
