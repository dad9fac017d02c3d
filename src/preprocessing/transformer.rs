//! What every transformer of features does, and how fitted ones come back from a file.

use std::any::Any;
use std::collections::BTreeMap;
use std::fmt::Debug;

use ndarray::{Array2, ArrayView2};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::{
    FittedMinMaxScaler, FittedPca, FittedStandardScaler, MinMaxScaler, Pca, StandardScaler,
};
use crate::data::Dataset;
use crate::error::{Error, Result};
use crate::scalar::Scalar;

/// The settings of a step that learns from features and then maps features to features.
///
/// Each such type has a `fit` of its own, which gives its own fitted type with all that it knows. This
/// trait is their common face, for pipelines and lists.
///
/// ```
/// use blastrain::data::Dataset;
/// use blastrain::preprocessing::{MinMaxScaler, StandardScaler, Transformer};
/// use blastrain::ndarray::array;
///
/// let data = Dataset::new(array![[1.0, 10.0], [3.0, 30.0]], vec![0, 1])?;
/// let steps: [Box<dyn Transformer<f64>>; 2] =
///     [Box::new(StandardScaler::new()), Box::new(MinMaxScaler::new())];
/// for step in &steps {
///     let fitted = step.fit_boxed(&data)?;
///     assert_eq!((fitted.features(), fitted.outputs()), (2, 2));
///     assert_eq!(fitted.transform_dataset(&data)?.len(), 2);
/// }
/// # Ok::<(), blastrain::Error>(())
/// ```
pub trait Transformer<F: Scalar>: Debug + Send + Sync + Any {
    /// Learns from the rows that the data set sees. Neither targets nor row weights play a part in
    /// the crate's own transformers.
    ///
    /// # Errors
    /// Settings out of range, and data that cannot be learnt from; named by the type's own `fit`.
    fn fit_boxed(&self, data: &Dataset<'_, F>) -> Result<Box<dyn FittedTransformer<F>>>;

    /// A copy of the settings.
    fn clone_box(&self) -> Box<dyn Transformer<F>>;

    /// The type and all its settings as text, equal exactly where the same data teach the same.
    ///
    /// A search fits steps of equal keys once a fold for all its candidates. Steps without a key are shared
    /// only by clones of one pipeline: slower where an axis sets the step, and never wrong. Where `Debug` shows
    /// every setting in full, `Some(format!("{self:?}"))` is a key; an array's `Debug` leaves out values.
    fn settings_key(&self) -> Option<String> {
        None
    }
}

/// A [`Transformer`] that has learnt: maps features `(rows, features)` to `(rows, outputs)`.
///
/// Each row is mapped by itself. A type that is to be stored in files names its
/// [`kind`](FittedTransformer::kind), gives all it knows as [`config`](FittedTransformer::config), and is
/// known to the [`TransformerRegistry`] that reads the file.
pub trait FittedTransformer<F: Scalar>: Debug + Send + Sync {
    /// The number of columns taken: those fitted on.
    fn features(&self) -> usize;

    /// The number of columns given.
    fn outputs(&self) -> usize;

    /// Maps features `(rows, features)` to `(rows, outputs)`; no rows are none again.
    ///
    /// # Errors
    /// [`Error::Shape`] for another number of columns than fitted on; [`Error::NonFinite`] with row
    /// and column, of what comes in or of what would go out.
    fn transform(&self, features: ArrayView2<'_, F>) -> Result<Array2<F>>;

    /// The name of the type in files: "min_max_scaler"; unique in a registry.
    fn kind(&self) -> &'static str;

    /// All that the transformer knows, as the kind's constructor in the registry takes it.
    fn config(&self) -> Value;

    /// A copy.
    fn clone_box(&self) -> Box<dyn FittedTransformer<F>>;

    /// The names of the columns given, from those of the columns taken.
    ///
    /// Unless the type says otherwise: the same names, if there are as many columns, else none.
    fn output_names(&self, features: Option<&[String]>) -> Option<Vec<String>> {
        features.filter(|names| names.len() == self.outputs()).map(<[String]>::to_vec)
    }

    /// The rows of a data set with their features mapped; targets, weights and class names stay.
    ///
    /// # Errors
    /// As in [`FittedTransformer::transform`].
    fn transform_dataset<'o>(&self, data: &Dataset<'_, F>) -> Result<Dataset<'o, F>> {
        let mapped = super::features::on_features(data, |features| self.transform(features))?;
        data.with_features(mapped)?.rename_features(self.output_names(data.feature_names()))
    }
}

