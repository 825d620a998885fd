//! What was typed.

use std::path::PathBuf;

use clap::{Args as Group, Parser, Subcommand, ValueEnum};
use podproof::report::{Background, JunitProfile, ReportOrder};

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
    Run(RunArgs),
    /// Prove that each case can fail: run it, then each of its mutants
    Prove(CheckArgs),
    /// Measure how the article's programs fare, instead of checking a claim
    #[command(subcommand)]
    Experiment(ExperimentCommand),
    /// List the claims
    List(ListArgs),
    /// Tell what a case does, asserts and rests on, or what the article says and a run says of it
    Explain(ExplainArgs),
    /// Judge a run again from its files; no cluster is needed
    Judge(JudgeArgs),
    /// Remove what runs that were killed left in a cluster: namespaces whose time is over
    Sweep(SweepArgs),
    /// Write the reports of a run again from its files; no cluster is needed
    Report(ReportArgs),
    /// A kind cluster of podproof's own, and its node image
    #[command(subcommand)]
    Cluster(ClusterCommand),
    /// What broke, since when, and what is only flaky: runs kept and compared
    #[cfg(feature = "history")]
    History(crate::history::HistoryArgs),
}

/// What to do with clusters of our own.
#[derive(Debug, Subcommand)]
pub enum ClusterCommand {
    /// Have the cluster: take it as it is, bring it back, or make it; prints its kubeconfig
    Up(UpArgs),
    /// Remove the cluster
    Down(DownArgs),
    /// Show the clusters of podproof's own
    Status,
    /// Build the node image unless there is one of the same inputs; prints its name
    Image(ImageArgs),
}

/// Which cluster to have.
#[derive(Debug, Group)]
pub struct UpArgs {
    /// Its name
    #[arg(long, value_name = "NAME", default_value = "podproof", env = "PODPROOF_CLUSTER_NAME")]
    pub name: String,
    /// Its nodes: `one-node`, `three-nodes` or a configuration file of kind [default: one-node]
    #[arg(long, value_name = "CONFIG", env = "PODPROOF_CLUSTER_CONFIG")]
    pub config: Option<String>,
    /// Its node image [default: kindest/node where it can be had, else one built here]
    #[arg(long, value_name = "IMAGE", env = "PODPROOF_CLUSTER_IMAGE")]
    pub image: Option<String>,
}

/// Which cluster to remove.
#[derive(Debug, Group)]
pub struct DownArgs {
    /// Its name
    #[arg(long, value_name = "NAME", default_value = "podproof", env = "PODPROOF_CLUSTER_NAME")]
    pub name: String,
}

/// What to build a node image of.
#[derive(Debug, Group)]
pub struct ImageArgs {
    /// A folder of Kubernetes binaries, or kubernetes-server-linux-amd64.tar.gz [default: built from Debian's source]
    #[arg(long, value_name = "DIR|TAR.GZ", env = "PODPROOF_BINARIES")]
    pub binaries: Option<PathBuf>,
    /// A folder with containerd, ctr and the shim [default: Debian's]
    #[arg(long, value_name = "DIR", env = "PODPROOF_CONTAINERD")]
    pub containerd: Option<PathBuf>,
    /// A folder with etcd [default: Debian's]
    #[arg(long, value_name = "DIR", env = "PODPROOF_ETCD")]
    pub etcd: Option<PathBuf>,
}

/// What to check, where, and how, and how often again.
#[derive(Debug, Group)]
pub struct RunArgs {
    /// What to check.
    #[command(flatten)]
    pub check: CheckArgs,
    /// How often at most what failed or could not be told is tried again; a fail stays one, and is told as flaky where
    /// another attempt passes
    #[arg(long, value_name = "N", default_value_t = 0, env = "PODPROOF_RETRIES", value_parser = clap::value_parser!(u32).range(..=100))]
    pub retries: u32,
}

