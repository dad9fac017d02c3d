//! scikit-learn's own tests of its multi-layer perceptrons, under the same names, with the numbers that
//! they name. The documentation of `estimator` says which have no counterpart, and why.

use std::sync::LazyLock;

use blastrain::activation::{AnyActivation, Identity};
use blastrain::estimator::{
    Estimator, FittedMlpClassifier, FittedMlpRegressor, LearningRate, MlpClassifier, MlpRegressor,
    RegressorLoss, Solver,
};
use blastrain::metrics::roc_auc;
use blastrain::prelude::*;
use blastrain::train::StopReason;
use ndarray::{Array1, Array2, Axis, array, s};

fn activations() -> [Box<dyn AnyActivation>; 4] {
    [Box::new(Identity), Box::new(Sigmoid), Box::new(Tanh), Box::new(Relu)]
}

/// The first rows of the digits below `classes`, scaled over the first 200 of them.
fn digits(classes: usize, rows: usize) -> Dataset<'static, f64> {
    let all = datasets::digits::<f64>().unwrap();
    let targets = all.class_targets().unwrap();
    let chosen: Vec<usize> = (0..all.len()).filter(|&row| targets[row] < classes).collect();
    let (x, _) = all.select(&chosen[..200]).unwrap().to_arrays();
    let data =
        Dataset::new(x, chosen[..200].iter().map(|&row| targets[row]).collect::<Vec<_>>()).unwrap();
    let data = MinMaxScaler::new().fit_dataset(&data).unwrap().transform_dataset(&data).unwrap();
    part(&data, 0..rows)
}

fn part(data: &Dataset<'static, f64>, rows: std::ops::Range<usize>) -> Dataset<'static, f64> {
    data.select(&rows.collect::<Vec<_>>()).unwrap()
}

/// scikit-learn's `make_regression`: linear targets of normal features, ten of which matter, with noise.
fn make_regression(
    (rows, features, outputs): (usize, usize, usize),
    noise: f64,
    seed: u32,
) -> (Array2<f64>, Array2<f64>) {
    let mut random = RandomState::new(seed);
    let x = random.randn(rows, features);
    let mut slopes = Array2::zeros((features, outputs));
    for slope in slopes.slice_mut(s![..features.min(10), ..]) {
        *slope = 100.0 * random.double();
    }
    let mut y = x.dot(&slopes);
    if noise > 0.0 {
        y += &(random.randn(rows, outputs) * noise);
    }
    let order = random.permutation(rows);
    let columns = random.permutation(features);
    let (x, y) = (x.select(Axis(0), &order), y.select(Axis(0), &order));
    (x.select(Axis(1), &columns), y)
}

/// What scikit-learn's tests of regression fit, its targets standardised.
static REGRESSION: LazyLock<Dataset<'static, f64>> = LazyLock::new(|| {
    let (x, mut y) = make_regression((200, 10, 1), 100.0, 7);
    let (mean, deviation) = (y.mean().unwrap(), y.std(0.0));
    y.mapv_inplace(|value| (value - mean) / deviation);
    Dataset::new(x, y).unwrap()
});

/// 20 counts and 5 flags a row.
fn multilabel() -> (Array2<f64>, Array2<f64>) {
    let stored: serde_json::Value =
        serde_json::from_str(include_str!("parity/mlp_multilabel.json")).unwrap();
    let matrix = |name: &str| {
        let rows = stored[name].as_array().unwrap();
        let columns = rows[0].as_array().unwrap().len();
        Array2::from_shape_fn((rows.len(), columns), |(i, j)| rows[i][j].as_f64().unwrap())
    };
    (matrix("features"), matrix("flags"))
}

fn iris() -> Dataset<'static, f64> {
    datasets::iris().unwrap()
}

/// Iris with its classes as numbers.
fn iris_numbers() -> Dataset<'static, f64> {
    let data = iris();
    let y: Vec<f64> = data.class_targets().unwrap().iter().map(|&class| class as f64).collect();
    Dataset::new(data.to_arrays().0, y).unwrap()
}

fn close(got: impl IntoIterator<Item = f64>, want: &[f64], tolerance: f64) {
    let got: Vec<f64> = got.into_iter().collect();
    assert_eq!(got.len(), want.len());
    let right = got.iter().zip(want).all(|(got, want)| (got - want).abs() < tolerance);
    assert!(right, "{got:?} is not {want:?}");
}

