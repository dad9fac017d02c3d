//! Fashion-MNIST, read from the user's disk.

use std::path::{Path, PathBuf};

use crate::data::{Dataset, read_idx};
use crate::error::{Error, Result};
use crate::scalar::Scalar;

/// Where Debian's package puts the files.
const DEBIAN_FOLDER: &str = "/usr/share/datasets/fashion-mnist";

/// The names of Fashion-MNIST's ten classes, in the order of their indices.
pub const FASHION_MNIST_CLASSES: [&str; 10] = [
    "T-shirt/top",
    "Trouser",
    "Pullover",
    "Dress",
    "Coat",
    "Sandal",
    "Shirt",
    "Sneaker",
    "Bag",
    "Ankle boot",
];

/// Fashion-MNIST's train and test parts from Debian's package `dataset-fashion-mnist`
/// (`/usr/share/datasets/fashion-mnist`).
///
/// 60,000 and 10,000 grey pictures of 28 × 28 pixels of clothes, row by row, in `[0, 1]`. Source: Xiao, H., Rasul, K. and
/// Vollgraf, R. (2017). Fashion-MNIST: a Novel Image Dataset for Benchmarking Machine Learning Algorithms.
/// arXiv:1708.07747; Zalando SE, MIT licence.
///
/// ```no_run
/// let (train, test) = blastrain::datasets::fashion_mnist::<f32>()?;
/// assert_eq!((train.len(), test.len(), train.features()), (60_000, 10_000, 784));
/// # Ok::<(), blastrain::Error>(())
/// ```
///
/// # Errors
/// [`Error::Unavailable`] if a file is missing, with the command that installs it; else those of
/// [`fashion_mnist_from`].
pub fn fashion_mnist<F: Scalar>() -> Result<(Dataset<'static, F>, Dataset<'static, F>)> {
    fashion_mnist_from(DEBIAN_FOLDER)
}

/// Train and test parts from a folder with the four IDX files, plain or gzip, under their usual names
/// (`train-images-idx3-ubyte.gz` …).
///
/// A pixel `x` becomes `x / 255`, computed in `f64` and rounded to `F`.
///
/// # Errors
/// [`Error::Unavailable`] if a file is missing; [`Error::Io`] and [`Error::Format`] of [`read_idx`];
/// [`Error::Shape`] if pictures and labels, or train and test pictures, do not match;
/// [`Error::ClassIndex`] for a label above 9.
pub fn fashion_mnist_from<F: Scalar>(
    folder: impl AsRef<Path>,
) -> Result<(Dataset<'static, F>, Dataset<'static, F>)> {
    let folder = folder.as_ref();
    let (train, test) = (part(folder, "train")?, part(folder, "t10k")?);
    if train.features() != test.features() {
        let want = format!("{} pixels, as in the train part", train.features());
        return Err(Error::shape("Fashion-MNIST test pictures", want, test.features()));
    }
    Ok((train, test))
}

fn part<F: Scalar>(folder: &Path, name: &str) -> Result<Dataset<'static, F>> {
    let images = read_idx(find(folder, &format!("{name}-images-idx3-ubyte"))?)?;
    let labels = read_idx(find(folder, &format!("{name}-labels-idx1-ubyte"))?)?;
    Dataset::new(images.rows_over(255.0)?, labels.class_indices()?)?
        .with_class_names(FASHION_MNIST_CLASSES)
}

/// The file, with or without ".gz".
fn find(folder: &Path, name: &str) -> Result<PathBuf> {
    let packed = folder.join(format!("{name}.gz"));
    let plain = folder.join(name);
    [packed, plain].into_iter().find(|path| path.is_file()).ok_or_else(|| Error::Unavailable {
        what: "Fashion-MNIST".to_string(),
        why: format!(
            "there is no {name} or {name}.gz in {}; run `apt-get install dataset-fashion-mnist`, or \
             pass the path of a folder that has the files",
            folder.display()
        ),
    })
}
