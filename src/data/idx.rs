//! IDX files: the format of MNIST and its successors.

use std::io::Read;
use std::path::{Path, PathBuf};

use ndarray::Array2;

use super::source::{self, MEMORY, Source};
use crate::error::{Error, Result};
use crate::scalar::Scalar;

const FORMAT: &str = "IDX";

/// The numbers of an IDX file, row-major, in the type that the file keeps them in.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum IdxValues {
    /// Type code 0x08.
    U8(Vec<u8>),
    /// Type code 0x09.
    I8(Vec<i8>),
    /// Type code 0x0B.
    I16(Vec<i16>),
    /// Type code 0x0C.
    I32(Vec<i32>),
    /// Type code 0x0D.
    F32(Vec<f32>),
    /// Type code 0x0E.
    F64(Vec<f64>),
}

/// An array read from an IDX file.
#[derive(Debug, Clone, PartialEq)]
pub struct IdxArray {
    path: PathBuf,
    dims: Vec<usize>,
    values: IdxValues,
}

/// Reads an IDX file, plain or gzip (known by its first bytes, not by its name).
///
/// The format: two zero bytes, a type code, the number of dimensions, each dimension as a big-endian
/// 32-bit number, then the values, big-endian and row-major. Source: LeCun, Cortes and Burges, The
/// MNIST database.
///
/// # Errors
/// [`Error::Io`] if the file cannot be read; [`Error::Format`] if it is no IDX file, if it ends
/// before the values that its header claims or goes on after them, or if gzip finds it damaged.
/// Memory grows with the bytes that are there, never with a header's claim.
pub fn read_idx(path: impl AsRef<Path>) -> Result<IdxArray> {
    read(source::open(FORMAT, path.as_ref())?)
}

/// Reads an IDX array from any reader; a slice of bytes is one.
///
/// ```
/// use blastrain::data::read_idx_from;
/// use blastrain::ndarray::array;
///
/// // Unsigned bytes (8) in two dimensions: 2 × 3.
/// let bytes = [0, 0, 8, 2, 0, 0, 0, 2, 0, 0, 0, 3, 0, 51, 102, 153, 204, 255];
/// let idx = read_idx_from(&bytes[..])?;
/// assert_eq!(idx.dims(), [2, 3]);
/// assert_eq!(idx.rows_over::<f64>(255.0)?, array![[0.0, 0.2, 0.4], [0.6, 0.8, 1.0]]);
/// # Ok::<(), blastrain::Error>(())
/// ```
///
/// # Errors
/// As [`read_idx`]; the path in them is "memory".
pub fn read_idx_from(reader: impl Read) -> Result<IdxArray> {
    read(source::unpack(FORMAT, Path::new(MEMORY), reader)?)
}

fn read<R: Read>(mut source: Source<R>) -> Result<IdxArray> {
    let [first, second, code, ndim] = source.exactly("magic number")?;
    if (first, second) != (0, 0) {
        let found = format!("it starts with the bytes {first:#04x} {second:#04x}, not 0 0");
        return Err(source.error(found));
    }
    let size = match code {
        0x08 | 0x09 => 1,
        0x0B => 2,
        0x0C | 0x0D => 4,
        0x0E => 8,
        _ => {
            let want = "known are 0x08, 0x09, 0x0b, 0x0c, 0x0d and 0x0e";
            return Err(source.error(format!("type code {code:#04x}; {want}")));
        }
    };
    if ndim == 0 {
        return Err(source.error("it has 0 dimensions; at least 1 needed"));
    }
    let mut dims = Vec::with_capacity(usize::from(ndim));
    for _ in 0..ndim {
        dims.push(u32::from_be_bytes(source.exactly("dimensions")?) as usize);
    }
    let Some(count) = source::value_count(&dims, size) else {
        return Err(source.error(format!("the dimensions {dims:?} are more than memory can hold")));
    };
    let values = match code {
        0x08 => IdxValues::U8(source.values(count, 1, |bytes| bytes[0])?),
        0x09 => IdxValues::I8(big_endian(&mut source, count, i8::from_be_bytes)?),
        0x0B => IdxValues::I16(big_endian(&mut source, count, i16::from_be_bytes)?),
        0x0C => IdxValues::I32(big_endian(&mut source, count, i32::from_be_bytes)?),
        0x0D => IdxValues::F32(big_endian(&mut source, count, f32::from_be_bytes)?),
        _ => IdxValues::F64(big_endian(&mut source, count, f64::from_be_bytes)?),
    };
    Ok(IdxArray { path: source.path, dims, values })
}