fn first_coefs(model: &FittedMlpRegressor<f64>) -> Array2<f64> {
    model.coefs()[0].to_owned()
}

#[test]
fn test_alpha() {
    let data = digits(2, 100);
    let sums = [0.0, 1.0].map(|alpha| {
        let settings = MlpClassifier::new().hidden_layer_sizes([10]).alpha(alpha).random_state(1);
        let model = settings.fit(&data).unwrap();
        model.coefs().iter().map(|coef| coef.mapv(f64::abs).sum()).collect::<Vec<_>>()
    });
    assert!(sums[0].iter().zip(&sums[1]).all(|(weak, strong)| weak > strong));
}

/// One step worked out by hand. The model's weights are drawn, so the step is from there.
#[test]
fn test_fit() {
    let data = Dataset::new(array![[0.6, 0.8, 0.7]], vec![0]).unwrap();
    let (rate, alpha) = (0.1, 0.1);
    let settings = MlpClassifier::new()
        .solver(Solver::Sgd)
        .learning_rate_init(rate)
        .alpha(alpha)
        .activation(Sigmoid)
        .random_state(1)
        .max_iter(1)
        .hidden_layer_sizes([2])
        .momentum(0.0);
    // Glorot's bound with factor 2, weights before biases.
    let mut random = RandomState::new(1);
    let mut draw = |rows: usize, columns: usize, fans: f64| {
        let bound = (2.0f64 / fans).sqrt();
        Array2::from_shape_simple_fn((rows, columns), || random.uniform(-bound, bound))
    };
    let (w1, b1) = (draw(3, 2, 5.0), draw(1, 2, 5.0));
    let (w2, b2) = (draw(2, 1, 3.0), draw(1, 1, 3.0));
    let sigmoid = |z: Array2<f64>| z.mapv(|z| 1.0 / (1.0 + (-z).exp()));
    let x = data.to_arrays().0;
    let h = sigmoid(x.dot(&w1) + &b1);
    let o = sigmoid(h.dot(&w2) + &b2);
    // The target is 0, so the output is the error.
    let d1 = &h * &h.mapv(|h| 1.0 - h) * o.dot(&w2.t());
    let model = settings.partial_fit(&data, 2).unwrap();
    let step =
        |w: &Array2<f64>, gradient: Array2<f64>, alpha: f64| w - (gradient + w * alpha) * rate;
    let expected = [
        step(&w1, x.t().dot(&d1), alpha),
        step(&w2, h.t().dot(&o), alpha),
        step(&b1, d1, 0.0),
        step(&b2, o, 0.0),
    ];
    for (got, want) in model.coefs().iter().zip(&expected[..2]) {
        close(got.iter().copied(), want.as_slice().unwrap(), 1e-12);
    }
    for (got, want) in model.intercepts().iter().zip(&expected[2..]) {
        close(got.iter().copied(), want.as_slice().unwrap(), 1e-12);
    }
    let proba = model.predict_proba(&x).unwrap();
    let h = sigmoid(x.dot(&expected[0]) + &expected[2]);
    let o = sigmoid(h.dot(&expected[1]) + &expected[3]);
    close(proba.iter().copied(), &[1.0 - o[(0, 0)], o[(0, 0)]], 1e-12);
}

/// A step of plain descent at rate 1 is the gradient; the loss of a step is reported before it.
#[test]
fn test_gradient() {
    for labels in [2, 3] {
        let mut random = RandomState::new(42);
        let x = Array2::from_shape_simple_fn((5, 10), || random.double());
        let y: Vec<usize> = (0..5).map(|row| (row + 1) % labels).collect();
        let data = Dataset::new(x, y).unwrap();
        for activation in activations() {
            let settings = MlpClassifier::new()
                .activation(activation)
                .hidden_layer_sizes([10])
                .solver(Solver::Sgd)
                .momentum(0.0)
                .alpha(1e-5)
                .max_iter(1)
                .random_state(1);
            // A tiny rate leaves the loss of the second epoch, measured at the weights after the first,
            // lower by rate·|gradient|², and moves the weights by rate·gradient.
            let rate = 1e-6;
            let slow = settings.clone().learning_rate_init(rate).max_iter(2).fit(&data).unwrap();
            let start = settings.clone().learning_rate_init(1e-300).fit(&data).unwrap();
            let moved = settings.clone().learning_rate_init(rate).fit(&data).unwrap();
            let pairs = start.network().parameters().iter().zip(moved.network().parameters());
            let square: f64 = pairs.map(|(a, b)| ((a - b) / rate).powi(2)).sum();
            let fall = (slow.loss_curve()[0] - slow.loss_curve()[1]) / rate;
            assert!((fall / square - 1.0).abs() < 1e-4, "{fall} {square}");
        }
    }
}

