//! Small real data sets that come with the crate, and Fashion-MNIST from the user's disk.
//!
//! | function | rows × features | target | source | licence |
//! | --- | --- | --- | --- | --- |
//! | [`iris`] | 150 × 4 | 3 classes | Fisher 1936, [UCI](https://doi.org/10.24432/C56C76) | CC BY 4.0 |
//! | [`breast_cancer`] | 569 × 30 | 2 classes | Wolberg et al. 1993, [UCI](https://doi.org/10.24432/C5DW2B) | CC BY 4.0 |
//! | [`wine`] | 178 × 13 | 3 classes | Aeberhard and Forina 1992, [UCI](https://doi.org/10.24432/C5PC7J) | CC BY 4.0 |
//! | [`digits`] | 1797 × 64 | 10 classes | Alpaydin and Kaynak 1998, [UCI](https://doi.org/10.24432/C50P49) | CC BY 4.0 |
//! | [`diabetes`] | 442 × 10 | a number | [Efron et al. 2004](https://www4.stat.ncsu.edu/~boos/var.select/diabetes.html) | none stated; taken from scikit-learn (BSD 3-Clause) |
//! | [`fashion_mnist`] | 60,000 + 10,000 × 784 | 10 classes | Zalando, [Xiao et al. 2017](https://arxiv.org/abs/1708.07747) | MIT (not shipped) |
//!
//! Values, order of rows and class indices are those of scikit-learn's `load_*` functions, in `f64` bit
//! for bit. The licence note beside the files, `src/data/datasets/files/LICENSE-DATA.md`, says what was changed.
//!
//! ```
//! let data = blastrain::datasets::iris::<f32>()?;
//! assert_eq!((data.len(), data.features()), (150, 4));
//! assert_eq!(data.class_names().unwrap(), ["setosa", "versicolor", "virginica"]);
//! # Ok::<(), blastrain::Error>(())
//! ```

mod fashion_mnist;
mod tables;

pub use fashion_mnist::{FASHION_MNIST_CLASSES, fashion_mnist, fashion_mnist_from};
pub use tables::{breast_cancer, diabetes, digits, iris, wine};
