//! What may be sent to and shared with other threads: checked when this compiles.

use blastrain::data::Dataset;
use blastrain::loss::Loss;
use blastrain::network::SequentialBuilder;
use blastrain::optim::Optimizer;
use blastrain::train::{GradientCheck, History, Trainer, TrainerBuilder};
use blastrain::{Error, RandomState, Scalar, Sequential};

fn is_send<T: Send>() {}
fn is_send_and_sync<T: Send + Sync>() {}

fn for_scalar<F: Scalar>() {
    is_send_and_sync::<Sequential<F>>();
    is_send_and_sync::<SequentialBuilder<F>>();
    is_send_and_sync::<Dataset<'static, F>>();
    is_send_and_sync::<Box<dyn Loss<F>>>();
    is_send_and_sync::<Box<dyn Optimizer<F>>>();
    // Observers need not be shared: a trainer moves, but belongs to one thread at a time.
    is_send::<Trainer<'static, F>>();
    is_send::<TrainerBuilder<'static, F>>();
}

#[test]
fn what_users_hold_is_send_and_sync_where_sensible() {
    for_scalar::<f32>();
    for_scalar::<f64>();
    is_send_and_sync::<History>();
    is_send_and_sync::<GradientCheck>();
    is_send_and_sync::<RandomState>();
    is_send_and_sync::<Error>();
}

#[test]
fn a_trainer_is_moved_and_a_network_shared() {
    let x = ndarray::array![[0.0], [1.0]];
    let data = Dataset::new(&x, vec![1.0, 2.0]).unwrap();
    let network = Sequential::<f64>::input(1).dense(1).build().unwrap();
    let mut trainer =
        Trainer::builder(network, blastrain::loss::MeanSquaredError::default()).build().unwrap();
    let (network, history) = std::thread::scope(|scope| {
        let fit = || {
            let history = trainer.fit(&data).unwrap();
            (trainer.into_network(), history)
        };
        scope.spawn(fit).join().unwrap()
    });
    assert_eq!(history.epochs().len(), 1);
    let predict = || network.predict(x.view()).unwrap();
    let (a, b) = std::thread::scope(|scope| {
        let (a, b) = (scope.spawn(predict), scope.spawn(predict));
        (a.join().unwrap(), b.join().unwrap())
    });
    assert_eq!(a, b);
}
