//! A fit that goes on by `fit_epochs` equals an unbroken one, bit for bit.

use blastrain::activation::{Relu, Tanh};
use blastrain::data::{Dataset, stratified_train_test_split, train_test_split};
use blastrain::estimator::{
    ClassWeight, Estimator, FitContext, FittedMlpClassifier, FittedMlpRegressor, LearningRate,
    MlpClassifier, MlpRegressor, Pipeline, RegressorLoss, Solver,
};
use blastrain::metrics::{LogLoss, Metric};
use blastrain::preprocessing::{MinMaxScaler, StandardScaler};
use blastrain::search::GridSearch;
use blastrain::train::StopReason;
use blastrain::{Error, RandomState, Result, Scalar, datasets};

/// What a model is, to the bit; times are not.
trait Bits {
    fn bits(&self) -> (Vec<u8>, Vec<f64>, StopReason);
}

impl<F: Scalar> Bits for FittedMlpClassifier<F> {
    fn bits(&self) -> (Vec<u8>, Vec<f64>, StopReason) {
        (self.to_bytes().unwrap(), self.history().losses(), self.history().stop_reason())
    }
}

impl<F: Scalar> Bits for FittedMlpRegressor<F> {
    fn bits(&self) -> (Vec<u8>, Vec<f64>, StopReason) {
        (self.to_bytes().unwrap(), self.history().losses(), self.history().stop_reason())
    }
}

/// In how many epochs each part ends.
const STAGES: [&[usize]; 3] = [&[24], &[1, 2, 24], &[7, 7, 13, 24]];

fn in_parts<F: Scalar, E: Estimator<F>>(
    estimator: &E,
    data: &Dataset<'_, F>,
    stages: &[usize],
) -> Result<E::Fitted> {
    let mut model = None;
    for &epochs in stages {
        model = Some(estimator.fit_epochs(data, model, epochs, &mut FitContext::new())?);
    }
    Ok(model.unwrap())
}

#[track_caller]
fn assert_unbroken<F: Scalar, E: Estimator<F>>(
    estimator: impl Fn(usize) -> E,
    data: &Dataset<'_, F>,
) -> usize
where
    E::Fitted: Bits,
{
    let unbroken = estimator(24).fit(data).unwrap().bits();
    for stages in STAGES {
        // The epochs of the settings do not count.
        let parts = in_parts(&estimator(1), data, stages).unwrap().bits();
        assert!(parts == unbroken, "{stages:?}: {:?} for {:?}", parts.1, unbroken.1);
    }
    unbroken.1.len()
}

fn wine<F: Scalar>() -> Dataset<'static, F> {
    let data = datasets::wine::<F>().unwrap();
    StandardScaler::new().fit_dataset(&data).unwrap().transform_dataset(&data).unwrap()
}

fn classifier(epochs: usize) -> MlpClassifier {
    let sizes = MlpClassifier::new().hidden_layer_sizes([9]).random_state(3);
    sizes.learning_rate_init(0.013).batch_size(50).max_iter(epochs)
}

fn every_rule<F: Scalar>() {
    let data = wine::<F>();
    let schedules =
        [LearningRate::Constant, LearningRate::InvScaling, LearningRate::Adaptive].map(Some);
    for (schedule, shuffle, early) in schedules
        .into_iter()
        .chain([None])
        .flat_map(|schedule| [(schedule, true), (schedule, false)])
        .flat_map(|(schedule, shuffle)| [(schedule, shuffle, true), (schedule, shuffle, false)])
    {
        let settings = |epochs| {
            let settings = classifier(epochs).shuffle(shuffle).early_stopping(early);
            let settings = settings.n_iter_no_change(30);
            match schedule {
                Some(schedule) => settings.solver(Solver::Sgd).learning_rate(schedule),
                None => settings,
            }
        };
        assert_eq!(assert_unbroken(settings, &data), 24);
    }
}

#[test]
fn parts_of_a_fit_equal_the_whole_in_f64() {
    every_rule::<f64>();
}

#[test]
fn parts_of_a_fit_equal_the_whole_in_f32() {
    every_rule::<f32>();
}

