//! Weight gradients block by block, with the optimiser right behind each.

use std::sync::Arc;

use ndarray::ArrayView2;

use super::plan::{Block, Source, StepPlan};
use super::step::StepSettings;
use crate::layer::Layer;
use crate::linalg::elementwise;
use crate::native::rows::RowBuffer;
use crate::optim::{MAX_SLOTS, Optimizer, Step};
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
    pub(super) settings: StepSettings,
}

/// The parameters, gradient and state of some blocks in a row.
struct Slices<'a, F> {
    params: &'a mut [F],
    gradient: &'a mut [F],
    state: [&'a mut [F]; MAX_SLOTS],
}

impl<'a, F> Slices<'a, F> {
    fn split_at(self, mid: usize) -> (Self, Self) {
        let (params, params_right) = self.params.split_at_mut(mid);
        let (gradient, gradient_right) = self.gradient.split_at_mut(mid);
        let mut right: [&'a mut [F]; MAX_SLOTS] = Default::default();
        let mut left: [&'a mut [F]; MAX_SLOTS] = Default::default();
        for ((slot, left), right) in self.state.into_iter().zip(&mut left).zip(&mut right) {
            let mid = mid.min(slot.len());
            (*left, *right) = slot.split_at_mut(mid);
        }
        (
            Self { params, gradient, state: left },
            Self { params: params_right, gradient: gradient_right, state: right },
        )
    }
}

/// Overwrites `gradient`, and updates `params` and `state` if there is an optimiser.
pub(super) fn run_blocks<F: Scalar>(
    update: &Update<'_, F>,
    params: &mut [F],
    gradient: &mut [F],
    state: &mut [F],
) {
    let len = params.len();
    let mut slots: [&mut [F]; MAX_SLOTS] = Default::default();
    for (slot, values) in slots.iter_mut().zip(state.chunks_exact_mut(len.max(1))) {
        *slot = values;
    }
    run(update, &update.plan.blocks, Slices { params, gradient, state: slots });
}

/// Halves the blocks by their parameters until one is left.
fn run<F: Scalar>(update: &Update<'_, F>, blocks: &[Block], slices: Slices<'_, F>) {
    match blocks {
        [] => {}
        [block] => run_block(update, block, slices),
        [first, ..] => {
            let (start, end) = (first.range.start, blocks[blocks.len() - 1].range.end);
            let middle = (start + end) / 2;
            let cut = blocks.partition_point(|block| block.range.end <= middle);
            let cut = cut.clamp(1, blocks.len() - 1);
            let (left, right) = blocks.split_at(cut);
            let (left_slices, right_slices) = slices.split_at(right[0].range.start - start);
            if update.settings.parallel {
                rayon::join(|| run(update, left, left_slices), || run(update, right, right_slices));
            } else {
                run(update, left, left_slices);
                run(update, right, right_slices);
            }
        }
    }
}

fn run_block<F: Scalar>(update: &Update<'_, F>, block: &Block, slices: Slices<'_, F>) {
    let Slices { params, gradient, mut state } = slices;
    match &block.source {
        Source::Owner { layer, block } => {
            let plan = &update.plan.forward.layers[*layer];
            let delta = update.plan.deltas[plan.y].expect("every output has a gradient");
            let view = |slot| update.buffer.view(slot, update.rows);
            let owner = update.layers[*layer].owned().expect("the plan asked for it");
            let gemm = update.settings.gemm;
            let block = block.clone();
            owner.gradient(gemm, block, view(plan.x), view(plan.cache), view(delta), gradient);
        }
        Source::Settled => {}
        Source::Shards { offset } => {
            let range = *offset..*offset + gradient.len();
            for (i, shard) in update.shard_gradients.outer_iter().enumerate() {
                let shard = shard.to_slice().expect("a row has no gaps");
                match i {
                    0 => gradient.copy_from_slice(&shard[range.clone()]),
                    _ => elementwise::add(&shard[range.clone()], gradient),
                }
            }
        }
    }
    let Some(optimizer) = update.optimizer else { return };
    for (segment, decay) in &block.segments {
        let local = segment.start - block.range.start..segment.end - block.range.start;
        let mut parts: [&mut [F]; MAX_SLOTS] = Default::default();
        for (part, slot) in parts.iter_mut().zip(&mut state) {
            if !slot.is_empty() {
                *part = &mut slot[local.clone()];
            }
        }
        let step = Step {
            number: update.settings.step + 1,
            learning_rate: update.settings.learning_rate,
            decay: *decay,
        };
        let slots = &mut parts[..optimizer.slots()];
        optimizer.update(step, &mut params[local.clone()], &gradient[local], slots);
    }
}
