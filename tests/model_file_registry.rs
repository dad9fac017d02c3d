//! Saved networks that hold a layer from outside the crate.

use blastrain::layer::{
    AnyLayerSpec, Backward, Forward, Layer, LayerRegistry, LayerSpec, Needs, Pass,
};
use blastrain::network::{Dims, TensorSpec};
use blastrain::{Error, Initializer, Result, Scalar, Sequential};
use serde_json::{Value, json};

/// A layer of a user's: y = x·scale + shift, where the shift is not trained.
#[derive(Debug, Clone)]
struct Affine {
    start: f64,
    twice: bool,
}

impl Affine {
    fn from_config(config: &Value) -> Result<Box<dyn AnyLayerSpec>> {
        let start = config["start"].as_f64();
        let start = start.ok_or_else(|| Error::param("start", &config["start"], "a number"))?;
        Ok(Box::new(Affine { start, twice: false }))
    }
}

impl AnyLayerSpec for Affine {
    fn kind(&self) -> &'static str {
        "affine"
    }

    fn config(&self) -> Value {
        json!({ "start": self.start })
    }
}

impl<F: Scalar> LayerSpec<F> for Affine {
    fn build(&self, input: &Dims) -> Result<Box<dyn Layer<F>>> {
        Ok(Box::new(BuiltAffine { dims: input.clone(), spec: self.clone() }))
    }
}

#[derive(Debug)]
struct BuiltAffine {
    dims: Dims,
    spec: Affine,
}

impl<F: Scalar> Layer<F> for BuiltAffine {
    fn needs(&self) -> Needs {
        let size = self.dims.size();
        let scale = TensorSpec::new("scale", [size], Initializer::Constant(self.spec.start));
        let mut needs = Needs::new(self.dims.clone()).param(scale.clone()).output_unread();
        let shift = TensorSpec::new("shift", [size], Initializer::Uniform(1.0));
        needs.buffers.push(if self.spec.twice { scale } else { shift });
        needs
    }

    fn forward(&self, _pass: Pass, params: &[F], io: Forward<'_, F>) {
        let Forward { x: Some(x), mut y, buffers, .. } = io else { return };
        for (x, mut y) in x.outer_iter().zip(y.outer_iter_mut()) {
            for (j, y) in y.iter_mut().enumerate() {
                *y = x[j] * params[j] + buffers[j];
            }
        }
    }

    fn backward(&self, _pass: Pass, params: &[F], io: Backward<'_, F>) {
        let Backward { x, dy, dx, dparams, .. } = io;
        if let Some(dparams) = dparams {
            for (j, dscale) in dparams.iter_mut().enumerate() {
                *dscale = x.column(j).iter().zip(dy.column(j)).map(|(&x, &dy)| x * dy).sum();
            }
        }
        if let Some(mut dx) = dx {
            for ((i, j), dx) in dx.indexed_iter_mut() {
                *dx = dy[[i, j]] * params[j];
            }
        }
    }
}

#[test]
fn layers_from_outside_are_saved_and_loaded_by_registry() {
    let affine = Affine { start: 0.1 + 0.2, twice: false };
    let network =
        Sequential::<f64>::input(3).layer(affine).relu().dense(2).seed(1).build().unwrap();
    assert_eq!(network.buffer_tensors()[0].name, "affine_1.shift");
    let bytes = network.to_bytes().unwrap();
    let unknown = Sequential::<f64>::from_bytes(&bytes);
    assert!(matches!(unknown, Err(Error::UnknownName { what: "layer", .. })));

    let mut registry = LayerRegistry::default();
    registry.register("affine", Affine::from_config);
    let loaded = Sequential::<f64>::from_bytes_with(&bytes, &registry).unwrap();
    assert_eq!(loaded.parameters(), network.parameters());
    assert_eq!(loaded.buffers(), network.buffers());
    assert_eq!(loaded.to_bytes().unwrap(), bytes);

    let summary = loaded.summary().to_string();
    let lines: Vec<&str> = summary.lines().collect();
    assert_eq!(
        lines,
        [
            "layer   output     parameters",
            "─────────────────────────────",
            "input   (rows, 3)           0",
            "affine  (rows, 3)           3",
            "relu    (rows, 3)           0",
            "dense   (rows, 2)           8",
            "─────────────────────────────",
            "11 parameters, 3 more values that are not trained, 0.1 KiB",
        ]
    );
}

#[test]
fn a_layer_that_names_two_tensors_alike_is_refused() {
    let twice = Affine { start: 1.0, twice: true };
    let error = Sequential::<f64>::input(3).layer(twice).build().unwrap_err();
    assert_eq!(
        error.to_string(),
        "tensor name is affine_1.scale, twice, but must be unique within its layer"
    );
}
