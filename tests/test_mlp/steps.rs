//! Weights, gradients, number types and losses.

use blastrain::activation::Identity;
use blastrain::estimator::{FittedMlpRegressor, RegressorLoss};
use blastrain::prelude::*;
use ndarray::{Array2, array};

use crate::data::{activations, close, digits, iris_numbers, make_regression, raw_digits};

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

fn first_coefs(model: &FittedMlpRegressor<f64>) -> Array2<f64> {
    model.coefs()[0].to_owned()
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
fn test_nonfinite_params() {
    let mut random = RandomState::new(0);
    let x = Array2::from_shape_simple_fn((10, 2), || f64::MAX * random.double());
    let y: Vec<f64> = (0..10).map(|_| random.standard_normal()).collect();
    let result = MlpRegressor::new().fit(&Dataset::new(x, y).unwrap());
    assert!(matches!(result, Err(Error::Diverged { .. })));
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
