//! What is refused, what stops it, and what it can be put around.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use blastrain::data::Dataset;
use blastrain::estimator::{Estimator, FitContext, FittedMlpClassifier, MlpClassifier};
use blastrain::metrics::Metric;
use blastrain::search::{GridSearch, MinResources, Resource, SearchStrategy, SuccessiveHalving};
use blastrain::{Error, Parallelism, Result, datasets};

use crate::stub::Stub;

#[test]
fn settings_out_of_range_are_named() {
    let data = datasets::iris::<f64>().unwrap();
    let halving = || SuccessiveHalving::new(Stub::search(9));
    let by_epochs = || halving().resource(Resource::Epochs);
    for (refused, name) in [
        (halving().factor(1.0), "factor"),
        (halving().factor(f64::NAN), "factor"),
        (halving().min_resources(0), "min_resources"),
        (halving().min_resources(151), "min_resources"),
        (halving().min_resources(1), "min_resources"),
        (halving().max_resources(11), "min_resources"),
        (halving().max_resources(0), "max_resources"),
        (halving().max_resources(151), "max_resources"),
        (by_epochs(), "max_resources"),
        (by_epochs().max_resources(0), "max_resources"),
        (by_epochs().max_resources(5).min_resources(6), "min_resources"),
        (by_epochs().max_resources(usize::MAX).factor(1.0 + 1e-12), "factor"),
    ] {
        let error = refused.fit(&data).err().unwrap();
        assert!(matches!(error, Error::Param { name: got, .. } if got == name), "{error}");
    }
    assert_eq!(MinResources::from(3), MinResources::Fixed(3));
    let nothing = GridSearch::new(Stub::default()).axis("setting", [0; 0], |stub: Stub, _| stub);
    assert!(matches!(SuccessiveHalving::new(nothing).fit(&data), Err(Error::Empty { .. })));
    // A search inside cannot be trained by epochs.
    let nested = SuccessiveHalving::new(GridSearch::new(Nested(MlpClassifier::new())));
    let refused = nested.resource(Resource::Epochs).max_resources(3).fit(&data).err().unwrap();
    let Error::FitFailed { source, .. } = refused else { panic!("{refused}") };
    assert!(matches!(*source, Error::Unavailable { .. }), "{source}");
}

#[test]
fn refusals_say_where_their_numbers_come_from() {
    let (data, halving) =
        (datasets::iris::<f64>().unwrap(), || SuccessiveHalving::new(Stub::search(9)));
    let refused = halving().min_resources(1).fit(&data).unwrap_err().to_string();
    assert!(refused.ends_with("at least 2, for a training row in each fold"), "{refused}");
    let few = data.select(&[0, 1, 50, 51, 100, 101]).unwrap();
    let refused = halving().fit(&few).unwrap_err().to_string();
    let want = "min_resources is 12, the smallest: 2 rows for each fold and class, but must be \
                from 1 to 6, which is max_resources";
    assert_eq!(refused, want);
    let uncut = GridSearch::new(Stub::default());
    let refused = SuccessiveHalving::new(uncut).fit(&data.select(&[0, 1, 2]).unwrap());
    let refused = refused.unwrap_err().to_string();
    assert!(refused.starts_with("n_splits is 5 (the default; cv sets another)"), "{refused}");
}

#[test]
fn a_stop_flag_ends_it() {
    let stop = Arc::new(AtomicBool::new(false));
    let raised = stop.clone();
    let search = Stub::search(9).progress(move |progress| {
        raised.store(progress.done == 20, Ordering::SeqCst);
    });
    let mut context = FitContext::new().stop_flag(stop).parallelism(Parallelism::Serial);
    let data = datasets::iris::<f64>().unwrap();
    let stopped = SuccessiveHalving::new(search).fit_with(&data, &mut context);
    assert!(matches!(stopped, Err(Error::Stopped { .. })));
}

/// An estimator of one's own that says nothing about epochs.
#[derive(Debug, Clone)]
struct Nested(MlpClassifier);

impl Estimator<f64> for Nested {
    type Fitted = FittedMlpClassifier<f64>;

    fn fit_with(
        &self,
        data: &Dataset<'_, f64>,
        context: &mut FitContext<'_, f64>,
    ) -> Result<Self::Fitted> {
        self.0.fit_with(data, context)
    }

    fn default_metric(&self) -> Box<dyn Metric<f64>> {
        Estimator::<f64>::default_metric(&self.0)
    }
}

/// A search around anything can be named.
#[expect(dead_code, reason = "compiles")]
fn generic<S: SearchStrategy<f64>>(search: S) -> SuccessiveHalving<S> {
    SuccessiveHalving::new(search)
}
