//! How a step's work is cut: functions of shapes and settings only, never of threads.

use std::ops::Range;

use super::step::StepOptions;
use crate::network::plan::{INPUT, Plan};
use crate::network::{Regularizer, Sequential, TensorInfo};
use crate::scalar::Scalar;

/// Who computes the weight gradients of layers that can do it either way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum WeightGradient {
    /// Workers own blocks of the weights and compute each over all rows of the batch; the
    /// optimiser follows while the block is in cache.
    #[default]
    Owners,
    /// Each shard of rows owns a gradient of all weights, and a sum in fixed order adds them.
    Shards,
}

/// Rows that each shard keeps where there are more than two.
const SHARD_ROWS: usize = 128;
/// Multiply-adds of a forward pass below which one shard does all: waking a thread costs more.
const TINY: usize = 1 << 18;
/// Parameters of a block of an update without an owner.
const UPDATE_BLOCK: usize = 1 << 14;

/// Whether a batch is not worth a second thread.
pub(super) fn is_tiny(rows: usize, parameters: usize) -> bool {
    rows.saturating_mul(parameters) < TINY
}

/// Whether one worker does all of a step, and one block holds all parameters.
pub(super) fn is_done_alone(shards: usize, rows: usize, parameters: usize) -> bool {
    shards == 1 && is_tiny(rows, parameters) && parameters <= UPDATE_BLOCK
}

/// The number of row shards of a batch.
pub(super) fn shard_count(setting: Option<usize>, rows: usize, parameters: usize) -> usize {
    let wanted = match setting {
        Some(shards) => shards,
        None if is_tiny(rows, parameters) => 1,
        // A power of two shares out evenly among two, four … threads.
        None => 1 << (rows / SHARD_ROWS).max(2).ilog2(),
    };
    wanted.clamp(1, rows.max(1))
}

/// Where a block's gradient comes from.
#[derive(Debug, Clone)]
pub(super) enum Source {
    /// The layer computes it for this range of its own parameters.
    Owner { layer: usize, block: Range<usize> },
    /// The shards' gradients are added up; the offset is the block's in each shard's gradient.
    Shards { offset: usize },
    /// It is there already: the layer settled it from sums over the whole batch.
    Settled,
}

/// Layers that run without a break, and what ends them.
#[derive(Debug, Clone)]
pub(super) struct Segment {
    pub(super) layers: Range<usize>,
    /// The layer behind them that needs statistics of all rows.
    pub(super) whole_batch: Option<usize>,
    /// The layer behind them whose columns are shared out: forward it is none of `layers`, backward their last one.
    pub(super) columns: Option<usize>,
}

/// How a layer's columns are shared out; no ranges where they are not.
#[derive(Debug, Clone, Default)]
pub(super) struct Columns {
    pub(super) output: Vec<Range<usize>>,
    pub(super) input: Vec<Range<usize>>,
}

/// A part of the parameters that one worker computes and updates.
#[derive(Debug, Clone)]
pub(super) struct Block {
    pub(super) range: Range<usize>,
    pub(super) source: Source,
    /// Parts of the range whose parameters are treated alike.
    pub(super) parts: Vec<Part>,
}

/// Parameters treated alike.
#[derive(Debug, Clone)]
pub(super) struct Part {
    pub(super) range: Range<usize>,
    /// Whether weight decay applies.
    pub(super) decay: bool,
    pub(super) regularizer: Regularizer,
}

/// A matrix whose columns are kept short.
#[derive(Debug, Clone)]
pub(super) struct Bounded {
    pub(super) range: Range<usize>,
    pub(super) columns: usize,
    pub(super) max_norm: f64,
}

/// The training step's plan: slots, blocks and where shards put their gradients.
#[derive(Debug)]
pub(super) struct StepPlan {
    pub(super) forward: Plan,
    /// Widths of all slots: the forward plan's, then a gradient slot for each activation.
    pub(super) widths: Vec<usize>,
    /// The gradient slot of each activation slot.
    pub(super) deltas: Vec<Option<usize>>,
    /// Blocks that cut the parameters in order, without gaps.
    pub(super) blocks: Vec<Block>,
    /// Weights with a bound on their norm.
    pub(super) bounded: Vec<Bounded>,
    /// Where each layer's gradient lies in a shard's, if the shard computes it.
    pub(super) shard_gradients: Vec<Option<Range<usize>>>,
    /// Values of a shard's gradient.
    pub(super) shard_gradient_len: usize,
    /// The first layer that has parameters; backward ends there.
    pub(super) first_trained: usize,
    /// The forward pass; the last segment has no layer behind it.
    pub(super) forward_segments: Vec<Segment>,
    /// The backward pass: layers from the last to the first of each segment's range.
    pub(super) backward_segments: Vec<Segment>,
    /// How each layer's columns are shared out.
    pub(super) columns: Vec<Columns>,
    /// Where each layer's whole-batch statistics lie.
    pub(super) stats: Vec<Range<usize>>,
    /// Whether several blocks are of the same layer, which computes their gradients.
    pub(super) has_several_owners: bool,
    /// The number of blocks of the first layer, whose forward pass can be shared out by them; 0 if it cannot.
    pub(super) split: usize,
}

