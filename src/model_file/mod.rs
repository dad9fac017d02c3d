//! Networks in files.
//!
//! A file is a safetensors file: every parameter tensor and buffer under its name, little-endian,
//! F32 or F64. Its metadata has one entry, "blastrain", whose JSON is [`Header`]. (One entry and
//! not many, because safetensors writes entries in random order, and the same network shall give
//! the same bytes.)

mod tensors;

use std::collections::{BTreeSet, HashMap};
use std::io::Write;
use std::path::Path;

use safetensors::tensor::SafeTensors;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use tensors::{FileTensors, TensorValues};

use crate::error::{Error, Result};
use crate::layer::{AnyLayerSpec, LayerRegistry};
use crate::network::{Dims, Link, Sequential, TensorInfo, assemble};
use crate::scalar::Scalar;

/// The metadata entry that makes a safetensors file one of ours.
const ENTRY: &str = "blastrain";
/// Raised when a file can no longer be read by the versions before.
const FORMAT_VERSION: u64 = 1;
/// The path of what is not in a file.
pub(crate) const MEMORY: &str = "memory";
/// The tensor of an estimator's optimiser.
const OPTIMIZER: &str = "estimator.optimizer";

/// What a file says about the network beside its tensors.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Header {
    format_version: u64,
    crate_version: String,
    scalar: String,
    input: Dims,
    layers: Vec<StoredPart>,
    link: Link,
    seed: u32,
    /// What a fitted estimator knows beside its network.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    estimator: Option<Value>,
    /// The fitted steps before an estimator, first to last, if it stands in a pipeline.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    steps: Option<Vec<StoredPart>>,
}

/// What a file holds for a fitted estimator beside its network.
pub(crate) struct EstimatorPart<F> {
    pub(crate) description: Value,
    /// The optimiser's state; empty if there is none.
    pub(crate) optimizer: Vec<F>,
    /// The fitted steps before it; `None` for an estimator by itself.
    pub(crate) steps: Option<Vec<StoredPart>>,
}

/// The description of a layer or of a pipeline's fitted step.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StoredPart {
    /// The name that its registry knows it by.
    pub kind: String,
    /// What its constructor in the registry takes.
    pub config: Value,
}

impl<F: Scalar> Sequential<F> {
    /// Saves the network: layers, parameters, buffers, link and seed.
    ///
    /// The file is in the safetensors format: Python's `safetensors` reads the tensors by their
    /// names ([`Sequential::tensors`]). It is written whole or not at all.
    ///
    /// ```
    /// use blastrain::Sequential;
    ///
    /// let network = Sequential::<f32>::input(4).dense(8).relu().dense(3).seed(7).build()?;
    /// let path = std::env::temp_dir().join(format!("doc-{}.safetensors", std::process::id()));
    /// network.save(&path)?;
    /// let loaded = Sequential::<f32>::load(&path)?;
    /// assert_eq!(loaded.parameters(), network.parameters());
    /// # std::fs::remove_file(&path).ok();
    /// # Ok::<(), blastrain::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Io`] if the file cannot be written; a file that was there is left as it was.
    /// [`Error::NonFinite`] for a NaN or an infinity among the values; [`Error::Unavailable`] for a
    /// layer of the crate's that could not be read back, such as one with an activation of your own.
    pub fn save(&self, path: impl AsRef<Path>) -> Result<()> {
        let bytes = self.to_bytes()?;
        crate::file::write_atomically(path.as_ref(), |file| file.write_all(&bytes))
    }

    /// The bytes that [`Sequential::save`] writes; the same for the same network.
    ///
    /// # Errors
    /// As [`Sequential::save`], but for the file.
    pub fn to_bytes(&self) -> Result<Vec<u8>> {
        self.to_bytes_with(None)
    }

