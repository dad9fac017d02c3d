//! Pipelines in pipelines, searches in pipelines, searches over searches.

use blastrain::Result;
use blastrain::data::{Dataset, KFold};
use blastrain::estimator::{Estimator, FitContext, Pipeline, Predictor};
use blastrain::metrics::{Accuracy, Metric};
use blastrain::preprocessing::MinMaxScaler;
use blastrain::search::{FittedSearch, GridSearch};
use ndarray::Array2;

use super::witness::{Searched, Witness, network, numbered, run};

const FOLDS: usize = 2;

fn outputs<M: Predictor<f64>>(model: &M) -> Array2<f64> {
    model.predict_outputs(numbered().to_arrays().0.view()).unwrap()
}

/// The model that the best candidate gives by itself is the search's best.
#[track_caller]
fn assert_best<E: Estimator<f64>>(found: &FittedSearch<f64, E>, by_hand: &[E]) {
    let best = by_hand[found.best_index()].fit(&numbered()).unwrap();
    assert_eq!(outputs(found.best_model().unwrap()), outputs(&best));
}

#[test]
fn a_pipeline_in_a_pipeline_shares_both_ones_steps() {
    for threads in [1, 2] {
        let (outer, inner) = (Witness::keyed(), Witness::keyed());
        let pipeline = |alpha| {
            let inner = Pipeline::new().step(inner.clone()).estimator(network().alpha(alpha));
            Pipeline::new().step(outer.clone()).step(MinMaxScaler::new()).estimator(inner)
        };
        let search = GridSearch::new(pipeline(1.0))
            .axis("alpha", [1e-4, 1.0], |outer: Pipeline<f64, Searched>, alpha| {
                outer.map_estimator(|inner| inner.map_estimator(|network| network.alpha(alpha)))
            })
            .cv(KFold::new(FOLDS));
        let found = run(&search, threads).unwrap();
        assert_eq!(outer.log.seen().len(), FOLDS + 1);
        assert_eq!(inner.log.seen().len(), FOLDS + 1);
        assert_best(&found, &[pipeline(1e-4), pipeline(1.0)]);
        let best = found.best_model().unwrap();
        assert_eq!((best.steps().len(), best.model().steps().len()), (2, 1));
    }
}

#[test]
fn the_same_steps_at_another_depth_are_another_preprocessing() {
    let witness = Witness::keyed();
    let empty = || Pipeline::new().estimator(network());
    let full = || Pipeline::new().step(witness.clone()).estimator(network());
    let outside = Pipeline::new().step(witness.clone()).estimator(empty());
    let inside = Pipeline::new().estimator(full());
    let neither = Pipeline::new().estimator(empty());
    let keys = [&outside, &inside, &neither].map(Estimator::<f64>::preprocessing_key);
    assert!(keys[0] != keys[1] && keys[0].is_some() && keys[1].is_some() && keys[2].is_none());
    let search = GridSearch::new(neither.clone())
        .axis("twice", [0, 1], |pipeline, _| pipeline)
        .axis("inside", [0, 1, 2], move |_, place| {
            [outside.clone(), inside.clone(), neither.clone()][place].clone()
        })
        .cv(KFold::new(FOLDS));
    let found = run(&search, 2).unwrap();
    let refits = usize::from(found.best_params().get("inside").unwrap() != 2);
    assert_eq!(witness.log.seen().len(), 2 * FOLDS + refits);
}

/// An estimator of one's own, which only fits: by a search over a pipeline.
#[derive(Debug, Clone)]
struct Tuned {
    alpha: f64,
    step: Witness,
}

impl Estimator<f64> for Tuned {
    type Fitted = FittedSearch<f64, Searched>;

    fn fit_with(
        &self,
        data: &Dataset<'_, f64>,
        context: &mut FitContext<'_, f64>,
    ) -> Result<Self::Fitted> {
        let network = network().alpha(self.alpha);
        GridSearch::new(Pipeline::new().step(self.step.clone()).estimator(network))
            .axis("rate", [1e-3, 0.1], |pipeline: Searched, rate| {
                pipeline.map_estimator(|network| network.learning_rate_init(rate))
            })
            .cv(KFold::new(FOLDS))
            .fit_with(data, context)
    }

    fn default_metric(&self) -> Box<dyn Metric<f64>> {
        Box::new(Accuracy)
    }
}

#[test]
fn a_search_over_searches_shares_within_each() {
    for threads in [1, 2] {
        let step = Witness::keyed();
        let tuned = |alpha| Tuned { alpha, step: step.clone() };
        let search = GridSearch::new(tuned(1.0))
            .axis("alpha", [1e-4, 10.0], |tuned, alpha| Tuned { alpha, ..tuned })
            .cv(KFold::new(FOLDS));
        let found = run(&search, threads).unwrap();
        let searches = 2 * FOLDS + 1;
        assert_eq!(step.log.seen().len(), searches * (FOLDS + 1));
        assert_best(&found, &[tuned(1e-4), tuned(10.0)]);
    }
}

#[test]
fn a_search_in_a_pipeline_in_a_search_shares_in_both() {
    for threads in [1, 2] {
        let (outer, inner) = (Witness::keyed(), Witness::keyed());
        let pipeline = |alpha| {
            Pipeline::new().step(outer.clone()).estimator(Tuned { alpha, step: inner.clone() })
        };
        let search = GridSearch::new(pipeline(1.0))
            .axis("alpha", [1e-4, 10.0], |pipeline: Pipeline<f64, Tuned>, alpha| {
                pipeline.map_estimator(|tuned| Tuned { alpha, ..tuned })
            })
            .cv(KFold::new(FOLDS));
        let found = run(&search, threads).unwrap();
        assert_eq!(outer.log.seen().len(), FOLDS + 1);
        assert_eq!(inner.log.seen().len(), (2 * FOLDS + 1) * (FOLDS + 1));
        assert_best(&found, &[pipeline(1e-4), pipeline(10.0)]);
    }
}
