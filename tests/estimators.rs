//! Estimators beyond what scikit-learn's have: contexts, class weights, files, other layers and losses.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use blastrain::activation::Identity;
use blastrain::estimator::{
    ClassWeight, Estimator, FitContext, FittedMlpClassifier, FittedMlpRegressor, LearningRate,
    MlpClassifier, MlpRegressor, Predictor, RegressorLoss, Solver,
};
use blastrain::metrics::LogLoss;
use blastrain::network::Link;
use blastrain::prelude::*;
use blastrain::train::StopReason;
use ndarray::{Array2, array};

fn scaled<F: Scalar>(data: Dataset<'static, F>) -> Dataset<'static, F> {
    MinMaxScaler::new().fit_dataset(&data).unwrap().transform_dataset(&data).unwrap()
}

fn iris<F: Scalar>() -> Dataset<'static, F> {
    scaled(datasets::iris().unwrap())
}

fn quick() -> MlpClassifier {
    MlpClassifier::new().hidden_layer_sizes([8]).learning_rate_init(0.05).max_iter(30)
}

/// The fitted parameters.
fn parameters<L>(model: &FittedMlpClassifier<f64, L>) -> Vec<f64> {
    model.network().parameters().to_vec()
}

#[test]
fn settings_out_of_range_are_named() {
    let data = iris::<f64>();
    let name = |settings: MlpClassifier| match settings.fit(&data) {
        Err(Error::Param { name, .. }) => name,
        other => panic!("{other:?}"),
    };
    assert_eq!(name(quick().hidden_layer_sizes([3, 0])), "hidden_layer_sizes");
    assert_eq!(name(quick().alpha(-1.0)), "alpha");
    assert_eq!(name(quick().batch_size(0)), "batch_size");
    assert_eq!(name(quick().learning_rate_init(0.0)), "learning_rate_init");
    assert_eq!(name(quick().power_t(f64::NAN)), "power_t");
    assert_eq!(name(quick().max_iter(0)), "max_iter");
    assert_eq!(name(quick().tol(-1e-9)), "tol");
    assert_eq!(name(quick().momentum(1.1)), "momentum");
    assert_eq!(name(quick().validation_fraction(1.0)), "validation_fraction");
    assert_eq!(name(quick().validation_fraction(0.0).early_stopping(true)), "validation_fraction");
    assert_eq!(name(quick().validation_fraction(1e-3).early_stopping(true)), "validation_fraction");
    assert_eq!(name(quick().beta_1(1.0)), "beta_1");
    assert_eq!(name(quick().beta_2(-0.1)), "beta_2");
    assert_eq!(name(quick().epsilon(0.0)), "epsilon");
    assert_eq!(name(quick().n_iter_no_change(0)), "n_iter_no_change");
    assert_eq!(name(quick().max_fun(0)), "max_fun");
    assert_eq!(name(quick().dropout(1.0)), "dropout");
    assert_eq!(name(quick().class_weight([1.0, -1.0, 1.0])), "class_weight");
}

#[test]
fn targets_of_the_wrong_kind_are_refused() {
    let x = array![[0.0], [1.0], [2.0]];
    let numbers = Dataset::new(x.clone(), vec![0.5, 1.0, 2.0]).unwrap();
    assert!(matches!(quick().fit(&numbers), Err(Error::Param { name: "target", .. })));
    let classes = Dataset::new(x.clone(), vec![0, 1, 1]).unwrap();
    let refused = MlpRegressor::new().fit(&classes);
    assert!(matches!(refused, Err(Error::Param { name: "targets", .. })));
    let counts = Dataset::new(x, vec![1.0, -1.0, 2.0]).unwrap();
    let refused = MlpRegressor::new().loss(RegressorLoss::Poisson).fit(&counts);
    assert!(matches!(refused, Err(Error::Param { name: "target", .. })));
}

