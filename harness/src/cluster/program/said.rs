//! What a program said: the end of it.

use tokio::io::{AsyncRead, AsyncReadExt as _};

use crate::redact::redacted;

/// How much of what a program says is kept: the end of it.
const KEPT: usize = 4 << 20;
/// How many last lines of standard error an error shows.
const SHOWN_LINES: usize = 12;

/// What a program that ended well said.
#[derive(Debug)]
pub struct Output {
    /// Standard output, unless it went to a file.
    pub stdout: String,
    /// Standard error.
    pub stderr: String,
}

/// Reads a stream to its end.
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

/// What an error shows of what was said.
pub(super) fn last_lines(stderr: &str, stdout: &str) -> String {
    let text = if stderr.trim().is_empty() { stdout } else { stderr };
    let lines: Vec<_> = text.lines().filter(|line| !line.trim().is_empty()).collect();
    redacted(&lines[lines.len().saturating_sub(SHOWN_LINES)..].join("\n")).into_owned()
}