#[test]
fn an_adaptive_rate_is_the_same_to_the_bit() {
    // Every second epoch without improvement divides the rate by 5, whose quotients are rounded.
    let settings = |epochs| {
        let adaptive = classifier(epochs).solver(Solver::Sgd).learning_rate(LearningRate::Adaptive);
        adaptive.tol(10.0).n_iter_no_change(1).learning_rate_init(0.6)
    };
    let epochs = assert_unbroken(settings, &wine::<f64>());
    assert!(epochs < 24, "it ends when the rate is small: {epochs}");
}

#[test]
fn the_best_weights_outlive_a_pause() {
    // A rate at which the score on the rows held out goes up and down.
    for patience in [2, usize::MAX] {
        let settings = |epochs| {
            classifier(epochs)
                .early_stopping(true)
                .learning_rate_init(0.3)
                .n_iter_no_change(patience)
        };
        let data = wine::<f64>();
        let epochs = assert_unbroken(settings, &data);
        assert_eq!(epochs < 24, patience == 2);
        let model = settings(24).fit(&data).unwrap();
        let scores = model.validation_scores().unwrap();
        let best = scores.iter().position(|&score| Some(score) == model.best_validation_score());
        assert!(best < Some(scores.len() - 1), "the last epoch is the best: {scores:?}");
    }
}

#[test]
fn a_fit_that_ended_by_itself_stays_as_it_is() {
    let data = wine::<f64>();
    let settings = |epochs| classifier(epochs).tol(0.05).n_iter_no_change(2);
    let ended = assert_unbroken(settings, &data);
    assert!((8..24).contains(&ended), "{ended}");
    let model = in_parts(&settings(1), &data, &[24, 100]).unwrap();
    assert_eq!((model.n_iter(), model.history().stop_reason()), (ended, StopReason::Callback));
    assert!(model.bits() == settings(100).fit(&data).unwrap().bits());
}

#[test]
fn dropout_batch_norm_weights_and_streams_go_on() {
    let data = wine::<f64>();
    let weights = (0..data.len()).map(|row| 0.5 + (row % 3) as f64).collect();
    let weighted = data.clone().with_weights(weights).unwrap();
    assert_unbroken(|epochs| classifier(epochs).dropout(0.4).batch_norm(true), &data);
    assert_unbroken(|epochs| classifier(epochs).class_weight(ClassWeight::Balanced), &weighted);
    let stream = RandomState::new(8);
    assert_unbroken(
        |epochs| classifier(epochs).random_state(stream.clone()).early_stopping(true),
        &weighted,
    );
    // Two classes are held out in proportion.
    let two =
        data.with_targets(data.class_targets().unwrap().iter().map(|&c| c % 2).collect::<Vec<_>>());
    assert_unbroken(|epochs| classifier(epochs).early_stopping(true), &two.unwrap());
    let flags = ndarray::Array2::from_shape_fn((178, 2), |(i, j)| f64::from(i % (j + 2) == 0));
    assert_unbroken(
        |epochs| classifier(epochs).early_stopping(true),
        &data.with_targets(flags).unwrap(),
    );
}

#[test]
fn given_validation_rows_are_gone_by() {
    let (train, valid) =
        stratified_train_test_split(&wine::<f64>(), 0.3, RandomState::new(1)).unwrap();
    let context = || FitContext::new().validation(&valid).metric(LogLoss);
    let settings = |epochs| classifier(epochs).early_stopping(true).learning_rate_init(0.2);
    let unbroken = settings(24).fit_with(&train, &mut context()).unwrap();
    let first = settings(1).fit_epochs(&train, None, 9, &mut context()).unwrap();
    let parts = settings(1).fit_epochs(&train, Some(first), 24, &mut context()).unwrap();
    assert!(parts.bits() == unbroken.bits());
    assert_eq!(parts.history().curve("validation_log_loss").unwrap().len(), parts.n_iter());
}

#[test]
fn regressors_go_on() {
    let data = datasets::diabetes::<f64>().unwrap();
    let data = data.with_targets(data.value_targets().unwrap() / 100.0).unwrap();
    for (solver, loss) in [
        (Solver::Adam, RegressorLoss::SquaredError),
        (Solver::Adam, RegressorLoss::Poisson),
        (Solver::Sgd, RegressorLoss::SquaredError),
    ] {
        let settings = |epochs| {
            let settings = MlpRegressor::new().hidden_layer_sizes([7]).activation(Tanh);
            settings.solver(solver).loss(loss.clone()).early_stopping(true).max_iter(epochs)
        };
        assert_unbroken(settings, &data);
    }
}

