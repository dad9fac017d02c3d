//! Forward and backward over a batch, in row shards.

use std::ops::Range;

use ndarray::s;

use super::plan::{Segment, StepPlan, shard_count};
use super::step::{StepSettings, StepWorkspace};
use crate::data::Dataset;
use crate::layer::{Backward, Forward, Layer, Pass};
use crate::linalg::elementwise;
use crate::loss::Loss;
use crate::native::gather::gather_rows;
use crate::native::rows::{PartRows, RowBuffer, flat, flat_ref};
use crate::network::Sequential;
use crate::network::plan::{INPUT, LayerPlan};
use crate::scalar::Scalar;

/// Slots of a shard's own row.
const SCRATCH: usize = 0;
pub(super) const GRADIENT: usize = 1;
const STATS: usize = 2;

/// What the shards of a step read.
struct Passes<'a, F> {
    network: &'a Sequential<F>,
    plan: &'a StepPlan,
    stats: &'a [Vec<F>; 2],
    /// The shares of the first layer's sums over so many rows, where they are shared out.
    shares: Option<(&'a RowBuffer<F>, usize)>,
    settings: &'a StepSettings<'a>,
}

impl<F: Scalar> StepWorkspace<F> {
    /// Forward and backward over the storage rows `rows` of `data`, without an update of weights;
    /// returns the batch's loss sum and weight sum. Leaves what the gradient blocks read.
    ///
    /// The work runs in segments that end at layers with whole-batch statistics; where there are
    /// none, each shard goes through all of it at once.
    pub(super) fn passes(
        &mut self,
        network: &mut Sequential<F>,
        loss: &dyn Loss<F>,
        data: &Dataset<'_, F>,
        rows: &[usize],
        settings: &StepSettings<'_>,
    ) -> (f64, f64) {
        let weight_sum = self.batch.gather(data, rows);
        let scale = F::from_f64(1.0 / weight_sum);
        let count = shard_count(self.options.shards, rows.len(), network.parameter_count());
        self.shards = count;
        let splits = rows.len() <= self.plan.split_rows();
        if splits {
            self.first_shares(network, data, rows, settings);
        }
        for i in 0..self.plan.forward_segments.len() {
            self.forward_segment(network, i, (loss, scale), data, rows, settings);
            let Segment { whole_batch, columns, .. } = self.plan.forward_segments[i];
            if let Some(layer) = whole_batch {
                self.settle_forward(network, layer, count);
            }
            if let Some(layer) = columns.filter(|&layer| !(splits && layer == 0)) {
                self.forward_columns(network, layer, rows.len(), settings);
            }
        }
        for i in 0..self.plan.backward_segments.len() {
            if i > 0 {
                self.backward_segment(network, i, rows.len(), settings);
            }
            let Segment { whole_batch, columns, .. } = self.plan.backward_segments[i];
            if let Some(layer) = whole_batch {
                self.settle_backward(network, layer, count);
            }
            if let Some(layer) = columns {
                self.backward_columns(network, layer, rows.len(), settings);
            }
        }
        (self.losses[..count].iter().sum(), weight_sum)
    }

    /// Each block of the first layer gathers its inputs of all rows and computes their share of the sums.
    fn first_shares(
        &mut self,
        network: &Sequential<F>,
        data: &Dataset<'_, F>,
        rows: &[usize],
        settings: &StepSettings<'_>,
    ) {
        let (plan, layer) = (&self.plan, &network.layers()[0]);
        let split = layer.split_forward().expect("the plan asked for it");
        let params = &network.parameters()[plan.forward.layers[0].params.clone()];
        let (features, gathers) = (data.storage_features(), self.batch.is_new());
        let inputs = |i: usize| split.inputs(plan.blocks[i].range.clone());
        self.buffer.for_each_block(
            (INPUT, rows.len()),
            &mut self.shares,
            (settings.crew, plan.split),
            inputs,
            |i, (mut x, share)| {
                if gathers {
                    gather_rows(features.slice(s![.., inputs(i)]), rows, x.view_mut());
                }
                split.share(settings.gemm, plan.blocks[i].range.clone(), params, x.view(), share);
            },
        );
    }

