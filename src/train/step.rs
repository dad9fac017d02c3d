//! The hot path: one training step over a batch.

use super::batch::Batch;
use super::passes::GRADIENT;
use super::plan::{StepPlan, WeightGradient, is_done_alone, shard_count};
use super::update::{BlockSums, Update, run_blocks};
use crate::data::Dataset;
use crate::linalg::{Gemm, norms};
use crate::loss::Loss;
use crate::native::aligned::{Aligned, joined};
use crate::native::crew::Crew;
use crate::native::gemm::Key;
use crate::native::rows::RowBuffer;
use crate::network::{Regularizer, Sequential};
use crate::optim::{GradientClipping, Optimizer};
use crate::scalar::Scalar;

/// Buffers and plan of the steps of a fit; nothing is allocated after they are made.
#[derive(Debug)]
pub(super) struct StepWorkspace<F> {
    pub(super) plan: StepPlan,
    pub(super) buffer: RowBuffer<F>,
    /// A row for each shard: scratch, its gradient, its whole-batch statistics.
    pub(super) own: RowBuffer<F>,
    /// The shares of the first layer's sums, one for each of its blocks, where they are shared out.
    pub(super) shares: RowBuffer<F>,
    pub(super) losses: Vec<f64>,
    /// Row shards of the batch at hand.
    pub(super) shards: usize,
    pub(super) options: StepOptions,
    pub(super) batch: Batch<F>,
    /// Whole-batch statistics of all layers, forward and backward.
    pub(super) stats: [Vec<F>; 2],
    pub(super) gradient: Aligned<F>,
    /// The optimiser's slots.
    state: Vec<Aligned<F>>,
    block_sums: Vec<BlockSums>,
    /// A value for each column of the widest bounded matrix.
    column_norms: Vec<F>,
}

/// How the work of a workspace's steps is cut, and what is penalised.
#[derive(Debug, Clone, Copy)]
pub(super) struct StepOptions {
    pub(super) shards: Option<usize>,
    pub(super) mode: WeightGradient,
    /// Of the tensors with weight decay that have none of their own.
    pub(super) regularizer: Regularizer,
    /// Whether the optimiser treats tensors with weight decay differently, see [`Optimizer::decays`].
    pub(super) decays: bool,
    /// Whether penalties are divided by the batch's weight sum, as scikit-learn does.
    pub(super) penalty_per_row: bool,
}

/// What a step came to.
#[derive(Debug, Clone, Copy)]
pub(super) struct StepSums {
    /// The loss, summed over the batch's rows by their weights.
    pub(super) loss: f64,
    pub(super) weight: f64,
    /// The penalty on the parameters before their update.
    pub(super) penalty: f64,
}

impl StepSums {
    /// The batch's mean loss, penalty included.
    pub(super) fn mean(&self) -> f64 {
        self.loss / self.weight + self.penalty
    }
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
    pub(super) clipping: Option<GradientClipping>,
}

impl<F: Scalar> StepWorkspace<F> {
    /// Buffers for batches of at most `rows` rows of `data`.
    pub(super) fn new(
        network: &Sequential<F>,
        data: &Dataset<'_, F>,
        rows: usize,
        options: StepOptions,
        slots: usize,
    ) -> Self {
        let parameters = network.parameter_count();
        // A short last batch may be cut in fewer shards of more rows than a whole one.
        let most = shard_count(options.shards, rows, parameters);
        // Whoever does all of a tiny step computes the gradient on the way back, to the same bits.
        let alone = is_done_alone(most, rows, parameters);
        let mode = if alone { WeightGradient::Shards } else { options.mode };
        let plan = StepPlan::new(network, StepOptions { mode, ..options });
        let scratch = (1..=most)
            .map(|count| plan.forward.scratch(network, rows.div_ceil(count)))
            .max()
            .unwrap_or(0);
        let columns = plan.bounded.iter().map(|matrix| matrix.columns).max().unwrap_or(0);
        Self {
            buffer: RowBuffer::new(rows, &plan.widths),
            shares: RowBuffer::new(rows.min(plan.split_rows()), &plan.share_widths()),
            own: RowBuffer::new(most, &[scratch, plan.shard_gradient_len, plan.stats_len()]),
            stats: [vec![F::zero(); plan.stats_len()], vec![F::zero(); plan.stats_len()]],
            losses: vec![0.0; most],
            shards: most,
            options,
            block_sums: vec![BlockSums::default(); plan.blocks.len()],
            column_norms: vec![F::zero(); columns],
            batch: Batch::new(data, rows),
            gradient: Aligned::zeros(parameters),
            state: vec![Aligned::zeros(parameters); slots],
            plan,
        }
    }

