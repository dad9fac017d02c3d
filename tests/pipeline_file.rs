//! Fitted pipelines in files.

use blastrain::Error;
use blastrain::estimator::{FittedMlpClassifier, FittedMlpRegressor, FittedPipeline};
use blastrain::prelude::*;
use blastrain::preprocessing::{FittedTransformer, Transformer, TransformerRegistry};
use ndarray::{Array2, ArrayView2};
use serde_json::Value;

type Labelled = FittedPipeline<f64, FittedMlpClassifier<f64, String>>;

fn classifier() -> MlpClassifier {
    MlpClassifier::new().hidden_layer_sizes([6]).max_iter(5)
}

fn fitted() -> FittedPipeline<f64, FittedMlpClassifier<f64>> {
    let data = datasets::wine::<f64>().unwrap();
    let steps = Pipeline::new().step(StandardScaler::new()).step(MinMaxScaler::new());
    steps.estimator(classifier()).fit(&data).unwrap()
}

#[test]
fn raw_features_are_predicted_from_a_file_to_the_bit() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("wine.safetensors");
    let data = datasets::wine::<f64>().unwrap();
    let model = fitted().with_labels(&["one", "two", "three"].map(String::from)).unwrap();
    model.save(&path).unwrap();
    let loaded = Labelled::load(&path).unwrap();
    assert_eq!(loaded.predict(&data).unwrap(), model.predict(&data).unwrap());
    assert_eq!(loaded.predict_proba(&data).unwrap(), model.predict_proba(&data).unwrap());
    assert_eq!(loaded.score(&data).unwrap(), model.score(&data).unwrap());
    assert_eq!(loaded.to_bytes().unwrap(), model.to_bytes().unwrap());
    assert_eq!(std::fs::read(&path).unwrap(), model.to_bytes().unwrap());
    // The network by itself takes what the steps give.
    let network = Sequential::<f64>::load(&path).unwrap();
    let mapped = model.transform(&data).unwrap();
    assert_eq!(network.predict_proba(&mapped).unwrap(), model.predict_proba(&data).unwrap());
}

#[test]
fn a_file_that_cannot_be_written_leaves_the_old_one() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("no such folder").join("wine.safetensors");
    assert!(matches!(fitted().save(&path), Err(Error::Io { .. })));
    assert!(matches!(Labelled::load(&path), Err(Error::Io { .. })));

    // What has no file does not touch the one that there is.
    let path = folder.path().join("model.safetensors");
    fitted().save(&path).unwrap();
    let before = std::fs::read(&path).unwrap();
    let data = datasets::wine::<f64>().unwrap();
    let own_loss = Pipeline::new().estimator(classifier().loss(CrossEntropy)).fit(&data).unwrap();
    assert!(matches!(own_loss.save(&path), Err(Error::Unavailable { .. })));
    assert_eq!(std::fs::read(&path).unwrap(), before);
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[test]
fn models_and_pipelines_are_told_apart() {
    type Pipelined = FittedPipeline<f64, FittedMlpClassifier<f64>>;
    let model = fitted();
    let (piped, alone) = (model.to_bytes().unwrap(), model.model().to_bytes().unwrap());
    let message = |error: Error| {
        assert!(matches!(error, Error::Format { .. }), "{error}");
        error.to_string()
    };
    let refused = message(FittedMlpClassifier::<f64>::from_bytes(&piped).unwrap_err());
    assert!(refused.contains("it holds a pipeline"), "{refused}");
    let refused = message(Pipelined::from_bytes(&alone).unwrap_err());
    assert!(refused.contains("a model by itself, not a pipeline"), "{refused}");
    type Regression = FittedPipeline<f64, FittedMlpRegressor<f64>>;
    let refused = message(Regression::from_bytes(&piped).unwrap_err());
    assert!(refused.contains("holds mlp_classifier, not mlp_regressor"), "{refused}");
    type Single = FittedPipeline<f32, FittedMlpClassifier<f32>>;
    assert!(matches!(Single::from_bytes(&piped), Err(Error::ScalarType { .. })));
    // Labels of another type than the file's.
    message(Labelled::from_bytes(&piped).unwrap_err());
}

/// The bytes of a file with its header's JSON changed.
fn changed(bytes: &[u8], change: impl FnOnce(&mut Value)) -> Vec<u8> {
    let (length, rest) = bytes.split_at(8);
    let length = u64::from_le_bytes(length.try_into().unwrap()) as usize;
    let mut header: Value = serde_json::from_slice(&rest[..length]).unwrap();
    let entry = header["__metadata__"]["blastrain"].as_str().unwrap();
    let mut own: Value = serde_json::from_str(entry).unwrap();
    change(&mut own);
    header["__metadata__"]["blastrain"] = Value::from(own.to_string());
    let header = header.to_string();
    let length = (header.len() as u64).to_le_bytes();
    [&length, header.as_bytes(), &rest[bytes_of_header(bytes)..]].concat()
}

