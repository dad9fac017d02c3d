//! Fitted pipelines in files.

use std::io::Write;
use std::path::Path;

use super::{FittedPipeline, Predictor};
use crate::error::{Error, Result};
use crate::model_file::{MEMORY, StoredPart, in_file};
use crate::preprocessing::{FittedTransformer, TransformerRegistry};
use crate::scalar::Scalar;

/// Keeps [`InFile`] to the crate's own models.
pub trait Sealed {}

/// A fitted model with a file format, which pipelines put their steps into:
/// [`FittedMlpClassifier`](super::FittedMlpClassifier) and [`FittedMlpRegressor`](super::FittedMlpRegressor).
pub trait InFile<F: Scalar>: Sealed + Sized {
    /// The bytes of a file that holds the model behind fitted steps, or by itself.
    #[doc(hidden)]
    fn bytes_behind(&self, steps: Option<Vec<StoredPart>>) -> Result<Vec<u8>>;

    /// The model, and the steps that it stands behind, if the file is a pipeline's.
    #[doc(hidden)]
    fn read_behind(path: &Path, bytes: &[u8]) -> Result<(Self, Option<Vec<StoredPart>>)>;

    /// The number of columns that the model takes.
    #[doc(hidden)]
    fn features_taken(&self) -> usize;
}

/// A model's file with the fitted steps in it.
impl<F: Scalar, M: Predictor<F> + InFile<F>> FittedPipeline<F, M> {
    /// Saves steps and model: all that predictions from raw features need, in this process or another.
    ///
    /// The file is in the safetensors format, written whole or not at all. As a
    /// [`Sequential`](crate::Sequential) its network can be loaded by itself; that takes features as
    /// [`FittedPipeline::transform`] gives them.
    ///
    /// # Errors
    /// [`Error::Io`] if the file cannot be written; a file that was there is left as it was.
    /// [`Error::Unavailable`] for a loss or an activation of your own, and for a step of your own under
    /// the name of one of the crate's.
    pub fn save(&self, path: impl AsRef<Path>) -> Result<()> {
        let bytes = self.to_bytes()?;
        crate::file::write_atomically(path.as_ref(), |file| file.write_all(&bytes))
    }

    /// The bytes of the pipeline's file; the same for the same pipeline.
    ///
    /// # Errors
    /// As [`FittedPipeline::save`], but for the file.
    pub fn to_bytes(&self) -> Result<Vec<u8>> {
        let own = TransformerRegistry::<F>::default();
        self.model.bytes_behind(Some(
            self.steps.iter().map(|step| stored(&**step, &own)).collect::<Result<_>>()?,
        ))
    }

    /// Loads a pipeline of the crate's own steps, bit for bit as it was saved but for the model's history.
    ///
    /// # Errors
    /// [`Error::Io`] if the file cannot be read; [`Error::Format`] if it is damaged, holds something else,
    /// or steps and model do not fit together; [`Error::ScalarType`] if it holds the other scalar type;
    /// [`Error::UnknownName`] for a step of a kind that is not the crate's.
    pub fn load(path: impl AsRef<Path>) -> Result<Self> {
        Self::load_with(path, &TransformerRegistry::default())
    }

    /// Loads a pipeline that may hold steps of the kinds in `registry`.
    ///
    /// # Errors
    /// As [`FittedPipeline::load`], and what the steps' constructors refuse.
    pub fn load_with(path: impl AsRef<Path>, registry: &TransformerRegistry<F>) -> Result<Self> {
        let path = path.as_ref();
        read(path, &crate::file::read(path)?, registry)
    }

    /// As [`FittedPipeline::load`], from the file's bytes.
    ///
    /// # Errors
    /// As [`FittedPipeline::load`], with "memory" for the path.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self> {
        Self::from_bytes_with(bytes, &TransformerRegistry::default())
    }

    /// As [`FittedPipeline::load_with`], from the file's bytes.
    ///
    /// # Errors
    /// As [`FittedPipeline::load_with`], with "memory" for the path.
    pub fn from_bytes_with(bytes: &[u8], registry: &TransformerRegistry<F>) -> Result<Self> {
        read(MEMORY.as_ref(), bytes, registry)
    }
}

/// A step's description. Better none than one that nobody can read; kinds of others are theirs to judge.
fn stored<F: Scalar>(
    step: &dyn FittedTransformer<F>,
    own: &TransformerRegistry<F>,
) -> Result<StoredPart> {
    let (kind, config) = (step.kind(), step.config());
    if own.kinds().any(|known| known == kind)
        && let Err(error) = own.create(kind, &config)
    {
        return Err(Error::Unavailable {
            what: format!("saving the step {kind}"),
            why: format!("it could not be read back: {error}"),
        });
    }
    Ok(StoredPart { kind: kind.to_owned(), config })
}

fn read<F: Scalar, M: Predictor<F> + InFile<F>>(
    path: &Path,
    bytes: &[u8],
    registry: &TransformerRegistry<F>,
) -> Result<FittedPipeline<F, M>> {
    let malformed = |message: String| Error::format("safetensors", path, message);
    let (model, stored) = M::read_behind(path, bytes)?;
    let stored =
        stored.ok_or_else(|| malformed("it holds a model by itself, not a pipeline".into()))?;
    let mut steps: Vec<Box<dyn FittedTransformer<F>>> = Vec::with_capacity(stored.len());
    for (i, StoredPart { kind, config }) in stored.iter().enumerate() {
        let place = format!("step {} ({kind}): ", i + 1);
        let step = registry.create(kind, config).map_err(|error| in_file(path, &place, error))?;
        if let Some(before) = steps.last().map(|before| before.outputs())
            && before != step.features()
        {
            let takes = step.features();
            return Err(malformed(format!(
                "{place}it takes {takes} columns, but the step before gives {before}"
            )));
        }
        steps.push(step);
    }
    let (given, taken) = (steps.last().map(|last| last.outputs()), model.features_taken());
    match given {
        Some(given) if given != taken => Err(malformed(format!(
            "the last step gives {given} columns, but the model takes {taken}"
        ))),
        _ => Ok(FittedPipeline { steps: steps.into(), model }),
    }
}