impl<F: Scalar> Clone for Box<dyn Transformer<F>> {
    fn clone(&self) -> Self {
        (**self).clone_box()
    }
}

impl<F: Scalar> Clone for Box<dyn FittedTransformer<F>> {
    fn clone(&self) -> Self {
        (**self).clone_box()
    }
}

/// Makes a fitted transformer from what [`FittedTransformer::config`] gave.
pub type TransformerConstructor<F> = fn(&Value) -> Result<Box<dyn FittedTransformer<F>>>;

/// The kinds of fitted transformers that a file may hold.
///
/// ```
/// use blastrain::preprocessing::{FittedTransformer, MinMaxScaler, TransformerRegistry};
/// use blastrain::ndarray::array;
///
/// let fitted = MinMaxScaler::new().fit(array![[0.0], [4.0]].view())?;
/// let fitted: Box<dyn FittedTransformer<f64>> = Box::new(fitted);
/// let read = TransformerRegistry::default().create(fitted.kind(), &fitted.config())?;
/// assert_eq!(read.transform(array![[1.0]].view())?, array![[0.25]]);
/// # Ok::<(), blastrain::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct TransformerRegistry<F> {
    kinds: BTreeMap<String, TransformerConstructor<F>>,
}

impl<F: Scalar> Default for TransformerRegistry<F> {
    /// The crate's own transformers.
    fn default() -> Self {
        let mut registry = Self { kinds: BTreeMap::new() };
        registry.register(FittedMinMaxScaler::KIND, from_config::<F, FittedMinMaxScaler>);
        registry.register(FittedStandardScaler::KIND, from_config::<F, FittedStandardScaler>);
        registry.register(FittedPca::KIND, from_config::<F, FittedPca>);
        registry
    }
}

impl<F: Scalar> TransformerRegistry<F> {
    /// Adds a kind, or replaces the one of this name.
    pub fn register(&mut self, kind: &str, constructor: TransformerConstructor<F>) {
        self.kinds.insert(kind.to_owned(), constructor);
    }

    /// The names known.
    pub fn kinds(&self) -> impl Iterator<Item = &str> {
        self.kinds.keys().map(String::as_str)
    }

    /// Makes a fitted transformer.
    ///
    /// # Errors
    /// [`Error::UnknownName`] for a kind that is not registered; [`Error::Param`] for a config that
    /// it does not take.
    pub fn create(&self, kind: &str, config: &Value) -> Result<Box<dyn FittedTransformer<F>>> {
        let constructor = self.kinds.get(kind).ok_or_else(|| Error::UnknownName {
            what: "transformer",
            got: kind.to_owned(),
            known: self.kinds().collect::<Vec<_>>().join(", "),
        })?;
        constructor(config)
    }
}

/// The name of a fitted type in files.
pub(super) trait Kind {
    const KIND: &'static str;
}

/// All that a fitted transformer knows. Its numbers are finite, so that JSON holds them.
fn to_config(fitted: &impl Serialize) -> Value {
    serde_json::to_value(fitted).unwrap_or_default()
}

fn from_config<F, T>(config: &Value) -> Result<Box<dyn FittedTransformer<F>>>
where
    F: Scalar,
    T: FittedTransformer<F> + Kind + DeserializeOwned + 'static,
{
    let fitted = T::deserialize(config).map_err(|error| {
        Error::param(T::KIND, format!("not readable ({error})"), "what a fitted one was saved as")
    })?;
    Ok(Box::new(fitted))
}

