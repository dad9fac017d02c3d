//! What every registered metric promises, and what metrics make of flags and two columns.

use blastrain::data::Targets;
use blastrain::metrics::*;
use blastrain::{Error, Scalar};
use ndarray::{Array2, ArrayView2, array};

/// Predictions and targets that suit the task, as losses give them.
fn good_data<F: Scalar>(task: Task) -> (Array2<F>, Vec<usize>, Array2<F>) {
    let (predictions, classes, values) = match task {
        Task::Binary => (
            array![[0.25], [0.75], [0.5], [0.625]],
            vec![0, 1, 1, 0],
            array![[0.0], [1.0], [1.0], [0.0]],
        ),
        Task::Classification => (
            array![[0.5, 0.25, 0.25], [0.25, 0.5, 0.25], [0.5, 0.125, 0.375], [0.0, 0.25, 0.75]],
            vec![0, 1, 2, 2],
            array![[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0], [0.0, 0.0, 1.0]],
        ),
        Task::Flags => (
            array![[0.75, 0.25], [0.75, 0.25], [0.5, 0.625], [0.125, 0.25]],
            vec![],
            array![[1.0, 0.0], [1.0, 1.0], [1.0, 1.0], [0.0, 0.0]],
        ),
        _ => (
            array![[1.0, 2.0], [2.0, 3.5], [4.0, 1.5], [1.5, 0.5]],
            vec![],
            array![[1.0, 3.0], [2.5, 3.0], [4.5, 1.0], [1.0, 0.0]],
        ),
    };
    (predictions.mapv(F::from_f64), classes, values.mapv(F::from_f64))
}

/// The rows given, one after another, with repeats.
fn select<F: Scalar>(values: ArrayView2<'_, F>, rows: &[usize]) -> Array2<F> {
    values.select(ndarray::Axis(0), rows)
}

fn contract<F: Scalar>() {
    let all = registered::<F>();
    let mut names: Vec<String> = all.iter().map(|entry| entry.metric.name().to_string()).collect();
    names.sort();
    names.dedup();
    assert_eq!(names.len(), all.len(), "names must differ");
    for entry in &all {
        let (metric, name) = (&entry.metric, entry.metric.name());
        let (predictions, classes, values) = good_data::<F>(entry.task);
        let evaluate =
            |p: &Array2<F>, t: Targets<'_, F>, w: Option<&[F]>| metric.evaluate(p.view(), t, w);
        let number = Targets::Values(values.view());
        let value = evaluate(&predictions, number, None).unwrap();
        assert!(value.is_finite(), "{name}");
        assert_eq!(evaluate(&predictions, number, None).unwrap(), value, "{name}");

        // Classes and the same as one-hot or 0/1 numbers score the same.
        if !classes.is_empty() {
            let same = evaluate(&predictions, Targets::Classes(&classes), None).unwrap();
            assert!((same - value).abs() < 1e-12, "{name}: {same} {value}");
        }

        // Perfect predictions score no worse, and as well as the metric can.
        let spread = |value: F| if value > F::zero() { value } else { F::from_f64(1e-6) };
        let perfect = if entry.task == Task::Counts { values.mapv(spread) } else { values.clone() };
        let best = evaluate(&perfect, number, None).unwrap();
        let gain = if metric.higher_is_better() { best - value } else { value - best };
        assert!(gain >= 0.0, "{name}: {best} is worse than {value}");
        assert!((best - if metric.higher_is_better() { 1.0 } else { 0.0 }).abs() < 1e-5, "{name}");

        weights_are_repeats(entry, value, &predictions, &values);
        bad_input_is_an_error(entry, &predictions, &values);
    }
}

/// A weight of 1 for each row is no weight, and one of 2 the row twice. One-vs-one takes none.
fn weights_are_repeats<F: Scalar>(
    entry: &Registered<F>,
    value: f64,
    predictions: &Array2<F>,
    values: &Array2<F>,
) {
    let name = entry.metric.name();
    let evaluate = |p: &Array2<F>, t: &Array2<F>, w: Option<&[F]>| {
        entry.metric.evaluate(p.view(), Targets::Values(t.view()), w)
    };
    let weighted = evaluate(predictions, values, Some(&[F::one(); 4]));
    if name.starts_with("roc_auc_ovo") {
        assert!(matches!(weighted, Err(Error::Param { name: "weights", .. })), "{name}");
        return;
    }
    assert!((weighted.unwrap() - value).abs() < 1e-12, "{name}");
    let twice = [1.0, 2.0, 0.0, 1.0].map(F::from_f64);
    let weighted = evaluate(predictions, values, Some(&twice)).unwrap();
    let rows = [0, 1, 1, 3];
    let (p, t) = (select(predictions.view(), &rows), select(values.view(), &rows));
    let repeated = evaluate(&p, &t, None).unwrap();
    assert!((weighted - repeated).abs() < 1e-12, "{name}: {weighted} {repeated}");
}

