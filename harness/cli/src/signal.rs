//! Signals: the first asks the run to stop and clean up, the second to stop at once, the third ends the process.

use std::process;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::Duration;

use podproof::run::Interrupt;
use tokio::runtime::Runtime;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio_util::sync::CancellationToken;

use crate::exit::{Code, Failure};

/// How long a reader who reads nothing is waited for: at the end of a run, and once a signal came.
const READER: Duration = Duration::from_secs(60);
const READER_AFTER_SIGNAL: Duration = Duration::from_secs(2);

const NONE: u8 = 0;

/// The exit code of the first signal that came, and how many came.
static FIRST: AtomicU8 = AtomicU8::new(NONE);
static COUNT: AtomicU8 = AtomicU8::new(0);

/// What stops the work that cleans up after itself, once there is such work.
static WORK: OnceLock<Interrupt> = OnceLock::new();

/// Listens to INT, TERM and HUP, before anything else is done. Until there is work that cleans up after itself they end
/// the process.
pub fn catch(runtime: &Runtime) -> Result<(), Failure> {
    let _inside = runtime.enter();
    let open = |kind| signal(kind).map_err(Failure::Runtime);
    let (mut int, mut term, mut hup) =
        (open(SignalKind::interrupt())?, open(SignalKind::terminate())?, open(SignalKind::hangup())?);
    runtime.spawn(async move {
        loop {
            heed(next(&mut int, &mut term, &mut hup).await);
        }
    });
    Ok(())
}

/// Stops first and talks then: nothing that is wrong with stderr may keep the work from stopping.
fn heed(code: Code) {
    let _ = FIRST.compare_exchange(NONE, code as u8, Ordering::SeqCst, Ordering::SeqCst);
    let count = COUNT.fetch_add(1, Ordering::SeqCst) + 1;
    match (WORK.get(), count) {
        (Some(work), 1) => {
            work.stop.cancel();
            tracing::info!(target: "podproof::talk", "stopping: running cases are ended and cleaned up; a second signal stops at once");
        }
        (Some(work), 2) => {
            work.stop.cancel();
            work.now.cancel();
            tracing::info!(target: "podproof::talk", "stopping at once; what is left has the label podproof.local/run");
        }
        _ => process::exit(i32::from(FIRST.load(Ordering::SeqCst))),
    }
}

/// How long a reader of stdout who reads nothing is waited for; `None` is until a signal ends the process.
pub fn patience() -> Option<Duration> {
    WORK.get().map(|_| match COUNT.load(Ordering::SeqCst) {
        0 => READER,
        1 => READER_AFTER_SIGNAL,
        _ => Duration::ZERO,
    })
}

/// From now on signals stop `interrupt`.
pub fn stop(interrupt: &Interrupt) {
    let work = WORK.get_or_init(|| interrupt.clone());
    // A signal between the two ends the process, or finds the work.
    if COUNT.load(Ordering::SeqCst) > 0 {
        work.stop.cancel();
    }
}

/// The exit code of the first signal that came, where one did.
pub fn code() -> Option<Code> {
    match FIRST.load(Ordering::SeqCst) {
        NONE => None,
        code if code == Code::Interrupted as u8 => Some(Code::Interrupted),
        _ => Some(Code::Terminated),
    }
}

/// What `work` gives, unless a signal came meanwhile: then that is why there is nothing. `work` is left where
/// `given_up` says so.
pub async fn or_interrupted<T>(
    given_up: &CancellationToken,
    work: impl Future<Output = Result<T, Failure>>,
) -> Result<T, Failure> {
    let interrupted = || Failure::Interrupted(code().unwrap_or(Code::Interrupted));
    match given_up.run_until_cancelled(work).await {
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
