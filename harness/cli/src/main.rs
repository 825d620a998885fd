//! `podproof`: proves on a real Kubernetes cluster that pods with several containers behave as promised.

mod args;
mod check;
mod exit;
mod explain;
mod judge;
mod list;
mod output;
mod place;
mod signal;

use std::process::ExitCode;

use clap::Parser as _;

use crate::args::{Args, Command};
use crate::exit::Failure;

fn main() -> ExitCode {
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
        Command::List(order) => list::list(&order),
        Command::Explain(order) => explain::explain(&order),
        Command::Judge(order) => judge::judge(&order, &args.talk),
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
