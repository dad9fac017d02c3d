//! From a CSV table to features and a target.

use ndarray::Array2;

use super::csv_fields::known_column;
use super::csv_table::{Column, CsvTable, Task};
use super::dataset::Dataset;
use crate::error::{Error, Result};
use crate::scalar::Scalar;

/// A feature column: one matrix column, or one for each category.
enum Feature<'t> {
    Numeric(&'t [f64]),
    OneHot { classes: Vec<usize>, categories: Vec<String> },
}

impl Feature<'_> {
    fn width(&self) -> usize {
        match self {
            Feature::Numeric(_) => 1,
            Feature::OneHot { categories, .. } => categories.len(),
        }
    }
}

impl CsvTable {
    /// Features and target as a data set, with the names of features and classes.
    ///
    /// The target column is the one that the reader was told. Texts are classes, numbers are values to
    /// estimate, unless the reader was told which. Classes are sorted: texts by code point,
    /// numbers by size, as scikit-learn's `LabelEncoder` does. A text column among the features
    /// becomes one 0/1 feature for each of its texts, sorted, named like `colour=red`. Numbers are
    /// rounded to the nearest `F`.
    ///
    /// # Errors
    /// [`Error::Param`] if the reader was told no target. [`Error::Format`] for a feature column that
    /// mixes numbers with texts and was not declared to be text (with the line of the first text:
    /// a typing error, or a marker for missing values), or with more texts than
    /// [`CsvReader::max_categories`](super::CsvReader::max_categories).
    /// [`Error::Empty`] without a feature column. [`Error::NonFinite`] for a number too large for `F`.
    pub fn into_dataset<F: Scalar>(self) -> Result<Dataset<'static, F>> {
        let Some(target) = &self.options.target else {
            let want = format!("the name of a column: {}", self.names.join(", "));
            return Err(Error::param("target", "none", want));
        };
        let target = known_column(self.names.iter(), target)?;
        let (features, names) = self.features(target)?;
        let data = match (&self.columns[target], self.options.task) {
            (Column::Numeric(values), Task::ByType | Task::Regression) => {
                let values: Vec<F> = values.iter().map(|&value| F::from_f64(value)).collect();
                let values = Array2::from_shape_vec((self.len(), 1), values)
                    .map_err(|error| self.error(error.to_string()))?;
                Dataset::new(features, super::TargetStorage::Values(values.into_shared()))?
            }
            (Column::Numeric(values), Task::Classification) => {
                // Adding 0 makes one class of 0 and -0.
                let values: Vec<f64> = values.iter().map(|value| value + 0.0).collect();
                let (classes, found) = sorted_classes(&values, f64::total_cmp);
                let names = found.iter().map(f64::to_string);
                Dataset::new(features, classes)?.with_class_names(names)?
            }
            (Column::Text { values, .. }, Task::ByType | Task::Classification) => {
                let (classes, names) = sorted_classes(values, String::cmp);
                Dataset::new(features, classes)?.with_class_names(names)?
            }
            (Column::Text { .. }, Task::Regression) => {
                let name = &self.names[target];
                return Err(self.error(format!("column \"{name}\" was declared to be text")));
            }
        };
        data.with_feature_names(names)
    }

    fn features<F: Scalar>(&self, target: usize) -> Result<(Array2<F>, Vec<String>)> {
        let others = self.names.iter().zip(&self.columns).enumerate();
        let others = others.filter(|&(index, _)| index != target).map(|(_, named)| named);
        let mut features = Vec::new();
        let mut names = Vec::new();
        for (name, column) in others {
            let feature = self.feature(name, column)?;
            match &feature {
                Feature::Numeric(_) => names.push(name.clone()),
                Feature::OneHot { categories, .. } => {
                    names.extend(categories.iter().map(|category| format!("{name}={category}")));
                }
            }
            features.push(feature);
        }
        let mut matrix = Array2::zeros((self.len(), names.len()));
        let mut start = 0;
        for feature in features {
            match &feature {
                Feature::Numeric(values) => {
                    for (cell, &value) in matrix.column_mut(start).iter_mut().zip(*values) {
                        *cell = F::from_f64(value);
                    }
                }
                Feature::OneHot { classes, .. } => {
                    for (row, class) in classes.iter().enumerate() {
                        matrix[(row, start + class)] = F::one();
                    }
                }
            }
            start += feature.width();
        }
        Ok((matrix, names))
    }

    fn feature<'t>(&'t self, name: &str, column: &'t Column) -> Result<Feature<'t>> {
        let (values, mixed) = match column {
            Column::Numeric(values) => return Ok(Feature::Numeric(values)),
            Column::Text { values, mixed } => (values, mixed),
        };
        if let &Some((number, text)) = mixed {
            let message = format!(
                "the text {:?} among numbers (such as {:?}); if it marks a missing value, say so to \
                 the reader; if the column holds categories, declare it as text",
                values[text], values[number]
            );
            return Err(self.at(text, name, &message));
        }
        let (classes, categories) = sorted_classes(values, String::cmp);
        let most = self.options.max_categories;
        if categories.len() > most {
            let found = categories.len();
            return Err(self.error(format!(
                "column \"{name}\" holds {found} different texts, more than max_categories ({most}); \
                 ignore the column or raise the limit"
            )));
        }
        Ok(Feature::OneHot { classes, categories })
    }
}

/// The class index of every value, and the different values in order.
fn sorted_classes<T: Clone>(
    values: &[T],
    order: impl Fn(&T, &T) -> std::cmp::Ordering,
) -> (Vec<usize>, Vec<T>) {
    let mut found = values.to_vec();
    found.sort_unstable_by(&order);
    found.dedup_by(|a, b| order(a, b).is_eq());
    // Every value is found, so both arms of the search's result hold its place.
    let place = |value| found.binary_search_by(|seen| order(seen, value)).unwrap_or_else(|at| at);
    (values.iter().map(place).collect(), found)
}
