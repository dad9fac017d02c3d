//! The hot path: one training step over a batch.

use super::batch::Batch;
use super::passes::GRADIENT;
use super::plan::{StepPlan, WeightGradient, shard_count};
use super::update::{Update, run_blocks};
use crate::data::Dataset;
use crate::linalg::Gemm;
use crate::loss::Loss;
use crate::native::crew::Crew;
use crate::native::rows::RowBuffer;
use crate::network::Sequential;
use crate::optim::Optimizer;
use crate::scalar::Scalar;

/// Buffers and plan of the steps of a fit; nothing is allocated after they are made.
#[derive(Debug)]
pub(super) struct StepWorkspace<F> {
    pub(super) plan: StepPlan,
    pub(super) buffer: RowBuffer<F>,
    /// A row for each shard: scratch, its gradient, its whole-batch statistics.
    pub(super) own: RowBuffer<F>,
    pub(super) losses: Vec<f64>,
    shards: Option<usize>,
    pub(super) batch: Batch<F>,
    /// Whole-batch statistics of all layers, forward and backward.
    pub(super) stats: [Vec<F>; 2],
    pub(super) gradient: Vec<F>,
    state: Vec<F>,
}

/// What a step does beside its batch.
#[derive(Debug, Clone, Copy)]
pub(super) struct StepSettings<'c> {
    pub(super) gemm: Gemm,
    pub(super) crew: Crew<'c>,
    pub(super) seed: u64,
    /// Steps done before this one.
    pub(super) step: u64,
    pub(super) learning_rate: f64,
}

impl<F: Scalar> StepWorkspace<F> {
    /// Buffers for batches of at most `rows` rows of `data`.
    pub(super) fn new(
        network: &Sequential<F>,
        data: &Dataset<'_, F>,
        rows: usize,
        shards: Option<usize>,
        mode: WeightGradient,
        slots: usize,
    ) -> Self {
        let plan = StepPlan::new(network, mode);
        let parameters = network.parameter_count();
        // A short last batch may be cut in fewer shards of more rows than a whole one.
        let most = shard_count(shards, rows, parameters);
        let scratch = (1..=most)
            .map(|count| plan.forward.scratch(network, rows.div_ceil(count)))
            .max()
            .unwrap_or(0);
        Self {
            buffer: RowBuffer::new(rows, &plan.widths),
            own: RowBuffer::new(most, &[scratch, plan.shard_gradient_len, plan.stats_len()]),
            stats: [vec![F::zero(); plan.stats_len()], vec![F::zero(); plan.stats_len()]],
            losses: vec![0.0; most],
            shards,
            batch: Batch::new(data, rows),
            gradient: vec![F::zero(); parameters],
            state: vec![F::zero(); parameters * slots],
            plan,
        }
    }

    /// The optimiser's state: one slot of all parameters behind the other.
    pub(super) fn state_mut(&mut self) -> &mut Vec<F> {
        &mut self.state
    }

    /// The gradient that the last step computed.
    pub(super) fn gradient(&self) -> &[F] {
        &self.gradient
    }

    /// The number of shards of a batch of `rows` rows.
    pub(super) fn shard_count(&self, network: &Sequential<F>, rows: usize) -> usize {
        shard_count(self.shards, rows, network.parameter_count())
    }

    /// One step: returns the batch's loss sum and weight sum. If the sum is not finite, the
    /// parameters are as they were.
    pub(super) fn step(
        &mut self,
        network: &mut Sequential<F>,
        loss: &dyn Loss<F>,
        optimizer: &dyn Optimizer<F>,
        data: &Dataset<'_, F>,
        rows: &[usize],
        settings: StepSettings<'_>,
    ) -> (f64, f64) {
        let (total, weight_sum) = self.passes(network, loss, data, rows, settings);
        if total.is_finite() {
            self.blocks(network, Some(optimizer), rows.len(), settings);
        }
        (total, weight_sum)
    }

    /// The loss sum, the weight sum and, in [`StepWorkspace::gradient`], the gradient of the mean.
    pub(super) fn gradient_only(
        &mut self,
        network: &mut Sequential<F>,
        loss: &dyn Loss<F>,
        data: &Dataset<'_, F>,
        rows: &[usize],
        settings: StepSettings<'_>,
    ) -> (f64, f64) {
        let sums = self.passes(network, loss, data, rows, settings);
        self.blocks(network, None, rows.len(), settings);
        sums
    }

    fn blocks(
        &mut self,
        network: &mut Sequential<F>,
        optimizer: Option<&dyn Optimizer<F>>,
        rows: usize,
        settings: StepSettings<'_>,
    ) {
        let shards = self.shard_count(network, rows);
        let (layers, params) = network.layers_and_parameters_mut();
        let update = Update {
            plan: &self.plan,
            layers,
            buffer: &self.buffer,
            shard_gradients: self.own.view(GRADIENT, shards),
            rows,
            optimizer,
            settings,
        };
        run_blocks(&update, params, &mut self.gradient, &mut self.state);
    }

    /// The name of the first layer whose output is not finite after [`StepWorkspace::step`].
    pub(super) fn divergent_output(&self, network: &Sequential<F>, rows: usize) -> Option<String> {
        let mut seen = std::collections::HashMap::new();
        for (spec, layer) in network.specs().iter().zip(&self.plan.forward.layers) {
            let number = seen.entry(spec.kind()).and_modify(|n| *n += 1).or_insert(1);
            let output = self.buffer.view(layer.y, rows);
            if output.iter().any(|value| !value.is_finite()) {
                return Some(format!("{}_{number}.output", spec.kind()));
            }
        }
        None
    }
}
