//! The command-line arguments.

use std::path::PathBuf;

use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use clap::{Args as Group, Parser, Subcommand, ValueEnum};
use podproof_core::history::regression::HistoryComparison;
use podproof_core::report::{JunitProfile, ReportConfig};

/// Tests on a real Kubernetes cluster that pods with several containers behave as documented.
#[derive(Debug, Parser)]
#[command(name = "podproof", version, max_term_width = 100)]
pub struct Args {
    /// Output options of all commands.
    #[command(flatten)]
    pub output: OutputArgs,
    /// The command.
    #[command(subcommand)]
    pub command: Command,
}

/// Output options. Data is written to stdout; progress and errors are written to stderr.
#[derive(Clone, Debug, Group)]
pub struct OutputArgs {
    /// Format of the data on stdout
    #[arg(long, value_enum, default_value_t, global = true, env = "PODPROOF_MESSAGE_FORMAT")]
    pub message_format: Format,
    /// When to use colours; `NO_COLOR` is respected
    #[arg(long, value_enum, default_value_t, global = true, env = "PODPROOF_COLOR")]
    pub color: Color,
}

/// The format of the data on stdout.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// Text for people.
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
    /// Run the cases and check a cluster against the claims
    Run(RunArgs),
    /// Verify that each case can fail: run the case and then each of its mutants
    Prove(CasesArgs),
    /// Measure how reliably the article's programs work, instead of checking claims
    #[command(subcommand)]
    Experiment(ExperimentCommand),
    /// List the claims
    List(ListArgs),
    /// Explain a case, or show each sentence of the article with its claims and their results in a run
    Explain(ExplainArgs),
    /// Compute the verdicts of a run again from its files; needs no cluster
    Judge(JudgeArgs),
    /// Remove expired namespaces that killed runs left in a cluster
    Sweep(SweepArgs),
    /// Write the reports of a run again from its files; needs no cluster
    Report(ReportArgs),
    /// Manage podproof's own kind clusters and their node image
    #[command(subcommand)]
    Cluster(ClusterCommand),
    /// Store and compare runs: find regressions, when they began, and flaky cases
    #[cfg(feature = "history")]
    History(crate::history::HistoryArgs),
}

/// Commands for podproof's own clusters.
#[derive(Debug, Subcommand)]
pub enum ClusterCommand {
    /// Bring up the cluster: use, start or create it; prints the path of its kubeconfig
    Up(UpArgs),
    /// Remove the cluster
    Down(DownArgs),
    /// Show podproof's own clusters
    Status,
    /// Build the node image, unless one with the same inputs exists; prints its name
    Image(ImageArgs),
}

/// Which cluster to bring up.
#[derive(Debug, Group)]
pub struct UpArgs {
    /// Name of the cluster
    #[arg(long, value_name = "NAME", default_value = "podproof", env = "PODPROOF_CLUSTER_NAME")]
    pub name: String,
    /// Nodes of the cluster: `one-node`, `three-nodes` or a kind configuration file [default: one-node]
    #[arg(long, value_name = "CONFIG", env = "PODPROOF_CLUSTER_CONFIG")]
    pub config: Option<String>,
    /// Node image [default: kindest/node if available, otherwise built by podproof]
    #[arg(long, value_name = "IMAGE", env = "PODPROOF_CLUSTER_IMAGE")]
    pub image: Option<String>,
}

/// Which cluster to remove.
#[derive(Debug, Group)]
pub struct DownArgs {
    /// Name of the cluster
    #[arg(long, value_name = "NAME", default_value = "podproof", env = "PODPROOF_CLUSTER_NAME")]
    pub name: String,
}

/// The inputs of a node image.
#[derive(Debug, Group)]
pub struct ImageArgs {
    /// Folder with Kubernetes binaries, or kubernetes-server-linux-amd64.tar.gz [default: built from Debian's source]
    #[arg(long, value_name = "DIR|TAR.GZ", env = "PODPROOF_BINARIES")]
    pub binaries: Option<PathBuf>,
    /// Folder with containerd, ctr and the shim [default: Debian's]
    #[arg(long, value_name = "DIR", env = "PODPROOF_CONTAINERD")]
    pub containerd: Option<PathBuf>,
    /// Folder with etcd [default: Debian's]
    #[arg(long, value_name = "DIR", env = "PODPROOF_ETCD")]
    pub etcd: Option<PathBuf>,
}

/// Arguments of `podproof run`.
#[derive(Debug, Group)]
pub struct RunArgs {
    /// Which cases to run, where, and how.
    #[command(flatten)]
    pub cases: CasesArgs,
    /// Maximum number of retries of failed and inconclusive cases; a failed case stays failed, but is reported as flaky
    /// if a retry passes
    #[arg(long, value_name = "N", default_value_t = 0, env = "PODPROOF_RETRIES", value_parser = clap::value_parser!(u32).range(..=100))]
    pub retries: u32,
}

