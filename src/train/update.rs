//! Weight gradients block by block, with the optimiser right behind each.

use std::num::NonZeroU64;
use std::ops::Range;
use std::sync::Arc;

use ndarray::ArrayView2;

use super::plan::{Block, Part, Source, StepPlan};
use super::step::StepSettings;
use crate::layer::{Layer, OwnedGradient};
use crate::linalg::{elementwise, norms};
use crate::native::aligned::Aligned;
use crate::native::gemm::Key;
use crate::native::rows::{RowBuffer, for_each_range};
use crate::optim::{GradientClipping, MAX_SLOTS, Optimizer, Step, norm_factor};
use crate::scalar::Scalar;

/// What the blocks of a step read.
pub(super) struct Update<'a, F> {
    pub(super) plan: &'a StepPlan,
    pub(super) layers: &'a [Arc<dyn Layer<F>>],
    pub(super) buffer: &'a RowBuffer<F>,
    /// A row for each shard: its gradient. `None` if the only one's is what the blocks complete and use.
    pub(super) shard_gradients: Option<ArrayView2<'a, F>>,
    pub(super) rows: usize,
    /// `None` computes the gradient only.
    pub(super) optimizer: Option<&'a dyn Optimizer<F>>,
    /// What penalties are multiplied by.
    pub(super) penalty_scale: f64,
    pub(super) settings: &'a StepSettings<'a>,
    /// A number of this step's own, if blocks of the same layer can share copies of the gradient by its output.
    pub(super) copies: Option<NonZeroU64>,
}

/// What a block adds to the numbers of the whole step.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct BlockSums {
    /// The penalty on the parameters before their update.
    pub(super) penalty: f64,
    /// The sum of the gradient's squares, where the clipping asks for it.
    square: f64,
}

/// Parameters, gradient and the optimiser's slots.
const BUFFERS: usize = 2 + MAX_SLOTS;

/// Updates `params` and `state` if there is an optimiser, and returns the penalty on the parameters as they
/// were. The gradient is there afterwards only if there is none, or if the bound on its norm asks for it.
pub(super) fn run_blocks<F: Scalar>(
    update: &Update<'_, F>,
    params: &mut [F],
    gradient: &mut [F],
    state: &mut [Aligned<F>],
    sums: &mut [BlockSums],
) -> f64 {
    let blocks = &update.plan.blocks;
    let range = |i: usize| blocks[i].range.clone();
    let crew = update.settings.crew;
    let Some(GradientClipping::GlobalNorm(limit)) = update.settings.clipping else {
        let buffers = buffers(params, gradient, state);
        for_each_range(crew, sums, range, buffers, |i, mut parts, sums| {
            *sums = match update.optimizer {
                Some(optimizer) => update.fused(&blocks[i], parts, optimizer),
                None => update.block_gradient(&blocks[i], &mut parts),
            };
        });
        return sums.iter().map(|sums| sums.penalty).sum();
    };
    let all = buffers(params, gradient, state);
    for_each_range(crew, sums, range, all, |i, mut parts, sums| {
        *sums = update.block_gradient(&blocks[i], &mut parts);
    });
    let norm = sums.iter().map(|sums| sums.square).sum::<f64>().sqrt();
    let factor = F::from_f64(norm_factor(limit, norm));
    let penalty = sums.iter().map(|sums| sums.penalty).sum();
    let all = buffers(params, gradient, state);
    for_each_range(crew, sums, range, all, |i, mut parts, _| {
        let gradient = std::mem::take(&mut parts[1]);
        if factor != F::one() {
            norms::scale(factor, gradient);
        }
        if let Some(optimizer) = update.optimizer {
            update.step(&blocks[i], blocks[i].range.clone(), gradient, &mut parts, optimizer);
        }
    });
    penalty
}

fn buffers<'b, F: Scalar>(
    params: &'b mut [F],
    gradient: &'b mut [F],
    state: &'b mut [Aligned<F>],
) -> [&'b mut [F]; BUFFERS] {
    let mut buffers: [&mut [F]; BUFFERS] = Default::default();
    for (buffer, slot) in buffers.iter_mut().skip(2).zip(state) {
        *buffer = slot;
    }
    (buffers[0], buffers[1]) = (params, gradient);
    buffers
}

