//! Features from tables that mix numbers and texts.

use super::fitted_table_encoder::{
    Encoding, FittedColumn, FittedTableEncoder, filled_texts, one_column, unknown_category,
};
use super::table_target::TableTarget;
use super::{OneHotEncoder, OrdinalEncoder};
use crate::data::{Column, CsvTable, known_column};
use crate::error::{Error, Result};

/// How a text column becomes features. Made from a [`OneHotEncoder`] or an [`OrdinalEncoder`].
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum TextEncoder {
    /// A 0/1 feature for each category.
    OneHot(OneHotEncoder<String>),
    /// One feature: the category's position.
    Ordinal(OrdinalEncoder<String>),
}

impl From<OneHotEncoder<String>> for TextEncoder {
    fn from(encoder: OneHotEncoder<String>) -> Self {
        TextEncoder::OneHot(encoder)
    }
}

impl From<OrdinalEncoder<String>> for TextEncoder {
    fn from(encoder: OrdinalEncoder<String>) -> Self {
        TextEncoder::Ordinal(encoder)
    }
}

/// What stands in for a missing number.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub enum FillNumbers {
    /// The mean of the column's numbers in the table fitted on.
    Mean,
    /// Their median.
    Median,
    /// This number, which must be finite.
    Value(f64),
}

/// Turns a CSV table of numbers and texts into features, and other tables in the same way.
///
/// Numbers stay as they are. Text columns are one-hot encoded unless told otherwise. Columns keep the
/// order of the table fitted on; other tables may have them in another order, and more of
/// them. Categories, fills and classes are learned from the table fitted on alone: fit on the
/// training rows.
///
/// ```
/// use blastrain::prelude::*;
/// use blastrain::data::train_test_indices;
/// use blastrain::preprocessing::{FillNumbers, OneHotEncoder, TableEncoder};
///
/// let text = "age,workclass,education,income
/// 39,State-gov,Bachelors,high\n50,Private,HS-grad,low\n?,Private,HS-grad,low\n28,Private,Masters,high
/// 37,State-gov,Masters,high\n49,Self-emp,HS-grad,low\n52,Self-emp,Bachelors,high\n31,Private,HS-grad,low
/// ";
/// let reader = CsvReader::new().missing_marker("?").keep_missing();
/// let table = reader.clone().target("income").read_from(text.as_bytes())?;
/// let (train, test) = train_test_indices(table.len(), 0.25, RandomState::new(0))?;
/// let (train, test) = (table.select(&train)?, table.select(&test)?);
///
/// let encoder = TableEncoder::new()
///     .encode(["workclass"], OneHotEncoder::new().ignore_unknown())
///     .ordinal("education", ["HS-grad", "Bachelors", "Masters"])
///     .fill_numbers(FillNumbers::Median)
///     .fit(&train)?;
/// assert_eq!(encoder.feature_names()[..2], ["age", "workclass=Private"]);
/// let (train, test) = (encoder.dataset::<f64>(&train)?, encoder.dataset::<f64>(&test)?);
/// let scaler = StandardScaler::new().fit_dataset(&train)?;
///
/// let network = Sequential::<f64>::input(encoder.outputs()).dense(8).tanh().dense(2).seed(1).build()?;
/// let mut trainer =
///     Trainer::builder(network, CrossEntropy).optimizer(Adam::new(0.05)).epochs(60).build()?;
/// trainer.fit(&scaler.transform_dataset(&train)?)?;
/// let classes = trainer.network().predict_classes(&scaler.transform_dataset(&test)?)?;
///
/// // Rows without a target, of a workclass never seen.
/// let new = reader.read_from("age,workclass,education\n33,Retired,Masters\n".as_bytes())?;
/// let new = scaler.transform(encoder.transform::<f64>(&new)?.view())?;
/// let class = trainer.network().predict_classes(&new)?[0];
/// assert_eq!(encoder.class_names().unwrap()[class], "high");
/// # Ok::<(), blastrain::Error>(())
/// ```
#[derive(Debug, Clone, Default)]
#[must_use]
pub struct TableEncoder {
    encoders: Vec<(String, TextEncoder)>,
    others: Option<TextEncoder>,
    ignored: Vec<String>,
    fill_numbers: Option<FillNumbers>,
    fill_texts: Option<String>,
}

