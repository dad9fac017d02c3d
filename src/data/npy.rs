//! NumPy's `.npy` files: one array each.

use std::fs::File;
use std::io::{self, BufWriter, Read, Write};
use std::path::{Path, PathBuf};

use ndarray::{Array1, Array2, ArrayBase, ArrayD, ArrayRef, Data, Dimension, IxDyn, ShapeBuilder};

use super::npy_header::{Element, Header};
use super::source::{self, MEMORY, Source};
use crate::error::{Error, Result};
use crate::scalar::Scalar;

pub(crate) const FORMAT: &str = "NPY";

/// An array read from an `.npy` file or a member of an `.npz` file, row-major, as numbers of type `F`.
#[derive(Debug, Clone, PartialEq)]
pub struct NpyArray<F> {
    path: PathBuf,
    dims: Vec<usize>,
    values: Vec<F>,
}

/// Reads an `.npy` file (also inside gzip) of format 1, 2 or 3.
///
/// Values may be `f4`, `f8`, `i1` to `i8`, `u1` to `u8` or `bool` (0 and 1), little or big endian, in C or
/// Fortran order. Each becomes the nearest `f64`, then the nearest `F`.
///
/// # Errors
/// [`Error::Io`] if the file cannot be read; [`Error::Format`] if it is no `.npy` file, holds other
/// types, ends before the values that its header claims, or goes on after them. Memory grows with
/// the bytes that are there, never with a header's claim.
pub fn read_npy<F: Scalar>(path: impl AsRef<Path>) -> Result<NpyArray<F>> {
    read(source::open(FORMAT, path.as_ref())?)
}

/// Reads an `.npy` array from any reader; a slice of bytes is one.
///
/// ```
/// use blastrain::data::{read_npy_from, write_npy_to};
/// use blastrain::ndarray::array;
///
/// let mut bytes = Vec::new();
/// write_npy_to(&mut bytes, &array![[1.0, 2.0], [3.0, 4.0]])?;
/// let npy = read_npy_from::<f32>(&bytes[..])?;
/// assert_eq!(npy.into_rows()?, array![[1.0, 2.0], [3.0, 4.0]]);
/// # Ok::<(), blastrain::Error>(())
/// ```
///
/// # Errors
/// As [`read_npy`]; the path in them is "memory".
pub fn read_npy_from<F: Scalar>(reader: impl Read) -> Result<NpyArray<F>> {
    read(source::unpack(FORMAT, Path::new(MEMORY), reader)?)
}

pub(crate) fn read<F: Scalar, R: Read>(mut source: Source<R>) -> Result<NpyArray<F>> {
    let header = Header::read(&mut source)?;
    let Some(count) = source::value_count(&header.dims, header.size) else {
        let dims = &header.dims;
        return Err(source.error(format!("the shape {dims:?} is more than memory can hold")));
    };
    let big = header.big_endian;
    let values = match (header.element, header.size) {
        (Element::Bool, _) => source.values(count, 1, |bytes| F::from_f64((bytes[0] != 0).into())),
        (Element::Float, 4) => source.values(count, 4, |bytes| {
            F::from_f64(f32::from_bits(unsigned(bytes, big) as u32).into())
        }),
        (Element::Float, _) => {
            source.values(count, 8, |bytes| F::from_f64(f64::from_bits(unsigned(bytes, big))))
        }
        (Element::Unsigned, size) => {
            source.values(count, size, |bytes| F::from_f64(unsigned(bytes, big) as f64))
        }
        (Element::Signed, size) => {
            // Shifting up and down again repeats the sign bit.
            let shift = 64 - 8 * size;
            source.values(count, size, |bytes| {
                F::from_f64((((unsigned(bytes, big) << shift) as i64) >> shift) as f64)
            })
        }
    }?;
    let mut array = NpyArray { path: source.path, dims: header.dims, values };
    if header.fortran_order && array.dims.len() > 1 {
        array.values = array.row_major()?;
    }
    Ok(array)
}

/// The bytes of one number, first the lowest or (big endian) the highest.
fn unsigned(bytes: &[u8], big_endian: bool) -> u64 {
    let shift = |number: u64, &byte: &u8| number << 8 | u64::from(byte);
    if big_endian { bytes.iter().fold(0, shift) } else { bytes.iter().rev().fold(0, shift) }
}

impl<F: Scalar> NpyArray<F> {
    /// The dimensions; none for a single number.
    pub fn dims(&self) -> &[usize] {
        &self.dims
    }