#[test]
fn a_refit_gives_the_same_bits_on_any_number_of_threads() {
    let data = scaled(datasets::digits::<f64>().unwrap());
    let settings = MlpClassifier::new().hidden_layer_sizes([64]).max_iter(3);
    let one = settings.fit(&data).unwrap();
    let mut context = FitContext::new().parallelism(Parallelism::Threads(3));
    let other = settings.fit_with(&data, &mut context).unwrap();
    assert_eq!(parameters(&one), parameters(&other));
}

#[test]
fn the_flag_and_observers_end_a_fit() {
    let data = iris::<f64>();
    let mut epochs = 0;
    let mut context = FitContext::new().observer(|event: &Event<'_>| {
        if let Event::EpochEnd { .. } = event {
            epochs += 1;
        }
        if epochs == 3 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
    let model = quick().fit_with(&data, &mut context).unwrap();
    drop(context);
    assert_eq!((model.n_iter(), epochs), (3, 3));
    assert_eq!(model.history().stop_reason(), StopReason::Observer);

    let flag = Arc::new(AtomicBool::new(false));
    flag.store(true, Ordering::Relaxed);
    let mut context = FitContext::new().stop_flag(flag);
    for solver in [Solver::Adam, Solver::Lbfgs] {
        let model = quick().solver(solver).fit_with(&data, &mut context).unwrap();
        assert_eq!(model.n_iter(), 0);
        assert_eq!(model.history().stop_reason(), StopReason::Stopped);
    }
}

#[test]
fn given_validation_rows_replace_those_held_out() {
    let (train, valid) =
        stratified_train_test_split(&iris::<f64>(), 0.3, RandomState::new(1)).unwrap();
    let mut context = FitContext::new().validation(&valid);
    let scored = quick().fit_with(&train, &mut context).unwrap();
    let scores = scored.validation_scores().unwrap();
    assert_eq!(scores.len(), 30);
    assert_eq!(*scores.last().unwrap(), scored.accuracy(&valid).unwrap());
    assert_eq!(parameters(&scored), parameters(&quick().fit(&train).unwrap()));

    let descended = quick().solver(Solver::Lbfgs).fit_with(&train, &mut context).unwrap();
    let score = descended.accuracy(&valid).unwrap();
    assert_eq!(descended.validation_scores(), Some(&[score][..]));

    let patient = quick().early_stopping(true).n_iter_no_change(5).max_iter(300);
    let stopped = patient.fit_with(&train, &mut context).unwrap();
    assert!(stopped.n_iter() < 300);
    assert_eq!(stopped.t(), stopped.n_iter() as u64 * train.len() as u64);
    assert_eq!(stopped.best_validation_score(), Some(stopped.accuracy(&valid).unwrap()));
}

#[test]
fn any_metric_can_say_when_to_stop() {
    let data = iris::<f64>();
    let mut context = FitContext::new().metric(LogLoss);
    let patient = quick().early_stopping(true).n_iter_no_change(3).max_iter(60);
    let model = patient.fit_with(&data, &mut context).unwrap();
    let scores = model.validation_scores().unwrap();
    // Better where it is smaller, so negative, and the best is the largest.
    assert!(scores.iter().all(|score| *score < 0.0));
    let most = scores.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    assert_eq!(model.best_validation_score(), Some(most));
    assert_ne!(parameters(&model), parameters(&patient.fit(&data).unwrap()));
}

#[test]
fn class_weights_are_row_weights() {
    let data = iris::<f64>();
    let classes = data.class_targets().unwrap();
    let weights = [0.5, 1.0, 3.0];
    let rows: Vec<f64> = classes.iter().map(|&class| weights[class]).collect();
    let by_rows = quick().fit(&data.clone().with_weights(rows).unwrap()).unwrap();
    let by_class = quick().class_weight(weights).fit(&data).unwrap();
    assert_eq!(parameters(&by_rows), parameters(&by_class));

    // 16 rows of class 2, balanced, count as much as the 50 of each other class.
    let few: Vec<usize> = (0..150).filter(|row| *row < 100 || row % 3 == 0).collect();
    let few = data.select(&few).unwrap();
    let balanced = quick().class_weight(ClassWeight::Balanced).fit(&few).unwrap();
    let given = quick().class_weight([116.0 / 150.0, 116.0 / 150.0, 116.0 / 48.0]);
    assert_eq!(parameters(&balanced), parameters(&given.fit(&few).unwrap()));
    let refused = quick().class_weight(ClassWeight::Balanced).partial_fit(&few, 3);
    assert!(matches!(refused, Err(Error::Param { name: "class_weight", .. })));
}

#[test]
fn a_weight_of_zero_leaves_a_row_out() {
    let data = scaled(datasets::diabetes::<f64>().unwrap());
    let weights: Vec<f64> = (0..442).map(|row| f64::from(u8::from(row >= 42))).collect();
    let rest: Vec<usize> = (42..442).collect();
    let settings = MlpRegressor::new().solver(Solver::Lbfgs).hidden_layer_sizes([4]).max_iter(20);
    let weighted = settings.fit(&data.clone().with_weights(weights).unwrap()).unwrap();
    let without = settings.fit(&data.select(&rest).unwrap()).unwrap();
    assert!((weighted.loss() / without.loss() - 1.0).abs() < 1e-6);
}

#[test]
fn dropout_and_batch_norm_join_every_hidden_layer() {
    let data = iris::<f64>();
    let settings = quick().hidden_layer_sizes([8, 6]).dropout(0.2).batch_norm(true).batch_size(50);
    let model = settings.fit(&data).unwrap();
    let kinds: Vec<&str> = model.network().specs().iter().map(|spec| spec.kind()).collect();
    let hidden = ["dense", "batch_norm", "activation", "dropout"];
    assert_eq!(kinds, [&hidden[..], &hidden[..], &["dense"]].concat());
    assert_eq!((model.n_layers(), model.coefs()[1].dim()), (4, (8, 6)));
    assert!(model.accuracy(&data).unwrap() > 0.9);
    assert_eq!(parameters(&model), parameters(&settings.fit(&data).unwrap()));
    let refused = quick().hidden_layer_sizes([8, 6]).fit_from(&model, &data);
    assert!(matches!(refused, Err(Error::Param { name: "dropout", .. })));
}

#[test]
fn any_loss_and_activation_will_do() {
    let data = iris::<f64>();
    let model = quick().activation(Gelu).loss(CrossEntropy).fit(&data).unwrap();
    assert_eq!(model.network().link(), Link::Softmax);
    // The same loss but for the clipping, which does not matter here.
    let own = quick().activation(Gelu).fit(&data).unwrap();
    assert!((model.loss() - own.loss()).abs() < 1e-12);
    let data = scaled(datasets::diabetes::<f64>().unwrap());
    let settings = MlpRegressor::new().loss(Huber::default()).activation(Identity).max_iter(10);
    let model = settings.fit(&data).unwrap();
    assert!(matches!(model.to_bytes(), Err(Error::Unavailable { .. })));
    // An activation in a box, as one chosen by name comes.
    let settings =
        MlpRegressor::new().activation(blastrain::activation::from_name("tanh", None).unwrap());
    assert_eq!(settings.max_iter(2).fit(&data).unwrap().n_iter(), 2);
}

#[test]
fn single_precision_follows_double() {
    let double = quick().fit(&iris::<f64>()).unwrap();
    let single = quick().fit(&iris::<f32>()).unwrap();
    for (a, b) in double.loss_curve().iter().zip(single.loss_curve()) {
        assert!((a - b).abs() < 1e-4 * a);
    }
}

#[test]
fn labels_of_any_ordered_type_come_back() {
    let data = iris::<f64>();
    let x = data.to_arrays().0;
    let classes = data.class_targets().unwrap();
    let names: Vec<String> = classes.iter().map(|&class| format!("class {class}")).collect();
    let by_name = quick().fit_labels(&x, &names).unwrap();
    let by_number =
        quick().fit_labels(&x, &classes.iter().map(|&c| -(c as i64)).collect::<Vec<_>>()).unwrap();
    let by_truth =
        quick().fit_labels(&x, &classes.iter().map(|&c| c > 0).collect::<Vec<bool>>()).unwrap();
    assert_eq!(by_name.classes(), ["class 0", "class 1", "class 2"]);
    assert_eq!(by_number.classes(), [-2, -1, 0]);
    assert_eq!((by_truth.classes(), by_truth.n_outputs()), (&[false, true][..], 1));
    let plain = quick().fit(&data).unwrap();
    let predicted = by_name.predict(&x).unwrap();
    for (index, name) in plain.predict(&x).unwrap().iter().zip(&predicted) {
        assert_eq!(*name, format!("class {index}"));
    }
    assert_eq!(by_name.score_labels(&x, &names).unwrap(), plain.accuracy(&data).unwrap());
    assert!(matches!(
        by_name.class_indices(&["class 3".to_owned()]),
        Err(Error::Param { name: "label", .. })
    ));
    let few = quick().fit_labels(&x, &names[1..]);
    assert!(matches!(few, Err(Error::Shape { .. })));
}

#[test]
fn a_single_class_is_always_predicted() {
    let data = Dataset::new(array![[0.0], [1.0], [2.0]], vec![0, 0, 0]).unwrap();
    let model = quick().max_iter(1).fit(&data).unwrap();
    assert_eq!(model.predict(&array![[5.0], [-5.0]]).unwrap(), [0, 0]);
    assert_eq!(model.accuracy(&data).unwrap(), 1.0);
}

#[test]
fn saved_models_go_on_as_if_they_had_not_been() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.safetensors");
    let data = iris::<f64>();
    let x = data.to_arrays().0;
    let names: Vec<String> =
        data.class_targets().unwrap().iter().map(|c| format!("c{c}")).collect();
    for settings in [
        quick().random_state(7),
        quick()
            .solver(Solver::Sgd)
            .learning_rate(LearningRate::InvScaling)
            .class_weight([1.0, 2.0, 0.5]),
        quick().early_stopping(true),
        quick().batch_norm(true),
        quick().solver(Solver::Lbfgs),
    ] {
        let mut model = settings.fit_labels(&x, &names).unwrap();
        model.save(&path).unwrap();
        let mut loaded = FittedMlpClassifier::<f64, String>::load(&path).unwrap();
        assert_eq!(loaded.to_bytes().unwrap(), model.to_bytes().unwrap());
        assert_eq!(loaded.classes(), model.classes());
        assert_eq!(loaded.loss_curve(), model.loss_curve());
        assert_eq!(loaded.predict_proba(&x).unwrap(), model.predict_proba(&x).unwrap());
        let (one, other) =
            (model.partial_fit_labels(&x, &names), loaded.partial_fit_labels(&x, &names));
        assert_eq!(one.is_ok(), other.is_ok());
        assert_eq!(parameters(&loaded), parameters(&model));
        // The network by itself.
        let network = Sequential::<f64>::load(&path).unwrap();
        assert_eq!(network.predict_classes(&x).unwrap().len(), 150);
    }
}

