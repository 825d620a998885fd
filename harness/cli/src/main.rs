//! `podproof`: proves on a real Kubernetes cluster that pods with several containers behave as promised.

mod args;
mod check;
mod cluster;
mod exit;
mod experiment;
mod explain;
#[cfg(feature = "history")]
mod history;
mod judge;
mod list;
mod output;
mod page;
mod place;
mod reach;
mod report;
mod signal;
mod stream;
mod sweep;

use std::ffi::OsStr;
use std::io::Write as _;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use clap::Parser as _;
use tokio::runtime::Runtime;

use crate::args::{Args, Command, ExperimentCommand};
use crate::exit::Failure;

/// How long work that was left behind on other threads may still go on at the end.
const LEFT_BEHIND: Duration = Duration::from_secs(1);

fn main() -> ExitCode {
    if runs_as(podproof::cluster::RUNTIME) {
        return run_as_runtime();
    }
    if runs_as(podproof::cluster::SUPERVISOR) {
        return podproof::cluster::act_as_supervisor(&std::env::args_os().skip(1).collect::<Vec<_>>());
    }
    podproof::cluster::supervise_programs();
    output::report_panics();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().map_err(Failure::Runtime);
    let code = match runtime {
        Ok(runtime) => {
            let code = guarded(|| work(&runtime));
            runtime.shutdown_timeout(LEFT_BEHIND);
            code
        }
        Err(failure) => failed(&failure),
    };
    output::finish_talk();
    code.into()
}

/// The code of `work`, or that of a fault of our own where it panics.
fn guarded(work: impl FnOnce() -> exit::Code) -> exit::Code {
    // Nothing of it is used afterwards.
    catch_unwind(AssertUnwindSafe(work)).unwrap_or(exit::Code::Panicked)
}

fn work(runtime: &Runtime) -> exit::Code {
    // Before anything else: a signal that comes early must not find the system's own way to die.
    let caught = signal::catch(runtime);
    let args = Args::parse();
    output::set_up(&args.talk);
    caught.and_then(|()| dispatch(args, runtime)).unwrap_or_else(|failure| failed(&failure))
}

fn failed(failure: &Failure) -> exit::Code {
    output::tell_failure(failure);
    failure.code()
}

fn dispatch(args: Args, runtime: &Runtime) -> Result<exit::Code, Failure> {
    match args.command {
        Command::Run(order) => in_runtime(runtime, check::run(order, args.talk)),
        Command::Prove(order) => in_runtime(runtime, check::prove(order, args.talk)),
        Command::Experiment(ExperimentCommand::Startup(order)) => {
            in_runtime(runtime, experiment::startup(order, args.talk))
        }
        Command::List(order) => list::list(&order),
        Command::Explain(order) => explain::explain(&order, &args.talk),
        Command::Judge(order) => judge::judge(&order, &args.talk),
        Command::Sweep(order) => in_runtime(runtime, sweep::sweep(order, args.talk)),
        Command::Report(order) => report::report(&order),
        #[cfg(feature = "history")]
        Command::History(order) => history::history(&order, &args.talk),
        Command::Cluster(command) => {
            in_runtime(runtime, cluster::cluster(command, args.talk)).map(|()| exit::Code::Conformant)
        }
    }
}

/// The one runtime: a Kubernetes client works only on the runtime on which it was made.
fn in_runtime<T>(runtime: &Runtime, work: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    // Two TLS providers could be compiled in by accident; this one is chosen.
    let _ = rustls::crypto::ring::default_provider().install_default();
    runtime.block_on(work)
}

/// Whether this program was started under another name.
fn runs_as(name: &str) -> bool {
    std::env::args_os()
        .next()
        .is_some_and(|program| Path::new(&program).file_name() == Some(OsStr::new(name)))
}

/// The container engine calls us as its OCI runtime.
fn run_as_runtime() -> ExitCode {
    let arguments: Vec<_> = std::env::args_os().skip(1).collect();
    let error = podproof::cluster::act_as_runtime(&arguments);
    // The engine shows what its runtime says.
    let _ = writeln!(std::io::stderr(), "{}: {error}", podproof::cluster::RUNTIME);
    ExitCode::FAILURE
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_has_a_code_that_no_verdict_has() {
        assert_eq!(guarded(|| exit::Code::Inconclusive), exit::Code::Inconclusive);
        let code = guarded(|| panic!("a fault of our own"));
        assert_eq!((code, code as u8), (exit::Code::Panicked, 70));
    }
}
