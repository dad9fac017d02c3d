//! Batch normalisation at its limits: batches of one row, rows of several positions, numbers too large.

use blastrain::data::Dataset;
use blastrain::loss::MeanSquaredError;
use blastrain::train::{Trainer, gradient_check, loss_and_gradient};
use blastrain::{Error, Result, Sequential};
use ndarray::{Array2, array};

fn message<T>(result: Result<T>) -> String {
    match result {
        Ok(_) => panic!("no error"),
        Err(error) => error.to_string(),
    }
}

/// Rows of one feature, whose targets are of a regression.
fn rows(count: usize) -> Dataset<'static, f64> {
    let x = Array2::from_shape_fn((count, 1), |(row, _)| (row * row % 7) as f64);
    Dataset::new(x, (0..count).map(|row| row as f64).collect::<Vec<_>>()).unwrap()
}

#[test]
fn a_training_batch_of_one_row_has_no_statistics() {
    let network = || {
        Sequential::<f64>::input(1)
            .dense(2)
            .batch_norm()
            .tanh()
            .batch_norm()
            .dense(1)
            .build()
            .unwrap()
    };
    let fit = |count, batch_size, drop_last| {
        let loss = MeanSquaredError::default();
        let builder = Trainer::builder(network(), loss).batch_size(batch_size);
        let mut trainer = builder.drop_last(drop_last).build().unwrap();
        let result = trainer.fit(&rows(count));
        let (before, after) = (network(), trainer.network());
        assert!(result.is_ok() || after.parameters() == before.parameters());
        assert!(result.is_ok() || after.buffers() == before.buffers());
        result
    };
    assert_eq!(
        message(fit(33, 32, false)),
        "batch_size is 32, which leaves 1 of 33 rows for the last batch, but must be such that \
         batch_norm_1 sees at least 2 rows in every batch; take another, or drop_last(true)"
    );
    assert_eq!(
        message(fit(33, 1, true)),
        "batch_size is 1, but must be at least 2 for batch_norm_1"
    );
    assert_eq!(
        message(fit(1, 32, true)),
        "training rows: expected at least 2 for batch_norm_1, got 1"
    );
    for (count, batch_size, drop_last) in
        [(33, 32, true), (33, 31, false), (2, 8, false), (34, 32, false)]
    {
        fit(count, batch_size, drop_last).unwrap();
    }
    let loss = MeanSquaredError::default();
    let one = rows(1);
    assert!(matches!(loss_and_gradient(&network(), &loss, &one), Err(Error::Shape { .. })));
    assert!(matches!(gradient_check(&network(), &loss, &one), Err(Error::Shape { .. })));
    // Validation and prediction take any number of rows, by the running statistics.
    let mut trainer = Trainer::builder(network(), loss).validation(&one).build().unwrap();
    trainer.fit(&rows(9)).unwrap();
    let (x, all) = (rows(9), trainer.network().predict(&rows(9)).unwrap());
    let first = trainer.network().predict(&x.select(&[0]).unwrap()).unwrap();
    assert!((first[(0, 0)] - all[(0, 0)]).abs() < 1e-12);
}

/// A row of several positions has statistics by itself.
#[test]
fn positions_of_a_row_count_as_rows() {
    let network = Sequential::<f64>::input([3, 2]).batch_norm().build().unwrap();
    assert_eq!(network.buffers().len(), 4);
    let x = array![[1.0, 10.0, 2.0, 20.0, 3.0, 60.0]];
    let data = Dataset::new(x.clone(), x).unwrap();
    let loss = MeanSquaredError::default();
    let mut trainer = Trainer::builder(network, loss).batch_size(1).build().unwrap();
    trainer.fit(&data).unwrap();
    let means = trainer.network().tensor("batch_norm_1.running_mean").unwrap();
    assert!((means[0] - 0.2).abs() < 1e-12 && (means[1] - 3.0).abs() < 1e-12);
    let variances = trainer.network().tensor("batch_norm_1.running_variance").unwrap();
    assert!((variances[0] - 1.0).abs() < 1e-12 && (variances[1] - 70.9).abs() < 1e-9);
}

#[test]
fn running_statistics_that_overflow_are_a_divergence() {
    let x = array![[1e25f32], [-1e25], [2e25], [0.0]];
    let data = Dataset::new(x, vec![0.0f32, 1.0, 2.0, 3.0]).unwrap();
    let network = Sequential::<f32>::input(1).batch_norm().dense(1).build().unwrap();
    let before = network.buffers().to_vec();
    let mut trainer = Trainer::builder(network, MeanSquaredError::default()).build().unwrap();
    let found = trainer.fit(&data);
    let Err(Error::Diverged { tensor, .. }) = found else { panic!("{found:?}") };
    assert_eq!(tensor, "batch_norm_1.running_variance");
    assert_eq!(trainer.network().buffers(), before);
}