/// What to check, where, and how.
#[derive(Debug, Group)]
pub struct CheckArgs {
    /// Where to check.
    #[command(flatten)]
    pub reach: Reach,
    /// Which cases.
    #[command(flatten)]
    pub choice: Choice,
    /// How many cases run at once [default: what the cluster's nodes have room for]
    #[arg(long, value_name = "N", env = "PODPROOF_PARALLEL", value_parser = clap::value_parser!(u16).range(1..))]
    pub parallel: Option<u16>,
    /// How often each case runs
    #[arg(long, value_name = "N", default_value_t = 1, env = "PODPROOF_REPEAT", value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub repeat: u32,
    /// Factor for all time budgets, for slow machines
    #[arg(long, value_name = "FACTOR", default_value_t = 1.0, env = "PODPROOF_STRETCH")]
    pub stretch: f64,
    /// Where the run's folder is made [default: runs]
    #[arg(long, value_name = "DIR", default_value = "runs", hide_default_value = true, env = "PODPROOF_OUT")]
    pub out: PathBuf,
    /// How to report.
    #[command(flatten)]
    pub wishes: Wishes,
    /// The runs before.
    #[cfg(feature = "history")]
    #[command(flatten)]
    pub before: crate::history::Before,
}

/// How to report.
#[derive(Debug, Group)]
pub struct Wishes {
    /// For whom `junit.xml` is written
    #[arg(long, value_enum, value_name = "PROFILE", default_value_t, env = "PODPROOF_JUNIT")]
    pub junit: Junit,
    /// Write the metrics also to this file, which keeps the time of the last success from run to run
    #[arg(long, value_name = "FILE", env = "PODPROOF_METRICS")]
    pub metrics: Option<PathBuf>,
}

/// For whom `junit.xml` is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Junit {
    /// Valid by the schema of Jenkins' xUnit plugin.
    Strict,
    /// All that there is to tell.
    #[default]
    Rich,
    /// Prow and TestGrid.
    Prow,
    /// GitLab.
    Gitlab,
}

impl Wishes {
    /// What is wished, and what is known of the runs before, in the library's words.
    pub fn order(&self, background: Option<Background>) -> ReportOrder {
        ReportOrder { junit: self.junit.into(), metrics: self.metrics.clone(), background }
    }
}

impl From<Junit> for JunitProfile {
    fn from(junit: Junit) -> Self {
        match junit {
            Junit::Strict => Self::Strict,
            Junit::Rich => Self::Rich,
            Junit::Prow => Self::Prow,
            Junit::Gitlab => Self::Gitlab,
        }
    }
}

/// What can be measured.
#[derive(Debug, Subcommand)]
pub enum ExperimentCommand {
    /// How often each remedy against the startup race works, and how far apart containers start
    Startup(StartupArgs),
}

/// What to measure, where, and how.
#[derive(Debug, Group)]
pub struct StartupArgs {
    /// Where to measure.
    #[command(flatten)]
    pub reach: Reach,
    /// How many trials of each strategy in each order
    #[arg(long, value_name = "N", default_value_t = 20, env = "PODPROOF_TRIALS", value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub trials: u32,
    /// How many trials are made at once, in one namespace
    #[arg(long, value_name = "N", default_value_t = 4, env = "PODPROOF_PARALLEL", value_parser = clap::value_parser!(u16).range(1..=100))]
    pub parallel: u16,
    /// Only these strategies; may be given again
    #[arg(long = "strategy", value_name = "NAME", value_delimiter = ',', env = "PODPROOF_STRATEGY")]
    pub strategies: Vec<String>,
    /// A folder of manifests instead of the built-in ones
    #[arg(long, value_name = "DIR", env = "PODPROOF_MANIFESTS")]
    pub manifests: Option<PathBuf>,
    /// Factor for all time budgets, for slow machines
    #[arg(long, value_name = "FACTOR", default_value_t = 1.0, env = "PODPROOF_STRETCH")]
    pub stretch: f64,
    /// Where the run's folder is made [default: runs]
    #[arg(long, value_name = "DIR", default_value = "runs", hide_default_value = true, env = "PODPROOF_OUT")]
    pub out: PathBuf,
}

