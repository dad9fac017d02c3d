//! Which matrix of the batch buffer each layer reads and writes.

use std::ops::Range;
use std::sync::Arc;

use ndarray::ArrayView2;

use super::Sequential;
use crate::layer::{Forward, Layer, Pass};
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
    /// For layers that take rows of `input` values.
    pub(super) fn new<F: Scalar>(input: usize, built: &[Arc<dyn Layer<F>>]) -> Self {
        let mut widths = vec![input];
        let mut layers = Vec::new();
        let (mut slot, mut slot_is_read) = (INPUT, true);
        let (mut param, mut buffer) = (0, 0);
        for layer in built {
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
    pub(crate) fn place_input<F: Scalar>(
        &self,
        layer: usize,
        part: &mut PartRows<'_, F>,
        features: Option<ArrayView2<'_, F>>,
    ) {
        let plan = &self.layers[layer];
        if plan.in_place && plan.x != plan.y {
            let ([x], [mut y]) = part.slots([plan.x], [plan.y]);
            y.assign(&input(plan, x, features));
        }
    }

    /// The most scratch values that a pass over `rows` rows asks for.
    pub(crate) fn scratch<F: Scalar>(&self, network: &Sequential<F>, rows: usize) -> usize {
        network.layers().iter().map(|layer| layer.scratch(rows)).max().unwrap_or(0)
    }

    /// Runs some layers forward over one part's rows; `stats` names a layer's whole-batch statistics.
    /// The part's rows of features are those given, else what its slot holds.
    pub(crate) fn forward<'s, F: Scalar>(
        &self,
        network: &Sequential<F>,
        layers: Range<usize>,
        pass: Pass,
        (part, features): (&mut PartRows<'_, F>, Option<ArrayView2<'_, F>>),
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
                self.place_input(i, part, features);
            }
            let (x, y, cache) = if !plan.in_place {
                let ([x], [y, cache]) = part.slots([plan.x], [plan.y, plan.cache]);
                (Some(input(plan, x, features)), y, cache)
            } else {
                let ([], [y, cache]) = part.slots([], [plan.y, plan.cache]);
                (None, y, cache)
            };
            layer.forward(pass, params, Forward { x, y, cache, scratch, buffers, stats });
        }
    }
}

/// A layer's input: the features, if it is the first and they lie elsewhere, or what its slot holds.
fn input<'x, F>(
    plan: &LayerPlan,
    slot: ArrayView2<'x, F>,
    features: Option<ArrayView2<'x, F>>,
) -> ArrayView2<'x, F> {
    features.filter(|_| plan.x == INPUT).unwrap_or(slot)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_layer_works_in_place_only_where_nobody_reads_that_place_later() {
        let builder = Sequential::<f32>::input(3).dense(4).relu().dropout(0.5);
        let network = builder.dense(4).layer_norm().dropout(0.5).build().unwrap();
        let plan = network.plan();
        let [_, behind_relu, _, _, behind_norm] = &plan.layers[..] else { panic!("{plan:?}") };
        assert!(!behind_relu.in_place && behind_relu.x != behind_relu.y);
        assert!(behind_norm.in_place && behind_norm.x == behind_norm.y);
        // The features are never overwritten.
        let first = Sequential::<f32>::input(3).dropout(0.5).build().unwrap();
        assert!(!first.plan().layers[0].in_place);
    }
}
