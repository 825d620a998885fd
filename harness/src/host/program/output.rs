//! The output of a program.

use tokio::io::{AsyncRead, AsyncReadExt as _};

use podproof_core::redact::redacted;

/// How many bytes are kept of each stream, counted from its end.
const KEPT: usize = 4 << 20;
/// How many of the last lines an error shows.
const SHOWN_LINES: usize = 12;

/// The output of a successful program.
#[derive(Debug)]
pub struct Output {
    /// Standard output; empty if it was written to a file.
    pub stdout: String,
    /// Standard error.
    pub stderr: String,
}

/// Reads a stream to its end and returns its last part.
pub(super) async fn keep_end(stream: Option<impl AsyncRead + Unpin>) -> String {
    let mut kept = Vec::new();
    let Some(mut stream) = stream else { return String::new() };
    let mut chunk = vec![0; 8192];
    while let Ok(read @ 1..) = stream.read(&mut chunk).await {
        kept.extend_from_slice(&chunk[..read]);
        if kept.len() > 2 * KEPT {
            kept.drain(..kept.len() - KEPT);
        }
    }
    String::from_utf8_lossy(&kept).into_owned()
}

/// The last lines of standard error, or of standard output if standard error is empty; redacted.
pub(super) fn last_lines(stderr: &str, stdout: &str) -> String {
    let text = if stderr.trim().is_empty() { stdout } else { stderr };
    let lines: Vec<_> = text.lines().filter(|line| !line.trim().is_empty()).collect();
    redacted(&lines[lines.len().saturating_sub(SHOWN_LINES)..].join("\n")).into_owned()
}