fn bytes_of_header(bytes: &[u8]) -> usize {
    u64::from_le_bytes(bytes[..8].try_into().unwrap()) as usize
}

#[test]
fn damaged_files_are_refused() {
    type Pipelined = FittedPipeline<f64, FittedMlpClassifier<f64>>;
    let bytes = fitted().to_bytes().unwrap();
    let same = changed(&bytes, |_| ());
    assert!(Pipelined::from_bytes(&same).is_ok());
    for cut in [0, 7, 8, 100, bytes.len() / 2, bytes.len() - 1] {
        let refused = Pipelined::from_bytes(&bytes[..cut]);
        assert!(matches!(refused, Err(Error::Format { .. })), "cut at {cut}");
    }
    let message =
        |change: &dyn Fn(&mut Value)| match Pipelined::from_bytes(&changed(&bytes, |header| {
            change(header)
        })) {
            Err(Error::Format { message, .. }) => message,
            other => panic!("{other:?}"),
        };
    let broken = message(&|header| header["steps"][1]["config"] = Value::from(3));
    assert!(broken.starts_with("step 2 (min_max_scaler): "), "{broken}");
    let shorter = message(&|header| {
        header["steps"][0]["config"]["columns"].as_array_mut().unwrap().pop();
    });
    assert!(shorter.contains("takes 13 columns, but the step before gives 12"), "{shorter}");
    let narrow = message(&|header| {
        for step in header["steps"].as_array_mut().unwrap() {
            step["config"]["columns"].as_array_mut().unwrap().pop();
        }
    });
    assert!(narrow.contains("gives 12 columns, but the model takes 13"), "{narrow}");
    let mistyped = message(&|header| header["steps"] = Value::from("none"));
    assert!(mistyped.contains("metadata"), "{mistyped}");
    let headless = message(&|header| {
        header.as_object_mut().unwrap().remove("estimator");
    });
    assert!(headless.contains("no estimator"), "{headless}");
    let other_solver = message(&|header| {
        header["estimator"]["settings"]["solver"] = Value::from("sgd");
    });
    assert!(other_solver.contains("optimiser's state has"), "{other_solver}");
    let unknown = changed(&bytes, |header| header["steps"][0]["kind"] = Value::from("magic"));
    let refused = Pipelined::from_bytes(&unknown);
    assert!(matches!(refused, Err(Error::UnknownName { what: "transformer", .. })));
}

/// Multiplies by a number; `kind` is what it calls itself.
#[derive(Debug, Clone)]
struct Times {
    factor: f64,
    features: usize,
    kind: &'static str,
}

impl Transformer<f64> for Times {
    fn fit_boxed(&self, data: &Dataset<'_, f64>) -> Result<Box<dyn FittedTransformer<f64>>> {
        Ok(Box::new(Times { features: data.features(), ..self.clone() }))
    }

    fn clone_box(&self) -> Box<dyn Transformer<f64>> {
        Box::new(self.clone())
    }
}

impl FittedTransformer<f64> for Times {
    fn features(&self) -> usize {
        self.features
    }

    fn outputs(&self) -> usize {
        self.features
    }

    fn transform(&self, features: ArrayView2<'_, f64>) -> Result<Array2<f64>> {
        Ok(features.mapv(|value| self.factor * value))
    }

    fn kind(&self) -> &'static str {
        self.kind
    }

    fn config(&self) -> Value {
        serde_json::json!([self.factor, self.features])
    }

    fn clone_box(&self) -> Box<dyn FittedTransformer<f64>> {
        Box::new(self.clone())
    }
}

#[test]
fn steps_of_ones_own_are_read_by_a_registry_that_knows_them() {
    let data = datasets::diabetes::<f64>().unwrap();
    let fit = |kind| {
        let step = Times { factor: 0.1, features: 0, kind };
        let model = MlpRegressor::new().hidden_layer_sizes([3]).max_iter(2);
        Pipeline::new().step(step).estimator(model).fit(&data).unwrap()
    };
    let model = fit("times");
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("own.safetensors");
    model.save(&path).unwrap();
    type Own = FittedPipeline<f64, FittedMlpRegressor<f64>>;
    assert!(matches!(Own::load(&path), Err(Error::UnknownName { what: "transformer", .. })));
    let mut registry = TransformerRegistry::default();
    registry.register("times", |config| {
        let (factor, features) = (config[0].as_f64(), config[1].as_u64());
        let (Some(factor), Some(features)) = (factor, features) else {
            return Err(Error::param("times", config, "a factor and a number of features"));
        };
        Ok(Box::new(Times { factor, features: features as usize, kind: "times" }))
    });
    let loaded = Own::load_with(&path, &registry).unwrap();
    assert_eq!(loaded.predict(&data).unwrap(), model.predict(&data).unwrap());
    // Under the name of one of the crate's it could not be read back, and so is not written.
    let refused = fit("pca").to_bytes();
    assert!(matches!(refused, Err(Error::Unavailable { .. })));
}
