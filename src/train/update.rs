//! Weight gradients block by block, with the optimiser right behind each.

use std::sync::Arc;

use ndarray::ArrayView2;

use super::plan::{Block, Part, Source, StepPlan};
use super::step::StepSettings;
use crate::layer::Layer;
use crate::linalg::{elementwise, norms};
use crate::native::rows::{RowBuffer, for_each_range};
use crate::optim::{GradientClipping, MAX_SLOTS, Optimizer, Step, norm_factor};
use crate::scalar::Scalar;

/// What the blocks of a step read.
pub(super) struct Update<'a, F> {
    pub(super) plan: &'a StepPlan,
    pub(super) layers: &'a [Arc<dyn Layer<F>>],
    pub(super) buffer: &'a RowBuffer<F>,
    /// A row for each shard: its gradient.
    pub(super) shard_gradients: ArrayView2<'a, F>,
    pub(super) rows: usize,
    /// `None` computes the gradient only.
    pub(super) optimizer: Option<&'a dyn Optimizer<F>>,
    /// What penalties are multiplied by.
    pub(super) penalty_scale: f64,
    pub(super) settings: StepSettings<'a>,
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

/// Overwrites `gradient`, updates `params` and `state` if there is an optimiser, and returns the
/// penalty on the parameters as they were.
pub(super) fn run_blocks<F: Scalar>(
    update: &Update<'_, F>,
    params: &mut [F],
    gradient: &mut [F],
    state: &mut [F],
    sums: &mut [BlockSums],
) -> f64 {
    let blocks = &update.plan.blocks;
    let range = |i: usize| blocks[i].range.clone();
    let crew = update.settings.crew;
    let Some(GradientClipping::GlobalNorm(limit)) = update.settings.clipping else {
        let buffers = buffers(params, gradient, state);
        for_each_range(crew, sums, range, buffers, |i, mut parts, sums| {
            *sums = update.block_gradient(&blocks[i], &mut parts);
            update.block_step(&blocks[i], parts);
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
    for_each_range(crew, sums, range, all, |i, parts, _| {
        if factor != F::one() {
            norms::scale(factor, parts[1]);
        }
        update.block_step(&blocks[i], parts);
    });
    penalty
}

fn buffers<'b, F: Scalar>(
    params: &'b mut [F],
    gradient: &'b mut [F],
    state: &'b mut [F],
) -> [&'b mut [F]; BUFFERS] {
    let mut buffers: [&mut [F]; BUFFERS] = Default::default();
    let mut slots = state.chunks_exact_mut(params.len().max(1));
    for buffer in buffers.iter_mut().skip(2) {
        *buffer = slots.next().unwrap_or_default();
    }
    (buffers[0], buffers[1]) = (params, gradient);
    buffers
}

impl<F: Scalar> Update<'_, F> {
    /// Overwrites the block's gradient by that of loss and penalties, clipped by value.
    fn block_gradient(&self, block: &Block, parts: &mut [&mut [F]; BUFFERS]) -> BlockSums {
        let [params, gradient, ..] = parts;
        self.loss_gradient(block, gradient);
        let mut sums = BlockSums::default();
        for part in &block.parts {
            if !part.regularizer.is_none() {
                let local = local(block, part);
                sums.penalty += self.penalise(part, &params[local.clone()], &mut gradient[local]);
            }
        }
        match self.settings.clipping {
            None => {}
            Some(GradientClipping::Value(limit)) => norms::clamp(F::from_f64(limit), gradient),
            Some(GradientClipping::GlobalNorm(_)) => sums.square = norms::sum_squares(gradient),
        }
        sums
    }

    fn loss_gradient(&self, block: &Block, gradient: &mut [F]) {
        match &block.source {
            Source::Owner { layer, block } => {
                let plan = &self.plan.forward.layers[*layer];
                let delta = self.plan.deltas[plan.y].expect("every output has a gradient");
                let view = |slot| self.buffer.view(slot, self.rows);
                let owner = self.layers[*layer].owned().expect("the plan asked for it");
                let (gemm, block) = (self.settings.gemm, block.clone());
                owner.gradient(gemm, block, view(plan.x), view(plan.cache), view(delta), gradient);
            }
            Source::Settled => {}
            Source::Shards { offset } => {
                let range = *offset..*offset + gradient.len();
                for (i, shard) in self.shard_gradients.outer_iter().enumerate() {
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

    /// The optimiser's update of a block whose gradient is there.
    fn block_step(&self, block: &Block, [params, gradient, mut state @ ..]: [&mut [F]; BUFFERS]) {
        let Some(optimizer) = self.optimizer else { return };
        for part in &block.parts {
            let local = local(block, part);
            let mut slots: [&mut [F]; MAX_SLOTS] = Default::default();
            for (slot, values) in slots.iter_mut().zip(&mut state) {
                if !values.is_empty() {
                    *slot = &mut values[local.clone()];
                }
            }
            let step = Step {
                number: self.settings.step + 1,
                learning_rate: self.settings.learning_rate,
                decay: part.decay,
            };
            let slots = &mut slots[..optimizer.slots()];
            optimizer.update(step, &mut params[local.clone()], &gradient[local], slots);
        }
    }
}

/// A part's place within its block.
fn local(block: &Block, part: &Part) -> std::ops::Range<usize> {
    part.range.start - block.range.start..part.range.end - block.range.start
}
