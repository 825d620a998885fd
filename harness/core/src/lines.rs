//! A file of JSON lines that is appended to during a run, so that a killed process loses at most the last line.

use std::fs::{File, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Mutex, PoisonError};
use std::thread::{self, JoinHandle};

use serde::Serialize;

use crate::disk::read_bytes;

/// A file of lines. A separate thread writes it, so that a slow disk delays nothing.
#[derive(Debug)]
pub struct LineFile {
    file: PathBuf,
    lines: Sender<Option<String>>,
    writing: Mutex<Option<JoinHandle<io::Result<()>>>>,
}

impl LineFile {
    /// Creates or truncates the file and writes the first line.
    pub fn begin(file: PathBuf, first: &impl Serialize) -> Self {
        let (lines, coming) = channel();
        let to = file.clone();
        let writing = thread::Builder::new().name("lines".to_owned()).spawn(move || {
            let mut open = OpenOptions::new().create(true).write(true).truncate(true).open(to)?;
            write_lines(&mut open, &coming)
        });
        // A thread that cannot be started is reported by `end`.
        let writing = writing.unwrap_or_else(|error| thread::spawn(move || Err(error)));
        let begun = Self { file, lines, writing: Mutex::new(Some(writing)) };
        begun.add(first);
        begun
    }

    /// Appends a line. Failures are reported by `end`.
    pub fn add(&self, line: &impl Serialize) {
        if let Ok(line) = serde_json::to_string(line) {
            let _ = self.lines.send(Some(line));
        }
    }

    /// Waits until all lines are written. Returns why the file is incomplete, if it is.
    pub fn end(&self) -> Option<String> {
        let _ = self.lines.send(None);
        let writing = self.writing.lock().unwrap_or_else(PoisonError::into_inner).take()?;
        let written = writing.join().unwrap_or_else(|_| Err(io::Error::other("its writer panicked")));
        let name = self.file.file_name().unwrap_or_default().display();
        written.err().map(|error| format!("write {name}: {error}"))
    }
}

/// Writes each line with one call, before it waits for the next.
fn write_lines(file: &mut File, coming: &Receiver<Option<String>>) -> io::Result<()> {
    while let Ok(Some(line)) = coming.recv() {
        file.write_all(format!("{line}\n").as_bytes())?;
    }
    Ok(())
}

/// The text of a file of at most `most` bytes, up to its last line end. The process may have been killed while it wrote
/// the rest, which may end within a character.
pub fn whole_lines(file: &Path, most: u64) -> io::Result<String> {
    let mut bytes = read_bytes(file, most)?;
    bytes.truncate(bytes.iter().rposition(|byte| *byte == b'\n').unwrap_or_default());
    String::from_utf8(bytes).map_err(io::Error::other)
}
