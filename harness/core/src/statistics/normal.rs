//! Tail probabilities of the normal distribution.

use std::f64::consts::{FRAC_1_SQRT_2, PI};

/// From this value on the continued fraction replaces the series.
const FAR: f64 = 3.0;

/// The two-sided tail probability of the standard normal distribution: 0.05 for `z` = 1.96.
pub(super) fn two_tails(z: f64) -> f64 {
    let x = z.abs() * FRAC_1_SQRT_2;
    if x < FAR { (1.0 - near(x)).clamp(0.0, 1.0) } else { far(x) }
}

/// The error function by its series, Abramowitz and Stegun 7.1.6.
fn near(x: f64) -> f64 {
    let (mut term, mut sum, mut n) = (x, x, 0.0);
    while term > sum * 1e-17 {
        n += 1.0;
        term *= 2.0 * x * x / (2.0 * n + 1.0);
        sum += term;
    }
    2.0 / PI.sqrt() * (-x * x).exp() * sum
}

/// The complementary error function by its continued fraction, Abramowitz and Stegun 7.1.14, evaluated
/// backwards.
fn far(x: f64) -> f64 {
    let tail = (1..=60).rev().fold(x, |tail, n| x + f64::from(n) / 2.0 / tail);
    (-x * x).exp() / PI.sqrt() / tail
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::two_tails;

    /// `2 * scipy.stats.norm.sf(z)`.
    #[rstest]
    #[case(0.0, 1.0)]
    #[case(0.5, 0.617_075_077_451_973_8)]
    #[case(1.0, 0.317_310_507_862_914_15)]
    #[case(-1.959_963_984_540_054, 0.05)]
    #[case(3.0, 0.002_699_796_063_260_186_6)]
    #[case(5.0, 5.733_031_437_583_866e-7)]
    #[case(8.0, 1.244_192_114_854_348e-15)]
    fn values_match_scipy(#[case] z: f64, #[case] expected: f64) {
        let seen = two_tails(z);
        assert!((seen - expected).abs() <= expected * 1e-9 + 1e-16, "{seen} is not {expected}");
    }
}
