//! A chain of verbs: read as a whole before anything runs, then run one after another in one process.

use std::ffi::OsString;
use std::io;

use crate::args::{Options, Usage};
use crate::report::{Log, Next};
use crate::verb::{self, Verb};

/// Reads `VERB [options] [then VERB [options]]…`.
pub(crate) fn read(mut words: impl ExactSizeIterator<Item = OsString>) -> Result<Vec<Verb>, Usage> {
    let mut verbs = Vec::new();
    while let Some(word) = words.next() {
        let Some(entry) = verb::find(&word) else {
            return Err(Usage::new(format!("there is no verb `{}`", word.display())));
        };
        let mut options = Options::take(entry.name, entry.declared, &mut words)?;
        verbs.push((entry.read)(&mut options)?);
    }
    if verbs.is_empty() {
        return Err(Usage::new("no verb given"));
    }
    Ok(verbs)
}

/// Runs the verbs until one ends the chain, and gives the exit code.
pub(crate) fn run(verbs: Vec<Verb>, log: &mut Log) -> io::Result<u8> {
    for verb in verbs {
        match verb.run(log)? {
            Next::GoOn => {}
            Next::End(code) => return Ok(code),
        }
    }
    Ok(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_words(line: &str) -> Result<usize, String> {
        let words: Vec<OsString> = line.split_whitespace().map(OsString::from).collect();
        read(words.into_iter()).map(|verbs| verbs.len()).map_err(|usage| usage.to_string())
    }

    #[test]
    fn a_chain_has_as_many_verbs_as_it_says() {
        assert_eq!(read_words("clocks"), Ok(1));
        assert_eq!(read_words("write --path /a --text b then read --path /a then hold --on-term 0"), Ok(3));
    }

    #[test]
    fn any_wrong_verb_spoils_the_whole_chain() {
        assert_eq!(read_words(""), Err("no verb given".into()));
        assert_eq!(read_words("clocks then dance"), Err("there is no verb `dance`".into()));
        assert_eq!(read_words("clocks then"), Err("`clocks` is followed by `then` without a verb".into()));
        assert_eq!(read_words("clocks then exit"), Err("`exit` needs --code".into()));
        assert_eq!(read_words("then clocks"), Err("there is no verb `then`".into()));
        assert_eq!(read_words("exit --code 256"), Err("`exit` cannot take --code `256`".into()));
    }
}