fn bad_input_is_an_error<F: Scalar>(
    entry: &Registered<F>,
    predictions: &Array2<F>,
    values: &Array2<F>,
) {
    let name = entry.metric.name();
    let evaluate = |p: ArrayView2<'_, F>, t: ArrayView2<'_, F>, w: Option<&[F]>| {
        entry.metric.evaluate(p, Targets::Values(t), w)
    };
    let (p, t) = (predictions.view(), values.view());
    for bad in [f64::NAN, f64::INFINITY] {
        let mut broken = predictions.clone();
        broken[(2, 0)] = F::from_f64(bad);
        assert!(
            matches!(
                evaluate(broken.view(), t, None),
                Err(Error::NonFinite { row: 2, column: 0, .. })
            ),
            "{name}"
        );
        let mut broken = values.clone();
        broken[(1, 0)] = F::from_f64(bad);
        assert!(evaluate(p, broken.view(), None).is_err(), "{name}");
    }
    let fewer = select(t, &[0, 1]);
    assert!(matches!(evaluate(p, fewer.view(), None), Err(Error::Shape { .. })), "{name}");
    let none = (select(p, &[]), select(t, &[]));
    let empty = evaluate(none.0.view(), none.1.view(), None);
    assert!(matches!(empty, Err(Error::Empty { .. })), "{name}");
    let no_columns = Array2::zeros((4, 0));
    assert!(evaluate(no_columns.view(), no_columns.view(), None).is_err(), "{name}");
    let classes = Targets::Classes(&[0, 1, 1, 0]);
    assert!(entry.metric.evaluate(no_columns.view(), classes, None).is_err(), "{name}");
    let one = [F::one()];
    assert!(evaluate(p, t, Some(&one)).is_err(), "{name}");
    let zero = [F::zero(); 4];
    assert!(evaluate(p, t, Some(&zero)).is_err(), "{name}");
    let negative = [F::one(), F::one(), F::one(), -F::one()];
    assert!(evaluate(p, t, Some(&negative)).is_err(), "{name}");
    let classes = entry.metric.evaluate(p, Targets::Classes(&[0, 1, 9, 0]), None);
    let refused = match entry.task {
        Task::Binary | Task::Classification => matches!(classes, Err(Error::ClassIndex { .. })),
        _ => matches!(classes, Err(Error::Param { name: "targets", .. })),
    };
    assert!(refused, "{name}");
}

#[test]
fn every_metric_keeps_the_contract() {
    contract::<f64>();
    contract::<f32>();
}

#[test]
fn flags_are_scored_by_metrics_too() {
    let targets = array![[1.0, 1.0, 0.0], [0.0, 0.0, 1.0], [0.0, 1.0, 1.0]];
    let predictions = array![[0.75, 0.25, 0.5], [0.25, 0.125, 0.875], [0.5, 0.625, 0.75]];
    let value = |metric: &dyn Metric<f64>| {
        metric.evaluate(predictions.view(), Targets::Values(targets.view()), None)
    };
    assert_eq!(value(&Accuracy).unwrap(), 2.0 / 3.0);
    assert_eq!(value(&SubsetAccuracy).unwrap(), 2.0 / 3.0);
    assert_eq!(value(&Precision::new(Average::Micro)).unwrap(), 1.0);
    assert_eq!(value(&Recall::new(Average::Samples)).unwrap(), 2.5 / 3.0);
    assert_eq!(value(&RocAuc::default()).unwrap(), 1.0);
    // The mean over rows and columns of the two-class costs.
    let costs = ndarray::Zip::from(&targets)
        .and(&predictions)
        .map_collect(|&t: &f64, &p: &f64| -(t * p.ln() + (1.0 - t) * (1.0 - p).ln()));
    assert!((value(&LogLoss).unwrap() - costs.mean().unwrap()).abs() < 1e-12);
    let squares = (&targets - &predictions).mapv(|distance| distance * distance);
    assert!((value(&BrierScore).unwrap() - squares.mean().unwrap()).abs() < 1e-12);
    assert!(matches!(value(&BalancedAccuracy), Err(Error::Param { name: "targets", .. })));
    assert!(matches!(value(&TopKAccuracy::new(1)), Err(Error::Param { name: "targets", .. })));
}

#[test]
fn two_softmax_columns_are_two_classes() {
    let predictions = array![[0.75, 0.25], [0.25, 0.75], [0.625, 0.375]];
    let two = RocAuc::default().evaluate(predictions.view(), Targets::Classes(&[0, 1, 1]), None);
    assert_eq!(two.unwrap(), 1.0);
    let f1 = F1::default().evaluate(predictions.view(), Targets::Classes(&[0, 1, 1]), None);
    assert_eq!(f1.unwrap(), 2.0 / 3.0);
    let one = RocAuc::default().evaluate(predictions.view(), Targets::Classes(&[1, 1, 1]), None);
    assert!(matches!(one, Err(Error::Undefined { .. })));
}

#[test]
fn names_lead_to_metrics() {
    let metric = by_name::<f32>("f1_macro").unwrap();
    assert_eq!((metric.name(), metric.higher_is_better()), ("f1_macro", true));
    let message = by_name::<f32>("accuracies").unwrap_err().to_string();
    assert!(message.starts_with("unknown metric \"accuracies\"; known: accuracy, "), "{message}");
}
