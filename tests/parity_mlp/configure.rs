//! Settings as scikit-learn spells them.

/// Applies settings as scikit-learn spells them to either estimator.
macro_rules! configure {
    ($estimator:expr, $settings:expr) => {{
        let mut estimator = $estimator;
        for (name, value) in $settings.as_object().unwrap() {
            let number = || value.as_f64().unwrap();
            let count = || value.as_u64().unwrap() as usize;
            let text = || value.as_str().unwrap();
            let flag = || value.as_bool().unwrap();
            estimator = match name.as_str() {
                "hidden_layer_sizes" => {
                    let sizes: Vec<usize> =
                        crate::case::numbers(value).into_iter().map(|size| size as usize).collect();
                    estimator.hidden_layer_sizes(sizes)
                }
                "activation" => {
                    let name = if text() == "logistic" { "sigmoid" } else { text() };
                    estimator.activation(blastrain::activation::from_name(name, None).unwrap())
                }
                "solver" => estimator.solver(match text() {
                    "sgd" => blastrain::estimator::Solver::Sgd,
                    "adam" => blastrain::estimator::Solver::Adam,
                    "lbfgs" => blastrain::estimator::Solver::Lbfgs,
                    other => panic!("{other}"),
                }),
                "learning_rate" => estimator.learning_rate(match text() {
                    "constant" => blastrain::estimator::LearningRate::Constant,
                    "invscaling" => blastrain::estimator::LearningRate::InvScaling,
                    "adaptive" => blastrain::estimator::LearningRate::Adaptive,
                    other => panic!("{other}"),
                }),
                "alpha" => estimator.alpha(number()),
                "batch_size" => {
                    estimator.batch_size(blastrain::estimator::BatchSize::Rows(count()))
                }
                "learning_rate_init" => estimator.learning_rate_init(number()),
                "power_t" => estimator.power_t(number()),
                "max_iter" => estimator.max_iter(count()),
                "shuffle" => estimator.shuffle(flag()),
                "random_state" => estimator.random_state(match $settings["stream"].as_bool() {
                    Some(true) => blastrain::estimator::RandomSource::from(
                        blastrain::RandomState::new(count() as u32),
                    ),
                    _ => blastrain::estimator::RandomSource::from(count() as u32),
                }),
                "stream" => estimator,
                "tol" => estimator.tol(number()),
                "momentum" => estimator.momentum(number()),
                "nesterovs_momentum" => estimator.nesterovs_momentum(flag()),
                "early_stopping" => estimator.early_stopping(flag()),
                "validation_fraction" => estimator.validation_fraction(number()),
                "beta_1" => estimator.beta_1(number()),
                "beta_2" => estimator.beta_2(number()),
                "epsilon" => estimator.epsilon(number()),
                "n_iter_no_change" => estimator.n_iter_no_change(count()),
                "loss" => estimator,
                other => panic!("{other}"),
            };
        }
        estimator
    }};
}
pub(crate) use configure;
