//! The mean loss of all rows plus a penalty, as a function of the parameters.

use std::ops::Range;

use super::gradient::FullBatch;
use crate::linalg::Gemm;
use crate::native::crew::Crew;
use crate::network::Sequential;
use crate::scalar::Scalar;

/// A mean loss plus `l2/2·Σ w²`, for an optimiser that evaluates it where it likes.
pub(super) struct Penalised<'p, 'a, 'd, F> {
    network: &'p mut Sequential<F>,
    batch: FullBatch<'a, 'd, F>,
    /// Parameters that the penalty applies to.
    weights: Vec<Range<usize>>,
    /// Running statistics where the current iteration began.
    buffers: Vec<F>,
    l2: f64,
    gemm: Gemm,
    crew: Crew<'p>,
}

impl<'p, 'a, 'd, F: Scalar> Penalised<'p, 'a, 'd, F> {
    pub(super) fn new(
        network: &'p mut Sequential<F>,
        batch: FullBatch<'a, 'd, F>,
        (l2, gemm, crew): (f64, Gemm, Crew<'p>),
    ) -> Self {
        let penalised = network.tensors().iter().filter(|tensor| tensor.decay);
        let weights = penalised.map(|tensor| tensor.range.clone()).collect();
        let buffers = network.buffers().to_vec();
        Self { network, batch, weights, buffers, l2, gemm, crew }
    }

    /// The value at `x`; overwrites `gradient`. `accepted` says whether the point evaluated last was
    /// taken, so that its running statistics count; those of rejected points do not.
    pub(super) fn evaluate(&mut self, x: &[F], gradient: &mut [F], accepted: bool) -> f64 {
        self.settle_buffers(accepted);
        self.network.state_mut().0.copy_from_slice(x);
        let mean = self.batch.run_with(self.network, (self.gemm, self.crew));
        gradient.copy_from_slice(self.batch.gradient());
        if self.l2 == 0.0 {
            return mean;
        }
        let l2 = F::from_f64(self.l2);
        let mut squares = 0.0;
        for range in &self.weights {
            for (g, &w) in gradient[range.clone()].iter_mut().zip(&x[range.clone()]) {
                *g += l2 * w;
                squares += w.as_f64() * w.as_f64();
            }
        }
        mean + 0.5 * self.l2 * squares
    }

    /// The name of the first tensor that is not finite after an evaluation that was not.
    pub(super) fn divergent_tensor(&self) -> String {
        self.batch.divergent_output(self.network).unwrap_or_else(|| "loss".to_owned())
    }

    /// Leaves the network at `x`.
    pub(super) fn finish(mut self, x: &[F], accepted: bool) {
        self.settle_buffers(accepted);
        self.network.state_mut().0.copy_from_slice(x);
    }

    fn settle_buffers(&mut self, accepted: bool) {
        let (_, buffers) = self.network.state_mut();
        match accepted {
            true => self.buffers.copy_from_slice(buffers),
            false => buffers.copy_from_slice(&self.buffers),
        }
    }
}
