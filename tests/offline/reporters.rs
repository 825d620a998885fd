//! Live reporters that cannot write.

use std::fs;
use std::io::{self, Write};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use podproof_core::report::{LiveLines, Reporters, Styles};

use crate::record::{case, checked, fail, record};
use crate::terminal::{events, live};

/// A stream that fails after a number of bytes.
#[derive(Clone, Default)]
struct Stream {
    taken: Arc<Mutex<Vec<u8>>>,
    limit: Option<(usize, io::ErrorKind)>,
}

impl Stream {
    fn text(&self) -> String {
        let taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        String::from_utf8_lossy(&taken).into_owned()
    }
}

impl Write for Stream {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        match self.limit {
            Some((limit, kind)) if taken.len() + bytes.len() > limit => Err(kind.into()),
            _ => {
                taken.extend_from_slice(bytes);
                Ok(bytes.len())
            }
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_failed_reporter_is_reported_and_the_others_go_on() {
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("events.jsonl");
    let nowhere = folder.path().join("no/events.jsonl");
    let full = Stream { limit: Some((1000, io::ErrorKind::StorageFull)), ..Stream::default() };
    let gone = Stream { limit: Some((0, io::ErrorKind::BrokenPipe)), ..Stream::default() };
    let whole = Stream::default();
    let mut reporters = Reporters::new()
        .log(nowhere.clone())
        .json("stdout", full.clone())
        .json("stdout", gone)
        .live("stderr", whole.clone(), LiveLines::new(Styles::default()))
        .log(log.clone());
    let events = events(&checked());
    for event in &events {
        reporters.write_event(event);
    }
    let faults: Vec<_> = reporters.close().iter().map(ToString::to_string).collect();
    assert_eq!(faults, [format!("write {}", nowhere.display()), "write to stdout".to_owned()]);

    assert_eq!(whole.text(), live(&checked()));
    assert_eq!(fs::read_to_string(&log).unwrap().lines().count(), events.len());
    // Only complete lines were written.
    assert!(full.text().ends_with("}\n"), "{}", full.text());
}

#[test]
fn the_log_is_on_disk_while_the_run_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("events.jsonl");
    let mut reporters = Reporters::new().log(PathBuf::clone(&log));
    for (event, number) in events(&record("check", &[case("volume/a", 1, &fail(&["x"]))])).iter().zip(1..) {
        reporters.write_event(event);
        assert_eq!(fs::read_to_string(&log).unwrap().lines().count(), number);
    }
}