#[test]
fn test_lbfgs_classification() {
    for classes in [3, 2] {
        let data = digits(classes, 200);
        let (train, test) = (part(&data, 0..150), part(&data, 150..200));
        for activation in activations() {
            let settings = MlpClassifier::new()
                .solver(Solver::Lbfgs)
                .hidden_layer_sizes([50])
                .max_iter(150)
                .random_state(1)
                .activation(activation);
            let model = settings.fit(&train).unwrap();
            assert_eq!(model.predict(&test).unwrap().len(), 50);
            assert!(model.accuracy(&train).unwrap() > 0.95);
        }
    }
}

#[test]
fn test_lbfgs_regression() {
    for activation in activations() {
        let linear = activation.name() == "identity";
        let settings = MlpRegressor::new()
            .solver(Solver::Lbfgs)
            .hidden_layer_sizes([50])
            .max_iter(200)
            .tol(1e-3)
            .random_state(1)
            .activation(activation);
        let score = settings.fit(&REGRESSION).unwrap().r2(&REGRESSION).unwrap();
        assert!(score > if linear { 0.80 } else { 0.98 }, "{score}");
    }
}

#[test]
fn test_lbfgs_classification_maxfun() {
    let data = digits(3, 200);
    for activation in activations() {
        let settings = MlpClassifier::new()
            .solver(Solver::Lbfgs)
            .hidden_layer_sizes([50])
            .max_iter(150)
            .max_fun(10)
            .random_state(1)
            .activation(activation);
        let model = settings.fit(&data).unwrap();
        assert!(model.n_iter() <= 10);
        assert_ne!(model.history().stop_reason(), StopReason::Converged);
    }
}

#[test]
fn test_lbfgs_regression_maxfun() {
    for activation in activations() {
        let settings = MlpRegressor::new()
            .solver(Solver::Lbfgs)
            .hidden_layer_sizes([50])
            .tol(0.0)
            .max_iter(150)
            .max_fun(10)
            .random_state(1)
            .activation(activation);
        let model = settings.fit(&REGRESSION).unwrap();
        assert!(model.n_iter() <= 10);
        assert_ne!(model.history().stop_reason(), StopReason::Converged);
    }
}

#[test]
fn test_learning_rate_warmstart() {
    let x = array![[3.0, 2.0], [1.0, 6.0], [5.0, 6.0], [-2.0, -4.0]];
    let data = Dataset::new(x, vec![1, 1, 1, 0]).unwrap();
    for schedule in [LearningRate::InvScaling, LearningRate::Constant] {
        let settings = MlpClassifier::new()
            .solver(Solver::Sgd)
            .hidden_layer_sizes([4])
            .learning_rate(schedule)
            .max_iter(1)
            .power_t(0.25);
        let first = settings.fit(&data).unwrap();
        let second = settings.fit_from(&first, &data).unwrap();
        let (before, after) = (first.learning_rate().unwrap(), second.learning_rate().unwrap());
        match schedule {
            LearningRate::Constant => assert_eq!(before, after),
            _ => assert!((after / (1e-3 / 9.0f64.powf(0.25)) - 1.0).abs() < 1e-14),
        }
    }
}

#[test]
fn test_multilabel_classification() {
    let (x, flags) = multilabel();
    let data = Dataset::new(x, flags).unwrap();
    let settings = MlpClassifier::new()
        .hidden_layer_sizes([50])
        .alpha(1e-5)
        .max_iter(150)
        .random_state(0)
        .activation(Sigmoid)
        .learning_rate_init(0.2);
    let model = settings.clone().solver(Solver::Lbfgs).fit(&data).unwrap();
    assert!(model.accuracy(&data).unwrap() > 0.97);
    let settings = settings.solver(Solver::Sgd);
    let mut model = settings.partial_fit(&data, 5).unwrap();
    for _ in 1..100 {
        model.partial_fit(&data).unwrap();
    }
    assert!(model.accuracy(&data).unwrap() > 0.9);
    let model = MlpClassifier::new().early_stopping(true).fit(&data).unwrap();
    assert_eq!(model.predict_flags(&data).unwrap().dim(), (50, 5));
}