impl<F: Scalar> Update<'_, F> {
    /// Overwrites the block's gradient by that of loss and penalties, clipped by value.
    fn block_gradient(&self, block: &Block, parts: &mut [&mut [F]; BUFFERS]) -> BlockSums {
        let [params, gradient, ..] = parts;
        self.loss_gradient(block, gradient);
        self.complete(block, block.range.clone(), params, gradient)
    }

    /// Gradient and update of a block, part by part, each part updated while its gradient is in the cache.
    fn fused(
        &self,
        block: &Block,
        mut buffers: [&mut [F]; BUFFERS],
        optimizer: &dyn Optimizer<F>,
    ) -> BlockSums {
        let gradient = std::mem::take(&mut buffers[1]);
        let mut sums = BlockSums::default();
        let start = block.range.start;
        let mut done = |range: Range<usize>, gradient: &mut [F]| {
            let params = &buffers[0][range.start - start..range.end - start];
            sums.penalty += self.complete(block, range.clone(), params, gradient).penalty;
            self.step(block, range, gradient, &mut buffers, optimizer);
        };
        match &block.source {
            Source::Owner { layer, block } => {
                let first = self.plan.forward.layers[*layer].params.start;
                let (owner, [x, cache, dy]) = self.owner(*layer);
                let key = self.copies.map(|number| Key::new(number, &dy));
                let (gemm, block) = (self.settings.gemm.same_right_factor(key), block.clone());
                owner.gradient_by_parts(
                    gemm,
                    block,
                    x,
                    cache,
                    dy,
                    gradient,
                    &mut |range, values| {
                        done(first + range.start..first + range.end, values);
                    },
                );
            }
            _ => {
                self.loss_gradient(block, gradient);
                done(block.range.clone(), gradient);
            }
        }
        sums
    }

    /// Adds the penalties' gradient to that of some of a block's parameters, and clips it by value.
    fn complete(
        &self,
        block: &Block,
        range: Range<usize>,
        params: &[F],
        gradient: &mut [F],
    ) -> BlockSums {
        let mut sums = BlockSums::default();
        for part in block.parts.iter().filter(|part| !part.regularizer.is_none()) {
            let local = common(&part.range, &range, range.start);
            sums.penalty += self.penalise(part, &params[local.clone()], &mut gradient[local]);
        }
        match self.settings.clipping {
            None => {}
            Some(GradientClipping::Value(limit)) => norms::clamp(F::from_f64(limit), gradient),
            Some(GradientClipping::GlobalNorm(_)) => sums.square = norms::sum_squares(gradient),
        }
        sums
    }

    /// What a layer computes its weight gradient by: itself, its input, its cache and its output's gradient.
    fn owner(&self, layer: usize) -> (&dyn OwnedGradient<F>, [ArrayView2<'_, F>; 3]) {
        let plan = &self.plan.forward.layers[layer];
        let delta = self.plan.delta(plan.y);
        let owner = self.layers[layer].owned().expect("the plan asked for it");
        let view = |slot| self.buffer.view(slot, self.rows);
        (owner, [view(plan.x), view(plan.cache), view(delta)])
    }

    fn loss_gradient(&self, block: &Block, gradient: &mut [F]) {
        match &block.source {
            Source::Owner { layer, block } => {
                let (owner, [x, cache, dy]) = self.owner(*layer);
                owner.gradient(self.settings.gemm, block.clone(), x, cache, dy, gradient);
            }
            Source::Settled => {}
            Source::Shards { offset } => {
                let Some(shards) = &self.shard_gradients else { return };
                let range = *offset..*offset + gradient.len();
                for (i, shard) in shards.outer_iter().enumerate() {
                    let shard = shard.to_slice().expect("a row has no gaps");
                    match i {
                        0 => gradient.copy_from_slice(&shard[range.clone()]),
                        _ => elementwise::add(&shard[range.clone()], gradient),
                    }
                }
            }
        }
    }

    /// Adds the penalty's gradient, and returns the penalty.
    fn penalise(&self, part: &Part, params: &[F], gradient: &mut [F]) -> f64 {
        let (l1, l2) = (part.regularizer.l1, part.regularizer.l2);
        let coefficient = |value: f64| F::from_f64(value * self.penalty_scale);
        norms::add_penalty_gradient(coefficient(l1), coefficient(2.0 * l2), params, gradient);
        self.penalty_scale * part.regularizer.penalty(params)
    }

    /// The optimiser's update of some of a block's parameters, whose buffers are those of the whole block.
    fn step(
        &self,
        block: &Block,
        range: Range<usize>,
        gradient: &[F],
        buffers: &mut [&mut [F]; BUFFERS],
        optimizer: &dyn Optimizer<F>,
    ) {
        let [params, _, state @ ..] = buffers;
        for part in &block.parts {
            let within = common(&part.range, &range, block.range.start);
            if within.is_empty() {
                continue;
            }
            let mut slots: [&mut [F]; MAX_SLOTS] = Default::default();
            for (slot, values) in slots.iter_mut().zip(&mut *state) {
                if !values.is_empty() {
                    *slot = &mut values[within.clone()];
                }
            }
            let step = Step {
                number: self.settings.step + 1,
                learning_rate: self.settings.learning_rate,
                decay: part.decay,
            };
            let gradient = &gradient[common(&part.range, &range, range.start)];
            optimizer.update(step, &mut params[within], gradient, &mut slots[..optimizer.slots()]);
        }
    }
}

/// What two ranges of parameters have in common, counted from `start`; empty if nothing.
fn common(one: &Range<usize>, other: &Range<usize>, start: usize) -> Range<usize> {
    let first = one.start.max(other.start);
    first - start..one.end.min(other.end).max(first) - start
}