#[test]
fn files_of_something_else_are_refused() {
    let data = scaled(datasets::diabetes::<f64>().unwrap());
    let settings = MlpRegressor::new().hidden_layer_sizes([3]).max_iter(2);
    let bytes = settings.fit(&data).unwrap().to_bytes().unwrap();
    let loaded = FittedMlpRegressor::<f64>::from_bytes(&bytes).unwrap();
    assert_eq!(loaded.n_iter(), 2);
    let message = FittedMlpClassifier::<f64>::from_bytes(&bytes).unwrap_err().to_string();
    assert!(message.contains("holds mlp_regressor, not mlp_classifier"), "{message}");
    assert!(matches!(FittedMlpRegressor::<f32>::from_bytes(&bytes), Err(Error::ScalarType { .. })));
    let network = Sequential::<f64>::input(2).dense(1).build().unwrap().to_bytes().unwrap();
    let message = FittedMlpRegressor::<f64>::from_bytes(&network).unwrap_err().to_string();
    assert!(message.contains("not an estimator"), "{message}");
    for cut in [0, 8, 100, bytes.len() - 1] {
        assert!(FittedMlpRegressor::<f64>::from_bytes(&bytes[..cut]).is_err());
    }
    // Labels of another type than the file's.
    let bytes = quick().fit(&iris::<f64>()).unwrap().to_bytes().unwrap();
    assert!(matches!(
        FittedMlpClassifier::<f64, String>::from_bytes(&bytes),
        Err(Error::Format { .. })
    ));
}