    /// Runs a forward segment; behind the last one the loss and the first backward segment.
    fn forward_segment(
        &mut self,
        network: &Sequential<F>,
        index: usize,
        (loss, scale): (&dyn Loss<F>, F),
        data: &Dataset<'_, F>,
        rows: &[usize],
        settings: &StepSettings<'_>,
    ) {
        let (plan, batch) = (&self.plan, &self.batch);
        let splits = rows.len() <= plan.split_rows();
        let shares = splits.then_some((&self.shares, rows.len()));
        let passes = Passes { network, plan, stats: &self.stats, shares, settings };
        let segment = &plan.forward_segments[index];
        let last = index + 1 == plan.forward_segments.len();
        if index > 0 && !last && segment.layers.is_empty() && segment.whole_batch.is_none() {
            return;
        }
        let features = data.storage_features();
        let (own, losses) = (&mut self.own, &mut self.losses[..self.shards]);
        self.buffer.for_each_part(
            own,
            rows.len(),
            settings.crew,
            losses,
            |mut part, mut own, value| {
                let range = part.rows();
                if index == 0 && shares.is_none() && batch.is_new() {
                    gather_rows(features, &rows[range.clone()], part.slot(INPUT));
                }
                passes.forward(segment, &mut part, &mut own);
                if !last {
                    return;
                }
                let output = plan.forward.output;
                let ([logits], [delta]) = part.slots([output], [plan.delta(output)]);
                let (targets, weights) = (batch.targets(range.clone()), batch.weights(range));
                *value = loss.value_and_grad(logits, targets, weights, scale, delta);
                passes.backward(&plan.backward_segments[0], &mut part, &mut own);
            },
        );
    }

    fn backward_segment(
        &mut self,
        network: &Sequential<F>,
        index: usize,
        rows: usize,
        settings: &StepSettings<'_>,
    ) {
        let passes =
            Passes { network, plan: &self.plan, stats: &self.stats, shares: None, settings };
        let segment = &self.plan.backward_segments[index];
        let (own, losses) = (&mut self.own, &mut self.losses[..self.shards]);
        self.buffer.for_each_part(own, rows, settings.crew, losses, |mut part, mut own, _| {
            passes.backward(segment, &mut part, &mut own);
        });
    }

    /// Merges the shards' statistics of a layer, first shard first.
    fn merge(
        &mut self,
        layer: usize,
        count: usize,
        backward: bool,
        merge: impl Fn(&mut [F], &[F]),
    ) {
        let range = self.plan.stats[layer].clone();
        let total = &mut self.stats[usize::from(backward)][range.clone()];
        for (i, part) in self.own.view(STATS, count).outer_iter().enumerate() {
            let part = &part.to_slice().expect("a row has no gaps")[range.clone()];
            match i {
                0 => total.copy_from_slice(part),
                _ => merge(total, part),
            }
        }
    }

    fn settle_forward(&mut self, network: &mut Sequential<F>, layer: usize, count: usize) {
        let built = network.layers()[layer].clone();
        let whole = built.whole_batch().expect("the plan asked for it");
        self.merge(layer, count, false, |total, part| whole.merge(total, part));
        let total = &mut self.stats[0][self.plan.stats[layer].clone()];
        let (_, buffers) = network.state_mut();
        whole.settle(total, &mut buffers[self.plan.forward.layers[layer].buffers.clone()]);
    }

    fn settle_backward(&mut self, network: &Sequential<F>, layer: usize, count: usize) {
        let whole = network.layers()[layer].whole_batch().expect("the plan asked for it");
        self.merge(layer, count, true, |total, part| elementwise::add(part, total));
        let total = &self.stats[1][self.plan.stats[layer].clone()];
        let params = self.plan.forward.layers[layer].params.clone();
        whole.settle_backward(total, &mut self.gradient[params]);
    }
}

