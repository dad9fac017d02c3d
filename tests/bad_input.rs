//! Bad numbers, shapes and targets: a typed error that names the thing and the value, never a panic.

use blastrain::data::Dataset;
use blastrain::loss::{
    self, BinaryCrossEntropy, CrossEntropy, Huber, Loss, MeanAbsoluteError, MeanSquaredError,
};
use blastrain::network::Link;
use blastrain::train::{Trainer, TrainerBuilder, gradient_check, loss_and_gradient};
use blastrain::{Error, Result, Sequential};
use ndarray::{Array2, array};

fn network(outputs: usize) -> Sequential<f64> {
    Sequential::input(2).dense(4).tanh().dense(outputs).seed(1).build().unwrap()
}

fn trainer(outputs: usize, loss: impl Loss<f64> + 'static) -> Trainer<'static, f64> {
    Trainer::builder(network(outputs), loss).build().unwrap()
}

fn regression() -> TrainerBuilder<'static, f64> {
    Trainer::builder(network(1), MeanSquaredError::default())
}

fn features() -> Array2<f64> {
    array![[0.0, 1.0], [2.0, 3.0], [4.0, 5.0]]
}

fn values() -> Dataset<'static, f64> {
    Dataset::new(features(), vec![0.5, 1.0, -1.0]).unwrap()
}

fn message<T>(result: Result<T>) -> String {
    match result {
        Ok(_) => panic!("no error"),
        Err(error) => error.to_string(),
    }
}

#[test]
fn numbers_that_are_not_finite_are_found_by_row_and_column() {
    for bad in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        let mut x = features();
        x[(2, 1)] = bad;
        let at =
            |what: &str| format!("{what} at row 2, column 1 is {bad}; every value must be finite");
        assert_eq!(message(Dataset::new(&x, vec![0, 1, 0])), at("feature"));
        assert_eq!(message(Dataset::new(features(), &x)), at("target"));
        assert_eq!(message(values().with_features(x.clone())), at("feature"));
        assert_eq!(message(network(1).predict(x.view())), at("feature"));
        assert_eq!(message(network(1).predict_proba(x.view())), at("feature"));
        assert_eq!(message(network(1).predict_classes(x.view())), at("feature"));
        assert!(matches!(
            Dataset::new(features(), vec![0.0, bad, 1.0]),
            Err(Error::NonFinite { what: "target", row: 1, column: 0, .. })
        ));
        let mut network = network(1);
        let mut parameters = network.parameters().to_vec();
        parameters[3] = bad;
        assert!(matches!(
            network.set_parameters(&parameters),
            Err(Error::NonFinite { what: "parameter", column: 3, .. })
        ));
    }
}

#[test]
fn nothing_to_train_on() {
    let none = Array2::<f64>::zeros((0, 2));
    assert_eq!(
        message(Dataset::new(&none, Vec::<usize>::new())),
        "the data set is empty; at least 1 row needed"
    );
    assert!(matches!(
        Dataset::new(Array2::<f64>::zeros((2, 0)), vec![0, 1]),
        Err(Error::Empty { .. })
    ));
    assert!(matches!(Dataset::new(features(), Array2::zeros((3, 0))), Err(Error::Empty { .. })));
    assert!(matches!(values().select(&[]), Err(Error::Empty { .. })));
    assert_eq!(message(values().select(&[0, 3])), "row is 3, but must be below 3");
    // Nothing asked, nothing answered.
    assert_eq!(network(2).predict(none.view()).unwrap().dim(), (0, 2));
}

#[test]
fn lengths_and_widths_that_do_not_match() {
    let shape = |result| match result {
        Err(Error::Shape { want, got, .. }) => (want, got),
        other => panic!("{other:?}"),
    };
    let (want, got) = shape(Dataset::new(features(), vec![0, 1]).map(drop));
    assert_eq!((&*want, &*got), ("3 rows, as the features have", "2 rows"));
    shape(values().with_weights(vec![1.0; 4]).map(drop));
    let wide = Array2::zeros((3, 5));
    let columns = ("2 columns, as the network takes".to_owned(), "5 columns".to_owned());
    assert_eq!(shape(network(1).predict(wide.view()).map(drop)), columns);
    assert_eq!(shape(network(1).predict_classes(wide.view()).map(drop)), columns);
    let data = Dataset::new(wide, vec![0.5, 1.0, 0.0]).unwrap();
    assert_eq!(shape(regression().build().unwrap().fit(&data).map(drop)), columns);
    assert_eq!(shape(regression().validation(&data).build().map(drop)), columns);
    let loss = MeanSquaredError::default();
    assert_eq!(shape(loss_and_gradient(&network(1), &loss, &data).map(drop)), columns);
    assert_eq!(shape(gradient_check(&network(1), &loss, &data).map(drop)), columns);
    shape(network(1).set_parameters(&[1.0]).map(drop));
    shape(network(1).set_tensor("dense_1.bias", Array2::zeros((1, 4)).into_dyn().view()));
    assert!(matches!(network(1).tensor("dense_3.bias"), Err(Error::UnknownName { .. })));
}

