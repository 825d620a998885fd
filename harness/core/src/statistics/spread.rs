//! Robust measures of location and spread.

/// The median. For an even number of values, the mean of the two in the middle. `None` without values.
#[must_use]
pub fn median(values: &[f64]) -> Option<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let middle = sorted.len() / 2;
    let upper = *sorted.get(middle)?;
    if sorted.len() % 2 == 1 {
        return Some(upper);
    }
    Some(f64::midpoint(*sorted.get(middle.checked_sub(1)?)?, upper))
}

/// The median absolute deviation from the median, not scaled. `None` without values.
#[must_use]
pub fn deviation(values: &[f64]) -> Option<f64> {
    let middle = median(values)?;
    median(&values.iter().map(|value| (value - middle).abs()).collect::<Vec<_>>())
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::{deviation, median};

    /// `numpy.median(x)` and `scipy.stats.median_abs_deviation(x)`.
    #[rstest]
    #[case(&[1.0, 1.0, 2.0, 2.0, 4.0, 6.0, 9.0], Some(2.0), Some(1.0))]
    #[case(&[3.0], Some(3.0), Some(0.0))]
    #[case(&[4.0, 1.0, 3.0, 2.0], Some(2.5), Some(1.0))]
    #[case(&[], None, None)]
    fn values_match_numpy_and_scipy(
        #[case] values: &[f64],
        #[case] middle: Option<f64>,
        #[case] spread: Option<f64>,
    ) {
        assert_eq!((median(values), deviation(values)), (middle, spread));
    }
}
