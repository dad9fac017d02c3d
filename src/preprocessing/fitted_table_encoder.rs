//! A table encoder that has learned, to be applied to any table.

use std::borrow::Cow;

use ndarray::{Array2, ArrayView2, Axis, s};
use serde::{Deserialize, Serialize};

use super::categories::listed;
use super::features::zeros;
use super::table_target::TableTarget;
use super::{FittedOneHotEncoder, FittedOrdinalEncoder};
use crate::data::{CsvTable, Dataset, check_finite};
use crate::error::{Error, Result};
use crate::scalar::Scalar;

/// A [`TableEncoder`](super::TableEncoder) that knows its columns, their categories and the classes of the target.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FittedTableEncoder {
    pub(super) columns: Vec<FittedColumn>,
    pub(super) fill_texts: Option<String>,
    pub(super) target: Option<TableTarget>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct FittedColumn {
    pub(super) name: String,
    pub(super) encoding: Encoding,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) enum Encoding {
    Numeric { fill: Option<f64> },
    OneHot(FittedOneHotEncoder<String>),
    Ordinal(FittedOrdinalEncoder<String>),
}

impl FittedColumn {
    fn outputs(&self) -> usize {
        match &self.encoding {
            Encoding::OneHot(encoder) => encoder.outputs(),
            Encoding::Numeric { .. } | Encoding::Ordinal(_) => 1,
        }
    }

    fn output_names(&self) -> Vec<String> {
        match &self.encoding {
            // There is one column, as there is one name.
            Encoding::OneHot(encoder) => {
                encoder.output_names(std::slice::from_ref(&self.name)).unwrap_or_default()
            }
            Encoding::Numeric { .. } | Encoding::Ordinal(_) => vec![self.name.clone()],
        }
    }

    /// The column's features `(rows, outputs)`.
    fn encode<F: Scalar>(&self, table: &CsvTable, fill_text: Option<&str>) -> Result<Array2<F>> {
        let name = &self.name;
        let texts = || filled_texts(table, name, fill_text);
        let check =
            |refused: Option<(usize, usize)>, texts: &[String], known: Option<&[String]>| {
                let Some((row, _)) = refused else { return Ok(()) };
                let known = listed(known.unwrap_or_default());
                Err(unknown_category(table, row, name, &texts[row], &known))
            };
        match &self.encoding {
            Encoding::Numeric { fill } => {
                let number = |(row, &value): (usize, &f64)| match fill {
                    _ if !value.is_nan() => Ok(F::from_f64(value)),
                    Some(fill) => Ok(F::from_f64(*fill)),
                    None => Err(table.missing(row, name)),
                };
                let values = table.numeric(name)?.iter().enumerate().map(number);
                Ok(values.collect::<Result<ndarray::Array1<F>>>()?.insert_axis(Axis(1)))
            }
            Encoding::OneHot(encoder) => {
                let texts = texts()?;
                check(encoder.refused(one_column(&texts)), &texts, encoder.categories(0))?;
                encoder.transform(one_column(&texts))
            }
            Encoding::Ordinal(encoder) => {
                let texts = texts()?;
                check(encoder.refused(one_column(&texts)), &texts, encoder.categories(0))?;
                encoder.transform(one_column(&texts))
            }
        }
    }
}

impl FittedTableEncoder {
    /// The names of the columns read, in the order of the table fitted on.
    pub fn columns(&self) -> impl Iterator<Item = &str> {
        self.columns.iter().map(|column| column.name.as_str())
    }

    /// The number of features given.
    pub fn outputs(&self) -> usize {
        self.columns.iter().map(FittedColumn::outputs).sum()
    }

    /// The names of the features: those of the columns, and like "workclass=Private" for categories.
    pub fn feature_names(&self) -> Vec<String> {
        self.columns.iter().flat_map(FittedColumn::output_names).collect()
    }

    /// The names of the classes, where the target has such.
    pub fn class_names(&self) -> Option<Vec<String>> {
        self.target.as_ref()?.class_names()
    }

    /// The features of a table's rows: `(rows, outputs)`. It need not have the target.
    ///
    /// # Errors
    /// [`Error::UnknownName`] for a column that the table lacks; [`Error::Format`], with line and column, for
    /// a category not fitted on, unless its encoder allows it, and for numbers in place of texts or
    /// texts in place of numbers; [`Error::MissingValue`] for one that is not filled; [`Error::NonFinite`] for a
    /// number too large for `F`.
    pub fn transform<F: Scalar>(&self, table: &CsvTable) -> Result<Array2<F>> {
        let mut features = zeros("categories", table.len(), self.outputs())?;
        let mut start = 0;
        for column in &self.columns {
            let end = start + column.outputs();
            let encoded = column.encode(table, self.fill_texts.as_deref())?;
            features.slice_mut(s![.., start..end]).assign(&encoded);
            start = end;
        }
        check_finite("feature", features.view())?;
        Ok(features)
    }

    /// Features and target of a table's rows, with the names of features and classes.
    ///
    /// # Errors
    /// As in [`FittedTableEncoder::transform`]; [`Error::Param`] if the reader of the table fitted on was told no
    /// target; [`Error::Format`] for a class not fitted on; [`Error::Empty`] without a feature.
    pub fn dataset<F: Scalar>(&self, table: &CsvTable) -> Result<Dataset<'static, F>> {
        let Some(target) = &self.target else {
            let want = "told to the reader of the table fitted on";
            return Err(Error::param("target", "none", want));
        };
        let data = Dataset::new(self.transform::<F>(table)?, target.read(table)?)?;
        let data = match target.class_names() {
            Some(names) => data.with_class_names(names)?,
            None => data,
        };
        data.with_feature_names(self.feature_names())
    }
}

/// The texts of a column, missing ones filled in.
pub(super) fn filled_texts<'t>(
    table: &'t CsvTable,
    name: &str,
    fill: Option<&str>,
) -> Result<Cow<'t, [String]>> {
    let texts = table.text(name)?;
    match (texts.iter().position(String::is_empty), fill) {
        (None, _) => Ok(Cow::Borrowed(texts)),
        (Some(row), None) => Err(table.missing(row, name)),
        (_, Some(fill)) => {
            let filled = texts.iter().map(|text| if text.is_empty() { fill } else { text });
            Ok(Cow::Owned(filled.map(str::to_owned).collect()))
        }
    }
}

/// Texts as a matrix of one column.
pub(super) fn one_column(texts: &[String]) -> ArrayView2<'_, String> {
    ndarray::ArrayView1::from(texts).insert_axis(Axis(1))
}

pub(super) fn unknown_category(
    table: &CsvTable,
    row: usize,
    name: &str,
    got: &str,
    known: &str,
) -> Error {
    table.at(row, name, &format!("the category {got:?} is not known; known: {known}"))
}
