//! The streams of this process, each written by a thread of its own: who does not read them holds nobody.

use std::fs::File;
use std::io::{self, Write};
use std::mem;
use std::os::fd::{AsFd, OwnedFd};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, poll};

/// How many bytes are written at once: after each it is known that somebody reads.
const PIECE: usize = 4096;

/// How many bytes may wait for who reads slowly.
const MOST: usize = 64 << 20;

/// How often who waits for the reader looks whether a signal came.
const TICK: Duration = Duration::from_millis(50);

/// Where data goes.
pub fn stdout() -> &'static Stream {
    static STDOUT: OnceLock<Stream> = OnceLock::new();
    STDOUT.get_or_init(|| Stream::of(io::stdout().as_fd().try_clone_to_owned()))
}

/// Where talk goes.
pub fn stderr() -> &'static Stream {
    static STDERR: OnceLock<Stream> = OnceLock::new();
    STDERR.get_or_init(|| Stream::of(io::stderr().as_fd().try_clone_to_owned()))
}

/// A stream that takes what it is given at once, and passes it on as fast as it is read.
#[derive(Clone)]
pub struct Stream(Arc<Shared>);

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    /// What the thread has not taken yet.
    pending: Vec<u8>,
    /// How many bytes are not written yet, with those that the thread has taken.
    left: usize,
    /// Why nothing is written any more.
    fault: Option<io::Error>,
}

impl Stream {
    /// The stream that writes to `out`.
    fn of(out: io::Result<OwnedFd>) -> Self {
        let shared = Arc::new(Shared::default());
        let writing = Arc::clone(&shared);
        let started = out.and_then(|out| {
            thread::Builder::new().name("stream".to_owned()).spawn(move || writing.write_to(&File::from(out)))
        });
        if let Err(error) = started {
            shared.lock().fault = Some(error);
        }
        Self(shared)
    }

    /// Takes all of `bytes`, unless nothing can be written any more.
    pub fn take(&self, bytes: &[u8]) -> io::Result<()> {
        let mut state = self.0.lock();
        if let Some(fault) = &state.fault {
            return Err(again(fault));
        }
        state.pending.extend_from_slice(bytes);
        state.left += bytes.len();
        self.0.changed.notify_all();
        Ok(())
    }

    /// Waits until all is written. `patience` says how long to wait for a reader who reads nothing; `None` is for ever.
    /// After that nothing is written any more.
    pub fn drain(&self, patience: impl Fn() -> Option<Duration>) -> io::Result<()> {
        let mut state = self.0.lock();
        let (mut left, mut since) = (state.left, Instant::now());
        loop {
            if let Some(fault) = &state.fault {
                return Err(again(fault));
            }
            if state.left == 0 {
                return Ok(());
            }
            if state.left != left {
                (left, since) = (state.left, Instant::now());
            }
            if patience().is_some_and(|longest| since.elapsed() >= longest) {
                state.give_up(io::Error::new(io::ErrorKind::TimedOut, "nobody reads it"));
                continue;
            }
            let waited = self.0.changed.wait_timeout(state, TICK);
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }
}

/// For reporters: a reader who is too far behind gets nothing more.
impl Write for Stream {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.0.lock().left > MOST {
            return Err(io::Error::new(io::ErrorKind::TimedOut, "its reader is too far behind"));
        }
        self.take(bytes).map(|()| bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Writes whatever comes, until it cannot.
    fn write_to(&self, out: &File) {
        loop {
            for piece in self.next().chunks(PIECE) {
                let written = write_piece(out, piece);
                let mut state = self.lock();
                match written {
                    Ok(()) => state.left = state.left.saturating_sub(piece.len()),
                    Err(error) => state.give_up(error),
                }
                self.changed.notify_all();
                if state.fault.is_some() {
                    return;
                }
            }
        }
    }

    fn next(&self) -> Vec<u8> {
        let mut state = self.lock();
        while state.pending.is_empty() {
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        mem::take(&mut state.pending)
    }
}

impl State {
    fn give_up(&mut self, fault: io::Error) {
        (self.pending, self.left) = (Vec::new(), 0);
        self.fault.get_or_insert(fault);
    }
}

/// Writes all of `piece`, also where whoever started this process lets writes return at once.
fn write_piece(mut out: &File, mut piece: &[u8]) -> io::Result<()> {
    while !piece.is_empty() {
        match out.write(piece) {
            Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
            Ok(count) => piece = &piece[count..],
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                poll(&mut [PollFd::new(out, PollFlags::OUT)], None)?;
            }
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// The same error once more: one can be kept and shown.
fn again(error: &io::Error) -> io::Error {
    match error.raw_os_error() {
        Some(code) => io::Error::from_raw_os_error(code),
        None => io::Error::new(error.kind(), error.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use super::*;

    fn pipe() -> (io::PipeReader, Stream) {
        let (reader, writer) = io::pipe().unwrap();
        (reader, Stream::of(Ok(writer.into())))
    }

    #[test]
    fn what_is_read_arrives_whole_and_in_order() {
        let (mut reader, stream) = pipe();
        let text: Vec<u8> = (0..1 << 20).map(|number: u32| number.to_le_bytes()[0]).collect();
        let reading = thread::spawn(move || {
            let mut all = Vec::new();
            reader.by_ref().take(1 << 20).read_to_end(&mut all).map(|_| all)
        });
        for piece in text.chunks(100_000) {
            stream.take(piece).unwrap();
        }
        stream.drain(|| None).unwrap();
        assert!(reading.join().unwrap().unwrap() == text);
    }

    #[test]
    fn who_does_not_read_holds_nobody() {
        let (_reader, stream) = pipe();
        stream.take(&vec![b'x'; 1 << 20]).unwrap();
        let ended = stream.drain(|| Some(Duration::from_millis(100)));
        assert_eq!(ended.unwrap_err().kind(), io::ErrorKind::TimedOut);
        // It is not waited for twice.
        let ended = stream.drain(|| None);
        assert_eq!(ended.unwrap_err().kind(), io::ErrorKind::TimedOut);
    }

    #[test]
    fn who_reads_slowly_is_waited_for() {
        let (mut reader, stream) = pipe();
        stream.take(&vec![b'x'; 1 << 18]).unwrap();
        let reading = thread::spawn(move || {
            let (mut buffer, mut count) = (vec![0; 16 << 10], 0);
            while count < 1 << 18 {
                count += reader.read(&mut buffer).unwrap();
                thread::sleep(Duration::from_millis(20));
            }
        });
        stream.drain(|| Some(Duration::from_secs(10))).unwrap();
        reading.join().unwrap();
    }

    #[test]
    fn a_reader_who_went_away_is_an_error_and_no_panic() {
        let (reader, mut stream) = pipe();
        drop(reader);
        stream.take(b"x").unwrap();
        assert_eq!(stream.drain(|| None).unwrap_err().kind(), io::ErrorKind::BrokenPipe);
        assert_eq!(stream.write(b"x").unwrap_err().kind(), io::ErrorKind::BrokenPipe);
    }
}
