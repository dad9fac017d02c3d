//! Normalisation layers and every loss, with row weights too, against PyTorch (numbers made by
//! tests/parity/layers.py).

mod golden;

use std::sync::{Arc, Mutex};

use blastrain::data::{Dataset, TargetStorage, Targets};
use blastrain::layer::{AnyLayerSpec, BatchNorm, Dense, LayerNorm};
use blastrain::loss::{self, CrossEntropy, Loss, MeanSquaredError, OutputReduction, Poisson};
use blastrain::network::Link;
use blastrain::optim::Sgd;
use blastrain::train::{Trainer, WeightGradient, loss_and_gradient};
use blastrain::{Result, Sequential};
use golden::{LossCase, assert_close, assert_loss, matrix};
use ndarray::{Array2, ArrayView2, ArrayViewMut2};
use serde::Deserialize;

#[derive(Deserialize)]
struct Golden {
    batch_norm: Vec<BatchNormCase>,
    layer_norm: Vec<LayerNormCase>,
    losses: Losses,
    network: Network,
}

#[derive(Deserialize)]
struct BatchNormCase {
    momentum: f64,
    affine: bool,
    epsilon: f64,
    x: Vec<Vec<f64>>,
    targets: Vec<Vec<f64>>,
    params: Vec<f64>,
    batches: Vec<Batch>,
    predicted: Vec<Vec<f64>>,
}

#[derive(Deserialize)]
struct Batch {
    #[serde(flatten)]
    passes: Passes,
    running: Vec<f64>,
}

#[derive(Deserialize)]
struct LayerNormCase {
    affine: bool,
    epsilon: f64,
    x: Vec<Vec<f64>>,
    targets: Vec<Vec<f64>>,
    params: Vec<f64>,
    #[serde(flatten)]
    passes: Passes,
}

/// What a forward and a backward pass give.
#[derive(Deserialize)]
struct Passes {
    y: Vec<Vec<f64>>,
    loss: f64,
    dx: Vec<Vec<f64>>,
    dparams: Vec<f64>,
}

#[derive(Deserialize)]
struct Losses {
    logits: Vec<Vec<f64>>,
    cases: Vec<NumberedCase>,
    half_deviance: Vec<HalfDeviance>,
    counts: Vec<Vec<f64>>,
}

#[derive(Deserialize)]
struct NumberedCase {
    loss_number: usize,
    #[serde(flatten)]
    case: LossCase,
}

#[derive(Deserialize)]
struct HalfDeviance {
    weights: Option<Vec<f64>>,
    loss: f64,
    constant: f64,
}

#[derive(Deserialize)]
struct Network {
    x: Vec<Vec<f64>>,
    classes: Vec<usize>,
    params: Vec<f64>,
    steps: Vec<Step>,
}

#[derive(Deserialize)]
struct Step {
    rows: [usize; 2],
    loss: f64,
    params: Vec<f64>,
    running: Vec<f64>,
    scores: Vec<Vec<f64>>,
}

fn golden() -> Golden {
    serde_json::from_str(include_str!("parity/layers.json")).expect("golden numbers")
}

/// Half the squared error, summed over outputs, that keeps the scores it sees.
#[derive(Debug, Clone)]
struct Watched(Arc<Mutex<Vec<f64>>>, MeanSquaredError);

impl Watched {
    fn new() -> Self {
        let loss = MeanSquaredError::default().halved().reduction(OutputReduction::Sum);
        Self(Arc::default(), loss)
    }
}

impl Loss<f64> for Watched {
    fn name(&self) -> &'static str {
        "watched"
    }

    fn link(&self) -> Link {
        Link::Identity
    }

    fn check(&self, outputs: usize, targets: &TargetStorage<'_, f64>) -> Result<()> {
        self.1.check(outputs, targets)
    }

    fn value_and_grad(
        &self,
        logits: ArrayView2<'_, f64>,
        targets: Targets<'_, f64>,
        weight: Option<&[f64]>,
        scale: f64,
        dlogits: ArrayViewMut2<'_, f64>,
    ) -> f64 {
        *self.0.lock().unwrap() = logits.iter().copied().collect();
        self.1.value_and_grad(logits, targets, weight, scale, dlogits)
    }
}

