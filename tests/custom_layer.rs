//! Layers written outside the crate, with its public API only.

use std::ops::Range;

use blastrain::data::Dataset;
use blastrain::layer::{
    AnyLayerSpec, Backward, Forward, Layer, LayerRegistry, LayerSpec, Needs, OwnedGradient, Pass,
    Value,
};
use blastrain::linalg::Gemm;
use blastrain::loss::MeanSquaredError;
use blastrain::network::{Dims, Initializer, TensorSpec};
use blastrain::optim::Adam;
use blastrain::train::{Trainer, WeightGradient, gradient_check};
use blastrain::{Error, Parallelism, RandomState, Result, Scalar, Sequential};
use ndarray::{Array2, ArrayView2};

/// y = x·scale + shift, value by value; its gradient may be computed by owners of blocks.
#[derive(Debug, Clone)]
struct Affine {
    start: f64,
}

impl Affine {
    fn from_config(config: &Value) -> Result<Box<dyn AnyLayerSpec>> {
        let start = config["start"].as_f64();
        let start = start.ok_or_else(|| Error::param("affine", config, "{\"start\": number}"))?;
        Ok(Box::new(Affine { start }))
    }
}

impl AnyLayerSpec for Affine {
    fn kind(&self) -> &'static str {
        "affine"
    }

    fn config(&self) -> Value {
        Value::Object([("start".to_owned(), Value::from(self.start))].into_iter().collect())
    }
}

impl<F: Scalar> LayerSpec<F> for Affine {
    fn build(&self, input: &Dims) -> Result<Box<dyn Layer<F>>> {
        if !self.start.is_finite() {
            return Err(Error::param("start", self.start, "finite"));
        }
        Ok(Box::new(BuiltAffine { size: input.size(), start: self.start }))
    }
}

#[derive(Debug)]
struct BuiltAffine {
    size: usize,
    start: f64,
}

impl<F: Scalar> Layer<F> for BuiltAffine {
    fn needs(&self) -> Needs {
        Needs::new(Dims::flat(self.size))
            .param(TensorSpec::new("scale", [self.size], Initializer::Constant(self.start)))
            .param(TensorSpec::new("shift", [self.size], Initializer::Zeros).without_decay())
            .output_unread()
    }

    fn forward(&self, _pass: Pass, params: &[F], io: Forward<'_, F>) {
        let Forward { x: Some(x), mut y, .. } = io else { return };
        for ((row, i), y) in y.indexed_iter_mut() {
            *y = x[(row, i)] * params[i] + params[self.size + i];
        }
    }

    fn backward(&self, pass: Pass, params: &[F], io: Backward<'_, F>) {
        let Backward { x, cache, dy, dx, dparams, .. } = io;
        if let Some(dparams) = dparams {
            let all = 0..2 * self.size;
            self.gradient(pass.gemm, all, x, cache.view(), dy.view(), dparams);
        }
        if let Some(mut dx) = dx {
            for ((row, i), dx) in dx.indexed_iter_mut() {
                *dx = dy[(row, i)] * params[i];
            }
        }
    }

    fn owned(&self) -> Option<&dyn OwnedGradient<F>> {
        Some(self)
    }
}

impl<F: Scalar> OwnedGradient<F> for BuiltAffine {
    fn blocks(&self) -> Vec<Range<usize>> {
        vec![0..self.size, self.size..2 * self.size]
    }

    fn gradient(
        &self,
        _gemm: Gemm,
        block: Range<usize>,
        x: ArrayView2<'_, F>,
        _cache: ArrayView2<'_, F>,
        dy: ArrayView2<'_, F>,
        dblock: &mut [F],
    ) {
        for (d, i) in dblock.iter_mut().zip(block) {
            let column = dy.column(i % self.size);
            *d = match i < self.size {
                true => x.column(i).iter().zip(column).map(|(&x, &dy)| x * dy).sum(),
                false => column.iter().copied().sum(),
            };
        }
    }
}

/// y = exp(−x²), in place, with a cache and scratch space, and a buffer that holds the exponent.
#[derive(Debug)]
struct Bell;

impl AnyLayerSpec for Bell {
    fn kind(&self) -> &'static str {
        "bell"
    }

    fn config(&self) -> Value {
        Value::Null
    }
}

impl<F: Scalar> LayerSpec<F> for Bell {
    fn build(&self, input: &Dims) -> Result<Box<dyn Layer<F>>> {
        Ok(Box::new(BuiltBell { size: input.size() }))
    }
}

