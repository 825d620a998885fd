//! A file of JSON lines that grows while work goes on: who is killed loses what had not ended, and nothing else.

use std::fs::{File, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Mutex, PoisonError};
use std::thread::{self, JoinHandle};

use serde::Serialize;

use crate::disk::read_bytes;

/// A file of lines, written by a thread of its own: a slow disk must hold nobody up.
#[derive(Debug)]
pub(crate) struct LineFile {
    file: PathBuf,
    lines: Sender<Option<String>>,
    writing: Mutex<Option<JoinHandle<io::Result<()>>>>,
}

impl LineFile {
    /// Begins it with this line, in place of what the file held.
    pub(crate) fn begin(file: PathBuf, first: &impl Serialize) -> Self {
        let (lines, coming) = channel();
        let to = file.clone();
        let writing = thread::Builder::new().name("lines".to_owned()).spawn(move || {
            let mut open = OpenOptions::new().create(true).write(true).truncate(true).open(to)?;
            write_lines(&mut open, &coming)
        });
        // What cannot be begun is reported at its end.
        let writing = writing.unwrap_or_else(|error| thread::spawn(move || Err(error)));
        let begun = Self { file, lines, writing: Mutex::new(Some(writing)) };
        begun.add(first);
        begun
    }

    /// Adds a line. A file that cannot be written is no reason to stop: its end says so.
    pub(crate) fn add(&self, line: &impl Serialize) {
        if let Ok(line) = serde_json::to_string(line) {
            let _ = self.lines.send(Some(line));
        }
    }

    /// Ends it; what kept it from being whole, where something did.
    pub(crate) fn end(&self) -> Option<String> {
        let _ = self.lines.send(None);
        let writing = self.writing.lock().unwrap_or_else(PoisonError::into_inner).take()?;
        let written = writing.join().unwrap_or_else(|_| Err(io::Error::other("its writer panicked")));
        let name = self.file.file_name().unwrap_or_default().display();
        written.err().map(|error| format!("write {name}: {error}"))
    }
}

/// Each line whole, and on its way to the disk before the next is awaited.
fn write_lines(file: &mut File, coming: &Receiver<Option<String>>) -> io::Result<()> {
    while let Ok(Some(line)) = coming.recv() {
        file.write_all(format!("{line}\n").as_bytes())?;
    }
    Ok(())
}

/// The text of a file of at most `most` bytes up to its last line end: what follows was being written when the writer was
/// killed, and may end within a character.
pub(crate) fn whole_lines(file: &Path, most: u64) -> io::Result<String> {
    let mut bytes = read_bytes(file, most)?;
    bytes.truncate(bytes.iter().rposition(|byte| *byte == b'\n').unwrap_or_default());
    String::from_utf8(bytes).map_err(io::Error::other)
}