    /// The bytes of a file that holds a fitted estimator.
    pub(crate) fn to_bytes_with(&self, estimator: Option<EstimatorPart<F>>) -> Result<Vec<u8>> {
        check_readable(self.specs())?;
        let (description, optimizer, steps) = match estimator {
            None => (None, Vec::new(), None),
            Some(part) => (Some(part.description), part.optimizer, part.steps),
        };
        let info = TensorInfo::whole(OPTIMIZER, optimizer.len());
        let extra = if optimizer.is_empty() { &[] } else { std::slice::from_ref(&info) };
        let tensors = tensors(self.tensors(), self.parameters(), "parameter")?
            .chain(tensors(self.buffer_tensors(), self.buffers(), "buffer")?)
            .chain(tensors(extra, &optimizer, "optimizer state")?);
        let header = Header {
            format_version: FORMAT_VERSION,
            crate_version: env!("CARGO_PKG_VERSION").into(),
            scalar: F::NAME.into(),
            input: self.input_dims().clone(),
            layers: self
                .specs()
                .iter()
                .map(|spec| StoredPart { kind: spec.kind().into(), config: spec.config() })
                .collect(),
            link: self.link(),
            seed: self.seed(),
            estimator: description,
            steps,
        };
        let failed = |error: &dyn std::fmt::Display| malformed(MEMORY.as_ref(), error.to_string());
        let header = serde_json::to_string(&header).map_err(|error| failed(&error))?;
        let entries = HashMap::from([(ENTRY.to_owned(), header)]);
        safetensors::serialize(tensors, Some(entries)).map_err(|error| failed(&error))
    }

    /// Loads a network of the crate's own layers, bit for bit as it was saved.
    ///
    /// # Errors
    /// [`Error::Io`] if the file cannot be read; [`Error::Format`] if it is damaged or not of this
    /// crate; [`Error::ScalarType`] if it holds the other scalar type; [`Error::UnknownName`] for a
    /// layer of a kind that is not the crate's.
    pub fn load(path: impl AsRef<Path>) -> Result<Self> {
        Self::load_with(path, &LayerRegistry::default())
    }

    /// Loads a network that may hold layers of the kinds in `registry`.
    ///
    /// # Errors
    /// As [`Sequential::load`], and what the layers' constructors refuse.
    pub fn load_with(path: impl AsRef<Path>, registry: &LayerRegistry) -> Result<Self> {
        let path = path.as_ref();
        let bytes = crate::file::read(path)?;
        Ok(read(path, &bytes, registry)?.0)
    }

    /// As [`Sequential::load`], from the file's bytes.
    ///
    /// # Errors
    /// As [`Sequential::load`], with "memory" for the path.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self> {
        Self::from_bytes_with(bytes, &LayerRegistry::default())
    }

    /// As [`Sequential::load_with`], from the file's bytes.
    ///
    /// # Errors
    /// As [`Sequential::load_with`], with "memory" for the path.
    pub fn from_bytes_with(bytes: &[u8], registry: &LayerRegistry) -> Result<Self> {
        Ok(read(MEMORY.as_ref(), bytes, registry)?.0)
    }
}

/// Better no file than one that nobody can load. Kinds of others are theirs to judge.
fn check_readable(specs: &[Box<dyn AnyLayerSpec>]) -> Result<()> {
    let own = LayerRegistry::default();
    for spec in specs {
        if !own.kinds().any(|kind| kind == spec.kind()) {
            continue;
        }
        let why = match own.create(spec.kind(), &spec.config()) {
            Err(error) => error.to_string(),
            Ok(read) if !same_activation(&*read, &**spec) => {
                "it would be read back as the crate's own of the same name".to_owned()
            }
            Ok(_) => continue,
        };
        return Err(Error::Unavailable {
            what: format!("saving the layer {}", spec.describe()),
            why: format!("it could not be read back: {why}"),
        });
    }
    Ok(())
}

/// Whether two layers' activations, if they have any, are of one type.
fn same_activation(one: &dyn AnyLayerSpec, other: &dyn AnyLayerSpec) -> bool {
    let kind = |spec: &dyn AnyLayerSpec| spec.own_activation().map(std::any::Any::type_id);
    kind(one) == kind(other)
}