#[derive(Debug)]
struct BuiltBell {
    size: usize,
}

impl<F: Scalar> Layer<F> for BuiltBell {
    fn needs(&self) -> Needs {
        let mut needs = Needs::new(Dims::flat(self.size)).cache(self.size).in_place();
        needs.buffers.push(TensorSpec::new("exponent", [1], Initializer::Constant(2.0)));
        needs
    }

    fn scratch(&self, rows: usize) -> usize {
        rows * self.size
    }

    fn forward(&self, _pass: Pass, _params: &[F], io: Forward<'_, F>) {
        let Forward { x, mut y, mut cache, scratch, buffers, .. } = io;
        assert!(x.is_none(), "it works in place");
        assert!(scratch.len() >= y.len());
        cache.assign(&y);
        for (square, x) in scratch.iter_mut().zip(&y) {
            *square = x.abs().powf(buffers[0]);
        }
        for (y, &square) in y.iter_mut().zip(&*scratch) {
            *y = (-square).exp();
        }
    }

    fn backward(&self, _pass: Pass, _params: &[F], io: Backward<'_, F>) {
        let Backward { y, cache, mut dy, .. } = io;
        for ((dy, &y), &x) in dy.iter_mut().zip(&y).zip(&cache) {
            *dy *= -(x + x) * y;
        }
    }
}

fn data(rows: usize) -> Dataset<'static, f64> {
    let mut random = RandomState::new(8);
    let x = Array2::from_shape_simple_fn((rows, 4), || random.uniform(-1.5, 1.5));
    let targets: Vec<f64> = x.rows().into_iter().map(|x| x[0] * x[1] - x[2]).collect();
    Dataset::new(x, targets).unwrap()
}

fn networks() -> [Sequential<f64>; 3] {
    let affine = || Affine { start: 1.5 };
    let start = || Sequential::<f64>::input(4).seed(2);
    [
        start().dense(6).layer(affine()).tanh().dense(1).build().unwrap(),
        start().layer(affine()).layer(Bell).layer(affine()).dense(1).build().unwrap(),
        start().dense(5).relu().layer(Bell).layer(Bell).dense(1).layer(affine()).build().unwrap(),
    ]
}

#[test]
fn layers_from_outside_pass_the_gradient_check() {
    for network in networks() {
        let check = gradient_check(&network, &MeanSquaredError::default(), &data(7)).unwrap();
        assert!(check.worst() < 1e-6, "{}\n{check}", network.summary());
    }
}

#[test]
fn layers_from_outside_train_on_any_number_of_threads() {
    for network in networks() {
        for mode in [WeightGradient::Owners, WeightGradient::Shards] {
            let fit = |parallelism| {
                let mut trainer = Trainer::builder(network.clone(), MeanSquaredError::default())
                    .optimizer(Adam::new(0.01))
                    .batch_size(20)
                    .epochs(60)
                    .shards(3)
                    .weight_gradient(mode)
                    .parallelism(parallelism)
                    .build()
                    .unwrap();
                let losses = trainer.fit(&data(50)).unwrap().losses();
                (losses, trainer.network().parameters().to_vec())
            };
            let (losses, parameters) = fit(Parallelism::Serial);
            assert!(losses[59] < 0.7 * losses[0], "{} to {}", losses[0], losses[59]);
            assert!(fit(Parallelism::Threads(3)) == (losses, parameters));
        }
    }
}

#[test]
fn a_registered_layer_is_made_from_its_settings() {
    let mut registry = LayerRegistry::default();
    registry.register("affine", Affine::from_config);
    let spec = registry.create("affine", &Affine { start: 2.5 }.config()).unwrap();
    let network = Sequential::<f32>::input(3).boxed_layer(spec).build().unwrap();
    assert_eq!(network.parameters(), [2.5, 2.5, 2.5, 0.0, 0.0, 0.0]);
    assert!(network.summary().to_string().contains("affine"));
    assert!(matches!(
        registry.create("affine", &Value::Null),
        Err(Error::Param { name: "affine", .. })
    ));
    assert!(matches!(
        registry.create("afine", &Value::Null),
        Err(Error::UnknownName { what: "layer", .. })
    ));
    let bad = Sequential::<f32>::input(3).layer(Affine { start: f64::NAN }).build();
    assert!(matches!(bad, Err(Error::Param { name: "start", .. })));
}
