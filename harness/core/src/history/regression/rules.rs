//! The thresholds of the review.

/// The thresholds from which on something is reported.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rules {
    /// The number of recent runs of a case considered for flakes.
    pub flake_runs: usize,
    /// The number of consecutive failures from which on a case was broken, not flaky.
    pub broken_runs: usize,
    /// A flaky case counts as failing if its failure rate makes that many consecutive failures less likely than this
    /// probability.
    pub explained: f64,
    /// A failure within this number of runs after a fix reopens the old failure.
    pub reopened_runs: usize,
    /// The number of runs for which a missing case is reported.
    pub missing_runs: usize,
    /// A run is not sound if more than this share of its cases is inconclusive or has the same signature.
    pub infra_share: f64,
    /// The smallest number of affected cases for which a run is not sound.
    pub infra_cases: usize,
    /// The number of runs before the recent ones that are the baseline.
    pub baseline: usize,
    /// The smallest number of runs that is enough for a baseline.
    pub least_baseline: usize,
    /// The number of recent runs used to suspect a change of duration.
    pub suspected_runs: usize,
    /// The p-value up to which a change is suspected.
    pub suspected_p: f64,
    /// The numbers of recent runs used to confirm a change: a small one for early detection, and a larger one for
    /// changes that the small one misses. Once slow runs are part of the baseline, the small one is not enough.
    pub confirmed_runs: [usize; 2],
    /// The p-value, adjusted for all tests of the run, up to which a change is confirmed.
    pub confirmed_p: f64,
    /// The smallest change of duration that is reported, as a factor.
    pub factor: f64,
    /// The smallest change of duration that is reported, in seconds.
    pub seconds: f64,
}

impl Default for Rules {
    fn default() -> Self {
        Self {
            flake_runs: 20,
            broken_runs: 3,
            explained: 0.01,
            reopened_runs: 5,
            missing_runs: 30,
            infra_share: 0.3,
            infra_cases: 3,
            baseline: 30,
            least_baseline: 10,
            suspected_runs: 3,
            // The smallest p-value of three runs against twenty is 0.0012.
            suspected_p: 0.002,
            // The smallest p-value of five runs against thirty is 0.000006. Adjusted for two tests of 200 cases, it
            // stays below 0.01.
            confirmed_runs: [5, 10],
            confirmed_p: 0.01,
            factor: 1.2,
            seconds: 0.25,
        }
    }
}
