//! Weight gradients block by block, with the optimiser right behind each.

use std::sync::Arc;

use ndarray::ArrayView2;

use super::plan::{Block, Source, StepPlan};
use super::step::StepSettings;
use crate::layer::Layer;
use crate::linalg::elementwise;
use crate::native::rows::{RowBuffer, for_each_range};
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
    pub(super) settings: StepSettings<'a>,
}

/// Parameters, gradient and the optimiser's slots.
const BUFFERS: usize = 2 + MAX_SLOTS;

/// Overwrites `gradient`, and updates `params` and `state` if there is an optimiser.
pub(super) fn run_blocks<F: Scalar>(
    update: &Update<'_, F>,
    params: &mut [F],
    gradient: &mut [F],
    state: &mut [F],
) {
    let len = params.len().max(1);
    let mut buffers: [&mut [F]; BUFFERS] = Default::default();
    let mut slots = state.chunks_exact_mut(len);
    for buffer in buffers.iter_mut().skip(2) {
        *buffer = slots.next().unwrap_or_default();
    }
    (buffers[0], buffers[1]) = (params, gradient);
    let blocks = &update.plan.blocks;
    let range = |i: usize| blocks[i].range.clone();
    for_each_range(update.settings.crew, blocks.len(), range, buffers, |i, parts| {
        run_block(update, &blocks[i], parts);
    });
}

fn run_block<F: Scalar>(
    update: &Update<'_, F>,
    block: &Block,
    [params, gradient, mut state @ ..]: [&mut [F]; BUFFERS],
) {
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
