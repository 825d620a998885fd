//! Detects whether and where a case began to fail more or less often.

use super::gamma::ln_beta;

/// The prior distribution of the failure rate, Beta(0.3, 0.5): most cases fail rarely or always.
const RATE_PRIOR: (f64, f64) = (0.3, 0.5);

/// The credibility of the interval for the position of the change.
const COVERED: f64 = 0.99;

/// The probability that a sequence has a change, and the position of the change.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ChangePoint {
    /// The probability of a change, from 0 to 1.
    pub probability: f64,
    /// The most likely position: the index of the first outcome after the change.
    pub at: usize,
    /// The first index of the 99 % credible interval around [`at`](Self::at).
    pub from: usize,
    /// The last index of that interval.
    pub to: usize,
}

/// Looks for one change in a sequence of outcomes, `true` for a failure. `prior` is the prior probability of a change.
/// `None` for fewer than two outcomes.
///
/// The method is a Bayesian single change-point model with a Beta distribution for the failure rate of each part, as in
/// D. V. Hinkley, E. A. Hinkley, Inference about the change-point in a sequence of binomial variables, 1970.
#[must_use]
pub fn change_point(failures: &[bool], prior: f64) -> Option<ChangePoint> {
    let places = failures.len().checked_sub(1).filter(|places| *places > 0)?;
    let failed = |part: &[bool]| part.iter().filter(|failed| **failed).count();
    let all_failed = failed(failures);
    let same = (1.0 - prior).ln() + evidence(all_failed, failures.len());
    let each = (prior / float(places)).ln();
    let mut before = 0;
    let changed: Vec<f64> = (1..failures.len())
        .map(|at| {
            before += usize::from(failures[at - 1]);
            each + evidence(before, at) + evidence(all_failed - before, failures.len() - at)
        })
        .collect();
    let highest = changed.iter().copied().fold(same, f64::max);
    let weights: Vec<_> = changed.iter().map(|weight| (weight - highest).exp()).collect();
    let change: f64 = weights.iter().sum();
    let best = (0..places).max_by(|&one, &other| weights[one].total_cmp(&weights[other]))?;
    let (from, to) = interval(&weights, best, change * COVERED);
    let probability = change / (change + (same - highest).exp());
    Some(ChangePoint { probability, at: best + 1, from: from + 1, to: to + 1 })
}

/// The log marginal likelihood of a sequence with this number of failures.
fn evidence(failed: usize, of: usize) -> f64 {
    let (a, b) = RATE_PRIOR;
    ln_beta(a + float(failed), b + float(of - failed)) - ln_beta(a, b)
}

/// Extends the interval from the best position to the more likely side until it has enough weight.
fn interval(weights: &[f64], best: usize, enough: f64) -> (usize, usize) {
    let (mut from, mut to, mut covered) = (best, best, weights[best]);
    while covered < enough {
        let left = from.checked_sub(1).map(|at| weights[at]);
        let right = weights.get(to + 1).copied();
        match (left, right) {
            (Some(left), right) if right.is_none_or(|right| left >= right) => {
                from -= 1;
                covered += left;
            }
            (_, Some(right)) => {
                to += 1;
                covered += right;
            }
            _ => break,
        }
    }
    (from, to)
}

#[expect(clippy::cast_precision_loss, reason = "sequences are not that long")]
fn float(count: usize) -> f64 {
    count as f64
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::change_point;

    fn sequence(passes: usize, failures: usize) -> Vec<bool> {
        [vec![false; passes], vec![true; failures]].concat()
    }

    /// The failures in a row that are needed after some passes; computed with `scipy.special.betaln`.
    #[rstest]
    #[case(1e-2, 7, 5)]
    #[case(1e-2, 14, 4)]
    #[case(1e-2, 30, 3)]
    #[case(1e-2, 365, 2)]
    #[case(1e-4, 14, 7)]
    #[case(1e-4, 365, 3)]
    fn after_more_passes_fewer_failures_are_a_change(
        #[case] prior: f64,
        #[case] passes: usize,
        #[case] needed: usize,
    ) {
        let likely = |failures| change_point(&sequence(passes, failures), prior).unwrap().probability > 0.5;
        assert!(!likely(needed - 1) && likely(needed), "{passes} passes, {needed} failures");
    }

    #[test]
    fn the_change_is_at_the_first_failure() {
        let found = change_point(&sequence(30, 5), 0.01).unwrap();
        assert_eq!(found.at, 30);
        assert!(found.from <= 30 && 30 <= found.to && found.from > 15, "{found:?}");
    }

    #[test]
    fn a_steady_sequence_has_no_change() {
        let found = change_point(&sequence(50, 0), 0.01).unwrap();
        assert!(found.probability < 0.05, "{found:?}");
        let flaky: Vec<_> = (0..60).map(|run| run % 7 == 3).collect();
        assert!(change_point(&flaky, 0.01).unwrap().probability < 0.05);
        assert_eq!(change_point(&[true], 0.01), None);
    }
}
