//! The logarithm of the gamma function.

use std::f64::consts::PI;

/// From this value on the asymptotic series is accurate to double precision.
const FAR: f64 = 12.0;

/// `ln Γ(x)` for `x > 0`, by Stirling's series (Abramowitz and Stegun 6.1.41) after the recurrence `Γ(x + 1) = x Γ(x)`.
pub(super) fn ln_gamma(x: f64) -> f64 {
    let (mut x, mut shift) = (x, 0.0);
    while x < FAR {
        shift += x.ln();
        x += 1.0;
    }
    let inverse = 1.0 / x;
    let square = inverse * inverse;
    let series = inverse * (1.0 / 12.0 - square * (1.0 / 360.0 - square * (1.0 / 1260.0 - square / 1680.0)));
    (x - 0.5) * x.ln() - x + 0.5 * (2.0 * PI).ln() + series - shift
}

/// `ln n!`.
pub(super) fn ln_factorial(n: u32) -> f64 {
    ln_gamma(f64::from(n) + 1.0)
}

/// `ln B(a, b)`.
pub(super) fn ln_beta(a: f64, b: f64) -> f64 {
    ln_gamma(a) + ln_gamma(b) - ln_gamma(a + b)
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::ln_gamma;

    /// Expected values are `scipy.special.gammaln(x)`.
    #[rstest]
    #[case(0.3, 1.095_797_994_818_076)]
    #[case(0.5, 0.572_364_942_924_700_1)]
    #[case(1.0, 0.0)]
    #[case(2.0, 0.0)]
    #[case(11.0, 15.104_412_573_075_516)]
    #[case(2001.0, 13_206.524_350_513_806)]
    fn values_match_scipy(#[case] x: f64, #[case] expected: f64) {
        let seen = ln_gamma(x);
        assert!((seen - expected).abs() <= expected.abs() * 1e-12 + 1e-11, "{seen} is not {expected}");
    }
}