    /// The numbers, row-major.
    pub fn values(&self) -> &[F] {
        &self.values
    }

    /// The array in its own shape.
    ///
    /// # Errors
    /// [`Error::Format`] if its dimensions are beyond what an array can have.
    pub fn into_array(self) -> Result<ArrayD<F>> {
        let Self { path, dims, values } = self;
        ArrayD::from_shape_vec(IxDyn(&dims), values)
            .map_err(|error| Error::format(FORMAT, path, error.to_string()))
    }

    /// Everything after the first dimension flattened: `(rows, rest)`. A vector becomes one column,
    /// a single number `(1, 1)`.
    ///
    /// # Errors
    /// As [`NpyArray::into_array`].
    pub fn into_rows(self) -> Result<Array2<F>> {
        let Self { path, dims, values } = self;
        Array2::from_shape_vec(source::row_shape(&dims), values)
            .map_err(|error| Error::format(FORMAT, path, error.to_string()))
    }

    /// The array as a vector, from shape `()`, `(n,)` or `(n, 1)`.
    ///
    /// # Errors
    /// [`Error::Shape`] if there is more than one number a row.
    pub fn into_vector(self) -> Result<Array1<F>> {
        self.check_width("vector")?;
        Ok(Array1::from(self.values))
    }

    /// The numbers of a vector as class indices.
    ///
    /// # Errors
    /// [`Error::Shape`] if there is more than one number a row; [`Error::Format`] with the row of a
    /// number that is negative, not whole or above `u32::MAX`.
    pub fn class_indices(&self) -> Result<Vec<usize>> {
        self.check_width("labels")?;
        source::class_indices(FORMAT, &self.path, self.values.iter().map(|value| value.as_f64()))
    }

    fn check_width(&self, what: &str) -> Result<()> {
        match source::row_shape(&self.dims) {
            (_, 1) => Ok(()),
            _ => Err(Error::shape(
                format!("NPY {what}"),
                "1 number a row",
                format!("shape {:?}", self.dims),
            )),
        }
    }

    fn row_major(&self) -> Result<Vec<F>> {
        let shape = IxDyn(&self.dims).f();
        let view = ndarray::ArrayViewD::from_shape(shape, &self.values)
            .map_err(|error| Error::format(FORMAT, &self.path, error.to_string()))?;
        Ok(view.iter().copied().collect())
    }
}

/// Writes an array of any shape as `.npy`, format 1.0, little endian, in C order: the bytes that
/// NumPy's `save` writes.
///
/// ```
/// use blastrain::data::{read_npy, write_npy};
/// use blastrain::ndarray::array;
///
/// let folder = tempfile::tempdir().unwrap();
/// let path = folder.path().join("x.npy");
/// write_npy(&path, &array![1.5_f32, 2.5])?;
/// assert_eq!(read_npy::<f32>(&path)?.into_vector()?, array![1.5, 2.5]);
/// # Ok::<(), blastrain::Error>(())
/// ```
///
/// # Errors
/// [`Error::Io`] if the file cannot be written.
pub fn write_npy<F, S, D>(path: impl AsRef<Path>, array: &ArrayBase<S, D>) -> Result<()>
where
    F: Scalar,
    S: Data<Elem = F>,
    D: Dimension,
{
    let path = path.as_ref();
    let write = || {
        let mut file = BufWriter::new(File::create(path)?);
        write_to(&mut file, array)?;
        file.flush()
    };
    write().map_err(|error| Error::io(path, error))
}

/// As [`write_npy`], to any writer.
///
/// # Errors
/// [`Error::Io`], with the path "memory", if the writer fails.
pub fn write_npy_to<F, S, D>(writer: impl Write, array: &ArrayBase<S, D>) -> Result<()>
where
    F: Scalar,
    S: Data<Elem = F>,
    D: Dimension,
{
    write_to(writer, array).map_err(|error| Error::io(MEMORY, error))
}

pub(crate) fn write_to<F: Scalar, D: Dimension>(
    mut writer: impl Write,
    array: &ArrayRef<F, D>,
) -> io::Result<()> {
    let double = F::NAME == "f64";
    writer.write_all(&Header::bytes(if double { "<f8" } else { "<f4" }, array.shape()))?;
    for &value in array {
        match double {
            true => writer.write_all(&value.as_f64().to_le_bytes())?,
            // An `f32` went through `f64` unchanged.
            false => writer.write_all(&(value.as_f64() as f32).to_le_bytes())?,
        }
    }
    Ok(())
}
