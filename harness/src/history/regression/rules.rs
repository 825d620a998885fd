//! The numbers behind the words.

/// When something is worth a word.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rules {
    /// How many nights of a case are looked at for flakes.
    pub flake_nights: usize,
    /// From so many failures in a row on it was broken, not flaky.
    pub broken_nights: usize,
    /// A flaky case is called failing when its flake rate explains so many failures in a row with less than this
    /// probability.
    pub explained: f64,
    /// A failure within so many nights after a repair is the old one.
    pub reopened_nights: usize,
    /// A missing case is told for so many runs.
    pub missing_runs: usize,
    /// A run is marked when more than this share of its cases could not be told or failed alike.
    pub infra_share: f64,
    /// And at least so many cases.
    pub infra_cases: usize,
    /// How many nights before the recent ones make a baseline.
    pub baseline: usize,
    /// The fewest nights that do.
    pub least_baseline: usize,
    /// How many recent nights are compared to suspect a change of pace.
    pub suspected_nights: usize,
    /// The p-value up to which it is suspected.
    pub suspected_p: f64,
    /// How many recent nights are compared to confirm it: few, to know it soon, and then more, to know it at all. Once
    /// slow nights are part of the baseline, few are too few.
    pub confirmed_nights: [usize; 2],
    /// The p-value, adjusted for all that is asked of the night, up to which it is confirmed.
    pub confirmed_p: f64,
    /// The least change of pace that matters, as a factor.
    pub factor: f64,
    /// The least change of pace that matters, in seconds.
    pub seconds: f64,
}

impl Default for Rules {
    fn default() -> Self {
        Self {
            flake_nights: 20,
            broken_nights: 3,
            explained: 0.01,
            reopened_nights: 5,
            missing_runs: 30,
            infra_share: 0.3,
            infra_cases: 3,
            baseline: 30,
            least_baseline: 10,
            suspected_nights: 3,
            // Three nights against twenty cannot do better than 0.0012.
            suspected_p: 0.002,
            // Five nights against thirty can do 0.000006, which 200 cases asked twice leave below 0.01.
            confirmed_nights: [5, 10],
            confirmed_p: 0.01,
            factor: 1.2,
            seconds: 0.25,
        }
    }
}
