//! What most programs need: `use blastrain::prelude::*;`.

pub use crate::activation::{Elu, Gelu, LeakyRelu, Relu, Sigmoid, Silu, Softplus, Tanh};
pub use crate::data::{
    CsvReader, Dataset, KFold, ShuffleSplit, Splitter, StratifiedKFold, StratifiedShuffleSplit,
    stratified_train_test_split, train_test_split,
};
pub use crate::datasets;
pub use crate::estimator::{Estimator, MlpClassifier, MlpRegressor, Pipeline, Predictor, Solver};
pub use crate::layer::{BatchNorm, Dense, Dropout, LayerNorm};
pub use crate::loss::{
    BinaryCrossEntropy, CrossEntropy, Huber, Loss, MeanAbsoluteError, MeanSquaredError, Poisson,
};
pub use crate::metrics::{Accuracy, Metric, R2, classification_report};
pub use crate::network::{Initializer, Regularizer, Sequential};
pub use crate::optim::{Adam, AdamW, GradientClipping, Optimizer, RmsProp, Sgd};
pub use crate::parallelism::Parallelism;
pub use crate::preprocessing::{
    LabelEncoder, MinMaxScaler, OneHotEncoder, OrdinalEncoder, Pca, StandardScaler, TableEncoder,
};
pub use crate::random::RandomState;
pub use crate::train::{Callback, EarlyStopping, Event, History, Observer, Trainer};
pub use crate::{Error, Result, Scalar};
