//! The rank-sum test of Mann, Whitney and Wilcoxon: tests whether one of two samples tends to have greater values.

use super::normal::two_tails;

/// The number of values up to which the p-value is exact.
const EXACT_LIMIT: usize = 64;

/// The result of the test.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RankSum {
    /// The number of pairs in which the first sample has the greater value; a tie counts half.
    pub u: f64,
    /// The two-sided p-value: the probability of a `u` at least as extreme if both samples have the same distribution.
    pub p: f64,
}

/// Tests `first` against `second`. `None` if either is empty.
///
/// With at most 64 values in total the p-value is exact, with ties: twice the share of all permutations whose `u` is at
/// least as extreme on the same side. With more values it uses the normal approximation, corrected for ties and
/// continuity. For few values that approximation is too coarse for the small p-values that many tests at once need.
///
/// Source: H. B. Mann, D. R. Whitney, On a Test of Whether one of Two Random Variables is Stochastically Larger, 1947.
#[must_use]
pub fn rank_sum(first: &[f64], second: &[f64]) -> Option<RankSum> {
    let ranked = Ranked::of(first, second)?;
    let n = float(first.len());
    let u = float(ranked.sum(true)) / 2.0 - n * (n + 1.0) / 2.0;
    let p = if ranked.0.len() > EXACT_LIMIT { two_tails(ranked.score()) } else { ranked.exact() };
    Some(RankSum { u, p })
}

/// The values in order, each as twice its rank and whether it is of the first sample. Doubling keeps the mean of two
/// ranks an integer.
struct Ranked(Vec<(usize, bool)>);

impl Ranked {
    /// Equal values get the mean of their ranks. `None` if a sample is empty.
    #[expect(clippy::float_cmp, reason = "a tie is equality")]
    fn of(first: &[f64], second: &[f64]) -> Option<Self> {
        if first.is_empty() || second.is_empty() {
            return None;
        }
        let mut all: Vec<_> = first.iter().map(|&value| (value, true)).collect();
        all.extend(second.iter().map(|&value| (value, false)));
        all.sort_by(|one, other| one.0.total_cmp(&other.0));
        let mut ranked = Vec::with_capacity(all.len());
        for group in all.chunk_by(|one, other| one.0 == other.0) {
            let twice = 2 * ranked.len() + group.len() + 1;
            ranked.extend(group.iter().map(|(_, is_first)| (twice, *is_first)));
        }
        Some(Self(ranked))
    }

    /// Twice the sum of the ranks of a sample.
    fn sum(&self, of_first: bool) -> usize {
        self.0.iter().filter(|(_, is_first)| *is_first == of_first).map(|(twice, _)| twice).sum()
    }

    fn size(&self, of_first: bool) -> usize {
        self.0.iter().filter(|(_, is_first)| *is_first == of_first).count()
    }

    /// The z-score, corrected for ties and continuity.
    fn score(&self) -> f64 {
        let (n, m) = (float(self.size(true)), float(self.size(false)));
        let u = float(self.sum(true)) / 2.0 - n * (n + 1.0) / 2.0;
        let all = n + m;
        let cube = |t: f64| t * t * t - t;
        let groups = self.0.chunk_by(|one, other| one.0 == other.0);
        let ties: f64 = groups.map(|group| cube(float(group.len()))).sum();
        let variance = n * m / 12.0 * ((all + 1.0) - ties / (all * (all - 1.0)));
        let away = ((u - n * m / 2.0).abs() - 0.5).max(0.0);
        // If all values are equal, there is no evidence of a difference.
        if variance > 0.0 { away / variance.sqrt() } else { 0.0 }
    }

    fn exact(&self) -> f64 {
        // The smaller sample has fewer possible sums.
        let smaller = self.size(true) <= self.size(false);
        let (size, seen) = (self.size(smaller), self.sum(smaller));
        let ways = self.ways(size);
        let total: u64 = ways.iter().sum();
        let below: u64 = ways.iter().take(seen + 1).sum();
        let above: u64 = ways.iter().skip(seen).sum();
        (2.0 * share(below.min(above), total)).min(1.0)
    }

    /// The number of ways to choose `size` of the values, indexed by twice the sum of their ranks.
    fn ways(&self, size: usize) -> Vec<u64> {
        let most: usize = self.0.iter().rev().take(size).map(|(twice, _)| twice).sum();
        let mut ways = vec![vec![0_u64; most + 1]; size + 1];
        ways[0][0] = 1;
        for (value, (twice, _)) in self.0.iter().enumerate() {
            for chosen in (1..=size.min(value + 1)).rev() {
                let (fewer, more) = ways.split_at_mut(chosen);
                let from = &fewer[chosen - 1];
                for (to, from) in more[0].iter_mut().skip(*twice).zip(from) {
                    *to += from;
                }
            }
        }
        ways.swap_remove(size)
    }
}

