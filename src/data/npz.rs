//! NumPy's `.npz` files: named arrays in a ZIP archive.

use std::fs::File;
use std::io::{BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};

use ndarray::{ArrayBase, Data, Dimension};
use zip::result::ZipError;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipArchive, ZipWriter};

use super::npy::{self, NpyArray};
use super::source::Source;
use crate::error::{Error, Result};
use crate::scalar::Scalar;

const FORMAT: &str = "NPZ";

/// An open `.npz` file, from which arrays are read by name.
///
/// ```
/// use blastrain::data::{NpzReader, NpzWriter};
/// use blastrain::ndarray::array;
///
/// let folder = tempfile::tempdir().unwrap();
/// let path = folder.path().join("data.npz");
/// let mut writer = NpzWriter::create(&path)?;
/// writer.add("x", &array![[1.0, 2.0], [3.0, 4.0]])?;
/// writer.add("y", &array![0.0, 1.0])?;
/// writer.finish()?;
///
/// let mut npz = NpzReader::open(&path)?;
/// assert_eq!(npz.names(), ["x", "y"]);
/// assert_eq!(npz.read::<f64>("x")?.into_rows()?, array![[1.0, 2.0], [3.0, 4.0]]);
/// assert_eq!(npz.read::<f64>("y")?.class_indices()?, [0, 1]);
/// # Ok::<(), blastrain::Error>(())
/// ```
#[derive(Debug)]
pub struct NpzReader {
    path: PathBuf,
    archive: ZipArchive<BufReader<File>>,
    names: Vec<String>,
}

impl NpzReader {
    /// Opens the file and reads the list of its arrays.
    ///
    /// # Errors
    /// [`Error::Io`] if it cannot be read; [`Error::Format`] if it is no ZIP archive or is damaged.
    pub fn open(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref().to_path_buf();
        let file = File::open(&path).map_err(|error| Error::io(&path, error))?;
        let archive =
            ZipArchive::new(BufReader::new(file)).map_err(|error| failed(&path, error))?;
        let mut names = Vec::new();
        for name in archive.file_names() {
            let name = name.map_err(|error| failed(&path, error))?;
            names.push(name.strip_suffix(".npy").unwrap_or(&name).to_string());
        }
        Ok(Self { path, archive, names })
    }

    /// The names of the arrays, without ".npy", in the file's order.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// Reads one array; the types are those of [`read_npy`](super::read_npy).
    ///
    /// # Errors
    /// [`Error::UnknownName`], listing the names, for one that is not there; [`Error::Format`] as
    /// [`read_npy`](super::read_npy), for a wrong checksum, and for a packing other than
    /// NumPy's (stored and deflate).
    pub fn read<F: Scalar>(&mut self, name: &str) -> Result<NpyArray<F>> {
        if !self.names.iter().any(|known| known == name) {
            let known = self.names.join(", ");
            return Err(Error::UnknownName { what: "array", got: name.to_string(), known });
        }
        let full = format!("{name}.npy");
        let full = if self.archive.index_for_name(&full).is_some() { &full } else { name };
        let member = self.archive.by_name(full).map_err(|error| failed(&self.path, error))?;
        let path = self.path.join(full);
        npy::read(Source { format: FORMAT, path, reader: BufReader::new(member) })
    }
}

/// An `.npz` file being written, array by array.
///
/// Arrays are deflated, as NumPy's `savez_compressed` does. The bytes depend on the arrays
/// alone: no time is written. See [`NpzReader`] for an example.
#[derive(Debug)]
pub struct NpzWriter {
    path: PathBuf,
    archive: ZipWriter<BufWriter<File>>,
}

impl NpzWriter {
    /// Creates the file, or empties it.
    ///
    /// # Errors
    /// [`Error::Io`] if it cannot be written.
    pub fn create(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref().to_path_buf();
        let file = File::create(&path).map_err(|error| Error::io(&path, error))?;
        Ok(Self { path, archive: ZipWriter::new(BufWriter::new(file)) })
    }

    /// Adds an array of any shape under a name, to which ".npy" is appended.
    ///
    /// # Errors
    /// [`Error::Io`] if writing fails; [`Error::Format`] for a name that is already there.
    pub fn add<F, S, D>(&mut self, name: &str, array: &ArrayBase<S, D>) -> Result<()>
    where
        F: Scalar,
        S: Data<Elem = F>,
        D: Dimension,
    {
        // NumPy, too, marks every member as one that may pass 4 GiB.
        let options = SimpleFileOptions::default()
            .compression_method(CompressionMethod::Deflated)
            .last_modified_time(zip::DateTime::default())
            .large_file(true);
        self.archive
            .start_file(format!("{name}.npy"), options)
            .map_err(|error| failed(&self.path, error))?;
        let mut buffered = BufWriter::new(&mut self.archive);
        npy::write_to(&mut buffered, array)
            .and_then(|()| buffered.flush())
            .map_err(|error| Error::io(&self.path, error))
    }

    /// Writes the list of arrays; without it the file cannot be read.
    ///
    /// # Errors
    /// [`Error::Io`] if writing fails.
    pub fn finish(self) -> Result<()> {
        let mut file = self.archive.finish().map_err(|error| failed(&self.path, error))?;
        file.flush().map_err(|error| Error::io(&self.path, error))
    }
}

fn failed(path: &Path, error: ZipError) -> Error {
    match error {
        ZipError::Io(error) if error.raw_os_error().is_some() => Error::io(path, error),
        error => Error::format(FORMAT, path, error.to_string()),
    }
}
