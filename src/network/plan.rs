//! Which matrix of the batch buffer each layer reads and writes.

use std::ops::Range;

use super::Sequential;
use crate::layer::{Forward, Pass};
use crate::native::rows::PartRows;
use crate::scalar::Scalar;

/// The slot of the batch's features.
pub(crate) const INPUT: usize = 0;

/// One layer's places.
#[derive(Debug, Clone)]
pub(crate) struct LayerPlan {
    /// Slot of the input.
    pub(crate) x: usize,
    /// Slot of the output; the input's, if the layer works in place there.
    pub(crate) y: usize,
    /// Slot of what is kept for backward.
    pub(crate) cache: usize,
    /// Whether the layer works in place.
    pub(crate) in_place: bool,
    /// The layer's part of the parameters.
    pub(crate) params: Range<usize>,
    /// The layer's part of the buffers.
    pub(crate) buffers: Range<usize>,
}

/// Slots and parameter ranges of all layers.
#[derive(Debug, Clone)]
pub(crate) struct Plan {
    pub(crate) layers: Vec<LayerPlan>,
    /// Width of each slot: activations and caches.
    pub(crate) widths: Vec<usize>,
    /// Slot of the network's scores.
    pub(crate) output: usize,
}

impl Plan {
    pub(crate) fn new<F: Scalar>(network: &Sequential<F>) -> Self {
        let mut widths = vec![network.input_dims().size()];
        let mut layers = Vec::new();
        let (mut slot, mut slot_is_read) = (INPUT, true);
        let (mut param, mut buffer) = (0, 0);
        for layer in network.layers() {
            let needs = layer.needs();
            let count =
                |tensors: &[super::TensorSpec]| tensors.iter().map(|t| t.len()).sum::<usize>();
            let (params, buffers) = (count(&needs.params), count(&needs.buffers));
            let x = slot;
            // An in-place layer may take over its input's slot unless somebody reads that later.
            let in_place = needs.in_place || (needs.in_place_if_free && !slot_is_read);
            if !in_place || slot_is_read {
                slot = widths.len();
                widths.push(needs.output.size());
                slot_is_read = false;
            }
            slot_is_read |= needs.reads_output;
            let cache = widths.len();
            widths.push(needs.cache);
            layers.push(LayerPlan {
                x,
                y: slot,
                cache,
                in_place,
                params: param..param + params,
                buffers: buffer..buffer + buffers,
            });
            param += params;
            buffer += buffers;
        }
        Self { layers, widths, output: slot }
    }

    /// Brings a layer's input to where an in-place layer wants it.
    pub(crate) fn place_input<F: Scalar>(&self, layer: usize, part: &mut PartRows<'_, F>) {
        let plan = &self.layers[layer];
        if plan.in_place && plan.x != plan.y {
            let ([x], [mut y]) = part.slots([plan.x], [plan.y]);
            y.assign(&x);
        }
    }

    /// The most scratch values that a pass over `rows` rows asks for.
    pub(crate) fn scratch<F: Scalar>(&self, network: &Sequential<F>, rows: usize) -> usize {
        network.layers().iter().map(|layer| layer.scratch(rows)).max().unwrap_or(0)
    }

    /// Runs some layers forward over one part's rows; `stats` names a layer's whole-batch statistics.
    pub(crate) fn forward<'s, F: Scalar>(
        &self,
        network: &Sequential<F>,
        layers: Range<usize>,
        pass: Pass,
        part: &mut PartRows<'_, F>,
        scratch: &mut [F],
        stats: impl Fn(usize) -> &'s [F],
    ) {
        for i in layers {
            let (layer, plan) = (&network.layers()[i], &self.layers[i]);
            let stats = stats(i);
            let pass = Pass { layer: i as u32, ..pass };
            let params = &network.parameters()[plan.params.clone()];
            let buffers = &network.buffers()[plan.buffers.clone()];
            let scratch = &mut *scratch;
            // A layer with statistics found its input in place when they were collected.
            if stats.is_empty() {
                self.place_input(i, part);
            }
            let (x, y, cache) = if !plan.in_place {
                let ([x], [y, cache]) = part.slots([plan.x], [plan.y, plan.cache]);
                (Some(x), y, cache)
            } else {
                let ([], [y, cache]) = part.slots([], [plan.y, plan.cache]);
                (None, y, cache)
            };
            layer.forward(pass, params, Forward { x, y, cache, scratch, buffers, stats });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_layer_works_in_place_only_where_nobody_reads_that_place_later() {
        let builder = Sequential::<f32>::input(3).dense(4).relu().dropout(0.5);
        let network = builder.dense(4).layer_norm().dropout(0.5).build().unwrap();
        let plan = Plan::new(&network);
        let [_, behind_relu, _, _, behind_norm] = &plan.layers[..] else { panic!("{plan:?}") };
        assert!(!behind_relu.in_place && behind_relu.x != behind_relu.y);
        assert!(behind_norm.in_place && behind_norm.x == behind_norm.y);
        // The features are never overwritten.
        let first = Plan::new(&Sequential::<f32>::input(3).dropout(0.5).build().unwrap());
        assert!(!first.layers[0].in_place);
    }
}