/// Names and values of tensors that lie one behind the other in `values`, all finite.
fn tensors<'a, F: Scalar>(
    infos: &'a [TensorInfo],
    values: &'a [F],
    what: &'static str,
) -> Result<impl Iterator<Item = (&'a str, TensorValues<'a, F>)>> {
    if let Some(column) = values.iter().position(|value| !value.is_finite()) {
        let value = values[column].as_f64();
        return Err(Error::NonFinite { what, value, row: 0, column });
    }
    Ok(infos.iter().map(|info| {
        let values = &values[info.range.clone()];
        (&*info.name, TensorValues { shape: &info.shape, values })
    }))
}

/// Reads a fitted estimator's network and the rest of it.
pub(crate) fn read_estimator<F: Scalar>(
    path: &Path,
    bytes: &[u8],
) -> Result<(Sequential<F>, EstimatorPart<F>)> {
    let (network, part) = read(path, bytes, &LayerRegistry::default())?;
    let part =
        part.ok_or_else(|| malformed(path, "it holds a network, not an estimator".into()))?;
    Ok((network, part))
}

fn read<F: Scalar>(
    path: &Path,
    bytes: &[u8],
    registry: &LayerRegistry,
) -> Result<(Sequential<F>, Option<EstimatorPart<F>>)> {
    let malformed = |message: String| malformed(path, message);
    let (_, metadata) =
        SafeTensors::read_metadata(bytes).map_err(|error| malformed(error.to_string()))?;
    let file = SafeTensors::deserialize(bytes).map_err(|error| malformed(error.to_string()))?;
    let entry = metadata.metadata().as_ref().and_then(|entries| entries.get(ENTRY));
    let header = parse_header(entry).map_err(malformed)?;
    if header.scalar != F::NAME {
        return Err(match ["f32", "f64"].into_iter().find(|&name| name == header.scalar) {
            Some(found) => Error::ScalarType { path: path.into(), found, wanted: F::NAME },
            None => malformed(format!("unknown scalar type \"{}\"", header.scalar)),
        });
    }
    if header.layers.is_empty() {
        return Err(malformed("the network has no layers".into()));
    }
    let mut specs = Vec::with_capacity(header.layers.len());
    for (i, layer) in header.layers.iter().enumerate() {
        let place = format!("layer {} ({}): ", i + 1, layer.kind);
        let spec = registry.create(&layer.kind, &layer.config);
        specs.push(spec.map_err(|error| in_file(path, &place, error))?);
    }
    let mut source = FileTensors { path, file, used: BTreeSet::new() };
    let mut network = assemble(header.input, specs, header.seed, &mut source)
        .map_err(|error| in_file(path, "", error))?;
    network.set_link(header.link);
    let part = match (header.estimator, header.steps) {
        (Some(description), steps) => Some(source.estimator_part(description, steps)?),
        (None, None) => None,
        (None, Some(_)) => return Err(malformed("steps, but no estimator behind them".into())),
    };
    source.check_all_used()?;
    Ok((network, part))
}

/// The metadata entry, or what is wrong with it.
fn parse_header(entry: Option<&String>) -> Result<Header, String> {
    /// What every version has.
    #[derive(Deserialize)]
    struct Version {
        format_version: u64,
    }
    let entry =
        entry.ok_or_else(|| format!("not a network of this crate: no metadata \"{ENTRY}\""))?;
    let bad = |error: serde_json::Error| format!("metadata \"{ENTRY}\": {error}");
    let Version { format_version } = serde_json::from_str(entry).map_err(bad)?;
    if format_version != FORMAT_VERSION {
        return Err(format!(
            "format version {format_version}; this version of the crate reads {FORMAT_VERSION}"
        ));
    }
    serde_json::from_str(entry).map_err(bad)
}

fn malformed(path: &Path, message: String) -> Error {
    Error::format("safetensors", path, message)
}

/// What a layer or a step refuses is the file's fault. A kind that is not known, or not in this build, is not.
pub(crate) fn in_file(path: &Path, place: &str, error: Error) -> Error {
    match error {
        Error::Format { .. } | Error::UnknownName { .. } | Error::Unavailable { .. } => error,
        other => malformed(path, format!("{place}{other}")),
    }
}