/// The common face of a transformer and its fitted type, by their own methods of the same meaning.
///
/// `outputs` and `output_names` are given where they differ from the features.
macro_rules! transformer {
    ($settings:ty => $fitted:ty, $kind:literal $(, $outputs:ident, $names:ident)?) => {
        impl Kind for $fitted {
            const KIND: &'static str = $kind;
        }

        impl<F: Scalar> Transformer<F> for $settings {
            fn fit_boxed(&self, data: &Dataset<'_, F>) -> Result<Box<dyn FittedTransformer<F>>> {
                Ok(Box::new(self.fit_dataset(data)?))
            }

            fn clone_box(&self) -> Box<dyn Transformer<F>> {
                Box::new(self.clone())
            }

            fn settings_key(&self) -> Option<String> {
                Some(format!("{self:?}"))
            }
        }

        impl<F: Scalar> FittedTransformer<F> for $fitted {
            fn features(&self) -> usize {
                <$fitted>::features(self)
            }

            fn outputs(&self) -> usize {
                transformer!(@outputs self, $fitted $(, $outputs)?)
            }

            fn transform(&self, features: ArrayView2<'_, F>) -> Result<Array2<F>> {
                <$fitted>::transform(self, features)
            }

            fn kind(&self) -> &'static str {
                <$fitted as Kind>::KIND
            }

            fn config(&self) -> Value {
                to_config(self)
            }

            fn clone_box(&self) -> Box<dyn FittedTransformer<F>> {
                Box::new(self.clone())
            }

            $(fn output_names(&self, _features: Option<&[String]>) -> Option<Vec<String>> {
                Some(<$fitted>::$names(self))
            })?
        }
    };
    (@outputs $fitted:expr, $type:ty) => { <$type>::features($fitted) };
    (@outputs $fitted:expr, $type:ty, $outputs:ident) => { <$type>::$outputs($fitted) };
}

transformer!(MinMaxScaler => FittedMinMaxScaler, "min_max_scaler");
transformer!(StandardScaler => FittedStandardScaler, "standard_scaler");
transformer!(Pca => FittedPca, "pca", outputs, output_names);

#[cfg(test)]
mod tests {
    use ndarray::array;

    use super::*;

    /// Adds up each row: another number of columns than it takes.
    #[derive(Debug, Clone)]
    struct RowSum(usize);

    impl FittedTransformer<f64> for RowSum {
        fn features(&self) -> usize {
            self.0
        }

        fn outputs(&self) -> usize {
            1
        }

        fn transform(&self, features: ArrayView2<'_, f64>) -> Result<Array2<f64>> {
            Ok(features.sum_axis(ndarray::Axis(1)).insert_axis(ndarray::Axis(1)))
        }

        fn kind(&self) -> &'static str {
            "row_sum"
        }

        fn config(&self) -> Value {
            Value::from(self.0)
        }

        fn clone_box(&self) -> Box<dyn FittedTransformer<f64>> {
            Box::new(self.clone())
        }
    }

    #[test]
    fn a_transformer_of_ones_own_joins_the_registry() {
        let data = Dataset::new(array![[1.0, 2.0], [3.0, 4.0]], vec![0, 1]).unwrap();
        let data = data.with_feature_names(["a", "b"]).unwrap();
        let summed = RowSum(2).transform_dataset(&data).unwrap();
        assert_eq!((summed.features(), summed.feature_names()), (1, None));
        let mut registry = TransformerRegistry::<f64>::default();
        assert!(matches!(
            registry.create("row_sum", &Value::from(2)),
            Err(Error::UnknownName { what: "transformer", .. })
        ));
        registry.register("row_sum", |config| {
            Ok(Box::new(RowSum(config.as_u64().unwrap_or(0) as usize)))
        });
        assert_eq!(registry.create("row_sum", &Value::from(2)).unwrap().features(), 2);
        assert!(registry.kinds().any(|kind| kind == "standard_scaler"));
        assert!(matches!(
            registry.create("min_max_scaler", &Value::from(2)),
            Err(Error::Param { name: "min_max_scaler", .. })
        ));
    }
}
