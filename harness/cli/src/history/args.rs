//! What was typed after `podproof history`.

use std::path::PathBuf;

use clap::builder::{OsStringValueParser, TypedValueParser as _};
use clap::{Args as Group, Subcommand, ValueEnum};
use podproof::history::Place;

/// Runs kept and compared.
#[derive(Debug, Group)]
pub struct HistoryArgs {
    /// Where they are kept.
    #[command(flatten)]
    pub keep: Keep,
    /// What to do with them.
    #[command(subcommand)]
    pub command: HistoryCommand,
}

/// Where runs are kept.
#[derive(Debug, Group)]
pub struct Keep {
    /// The store: a file, or the URL of a PostgreSQL database [default: history.db in the state folder]
    // The variable may hold a password, and would be shown.
    #[arg(
        long, value_name = "FILE|URL", global = true, env = "PODPROOF_STORE", hide_env_values = true,
        value_parser = OsStringValueParser::new().map(Place::from)
    )]
    pub store: Option<Place>,
    /// Which runs are compared: those of one cluster, or one kind of run on it [default: what the run's cluster is
    /// called; to look, the only one that there is]
    #[arg(long, value_name = "NAME", global = true, env = "PODPROOF_SERIES")]
    pub series: Option<String>,
    /// A folder of manifests instead of the built-in ones: it knows which claims had another id
    #[arg(long, value_name = "DIR", global = true, env = "PODPROOF_MANIFESTS")]
    pub manifests: Option<PathBuf>,
}

/// What to do with the runs that are kept.
#[derive(Debug, Subcommand)]
pub enum HistoryCommand {
    /// Keep runs, by their folders; twice is the same as once
    Add(AddArgs),
    /// Keep JUnit reports of other tools as runs
    Import(ImportArgs),
    /// List the runs of the series, or of all, the newest first
    List(ListArgs),
    /// Show what is kept of a run
    Show(ShowArgs),
    /// Compare two runs, or the runs up to each of them
    Compare(CompareArgs),
    /// Tell what is new in a run by those before it; exits with 102 where something is worse than it was
    Check(CheckArgs),
    /// List the cases that pass and fail for no reason that is seen
    Flaky(FlakyArgs),
    /// Show how one case fared
    Trend(TrendArgs),
}

/// Which runs to keep.
#[derive(Debug, Group)]
pub struct AddArgs {
    /// The runs' folders
    #[arg(required = true, value_name = "RUN")]
    pub runs: Vec<PathBuf>,
}

/// Which reports to keep.
#[derive(Debug, Group)]
pub struct ImportArgs {
    /// The reports; each is a run, or all of them are the one that --run names
    #[arg(required = true, value_name = "FILE")]
    pub files: Vec<PathBuf>,
    /// The id of the run [default: made of the report's time and bytes]
    #[arg(long, value_name = "ID", env = "PODPROOF_IMPORT_RUN")]
    pub run: Option<String>,
    /// What an `<error>` means: that it could not be told, or that the test failed
    #[arg(long, value_enum, default_value_t, env = "PODPROOF_ERRORS")]
    pub errors: Errors,
    /// What is known of the environment; may be given again
    #[arg(long = "fact", value_name = "NAME=VALUE", value_parser = fact)]
    pub facts: Vec<(String, String)>,
}

/// What an `<error>` of a foreign report means.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Errors {
    /// It could not be told.
    #[default]
    Inconclusive,
    /// The test failed.
    Failures,
}

/// How many runs to list.
#[derive(Debug, Group)]
pub struct ListArgs {
    /// At most so many runs
    #[arg(long, value_name = "N", default_value_t = 30, env = "PODPROOF_MOST")]
    pub most: u32,
}

/// Which run to show.
#[derive(Debug, Group)]
pub struct ShowArgs {
    /// Its id, or the beginning of it
    pub run: String,
}

/// Which runs to compare.
#[derive(Debug, Group)]
pub struct CompareArgs {
    /// The one, by its id or the beginning of it
    pub before: String,
    /// The other
    pub after: String,
    /// Compare so many runs up to each of them
    #[arg(long, value_name = "N", default_value_t = 1, env = "PODPROOF_RUNS", value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub runs: u32,
}

/// Which run to check.
#[derive(Debug, Group)]
pub struct CheckArgs {
    /// Its id, or the beginning of it [default: the newest]
    pub run: Option<String>,
    /// Changes that somebody answers for: a YAML file
    #[arg(long, value_name = "FILE", env = "PODPROOF_WAIVERS")]
    pub waivers: Option<PathBuf>,
    /// How many runs are looked at
    #[arg(long, value_name = "N", default_value_t = 400, env = "PODPROOF_WINDOW", value_parser = clap::value_parser!(u32).range(2..=10_000))]
    pub window: u32,
}

/// Which nights to look at.
#[derive(Debug, Group)]
pub struct FlakyArgs {
    /// How many nights of each case are looked at
    #[arg(long, value_name = "N", default_value_t = 20, env = "PODPROOF_NIGHTS", value_parser = clap::value_parser!(u32).range(2..=10_000))]
    pub nights: u32,
}

/// Which case to show.
#[derive(Debug, Group)]
pub struct TrendArgs {
    /// Its id
    pub case: String,
    /// How many runs are looked at
    #[arg(long, value_name = "N", default_value_t = 60, env = "PODPROOF_WINDOW", value_parser = clap::value_parser!(u32).range(2..=10_000))]
    pub window: u32,
}

/// Parses `NAME=VALUE`.
fn fact(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((name.to_owned(), value.to_owned())),
        _ => Err("not of the form NAME=VALUE".to_owned()),
    }
}