#[test]
fn a_failed_partial_fit_changes_nothing() {
    let data = iris::<f64>();
    let mut model = quick().fit(&data).unwrap();
    let before = (parameters(&model), model.loss_curve().to_vec());
    let other = Dataset::new(array![[1e300, 1e300, 1e300, 1e300]], vec![3]).unwrap();
    assert!(matches!(model.partial_fit(&other), Err(Error::ClassIndex { class: 3, .. })));
    let other = Dataset::new(Array2::from_elem((2, 4), f64::MAX), vec![0, 2]).unwrap();
    assert!(matches!(model.partial_fit(&other), Err(Error::Diverged { .. })));
    assert_eq!(before, (parameters(&model), model.loss_curve().to_vec()));
    model.partial_fit(&data).unwrap();
}

/// What scikit-learn's checks ask of every estimator, of those here by their common traits.
fn check_contract<E>(estimator: &E, data: &Dataset<'static, f64>)
where
    E: Estimator<f64>,
    E::Fitted: 'static,
{
    let fitted = estimator.fit(data).unwrap();
    let x = data.to_arrays().0;
    let outputs = fitted.predict_outputs(x.view()).unwrap();
    // Row by row as all at once, and in any order.
    for row in (0..x.nrows()).step_by(7) {
        let one = fitted.predict_outputs(x.slice(ndarray::s![row..=row, ..])).unwrap();
        assert!((&one.row(0) - &outputs.row(row)).iter().all(|d| d.abs() < 1e-7));
    }
    let back = x.slice(ndarray::s![..;-1, ..]);
    let reversed = fitted.predict_outputs(back).unwrap();
    assert!((&reversed - &outputs.slice(ndarray::s![..;-1, ..])).iter().all(|d| d.abs() < 1e-7));
    // The same again, also as an object that went to another thread.
    let again: Box<dyn Predictor<f64>> = Box::new(estimator.fit(data).unwrap());
    let rows = x.clone();
    let elsewhere = std::thread::spawn(move || again.predict_outputs(rows.view()).unwrap());
    assert_eq!(elsewhere.join().unwrap(), outputs);
    assert_eq!(data.to_arrays().0, x);
    // What cannot be predicted from.
    let mut bad = x.clone();
    bad[(3, 0)] = f64::NAN;
    assert!(matches!(fitted.predict_outputs(bad.view()), Err(Error::NonFinite { row: 3, .. })));
    let narrow = x.slice(ndarray::s![.., 1..]);
    assert!(matches!(fitted.predict_outputs(narrow), Err(Error::Shape { .. })));
    // One row, one feature, a constant column.
    let one = data.select(&[0]).unwrap();
    estimator.fit(&one).unwrap();
    let column = data.with_features(x.slice(ndarray::s![.., 0..1]).to_owned()).unwrap();
    assert!(estimator.fit(&column).unwrap().score(&column).unwrap().is_finite());
    let constant = data.with_features(Array2::ones(x.dim())).unwrap();
    assert!(estimator.fit(&constant).unwrap().score(&constant).unwrap().is_finite());
    let metric = estimator.default_metric();
    assert_eq!(fitted.evaluate(data, &*metric).unwrap(), fitted.score(data).unwrap());
}

#[test]
fn estimators_keep_their_contract() {
    let numbers = scaled(datasets::diabetes::<f64>().unwrap());
    let solvers = [Solver::Adam, Solver::Sgd, Solver::Lbfgs];
    for solver in solvers {
        check_contract(&quick().solver(solver).max_iter(5), &iris());
        let regressor = MlpRegressor::new().hidden_layer_sizes([5]).solver(solver);
        check_contract(&regressor.learning_rate_init(1e-5).max_iter(5), &numbers);
    }
}