#[test]
fn test_multioutput_regression() {
    let (x, y) = make_regression((200, 100, 5), 0.0, 11);
    let data = Dataset::new(x, y).unwrap();
    let settings = MlpRegressor::new()
        .solver(Solver::Lbfgs)
        .hidden_layer_sizes([50])
        .max_iter(200)
        .tol(1e-2)
        .random_state(1);
    assert!(settings.fit(&data).unwrap().r2(&data).unwrap() > 0.9);
}

#[test]
fn test_partial_fit_classes_error() {
    let data = Dataset::new(array![[3.0, 2.0]], vec![0]).unwrap();
    let mut model = MlpClassifier::new().solver(Solver::Sgd).partial_fit(&data, 2).unwrap();
    let other = Dataset::new(array![[3.0, 2.0]], vec![2]).unwrap();
    assert!(matches!(model.partial_fit(&other), Err(Error::ClassIndex { class: 2, .. })));
}

#[test]
fn test_partial_fit_classification() {
    for classes in [3, 2] {
        let data = digits(classes, 200);
        let settings = MlpClassifier::new()
            .solver(Solver::Sgd)
            .max_iter(100)
            .random_state(1)
            .tol(0.0)
            .alpha(1e-5)
            .learning_rate_init(0.2);
        let whole = settings.fit(&data).unwrap().predict(&data).unwrap();
        let mut model = settings.partial_fit(&data, classes).unwrap();
        for _ in 1..100 {
            model.partial_fit(&data).unwrap();
        }
        assert_eq!(model.predict(&data).unwrap(), whole);
        assert!(model.accuracy(&data).unwrap() > 0.95);
    }
}

#[test]
fn test_partial_fit_unseen_classes() {
    let settings = MlpClassifier::new().random_state(0);
    let x = array![[1.0], [2.0], [3.0]];
    let mut model =
        settings.partial_fit_labels(&x, &["a", "b", "c"], &["a", "b", "c", "d"]).unwrap();
    model.partial_fit_labels(&array![[4.0]], &["d"]).unwrap();
    let all = array![[1.0], [2.0], [3.0], [4.0]];
    assert!(model.score_labels(&all, &["a", "b", "c", "d"]).unwrap() > 0.0);
}

#[test]
fn test_partial_fit_regression() {
    for momentum in [0.0, 0.9] {
        let settings = MlpRegressor::new()
            .solver(Solver::Sgd)
            .max_iter(100)
            .random_state(1)
            .learning_rate_init(0.01)
            .batch_size(200)
            .momentum(momentum);
        let whole = settings.fit(&REGRESSION).unwrap().predict(&*REGRESSION).unwrap();
        let mut model = settings.partial_fit(&REGRESSION).unwrap();
        for _ in 1..100 {
            model.partial_fit(&REGRESSION).unwrap();
        }
        let parts = model.predict(&*REGRESSION).unwrap();
        close(parts.iter().copied(), whole.as_slice().unwrap(), 1e-7);
        assert!(model.r2(&REGRESSION).unwrap() > 0.65);
    }
}

#[test]
fn test_partial_fit_errors() {
    let x = array![[3.0, 2.0], [1.0, 6.0]];
    let refused = MlpClassifier::new().partial_fit_labels(&x, &[1, 0], &[2]);
    assert!(matches!(refused, Err(Error::Param { name: "label", .. })));
    let data = Dataset::new(x, vec![1, 0]).unwrap();
    let refused = MlpClassifier::new().solver(Solver::Lbfgs).partial_fit(&data, 2);
    assert!(matches!(refused, Err(Error::Param { name: "solver", .. })));
}

#[test]
fn test_nonfinite_params() {
    let mut random = RandomState::new(0);
    let x = Array2::from_shape_simple_fn((10, 2), || f64::MAX * random.double());
    let y: Vec<f64> = (0..10).map(|_| random.standard_normal()).collect();
    let result = MlpRegressor::new().fit(&Dataset::new(x, y).unwrap());
    assert!(matches!(result, Err(Error::Diverged { .. })));
}