    /// Takes over the optimiser's state of an earlier fit, if it is of as many values.
    pub(super) fn take_state(&mut self, state: &mut Vec<Aligned<F>>) {
        let len = |slots: &[Aligned<F>]| slots.iter().map(|slot| slot.len()).sum::<usize>();
        if len(state) != len(&self.state) {
            return;
        }
        if state.len() == self.state.len() {
            self.state = std::mem::take(state);
            return;
        }
        let values = joined(state);
        for (slot, values) in self.state.iter_mut().zip(values.chunks(self.gradient.len().max(1))) {
            slot.copy_from_slice(values);
        }
    }

    /// The optimiser's state, which the workspace has no more.
    pub(super) fn give_state(&mut self) -> Vec<Aligned<F>> {
        std::mem::take(&mut self.state)
    }

    /// The gradient that the last step computed.
    pub(super) fn gradient(&self) -> &[F] {
        &self.gradient
    }

    /// One step. If its loss is not finite, the parameters are as they were.
    pub(super) fn step(
        &mut self,
        network: &mut Sequential<F>,
        loss: &dyn Loss<F>,
        optimizer: &dyn Optimizer<F>,
        data: &Dataset<'_, F>,
        rows: &[usize],
        settings: &StepSettings<'_>,
    ) -> StepSums {
        let (loss, weight) = self.passes(network, loss, data, rows, settings);
        let mut sums = StepSums { loss, weight, penalty: 0.0 };
        if loss.is_finite() {
            sums.penalty = self.blocks(network, Some(optimizer), rows.len(), weight, settings);
            self.bound(network);
        }
        sums
    }

    /// As [`StepWorkspace::step`], without an update; [`StepWorkspace::gradient`] then is that of the
    /// mean loss and the penalty.
    pub(super) fn gradient_only(
        &mut self,
        network: &mut Sequential<F>,
        loss: &dyn Loss<F>,
        data: &Dataset<'_, F>,
        rows: &[usize],
        settings: &StepSettings<'_>,
    ) -> StepSums {
        let (loss, weight) = self.passes(network, loss, data, rows, settings);
        let penalty = self.blocks(network, None, rows.len(), weight, settings);
        StepSums { loss, weight, penalty }
    }

    fn blocks(
        &mut self,
        network: &mut Sequential<F>,
        optimizer: Option<&dyn Optimizer<F>>,
        rows: usize,
        weight_sum: f64,
        settings: &StepSettings<'_>,
    ) -> f64 {
        let (layers, params) = network.layers_and_parameters_mut();
        let all = self.plan.shard_gradient_len == params.len();
        // What a lone shard computed is the gradient, where nobody asks for it afterwards.
        let (gradient, shard_gradients) = match optimizer.is_some() && self.shards == 1 && all {
            true => (self.own.values_mut(GRADIENT, 1), None),
            false => (&mut *self.gradient, Some(self.own.view(GRADIENT, self.shards))),
        };
        let update = Update {
            plan: &self.plan,
            layers,
            buffer: &self.buffer,
            shard_gradients,
            rows,
            optimizer,
            penalty_scale: if self.options.penalty_per_row { 1.0 / weight_sum } else { 1.0 },
            settings,
            copies: self.plan.has_several_owners.then(Key::new_number),
        };
        run_blocks(&update, params, gradient, &mut self.state, &mut self.block_sums)
    }

    /// Scales columns that an update has made too long back to their bound.
    fn bound(&mut self, network: &mut Sequential<F>) {
        let (params, _) = network.state_mut();
        for matrix in &self.plan.bounded {
            let factors = &mut self.column_norms[..matrix.columns];
            let limit = F::from_f64(matrix.max_norm);
            norms::limit_column_norms(limit, &mut params[matrix.range.clone()], factors);
        }
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