/// A layer behind a dense one whose weights are the layer's input: for the rows of the unit matrix it
/// passes them on, and the gradient by its weights is the gradient by the layer's input.
fn behind_weights(
    layer: impl AnyLayerSpec + 'static,
    x: ArrayView2<'_, f64>,
    params: &[f64],
) -> Sequential<f64> {
    let dense = Dense::new(x.ncols()).use_bias(false);
    let mut network = Sequential::input(x.nrows()).layer(dense).layer(layer).build().unwrap();
    let all: Vec<f64> = x.iter().chain(params).copied().collect();
    network.set_parameters(&all).unwrap();
    network
}

fn assert_passes(what: &str, network: &Sequential<f64>, data: &Dataset<'_, f64>, want: &Passes) {
    let watched = Watched::new();
    let (loss, gradient) = loss_and_gradient(network, &watched, data).unwrap();
    assert_close(what, &*watched.0.lock().unwrap(), want.y.iter().flatten());
    assert_close(what, [&loss], [&want.loss]);
    let (dx, dparams) = gradient.split_at(data.len() * network.outputs());
    assert_close(&format!("{what}, dx"), dx, want.dx.iter().flatten());
    assert_close(&format!("{what}, dparams"), dparams, &want.dparams);
}

/// One step of the trainer, so slow that the parameters stay what they are.
fn step(network: Sequential<f64>, data: &Dataset<'_, f64>, shards: usize) -> Sequential<f64> {
    let before = network.parameters().to_vec();
    let mut trainer = Trainer::builder(network, Watched::new())
        .optimizer(Sgd::new(1e-300))
        .batch_size(data.len())
        .shards(shards)
        .build()
        .unwrap();
    trainer.fit(data).unwrap();
    let network = trainer.into_network();
    assert_eq!(network.parameters(), before);
    network
}

fn set_running(network: &mut Sequential<f64>, running: &[f64]) {
    let (means, variances) = running.split_at(running.len() / 2);
    for (name, values) in [("running_mean", means), ("running_variance", variances)] {
        let values = ndarray::aview1(values).into_dyn();
        network.set_tensor(&format!("batch_norm_1.{name}"), values).unwrap();
    }
}

#[test]
fn batch_norm_trains_and_predicts() {
    for case in golden().batch_norm {
        let (x, targets) = (matrix(&case.x), matrix(&case.targets));
        let layer =
            BatchNorm::new().momentum(case.momentum).affine(case.affine).epsilon(case.epsilon);
        for shards in 1..=3 {
            let mut running = [[0.0; 4], [1.0; 4]].concat();
            let mut start = 0;
            for (i, batch) in case.batches.iter().enumerate() {
                let what = format!("momentum {}, batch {i}, {shards} shards", case.momentum);
                let rows = start..start + batch.passes.y.len();
                start = rows.end;
                let rows = ndarray::s![rows, ..];
                let mut network = behind_weights(layer.clone(), x.slice(rows), &case.params);
                let unit = Array2::eye(x.slice(rows).nrows());
                let data = Dataset::new(unit, targets.slice(rows).to_owned()).unwrap();
                assert_passes(&what, &network, &data, &batch.passes);
                set_running(&mut network, &running);
                running = step(network.clone(), &data, shards).buffers().to_vec();
                // Every row counts once in the statistics, whatever its weight in the loss.
                let weights = (0..data.len()).map(|row| 0.5 * row as f64).collect();
                let weighted = data.with_weights(weights).unwrap();
                assert_eq!(step(network, &weighted, shards).buffers(), running, "{what}");
                assert_close(&what, &running, &batch.running);
            }
            assert_eq!(start, x.nrows());
            let mut network = Sequential::input(4).layer(layer.clone()).build().unwrap();
            network.set_parameters(&case.params).unwrap();
            set_running(&mut network, &running);
            let predicted = network.predict(x.view()).unwrap();
            assert_close("predicted", &predicted, case.predicted.iter().flatten());
        }
    }
}

#[test]
fn layer_norm_trains_and_predicts() {
    for case in golden().layer_norm {
        let (x, targets) = (matrix(&case.x), matrix(&case.targets));
        let layer = LayerNorm::new().affine(case.affine).epsilon(case.epsilon);
        let what = format!("{} features, affine: {}", x.ncols(), case.affine);
        let network = behind_weights(layer.clone(), x.view(), &case.params);
        let data = Dataset::new(Array2::eye(x.nrows()), targets).unwrap();
        assert_passes(&what, &network, &data, &case.passes);
        let mut network = Sequential::input(x.ncols()).layer(layer).build().unwrap();
        network.set_parameters(&case.params).unwrap();
        let predicted = network.predict(x.view()).unwrap();
        assert_close(&what, &predicted, case.passes.y.iter().flatten());
    }
}

