//! The network of a multi-layer perceptron, and its first weights.

use super::settings::Settings;
use crate::error::Result;
use crate::layer::{BatchNorm, Dropout};
use crate::network::Sequential;
use crate::random::RandomState;
use crate::scalar::Scalar;

/// Builds the network: for each hidden layer a dense one, batch normalisation on request, the activation,
/// and dropout on request; then the dense layer of the outputs. Their weights and biases are drawn layer by layer, weights first, uniformly within
/// Glorot's bound (Glorot & Bengio 2010), as scikit-learn draws them.
pub(super) fn network<F: Scalar>(
    settings: &Settings,
    features: usize,
    outputs: usize,
    random: &mut RandomState,
) -> Result<Sequential<F>> {
    let mut builder = Sequential::<F>::input(features).seed(settings.random_state.layer_seed());
    for &units in &settings.hidden_layer_sizes {
        builder = builder.dense(units);
        if settings.batch_norm {
            builder = builder.layer(BatchNorm::new());
        }
        builder = builder.activation(settings.activation.clone());
        if settings.dropout > 0.0 {
            builder = builder.layer(Dropout::new(settings.dropout));
        }
    }
    let mut network = builder.dense(outputs).build()?;
    draw(settings.glorot_factor(), &mut network, random);
    Ok(network)
}

fn draw<F: Scalar>(factor: f64, network: &mut Sequential<F>, random: &mut RandomState) {
    let drawn =
        network.tensors().iter().filter(|tensor| network.specs()[tensor.layer].kind() == "dense");
    let tensors: Vec<_> = drawn.map(|t| (t.shape.clone(), t.range.clone())).collect();
    let (params, _) = network.state_mut();
    let mut bound = 0.0;
    for (shape, range) in tensors {
        // A bias follows its weights, whose bound it shares.
        if let [fan_in, fan_out] = shape[..] {
            bound = (factor / (fan_in + fan_out) as f64).sqrt();
        }
        for value in &mut params[range] {
            *value = F::from_f64(random.uniform(-bound, bound));
        }
    }
}
