//! The middle of values, and how far they lie from it, whatever a few of them do.

/// The median; of an even number the middle between the two in the middle. Of nothing there is none.
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

/// The median absolute deviation from the median, not scaled. Of nothing there is none.
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
    fn the_middle_is_that_of_numpy(
        #[case] values: &[f64],
        #[case] middle: Option<f64>,
        #[case] away: Option<f64>,
    ) {
        assert_eq!((median(values), deviation(values)), (middle, away));
    }
}
