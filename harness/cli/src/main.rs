//! `podproof`: tests on a real Kubernetes cluster that pods with several containers behave as documented.

mod access;
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

/// How long background tasks may continue at the end.
const SHUTDOWN_PATIENCE: Duration = Duration::from_secs(1);

fn main() -> ExitCode {
    if runs_as(podproof::provider::RUNTIME) {
        return run_as_runtime();
    }
    if runs_as(podproof::host::SUPERVISOR) {
        return podproof::host::act_as_supervisor(&std::env::args_os().skip(1).collect::<Vec<_>>());
    }
    podproof::host::supervise_programs();
    output::report_panics();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().map_err(Failure::Runtime);
    let code = match runtime {
        Ok(runtime) => {
            let code = guarded(|| work(&runtime));
            runtime.shutdown_timeout(SHUTDOWN_PATIENCE);
            code
        }
        Err(failure) => failed(&failure),
    };
    output::flush_stderr();
    code.into()
}

/// Returns the code of `work`, or the code for a panic.
fn guarded(work: impl FnOnce() -> exit::Code) -> exit::Code {
    // Unwind safe: no state of `work` is used afterwards.
    catch_unwind(AssertUnwindSafe(work)).unwrap_or(exit::Code::Panicked)
}

fn work(runtime: &Runtime) -> exit::Code {
    // Before anything else, so that an early signal ends with podproof's exit code.
    let listening = signal::listen(runtime);
    let args = Args::parse();
    output::set_up(&args.output);
    listening.and_then(|()| dispatch(args, runtime)).unwrap_or_else(|failure| failed(&failure))
}

fn failed(failure: &Failure) -> exit::Code {
    output::print_failure(failure);
    failure.code()
}

fn dispatch(args: Args, runtime: &Runtime) -> Result<exit::Code, Failure> {
    match args.command {
        Command::Run(options) => in_runtime(runtime, check::run(options, args.output)),
        Command::Prove(options) => in_runtime(runtime, check::prove(options, args.output)),
        Command::Experiment(ExperimentCommand::Startup(options)) => {
            in_runtime(runtime, experiment::startup(options, args.output))
        }
        Command::List(options) => list::list(&options),
        Command::Explain(options) => explain::explain(&options, &args.output),
        Command::Judge(options) => judge::judge(&options, &args.output),
        Command::Sweep(options) => in_runtime(runtime, sweep::sweep(options, args.output)),
        Command::Report(options) => report::report(&options),
        #[cfg(feature = "history")]
        Command::History(options) => history::history(&options, &args.output),
        Command::Cluster(command) => {
            in_runtime(runtime, cluster::cluster(command, args.output)).map(|()| exit::Code::Success)
        }
    }
}

/// Runs `work` on the only runtime, because a Kubernetes client works only on the runtime on which it was created.
fn in_runtime<T>(runtime: &Runtime, work: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    // Choose the TLS provider explicitly, in case a dependency enables a second one.
    let _ = rustls::crypto::ring::default_provider().install_default();
    runtime.block_on(work)
}

/// Returns whether this program was started under the given name.
fn runs_as(name: &str) -> bool {
    std::env::args_os()
        .next()
        .is_some_and(|program| Path::new(&program).file_name() == Some(OsStr::new(name)))
}

/// Acts as the OCI runtime, which the container engine starts.
fn run_as_runtime() -> ExitCode {
    let arguments: Vec<_> = std::env::args_os().skip(1).collect();
    let error = podproof::provider::act_as_runtime(&arguments);
    // The engine shows its runtime's standard error.
    let _ = writeln!(std::io::stderr(), "{}: {error}", podproof::provider::RUNTIME);
    ExitCode::FAILURE
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_has_its_own_exit_code() {
        assert_eq!(guarded(|| exit::Code::Inconclusive), exit::Code::Inconclusive);
        let code = guarded(|| panic!("a bug"));
        assert_eq!((code, code as u8), (exit::Code::Panicked, 70));
    }
}
