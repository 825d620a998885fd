//! Signals: the first asks the run to stop and clean up, the second to stop at once.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

use podproof::run::Interrupt;
use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::exit::{Code, Failure};

/// Listens to INT, TERM and HUP.
pub struct Signals {
    first: Arc<AtomicU8>,
}

const NONE: u8 = 0;

impl Signals {
    /// Starts to listen, and passes on to `interrupt`.
    pub fn listen(interrupt: &Interrupt) -> Result<Self, Failure> {
        let open = |kind| signal(kind).map_err(Failure::Runtime);
        let (mut int, mut term, mut hup) =
            (open(SignalKind::interrupt())?, open(SignalKind::terminate())?, open(SignalKind::hangup())?);
        let (first, interrupt) = (Arc::new(AtomicU8::new(NONE)), interrupt.clone());
        let signals = Self { first: Arc::clone(&first) };
        tokio::spawn(async move {
            let code = next(&mut int, &mut term, &mut hup).await;
            first.store(code as u8, Ordering::Relaxed);
            tracing::info!(target: "podproof::talk", "stopping: running cases are ended and cleaned up; a second signal stops at once");
            interrupt.stop.cancel();
            next(&mut int, &mut term, &mut hup).await;
            tracing::info!(target: "podproof::talk", "stopping at once; what is left has the label podproof.local/run");
            interrupt.now.cancel();
        });
        Ok(signals)
    }

    /// The exit code of the first signal that came, where one did.
    pub fn code(&self) -> Option<Code> {
        match self.first.load(Ordering::Relaxed) {
            NONE => None,
            code if code == Code::Interrupted as u8 => Some(Code::Interrupted),
            _ => Some(Code::Terminated),
        }
    }
}

async fn next(int: &mut Signal, term: &mut Signal, hup: &mut Signal) -> Code {
    tokio::select! {
        _ = int.recv() => Code::Interrupted,
        _ = term.recv() => Code::Terminated,
        _ = hup.recv() => Code::Terminated,
    }
}
