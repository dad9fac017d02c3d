//! The tutorial's 3-5-2 sigmoid network: loss, output delta, gradient and one step against NumPy.

use blastrain::Sequential;
use blastrain::data::{Dataset, Targets};
use blastrain::loss::{BinaryCrossEntropy, Loss, MeanSquaredError, OutputReduction};
use blastrain::optim::Sgd;
use blastrain::train::{Trainer, loss_and_gradient};
use ndarray::{Array2, array, s};
use serde::Deserialize;

#[derive(Deserialize)]
struct Numbers {
    parameters: Vec<f64>,
    outputs: [[f64; 2]; 2],
    output_delta: [[f64; 2]; 2],
    loss: f64,
    gradient: Vec<f64>,
    stepped: Vec<f64>,
}

fn numbers() -> Numbers {
    serde_json::from_str(include_str!("parity/tutorial_step.json")).unwrap()
}

fn network() -> Sequential<f64> {
    let builder = Sequential::input(3).dense(5).sigmoid().dense(2).sigmoid();
    let mut network = builder.build().unwrap();
    network.set_parameters(&numbers().parameters).unwrap();
    network
}

fn rows() -> (Array2<f64>, Array2<f64>) {
    (array![[0.5, -1.0, 2.0], [1.5, 0.25, -0.75]], array![[1.0, 0.0], [0.0, 1.0]])
}

fn halved_sum() -> MeanSquaredError {
    MeanSquaredError::default().halved().reduction(OutputReduction::Sum)
}

fn assert_close(got: &[f64], want: &[f64]) {
    assert_eq!(got.len(), want.len());
    for (got, want) in got.iter().zip(want) {
        assert!((got - want).abs() <= 1e-14, "{got}, not {want}");
    }
}

#[test]
fn cross_entropy_sums_over_outputs_and_averages_over_rows() {
    let logits = array![[0.8f64, 0.2], [0.8, 0.2]].mapv(|p| (p / (1.0 - p)).ln());
    let y = array![[1.0, 0.0], [1.0, 0.0]];
    let loss = BinaryCrossEntropy::default().reduction(OutputReduction::Sum);
    let mut gradient = Array2::zeros((2, 2));
    let targets = Targets::Values(y.view());
    let sum = loss.value_and_grad(logits.view(), targets, None, 0.5, gradient.view_mut());
    // −2·ln 0.8 a row.
    assert_eq!(format!("{:.6}", sum / 2.0), "0.446287");
    assert_close(gradient.as_slice().unwrap(), &[-0.1, 0.1, -0.1, 0.1]);
}

#[test]
fn sigmoid_outputs_with_squared_error_have_the_textbook_delta() {
    let (x, y) = rows();
    let want = numbers();
    let p = network().predict(x.view()).unwrap();
    assert_close(p.as_slice().unwrap(), want.outputs.as_flattened());
    for row in 0..2 {
        // Alone, a row's gradient by the output biases (the last two parameters) is its delta.
        let data = Dataset::new(x.slice(s![row..row + 1, ..]), y.slice(s![row..row + 1, ..]));
        let (_, gradient) = loss_and_gradient(&network(), &halved_sum(), &data.unwrap()).unwrap();
        assert_close(&gradient[30..], &want.output_delta[row]);
        let by_hand = |j: usize| (p[(row, j)] - y[(row, j)]) * p[(row, j)] * (1.0 - p[(row, j)]);
        assert_close(&gradient[30..], &[by_hand(0), by_hand(1)]);
    }
}

#[test]
fn one_step_of_the_trainer_is_the_step_by_hand() {
    let (x, y) = rows();
    let data = Dataset::new(x, y).unwrap();
    let want = numbers();
    let (loss, gradient) = loss_and_gradient(&network(), &halved_sum(), &data).unwrap();
    assert_close(&[loss], &[want.loss]);
    assert_close(&gradient, &want.gradient);
    let builder = Trainer::builder(network(), halved_sum());
    let mut trainer = builder.optimizer(Sgd::new(0.5)).batch_size(2).build().unwrap();
    assert_close(&trainer.fit(&data).unwrap().losses(), &[want.loss]);
    assert_close(trainer.network().parameters(), &want.stepped);
}
