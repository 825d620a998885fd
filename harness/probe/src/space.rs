//! Fills files, and allocates memory.

use std::fs::File;
use std::hint;
use std::io::{self, Write as _};
use std::mem;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use crate::args::{Options, UsageError};
use crate::errno;
use crate::json::Fields;
use crate::report::{Log, Next};
use crate::sys::disk;
use crate::verb::Verb;

/// The largest `--block`, in bytes.
const MAX_BLOCK: usize = 16 << 20;

/// Bytes allocated per step.
const STEP: u64 = 1 << 20;

/// `fill` or `allocate`
#[derive(Debug)]
pub(crate) enum Space {
    /// Writes zeros to a file.
    Fill {
        path: PathBuf,
        /// How many bytes.
        bytes: u64,
        /// Bytes per write.
        block: usize,
    },
    /// Allocates memory.
    Allocate {
        /// How many bytes.
        bytes: u64,
        /// The pause after each step.
        pause: Duration,
    },
}

impl Space {
    /// Parses the options of `fill`.
    pub(crate) fn fill(options: &mut Options) -> Result<Verb, UsageError> {
        let path = options.required("path")?.into();
        let bytes = options.parsed_required("bytes")?;
        let block = options.parsed_or("block", 65536)?;
        if block == 0 || block > MAX_BLOCK {
            return Err(
                options.usage_error(&format!("cannot take --block `{block}`: it must be 1 to {MAX_BLOCK}"))
            );
        }
        Ok(Verb::Space(Self::Fill { path, bytes, block }))
    }

    /// Parses the options of `allocate`.
    pub(crate) fn allocate(options: &mut Options) -> Result<Verb, UsageError> {
        let bytes = options.parsed_required("bytes")?;
        let pause = Duration::from_millis(options.parsed_or("step-ms", 0)?);
        Ok(Verb::Space(Self::Allocate { bytes, pause }))
    }

    pub(crate) fn run(self, log: &mut Log) -> io::Result<Next> {
        match self {
            Self::Fill { path, bytes, block } => {
                disk::survive_file_limit();
                let mut written = 0;
                let result = fill(&path, bytes, block, &mut written);
                let params = Fields::new()
                    .text("path", path.as_os_str().as_bytes())
                    .number("bytes_written", written)
                    .flag("complete", result.is_ok());
                let result = match result {
                    Ok(()) => Ok(Fields::new()),
                    // A full disk is a result: `bytes_written` shows how much fit.
                    Err(error) if is_full(&error) => {
                        let name = errno::name(&error).unwrap_or_default();
                        Ok(Fields::new().text("errno", name.as_bytes()))
                    }
                    Err(error) => Err(error),
                };
                log.attempt("fill", params, result)
            }
            Self::Allocate { bytes, pause } => {
                let result = allocate(bytes, pause).map(|()| Fields::new().text("state", "allocated"));
                log.act("allocate", Fields::new().number("bytes", bytes), result)
            }
        }
    }
}

fn is_full(error: &io::Error) -> bool {
    matches!(error.raw_os_error(), Some(libc::ENOSPC | libc::EDQUOT))
}

fn fill(path: &Path, bytes: u64, block: usize, written: &mut u64) -> io::Result<()> {
    let zeros = vec![0; block];
    let mut file = File::create(path)?;
    while *written < bytes {
        let left = usize::try_from(bytes - *written).unwrap_or(usize::MAX).min(block);
        match file.write(&zeros[..left]) {
            Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
            Ok(length) => *written += u64::try_from(length).map_err(io::Error::other)?,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    // Some filesystems report a full disk only here.
    file.sync_all()
}

/// Allocates memory and keeps it until the process ends.
fn allocate(bytes: u64, pause: Duration) -> io::Result<()> {
    let mut left = bytes;
    while left > 0 {
        let step = left.min(STEP);
        let length = usize::try_from(step).map_err(io::Error::other)?;
        let mut piece: Vec<u8> = Vec::new();
        // An ordinary allocation aborts the process on failure.
        piece.try_reserve_exact(length).map_err(|_| io::Error::from_raw_os_error(libc::ENOMEM))?;
        // Only written pages count as used, and pages of ones cannot share the zero page.
        piece.resize(length, 1);
        mem::forget(hint::black_box(piece));
        left -= step;
        if !pause.is_zero() && left > 0 {
            thread::sleep(pause);
        }
    }
    Ok(())
}