/// Which cases to run, where, and how.
#[derive(Debug, Group)]
pub struct CasesArgs {
    /// The cluster.
    #[command(flatten)]
    pub cluster: ClusterArgs,
    /// Which cases to select.
    #[command(flatten)]
    pub selection: SelectArgs,
    /// Maximum number of concurrent cases [default: derived from the size of the cluster's nodes]
    #[arg(long, value_name = "N", env = "PODPROOF_PARALLEL", value_parser = clap::value_parser!(u16).range(1..))]
    pub parallel: Option<u16>,
    /// Number of times each case runs
    #[arg(long, value_name = "N", default_value_t = 1, env = "PODPROOF_REPEAT", value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub repeat: u32,
    /// Factor for all time limits, for slow machines
    #[arg(long, value_name = "FACTOR", default_value_t = 1.0, env = "PODPROOF_STRETCH")]
    pub stretch: f64,
    /// Folder in which to create the run's folder [default: runs]
    #[arg(long, value_name = "DIR", default_value = "runs", hide_default_value = true, env = "PODPROOF_OUT")]
    pub out: PathBuf,
    /// Report options.
    #[command(flatten)]
    pub report: ReportOptions,
    /// Earlier runs to compare with.
    #[cfg(feature = "history")]
    #[command(flatten)]
    pub before: crate::history::BaselineArgs,
}

/// Report options.
#[derive(Debug, Group)]
pub struct ReportOptions {
    /// Consumer for which `junit.xml` is written
    #[arg(
        long,
        value_name = "PROFILE",
        default_value = JunitProfile::default().name,
        value_parser = junit_profile(),
        env = "PODPROOF_JUNIT"
    )]
    pub junit: JunitProfile,
    /// Also write the metrics to this file, which keeps the time of the last success between runs
    #[arg(long, value_name = "FILE", env = "PODPROOF_METRICS")]
    pub metrics: Option<PathBuf>,
}

/// Parses the name of a JUnit profile.
fn junit_profile() -> impl TypedValueParser<Value = JunitProfile> {
    let names = JunitProfile::ALL.map(|profile| PossibleValue::new(profile.name).help(profile.readers));
    // Only these names get this far.
    PossibleValuesParser::new(names).map(|name| JunitProfile::named(&name).unwrap_or_default())
}

impl ReportOptions {
    /// Combines the options with the comparison to earlier runs.
    pub fn to_config(&self, comparison: Option<HistoryComparison>) -> ReportConfig {
        ReportConfig { junit: self.junit, metrics: self.metrics.clone(), comparison }
    }
}

/// The experiments.
#[derive(Debug, Subcommand)]
pub enum ExperimentCommand {
    /// Measure how often each remedy for the startup race works, and how far apart containers start
    Startup(StartupArgs),
}

/// Arguments of `podproof experiment startup`.
#[derive(Debug, Group)]
pub struct StartupArgs {
    /// The cluster.
    #[command(flatten)]
    pub cluster: ClusterArgs,
    /// Number of trials of each strategy in each order
    #[arg(long, value_name = "N", default_value_t = 20, env = "PODPROOF_TRIALS", value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub trials: u32,
    /// Number of concurrent trials, all in one namespace
    #[arg(long, value_name = "N", default_value_t = 4, env = "PODPROOF_PARALLEL", value_parser = clap::value_parser!(u16).range(1..=100))]
    pub parallel: u16,
    /// Only these strategies; may be repeated
    #[arg(long = "strategy", value_name = "NAME", value_delimiter = ',', env = "PODPROOF_STRATEGY")]
    pub strategies: Vec<String>,
    /// Folder with manifests to use instead of the built-in ones
    #[arg(long, value_name = "DIR", env = "PODPROOF_MANIFESTS")]
    pub manifests: Option<PathBuf>,
    /// Factor for all time limits, for slow machines
    #[arg(long, value_name = "FACTOR", default_value_t = 1.0, env = "PODPROOF_STRETCH")]
    pub stretch: f64,
    /// Folder in which to create the run's folder [default: runs]
    #[arg(long, value_name = "DIR", default_value = "runs", hide_default_value = true, env = "PODPROOF_OUT")]
    pub out: PathBuf,
}

/// A cluster, and how to access it.
#[derive(Debug, Group)]
pub struct ClusterArgs {
    /// The cluster.
    #[command(flatten)]
    pub choice: ClusterChoice,
    /// Kubeconfig file for `--context` [default: KUBECONFIG, or ~/.kube/config]
    #[arg(long, value_name = "FILE", env = "PODPROOF_KUBECONFIG")]
    pub kubeconfig: Option<PathBuf>,
    /// Image to use for an image name in the manifests, for example `nginx=registry.example/nginx:1.29`
    #[arg(long = "image", value_name = "NAME=REFERENCE", value_parser = image)]
    pub images: Vec<(String, String)>,
}

