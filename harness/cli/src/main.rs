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
mod report;
mod signal;
mod sweep;

use std::ffi::OsStr;
use std::io::Write as _;
use std::path::Path;
use std::process::ExitCode;

use clap::Parser as _;

use crate::args::{Args, Command, ExperimentCommand};
use crate::exit::Failure;

fn main() -> ExitCode {
    if runs_as(podproof::cluster::RUNTIME) {
        return run_as_runtime();
    }
    if runs_as(podproof::cluster::SUPERVISOR) {
        return podproof::cluster::act_as_supervisor(&std::env::args_os().skip(1).collect::<Vec<_>>());
    }
    podproof::cluster::supervise_programs();
    let args = Args::parse();
    output::set_up(&args.talk);
    match dispatch(args) {
        Ok(code) => code.into(),
        Err(failure) => {
            output::tell_failure(&failure);
            failure.code().into()
        }
    }
}

fn dispatch(args: Args) -> Result<exit::Code, Failure> {
    match args.command {
        Command::Run(order) => in_runtime(check::run(order, args.talk)),
        Command::Prove(order) => in_runtime(check::prove(order, args.talk)),
        Command::Experiment(ExperimentCommand::Startup(order)) => {
            in_runtime(experiment::startup(order, args.talk))
        }
        Command::List(order) => list::list(&order),
        Command::Explain(order) => explain::explain(&order, &args.talk),
        Command::Judge(order) => judge::judge(&order, &args.talk),
        Command::Sweep(order) => in_runtime(sweep::sweep(order, args.talk)),
        Command::Report(order) => report::report(&order),
        #[cfg(feature = "history")]
        Command::History(order) => history::history(&order, &args.talk),
        Command::Cluster(command) => {
            in_runtime(cluster::cluster(command, args.talk)).map(|()| exit::Code::Conformant)
        }
    }
}

/// The one runtime: a Kubernetes client works only on the runtime on which it was made.
fn in_runtime<T>(work: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    // Two TLS providers could be compiled in by accident; this one is chosen.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let runtime =
        tokio::runtime::Builder::new_multi_thread().enable_all().build().map_err(Failure::Runtime)?;
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
