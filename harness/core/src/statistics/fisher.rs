//! Fisher's exact test for two proportions.

use super::gamma::ln_factorial;

/// Tolerates rounding when tables with the same probability as the observed one are counted.
const TIE: f64 = 1.0 + 1e-7;

/// A 2×2 contingency table: two groups, each with successes and failures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Table {
    /// Successes in the first group.
    pub first: u32,
    /// Failures in the first group.
    pub first_not: u32,
    /// Successes in the second group.
    pub second: u32,
    /// Failures in the second group.
    pub second_not: u32,
}

/// The p-values of the test: the probability of a table at least as extreme, if both groups have the same proportion.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Fisher {
    /// Two-sided: all tables that are not more likely than the observed one.
    pub two_sided: f64,
    /// One-sided: the first group has as many successes, or fewer.
    pub less: f64,
    /// One-sided: the first group has as many successes, or more.
    pub greater: f64,
}

/// Fisher's exact test, by the hypergeometric probabilities of all tables with the same marginal totals.
///
/// Source: R. A. Fisher, Statistical Methods for Research Workers, §21.02.
#[must_use]
pub fn fisher(table: Table) -> Fisher {
    let Table { first, first_not, second, second_not } = table;
    let (row, other, did) = (first + first_not, second + second_not, first + second);
    let choose = |n: u32, k: u32| ln_factorial(n) - ln_factorial(k) - ln_factorial(n - k);
    let all = choose(row + other, did);
    let probability = |k: u32| (choose(row, k) + choose(other, did - k) - all).exp();
    let seen = probability(first);
    let mut answer = Fisher { two_sided: 0.0, less: 0.0, greater: 0.0 };
    for k in did.saturating_sub(other)..=did.min(row) {
        let p = probability(k);
        answer.two_sided += if p <= seen * TIE { p } else { 0.0 };
        answer.less += if k <= first { p } else { 0.0 };
        answer.greater += if k >= first { p } else { 0.0 };
    }
    let at_most_one = |p: f64| p.min(1.0);
    Fisher {
        two_sided: at_most_one(answer.two_sided),
        less: at_most_one(answer.less),
        greater: at_most_one(answer.greater),
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::{Table, fisher};

    /// `scipy.stats.fisher_exact([[a, b], [c, d]], alternative=…)[1]` for two-sided, less and greater.
    #[rstest]
    #[case([0, 14, 2, 0], [0.008_333_333_333_333_333, 0.008_333_333_333_333_333, 1.0])]
    #[case([0, 30, 2, 0], [0.002_016_129_032_258_065, 0.002_016_129_032_258_065, 1.0])]
    #[case([3, 1, 1, 3], [0.485_714_285_714_285_65, 0.985_714_285_714_285_7, 0.242_857_142_857_142_83])]
    #[case([8, 2, 1, 5], [0.034_965_034_965_034_975, 0.999_125_874_125_874_2, 0.024_475_524_475_524_483])]
    #[case([1, 13, 2, 0], [0.025, 0.025, 1.0])]
    #[case([0, 5, 0, 5], [1.0, 1.0, 1.0])]
    #[case([10, 90, 25, 75], [0.008_503_571_478_623_954, 0.004_251_785_739_311_977, 0.998_731_587_706_464_6])]
    #[case([500, 1500, 450, 1550], [0.068_634_123_625_052_96, 0.970_964_886_338_065_2, 0.034_317_061_812_526_48])]
    #[case([0, 0, 0, 0], [1.0, 1.0, 1.0])]
    fn probabilities_are_those_of_scipy(#[case] table: [u32; 4], #[case] expected: [f64; 3]) {
        let [first, first_not, second, second_not] = table;
        let seen = fisher(Table { first, first_not, second, second_not });
        for (seen, expected) in [seen.two_sided, seen.less, seen.greater].into_iter().zip(expected) {
            assert!((seen - expected).abs() < 1e-9, "{seen} is not {expected}");
        }
    }
}