fn big_endian<T, const N: usize>(
    source: &mut Source<impl Read>,
    count: usize,
    decode: fn([u8; N]) -> T,
) -> Result<Vec<T>> {
    source.values(count, N, |bytes| {
        let mut value = [0; N];
        value.copy_from_slice(bytes);
        decode(value)
    })
}

impl IdxArray {
    /// The dimensions; the first one counts rows.
    pub fn dims(&self) -> &[usize] {
        &self.dims
    }

    /// The numbers as the file has them, row-major.
    pub fn values(&self) -> &IdxValues {
        &self.values
    }

    /// Everything after the first dimension flattened: images become rows `(images, pixels)`.
    ///
    /// Each number is the nearest one in `F`.
    ///
    /// # Errors
    /// As [`IdxArray::rows_over`].
    pub fn rows<F: Scalar>(&self) -> Result<Array2<F>> {
        self.rows_over(1.0)
    }

    /// As [`IdxArray::rows`], each number divided by `divisor`: 255 takes pixels to `[0, 1]`.
    ///
    /// The division is done in `f64` and rounded to `F` once.
    ///
    /// # Errors
    /// [`Error::Param`] for a divisor that is 0 or not finite.
    pub fn rows_over<F: Scalar>(&self, divisor: f64) -> Result<Array2<F>> {
        if !divisor.is_finite() || divisor == 0.0 {
            return Err(Error::param("divisor", divisor, "finite and not 0"));
        }
        let values: Vec<F> = match &self.values {
            // 256 divisions instead of one a pixel.
            IdxValues::U8(bytes) => {
                let table: Vec<F> =
                    (0..=u8::MAX).map(|byte| F::from_f64(f64::from(byte) / divisor)).collect();
                bytes.iter().map(|&byte| table[usize::from(byte)]).collect()
            }
            _ => self.numbers().map(|value| F::from_f64(value / divisor)).collect(),
        };
        let shape = source::row_shape(&self.dims);
        Array2::from_shape_vec(shape, values)
            .map_err(|error| Error::format(FORMAT, &self.path, error.to_string()))
    }

    /// The numbers as class indices.
    ///
    /// # Errors
    /// [`Error::Shape`] if there is more than one number a row; [`Error::Format`] with the row
    /// of a number that is negative, not whole or above `u32::MAX`.
    pub fn class_indices(&self) -> Result<Vec<usize>> {
        let (_, width) = source::row_shape(&self.dims);
        if width != 1 {
            return Err(Error::shape(
                "IDX labels",
                "1 a row",
                format!("dimensions {:?}", self.dims),
            ));
        }
        source::class_indices(FORMAT, &self.path, self.numbers())
    }

    fn numbers(&self) -> Box<dyn Iterator<Item = f64> + '_> {
        match &self.values {
            IdxValues::U8(values) => Box::new(values.iter().map(|&value| value.into())),
            IdxValues::I8(values) => Box::new(values.iter().map(|&value| value.into())),
            IdxValues::I16(values) => Box::new(values.iter().map(|&value| value.into())),
            IdxValues::I32(values) => Box::new(values.iter().map(|&value| value.into())),
            IdxValues::F32(values) => Box::new(values.iter().map(|&value| value.into())),
            IdxValues::F64(values) => Box::new(values.iter().copied()),
        }
    }
}
