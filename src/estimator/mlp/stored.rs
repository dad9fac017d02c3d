//! Fitted models in files.

use std::io::Write;
use std::path::Path;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::class_weight::ClassWeight;
use super::core::Core;
use super::fitted_classifier::FittedMlpClassifier;
use super::progress::Progress;
use super::regressor::{FittedMlpRegressor, RegressorLoss};
use super::settings::Settings;
use crate::error::{Error, Result};
use crate::estimator::pipeline_file::{InFile, Sealed};
use crate::model_file::{EstimatorPart, MEMORY, StoredPart, read_estimator};
use crate::random::RandomState;
use crate::scalar::Scalar;
use crate::train::{History, SavedTrainerState, TrainerState};

const CLASSIFIER: &str = "mlp_classifier";
const REGRESSOR: &str = "mlp_regressor";

/// What a file says about a model beside its network; `own` is what only its kind has.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct StoredModel<K> {
    kind: String,
    own: K,
    settings: Settings,
    progress: Progress,
    random: RandomState,
    trainer: Option<SavedTrainerState>,
    feature_names: Option<Vec<String>>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct StoredClassifier<C> {
    classes: C,
    flags: bool,
    class_weight: ClassWeight,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum StoredLoss {
    SquaredError,
    Poisson,
}

impl<F: Scalar> Core<F> {
    fn to_bytes<K: Serialize>(
        &self,
        kind: &str,
        own: K,
        steps: Option<Vec<StoredPart>>,
    ) -> Result<Vec<u8>> {
        let (trainer, optimizer) = match &self.state {
            None => (None, Vec::new()),
            Some(state) => {
                let (saved, optimizer) = state.to_saved();
                (Some(saved), optimizer)
            }
        };
        let stored = StoredModel {
            kind: kind.to_owned(),
            own,
            settings: self.settings.clone(),
            progress: self.progress.clone(),
            random: self.random.clone(),
            trainer,
            feature_names: self.feature_names.clone(),
        };
        let description = serde_json::to_value(stored)
            .map_err(|error| Error::format("safetensors", MEMORY, error.to_string()))?;
        self.network.to_bytes_with(Some(EstimatorPart { description, optimizer, steps }))
    }

    fn from_bytes<K: DeserializeOwned>(
        path: &Path,
        bytes: &[u8],
        kind: &str,
    ) -> Result<(Self, K, Option<Vec<StoredPart>>)> {
        let malformed = |message: String| Error::format("safetensors", path, message);
        let (network, part) = read_estimator(path, bytes)?;
        let EstimatorPart { description, optimizer, steps } = part;
        let found = description.get("kind").and_then(Value::as_str).unwrap_or("nothing known");
        if found != kind {
            return Err(malformed(format!("it holds {found}, not {kind}")));
        }
        let stored: StoredModel<K> = serde_json::from_value(description)
            .map_err(|error| malformed(format!("its estimator: {error}")))?;
        let StoredModel { own, settings, progress, random, trainer, feature_names, .. } = stored;
        settings.validate().map_err(|error| malformed(error.to_string()))?;
        let features = network.input_dims().size();
        if feature_names.as_ref().is_some_and(|names| names.len() != features) {
            return Err(malformed(format!("it does not name its {features} features one by one")));
        }
        let values = super::train::optimizer::<F>(&settings).slots() * network.parameter_count();
        if !optimizer.is_empty() && optimizer.len() != values {
            let (got, solver) = (optimizer.len(), settings.solver);
            return Err(malformed(format!(
                "its optimiser's state has {got} values, but {solver:?} keeps {values}"
            )));
        }
        let state = trainer.map(|saved| TrainerState::from_saved(saved, optimizer));
        let (paused, history) = (None, History::default());
        let core =
            Self { settings, network, progress, random, state, paused, history, feature_names };
        Ok((core, own, steps))
    }
}

/// The methods that save and load; `$kind` names the type to its readers.
macro_rules! file_methods {
    ($kind:literal) => {
        #[doc = concat!("Saves the ", $kind, ": network, settings, loss curve and scores, and what")]
        /// `partial_fit` goes on from.
        ///
        /// The file is in the safetensors format, written whole or not at all; as a
        /// [`Sequential`](crate::Sequential) its network can be loaded by itself. Labels must be of a type that
        /// can be read back: `String`, not `&str`.
        ///
        /// # Errors
        /// [`Error::Io`] if the file cannot be written; [`Error::Unavailable`] for a loss or an activation
        /// of your own.
        pub fn save(&self, path: impl AsRef<Path>) -> Result<()> {
            let bytes = self.to_bytes()?;
            crate::file::write_atomically(path.as_ref(), |file| file.write_all(&bytes))
        }

        #[doc = concat!("Loads a ", $kind, ", bit for bit as it was saved but for its history.")]
        ///
        /// # Errors
        /// [`Error::Io`] if the file cannot be read; [`Error::Format`] if it is damaged or holds something
        /// else; [`Error::ScalarType`] if it holds the other scalar type.
        pub fn load(path: impl AsRef<Path>) -> Result<Self> {
            let path = path.as_ref();
            Self::read(path, &crate::file::read(path)?)
        }

        #[doc = concat!("Loads a ", $kind, " from the bytes of its file.")]
        ///
        /// # Errors
        /// As loading a file, with "memory" for the path.
        pub fn from_bytes(bytes: &[u8]) -> Result<Self> {
            Self::read(MEMORY.as_ref(), bytes)
        }

        /// The bytes of the model's file; the same for the same model.
        ///
        /// # Errors
        /// As saving, but for the file.
        pub fn to_bytes(&self) -> Result<Vec<u8>> {
            self.bytes_behind(None)
        }

        fn read(path: &Path, bytes: &[u8]) -> Result<Self> {
            match Self::read_behind(path, bytes)? {
                (model, None) => Ok(model),
                (_, Some(_)) => {
                    let message = concat!("it holds a pipeline, not a ", $kind, " by itself");
                    Err(Error::format("safetensors", path, message))
                }
            }
        }
    };
}

impl<F: Scalar, L: Serialize + DeserializeOwned> FittedMlpClassifier<F, L> {
    file_methods!("classifier with its labels");
}

impl<F, L> Sealed for FittedMlpClassifier<F, L> {}

impl<F: Scalar, L: Serialize + DeserializeOwned> InFile<F> for FittedMlpClassifier<F, L> {
    fn bytes_behind(&self, steps: Option<Vec<StoredPart>>) -> Result<Vec<u8>> {
        if self.loss.is_some() {
            return Err(own_loss());
        }
        let Self { classes, flags, class_weight, .. } = self;
        let class_weight = class_weight.clone();
        let own = StoredClassifier { classes, flags: *flags, class_weight };
        self.core.to_bytes(CLASSIFIER, own, steps)
    }

    fn read_behind(path: &Path, bytes: &[u8]) -> Result<(Self, Option<Vec<StoredPart>>)> {
        let (core, own, steps) = Core::<F>::from_bytes(path, bytes, CLASSIFIER)?;
        let StoredClassifier::<Vec<L>> { classes, flags, class_weight } = own;
        let count = classes.len();
        let outputs = if flags || count > 2 { count } else { 1 };
        if count == 0 || core.network.outputs() != outputs {
            let found = core.network.outputs();
            let message = format!("{count} classes do not fit a network of {found} outputs");
            return Err(Error::format("safetensors", path, message));
        }
        Ok((Self { core, classes, flags, class_weight, loss: None }, steps))
    }

    fn features_taken(&self) -> usize {
        self.n_features_in()
    }
}

impl<F: Scalar> FittedMlpRegressor<F> {
    file_methods!("regressor");
}

impl<F> Sealed for FittedMlpRegressor<F> {}

impl<F: Scalar> InFile<F> for FittedMlpRegressor<F> {
    fn bytes_behind(&self, steps: Option<Vec<StoredPart>>) -> Result<Vec<u8>> {
        let loss = match self.loss {
            RegressorLoss::SquaredError => StoredLoss::SquaredError,
            RegressorLoss::Poisson => StoredLoss::Poisson,
            RegressorLoss::Custom(_) => return Err(own_loss()),
        };
        self.core.to_bytes(REGRESSOR, loss, steps)
    }

    fn read_behind(path: &Path, bytes: &[u8]) -> Result<(Self, Option<Vec<StoredPart>>)> {
        let (core, loss, steps) = Core::<F>::from_bytes(path, bytes, REGRESSOR)?;
        let loss = match loss {
            StoredLoss::SquaredError => RegressorLoss::SquaredError,
            StoredLoss::Poisson => RegressorLoss::Poisson,
        };
        Ok((Self { core, loss }, steps))
    }

    fn features_taken(&self) -> usize {
        self.n_features_in()
    }
}

fn own_loss() -> Error {
    Error::Unavailable {
        what: "saving a model with a loss of your own".into(),
        why: "it could not be read back".into(),
    }
}
