//! What was typed.

use std::path::PathBuf;

use clap::{Args as Group, Parser, Subcommand, ValueEnum};

/// Proves on a real Kubernetes cluster that pods with several containers behave as promised.
#[derive(Debug, Parser)]
#[command(name = "podproof", version, max_term_width = 100)]
pub struct Args {
    /// How podproof talks.
    #[command(flatten)]
    pub talk: Talk,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// How podproof talks. Data goes to stdout, talk to stderr.
#[derive(Clone, Debug, Group)]
pub struct Talk {
    /// The form of what is written to stdout
    #[arg(long, value_enum, default_value_t, global = true, env = "PODPROOF_MESSAGE_FORMAT")]
    pub message_format: Format,
    /// When to use colours; `NO_COLOR` is honoured
    #[arg(long, value_enum, default_value_t, global = true, env = "PODPROOF_COLOR")]
    pub color: Color,
}

/// The form of what is written to stdout.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people.
    #[default]
    Human,
    /// One JSON object per line.
    Json,
}

/// When to use colours.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Color {
    /// On a terminal.
    #[default]
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Check a cluster against the claims
    Run(CheckArgs),
    /// Prove that each case can fail: run it, then each of its mutants
    Prove(CheckArgs),
    /// List the claims
    List(ListArgs),
    /// Tell what a case does, asserts and rests on
    Explain(ExplainArgs),
    /// Judge a run again from its files; no cluster is needed
    Judge(JudgeArgs),
}

/// What to check, where, and how.
#[derive(Debug, Group)]
pub struct CheckArgs {
    /// Where to check.
    #[command(flatten)]
    pub place: Place,
    /// Which cases.
    #[command(flatten)]
    pub choice: Choice,
    /// How many cases run at once
    #[arg(long, value_name = "N", default_value_t = 8, env = "PODPROOF_PARALLEL", value_parser = clap::value_parser!(u16).range(1..))]
    pub parallel: u16,
    /// How often each case runs
    #[arg(long, value_name = "N", default_value_t = 1, env = "PODPROOF_REPEAT", value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub repeat: u32,
    /// Factor for all time budgets, for slow machines
    #[arg(long, value_name = "FACTOR", default_value_t = 1.0, env = "PODPROOF_STRETCH")]
    pub stretch: f64,
    /// Where the run's folder is made [default: runs]
    #[arg(long, value_name = "DIR", default_value = "runs", hide_default_value = true, env = "PODPROOF_OUT")]
    pub out: PathBuf,
}

/// Where to check. There is no default but our own kind cluster: never whatever context is current.
#[derive(Debug, Group)]
#[group(multiple = false)]
pub struct Place {
    /// A kind cluster of podproof's own, brought up where it is missing: `kind` or `kind:NAME`
    #[arg(long, value_name = "kind[:NAME]", env = "PODPROOF_CLUSTER")]
    pub cluster: Option<String>,
    /// The cluster of this kubeconfig context
    #[arg(long, value_name = "NAME", env = "PODPROOF_CONTEXT")]
    pub context: Option<String>,
}

/// Which cases.
#[derive(Debug, Group)]
pub struct Choice {
    /// For example `ipc/* and not tier:slow`; everything when absent
    #[arg(long, value_name = "EXPRESSION", env = "PODPROOF_SELECT")]
    pub select: Option<String>,
    /// A folder of manifests instead of the built-in ones
    #[arg(long, value_name = "DIR", env = "PODPROOF_MANIFESTS")]
    pub manifests: Option<PathBuf>,
}

/// What to list.
#[derive(Debug, Group)]
pub struct ListArgs {
    /// Which cases.
    #[command(flatten)]
    pub choice: Choice,
}

/// What to explain.
#[derive(Debug, Group)]
pub struct ExplainArgs {
    /// The case, `area/name`
    pub case: String,
    /// A folder of manifests instead of the built-in ones
    #[arg(long, value_name = "DIR", env = "PODPROOF_MANIFESTS")]
    pub manifests: Option<PathBuf>,
}

/// What to judge again.
#[derive(Debug, Group)]
pub struct JudgeArgs {
    /// The run's folder
    pub run: PathBuf,
}
