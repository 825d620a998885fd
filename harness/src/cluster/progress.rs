//! Long steps that say what they do.

use std::time::{Duration, Instant};

use tokio::time::interval;

/// How often a step that goes on says so.
const EVERY: Duration = Duration::from_secs(20);

/// Says one line to whoever waits.
macro_rules! talk {
    ($($words:tt)*) => { tracing::info!(target: "podproof::talk", $($words)*) };
}
pub(super) use talk;

/// Does `work`; says when it starts, that it goes on, and how long it took.
pub(super) async fn step<T, E>(what: &str, work: impl Future<Output = Result<T, E>>) -> Result<T, E> {
    let start = Instant::now();
    talk!("{what} …");
    let mut beat = interval(EVERY);
    // The first beat comes at once.
    beat.tick().await;
    tokio::pin!(work);
    let result = loop {
        tokio::select! {
            result = &mut work => break result,
            _ = beat.tick() => talk!("{what}: {} s so far", start.elapsed().as_secs()),
        }
    };
    let seconds = start.elapsed().as_secs_f32();
    let end = if result.is_ok() { "done in" } else { "failed after" };
    talk!("{what}: {end} {seconds:.1} s");
    result
}