#[test]
fn every_loss_weighted_or_not_whole_or_in_shards() {
    let golden = golden().losses;
    let logits = matrix(&golden.logits);
    let all = loss::all::<f64>();
    let mut seen = vec![0; all.len()];
    for NumberedCase { loss_number, case } in &golden.cases {
        let loss = &all[*loss_number];
        assert!(case.name.starts_with(loss.name()), "{} for {loss:?}", case.name);
        assert_loss(&**loss, logits.view(), case);
        seen[*loss_number] += 1;
    }
    // A loss that is added must be compared too.
    assert!(seen.iter().all(|&count| count >= 2), "{seen:?}");
}

/// The two differ by `t·ln t − t`, as the docs say.
#[test]
fn poisson_is_scikit_learn_s_half_deviance_but_for_a_constant() {
    let golden = golden().losses;
    let (logits, counts) = (matrix(&golden.logits), matrix(&golden.counts));
    let loss = Poisson::default().reduction(OutputReduction::Sum);
    for case in &golden.half_deviance {
        let weights = case.weights.clone().unwrap_or_else(|| vec![1.0; 5]);
        let scale = 1.0 / weights.iter().sum::<f64>();
        let mut gradient = Array2::zeros(logits.dim());
        let (targets, weights) = (Targets::Values(counts.view()), Some(&weights[..]));
        let total =
            loss.value_and_grad(logits.view(), targets, weights, scale, gradient.view_mut());
        assert_close("half deviance", [&(total * scale + case.constant)], [&case.loss]);
    }
}

#[test]
fn five_steps_of_a_network_with_both_normalisations() {
    let golden = golden().network;
    let x = matrix(&golden.x);
    for (shards, mode) in
        [(1, WeightGradient::Owners), (2, WeightGradient::Owners), (3, WeightGradient::Shards)]
    {
        let builder = Sequential::<f64>::input(4).dense(6).batch_norm().relu();
        let builder = builder.dense(5).layer_norm().tanh().dense(3);
        let mut network = builder.build().unwrap();
        network.set_parameters(&golden.params).unwrap();
        let mut trainer = Trainer::builder(network, CrossEntropy.label_smoothing(0.1).unwrap())
            .optimizer(Sgd::new(0.1).momentum(0.9))
            .batch_size(7)
            .shards(shards)
            .weight_gradient(mode)
            .build()
            .unwrap();
        for (i, step) in golden.steps.iter().enumerate() {
            let what = format!("step {i}, {shards} shards");
            let rows = ndarray::s![step.rows[0]..step.rows[1], ..];
            let classes = golden.classes[step.rows[0]..step.rows[1]].to_vec();
            let data = Dataset::new(x.slice(rows).to_owned(), classes).unwrap();
            let history = trainer.fit(&data).unwrap();
            assert_close(&what, &history.losses(), [&step.loss]);
            let network = trainer.network();
            assert_close(&what, network.parameters(), &step.params);
            assert_close(&what, network.buffers(), &step.running);
            let scores = network.predict(x.view()).unwrap();
            assert_close(&what, &scores, step.scores.iter().flatten());
        }
    }
}

#[test]
fn single_precision_follows_as_closely_as_it_can() {
    let golden = golden().network;
    let x = matrix(&golden.x).mapv(|value| value as f32);
    let builder = Sequential::<f32>::input(4).dense(6).batch_norm().relu();
    let mut network = builder.dense(5).layer_norm().tanh().dense(3).build().unwrap();
    let params: Vec<f32> = golden.params.iter().map(|&value| value as f32).collect();
    network.set_parameters(&params).unwrap();
    let mut trainer = Trainer::builder(network, CrossEntropy.label_smoothing(0.1).unwrap())
        .optimizer(Sgd::new(0.1).momentum(0.9))
        .batch_size(7)
        .shards(2)
        .build()
        .unwrap();
    for step in &golden.steps {
        let rows = ndarray::s![step.rows[0]..step.rows[1], ..];
        let classes = golden.classes[step.rows[0]..step.rows[1]].to_vec();
        let data = Dataset::new(x.slice(rows).to_owned(), classes).unwrap();
        let loss = trainer.fit(&data).unwrap().losses()[0];
        assert!((loss - step.loss).abs() < 1e-5, "{loss} {}", step.loss);
        let values = trainer.network().parameters().iter().zip(&step.params);
        let kept = trainer.network().buffers().iter().zip(&step.running);
        for (&got, &want) in values.chain(kept) {
            assert!((f64::from(got) - want).abs() < 1e-5, "{got} {want}");
        }
    }
}
