//! From values to places in a drawing.

/// About how many points of an axis are named.
const POINTS: f64 = 8.0;

/// A stretch of values on a stretch of a drawing.
pub(super) struct Scale {
    /// The values at its ends; the second is the greater one.
    pub(super) values: (f64, f64),
    /// Where these are, in units of the drawing.
    pub(super) places: (f64, f64),
}

impl Scale {
    /// Where a value is; one that is beyond an end is at the end.
    pub(super) fn x(&self, value: f64) -> f64 {
        let ((first, last), (left, right)) = (self.values, self.places);
        left + ((value - first) / (last - first)).clamp(0.0, 1.0) * (right - left)
    }

    /// Round numbers among the values.
    pub(super) fn points(&self) -> Vec<f64> {
        let (first, last) = self.values;
        let rough = (last - first) / POINTS;
        let power = 10f64.powf(rough.log10().floor());
        let step = [1.0, 2.0, 5.0, 10.0].map(|factor| factor * power).into_iter().find(|step| *step >= rough);
        let step = step.unwrap_or(rough);
        let mut points = Vec::new();
        let mut number = (first / step).ceil();
        while number * step <= last {
            // No negative zero.
            points.push(number * step + 0.0);
            number += 1.0;
        }
        points
    }
}

/// A place in the drawing: a tenth is finer than any screen.
pub(super) fn at(place: f64) -> String {
    format!("{place:.1}")
}

/// A number without digits that say nothing.
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
    fn what_is_beyond_an_end_is_at_the_end() {
        let scale = Scale { values: (-1.0, 1.0), places: (100.0, 200.0) };
        assert_eq!(
            [-5.0, 0.0, 0.5, 9.0].map(|value| at(scale.x(value))),
            ["100.0", "150.0", "175.0", "200.0"]
        );
    }
}