fn check_probabilities(model: &FittedMlpClassifier<f64>, x: &Array2<f64>) -> Array2<f64> {
    let proba = model.predict_proba(x).unwrap();
    let logs = model.predict_log_proba(x).unwrap();
    close(logs.iter().copied(), proba.mapv(f64::ln).as_slice().unwrap(), 1e-15);
    proba
}

#[test]
fn test_predict_proba_binary() {
    let data = digits(2, 50);
    let settings = MlpClassifier::new().hidden_layer_sizes([5]).activation(Sigmoid).random_state(1);
    let model = settings.fit(&data).unwrap();
    let proba = check_probabilities(&model, &data.to_arrays().0);
    assert_eq!(proba.dim(), (50, 2));
    let ones: Vec<f64> = proba.column(1).to_vec();
    assert_eq!(roc_auc(&data.class_targets().unwrap(), &ones, None).unwrap(), 1.0);
}

#[test]
fn test_predict_proba_multiclass() {
    let data = digits(3, 10);
    let model = MlpClassifier::new().hidden_layer_sizes([5]).fit(&data).unwrap();
    let proba = check_probabilities(&model, &data.to_arrays().0);
    assert_eq!(proba.dim(), (10, 3));
    close(proba.sum_axis(Axis(1)), &[1.0; 10], 1e-12);
}

#[test]
fn test_predict_proba_multilabel() {
    let (x, flags) = multilabel();
    let data = Dataset::new(x.clone(), flags.clone()).unwrap();
    let settings =
        MlpClassifier::new().solver(Solver::Lbfgs).hidden_layer_sizes([30]).random_state(0);
    let model = settings.fit(&data).unwrap();
    let proba = check_probabilities(&model, &x);
    assert_eq!(proba.mapv(|p| f64::from(u8::from(p > 0.5))), flags);
    let excess: Array1<f64> = proba.sum_axis(Axis(1)) - 1.0;
    assert!(excess.dot(&excess) > 1e-10);
}

#[test]
fn test_shuffle() {
    let (x, y) = make_regression((50, 5, 1), 0.0, 0);
    let data = Dataset::new(x, y).unwrap();
    let settings =
        MlpRegressor::new().hidden_layer_sizes([1]).max_iter(1).batch_size(1).random_state(0);
    let [mixed, again] = [0, 1].map(|_| first_coefs(&settings.fit(&data).unwrap()));
    assert_eq!(mixed, again);
    let plain = settings.shuffle(false);
    let [one, other] = [0, 1].map(|_| first_coefs(&plain.fit(&data).unwrap()));
    assert_eq!(one, other);
    assert_ne!(mixed, one);
}

fn two_rows() -> Dataset<'static, f64> {
    Dataset::new(array![[3.0, 2.0], [1.0, 6.0]], vec![1, 0]).unwrap()
}

#[test]
fn test_tolerance() {
    let settings = MlpClassifier::new().tol(0.5).max_iter(3000).solver(Solver::Sgd);
    assert!(settings.fit(&two_rows()).unwrap().n_iter() < 3000);
}

#[test]
fn test_verbose_sgd() {
    let settings = MlpClassifier::new().solver(Solver::Sgd).max_iter(2).hidden_layer_sizes([2]);
    let mut epochs = Vec::new();
    let mut context = blastrain::estimator::FitContext::new().observer(|event: &Event<'_>| {
        if let Event::EpochEnd { record, .. } = event {
            epochs.push(record.loss);
        }
        std::ops::ControlFlow::Continue(())
    });
    let model = settings.fit_with(&two_rows(), &mut context).unwrap();
    drop(context);
    assert_eq!(epochs, model.loss_curve());
}

#[test]
fn test_early_stopping() {
    let data = digits(2, 100);
    let settings = MlpClassifier::new().tol(0.2).max_iter(3000).solver(Solver::Sgd);
    let model = settings.clone().early_stopping(true).fit(&data).unwrap();
    assert!(model.n_iter() < 3000);
    assert_eq!(model.best_loss(), None);
    let scores = model.validation_scores().unwrap();
    let best = model.best_validation_score().unwrap();
    assert_eq!(scores.iter().copied().fold(f64::NEG_INFINITY, f64::max), best);
    assert!(scores[scores.len() - 2..].iter().all(|score| best + 0.2 > *score));
    let model = settings.fit(&data).unwrap();
    assert_eq!((model.validation_scores(), model.best_validation_score()), (None, None));
    assert!(model.best_loss().is_some());
}