#[test]
fn lbfgs_starts_anew() {
    let data = wine::<f64>();
    assert_unbroken(|epochs| classifier(epochs).solver(Solver::Lbfgs), &data);
    let data = datasets::diabetes::<f64>().unwrap();
    let regressor =
        |epochs| MlpRegressor::new().hidden_layer_sizes([5]).solver(Solver::Lbfgs).max_iter(epochs);
    assert_unbroken(regressor, &data);
}

#[test]
fn pipelines_keep_their_steps() {
    let data = datasets::wine::<f64>().unwrap();
    let (train, valid) = train_test_split(&data, 0.2, RandomState::new(0)).unwrap();
    let whole = |epochs| {
        let steps = Pipeline::new().step(MinMaxScaler::new()).step(StandardScaler::new());
        steps.estimator(classifier(epochs).early_stopping(true))
    };
    for validated in [false, true] {
        let context = || match validated {
            true => FitContext::new().validation(&valid),
            false => FitContext::new(),
        };
        let unbroken = Estimator::fit_with(&whole(24), &train, &mut context()).unwrap();
        let mut model = None;
        for epochs in [3, 11, 24] {
            model = Some(whole(1).fit_epochs(&train, model, epochs, &mut context()).unwrap());
        }
        let model = model.unwrap();
        assert_eq!(model.to_bytes().unwrap(), unbroken.to_bytes().unwrap());
        assert!(model.model().bits() == unbroken.model().bits());
    }
    let bare = |epochs| Pipeline::new().estimator(classifier(epochs));
    let parts = in_parts(&bare(1), &data, STAGES[2]).unwrap();
    assert!(parts.model().bits() == bare(24).fit(&data).unwrap().model().bits());
    let other = in_parts(&bare(1), &data, &[2]).unwrap();
    let refused = whole(1).fit_epochs(&data, Some(other), 4, &mut FitContext::new());
    assert!(matches!(refused, Err(Error::Shape { .. })));
}

#[test]
fn a_model_goes_on_for_its_own_kind_only() {
    let data = wine::<f64>();
    let begun = || in_parts(&classifier(1), &data, &[5]).unwrap();
    let go_on = |settings: MlpClassifier, model, data: &Dataset<'_, f64>, epochs| {
        settings.fit_epochs(data, Some(model), epochs, &mut FitContext::new()).unwrap_err()
    };
    let refused = |settings, model, epochs| go_on(settings, model, &data, epochs);
    for (error, name) in [
        (refused(classifier(1), begun(), 4), "epochs"),
        (refused(classifier(1), begun(), 0), "epochs"),
        (refused(classifier(1).alpha(0.5), begun(), 9), "model"),
        (refused(classifier(1).activation(Tanh), begun(), 9), "model"),
        (refused(classifier(1).class_weight(ClassWeight::Balanced), begun(), 9), "model"),
        (refused(classifier(1), classifier(5).fit(&data).unwrap(), 9), "model"),
    ] {
        assert!(matches!(error, Error::Param { name: got, .. } if got == name), "{error}");
    }
    assert!(
        begun().bits() == in_parts(&classifier(1).activation(Relu), &data, &[5]).unwrap().bits()
    );
    let loaded = FittedMlpClassifier::from_bytes(&begun().to_bytes().unwrap()).unwrap();
    assert!(matches!(refused(classifier(1), loaded, 9), Error::Param { name: "model", .. }));
    let mut further = begun();
    further.partial_fit(&data).unwrap();
    assert!(matches!(refused(classifier(1), further, 9), Error::Param { name: "model", .. }));
    let fewer = data.select(&(0..90).collect::<Vec<_>>()).unwrap();
    assert!(matches!(go_on(classifier(1), begun(), &fewer, 9), Error::Shape { .. }));
    let narrow = datasets::iris::<f64>().unwrap();
    assert!(matches!(go_on(classifier(1), begun(), &narrow, 9), Error::Shape { .. }));
}

#[test]
fn an_estimator_without_epochs_says_so() {
    let search = GridSearch::new(classifier(1));
    let refused = search.fit_epochs(&wine::<f64>(), None, 3, &mut FitContext::new());
    assert!(matches!(refused, Err(Error::Unavailable { .. })));
    let metric: &dyn Metric<f64> = &*Estimator::<f64>::default_metric(&search);
    assert_eq!(metric.name(), "accuracy");
}
