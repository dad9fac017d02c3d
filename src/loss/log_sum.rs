//! Sums of logarithms.

/// `Σ weight·ln(value)`, where most weights are 1: of such values the product of several needs one
/// logarithm, whose rounding error is no larger than the sum of theirs.
#[derive(Debug, Clone, Copy)]
pub(crate) struct LogSum {
    sum: f64,
    product: f64,
    factors: u32,
}

/// Factors of a product. Each is taken for at least 1e-19 and at most 1e19, as probabilities clipped by the
/// rounding step and sums of a row's exponentials are, so that no product leaves the normal numbers.
const FACTORS: u32 = 16;

impl LogSum {
    pub(crate) fn new() -> Self {
        Self { sum: 0.0, product: 1.0, factors: 0 }
    }

    /// Adds `weight·ln(value)`.
    #[inline(always)]
    pub(crate) fn add(&mut self, weight: f64, value: f64) {
        if weight != 1.0 {
            self.sum += weight * value.ln();
            return;
        }
        self.product *= value;
        self.factors += 1;
        if self.factors == FACTORS {
            self.take_product();
        }
    }

    fn take_product(&mut self) {
        self.sum += self.product.ln();
        (self.product, self.factors) = (1.0, 0);
    }

    /// The sum.
    pub(crate) fn total(mut self) -> f64 {
        self.take_product();
        self.sum
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn products_give_the_sum_of_logarithms() {
        for scale in [1e-19, 0.1, 1.0, 1e19] {
            let values: Vec<f64> = (1..100).map(|i| scale * (0.9 + 1e-3 * f64::from(i))).collect();
            let (mut sum, mut plain) = (LogSum::new(), 0.0);
            for (i, &value) in values.iter().enumerate() {
                let weight = if i % 7 == 0 { 0.5 } else { 1.0 };
                sum.add(weight, value);
                plain += weight * value.ln();
            }
            let error = (sum.total() - plain).abs();
            assert!(error <= 1e-15 * plain.abs().max(10.0), "{scale}: {error}");
        }
        assert_eq!(LogSum::new().total(), 0.0);
        let of = |value| {
            let mut sum = LogSum::new();
            sum.add(1.0, value);
            sum.add(1.0, 0.5);
            sum.total()
        };
        assert_eq!((of(0.0), of(f64::INFINITY)), (f64::NEG_INFINITY, f64::INFINITY));
        assert!(of(f64::NAN).is_nan());
    }
}
