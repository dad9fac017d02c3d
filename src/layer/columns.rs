//! Loops of batch normalisation over rows, column by column.

use crate::native::simd::{mul_add, vectorised};

vectorised! {
    /// Overwrites `squares` by each column's sum of squared distances from its mean.
    pub(super) fn sum_squares<F>(rows: &[F], means: &[F], squares: &mut [F]) {
        squares.fill(F::zero());
        for row in rows.chunks_exact(means.len()) {
            for ((sum, &x), &mean) in squares.iter_mut().zip(row).zip(means) {
                let distance = x - mean;
                *sum = mul_add::<F, FMA>(distance, distance, *sum);
            }
        }
    }
}

vectorised! {
    /// Joins the moments of further rows: `share` is theirs of all rows, and `product` that times the
    /// number of rows before.
    pub(super) fn merge_moments<F>(
        share: F,
        product: F,
        part_means: &[F],
        part_squares: &[F],
        means: &mut [F],
        squares: &mut [F],
    ) {
        let parts = part_means.iter().zip(part_squares);
        for ((mean, squares), (&part_mean, &part_squares)) in
            means.iter_mut().zip(squares).zip(parts)
        {
            let distance = part_mean - *mean;
            *mean += distance * share;
            *squares += part_squares + distance * distance * product;
        }
    }
}

vectorised! {
    /// `running ← (1 − momentum)·running + momentum·factor·new`.
    pub(super) fn blend<F>(momentum: F, factor: F, new: &[F], running: &mut [F]) {
        let (keep, take) = (F::one() - momentum, momentum * factor);
        for (running, &new) in running.iter_mut().zip(new) {
            *running = keep * *running + take * new;
        }
    }
}

vectorised! {
    /// `v ← 1 / √(factor·v + ε)`.
    pub(super) fn inverse_deviations<F>(factor: F, epsilon: F, values: &mut [F]) {
        for value in values {
            *value = F::one() / (factor * *value + epsilon).sqrt();
        }
    }
}

vectorised! {
    /// `y ← (x − mean)·scale + shift`, column by column.
    pub(super) fn normalise<F>(x: &[F], means: &[F], scale: &[F], shift: &[F], y: &mut [F]) {
        let size = means.len();
        for (x, y) in x.chunks_exact(size).zip(y.chunks_exact_mut(size)) {
            let columns = means.iter().zip(scale).zip(shift);
            for ((y, &x), ((&mean, &scale), &shift)) in y.iter_mut().zip(x).zip(columns) {
                *y = mul_add::<F, FMA>(x - mean, scale, shift);
            }
        }
    }
}

vectorised! {
    /// Adds up each column's `dy·(x − mean)` and `dy`.
    pub(super) fn sum_gradients<F>(x: &[F], dy: &[F], means: &[F], products: &mut [F], sums: &mut [F]) {
        let size = means.len();
        for (x, dy) in x.chunks_exact(size).zip(dy.chunks_exact(size)) {
            let columns = products.iter_mut().zip(sums.iter_mut()).zip(means);
            for ((&x, &dy), ((product, sum), &mean)) in x.iter().zip(dy).zip(columns) {
                *product = mul_add::<F, FMA>(dy, x - mean, *product);
                *sum += dy;
            }
        }
    }
}

vectorised! {
    /// `dx ← scale·dy − slope·(x − mean) − shift`, column by column.
    pub(super) fn input_gradient<F>(
        x: &[F],
        dy: &[F],
        means: &[F],
        scale: &[F],
        slope: &[F],
        shift: &[F],
        dx: &mut [F],
    ) {
        let size = means.len();
        let rows = x.chunks_exact(size).zip(dy.chunks_exact(size));
        for ((x, dy), dx) in rows.zip(dx.chunks_exact_mut(size)) {
            let columns = means.iter().zip(scale).zip(slope).zip(shift);
            let values = dx.iter_mut().zip(x).zip(dy);
            for (((dx, &x), &dy), (((&mean, &scale), &slope), &shift)) in values.zip(columns) {
                let level = mul_add::<F, FMA>(scale, dy, -shift);
                *dx = mul_add::<F, FMA>(-slope, x - mean, level);
            }
        }
    }
}
