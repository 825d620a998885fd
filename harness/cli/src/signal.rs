//! Signal handling: the first signal stops the run and cleans up, the second stops at once, the third ends the process.

use std::process;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::Duration;

use podproof::run::Interrupt;
use tokio::runtime::Runtime;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio_util::sync::CancellationToken;

use crate::exit::{Code, Failure};

/// How long to wait for a reader of stdout that does not read.
const READER_PATIENCE: Duration = Duration::from_secs(60);
const READER_PATIENCE_AFTER_SIGNAL: Duration = Duration::from_secs(2);

const NONE: u8 = 0;

/// The exit code of the first signal, and the number of signals.
static FIRST: AtomicU8 = AtomicU8::new(NONE);
static COUNT: AtomicU8 = AtomicU8::new(0);

/// Stops the running command; unset until a command that cleans up after itself begins.
static WORK: OnceLock<Interrupt> = OnceLock::new();

/// Starts to handle SIGINT, SIGTERM and SIGHUP. They end the process until [`cancel_on_signal`] is called.
pub fn listen(runtime: &Runtime) -> Result<(), Failure> {
    let _inside = runtime.enter();
    let open = |kind| signal(kind).map_err(Failure::Runtime);
    let (mut int, mut term, mut hup) =
        (open(SignalKind::interrupt())?, open(SignalKind::terminate())?, open(SignalKind::hangup())?);
    runtime.spawn(async move {
        loop {
            handle(next(&mut int, &mut term, &mut hup).await);
        }
    });
    Ok(())
}

/// Handles one signal. Cancels before it prints, so that a blocked stderr cannot delay the stop.
fn handle(code: Code) {
    let _ = FIRST.compare_exchange(NONE, code as u8, Ordering::SeqCst, Ordering::SeqCst);
    let count = COUNT.fetch_add(1, Ordering::SeqCst) + 1;
    match (WORK.get(), count) {
        (Some(work), 1) => {
            work.stop.cancel();
            tracing::info!(
                target: "podproof::progress",
                "stopping: running cases are stopped and cleaned up; a second signal stops at once"
            );
        }
        (Some(work), 2) => {
            work.stop.cancel();
            work.immediately.cancel();
            tracing::info!(
                target: "podproof::progress",
                "stopping at once; remaining objects have the label podproof.local/run"
            );
        }
        _ => process::exit(i32::from(FIRST.load(Ordering::SeqCst))),
    }
}

/// How long to wait for a reader of stdout that does not read; `None` to wait until a signal ends the process.
pub fn patience() -> Option<Duration> {
    WORK.get().map(|_| match COUNT.load(Ordering::SeqCst) {
        0 => READER_PATIENCE,
        1 => READER_PATIENCE_AFTER_SIGNAL,
        _ => Duration::ZERO,
    })
}

/// Makes signals cancel `interrupt` from now on.
pub fn cancel_on_signal(interrupt: &Interrupt) {
    let work = WORK.get_or_init(|| interrupt.clone());
    // A signal that was counted before `WORK` was set may not have cancelled it.
    if COUNT.load(Ordering::SeqCst) > 0 {
        work.stop.cancel();
    }
}

/// The exit code of the first signal; `None` if there was none.
pub fn code() -> Option<Code> {
    match FIRST.load(Ordering::SeqCst) {
        NONE => None,
        code if code == Code::Interrupted as u8 => Some(Code::Interrupted),
        _ => Some(Code::Terminated),
    }
}

/// Returns the result of `work`. After a signal, returns [`Failure::Interrupted`] instead of any error. Cancelling
/// `drop_on` drops `work`.
pub async fn or_interrupted<T>(
    drop_on: &CancellationToken,
    work: impl Future<Output = Result<T, Failure>>,
) -> Result<T, Failure> {
    let interrupted = || Failure::Interrupted(code().unwrap_or(Code::Interrupted));
    match drop_on.run_until_cancelled(work).await {
        None => Err(interrupted()),
        Some(Err(_)) if code().is_some() => Err(interrupted()),
        Some(done) => done,
    }
}

async fn next(int: &mut Signal, term: &mut Signal, hup: &mut Signal) -> Code {
    tokio::select! {
        _ = int.recv() => Code::Interrupted,
        _ = term.recv() => Code::Terminated,
        _ = hup.recv() => Code::Terminated,
    }
}
