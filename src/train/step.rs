//! The hot path: one training step over a batch.

use super::batch::Batch;
use super::plan::{StepPlan, WeightGradient, shard_count};
use super::update::{Update, run_blocks};
use crate::data::Dataset;
use crate::layer::{Backward, Pass};
use crate::linalg::Gemm;
use crate::loss::Loss;
use crate::native::rows::{PartRows, RowBuffer, flat};
use crate::network::Sequential;
use crate::network::plan::{INPUT, LayerPlan};
use crate::optim::Optimizer;
use crate::scalar::Scalar;

/// Slots of a shard's own row: scratch and gradient.
const SCRATCH: usize = 0;
const GRADIENT: usize = 1;

/// Buffers and plan of the steps of a fit; nothing is allocated after they are made.
#[derive(Debug)]
pub(super) struct StepWorkspace<F> {
    plan: StepPlan,
    buffer: RowBuffer<F>,
    own: RowBuffer<F>,
    losses: Vec<f64>,
    shards: Option<usize>,
    batch: Batch<F>,
    gradient: Vec<F>,
    state: Vec<F>,
}

/// What a step does beside its batch.
#[derive(Debug, Clone, Copy)]
pub(super) struct StepSettings {
    pub(super) gemm: Gemm,
    pub(super) parallel: bool,
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
            own: RowBuffer::new(most, &[scratch, plan.shard_gradient_len]),
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

    /// Forward and backward over the storage rows `rows` of `data`, without an update of weights;
    /// returns the batch's loss sum and weight sum. Leaves what the gradient blocks read.
    fn passes(
        &mut self,
        network: &Sequential<F>,
        loss: &dyn Loss<F>,
        data: &Dataset<'_, F>,
        rows: &[usize],
        settings: StepSettings,
    ) -> (f64, f64) {
        let weight_sum = self.batch.gather(data, rows);
        let scale = F::from_f64(1.0 / weight_sum);
        let count = shard_count(self.shards, rows.len(), network.parameter_count());
        let (plan, batch) = (&self.plan, &self.batch);
        let features = data.storage_features();
        let losses = &mut self.losses[..count];
        let own = &mut self.own;
        self.buffer.for_each_part(
            own,
            rows.len(),
            settings.parallel,
            losses,
            |_, mut part, mut own| {
                let range = part.rows();
                let pass = Pass {
                    train: true,
                    seed: settings.seed,
                    step: settings.step,
                    layer: 0,
                    first_row: range.start,
                    gemm: settings.gemm,
                };
                let mut input = part.slot(INPUT);
                for (mut to, &row) in input.outer_iter_mut().zip(&rows[range.clone()]) {
                    to.assign(&features.row(row));
                }
                let ([], [mut scratch, mut gradient]) = own.slots([], [SCRATCH, GRADIENT]);
                let (scratch, gradient) = (flat(&mut scratch), flat(&mut gradient));
                plan.forward.forward(network, pass, &mut part, scratch);
                let value = {
                    let output = plan.forward.output;
                    let delta = plan.deltas[output].expect("the output has a gradient");
                    let ([logits], [delta]) = part.slots([output], [delta]);
                    let targets = batch.targets(range.clone());
                    let weights = batch.weights(range);
                    loss.value_and_grad(logits, targets, weights, scale, delta)
                };
                backward(network, plan, pass, &mut part, scratch, gradient);
                value
            },
        );
        (losses.iter().sum(), weight_sum)
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
        settings: StepSettings,
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
        settings: StepSettings,
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
        settings: StepSettings,
    ) {
        let shards = shard_count(self.shards, rows, network.parameter_count());
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

/// Runs the layers backward over one part's rows, down to the first that has parameters.
fn backward<F: Scalar>(
    network: &Sequential<F>,
    plan: &StepPlan,
    pass: Pass,
    part: &mut PartRows<'_, F>,
    scratch: &mut [F],
    gradient: &mut [F],
) {
    for i in (plan.first_trained..network.layers().len()).rev() {
        let layer: &LayerPlan = &plan.forward.layers[i];
        let dy = plan.deltas[layer.y].expect("every output has a gradient");
        let dx = plan.deltas[layer.x].filter(|_| i > plan.first_trained);
        let moves = layer.in_place && layer.x != layer.y;
        let io_slots = (layer, dy, dx.filter(|_| !layer.in_place));
        let dparams = plan.shard_gradients[i].clone().map(|range| &mut gradient[range]);
        let pass = Pass { layer: i as u32, ..pass };
        let params = &network.parameters()[layer.params.clone()];
        backward_layer(&*network.layers()[i], pass, params, part, io_slots, scratch, dparams);
        if let (true, Some(dx)) = (moves, dx) {
            let ([from], [mut to]) = part.slots([dy], [dx]);
            to.assign(&from);
        }
    }
}

fn backward_layer<F: Scalar>(
    layer: &dyn crate::layer::Layer<F>,
    pass: Pass,
    params: &[F],
    part: &mut PartRows<'_, F>,
    (plan, dy, dx): (&LayerPlan, usize, Option<usize>),
    scratch: &mut [F],
    dparams: Option<&mut [F]>,
) {
    let ([x, y], [cache, dy], dx) = match dx {
        None => {
            let (read, write) = part.slots([plan.x, plan.y], [plan.cache, dy]);
            (read, write, None)
        }
        Some(dx) => {
            let (read, [cache, dy, dx]) = part.slots([plan.x, plan.y], [plan.cache, dy, dx]);
            (read, [cache, dy], Some(dx))
        }
    };
    layer.backward(pass, params, Backward { x, y, cache, scratch, dy, dx, dparams });
}