impl StepPlan {
    pub(super) fn new<F: Scalar>(network: &Sequential<F>, options: StepOptions) -> Self {
        let forward = Plan::clone(network.plan());
        let mut widths = forward.widths.clone();
        let mut deltas = vec![None; widths.len()];
        for layer in &forward.layers {
            for slot in [layer.x, layer.y] {
                if slot != INPUT && deltas[slot].is_none() {
                    deltas[slot] = Some(widths.len());
                    widths.push(widths[slot]);
                }
            }
        }
        let first_trained =
            forward.layers.iter().position(|layer| !layer.params.is_empty()).unwrap_or(0);
        let mut plan = Self {
            blocks: Vec::new(),
            bounded: bounded(network),
            shard_gradients: Vec::new(),
            shard_gradient_len: 0,
            first_trained,
            forward_segments: Vec::new(),
            backward_segments: Vec::new(),
            columns: Vec::new(),
            stats: Vec::new(),
            has_several_owners: false,
            split: 0,
            forward,
            widths,
            deltas,
        };
        plan.cut_segments(network);
        for (i, layer) in network.layers().iter().enumerate() {
            let owned = layer.owned().filter(|_| options.mode == WeightGradient::Owners);
            plan.add_layer(network, i, owned, options);
            let split = i == 0 && owned.is_some() && layer.split_forward().is_some();
            if split && plan.blocks.len() > 1 && !plan.forward.layers[0].in_place {
                plan.split = plan.blocks.len();
            }
        }
        plan
    }

    fn cut_segments<F: Scalar>(&mut self, network: &Sequential<F>) {
        let count = network.layers().len();
        let (mut start, mut offset) = (0, 0);
        for (i, layer) in network.layers().iter().enumerate() {
            let len = layer.whole_batch().map_or(0, |whole| whole.stats());
            self.stats.push(offset..offset + len);
            offset += len;
            let parallel = layer.column_parallel();
            self.columns.push(parallel.map_or_else(Columns::default, |parallel| Columns {
                output: parallel.output_columns(),
                input: parallel.input_columns(),
            }));
            let (whole_batch, columns) = (layer.whole_batch().map(|_| i), parallel.map(|_| i));
            if whole_batch.or(columns).is_some() {
                self.forward_segments.push(Segment { layers: start..i, whole_batch, columns });
                start = if columns.is_some() { i + 1 } else { i };
            }
        }
        let last = Segment { layers: start..count, whole_batch: None, columns: None };
        self.forward_segments.push(last);
        let mut end = count;
        for i in (self.first_trained..count).rev() {
            let layer = &network.layers()[i];
            let whole_batch = layer.whole_batch().map(|_| i);
            // Nobody wants the gradient by the input of the first one.
            let columns = layer.column_parallel().filter(|_| i > self.first_trained).map(|_| i);
            if whole_batch.or(columns).is_some() {
                let start = if columns.is_some() { i } else { i + 1 };
                self.backward_segments.push(Segment { layers: start..end, whole_batch, columns });
                end = start;
            }
        }
        let layers = self.first_trained..end;
        self.backward_segments.push(Segment { layers, whole_batch: None, columns: None });
    }

    /// The most rows of a batch whose forward pass through the first layer is shared out by its blocks: the shares of
    /// the sums are to be at most half as many as the weights, which stay where they are then.
    pub(super) fn split_rows(&self) -> usize {
        self.widths[INPUT].checked_div(2 * self.split).unwrap_or(0)
    }

    /// The widths of the first layer's shares of sums.
    pub(super) fn share_widths(&self) -> Vec<usize> {
        vec![self.forward.layers.first().map_or(0, |layer| self.widths[layer.y]); self.split]
    }

    /// The gradient slot of an activation slot.
    #[inline]
    pub(super) fn delta(&self, slot: usize) -> usize {
        self.deltas[slot].expect("every output has a gradient")
    }

    /// The number of whole-batch statistics of all layers.
    pub(super) fn stats_len(&self) -> usize {
        self.stats.last().map_or(0, |range| range.end)
    }

    fn add_layer<F: Scalar>(
        &mut self,
        network: &Sequential<F>,
        layer: usize,
        owned: Option<&dyn crate::layer::OwnedGradient<F>>,
        options: StepOptions,
    ) {
        let params = self.forward.layers[layer].params.clone();
        let parts = |range: &Range<usize>| parts(network, range, options);
        if network.layers()[layer].whole_batch().is_some() {
            if !params.is_empty() {
                let parts = parts(&params);
                self.blocks.push(Block { range: params, source: Source::Settled, parts });
            }
            self.shard_gradients.push(None);
            return;
        }
        match owned {
            Some(owned) => {
                let blocks = owned.blocks();
                self.has_several_owners |= blocks.len() > 1;
                for block in blocks {
                    let range = params.start + block.start..params.start + block.end;
                    let source = Source::Owner { layer, block };
                    self.blocks.push(Block { parts: parts(&range), range, source });
                }
                self.shard_gradients.push(None);
            }
            None => {
                let start = self.shard_gradient_len;
                let count = params.len().div_ceil(UPDATE_BLOCK);
                for i in 0..count {
                    let cut = crate::native::rows::part_rows(params.len(), count, i);
                    let range = params.start + cut.start..params.start + cut.end;
                    match self.blocks.last_mut() {
                        // Small layers together.
                        Some(Block {
                            range: before,
                            source: Source::Shards { .. },
                            parts: all,
                        }) if range.end - before.start <= UPDATE_BLOCK => {
                            before.end = range.end;
                            *all = parts(before);
                        }
                        _ => {
                            let source = Source::Shards { offset: start + cut.start };
                            self.blocks.push(Block { parts: parts(&range), range, source });
                        }
                    }
                }
                self.shard_gradient_len += params.len();
                self.shard_gradients.push(Some(start..start + params.len()));
            }
        }
    }
}