#[test]
fn test_adaptive_learning_rate() {
    let settings = MlpClassifier::new()
        .tol(0.5)
        .max_iter(3000)
        .solver(Solver::Sgd)
        .learning_rate(LearningRate::Adaptive);
    let model = settings.fit(&two_rows()).unwrap();
    assert!(model.n_iter() < 3000);
    assert!(model.learning_rate().unwrap() < 1e-6);
}

#[test]
fn test_warm_start() {
    let settings = MlpClassifier::new()
        .hidden_layer_sizes([2])
        .solver(Solver::Lbfgs)
        .random_state(42)
        .tol(1e-2);
    let model = settings.fit(&iris()).unwrap();
    let with = |class: fn(usize) -> usize| {
        let y: Vec<usize> = (0..150).map(class).collect();
        settings.fit_from(&model, &Dataset::new(iris().to_arrays().0, y).unwrap())
    };
    settings.fit_from(&model, &iris()).unwrap();
    with(|row| usize::from(row >= 40) + usize::from(row >= 80)).unwrap();
    with(|row| row / 75).unwrap_err();
    with(|row| [0, 1, 3][row / 50]).unwrap_err();
    with(|row| row * 4 / 150).unwrap_err();
    with(|row| row / 30).unwrap_err();
}

#[test]
fn test_warm_start_full_iteration() {
    let settings = MlpClassifier::new().hidden_layer_sizes([2]).solver(Solver::Sgd).max_iter(3);
    let first = settings.fit(&iris()).unwrap();
    let second = settings.fit_from(&first, &iris()).unwrap();
    assert_eq!((first.n_iter(), second.n_iter()), (3, 3));
    let settings = MlpRegressor::new().hidden_layer_sizes([2]).solver(Solver::Sgd).max_iter(3);
    let first = settings.fit(&iris_numbers()).unwrap();
    let second = settings.fit_from(&first, &iris_numbers()).unwrap();
    assert_eq!((first.n_iter(), second.n_iter()), (3, 3));
}

#[test]
fn test_n_iter_no_change() {
    let data = digits(2, 100);
    for patience in [2, 5, 10, 50, 100] {
        let settings = MlpClassifier::new().tol(0.01).max_iter(3000).solver(Solver::Sgd);
        let model = settings.n_iter_no_change(patience).fit(&data).unwrap();
        assert!(model.n_iter() < 3000);
        // The last epochs, one more than allowed, improved on the best before them by less than tol each.
        let curve = model.loss_curve();
        let poor = |&end: &usize| {
            let best = curve[..end].iter().copied().fold(f64::INFINITY, f64::min);
            curve[end] > best - 0.01
        };
        let count = (0..curve.len()).rev().take_while(|end| poor(end)).count();
        assert_eq!(count, patience + 1);
    }
}

#[test]
fn test_n_iter_no_change_inf() {
    let settings = MlpClassifier::new().tol(1e9).max_iter(3000).solver(Solver::Sgd);
    let model = settings.n_iter_no_change(usize::MAX).fit(&digits(2, 100)).unwrap();
    assert_eq!(model.n_iter(), 3000);
    assert_eq!(model.history().stop_reason(), StopReason::Finished);
}

#[test]
fn test_early_stopping_stratified() {
    let x = array![[1.0, 2.0], [2.0, 3.0], [3.0, 4.0], [4.0, 5.0]];
    let data = Dataset::new(x, vec![0, 0, 0, 1]).unwrap();
    let message = MlpClassifier::new().early_stopping(true).fit(&data).unwrap_err().to_string();
    assert!(message.contains("class 1: expected at least 2 rows, got 1 row"), "{message}");
}

#[test]
fn test_mlp_early_stopping_string_labels() {
    let labels: Vec<&str> = iris()
        .class_targets()
        .unwrap()
        .iter()
        .map(|&c| ["class_a", "class_b", "class_c"][c])
        .collect();
    let settings = MlpClassifier::new().early_stopping(true).max_iter(50).random_state(42);
    let model = settings.fit_labels(&iris().to_arrays().0, &labels).unwrap();
    let scores = model.validation_scores().unwrap();
    assert_eq!(scores.len(), model.n_iter());
    assert!(scores.iter().all(|score| score.is_finite()));
}

