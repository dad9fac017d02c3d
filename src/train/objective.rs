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

#[cfg(test)]
mod tests {
    use ndarray::{ArrayView2, array};
    use serde_json::Value;

    use super::*;
    use crate::Result;
    use crate::data::Dataset;
    use crate::layer::{
        AnyLayerSpec, Backward, Forward, Layer, LayerSpec, Needs, Pass, WholeBatch,
    };
    use crate::loss::MeanSquaredError;
    use crate::network::{Dims, Initializer, Regularizer, TensorSpec};
    use crate::train::WeightGradient;

    /// Passes its input on, and counts in a buffer how often it was settled in training.
    #[derive(Debug, Clone)]
    struct Count;

    impl AnyLayerSpec for Count {
        fn kind(&self) -> &'static str {
            "count"
        }

        fn config(&self) -> Value {
            Value::Null
        }
    }

    impl<F: Scalar> LayerSpec<F> for Count {
        fn build(&self, input: &Dims) -> Result<Box<dyn Layer<F>>> {
            Ok(Box::new(Built(input.clone())))
        }
    }

    #[derive(Debug)]
    struct Built(Dims);

    impl<F: Scalar> Layer<F> for Built {
        fn needs(&self) -> Needs {
            let mut needs = Needs::new(self.0.clone());
            needs.buffers.push(TensorSpec::new("count", [1], Initializer::Constant(0.0)));
            needs
        }

        fn forward(&self, _: Pass, _: &[F], io: Forward<'_, F>) {
            let Forward { x: Some(x), mut y, .. } = io else { return };
            y.assign(&x);
        }

        fn backward(&self, _: Pass, _: &[F], io: Backward<'_, F>) {
            let Backward { dy, dx: Some(mut dx), .. } = io else { return };
            dx.assign(&dy);
        }

        fn whole_batch(&self) -> Option<&dyn WholeBatch<F>> {
            Some(self)
        }
    }

    impl<F: Scalar> WholeBatch<F> for Built {
        fn stats(&self) -> usize {
            1
        }

        fn collect(&self, _: ArrayView2<'_, F>, part: &mut [F]) {
            part.fill(F::zero());
        }

        fn merge(&self, _: &mut [F], _: &[F]) {}

        fn settle(&self, _: &mut [F], buffers: &mut [F]) {
            buffers[0] += F::one();
        }

        fn collect_backward(
            &self,
            _: ArrayView2<'_, F>,
            _: ArrayView2<'_, F>,
            _: ArrayView2<'_, F>,
            _: &[F],
            part: &mut [F],
        ) {
            part.fill(F::zero());
        }

        fn settle_backward(&self, _: &[F], _: &mut [F]) {}
    }

    #[test]
    fn running_statistics_count_accepted_points_only() {
        let data = Dataset::new(array![[1.0], [2.0]], vec![1.0, 3.0]).unwrap();
        let network = Sequential::<f64>::input(1).dense(2).layer(Count).dense(1).build();
        let (mut network, loss) = (network.unwrap(), MeanSquaredError::default());
        let mode = WeightGradient::default();
        let batch = FullBatch::new(&network, &loss, &data, mode, None, Regularizer::NONE).unwrap();
        let x = network.parameters().to_vec();
        let mut gradient = x.clone();
        let mut objective = Objective::new(&mut network, batch, (Gemm::default(), Crew::Alone));
        // The first point, then two trials of which the second is taken, then one in vain.
        for accepted in [false, false, false, true] {
            objective.evaluate(&x, &mut gradient, accepted);
        }
        objective.finish(&x, false);
        assert_eq!(network.buffers(), [1.0]);
    }
}
