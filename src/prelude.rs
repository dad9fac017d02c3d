//! What most programs need: `use blastrain::prelude::*;`.

pub use crate::activation::{Elu, Gelu, Identity, LeakyRelu, Relu, Sigmoid, Silu, Softplus, Tanh};
pub use crate::data::{
    CsvReader, Dataset, KFold, ShuffleSplit, Splitter, StratifiedKFold, StratifiedShuffleSplit,
    stratified_train_test_split, train_test_split,
};
pub use crate::datasets;
pub use crate::estimator::{
    BatchSize, ClassWeight, Estimator, FitContext, LearningRate, MlpClassifier, MlpRegressor,
    Pipeline, Predictor, Solver,
};
pub use crate::layer::{BatchNorm, Dense, Dropout, LayerNorm};
pub use crate::linalg::blas_info;
pub use crate::loss::{
    BinaryCrossEntropy, CrossEntropy, Huber, Loss, MeanAbsoluteError, MeanSquaredError, Poisson,
};
pub use crate::metrics::{Accuracy, Metric, R2, classification_report};
pub use crate::network::{Initializer, Regularizer, Sequential};
pub use crate::optim::schedule::{ReduceOnPlateau, Schedule};
pub use crate::optim::{Adam, AdamW, GradientClipping, Optimizer, RmsProp, Sgd};
pub use crate::parallelism::Parallelism;
pub use crate::preprocessing::{
    LabelEncoder, MinMaxScaler, OneHotEncoder, OrdinalEncoder, Pca, StandardScaler, TableEncoder,
};
pub use crate::random::RandomState;
pub use crate::search::{
    CrossValidation, GridSearch, RandomizedSearch, SuccessiveHalving, cross_val_score,
};
#[cfg(feature = "progress")]
pub use crate::train::ProgressBar;
pub use crate::train::{
    Callback, CsvLog, EarlyStopping, EpochLog, Event, History, KeepBest, Observer, TerminateOnNan,
    Trainer,
};
pub use crate::{Error, Result, Scalar};
