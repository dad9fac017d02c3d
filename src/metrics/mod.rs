//! How good predictions are: classification, probability and regression scores.
//!
//! Two ways in. The functions take targets and predictions as slices or views, with optional row
//! weights, and equal scikit-learn's of the same name. The structs that implement [`Metric`] are for
//! training and validation: they take what a network gives and decode it themselves.
//!
//! Everywhere: targets come first; weights, one a row, must be finite, not negative and not all
//! zero; no rows, rows that differ in number and non-finite scores are errors. Results are `f64`, and
//! sums are in row order, so that the same input gives the same bits.
//!
//! ```
//! use blastrain::metrics::{Average, accuracy, f1};
//!
//! let (targets, predictions) = ([0, 1, 2, 2], [0, 2, 2, 2]);
//! assert_eq!(accuracy(&targets, &predictions, None)?, 0.75);
//! assert_eq!(f1(&targets, &predictions, Average::Micro, None)?, 0.75);
//! # Ok::<(), blastrain::Error>(())
//! ```

mod averaged;
mod classification;
mod columns;
mod confusion;
mod counts;
mod decode;
mod labels;
mod metric;
mod probability;
mod probability_metrics;
mod regression;
mod regression_metrics;
mod report;
mod roc;
mod threshold_metrics;
mod weights;

pub(crate) use decode::first_largest;

pub use averaged::{
    Average, Averaging, ClassScore, ZeroDivision, class_scores, f_beta, f1, precision, recall,
};
pub use classification::{accuracy, adjusted_balanced_accuracy, balanced_accuracy, top_k_accuracy};
pub use columns::Columns;
pub use confusion::{Normalize, confusion_matrix};
pub use labels::{Labels, flags_above, flags_from};
pub use metric::{Metric, Registered, Task, by_name, registered};
pub use probability::{brier_score, log_loss};
pub use probability_metrics::{BrierScore, LogLoss, RocAuc, TopKAccuracy};
pub use regression::{
    explained_variance, explained_variance_per_output, max_error, mean_absolute_error,
    mean_absolute_error_per_output, mean_poisson_deviance, mean_squared_error,
    mean_squared_error_per_output, median_absolute_error, median_absolute_error_per_output, r2,
    r2_per_output, root_mean_squared_error, root_mean_squared_error_per_output,
};
pub use regression_metrics::{
    ExplainedVariance, MaxError, MeanAbsoluteError, MeanPoissonDeviance, MeanSquaredError,
    MedianAbsoluteError, R2, RootMeanSquaredError,
};
pub use report::{ClassificationReport, ReportOptions, ReportRow, classification_report};
pub use roc::{MultiClass, RocCurve, roc_auc, roc_auc_multiclass, roc_auc_multilabel, roc_curve};
pub use threshold_metrics::{Accuracy, BalancedAccuracy, F1, Precision, Recall, SubsetAccuracy};
