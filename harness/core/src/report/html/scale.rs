//! Maps values to positions in a chart.

/// The approximate number of labels on an axis.
const POINTS: f64 = 8.0;

/// A linear scale.
pub(super) struct Scale {
    /// The lowest and the highest value.
    pub(super) values: (f64, f64),
    /// Their positions, in SVG user units.
    pub(super) places: (f64, f64),
}

impl Scale {
    /// The position of a value. Values outside the scale are clamped to its ends.
    pub(super) fn x(&self, value: f64) -> f64 {
        let ((first, last), (left, right)) = (self.values, self.places);
        left + ((value - first) / (last - first)).clamp(0.0, 1.0) * (right - left)
    }

    /// The round numbers to label on the axis.
    pub(super) fn points(&self) -> Vec<f64> {
        let (first, last) = self.values;
        let rough = (last - first) / POINTS;
        let power = 10f64.powf(rough.log10().floor());
        let step = [1.0, 2.0, 5.0, 10.0].map(|factor| factor * power).into_iter().find(|step| *step >= rough);
        let step = step.unwrap_or(rough);
        let mut points = Vec::new();
        let mut number = (first / step).ceil();
        while number * step <= last {
            // Adding 0.0 turns -0.0 into 0.0.
            points.push(number * step + 0.0);
            number += 1.0;
        }
        points
    }
}

/// Formats a position. One decimal is finer than any screen.
pub(super) fn at(place: f64) -> String {
    format!("{place:.1}")
}

/// Formats a number without trailing zeros.
pub(super) fn rounded(number: f64) -> String {
    let text = format!("{number:.3}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use super::{Scale, at, rounded};

    #[test]
    fn points_are_round_and_few() {
        let points = |first, last| {
            let points = Scale { values: (first, last), places: (0.0, 1.0) }.points();
            points.into_iter().map(rounded).collect::<Vec<_>>().join(" ")
        };
        assert_eq!(points(0.0, 17.0), "0 5 10 15");
        assert_eq!(points(0.0, 0.4), "0 0.05 0.1 0.15 0.2 0.25 0.3 0.35 0.4");
        assert_eq!(points(-2376.9, 2398.8), "-2000 -1000 0 1000 2000");
    }

    #[test]
    fn values_outside_the_scale_are_clamped() {
        let scale = Scale { values: (-1.0, 1.0), places: (100.0, 200.0) };
        assert_eq!(
            [-5.0, 0.0, 0.5, 9.0].map(|value| at(scale.x(value))),
            ["100.0", "150.0", "175.0", "200.0"]
        );
    }
}
