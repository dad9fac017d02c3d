//! Where the readers get their bytes: gzip known by its magic bytes, and no memory for mere claims.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Cursor, ErrorKind, Read};
use std::path::{Path, PathBuf};

use flate2::bufread::MultiGzDecoder;

use crate::error::{Error, Result};

/// The path that errors show for bytes that come from no file.
pub(crate) const MEMORY: &str = "memory";

const GZIP_MAGIC: [u8; 2] = [0x1f, 0x8b];

/// Bytes to read step by step, however many they are.
const CHUNK: usize = 1 << 16;

/// Bytes being read, and what errors about them say.
pub(crate) struct Source<R> {
    pub(crate) format: &'static str,
    pub(crate) path: PathBuf,
    pub(crate) reader: R,
}

/// Opens a file, decompressing it if it starts as gzip does.
pub(crate) fn open(format: &'static str, path: &Path) -> Result<Source<Box<dyn BufRead>>> {
    let file = File::open(path).map_err(|error| Error::io(path, error))?;
    unpack(format, path, file)
}

/// Wraps a reader, decompressing it if it starts as gzip does.
pub(crate) fn unpack<'r>(
    format: &'static str,
    path: &Path,
    reader: impl Read + 'r,
) -> Result<Source<Box<dyn BufRead + 'r>>> {
    let mut reader = BufReader::new(reader);
    let mut magic = Vec::with_capacity(GZIP_MAGIC.len());
    let read = reader.by_ref().take(GZIP_MAGIC.len() as u64).read_to_end(&mut magic);
    read.map_err(|error| read_error(format, path, error))?;
    let packed = magic == GZIP_MAGIC;
    let whole = Cursor::new(magic).chain(reader);
    let reader: Box<dyn BufRead + 'r> = match packed {
        true => Box::new(BufReader::new(MultiGzDecoder::new(whole))),
        false => Box::new(whole),
    };
    Ok(Source { format, path: path.to_path_buf(), reader })
}

/// What a decoder says about damaged bytes is the file's fault, the rest is the system's.
fn read_error(format: &'static str, path: &Path, error: io::Error) -> Error {
    use ErrorKind::{InvalidData, InvalidInput, UnexpectedEof};
    let damaged = matches!(error.kind(), InvalidData | InvalidInput | UnexpectedEof);
    match damaged && error.raw_os_error().is_none() {
        true => Error::format(format, path, format!("damaged or cut short: {error}")),
        false => Error::io(path, error),
    }
}

impl<R: Read> Source<R> {
    /// An error about this file.
    pub(crate) fn error(&self, message: impl Into<String>) -> Error {
        Error::format(self.format, &self.path, message)
    }

    fn failed(&self, error: io::Error) -> Error {
        read_error(self.format, &self.path, error)
    }

    /// The next bytes, all of them or an error that says which part is cut short.
    pub(crate) fn exactly<const N: usize>(&mut self, part: &str) -> Result<[u8; N]> {
        let mut bytes = [0; N];
        match self.fill(&mut bytes)? {
            found if found == N => Ok(bytes),
            found => Err(self.error(format!("the file ends {} bytes into its {part}", found))),
        }
    }

    /// Everything that is left.
    pub(crate) fn rest(&mut self) -> Result<Vec<u8>> {
        let mut bytes = Vec::new();
        self.reader.read_to_end(&mut bytes).map_err(|error| self.failed(error))?;
        Ok(bytes)
    }

    /// `count` values of `size` bytes each, then the end of the file.
    ///
    /// Memory grows with the bytes that arrive, not with `count`.
    pub(crate) fn values<T>(
        &mut self,
        count: usize,
        size: usize,
        decode: impl Fn(&[u8]) -> T,
    ) -> Result<Vec<T>> {
        debug_assert!(size > 0 && CHUNK.is_multiple_of(size));
        let mut chunk = vec![0; CHUNK];
        let mut values = Vec::new();
        while values.len() < count {
            let step = (count - values.len()).min(CHUNK / size) * size;
            let found = self.fill(&mut chunk[..step])?;
            values.extend(chunk[..found].chunks_exact(size).map(&decode));
            if found < step {
                let message =
                    format!("the header claims {count} values, but only {} follow", values.len());
                return Err(self.error(message));
            }
        }
        match self.fill(&mut chunk[..1])? {
            0 => Ok(values),
            _ => Err(self.error(format!("bytes follow after the {count} values claimed"))),
        }
    }

    /// Reads until `bytes` is full or the file ends; says how many bytes came.
    fn fill(&mut self, bytes: &mut [u8]) -> Result<usize> {
        let mut found = 0;
        while found < bytes.len() {
            match self.reader.read(&mut bytes[found..]) {
                Ok(0) => break,
                Ok(more) => found += more,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(self.failed(error)),
            }
        }
        Ok(found)
    }
}

/// The number of values in an array of these dimensions.
///
/// `None` if it, or the product of the dimensions that are not 0, is more than memory can address.
pub(crate) fn value_count(dims: &[usize], size: usize) -> Option<usize> {
    let full = dims.iter().filter(|&&dim| dim > 0).try_fold(size, |n, &dim| n.checked_mul(dim))?;
    (isize::try_from(full).is_ok()).then(|| dims.iter().product())
}

/// The shape `(rows, values a row)` of an array whose first dimension counts rows.
pub(crate) fn row_shape(dims: &[usize]) -> (usize, usize) {
    match dims {
        [] => (1, 1),
        [rows, rest @ ..] => (*rows, rest.iter().product()),
    }
}

/// Numbers as class indices: whole, not negative, at most `u32::MAX`.
pub(crate) fn class_indices(
    format: &'static str,
    path: &Path,
    values: impl Iterator<Item = f64>,
) -> Result<Vec<usize>> {
    let limit = f64::from(u32::MAX);
    let class = |(row, value): (usize, f64)| match (0.0..=limit).contains(&value) {
        true if value.fract() == 0.0 => Ok(value as usize),
        _ => {
            let want = format!("a class index is a whole number from 0 to {limit}");
            Err(Error::format(format, path, format!("value {value} at row {row}: {want}")))
        }
    };
    values.enumerate().map(class).collect()
}