/// The cluster. podproof never uses the current context.
#[derive(Debug, Group)]
#[group(multiple = false)]
pub struct ClusterChoice {
    /// One of podproof's own kind clusters, which is brought up if necessary: `kind` or `kind:NAME`
    #[arg(long, value_name = "kind[:NAME]", env = "PODPROOF_CLUSTER")]
    pub cluster: Option<String>,
    /// Cluster of this kubeconfig context
    #[arg(long, value_name = "NAME", env = "PODPROOF_CONTEXT")]
    pub context: Option<String>,
}

/// Which cases to list.
#[derive(Clone, Debug, Group)]
pub struct SelectArgs {
    /// Filter expression, for example `ipc/* and not tier:slow`
    #[arg(long, value_name = "EXPRESSION", env = "PODPROOF_SELECT")]
    pub select: Option<String>,
    /// Only cases of this tier [default: all; for run and prove without --select: quick]
    #[arg(long, value_enum, value_name = "TIER", env = "PODPROOF_TIER")]
    pub tier: Option<TierChoice>,
    /// Folder with manifests to use instead of the built-in ones
    #[arg(long, value_name = "DIR", env = "PODPROOF_MANIFESTS")]
    pub manifests: Option<PathBuf>,
}

/// A tier, or all of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum TierChoice {
    /// Takes at most 30 s, without access to the node.
    Quick,
    /// Needs access to the node.
    Node,
    /// Takes minutes.
    Slow,
    /// Restarts kubelet, runtime or node.
    Disruptive,
    /// Every tier.
    All,
}

/// The format of the list of claims.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum ListFormat {
    /// One line per claim.
    #[default]
    Lines,
    /// A Markdown page with all assertions.
    Markdown,
}

/// Arguments of `podproof list`.
#[derive(Debug, Group)]
pub struct ListArgs {
    /// Format of the list
    #[arg(long, value_enum, default_value_t, env = "PODPROOF_LIST_FORMAT")]
    pub format: ListFormat,
    /// Which cases.
    #[command(flatten)]
    pub selection: SelectArgs,
}

/// Arguments of `podproof explain`.
#[derive(Debug, Group)]
pub struct ExplainArgs {
    /// One case, or the article.
    #[command(flatten)]
    pub subject: ExplainSubject,
    /// Folder of a run, to show its results for each sentence of the article
    #[arg(long, value_name = "DIR", conflicts_with = "case", env = "PODPROOF_RUN")]
    pub run: Option<PathBuf>,
    /// Folder with manifests to use instead of the built-in ones; a run has its own article
    #[arg(long, value_name = "DIR", env = "PODPROOF_MANIFESTS")]
    pub manifests: Option<PathBuf>,
}

/// One case, or the article.
#[derive(Debug, Group)]
#[group(required = true, multiple = false)]
pub struct ExplainSubject {
    /// Case to explain, `area/name`
    pub case: Option<String>,
    /// Show each sentence of the article, with the claims for and against it
    #[arg(long)]
    pub article: bool,
}

/// Arguments of `podproof sweep`.
#[derive(Debug, Group)]
pub struct SweepArgs {
    /// The cluster.
    #[command(flatten)]
    pub cluster: ClusterArgs,
    /// Remove all namespaces of this run instead, even if they have not expired; the run must have ended
    #[arg(long, value_name = "ID", env = "PODPROOF_SWEEP_RUN")]
    pub run: Option<String>,
    /// Only print what would be removed
    #[arg(long, env = "PODPROOF_DRY_RUN")]
    pub dry_run: bool,
}

/// Arguments of `podproof judge`.
#[derive(Debug, Group)]
pub struct JudgeArgs {
    /// Folder of the run
    pub run: PathBuf,
}

/// Arguments of `podproof report`.
#[derive(Debug, Group)]
pub struct ReportArgs {
    /// Folders of runs or experiments
    #[arg(required = true, value_name = "RUN")]
    pub runs: Vec<PathBuf>,
    /// Write only one page, with a table of all cases and runs, to this file
    #[arg(long, value_name = "FILE", env = "PODPROOF_MATRIX")]
    pub matrix: Option<PathBuf>,
    /// Earlier runs to compare with.
    #[cfg(feature = "history")]
    #[command(flatten)]
    pub before: crate::history::BaselineArgs,
    /// Report options.
    #[command(flatten)]
    pub report: ReportOptions,
}

/// Parses `NAME=REFERENCE`. The name must be used in manifests.
fn image(text: &str) -> Result<(String, String), String> {
    let known = podproof::cluster::Images::NAMES;
    match text.split_once('=') {
        Some((name, reference)) if known.contains(&name) && !reference.is_empty() => {
            Ok((name.to_owned(), reference.to_owned()))
        }
        Some((name, _)) if !known.contains(&name) => {
            Err(format!("manifests do not use the image `{name}`, only {}", known.join(", ")))
        }
        _ => Err("expected NAME=REFERENCE".to_owned()),
    }
}