impl TableEncoder {
    /// Every text column one-hot encoded; unknown categories and missing values refused.
    pub fn new() -> Self {
        Self::default()
    }

    /// One-hot encodes these text columns; a category that was not fitted on is refused.
    pub fn one_hot<S: Into<String>>(self, columns: impl IntoIterator<Item = S>) -> Self {
        self.encode(columns, OneHotEncoder::new())
    }

    /// Encodes a text column by the position in `categories`; others are refused.
    pub fn ordinal<S: Into<String>>(
        self,
        column: impl Into<String>,
        categories: impl IntoIterator<Item = S>,
    ) -> Self {
        let categories = categories.into_iter().map(Into::into).collect();
        self.encode([column], OrdinalEncoder::new().categories(vec![categories]))
    }

    /// Encodes each of these text columns by an encoder of its own with these settings.
    ///
    /// Categories given to the encoder are one list. A column that holds numbers must have been declared as
    /// text to the reader.
    pub fn encode<S: Into<String>>(
        mut self,
        columns: impl IntoIterator<Item = S>,
        encoder: impl Into<TextEncoder>,
    ) -> Self {
        let encoder = encoder.into();
        self.encoders.extend(columns.into_iter().map(|name| (name.into(), encoder.clone())));
        self
    }

    /// Encodes the text columns that are not named otherwise; one-hot unless set.
    pub fn encode_others(mut self, encoder: impl Into<TextEncoder>) -> Self {
        self.others = Some(encoder.into());
        self
    }

    /// Makes no features of these columns.
    pub fn ignore<S: Into<String>>(mut self, columns: impl IntoIterator<Item = S>) -> Self {
        self.ignored.extend(columns.into_iter().map(Into::into));
        self
    }

    /// Fills in missing numbers, in every table encoded. The reader must
    /// [keep](crate::data::CsvReader::keep_missing) them.
    pub fn fill_numbers(mut self, fill: FillNumbers) -> Self {
        self.fill_numbers = Some(fill);
        self
    }

    /// Takes missing texts as this one: a category of its own ("missing"), or the usual one. The reader must
    /// [keep](crate::data::CsvReader::keep_missing) them.
    pub fn fill_texts(mut self, text: impl Into<String>) -> Self {
        self.fill_texts = Some(text.into());
        self
    }

    /// Learns categories, fills and the classes of the target, which is the one that the table's reader
    /// was told.
    ///
    /// # Errors
    /// [`Error::UnknownName`] for a column that the table does not have; [`Error::Param`] for a column named
    /// twice, or settings of an encoder that cannot be; [`Error::Format`], with line and column,
    /// for a column that holds numbers where texts are needed or the other way round, mixes
    /// both without having been named or declared, has more texts than
    /// [`CsvReader::max_categories`](crate::data::CsvReader::max_categories), or a category that is
    /// not among those given; [`Error::MissingValue`] for one that is not filled; [`Error::Undefined`] for the
    /// mean or median of a column without numbers.
    pub fn fit(&self, table: &CsvTable) -> Result<FittedTableEncoder> {
        self.check_names(table)?;
        let target = TableTarget::fit(table)?;
        let is_target = |name: &String| target.as_ref().is_some_and(|target| target.name == *name);
        let mut columns = Vec::new();
        for (name, column) in table.names.iter().zip(&table.columns) {
            if is_target(name) || self.ignored.contains(name) {
                continue;
            }
            columns.push(self.column(table, name, column)?);
        }
        Ok(FittedTableEncoder { columns, fill_texts: self.fill_texts.clone(), target })
    }

