//! Saved networks of layers that keep statistics or draw numbers.

use blastrain::data::Dataset;
use blastrain::layer::{BatchNorm, Dropout, LayerNorm};
use blastrain::loss::CrossEntropy;
use blastrain::network::Link;
use blastrain::train::Trainer;
use blastrain::{Scalar, Sequential};
use ndarray::Array2;
use safetensors::tensor::SafeTensors;

/// A network of every kind of layer that draws or keeps something, after some training.
fn trained<F: Scalar>() -> Sequential<F>
where
    Array2<F>: Into<blastrain::data::FeatureStorage<'static, F>>,
{
    let builder = Sequential::<F>::input(3).layer(BatchNorm::new().momentum(0.1 + 0.2)).dense(5);
    let builder = builder.layer(BatchNorm::new().affine(false).epsilon(1e-3)).relu();
    let builder = builder.layer(Dropout::new(0.1 + 0.2)).dense(4).layer_norm();
    let network = builder.layer(LayerNorm::new().affine(false).epsilon(0.5)).dense(2).build();
    let x = Array2::from_shape_fn((9, 3), |(i, j)| F::from_f64(((i * 5 + j * 3) % 7) as f64));
    let classes: Vec<usize> = (0..9).map(|i| i % 2).collect();
    let data = Dataset::new(x, classes).unwrap();
    let mut trainer = Trainer::builder(network.unwrap(), CrossEntropy).epochs(3).build().unwrap();
    trainer.fit(&data).unwrap();
    trainer.into_network()
}

fn assert_layers_round_trip<F: Scalar>()
where
    Array2<F>: Into<blastrain::data::FeatureStorage<'static, F>>,
{
    let saved = trained::<F>();
    let bytes = saved.to_bytes().unwrap();
    let loaded = Sequential::<F>::from_bytes(&bytes).unwrap();
    assert_eq!(loaded.parameters(), saved.parameters());
    assert_eq!(loaded.buffers(), saved.buffers());
    assert_eq!(loaded.buffers().len(), 16);
    // Training has moved the means from 0 and the variances from 1.
    assert!(saved.buffers().iter().all(|&value| value != F::zero() && value != F::one()));
    assert_eq!(loaded.tensors(), saved.tensors());
    assert_eq!(loaded.buffer_tensors(), saved.buffer_tensors());
    assert!(loaded.tensors().iter().all(|t| t.decay == t.name.ends_with(".weight")));
    assert_eq!(loaded.summary().to_string(), saved.summary().to_string());
    for (loaded, saved) in loaded.specs().iter().zip(saved.specs()) {
        assert_eq!(loaded.config(), saved.config());
    }
    let x = Array2::from_shape_fn((1, 3), |(_, j)| F::from_f64(j as f64));
    assert_eq!(loaded.predict(x.view()).unwrap(), saved.predict(x.view()).unwrap());
    assert_eq!(loaded.to_bytes().unwrap(), bytes);
    let file = SafeTensors::deserialize(&bytes).unwrap();
    let tensor = file.tensor("batch_norm_2.running_variance").unwrap();
    assert_eq!(tensor.shape(), [5]);
}

#[test]
fn running_statistics_and_the_settings_of_layers_come_back() {
    assert_layers_round_trip::<f32>();
    assert_layers_round_trip::<f64>();
}

#[test]
fn a_loaded_network_with_running_statistics_trains_on() {
    let mut network = trained::<f64>();
    network.set_link(Link::Exp);
    let loaded = Sequential::<f64>::from_bytes(&network.to_bytes().unwrap()).unwrap();
    assert_eq!(loaded.link(), Link::Exp);
    let x = Array2::from_shape_fn((9, 3), |(i, j)| ((i * 5 + j * 3) % 7) as f64);
    let data = Dataset::new(x, vec![0, 1, 1, 0, 1, 0, 0, 1, 0]).unwrap();
    let fit = |network| {
        let mut trainer = Trainer::builder(network, CrossEntropy).epochs(2).build().unwrap();
        trainer.fit(&data).unwrap();
        let network = trainer.into_network();
        [network.parameters(), network.buffers()].concat()
    };
    assert_eq!(fit(loaded), fit(network));
}
