//! The data sets that the crate carries as CSV.

use crate::data::{CsvReader, Dataset};
use crate::error::Result;
use crate::scalar::Scalar;

const IRIS: &[u8] = include_bytes!("files/iris.csv");
const BREAST_CANCER: &[u8] = include_bytes!("files/breast_cancer.csv.gz");
const WINE: &[u8] = include_bytes!("files/wine.csv.gz");
const DIGITS: &[u8] = include_bytes!("files/digits.csv.gz");
const DIABETES: &[u8] = include_bytes!("files/diabetes.csv.gz");

/// Iris plants: lengths and widths of sepal and petal in cm, and 50 plants of each of three species.
///
/// Source: Fisher, R. A. (1936). Iris. UCI Machine Learning Repository,
/// <https://doi.org/10.24432/C56C76>, CC BY 4.0; with the values of Fisher's paper in the two rows where
/// the repository differs from it.
///
/// ```
/// let data = blastrain::datasets::iris::<f64>()?;
/// assert_eq!(data.to_arrays().0.row(0).to_vec(), [5.1, 3.5, 1.4, 0.2]);
/// # Ok::<(), blastrain::Error>(())
/// ```
///
/// # Errors
/// None in practice: those of [`CsvReader`].
pub fn iris<F: Scalar>() -> Result<Dataset<'static, F>> {
    CsvReader::new().target("species").read_from(IRIS)?.into_dataset()
}

/// Breast cancer Wisconsin (diagnostic): ten measures of cell nuclei on 569 images, each as mean, standard error
/// and worst (largest) value; 212 malignant (class 0) and 357 benign (class 1).
///
/// Source: Wolberg, W., Mangasarian, O., Street, N. and Street, W. (1993). Breast Cancer Wisconsin
/// (Diagnostic). UCI Machine Learning Repository, <https://doi.org/10.24432/C5DW2B>, CC BY 4.0.
///
/// ```
/// let data = blastrain::datasets::breast_cancer::<f64>()?;
/// assert_eq!(data.class_names().unwrap(), ["malignant", "benign"]);
/// # Ok::<(), blastrain::Error>(())
/// ```
///
/// # Errors
/// None in practice: those of [`CsvReader`].
pub fn breast_cancer<F: Scalar>() -> Result<Dataset<'static, F>> {
    let data: Dataset<'static, F> =
        CsvReader::new().target("diagnosis").read_from(BREAST_CANCER)?.into_dataset()?;
    // scikit-learn has malignant first, against the alphabet.
    let (features, _) = data.to_arrays();
    let classes: Vec<usize> =
        data.class_targets().into_iter().flatten().map(|class| usize::from(class == 0)).collect();
    let names = data.feature_names().into_iter().flatten().cloned();
    Dataset::new(features, classes)?
        .with_class_names(["malignant", "benign"])?
        .with_feature_names(names)
}

/// Wine: thirteen chemical measures of 178 wines from three cultivars (59, 71 and 48 wines).
///
/// Source: Aeberhard, S. and Forina, M. (1992). Wine. UCI Machine Learning Repository,
/// <https://doi.org/10.24432/C5PC7J>, CC BY 4.0.
///
/// # Errors
/// None in practice: those of [`CsvReader`].
pub fn wine<F: Scalar>() -> Result<Dataset<'static, F>> {
    CsvReader::new().target("cultivar").read_from(WINE)?.into_dataset()
}

/// Handwritten digits: 1797 pictures of 8 × 8 pixels from 0 to 16, row by row, of the digits 0 to 9.
///
/// Source: Alpaydin, E. and Kaynak, C. (1998). Optical Recognition of Handwritten Digits, test part. UCI Machine
/// Learning Repository, <https://doi.org/10.24432/C50P49>, CC BY 4.0.
///
/// # Errors
/// None in practice: those of [`CsvReader`].
pub fn digits<F: Scalar>() -> Result<Dataset<'static, F>> {
    CsvReader::new().target("digit").classification().read_from(DIGITS)?.into_dataset()
}

/// Diabetes: age, sex, body mass index, blood pressure and six blood serum measures of 442 patients; the target
/// measures how far the disease has gone a year later (25 to 346).
///
/// Each feature is centred and divided so that its squares add up to 1. Source: Efron, B., Hastie, T.,
/// Johnstone, I. and Tibshirani, R. (2004). Least Angle Regression. Annals of Statistics 32, 407–499;
/// the authors state no licence, the numbers are taken from scikit-learn (BSD 3-Clause).
///
/// ```
/// let data = blastrain::datasets::diabetes::<f64>()?;
/// assert_eq!((data.len(), data.features(), data.outputs()), (442, 10, Some(1)));
/// # Ok::<(), blastrain::Error>(())
/// ```
///
/// # Errors
/// None in practice: those of [`CsvReader`].
pub fn diabetes<F: Scalar>() -> Result<Dataset<'static, F>> {
    CsvReader::new().target("progression").read_from(DIABETES)?.into_dataset()
}
