//! Progress messages of long steps.

use std::time::{Duration, Instant};

use tokio::time::interval;

/// The interval of messages while a step is running.
const EVERY: Duration = Duration::from_secs(20);

/// Prints one progress line to stderr.
macro_rules! report_progress {
    ($($words:tt)*) => { tracing::info!(target: "podproof::progress", $($words)*) };
}
pub(crate) use report_progress;

/// Awaits `work` and reports its start, its progress and its duration.
pub(crate) async fn step<T, E>(what: &str, work: impl Future<Output = Result<T, E>>) -> Result<T, E> {
    let start = Instant::now();
    report_progress!("{what} …");
    let mut ticks = interval(EVERY);
    // The first tick completes immediately.
    ticks.tick().await;
    tokio::pin!(work);
    let result = loop {
        tokio::select! {
            result = &mut work => break result,
            _ = ticks.tick() => report_progress!("{what}: {} s so far", start.elapsed().as_secs()),
        }
    };
    let seconds = start.elapsed().as_secs_f32();
    let end = if result.is_ok() { "done in" } else { "failed after" };
    report_progress!("{what}: {end} {seconds:.1} s");
    result
}
