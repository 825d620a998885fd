//! The arguments of `podproof history`.

use std::path::PathBuf;

use clap::builder::{OsStringValueParser, TypedValueParser as _};
use clap::{Args as Group, Subcommand, ValueEnum};
use podproof_core::history::StoreLocation;

/// Arguments of `podproof history`.
#[derive(Debug, Group)]
pub struct HistoryArgs {
    /// The store of runs.
    #[command(flatten)]
    pub store: StoreArgs,
    /// The command.
    #[command(subcommand)]
    pub command: HistoryCommand,
}

/// The store of runs.
#[derive(Debug, Group)]
pub struct StoreArgs {
    /// Store of runs: a file, or the URL of a PostgreSQL database [default: history.db in the state folder]
    // The value may contain a password, so it must not appear in the help text.
    #[arg(
        long, value_name = "FILE|URL", global = true, env = "PODPROOF_STORE", hide_env_values = true,
        value_parser = OsStringValueParser::new().map(StoreLocation::from)
    )]
    pub store: Option<StoreLocation>,
    /// Series of runs to compare, for example all runs on one cluster [default: the name of the run's cluster when
    /// adding runs, otherwise the only series in the store]
    #[arg(long, value_name = "NAME", global = true, env = "PODPROOF_SERIES")]
    pub series: Option<String>,
    /// Folder with manifests to use instead of the built-in ones, for the former ids of renamed claims
    #[arg(long, value_name = "DIR", global = true, env = "PODPROOF_MANIFESTS")]
    pub manifests: Option<PathBuf>,
}

/// The commands of `podproof history`.
#[derive(Debug, Subcommand)]
pub enum HistoryCommand {
    /// Add runs to the store; adding a run again has no further effect
    Add(AddArgs),
    /// Add JUnit reports of other tools to the store as runs
    Import(ImportArgs),
    /// List the runs of one series or of all series, newest first
    List(HistoryListArgs),
    /// Show a stored run
    Show(ShowArgs),
    /// Compare two runs, or two groups of runs
    Compare(CompareArgs),
    /// Show what changed in a run since earlier runs; exits with 102 if something is worse
    Check(HistoryCheckArgs),
    /// List cases that sometimes pass and sometimes fail without a known reason
    Flaky(FlakyArgs),
    /// Show the results of one case over time
    Trend(TrendArgs),
}

/// Which runs to add.
#[derive(Debug, Group)]
pub struct AddArgs {
    /// Folders of the runs
    #[arg(required = true, value_name = "RUN")]
    pub runs: Vec<PathBuf>,
}

/// Which reports to import.
#[derive(Debug, Group)]
pub struct ImportArgs {
    /// Reports to import; each is one run, or all of them are the run named with --run
    #[arg(required = true, value_name = "FILE")]
    pub files: Vec<PathBuf>,
    /// Id of the run [default: derived from the report's time and contents]
    #[arg(long, value_name = "ID", env = "PODPROOF_IMPORT_RUN")]
    pub run: Option<String>,
    /// How an `<error>` is counted
    #[arg(long, value_enum, default_value_t, env = "PODPROOF_ERRORS")]
    pub errors: Errors,
    /// Fact about the environment; may be repeated
    #[arg(long = "fact", value_name = "NAME=VALUE", value_parser = fact)]
    pub facts: Vec<(String, String)>,
}

/// How an `<error>` in an imported report is counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Errors {
    /// As inconclusive.
    #[default]
    Inconclusive,
    /// As a failure.
    Failures,
}

/// How many runs to list.
#[derive(Debug, Group)]
pub struct HistoryListArgs {
    /// Maximum number of runs
    #[arg(long, value_name = "N", default_value_t = 30, env = "PODPROOF_MOST")]
    pub most: u32,
}

/// Which run to show.
#[derive(Debug, Group)]
pub struct ShowArgs {
    /// Id of the run, or its beginning
    pub run: String,
}

/// Which runs to compare.
#[derive(Debug, Group)]
pub struct CompareArgs {
    /// Id of the first run, or its beginning
    pub before: String,
    /// Id of the second run, or its beginning
    pub after: String,
    /// Number of runs in each group: the given run and those before it
    #[arg(long, value_name = "N", default_value_t = 1, env = "PODPROOF_RUNS", value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub runs: u32,
}

/// Which run to check.
#[derive(Debug, Group)]
pub struct HistoryCheckArgs {
    /// Id of the run, or its beginning [default: the newest run]
    pub run: Option<String>,
    /// YAML file with accepted changes
    #[arg(long, value_name = "FILE", env = "PODPROOF_WAIVERS")]
    pub waivers: Option<PathBuf>,
    /// Number of runs to examine
    #[arg(long, value_name = "N", default_value_t = 400, env = "PODPROOF_WINDOW", value_parser = clap::value_parser!(u32).range(2..=10_000))]
    pub window: u32,
}

/// Which runs to examine.
#[derive(Debug, Group)]
pub struct FlakyArgs {
    /// Number of runs of each case to examine
    // `--nights` is its former name.
    #[arg(long, alias = "nights", value_name = "N", default_value_t = 20, env = "PODPROOF_NIGHTS", value_parser = clap::value_parser!(u32).range(2..=10_000))]
    pub runs: u32,
}

/// Which case to show.
#[derive(Debug, Group)]
pub struct TrendArgs {
    /// Id of the case
    pub case: String,
    /// Number of runs to examine
    #[arg(long, value_name = "N", default_value_t = 60, env = "PODPROOF_WINDOW", value_parser = clap::value_parser!(u32).range(2..=10_000))]
    pub window: u32,
}

/// Parses `NAME=VALUE`.
fn fact(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((name.to_owned(), value.to_owned())),
        _ => Err("expected NAME=VALUE".to_owned()),
    }
}
