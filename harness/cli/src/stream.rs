//! stdout and stderr, each written by its own thread, so that a reader that does not read cannot block podproof.

use std::fs::File;
use std::io::{self, Write};
use std::mem;
use std::os::fd::{AsFd, OwnedFd};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, poll};

/// How many bytes are written at once. Each completed write shows that the reader is reading.
const CHUNK: usize = 4096;

/// How many bytes may be buffered for a slow reader.
const MAX_PENDING: usize = 64 << 20;

/// How often `drain` checks its time limit.
const TICK: Duration = Duration::from_millis(50);

/// The stream for data.
pub fn stdout() -> &'static Stream {
    static STDOUT: OnceLock<Stream> = OnceLock::new();
    STDOUT.get_or_init(|| Stream::of(io::stdout().as_fd().try_clone_to_owned()))
}

/// The stream for progress and errors.
pub fn stderr() -> &'static Stream {
    static STDERR: OnceLock<Stream> = OnceLock::new();
    STDERR.get_or_init(|| Stream::of(io::stderr().as_fd().try_clone_to_owned()))
}

/// A buffered stream whose writes never block.
#[derive(Clone)]
pub struct Stream(Arc<Shared>);

#[derive(Default)]
struct Shared {
    state: Mutex<StreamState>,
    changed: Condvar,
}

#[derive(Default)]
struct StreamState {
    /// Bytes that the thread has not taken yet.
    pending: Vec<u8>,
    /// The number of unwritten bytes, including those that the thread has taken.
    left: usize,
    /// The error that stopped the stream.
    fault: Option<io::Error>,
}

impl Stream {
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

    /// Buffers all of `bytes`. Fails if the stream was stopped by an error.
    pub fn push(&self, bytes: &[u8]) -> io::Result<()> {
        let mut state = self.0.lock();
        if let Some(fault) = &state.fault {
            return Err(copy_error(fault));
        }
        state.pending.extend_from_slice(bytes);
        state.left += bytes.len();
        self.0.changed.notify_all();
        Ok(())
    }

    /// Waits until everything is written. `patience` returns how long to wait for a reader that does not read; `None`
    /// means no limit. After a timeout the stream is stopped.
    pub fn drain(&self, patience: impl Fn() -> Option<Duration>) -> io::Result<()> {
        let mut state = self.0.lock();
        let (mut left, mut since) = (state.left, Instant::now());
        loop {
            if let Some(fault) = &state.fault {
                return Err(copy_error(fault));
            }
            if state.left == 0 {
                return Ok(());
            }
            if state.left != left {
                (left, since) = (state.left, Instant::now());
            }
            if patience().is_some_and(|longest| since.elapsed() >= longest) {
                state.give_up(io::Error::new(io::ErrorKind::TimedOut, "its reader does not read"));
                continue;
            }
            let waited = self.0.changed.wait_timeout(state, TICK);
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }
}

/// For reporters. Fails if the reader is too slow.
impl Write for Stream {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.0.lock().left > MAX_PENDING {
            return Err(io::Error::new(io::ErrorKind::TimedOut, "its reader is too slow"));
        }
        self.push(bytes).map(|()| bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, StreamState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Writes all buffered bytes until an error occurs.
    fn write_to(&self, out: &File) {
        loop {
            for chunk in self.next().chunks(CHUNK) {
                let written = write_chunk(out, chunk);
                let mut state = self.lock();
                match written {
                    Ok(()) => state.left = state.left.saturating_sub(chunk.len()),
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

impl StreamState {
    fn give_up(&mut self, fault: io::Error) {
        (self.pending, self.left) = (Vec::new(), 0);
        self.fault.get_or_insert(fault);
    }
}

/// Writes all of `chunk`, even if the file descriptor is in non-blocking mode.
fn write_chunk(mut out: &File, mut chunk: &[u8]) -> io::Result<()> {
    while !chunk.is_empty() {
        match out.write(chunk) {
            Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
            Ok(count) => chunk = &chunk[count..],
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                poll(&mut [PollFd::new(out, PollFlags::OUT)], None)?;
            }
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// Copies an error, which is not `Clone`.
fn copy_error(error: &io::Error) -> io::Error {
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
    fn a_reader_gets_all_bytes_in_order() {
        let (mut reader, stream) = pipe();
        let text: Vec<u8> = (0..1 << 20).map(|number: u32| number.to_le_bytes()[0]).collect();
        let reading = thread::spawn(move || {
            let mut all = Vec::new();
            reader.by_ref().take(1 << 20).read_to_end(&mut all).map(|_| all)
        });
        for chunk in text.chunks(100_000) {
            stream.push(chunk).unwrap();
        }
        stream.drain(|| None).unwrap();
        assert!(reading.join().unwrap().unwrap() == text);
    }

    #[test]
    fn drain_does_not_wait_for_a_reader_that_does_not_read() {
        let (_reader, stream) = pipe();
        stream.push(&vec![b'x'; 1 << 20]).unwrap();
        let ended = stream.drain(|| Some(Duration::from_millis(100)));
        assert_eq!(ended.unwrap_err().kind(), io::ErrorKind::TimedOut);
        // The second call must not wait again.
        let ended = stream.drain(|| None);
        assert_eq!(ended.unwrap_err().kind(), io::ErrorKind::TimedOut);
    }

    #[test]
    fn drain_waits_for_a_slow_reader() {
        let (mut reader, stream) = pipe();
        stream.push(&vec![b'x'; 1 << 18]).unwrap();
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
    fn a_closed_reader_is_an_error() {
        let (reader, mut stream) = pipe();
        drop(reader);
        stream.push(b"x").unwrap();
        assert_eq!(stream.drain(|| None).unwrap_err().kind(), io::ErrorKind::BrokenPipe);
        assert_eq!(stream.write(b"x").unwrap_err().kind(), io::ErrorKind::BrokenPipe);
    }
}