impl<F: Scalar> Passes<'_, F> {
    fn pass(&self, part: &PartRows<'_, F>, layer: usize) -> Pass {
        let &StepSettings { seed, step, gemm, .. } = self.settings;
        Pass { train: true, seed, step, layer: layer as u32, first_row: part.rows().start, gemm }
    }

    fn stats(&self, layer: usize, backward: bool) -> &[F] {
        &self.stats[usize::from(backward)][self.plan.stats[layer].clone()]
    }

    /// Runs a segment's layers forward, and collects for the layer behind it.
    fn forward(&self, segment: &Segment, part: &mut PartRows<'_, F>, own: &mut PartRows<'_, F>) {
        let plan = &self.plan.forward;
        let [scratch, stats] = own.values([SCRATCH, STATS]);
        let pass = self.pass(part, 0);
        let mut layers = segment.layers.clone();
        if let (Some(shares), 0) = (self.shares, layers.start) {
            self.finish_first(shares, part);
            layers = 1..layers.end.max(1);
        }
        let read = |layer| self.stats(layer, false);
        plan.forward(self.network, layers, pass, (part, None), scratch, read);
        if let Some(layer) = segment.whole_batch {
            plan.place_input(layer, part, None);
            let slots = &plan.layers[layer];
            let ([x], []) = part.slots([if slots.in_place { slots.y } else { slots.x }], []);
            let whole = self.network.layers()[layer].whole_batch().expect("the plan asked for it");
            whole.collect(x, &mut stats[self.plan.stats[layer].clone()]);
        }
    }

    /// The first layer's output from the shares of its sums, added up in the order of the blocks.
    fn finish_first(&self, (shares, rows): (&RowBuffer<F>, usize), part: &mut PartRows<'_, F>) {
        let plan = &self.plan.forward.layers[0];
        let split = self.network.layers()[0].split_forward().expect("the plan asked for it");
        let own = part.rows();
        let ([], [mut y, cache]) = part.slots([], [plan.y, plan.cache]);
        for i in 0..self.plan.split {
            let share = shares.view(i, rows).slice_move(s![own.clone(), ..]);
            let share = flat_ref(&share);
            match i {
                0 => flat(&mut y).copy_from_slice(share),
                _ => elementwise::add(share, flat(&mut y)),
            }
        }
        let params = &self.network.parameters()[plan.params.clone()];
        let (scratch, buffers, stats) = (&mut [][..], &[][..], &[][..]);
        split.finish(params, Forward { x: None, y, cache, scratch, buffers, stats });
    }

    /// Runs a segment's layers backward, and collects for the layer in front of it.
    fn backward(&self, segment: &Segment, part: &mut PartRows<'_, F>, own: &mut PartRows<'_, F>) {
        let [scratch, gradient, stats] = own.values([SCRATCH, GRADIENT, STATS]);
        for layer in segment.layers.clone().rev() {
            self.backward_layer(layer, part, scratch, gradient);
        }
        if let Some(layer) = segment.whole_batch {
            let plan = &self.plan.forward.layers[layer];
            let whole = self.network.layers()[layer].whole_batch().expect("the plan asked for it");
            let ([x, cache, dy], []) =
                part.slots([plan.x, plan.cache, self.plan.delta(plan.y)], []);
            let range: Range<usize> = self.plan.stats[layer].clone();
            let sums = &mut stats[range];
            whole.collect_backward(x, cache, dy, self.stats(layer, false), sums);
        }
    }

    fn backward_layer(
        &self,
        index: usize,
        part: &mut PartRows<'_, F>,
        scratch: &mut [F],
        gradient: &mut [F],
    ) {
        let plan: &LayerPlan = &self.plan.forward.layers[index];
        let layer: &dyn Layer<F> = &*self.network.layers()[index];
        let params = &self.network.parameters()[plan.params.clone()];
        let dparams = self.plan.shard_gradients[index].clone().map(|range| &mut gradient[range]);
        let pass = self.pass(part, index);
        let (stats, back_stats) = (self.stats(index, false), self.stats(index, true));
        let dy = self.plan.delta(plan.y);
        // Nobody reads the gradient by the input of the first layer that has parameters.
        let below = self.plan.deltas[plan.x].filter(|_| index > self.plan.first_trained);
        let below = below.filter(|_| self.plan.columns[index].input.is_empty());
        let ([x, y], [cache, dy_view], dx) = match below.filter(|_| !plan.in_place) {
            None => {
                let (read, write) = part.slots([plan.x, plan.y], [plan.cache, dy]);
                (read, write, None)
            }
            Some(dx) => {
                let (read, [cache, dy, dx]) = part.slots([plan.x, plan.y], [plan.cache, dy, dx]);
                (read, [cache, dy], Some(dx))
            }
        };
        let io = Backward { x, y, cache, scratch, stats, back_stats, dy: dy_view, dx, dparams };
        layer.backward(pass, params, io);
        if let (true, Some(dx)) = (plan.in_place && plan.x != plan.y, below) {
            let ([from], [mut to]) = part.slots([dy], [dx]);
            to.assign(&from);
        }
    }
}
