//! A loss written outside the crate, with its public API only.

use blastrain::data::{Dataset, TargetStorage, Targets};
use blastrain::loss::Loss;
use blastrain::network::Link;
use blastrain::optim::Adam;
use blastrain::train::{Trainer, gradient_check};
use blastrain::{Error, Parallelism, RandomState, Result, Scalar, Sequential};
use ndarray::{Array2, ArrayView2, ArrayViewMut2, Axis, Zip, concatenate};

/// ln cosh(z − t), summed over outputs.
#[derive(Debug)]
struct LogCosh;

impl<F: Scalar> Loss<F> for LogCosh {
    fn name(&self) -> &'static str {
        "log_cosh"
    }

    fn link(&self) -> Link {
        Link::Identity
    }

    fn check(&self, outputs: usize, targets: &TargetStorage<'_, F>) -> Result<()> {
        match targets.values() {
            Some(values) if values.ncols() == outputs => Ok(()),
            Some(values) => Err(Error::shape("targets of log_cosh", outputs, values.ncols())),
            None => Err(Error::param("targets", "class indices", "numbers, for log_cosh")),
        }
    }

    fn value_and_grad(
        &self,
        logits: ArrayView2<'_, F>,
        targets: Targets<'_, F>,
        weight: Option<&[F]>,
        scale: F,
        mut dlogits: ArrayViewMut2<'_, F>,
    ) -> f64 {
        let Targets::Values(values) = targets else { return f64::NAN };
        let (mut total, two) = (0.0, F::from_f64(2.0));
        for (row, mut dz) in dlogits.outer_iter_mut().enumerate() {
            let weight = weight.map_or(F::one(), |weight| weight[row]);
            Zip::from(&mut dz).and(logits.row(row)).and(values.row(row)).for_each(|dz, &z, &t| {
                let distance = (z - t).abs();
                let value = distance + (-two * distance).exp().ln_1p() - two.ln();
                total += (weight * value).as_f64();
                *dz = scale * weight * (z - t).tanh();
            });
        }
        total
    }
}

/// Two targets a row, linear in the features but for one row that is far off.
fn data(rows: usize) -> Dataset<'static, f64> {
    let mut random = RandomState::new(4);
    let x = Array2::from_shape_simple_fn((rows, 3), || random.uniform(-1.0, 1.0));
    let sum = x.sum_axis(Axis(1)).insert_axis(Axis(1));
    let mut targets = concatenate![Axis(1), sum, &sum * -0.5 + 1.0];
    targets[(0, 0)] = 100.0;
    Dataset::new(x, targets).unwrap()
}

fn network() -> Sequential<f64> {
    Sequential::<f64>::input(3).dense(2).seed(1).build().unwrap()
}

#[test]
fn a_loss_from_outside_passes_the_gradient_check() {
    let data = data(9);
    let weights = (0..9).map(|row| 0.25 * f64::from(row)).collect();
    for data in [data.clone(), data.with_weights(weights).unwrap()] {
        let check = gradient_check(&network(), &LogCosh, &data).unwrap();
        assert!(check.worst() < 1e-6, "{check}");
    }
}

#[test]
fn a_loss_from_outside_trains_and_is_not_drawn_by_the_outlier() {
    let data = data(40);
    let fit = |parallelism, boxed: bool| {
        let boxed_loss: Box<dyn Loss<f64>> = Box::new(LogCosh);
        let builder = match boxed {
            true => Trainer::builder(network(), boxed_loss),
            false => Trainer::builder(network(), LogCosh),
        };
        let mut trainer = builder
            .optimizer(Adam::new(0.05))
            .batch_size(40)
            .epochs(400)
            .shards(2)
            .parallelism(parallelism)
            .build()
            .unwrap();
        trainer.fit(&data).unwrap();
        trainer.into_network()
    };
    let network = fit(Parallelism::Serial, false);
    let bias = network.tensor("dense_1.bias").unwrap();
    assert!(bias[0].abs() < 0.2 && (bias[1] - 1.0).abs() < 1e-3, "{bias}");
    assert!(fit(Parallelism::Threads(2), true).parameters() == network.parameters());
}

#[test]
fn its_own_check_refuses_targets() {
    let x = data(5).to_arrays().0;
    let mut trainer = Trainer::builder(network(), LogCosh).build().unwrap();
    let classes = Dataset::new(x.clone(), vec![0, 1, 0, 1, 0]).unwrap();
    assert!(matches!(trainer.fit(&classes), Err(Error::Param { name: "targets", .. })));
    let narrow = Dataset::new(x, vec![0.5; 5]).unwrap();
    assert!(matches!(trainer.fit(&narrow), Err(Error::Shape { .. })));
}
