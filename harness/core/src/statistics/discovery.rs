//! Corrects p-values for multiple tests.

/// Adjusts p-values by the method of Benjamini and Hochberg, in the order of `p`. If all adjusted values up to `q`
/// count as discoveries and the tests are independent, on average at most the share `q` of the discoveries is false.
///
/// Source: Y. Benjamini, Y. Hochberg, Controlling the False Discovery Rate, 1995.
#[must_use]
pub fn adjusted(p: &[f64]) -> Vec<f64> {
    let mut order: Vec<_> = (0..p.len()).collect();
    order.sort_by(|&one, &other| p[other].total_cmp(&p[one]));
    let mut adjusted = vec![1.0; p.len()];
    let mut least: f64 = 1.0;
    for (place, &index) in order.iter().enumerate() {
        least = least.min(p[index] * ratio(p.len(), p.len() - place));
        adjusted[index] = least;
    }
    adjusted
}

#[expect(clippy::cast_precision_loss, reason = "there are not that many tests")]
fn ratio(all: usize, rank: usize) -> f64 {
    all as f64 / rank as f64
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::adjusted;

    /// `scipy.stats.false_discovery_control(p)`.
    #[rstest]
    #[case(&[0.01, 0.02, 0.03, 0.04, 0.05], &[0.05, 0.05, 0.05, 0.05, 0.05])]
    #[case(&[0.001, 0.8, 0.012, 0.04, 0.3], &[0.005, 0.8, 0.03, 0.066_666_666_666_666_67, 0.375])]
    #[case(&[0.0004, 0.0004, 0.0004, 0.9], &[0.000_533_333_333_333, 0.000_533_333_333_333, 0.000_533_333_333_333, 0.9])]
    #[case(&[1.0, 0.5], &[1.0, 1.0])]
    #[case(&[], &[])]
    fn values_are_those_of_scipy(#[case] p: &[f64], #[case] expected: &[f64]) {
        let seen = adjusted(p);
        assert_eq!(seen.len(), expected.len());
        for (seen, expected) in seen.iter().zip(expected) {
            assert!((seen - expected).abs() < 1e-12, "{seen} is not {expected}");
        }
    }
}