/// Cuts a range of parameters at the borders of tensors that are treated differently.
fn parts<F: Scalar>(
    network: &Sequential<F>,
    range: &Range<usize>,
    options: StepOptions,
) -> Vec<Part> {
    let mut parts: Vec<Part> = Vec::new();
    for tensor in network.tensors() {
        let start = tensor.range.start.max(range.start);
        let end = tensor.range.end.min(range.end);
        if start >= end {
            continue;
        }
        let part = Part {
            range: start..end,
            decay: tensor.decay && options.decays,
            regularizer: penalty(tensor, options.regularizer),
        };
        match parts.last_mut() {
            Some(last) if (last.decay, last.regularizer) == (part.decay, part.regularizer) => {
                last.range.end = end;
            }
            _ => parts.push(part),
        }
    }
    parts
}

/// A tensor's own penalty, or else the trainer's.
pub(super) fn penalty(tensor: &TensorInfo, regularizer: Regularizer) -> Regularizer {
    match tensor.decay && tensor.regularizer.is_none() {
        true => regularizer,
        false => tensor.regularizer,
    }
}

fn bounded<F: Scalar>(network: &Sequential<F>) -> Vec<Bounded> {
    let bounded = network.tensors().iter().filter_map(|tensor| {
        let columns = tensor.shape.last().copied().filter(|&columns| columns > 0)?;
        Some(Bounded { range: tensor.range.clone(), columns, max_norm: tensor.max_norm? })
    });
    bounded.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options(mode: WeightGradient) -> StepOptions {
        let regularizer = Regularizer::l2(0.1);
        StepOptions { shards: None, mode, regularizer, decays: true, penalty_per_row: false }
    }

    #[test]
    fn blocks_cut_the_parameters_without_gaps() {
        let network =
            Sequential::<f32>::input(784).dense(512).relu().dense(300).dense(1).build().unwrap();
        for mode in [WeightGradient::Owners, WeightGradient::Shards] {
            let plan = StepPlan::new(&network, options(mode));
            let mut at = 0;
            for block in &plan.blocks {
                assert_eq!(block.range.start, at);
                assert_eq!(block.parts[0].range.start, at);
                at = block.range.end;
                assert_eq!(block.parts.last().unwrap().range.end, at);
            }
            assert_eq!(at, network.parameter_count());
        }
    }

    #[test]
    fn small_layers_without_owners_are_updated_together() {
        let network = Sequential::<f64>::input(2).dense(10).relu().dense(1).build().unwrap();
        let shards = options(WeightGradient::Shards);
        let borders = |options| {
            let plan = StepPlan::new(&network, options);
            let parts = |block: &Block| block.parts.iter().map(|part| part.range.end).collect();
            plan.blocks.iter().map(parts).collect::<Vec<Vec<usize>>>()
        };
        assert_eq!(borders(shards), [[20, 30, 40, 41]]);
        assert_eq!(borders(StepOptions { decays: false, ..shards }), [[20, 30, 40, 41]]);
        let nothing_differs =
            StepOptions { decays: false, regularizer: Regularizer::NONE, ..shards };
        assert_eq!(borders(nothing_differs), [[41]]);
        assert_eq!(borders(options(WeightGradient::Owners)), [vec![20, 30], vec![40, 41]]);
        let wide = Sequential::<f64>::input(200).dense(100).dense(1).build().unwrap();
        let plan = StepPlan::new(&wide, shards);
        assert_eq!(
            plan.blocks.iter().map(|block| block.range.end).collect::<Vec<_>>(),
            [10_050, 20_201]
        );
    }

    #[test]
    fn shards_depend_on_rows_and_parameters_only() {
        assert_eq!(shard_count(None, 4, 41), 1);
        assert_eq!(shard_count(None, 32, 101_770), 2);
        assert_eq!(shard_count(None, 128, 669_706), 2);
        assert_eq!(shard_count(None, 511, 669_706), 2);
        assert_eq!(shard_count(None, 512, 5_824_522), 4);
        assert_eq!(shard_count(Some(3), 2, 10), 2);
        assert!(is_done_alone(1, 4, 41) && !is_done_alone(2, 4, 41));
        // A copy of a large gradient takes longer than a single row's step saves.
        assert!(!is_done_alone(1, 1, 101_770) && !is_done_alone(1, 32, 16_000));
    }
}