/// Digits 0 and 1 as they are, in single precision too: all rows and the first 300.
fn raw_digits<F: Scalar>() -> (Dataset<'static, F>, Array2<F>) {
    let all = datasets::digits::<F>().unwrap();
    let targets = all.class_targets().unwrap();
    let chosen: Vec<usize> = (0..all.len()).filter(|&row| targets[row] < 2).collect();
    let x = all.select(&chosen).unwrap().to_arrays().0;
    let y: Vec<usize> = chosen[..300].iter().map(|&row| targets[row]).collect();
    let rest = x.slice(s![300.., ..]).to_owned();
    (Dataset::new(x.slice(s![..300, ..]).to_owned(), y).unwrap(), rest)
}

#[test]
fn test_mlp_classifier_dtypes_casting() {
    let settings = MlpClassifier::new()
        .alpha(1e-5)
        .hidden_layer_sizes([5, 3])
        .random_state(1)
        .max_iter(100)
        .tol(1e-1);
    let (data, rest) = raw_digits::<f64>();
    let double = settings.fit(&data).unwrap();
    let (data_32, rest_32) = raw_digits::<f32>();
    let single = settings.fit(&data_32).unwrap();
    assert_eq!(double.predict(&rest).unwrap(), single.predict(&rest_32).unwrap());
    let (p, q) = (double.predict_proba(&rest).unwrap(), single.predict_proba(&rest_32).unwrap());
    assert!(p.iter().zip(&q).all(|(p, q)| (p - f64::from(*q)).abs() < 1e-2 * p));
}

#[test]
fn test_mlp_regressor_dtypes_casting() {
    let settings = MlpRegressor::new()
        .alpha(1e-5)
        .hidden_layer_sizes([5, 3])
        .random_state(1)
        .max_iter(150)
        .tol(1e-3);
    let (data, rest) = raw_digits::<f64>();
    let y: Vec<usize> = data.class_targets().unwrap();
    let numbers = Dataset::new(data.to_arrays().0, y.iter().map(|&c| c as f64).collect::<Vec<_>>());
    let double = settings.fit(&numbers.unwrap()).unwrap().predict(&rest).unwrap();
    let (data, rest) = raw_digits::<f32>();
    let numbers = Dataset::new(data.to_arrays().0, y.iter().map(|&c| c as f32).collect::<Vec<_>>());
    let single = settings.fit(&numbers.unwrap()).unwrap().predict(&rest).unwrap();
    let pairs = double.iter().zip(&single);
    let worst = pairs.map(|(p, q)| (p - f64::from(*q)).abs()).fold(0.0, f64::max);
    assert!(worst < 5e-4, "{worst}");
}

#[test]
fn test_mlp_loading_from_joblib_partial_fit() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("mlp.safetensors");
    let settings = MlpRegressor::new()
        .hidden_layer_sizes([42])
        .random_state(42)
        .learning_rate_init(0.01)
        .max_iter(200);
    let four = Dataset::new(array![[2.0]], vec![4.0]).unwrap();
    settings.fit(&four).unwrap().save(&path).unwrap();
    let mut model = FittedMlpRegressor::<f64>::load(&path).unwrap();
    let one = Dataset::new(array![[2.0]], vec![1.0]).unwrap();
    for _ in 0..200 {
        model.partial_fit(&one).unwrap();
    }
    close(model.predict(&array![[2.0]]).unwrap(), &[1.0], 1e-4);
}

#[test]
fn test_preserve_feature_names() {
    let x = RandomState::new(0).randn(10, 2);
    let data = Dataset::new(x, vec![1.0; 10]).unwrap();
    let data = data.with_feature_names(["colname_a", "colname_b"]).unwrap();
    let settings = MlpRegressor::new().early_stopping(true).validation_fraction(0.2).max_iter(5);
    let model = settings.fit(&data).unwrap();
    assert_eq!(model.feature_names_in().unwrap(), ["colname_a", "colname_b"]);
}

#[test]
fn test_mlp_warm_start_with_early_stopping() {
    let settings = MlpClassifier::new().max_iter(10).random_state(0).early_stopping(true);
    let first = settings.fit(&iris()).unwrap();
    let second = settings.max_iter(20).fit_from(&first, &iris()).unwrap();
    let count = |model: &FittedMlpClassifier<f64>| model.validation_scores().unwrap().len();
    assert!(count(&second) > count(&first));
}