/// A cluster, and the way to it.
#[derive(Debug, Group)]
pub struct Reach {
    /// Which cluster.
    #[command(flatten)]
    pub place: Place,
    /// The file in which `--context` is looked up [default: KUBECONFIG, or the one in the home folder]
    #[arg(long, value_name = "FILE", env = "PODPROOF_KUBECONFIG")]
    pub kubeconfig: Option<PathBuf>,
    /// What stands for an image name in the manifests, for example `nginx=registry.example/nginx:1.29`
    #[arg(long = "image", value_name = "NAME=REFERENCE", value_parser = image)]
    pub images: Vec<(String, String)>,
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
#[derive(Clone, Debug, Group)]
pub struct Choice {
    /// For example `ipc/* and not tier:slow`
    #[arg(long, value_name = "EXPRESSION", env = "PODPROOF_SELECT")]
    pub select: Option<String>,
    /// Only cases of this tier [default: quick to run and prove without --select, else all]
    #[arg(long, value_enum, value_name = "TIER", env = "PODPROOF_TIER")]
    pub tier: Option<TierChoice>,
    /// A folder of manifests instead of the built-in ones
    #[arg(long, value_name = "DIR", env = "PODPROOF_MANIFESTS")]
    pub manifests: Option<PathBuf>,
}

/// A tier, or all of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum TierChoice {
    /// At most 30 s each, no access to the node.
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

/// How the claims are listed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum ListFormat {
    /// A line each.
    #[default]
    Lines,
    /// A page of Markdown with everything that is asserted.
    Markdown,
}

/// What to list.
#[derive(Debug, Group)]
pub struct ListArgs {
    /// The form of the list
    #[arg(long, value_enum, default_value_t, env = "PODPROOF_LIST_FORMAT")]
    pub format: ListFormat,
    /// Which cases.
    #[command(flatten)]
    pub choice: Choice,
}

/// What to explain.
#[derive(Debug, Group)]
pub struct ExplainArgs {
    /// One case, or the article.
    #[command(flatten)]
    pub subject: Subject,
    /// A run's folder: what it says of each sentence of the article
    #[arg(long, value_name = "DIR", conflicts_with = "case", env = "PODPROOF_RUN")]
    pub run: Option<PathBuf>,
    /// A folder of manifests instead of the built-in ones
    #[arg(long, value_name = "DIR", env = "PODPROOF_MANIFESTS")]
    pub manifests: Option<PathBuf>,
}

/// One case, or the article.
#[derive(Debug, Group)]
#[group(required = true, multiple = false)]
pub struct Subject {
    /// The case, `area/name`
    pub case: Option<String>,
    /// Each sentence of the article, with the claims for and against it
    #[arg(long)]
    pub article: bool,
}

/// What to remove, and where.
#[derive(Debug, Group)]
pub struct SweepArgs {
    /// Where to look.
    #[command(flatten)]
    pub reach: Reach,
    /// Everything of this run instead, whatever its age; the run must not be going on
    #[arg(long, value_name = "ID", env = "PODPROOF_SWEEP_RUN")]
    pub run: Option<String>,
    /// Only say what would be removed
    #[arg(long, env = "PODPROOF_DRY_RUN")]
    pub dry_run: bool,
}

/// What to judge again.
#[derive(Debug, Group)]
pub struct JudgeArgs {
    /// The run's folder
    pub run: PathBuf,
}

/// What to report again.
#[derive(Debug, Group)]
pub struct ReportArgs {
    /// The folders of runs or experiments
    #[arg(required = true, value_name = "RUN")]
    pub runs: Vec<PathBuf>,
    /// Write only one page, of the cases beside the runs, into this file
    #[arg(long, value_name = "FILE", env = "PODPROOF_MATRIX")]
    pub matrix: Option<PathBuf>,
    /// The runs before.
    #[cfg(feature = "history")]
    #[command(flatten)]
    pub before: crate::history::Before,
    /// How to report.
    #[command(flatten)]
    pub wishes: Wishes,
}

/// Parses `NAME=REFERENCE`; the name must be one that manifests use.
fn image(text: &str) -> Result<(String, String), String> {
    let known = podproof::cluster::Images::NAMES;
    match text.split_once('=') {
        Some((name, reference)) if known.contains(&name) && !reference.is_empty() => {
            Ok((name.to_owned(), reference.to_owned()))
        }
        Some((name, _)) if !known.contains(&name) => {
            Err(format!("manifests use no image `{name}`, but {}", known.join(", ")))
        }
        _ => Err("not of the form NAME=REFERENCE".to_owned()),
    }
}
