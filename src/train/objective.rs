//! The mean loss of all rows with its penalties, as a function of the parameters.

use super::gradient::FullBatch;
use crate::linalg::Gemm;
use crate::native::crew::Crew;
use crate::network::Sequential;
use crate::scalar::Scalar;

/// A mean loss with its penalties, for an optimiser that evaluates it where it likes.
pub(super) struct Objective<'p, 'a, 'd, F> {
    network: &'p mut Sequential<F>,
    batch: FullBatch<'a, 'd, F>,
    /// Running statistics where the current iteration began.
    buffers: Vec<F>,
    gemm: Gemm,
    crew: Crew<'p>,
}

impl<'p, 'a, 'd, F: Scalar> Objective<'p, 'a, 'd, F> {
    pub(super) fn new(
        network: &'p mut Sequential<F>,
        batch: FullBatch<'a, 'd, F>,
        (gemm, crew): (Gemm, Crew<'p>),
    ) -> Self {
        let buffers = network.buffers().to_vec();
        Self { network, batch, buffers, gemm, crew }
    }

    /// The value at `x`; overwrites `gradient`. `accepted` says whether the point evaluated last was
    /// taken, so that its running statistics count; those of rejected points do not.
    pub(super) fn evaluate(&mut self, x: &[F], gradient: &mut [F], accepted: bool) -> f64 {
        self.settle_buffers(accepted);
        self.network.state_mut().0.copy_from_slice(x);
        let mean = self.batch.run_with(self.network, (self.gemm, self.crew));
        gradient.copy_from_slice(self.batch.gradient());
        mean
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
