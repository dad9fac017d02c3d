//! The tutorial network for exclusive or, against the losses that its NumPy original prints.

use blastrain::data::Dataset;
use blastrain::layer::Dense;
use blastrain::loss::BinaryCrossEntropy;
use blastrain::optim::Sgd;
use blastrain::train::Trainer;
use blastrain::{Initializer, RandomState, Sequential};
use ndarray::array;

/// The loss before update 0, 1000, 2000 …
const LOSSES: [f64; 10] = [
    0.9060411745704565,
    0.528406430990051,
    0.45628637802258565,
    0.3721464705702542,
    0.2714371025032263,
    0.1847126755791574,
    0.12826228304741744,
    0.09373873854329356,
    0.0718495778805388,
    0.05729855913925554,
];

fn network() -> Sequential<f64> {
    let dense = |units| Dense::new(units).kernel_initializer(Initializer::HeNormal);
    Sequential::input(2).layer(dense(10)).relu().layer(dense(1)).seed(42).build().unwrap()
}

#[test]
fn the_weights_are_those_of_numpy() {
    let mut random = RandomState::new(42);
    let first = random.randn(2, 10) * (2.0f64 / 2.0).sqrt();
    let second = random.randn(10, 1) * (2.0f64 / 10.0).sqrt();
    let network = network();
    assert_eq!(network.tensor("dense_1.weight").unwrap(), first.into_dyn());
    assert_eq!(network.tensor("dense_2.weight").unwrap(), second.into_dyn());
    for bias in ["dense_1.bias", "dense_2.bias"] {
        assert!(network.tensor(bias).unwrap().iter().all(|&value| value == 0.0));
    }
}

#[test]
fn ten_thousand_steps_give_the_losses_of_numpy() {
    let inputs = array![[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]];
    let data = Dataset::new(&inputs, vec![0, 1, 1, 0]).unwrap();
    let mut trainer = Trainer::builder(network(), BinaryCrossEntropy::default())
        .optimizer(Sgd::new(0.01))
        .epochs(10_000)
        .batch_size(4)
        .shuffle(false)
        .build()
        .unwrap();
    let losses = trainer.fit(&data).unwrap().losses();
    assert_eq!(losses.len(), 10_000);
    for (i, want) in LOSSES.into_iter().enumerate() {
        let got = losses[1000 * i];
        assert!((got - want).abs() <= 1e-12, "iteration {}: {got}, not {want}", 1000 * i);
    }
    assert_eq!(trainer.network().predict_classes(inputs.view()).unwrap(), [0, 1, 1, 0]);
}
