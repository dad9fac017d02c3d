//! The tensors of a file: as they are written, and as a network asks for them.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::path::Path;

use safetensors::tensor::{Dtype, SafeTensors, View};
use serde_json::Value;

use super::{EstimatorPart, OPTIMIZER, StoredPart, malformed};
use crate::error::Result;
use crate::network::{TensorInfo, TensorSource, TensorSpec};
use crate::scalar::Scalar;

/// A tensor that is turned into bytes when it is written.
pub(super) struct TensorValues<'a, F> {
    pub(super) shape: &'a [usize],
    pub(super) values: &'a [F],
}

impl<F: Scalar> View for TensorValues<'_, F> {
    fn dtype(&self) -> Dtype {
        dtype::<F>()
    }

    fn shape(&self) -> &[usize] {
        self.shape
    }

    fn data(&self) -> Cow<'_, [u8]> {
        let values = self.values.iter().map(|value| value.as_f64());
        // Every f32 is an f64, so the way there and back changes no bit of a finite number.
        Cow::Owned(match dtype::<F>() {
            Dtype::F32 => values.flat_map(|value| (value as f32).to_le_bytes()).collect(),
            _ => values.flat_map(f64::to_le_bytes).collect(),
        })
    }

    fn data_len(&self) -> usize {
        size_of_val(self.values)
    }
}

pub(super) fn dtype<F: Scalar>() -> Dtype {
    if size_of::<F>() == size_of::<f32>() { Dtype::F32 } else { Dtype::F64 }
}

/// The tensors of a file, as a network asks for them.
pub(super) struct FileTensors<'a> {
    pub(super) path: &'a Path,
    pub(super) file: SafeTensors<'a>,
    pub(super) used: BTreeSet<String>,
}

impl FileTensors<'_> {
    /// The tensor beside the network's own.
    pub(super) fn estimator_part<F: Scalar>(
        &mut self,
        description: Value,
        steps: Option<Vec<StoredPart>>,
    ) -> Result<EstimatorPart<F>> {
        let mut optimizer = Vec::new();
        if let Ok(found) = self.file.tensor(OPTIMIZER) {
            let info = TensorInfo::whole(OPTIMIZER, found.shape().iter().product());
            TensorSource::<F>::check(self, &info)?;
            optimizer.resize(info.range.len(), F::zero());
            self.values(OPTIMIZER, &mut optimizer)?;
        }
        Ok(EstimatorPart { description, optimizer, steps })
    }

    /// Overwrites `values` by those of a tensor that has been checked.
    pub(super) fn values<F: Scalar>(&self, name: &str, values: &mut [F]) -> Result<()> {
        let missing = |_| malformed(self.path, format!("the tensor \"{name}\" is missing"));
        let found = self.file.tensor(name).map_err(missing)?;
        match dtype::<F>() {
            Dtype::F32 => {
                copy(found.data(), values, |bytes| f64::from(f32::from_le_bytes(bytes)));
            }
            _ => copy(found.data(), values, f64::from_le_bytes),
        }
        match values.iter().position(|value| !value.is_finite()) {
            None => Ok(()),
            Some(place) => {
                let value = values[place];
                Err(malformed(self.path, format!("\"{name}\" holds {value} at position {place}")))
            }
        }
    }

    pub(super) fn check_all_used(&self) -> Result<()> {
        let mut left: Vec<&str> =
            self.file.names().into_iter().filter(|&name| !self.used.contains(name)).collect();
        left.sort_unstable();
        match left.first() {
            None => Ok(()),
            Some(name) => Err(malformed(
                self.path,
                format!("{} tensors belong to no layer, the first \"{name}\"", left.len()),
            )),
        }
    }
}

impl<F: Scalar> TensorSource<F> for FileTensors<'_> {
    fn check(&mut self, tensor: &TensorInfo) -> Result<()> {
        let name = &tensor.name;
        let malformed = |message| Err(malformed(self.path, message));
        let Ok(found) = self.file.tensor(name) else {
            return malformed(format!("the tensor \"{name}\" is missing"));
        };
        if found.shape() != tensor.shape {
            let (got, want) = (found.shape(), &tensor.shape);
            return malformed(format!("\"{name}\" has shape {got:?}, its layer {want:?}"));
        }
        if found.dtype() != dtype::<F>() {
            let (got, want) = (found.dtype(), dtype::<F>());
            return malformed(format!("\"{name}\" has type {got}, the network {want}"));
        }
        self.used.insert(name.clone());
        Ok(())
    }

    fn fill(&mut self, tensor: &TensorInfo, _spec: &TensorSpec, values: &mut [F]) -> Result<()> {
        self.values(&tensor.name, values)
    }
}

/// Overwrites `values` by numbers of `N` bytes each.
fn copy<F: Scalar, const N: usize>(bytes: &[u8], values: &mut [F], number: fn([u8; N]) -> f64) {
    let (numbers, _) = bytes.as_chunks::<N>();
    for (value, &bytes) in values.iter_mut().zip(numbers) {
        *value = F::from_f64(number(bytes));
    }
}