#[expect(clippy::cast_precision_loss, reason = "samples are not that large")]
fn float(count: usize) -> f64 {
    count as f64
}

#[expect(clippy::cast_precision_loss, reason = "a share needs no more digits than it can show")]
fn share(part: u64, whole: u64) -> f64 {
    part as f64 / whole as f64
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::{RankSum, Ranked, rank_sum};

    fn numbers(values: std::ops::Range<i32>, step: usize, offset: f64) -> Vec<f64> {
        values.step_by(step).map(|value| f64::from(value) + offset).collect()
    }

    fn assert_is(first: &[f64], second: &[f64], u: f64, p: f64) {
        let seen = rank_sum(first, second).unwrap();
        assert!((seen.u - u).abs() < 1e-9 && (seen.p - p).abs() < p * 1e-9, "{seen:?} is not {u}, {p}");
        // The two-sided test is symmetric.
        let other = rank_sum(second, first).unwrap();
        assert!((seen.p - other.p).abs() < 1e-12, "{seen:?} {other:?}");
    }

    /// `scipy.stats.mannwhitneyu(first, second, alternative="two-sided", method="exact")`.
    #[rstest]
    #[case(&[1.0, 2.0, 3.0], &[4.0, 5.0, 6.0, 7.0], 0.0, 0.057_142_857_142_857_14)]
    #[case(&[19.0, 22.0, 16.0, 29.0, 24.0], &[20.0, 11.0, 17.0, 12.0], 17.0, 0.111_111_111_111_111_1)]
    #[case(&[1.1], &[2.0, 3.0, 4.0], 0.0, 0.5)]
    #[case(&[1.0, 4.0, 9.0], &[2.0, 3.0, 5.0, 6.0, 7.0, 8.0, 10.0], 8.0, 0.666_666_666_666_666_6)]
    fn small_samples_have_exact_p_values(
        #[case] first: &[f64],
        #[case] second: &[f64],
        #[case] u: f64,
        #[case] p: f64,
    ) {
        assert_is(first, second, u, p);
    }

    #[test]
    fn p_values_are_exact_for_five_values_against_thirty() {
        assert_is(&numbers(5..10, 1, 0.0), &numbers(10..40, 1, 0.0), 0.0, 6.160_822_100_101_037e-6);
        assert_is(&numbers(0..20, 2, 0.0), &numbers(1..20, 2, 0.0), 45.0, 0.739_364_350_819_459_3);
    }

    /// `scipy.stats.permutation_test((first, second), statistic=mannwhitneyu's, alternative="two-sided")` over all
    /// permutations: the method `exact` of `mannwhitneyu` does not support ties.
    #[rstest]
    #[case(&[1.0, 2.0, 2.0, 3.0], &[2.0, 3.0, 4.0, 4.0, 5.0], 2.5, 0.111_111_111_111_111_1)]
    #[case(&[1.0, 1.0, 1.0], &[1.0, 1.0, 1.0, 2.0], 4.5, 1.0)]
    #[case(&[3.0, 3.0, 3.0, 4.0, 5.0, 6.0, 6.0], &[1.0, 2.0, 2.0, 3.0, 3.0, 3.0, 4.0], 41.0, 0.039_044_289_044_289_05)]
    #[case(&[5.0; 5], &[1.0; 5], 25.0, 0.007_936_507_936_507_936)]
    #[case(&[7.0, 7.0], &[7.0, 7.0, 7.0], 3.0, 1.0)]
    fn p_values_are_exact_with_ties(
        #[case] first: &[f64],
        #[case] second: &[f64],
        #[case] u: f64,
        #[case] p: f64,
    ) {
        assert_is(first, second, u, p);
    }

    /// `scipy.stats.mannwhitneyu(first, second, alternative="two-sided", method="asymptotic")`.
    #[test]
    fn large_samples_are_approximated() {
        assert_is(&numbers(0..30, 1, 0.0), &numbers(0..40, 1, 4.5), 325.0, 0.001_123_128_845_848_367_4);
        let halves =
            |values| numbers(values, 1, 0.0).iter().map(|value| (value / 2.0).floor()).collect::<Vec<_>>();
        assert_is(&halves(0..40), &halves(6..56), 578.0, 0.000_614_519_287_660_749_9);
    }

    #[test]
    fn without_values_there_is_no_test() {
        assert_eq!(rank_sum(&[], &[1.0]), None::<RankSum>);
        assert_eq!(rank_sum(&[1.0], &[]), None::<RankSum>);
    }

    #[test]
    fn every_choice_is_counted_once() {
        let ranked = Ranked::of(&numbers(0..32, 1, 0.0), &numbers(32..64, 1, 0.0)).unwrap();
        // The binomial coefficient of 64 over 32.
        assert_eq!(ranked.ways(32).iter().sum::<u64>(), 1_832_624_140_942_590_534);
    }
}