    fn check_names(&self, table: &CsvTable) -> Result<()> {
        let names: Vec<&String> =
            self.encoders.iter().map(|(name, _)| name).chain(&self.ignored).collect();
        for (index, name) in names.iter().enumerate() {
            known_column(table.names.iter(), name)?;
            let twice = names[..index].contains(name);
            if twice || table.options.target.as_ref() == Some(*name) {
                let want = "each feature column once, and not the target";
                return Err(Error::param("column", name, want));
            }
        }
        Ok(())
    }

    fn column(&self, table: &CsvTable, name: &str, column: &Column) -> Result<FittedColumn> {
        let named = self.encoders.iter().find(|(other, _)| other == name).map(|(_, found)| found);
        let encoding = match (named, column) {
            (None, Column::Numeric(values)) => Encoding::Numeric { fill: self.fill(name, values)? },
            (Some(encoder), _) => self.texts(table, name, encoder)?,
            (None, Column::Text { mixed: Some(mixed), .. }) => {
                return Err(table.error(format!(
                    "line {}, column \"{name}\": the text {:?} among numbers (such as {:?}); if it marks a \
                     missing value, say so to the reader; if the column holds categories, declare \
                     it as text",
                    mixed.line, mixed.text, mixed.number
                )));
            }
            (None, Column::Text { mixed: None, .. }) => {
                let default = TextEncoder::OneHot(OneHotEncoder::new());
                self.texts(table, name, self.others.as_ref().unwrap_or(&default))?
            }
        };
        Ok(FittedColumn { name: name.to_owned(), encoding })
    }

    /// What to put in for missing numbers of a column.
    fn fill(&self, name: &str, values: &[f64]) -> Result<Option<f64>> {
        let Some(fill) = self.fill_numbers else {
            return Ok(None);
        };
        let mut present: Vec<f64> =
            values.iter().copied().filter(|value| !value.is_nan()).collect();
        let (count, what) = (present.len(), format!("what fills column \"{name}\""));
        if count == 0 && !matches!(fill, FillNumbers::Value(_)) {
            return Err(Error::undefined(what, "all its values are missing"));
        }
        let value = match fill {
            FillNumbers::Value(value) if !value.is_finite() => {
                return Err(Error::param("fill_numbers", value, "finite"));
            }
            FillNumbers::Value(value) => value,
            FillNumbers::Mean => present.iter().sum::<f64>() / count as f64,
            FillNumbers::Median => {
                present.sort_unstable_by(f64::total_cmp);
                present[(count - 1) / 2] / 2.0 + present[count / 2] / 2.0
            }
        };
        match value.is_finite() {
            true => Ok(Some(value)),
            false => Err(Error::undefined(what, "its values are too large")),
        }
    }

    fn texts(&self, table: &CsvTable, name: &str, encoder: &TextEncoder) -> Result<Encoding> {
        let texts = filled_texts(table, name, self.fill_texts.as_deref())?;
        let column = one_column(&texts);
        let at = |error| match error {
            // Which row it is, the encoder's error does not say.
            Error::UnknownName { got, known, .. } => {
                let row = texts.iter().position(|text| *text == got).unwrap_or(0);
                unknown_category(table, row, name, &got, &known)
            }
            other => other,
        };
        match encoder {
            TextEncoder::Ordinal(encoder) => {
                Ok(Encoding::Ordinal(encoder.fit(column).map_err(at)?))
            }
            TextEncoder::OneHot(encoder) => {
                let fitted = encoder.fit(column).map_err(at)?;
                let found = fitted.categories(0).map_or(0, <[String]>::len);
                let most = table.options.max_categories;
                if encoder.learns() && found > most {
                    return Err(table.error(format!(
                        "column \"{name}\" holds {found} different texts, more than max_categories \
                         ({most}); ignore the column or raise the limit"
                    )));
                }
                Ok(Encoding::OneHot(fitted))
            }
        }
    }
}