#[test]
fn test_mlp_warm_start_no_convergence() {
    for solver in [Solver::Sgd, Solver::Adam, Solver::Lbfgs] {
        let settings = MlpClassifier::new()
            .solver(solver)
            .n_iter_no_change(usize::MAX)
            .random_state(0)
            .max_iter(10);
        let first = settings.fit(&iris()).unwrap();
        let second = settings.max_iter(20).fit_from(&first, &iris()).unwrap();
        assert_eq!((first.n_iter(), second.n_iter()), (10, 20));
        assert_eq!(second.history().stop_reason(), StopReason::Finished);
    }
}

#[test]
fn test_mlp_partial_fit_after_fit() {
    let mut model = MlpClassifier::new().early_stopping(true).random_state(0).fit(&iris()).unwrap();
    let refused = model.partial_fit(&iris());
    assert!(matches!(refused, Err(Error::Param { name: "early_stopping", .. })));
}

/// scikit-learn carries on with NaN; here a divergence is an error.
#[test]
fn test_mlp_diverging_loss() {
    let settings = MlpRegressor::new()
        .activation(Identity)
        .solver(Solver::Sgd)
        .learning_rate_init(1.0)
        .max_iter(20)
        .early_stopping(true)
        .random_state(0);
    assert!(matches!(settings.fit(&iris_numbers()), Err(Error::Diverged { .. })));
}

#[test]
fn test_mlp_sample_weight_with_early_stopping() {
    let (x, y) = make_regression((100, 2, 1), 0.0, 42);
    let data = Dataset::new(x, y).unwrap();
    let settings = MlpRegressor::new()
        .hidden_layer_sizes([10])
        .early_stopping(true)
        .tol(1e-2)
        .learning_rate_init(0.01)
        .batch_size(10)
        .random_state(42);
    let plain = settings.fit(&data).unwrap().predict(&data).unwrap();
    let ones = data.clone().with_weights(vec![1.0; 100]).unwrap();
    let weighted = settings.fit(&ones).unwrap().predict(&data).unwrap();
    close(weighted.iter().copied(), plain.as_slice().unwrap(), 1e-7);
}

/// A Poisson regression has the same mean as its counts, and the mean of x·count, in its predictions: that
/// is where the gradient by intercept and slope is zero.
#[test]
fn test_mlp_vs_poisson_glm_equivalent() {
    let x = Array2::from_shape_fn((100, 1), |(row, _)| row as f64 / 99.0);
    let y: Vec<f64> = (0..100)
        .map(|row| ((1.0 + row as f64 / 99.0).exp() + 3.0 * (row as f64).sin()).round().max(0.0))
        .collect();
    let data = Dataset::new(x.clone(), y.clone()).unwrap();
    let settings = MlpRegressor::new()
        .hidden_layer_sizes([1])
        .activation(Identity)
        .alpha(0.0)
        .solver(Solver::Lbfgs)
        .tol(1e-7)
        .random_state(RandomState::new(1));
    let gaps = |model: FittedMlpRegressor<f64>| {
        let means = model.predict(&x).unwrap();
        assert!(means.iter().zip(&x).all(|(mean, _)| mean.is_finite()));
        let logs: Vec<f64> = means.iter().map(|mean| mean.ln()).collect();
        let gap = |weight: &dyn Fn(usize) -> f64| -> f64 {
            (0..100).map(|row| weight(row) * (means[(row, 0)] - y[row])).sum::<f64>() / 100.0
        };
        let curved = logs[0] + logs[99] - 2.0 * (logs[49] + logs[50]) / 2.0;
        [gap(&|_| 1.0), gap(&|row| x[(row, 0)]), curved]
    };
    let poisson = settings.clone().loss(RegressorLoss::Poisson).fit(&data).unwrap();
    close(gaps(poisson), &[0.0; 3], 1e-4);
    // Squared errors have no log link.
    assert!(gaps(settings.fit(&data).unwrap())[2].abs() > 1e-2);
}

#[test]
fn test_minimum_input_sample_size() {
    let (x, y) = make_regression((2, 5, 1), 0.0, 0);
    let data = Dataset::new(x, y).unwrap();
    let refused = Estimator::fit(&MlpRegressor::new().early_stopping(true), &data);
    assert!(matches!(refused, Err(Error::Param { name: "validation_fraction", .. })));
}
