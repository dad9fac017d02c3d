//! Layers with many weights: their products shared out by columns instead of rows.

use super::step::{StepSettings, StepWorkspace};
use crate::layer::ColumnParallel;
use crate::network::Sequential;
use crate::scalar::Scalar;

impl<F: Scalar> StepWorkspace<F> {
    /// The forward pass through a layer of the first `rows` rows.
    pub(super) fn forward_columns(
        &mut self,
        network: &Sequential<F>,
        layer: usize,
        rows: usize,
        settings: &StepSettings<'_>,
    ) {
        let &StepSettings { gemm, crew, .. } = settings;
        let plan = &self.plan.forward.layers[layer];
        let (parallel, params) = parallel(network, layer);
        let blocks = &self.plan.columns[layer].output;
        let slots = [plan.y, plan.cache];
        self.buffer.for_each_column_block(
            (plan.x, rows),
            slots,
            crew,
            blocks,
            |i, x, [y, cache]| {
                parallel.forward_columns(gemm, blocks[i].clone(), params, x, y, cache);
            },
        );
    }

    /// The gradient by a layer's input, from that by its output as the layer's backward pass left it.
    pub(super) fn backward_columns(
        &mut self,
        network: &Sequential<F>,
        layer: usize,
        rows: usize,
        settings: &StepSettings<'_>,
    ) {
        let &StepSettings { gemm, crew, .. } = settings;
        let plan = &self.plan.forward.layers[layer];
        let (parallel, params) = parallel(network, layer);
        let blocks = &self.plan.columns[layer].input;
        let [dx, dy] = [plan.x, plan.y].map(|slot| self.plan.delta(slot));
        self.buffer.for_each_column_block((dy, rows), [dx], crew, blocks, |i, dy, [dx]| {
            parallel.backward_columns(gemm, blocks[i].clone(), params, dy, dx);
        });
    }
}

fn parallel<F: Scalar>(network: &Sequential<F>, layer: usize) -> (&dyn ColumnParallel<F>, &[F]) {
    let params = network.plan().layers[layer].params.clone();
    let parallel = network.layers()[layer].column_parallel().expect("the plan asked for it");
    (parallel, &network.parameters()[params])
}
