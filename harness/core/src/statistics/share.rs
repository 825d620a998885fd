//! Shares and distributions.

use serde::{Deserialize, Serialize};

/// The 97.5 % quantile of the standard normal distribution, for two-sided 95 % intervals.
const Z: f64 = 1.959_963_984_540_054;

/// A share with its 95 % Wilson score interval.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Share {
    /// The number of hits.
    pub count: u32,
    /// The number of all trials.
    pub of: u32,
    /// `count / of`.
    pub share: f64,
    /// The lower bound of the interval.
    pub low: f64,
    /// The upper bound of the interval.
    pub high: f64,
}

impl Share {
    /// The share of `count` in `of`; `None` if `of` is zero or `count` exceeds it.
    #[must_use]
    pub fn of(count: u32, of: u32) -> Option<Self> {
        if of == 0 || count > of {
            return None;
        }
        let (hits, n) = (f64::from(count), f64::from(of));
        let share = hits / n;
        let spread = Z * Z / n;
        let middle = (share + spread / 2.0) / (1.0 + spread);
        let half = Z / (1.0 + spread) * (share * (1.0 - share) / n + spread / (4.0 * n)).sqrt();
        // Rounding must not move a bound past the share or past a certain value.
        let low = if count == 0 { 0.0 } else { (middle - half).clamp(0.0, share) };
        let high = if count == of { 1.0 } else { (middle + half).clamp(share, 1.0) };
        Some(Self { count, of, share, low, high })
    }
}

/// The distribution of a set of values, in milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Distribution {
    /// The number of values.
    pub count: usize,
    /// The minimum.
    pub min: f64,
    /// The median.
    pub p50: f64,
    /// The 90th percentile.
    pub p90: f64,
    /// The 99th percentile.
    pub p99: f64,
    /// The maximum.
    pub max: f64,
}

impl Distribution {
    /// The distribution of values in nanoseconds; `None` without values.
    #[must_use]
    pub fn of(nanoseconds: impl IntoIterator<Item = i64>) -> Option<Self> {
        let mut sorted: Vec<_> = nanoseconds.into_iter().collect();
        sorted.sort_unstable();
        let at = |percent| nearest_rank(&sorted, percent).map(milliseconds);
        Some(Self {
            count: sorted.len(),
            min: at(0)?,
            p50: at(50)?,
            p90: at(90)?,
            p99: at(99)?,
            max: at(100)?,
        })
    }
}

/// The nearest-rank percentile: the smallest value that at least `percent` % of the `sorted` values do not exceed.
/// `None` without values.
#[must_use]
pub fn nearest_rank(sorted: &[i64], percent: u32) -> Option<i64> {
    let rank = (sorted.len() * usize::try_from(percent.min(100)).ok()?).div_ceil(100);
    sorted.get(rank.saturating_sub(1)).copied()
}

/// Converts nanoseconds to milliseconds.
#[expect(clippy::cast_precision_loss, reason = "three months of nanoseconds are exact")]
pub(super) fn milliseconds(nanoseconds: i64) -> f64 {
    nanoseconds as f64 / 1e6
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::{Distribution, Share, nearest_rank};

    /// The bounds are in tenths of a percent.
    #[rstest]
    #[case::none_of_ten(0, 10, 0, 278)]
    #[case::half_of_ten(5, 10, 237, 763)]
    #[case::all_of_ten(10, 10, 722, 1000)]
    #[case::one_of_one(1, 1, 207, 1000)]
    #[case::none_of_one(0, 1, 0, 793)]
    #[case::many(498, 500, 986, 999)]
    fn an_interval_is_the_wilson_score_interval(
        #[case] count: u32,
        #[case] of: u32,
        #[case] low: i32,
        #[case] high: i32,
    ) {
        let share = Share::of(count, of).map(|share| (share.low, share.high));
        let (seen_low, seen_high) = share.unwrap_or_default();
        assert!((seen_low * 1000.0 - f64::from(low)).abs() < 0.6, "{seen_low}");
        assert!((seen_high * 1000.0 - f64::from(high)).abs() < 0.6, "{seen_high}");
    }

    #[test]
    fn without_values_there_is_no_share_and_no_distribution() {
        assert_eq!(Share::of(0, 0), None);
        assert_eq!(Share::of(2, 1), None);
        assert_eq!(Distribution::of([]), None);
        assert_eq!(nearest_rank(&[], 50), None);
    }

    #[test]
    fn the_bounds_of_certain_shares_are_exact() {
        assert_eq!(Share::of(0, 7).map(|none| (none.share, none.low)), Some((0.0, 0.0)));
        assert_eq!(Share::of(7, 7).map(|all| (all.share, all.high)), Some((1.0, 1.0)));
    }

    #[rstest]
    #[case(0, 15)]
    #[case(5, 15)]
    #[case(20, 15)]
    #[case(21, 20)]
    #[case(40, 20)]
    #[case(50, 35)]
    #[case(100, 50)]
    #[case(101, 50)]
    fn a_percentile_is_one_of_the_values(#[case] percent: u32, #[case] expected: i64) {
        assert_eq!(nearest_rank(&[15, 20, 35, 40, 50], percent), Some(expected));
    }

    #[test]
    fn a_distribution_is_in_milliseconds_and_accepts_unsorted_values() {
        let seen = Distribution::of([3_000_000, -1_000_000, 2_500_000]);
        let expected = Distribution { count: 3, min: -1.0, p50: 2.5, p90: 3.0, p99: 3.0, max: 3.0 };
        assert_eq!(seen, Some(expected));
    }
}