#[test]
fn classes_beyond_the_outputs() {
    let data = Dataset::new(features(), vec![0, 2, 1]).unwrap();
    let out = |result| matches!(result, Err(Error::ClassIndex { class: 2, row: 1, classes: 2 }));
    assert!(out(trainer(2, CrossEntropy).fit(&data).map(drop)));
    assert!(out(trainer(1, BinaryCrossEntropy::default()).fit(&data).map(drop)));
    assert!(out(loss_and_gradient(&network(2), &CrossEntropy, &data).map(drop)));
    assert!(out(data.clone().with_class_names(["a", "b"]).map(drop)));
    let builder = Trainer::builder(network(2), CrossEntropy).validation(&data);
    assert!(out(builder.build().map(drop)));
    let huge = Dataset::new(features(), vec![0, usize::MAX, 1]).unwrap();
    assert!(trainer(2, CrossEntropy).fit(&huge).is_err());
}

#[test]
fn targets_of_another_kind_than_the_loss_s() {
    let classes = Dataset::new(features(), vec![0, 1, 1]).unwrap();
    for loss in loss::all::<f64>() {
        let what = loss.name();
        let (link, regression) = (loss.link(), matches!(loss.link(), Link::Identity | Link::Exp));
        let (three, mut one) = (values(), trainer(1, loss));
        // One value a row for one output.
        let found = one.fit(&classes);
        assert_eq!(found.is_err(), regression || what == "cross_entropy", "{what}: {found:?}");
        let found = one.fit(&three);
        // One of them is below 0, which no count is.
        assert_eq!(found.is_err(), link != Link::Identity, "{what}: {found:?}");
    }
    let named = "targets is class indices, but must be numbers, for mean_absolute_error";
    assert_eq!(message(trainer(1, MeanAbsoluteError::default()).fit(&classes)), named);
    let named = "target is -1, but must be in [0, 1] for binary_cross_entropy";
    assert_eq!(message(trainer(1, BinaryCrossEntropy::default()).fit(&values())), named);
    let shapes = [
        message(trainer(1, CrossEntropy).fit(&classes)),
        message(trainer(3, BinaryCrossEntropy::default()).fit(&classes)),
        message(trainer(2, Huber::default()).fit(&values())),
    ];
    let want = [
        "outputs of cross_entropy: expected at least 2; BinaryCrossEntropy takes one, got 1",
        "outputs of binary_cross_entropy: expected 1 for class targets; CrossEntropy takes more, got 3",
        "targets of huber: expected 2 columns, one an output, got 1 columns",
    ];
    assert_eq!(shapes, want);
}

#[test]
fn weights_that_weigh_nothing_or_less() {
    let weighted = |weights| values().with_weights(weights);
    assert_eq!(
        message(weighted(vec![1.0, -0.5, 1.0])),
        "weight is -0.5, but must be finite and >= 0"
    );
    assert!(matches!(
        weighted(vec![1.0, 0.0, f64::NAN]),
        Err(Error::NonFinite { what: "weight", row: 2, .. })
    ));
    let nothing = "weights is all zero, but must be above zero for at least one row";
    assert_eq!(message(weighted(vec![0.0; 3])), nothing);
    // A view may leave out every row that weighs something.
    let view = weighted(vec![0.0, 0.0, 1.0]).unwrap().select(&[0, 1]).unwrap();
    let loss = MeanSquaredError::default();
    assert_eq!(message(loss_and_gradient(&network(1), &loss, &view)), nothing);
    assert_eq!(message(gradient_check(&network(1), &loss, &view)), nothing);
    let mut trainer = regression().validation(&view).build().unwrap();
    assert_eq!(message(trainer.fit(&values())), nothing);
}

#[test]
fn a_batch_that_weighs_nothing_ends_the_fit_where_it_was() {
    let data = values().with_weights(vec![1.0, 1.0, 0.0]).unwrap();
    let builder = || regression().batch_size(1).shuffle(false).epochs(2);
    let mut trainer = builder().build().unwrap();
    assert_eq!(
        message(trainer.fit(&data)),
        "weights is all zero in epoch 0, batch 2, but must be above zero for at least one row of every batch"
    );
    assert_eq!(trainer.network().parameters(), network(1).parameters());
    // With another row beside it the same row is left out.
    builder().batch_size(3).build().unwrap().fit(&data).unwrap();
}

#[test]
fn a_view_is_judged_by_the_rows_it_shows() {
    let data = Dataset::new(features(), vec![0, 2, 1]).unwrap();
    let binary = data.select(&[2, 0]).unwrap();
    trainer(1, BinaryCrossEntropy::default()).fit(&binary).unwrap();
    let builder = Trainer::builder(network(2), CrossEntropy).validation(&binary);
    builder.build().unwrap().fit(&binary).unwrap();
    loss_and_gradient(&network(2), &CrossEntropy, &binary).unwrap();
    let shown = data.select(&[2, 0, 1]).unwrap();
    assert!(matches!(
        trainer(2, CrossEntropy).fit(&shown),
        Err(Error::ClassIndex { class: 2, row: 2, .. })
    ));
    let values = Dataset::new(features(), vec![0.5, 7.0, 1.0]).unwrap().select(&[0, 2]).unwrap();
    trainer(1, BinaryCrossEntropy::default()).fit(&values).unwrap();
}
